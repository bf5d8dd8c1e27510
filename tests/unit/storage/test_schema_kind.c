/* What declared types mean. */
#include "storage/schema.h"
#include "tests/unit/unit.h"

static const struct {
    const char *type;
    enum schema_kind kind;
    enum schema_kind element;
} cases[] = {
    {"", SCHEMA_ANY, SCHEMA_ANY},
    {"ANY", SCHEMA_ANY, SCHEMA_ANY},
    {"geometry", SCHEMA_ANY, SCHEMA_ANY},
    {"STRING", SCHEMA_ANY, SCHEMA_ANY}, /* to SQLite a number */
    {"INTEGER", SCHEMA_INTEGER, SCHEMA_ANY},
    {"int", SCHEMA_INTEGER, SCHEMA_ANY},
    {"UNSIGNED BIG INT", SCHEMA_INTEGER, SCHEMA_ANY},
    {"MEDIUMINT(9)", SCHEMA_INTEGER, SCHEMA_ANY},
    {"FLOATING POINT", SCHEMA_INTEGER, SCHEMA_ANY}, /* the documentation's own example */
    {"CHARINT", SCHEMA_INTEGER, SCHEMA_ANY},        /* and its other one */
    {"REAL", SCHEMA_REAL, SCHEMA_ANY},
    {"double precision", SCHEMA_REAL, SCHEMA_ANY},
    {"FLOAT8", SCHEMA_REAL, SCHEMA_ANY},
    {"NUMERIC", SCHEMA_NUMERIC, SCHEMA_ANY},
    {"DECIMAL(10,5)", SCHEMA_NUMERIC, SCHEMA_ANY},
    {"numeric (4, 2)", SCHEMA_NUMERIC, SCHEMA_ANY},
    {"NUM", SCHEMA_NUMERIC, SCHEMA_ANY},
    {"TEXT", SCHEMA_TEXT, SCHEMA_ANY},
    {"varchar(20)", SCHEMA_TEXT, SCHEMA_ANY},
    {"NATIVE CHARACTER(70)", SCHEMA_TEXT, SCHEMA_ANY},
    {"CLOB", SCHEMA_TEXT, SCHEMA_ANY},
    {"DATE", SCHEMA_TEXT, SCHEMA_ANY},
    {"datetime", SCHEMA_TEXT, SCHEMA_ANY},
    {"TIME", SCHEMA_TEXT, SCHEMA_ANY},
    {"timestamp with time zone", SCHEMA_TEXT, SCHEMA_ANY},
    {"timestamptz(3)", SCHEMA_TEXT, SCHEMA_ANY},
    {"uuid", SCHEMA_TEXT, SCHEMA_ANY},
    {"BOOLEAN", SCHEMA_BOOLEAN, SCHEMA_ANY},
    {"bool", SCHEMA_BOOLEAN, SCHEMA_ANY},
    {"BOOL(1)", SCHEMA_BOOLEAN, SCHEMA_ANY},
    {"\"BOOLEAN\"", SCHEMA_BOOLEAN, SCHEMA_ANY}, /* SQLite keeps the quotes of a quoted type */
    {"BOOLEANISH", SCHEMA_ANY, SCHEMA_ANY},
    {"JSON", SCHEMA_JSON, SCHEMA_ANY},
    {"jsonb", SCHEMA_JSON, SCHEMA_ANY},
    {"BLOB", SCHEMA_BLOB, SCHEMA_ANY},
    {"longblob", SCHEMA_BLOB, SCHEMA_ANY},
    {"BYTEA", SCHEMA_BLOB, SCHEMA_ANY},
    {"VARBINARY(16)", SCHEMA_BLOB, SCHEMA_ANY},
    {"INTEGER[]", SCHEMA_ARRAY, SCHEMA_INTEGER},
    {"text []", SCHEMA_ARRAY, SCHEMA_TEXT},
    {"JSON[3]", SCHEMA_ARRAY, SCHEMA_JSON},
    {"INT[][]", SCHEMA_ARRAY, SCHEMA_ARRAY},
    {"[]", SCHEMA_ARRAY, SCHEMA_ANY},
    {"INT[x]", SCHEMA_INTEGER, SCHEMA_ANY},
    {"]", SCHEMA_ANY, SCHEMA_ANY},
    {"\"", SCHEMA_ANY, SCHEMA_ANY},
    {"  ", SCHEMA_ANY, SCHEMA_ANY},
    {"\xc3\xa9t\xc3\xa9", SCHEMA_ANY, SCHEMA_ANY},
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum schema_kind element = SCHEMA_BLOB;
        enum schema_kind kind = schema_kind_of(cases[i].type, &element);

        if (kind != cases[i].kind || element != cases[i].element) {
            fail_msg("%s: %d of %d", cases[i].type, (int)kind, (int)element);
        }
        assert_int_equal(schema_kind_of(cases[i].type, NULL), cases[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
