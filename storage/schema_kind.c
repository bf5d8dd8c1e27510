/*
 * What a declared type means. SQLite knows affinities only, and by its own rules a DATE is a number
 * and a BOOLEAN too; who declares them means more. So first come the words that say something by
 * themselves, then SQLite's rules (https://sqlite.org/datatype3.html, 3.1) as far as they say
 * something: its last one, "anything else is NUMERIC", does not.
 */
#include <ctype.h>

#include "base/attributes.h"
#include "storage/schema.h"

struct type_word {
    struct str word;
    enum schema_kind kind;
};

/* The whole first word of a type. */
static const struct type_word words[] = {
    {{"BOOLEAN", 7}, SCHEMA_BOOLEAN}, {{"BOOL", 4}, SCHEMA_BOOLEAN},
    {{"JSON", 4}, SCHEMA_JSON},       {{"JSONB", 5}, SCHEMA_JSON},
    {{"NUMERIC", 7}, SCHEMA_NUMERIC}, {{"NUM", 3}, SCHEMA_NUMERIC},
    {{"DECIMAL", 7}, SCHEMA_NUMERIC}, {{"DEC", 3}, SCHEMA_NUMERIC},
    {{"NUMBER", 6}, SCHEMA_NUMERIC},  {{"DATE", 4}, SCHEMA_TEXT},
    {{"TIME", 4}, SCHEMA_TEXT},       {{"DATETIME", 8}, SCHEMA_TEXT},
    {{"TIMETZ", 6}, SCHEMA_TEXT},     {{"TIMESTAMP", 9}, SCHEMA_TEXT},
    {{"UUID", 4}, SCHEMA_TEXT},       {{"TIMESTAMPTZ", 11}, SCHEMA_TEXT},
    {{"BYTEA", 5}, SCHEMA_BLOB},      {{"BINARY", 6}, SCHEMA_BLOB},
    {{"ANY", 3}, SCHEMA_ANY},         {{"VARBINARY", 9}, SCHEMA_BLOB},
};

/* Anywhere in a type, in this order: SQLite's. */
static const struct type_word pieces[] = {
    {{"INT", 3}, SCHEMA_INTEGER}, {{"CHAR", 4}, SCHEMA_TEXT}, {{"CLOB", 4}, SCHEMA_TEXT},
    {{"TEXT", 4}, SCHEMA_TEXT},   {{"BLOB", 4}, SCHEMA_BLOB}, {{"REAL", 4}, SCHEMA_REAL},
    {{"FLOA", 4}, SCHEMA_REAL},   {{"DOUB", 4}, SCHEMA_REAL},
};

static struct str first_word(struct str type)
{
    size_t size = 0;

    while (size < type.size && (isalnum((unsigned char)type.at[size]) || type.at[size] == '_')) {
        size++;
    }
    return (struct str){type.at, size};
}

static bool has_piece(struct str type, struct str piece)
{
    for (size_t at = 0; at + piece.size <= type.size; at++) {
        if (str_equal_nocase((struct str){type.at + at, piece.size}, piece)) {
            return true;
        }
    }
    return false;
}

/* "TYPE[]" and "TYPE[3]": cut the brackets off. Return: false if there are none. */
static bool cut_brackets(struct str *type)
{
    size_t size = type->size;

    if (size == 0 || type->at[--size] != ']') {
        return false;
    }
    while (size > 0 && isdigit((unsigned char)type->at[size - 1])) {
        size--;
    }
    if (size == 0 || type->at[size - 1] != '[') {
        return false;
    }
    *type = str_trim((struct str){type->at, size - 1});
    return true;
}

static enum schema_kind kind_of(struct str type, enum schema_kind *ret_element)
{
    struct str word;

    if (cut_brackets(&type)) {
        *ret_element = kind_of(type, &(enum schema_kind){SCHEMA_ANY});
        return SCHEMA_ARRAY;
    }
    word = first_word(type);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (str_equal_nocase(word, words[i].word)) {
            return words[i].kind;
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        if (has_piece(type, pieces[i].word)) {
            return pieces[i].kind;
        }
    }
    return SCHEMA_ANY;
}

/* A type may be written as a quoted name, and SQLite keeps the quotes. */
static struct str without_quotes(struct str type)
{
    size_t last = type.size - 1;

    if (type.size >= 2 && strchr("\"'`", type.at[0]) != NULL && type.at[last] == type.at[0]) {
        return str_trim((struct str){type.at + 1, type.size - 2});
    }
    return type;
}

enum schema_kind schema_kind_of(const char *type, enum schema_kind *ret_element)
{
    enum schema_kind element = SCHEMA_ANY;
    enum schema_kind kind = kind_of(without_quotes(str_trim(str_of(type))), &element);

    if (ret_element != NULL) {
        *ret_element = element;
    }
    return kind;
}
