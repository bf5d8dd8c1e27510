/* The type names of casts. */
#include "handlers/table/literal.h"

#include "base/nearest.h"

#define NAME_SIZE 64 /* longer ones are nobody's */

static const struct type_name {
    const char *name; /* in lower case */
    enum schema_kind kind;
} type_names[] = {
    {"text", SCHEMA_TEXT},
    {"varchar", SCHEMA_TEXT},
    {"char", SCHEMA_TEXT},
    {"bpchar", SCHEMA_TEXT},
    {"character", SCHEMA_TEXT},
    {"character varying", SCHEMA_TEXT},
    {"nchar", SCHEMA_TEXT},
    {"nvarchar", SCHEMA_TEXT},
    {"clob", SCHEMA_TEXT},
    {"name", SCHEMA_TEXT},
    {"citext", SCHEMA_TEXT},
    {"date", SCHEMA_TEXT},
    {"time", SCHEMA_TEXT},
    {"timetz", SCHEMA_TEXT},
    {"time with time zone", SCHEMA_TEXT},
    {"time without time zone", SCHEMA_TEXT},
    {"timestamp", SCHEMA_TEXT},
    {"timestamptz", SCHEMA_TEXT},
    {"timestamp with time zone", SCHEMA_TEXT},
    {"timestamp without time zone", SCHEMA_TEXT},
    {"datetime", SCHEMA_TEXT},
    {"interval", SCHEMA_TEXT},
    {"uuid", SCHEMA_TEXT},
    {"int", SCHEMA_INTEGER},
    {"integer", SCHEMA_INTEGER},
    {"int2", SCHEMA_INTEGER},
    {"int4", SCHEMA_INTEGER},
    {"int8", SCHEMA_INTEGER},
    {"tinyint", SCHEMA_INTEGER},
    {"smallint", SCHEMA_INTEGER},
    {"mediumint", SCHEMA_INTEGER},
    {"bigint", SCHEMA_INTEGER},
    {"real", SCHEMA_REAL},
    {"float", SCHEMA_REAL},
    {"float4", SCHEMA_REAL},
    {"float8", SCHEMA_REAL},
    {"double", SCHEMA_REAL},
    {"double precision", SCHEMA_REAL},
    {"numeric", SCHEMA_NUMERIC},
    {"decimal", SCHEMA_NUMERIC},
    {"dec", SCHEMA_NUMERIC},
    {"bool", SCHEMA_BOOLEAN},
    {"boolean", SCHEMA_BOOLEAN},
    {"json", SCHEMA_JSON},
    {"jsonb", SCHEMA_JSON},
    {"blob", SCHEMA_BLOB},
    {"bytea", SCHEMA_BLOB},
};

/*
 * In lower case, blanks in one piece, without what stands in parentheses: "VARCHAR (20)" is varchar.
 * Return: false if it is too long or its parentheses are none.
 */
static bool normalize(struct str name, char *out)
{
    size_t size = 0;
    bool is_inside = false;

    for (size_t i = 0; i < name.size; i++) {
        char c = name.at[i];
        if (c == '(' || c == ')') {
            if (is_inside == (c == '(')) {
                return false;
            }
            is_inside = c == '(';
            c = ' '; /* "timestamp(3)with time zone" is two words there */
        }
        if (is_inside || (c == ' ' && (size == 0 || out[size - 1] == ' '))) {
            continue;
        }
        if (size == NAME_SIZE - 1) {
            return false;
        }
        out[size++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    if (size > 0 && out[size - 1] == ' ') {
        size--;
    }
    out[size] = '\0';
    return !is_inside;
}

static const char *nearest_type(const char *wanted)
{
    const char *names[ARRAY_LENGTH(type_names)];

    for (size_t i = 0; i < ARRAY_LENGTH(type_names); i++) {
        names[i] = type_names[i].name;
    }
    return nearest_name(wanted, names, ARRAY_LENGTH(names));
}

bool literal_type(struct str name, struct arena *arena, enum schema_kind *ret, struct fault *fault)
{
    char wanted[NAME_SIZE];
    bool is_short = normalize(name, wanted);
    const char *nearest;

    for (size_t i = 0; is_short && i < ARRAY_LENGTH(type_names); i++) {
        if (strcmp(type_names[i].name, wanted) == 0) {
            *ret = type_names[i].kind;
            return true;
        }
    }
    (void)fault_set(fault, arena, 400, "42704", "type \"%.*s\" does not exist", (int)name.size,
                    name.at); /* false, as below */
    nearest = is_short ? nearest_type(wanted) : NULL;
    if (nearest != NULL) {
        fault_hint(fault, arena, "Perhaps you meant the type \"%s\".", nearest);
    }
    return false;
}
