#include "handlers/table/lexer.h"

#include <string.h>

#include "handlers/table/parse.h"

/* --- complaints --------------------------------------------------------------------------------- */

bool lexer_fail(struct lexer *l, const char *expecting)
{
    l->parse->complaint = (struct complaint){
        .kind = COMPLAINT_SYNTAX,
        .what = l->what,
        .text = l->text,
        .at = l->at,
        .expecting = expecting,
    };
    return false;
}

bool lexer_fail_as(struct lexer *l, enum complaint_kind kind)
{
    (void)lexer_fail(l, NULL); /* always false */
    l->parse->complaint.kind = kind;
    return false;
}

bool parse_no_memory(struct parse *parse)
{
    parse->complaint = (struct complaint){.kind = COMPLAINT_NO_MEMORY};
    return false;
}

bool lexer_count_node(struct lexer *l)
{
    if (l->parse->nodes == PARSE_NODES_MAX) {
        return lexer_fail_as(l, COMPLAINT_TOO_MANY);
    }
    l->parse->nodes++;
    return true;
}

/* --- marks and blanks --------------------------------------------------------------------------- */

bool lexer_is_next(const struct lexer *l, const char *mark)
{
    size_t size = strlen(mark);

    return size <= l->text.size - l->at && memcmp(l->text.at + l->at, mark, size) == 0;
}

bool lexer_take(struct lexer *l, const char *mark)
{
    if (!lexer_is_next(l, mark)) {
        return false;
    }
    l->at += strlen(mark);
    return true;
}

bool lexer_need(struct lexer *l, const char *mark, const char *expecting)
{
    return lexer_take(l, mark) ? true : lexer_fail(l, expecting);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void lexer_skip_blanks(struct lexer *l)
{
    while (is_blank(lexer_peek(l, 0))) {
        l->at++;
    }
}

bool lexer_need_end(struct lexer *l, const char *expecting)
{
    lexer_skip_blanks(l);
    return lexer_is_at_end(l) ? true : lexer_fail(l, expecting);
}

struct str lexer_slice(struct lexer *l, size_t size)
{
    struct str slice = {l->text.at + l->at, size};

    l->at += size;
    return slice;
}

struct str lexer_word(struct lexer *l)
{
    size_t size = 0;

    while (lexer_peek(l, size) >= 'a' && lexer_peek(l, size) <= 'z') {
        size++;
    }
    return lexer_slice(l, size);
}

/* --- quoted texts ------------------------------------------------------------------------------- */

bool lexer_is_quoted(const struct lexer *l, size_t *ret_size)
{
    size_t size = l->text.size - l->at;
    const char *at = l->text.at + l->at;

    *ret_size = 0;
    if (size == 0 || at[0] != '"') {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (at[i] == '"') {
            *ret_size = i + 1;
            return true;
        }
        i += at[i] == '\\';
    }
    return false;
}

bool lexer_unquote(struct lexer *l, size_t size, struct str *ret)
{
    struct str inner = lexer_slice(l, size);
    char *copy;
    size_t n = 0;

    inner.at++;
    inner.size -= 2;
    if (inner.size == 0 || memchr(inner.at, '\\', inner.size) == NULL) {
        *ret = inner;
        return true;
    }
    copy = arena_alloc(l->parse->arena, inner.size);
    if (copy == NULL) {
        return parse_no_memory(l->parse);
    }
    for (size_t i = 0; i < inner.size; i++) {
        i += inner.at[i] == '\\'; /* never the last: the closing quote would have been taken */
        copy[n++] = inner.at[i];
    }
    *ret = (struct str){copy, n};
    return true;
}

static bool read_quoted(struct lexer *l, struct str *ret)
{
    size_t size;

    if (!lexer_is_quoted(l, &size)) {
        l->at = l->text.size;
        return lexer_fail(l, "\"\\\"\"");
    }
    return lexer_unquote(l, size, ret);
}

/* --- names -------------------------------------------------------------------------------------- */

typedef bool is_part_fn(char c);

static bool is_in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ' ' || c == '$' || (unsigned char)c >= 0x80;
}

static bool is_in_key(char c)
{
    return c != '\0' && strchr("(-:.,>)", c) == NULL;
}

/* A run that is not all blanks. */
static bool read_chunk(struct lexer *l, is_part_fn *is_part, const char *expecting, struct str *ret)
{
    size_t size = 0;
    struct str chunk;

    while (is_part(lexer_peek(l, size))) {
        size++;
    }
    chunk = lexer_slice(l, size);
    *ret = str_trim(chunk);
    return ret->size > 0 ? true : lexer_fail(l, expecting);
}

/* raw has blanks beside its dashes: "a - b" is "a-b". */
static bool join_chunks(struct lexer *l, struct str raw, struct str *ret)
{
    char *copy = arena_alloc(l->parse->arena, raw.size);
    size_t n = 0;

    if (copy == NULL) {
        return parse_no_memory(l->parse);
    }
    while (raw.size > 0) {
        const char *dash = memchr(raw.at, '-', raw.size);
        size_t size = dash == NULL ? raw.size : (size_t)(dash - raw.at);
        struct str chunk = str_trim((struct str){raw.at, size});

        memcpy(copy + n, chunk.at, chunk.size);
        n += chunk.size;
        if (dash != NULL) {
            copy[n++] = '-';
            size++;
        }
        raw.at += size;
        raw.size -= size;
    }
    *ret = (struct str){copy, n};
    return true;
}

/* chunk { "-" chunk }: most are a slice of the text as it is. */
static bool read_dashed(struct lexer *l, is_part_fn *is_part, const char *expecting,
                        struct str *ret)
{
    struct str chunk;
    struct str name;
    bool is_slice = true;

    if (!read_chunk(l, is_part, expecting, &name)) {
        return false;
    }
    while (lexer_peek(l, 0) == '-' && lexer_peek(l, 1) != '>') {
        l->at++;
        if (!read_chunk(l, is_part, expecting, &chunk)) {
            return false;
        }
        is_slice = is_slice && chunk.at == name.at + name.size + 1;
        name.size = (size_t)(chunk.at + chunk.size - name.at);
    }
    if (is_slice) {
        *ret = name;
        return true;
    }
    return join_chunks(l, name, ret);
}

bool lexer_name(struct lexer *l, struct str *ret, bool *ret_is_quoted)
{
    bool is_quoted = lexer_peek(l, 0) == '"';

    if (ret_is_quoted != NULL) {
        *ret_is_quoted = is_quoted;
    }
    return is_quoted ? read_quoted(l, ret) : read_dashed(l, is_in_name, LEXER_NAME, ret);
}

bool lexer_key(struct lexer *l, struct str *ret)
{
    if (lexer_peek(l, 0) == '"') {
        return read_quoted(l, ret);
    }
    return read_dashed(l, is_in_key,
                       "\"-\", digit or any non reserved character different from: .,>()", ret);
}

bool lexer_identifier(struct lexer *l, struct str *ret)
{
    return read_chunk(l, is_in_name, "letter or digit", ret);
}
