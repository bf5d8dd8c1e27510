#include "storage/sql_token.h"

#include <ctype.h>

static void drop(struct str *sql, size_t n)
{
    sql->at += n;
    sql->size -= n;
}

static bool starts_with(struct str sql, const char *two)
{
    return sql.size >= 2 && sql.at[0] == two[0] && sql.at[1] == two[1];
}

/* What SQLite calls a space. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* SQLite's identifiers: letters, digits, _ and $, and every byte beyond ASCII. */
static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* A comment that is not closed ends with the text. */
static size_t comment_size(struct str sql)
{
    size_t size = 2;

    if (starts_with(sql, "--")) {
        while (size < sql.size && sql.at[size] != '\n') {
            size++;
        }
        return size;
    }
    while (size < sql.size && !starts_with((struct str){sql.at + size, sql.size - size}, "*/")) {
        size++;
    }
    return size < sql.size ? size + 2 : size;
}

static void skip_blank(struct str *sql)
{
    while (sql->size > 0) {
        if (starts_with(*sql, "--") || starts_with(*sql, "/*")) {
            drop(sql, comment_size(*sql));
        } else if (is_space(sql->at[0])) {
            drop(sql, 1);
        } else {
            return;
        }
    }
}

/* With both quotes. A doubled quote is none, but for brackets, which know no such thing. */
static size_t quoted_size(struct str sql)
{
    char end = sql.at[0];
    size_t size = 1;

    if (end == '[') {
        const char *close = memchr(sql.at, ']', sql.size);
        return close == NULL ? sql.size : (size_t)(close - sql.at) + 1;
    }
    while (size < sql.size) {
        if (sql.at[size++] != end) {
            continue;
        }
        if (size == sql.size || sql.at[size] != end) {
            break;
        }
        size++;
    }
    return size;
}

struct sql_token sql_token_next(struct str *sql)
{
    struct sql_token token = {.kind = SQL_END};
    size_t size = 0;

    skip_blank(sql);
    if (sql->size == 0) {
        return token;
    }
    if (memchr("\"'`[", sql->at[0], 4) != NULL) {
        token.kind = SQL_QUOTED;
        size = quoted_size(*sql);
    } else if (is_word(sql->at[0])) {
        token.kind = SQL_WORD;
        while (size < sql->size && is_word(sql->at[size])) {
            size++;
        }
    } else {
        token.kind = SQL_SIGN;
        size = 1;
    }
    token.text = (struct str){sql->at, size};
    drop(sql, size);
    return token;
}

bool sql_token_is_word(struct sql_token token, const char *word)
{
    return token.kind == SQL_WORD && str_equal_nocase(token.text, str_of(word));
}

bool sql_token_is_sign(struct sql_token token, char sign)
{
    return token.kind == SQL_SIGN && token.text.at[0] == sign;
}

bool sql_token_is_name(struct sql_token token)
{
    return token.kind == SQL_WORD || token.kind == SQL_QUOTED;
}

const char *sql_token_name(struct sql_token token, struct arena *arena)
{
    char *name = arena_copy(arena, token.text);
    size_t size = 0;
    char quote;

    if (name == NULL || token.kind != SQL_QUOTED) {
        return name;
    }
    quote = name[0] == '[' ? ']' : name[0];
    for (size_t i = 1; i < token.text.size; i++) {
        if (name[i] == quote) {
            i++; /* the second of two is part of the name; behind the last there is the end */
            if (i >= token.text.size) {
                break;
            }
        }
        name[size++] = name[i];
    }
    name[size] = '\0';
    return name;
}

void sql_token_skip_group(struct str *sql)
{
    size_t depth = 1;

    while (depth > 0) {
        struct sql_token token = sql_token_next(sql);

        if (token.kind == SQL_END) {
            return;
        }
        depth += sql_token_is_sign(token, '(');
        depth -= sql_token_is_sign(token, ')');
    }
}
