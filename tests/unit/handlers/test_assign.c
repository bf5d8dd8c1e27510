#include "handlers/table/assign.h"

#include <math.h>
#include <stdio.h>

#include "base/attributes.h"
#include "base/mem.h"
#include "tests/unit/handlers/value_fixture.h"

/* --- a cell into a column of a declared type -------------------------------------------------- */

static bool assign_from(enum payload_kind from, enum payload_cell_kind kind, struct str text,
                        const char *type)
{
    const struct payload_cell cell = {kind, text};
    struct schema_column column = {.name = "c", .type = type};

    column.kind = schema_kind_of(type, &column.element);
    forget();
    return assign_value(&cell, from, &column, &arena, &v, &fault);
}

/* The cell that payload_next makes of a JSON value (of strings: without escapes). */
static bool assign(const char *json, const char *type)
{
    struct str text = str_of(json);

    switch (json[0]) {
    case '"':
        return assign_from(PAYLOAD_JSON, PAYLOAD_TEXT, (struct str){json + 1, text.size - 2}, type);
    case '{':
    case '[':
        return assign_from(PAYLOAD_JSON, PAYLOAD_JSON_VALUE, text, type);
    case 't':
        return assign_from(PAYLOAD_JSON, PAYLOAD_TRUE, (struct str){NULL, 0}, type);
    case 'f':
        return assign_from(PAYLOAD_JSON, PAYLOAD_FALSE, (struct str){NULL, 0}, type);
    case 'n':
        return assign_from(PAYLOAD_JSON, PAYLOAD_NULL, (struct str){NULL, 0}, type);
    default:
        return assign_from(PAYLOAD_JSON, PAYLOAD_NUMBER, text, type);
    }
}

static bool assign_field(const char *field, const char *type)
{
    return assign_from(PAYLOAD_CSV, PAYLOAD_TEXT, str_of(field), type);
}

static void assert_fault(const char *code, const char *message)
{
    assert_int_equal(v.type, VALUE_SHAPE); /* untouched */
    assert_int_equal(fault.http_status, 400);
    assert_string_equal(fault.code, code);
    assert_string_equal(fault.message, message);
}

#define assert_integer(json, declared, expected)                                                   \
    assert_gives_integer(assign(json, declared), expected)

#define assert_real(json, declared, expected) assert_gives_real(assign(json, declared), expected)

#define assert_stored(json, declared, expected)                                                    \
    assert_gives_bytes(assign(json, declared), VALUE_TEXT, expected)

#define assert_refused(json, declared, code, message)                                              \
    do {                                                                                           \
        assert_false(assign(json, declared));                                                      \
        assert_fault(code, message);                                                               \
    } while (0)

/* --- scalars ---------------------------------------------------------------------------------- */

static void integers(void **state)
{
    (void)state;
    assert_integer("7", "INTEGER", 7);
    assert_integer("-0", "INTEGER", 0);
    assert_integer("9223372036854775807", "INTEGER", INT64_MAX);
    assert_integer("-9223372036854775808", "BIGINT", INT64_MIN);
    assert_integer("\"7\"", "INTEGER", 7);
    assert_integer("\" -7 \"", "INTEGER", -7);
    assert_refused("\"abc\"", "INTEGER", "22P02", "invalid input syntax for type integer: \"abc\"");
    assert_refused("\"\"", "INTEGER", "22P02", "invalid input syntax for type integer: \"\"");
    assert_refused("\"abc\"", "bigint", "22P02", "invalid input syntax for type bigint: \"abc\"");
    assert_refused("1.5", "INTEGER", "22P02", "invalid input syntax for type integer: \"1.5\"");
    assert_refused("1.0", "INTEGER", "22P02", "invalid input syntax for type integer: \"1.0\"");
    assert_refused("1e3", "INTEGER", "22P02", "invalid input syntax for type integer: \"1e3\"");
    assert_refused("true", "INTEGER", "22P02", "invalid input syntax for type integer: \"true\"");
    assert_refused("{\"a\":1}", "INTEGER", "22P02",
                   "invalid input syntax for type integer: \"{\"a\":1}\"");
    assert_refused("[1]", "INTEGER", "22P02", "invalid input syntax for type integer: \"[1]\"");
    assert_refused("99999999999999999999", "INTEGER", "22003",
                   "value \"99999999999999999999\" is out of range for type bigint");
    assert_refused("\"-9223372036854775809\"", "INT", "22003",
                   "value \"-9223372036854775809\" is out of range for type bigint");
}

static void other_numbers(void **state)
{
    (void)state;
    assert_real("1.5", "REAL", 1.5);
    assert_real("7", "DOUBLE PRECISION", 7.0);
    assert_real("\"-1e3\"", "FLOAT", -1000.0);
    assert_real("\"Infinity\"", "REAL", INFINITY);
    assert_integer("7", "NUMERIC", 7);
    assert_integer("\"7\"", "DECIMAL(10,2)", 7);
    assert_real("7.25", "NUMERIC", 7.25);
    assert_refused("\"x\"", "REAL", "22P02",
                   "invalid input syntax for type double precision: \"x\"");
    assert_refused("\"NaN\"", "REAL", "22P02",
                   "invalid input syntax for type double precision: \"NaN\"");
    assert_refused("\"nan\"", "NUMERIC", "22P02", "invalid input syntax for type numeric: \"nan\"");
    assert_refused("false", "REAL", "22P02",
                   "invalid input syntax for type double precision: \"false\"");
    assert_refused("1e999", "REAL", "22003", "\"1e999\" is out of range for type double precision");
    assert_refused("1e999", "NUMERIC", "22003", "value overflows numeric format");
}

static void booleans(void **state)
{
    (void)state;
    assert_integer("true", "BOOLEAN", 1);
    assert_integer("false", "BOOL", 0);
    assert_integer("\"yes\"", "BOOLEAN", 1);
    assert_integer("0", "BOOLEAN", 0);
    assert_integer("1", "BOOLEAN", 1);
    assert_refused("2", "BOOLEAN", "22P02", "invalid input syntax for type boolean: \"2\"");
    assert_refused("\"\"", "BOOLEAN", "22P02", "invalid input syntax for type boolean: \"\"");
    assert_refused("[]", "BOOLEAN", "22P02", "invalid input syntax for type boolean: \"[]\"");
}

static void texts(void **state)
{
    (void)state;
    assert_stored("\" x \"", "TEXT", " x ");
    assert_stored("\"\"", "VARCHAR(20)", "");
    assert_stored("1.50", "TEXT", "1.50");
    assert_stored("123456789012345678901234567890", "TEXT", "123456789012345678901234567890");
    assert_stored("true", "TEXT", "true");
    assert_stored("false", "CHAR(5)", "false");
    assert_stored("{\"a\":[1]}", "TEXT", "{\"a\":[1]}");
    assert_stored("\"2026-01-31\"", "DATE", "2026-01-31");
    assert_gives_bytes(assign_field("NULL", "TEXT"), VALUE_TEXT, "NULL");
}

static void nulls_everywhere(void **state)
{
    static const char *const types[] = {"INTEGER", "REAL",      "NUMERIC", "TEXT", "BOOLEAN",
                                        "JSON",    "INTEGER[]", "BLOB",    ""};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        assert_true(assign("null", types[i]));
        assert_int_equal(v.type, VALUE_NULL);
        assert_true(assign_from(PAYLOAD_CSV, PAYLOAD_NULL, STR(""), types[i]));
        assert_int_equal(v.type, VALUE_NULL);
    }
}

static void blobs(void **state)
{
    (void)state;
    assert_gives_bytes(assign("\"\\xDEadBE\"", "BLOB"), VALUE_BLOB, "\xDE\xAD\xBE");
    assert_gives_bytes(assign("\"\\x\"", "BYTEA"), VALUE_BLOB, "");
    assert_gives_bytes(assign("\"hello\"", "BLOB"), VALUE_BLOB, "hello");
    assert_gives_bytes(assign("7", "BLOB"), VALUE_BLOB, "7");
    assert_gives_bytes(assign("true", "BLOB"), VALUE_BLOB, "true");
    assert_gives_bytes(assign("{\"a\":1}", "BLOB"), VALUE_BLOB, "{\"a\":1}");
    assert_refused("\"\\xabc\"", "BLOB", "22023", "invalid hexadecimal data: odd number of digits");
    assert_refused("\"\\xzz\"", "BLOB", "22023", "invalid hexadecimal digit: \"z\"");
}

static void columns_that_say_nothing(void **state)
{
    (void)state;
    assert_integer("7", "", 7);
    assert_real("7.0", "", 7.0);
    assert_real("1e2", "", 100.0);
    assert_integer("true", "", 1);
    assert_integer("false", "ANY", 0);
    assert_stored("\"7\"", "", "7");
    assert_stored("{\"a\":1}", "", "{\"a\":1}");
    assert_refused("99999999999999999999", "", "22003",
                   "value \"99999999999999999999\" is out of range for type bigint");
    assert_refused("1e999", "", "22003", "\"1e999\" is out of range for type double precision");
    assert_true(assign_field("7", ""));
    assert_int_equal(v.type, VALUE_INTEGER);
    assert_gives_bytes(assign_field("x", ""), VALUE_TEXT, "x");
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void json(void **state)
{
    (void)state;
    assert_stored("\"a\"", "JSON", "\"a\"");
    assert_stored("\"1\"", "JSONB", "\"1\"");
    assert_stored("\"\"", "JSON", "\"\"");
    assert_stored("1.50", "JSON", "1.50");
    assert_stored("true", "JSON", "true");
    assert_stored("{\"a\":[null]}", "JSON", "{\"a\":[null]}");
    assert_gives_bytes(assign_from(PAYLOAD_JSON, PAYLOAD_TEXT, STR("a\"\\\n\xC3\xA9"), "JSON"),
                       VALUE_TEXT, "\"a\\\"\\\\\\n\xC3\xA9\"");
    assert_gives_bytes(assign_field("{ \"a\" : 1.50 }", "JSON"), VALUE_TEXT, "{\"a\":1.50}");
    assert_gives_bytes(assign_field("\"a\"", "JSON"), VALUE_TEXT, "\"a\"");
    assert_false(assign_field("a", "JSON"));
    assert_fault("22P02", "invalid input syntax for type json");
    assert_string_equal(fault.details, "Token \"a\" is invalid.");
    assert_false(assign_field("{", "jsonb"));
    assert_fault("22P02", "invalid input syntax for type jsonb");
}

/* --- arrays ----------------------------------------------------------------------------------- */

static void arrays(void **state)
{
    (void)state;
    assert_stored("[]", "INTEGER[]", "[]");
    assert_stored("[1,-2,null]", "INTEGER[]", "[1,-2,null]");
    assert_stored("[\"1\",\" 2\"]", "INTEGER[]", "[1,2]");
    assert_stored("[1,1.50,\"2e1\"]", "REAL[]", "[1.0,1.5,20.0]");
    assert_stored("[true,\"f\",0]", "BOOLEAN[]", "[true,false,false]");
    assert_stored("[\"a\",1.50,true,{\"a\":1},\"\\u0061\\n\"]", "TEXT[]",
                  "[\"a\",\"1.50\",\"true\",\"{\\\"a\\\":1}\",\"\\u0061\\n\"]");
    assert_stored("[{\"a\":[1]},[2],\"x\",1.50]", "JSON[]", "[{\"a\":[1]},[2],\"x\",1.50]");
    assert_stored("[[1,2],[\"3\",4]]", "INTEGER[]", "[[1,2],[3,4]]");
    assert_stored("[[1],[2]]", "INTEGER[][]", "[[1],[2]]");
    assert_stored("\"{1,2,NULL}\"", "INTEGER[]", "[1,2,null]");
    assert_gives_bytes(assign_field("{a,\"b c\"}", "TEXT[]"), VALUE_TEXT, "[\"a\",\"b c\"]");
    assert_gives_bytes(assign_field("[ \"a\" ]", "TEXT[]"), VALUE_TEXT, "[\"a\"]");
    assert_gives_bytes(assign_field(" [ \"7\", null ]", "INTEGER[]"), VALUE_TEXT, "[7,null]");
}

static void what_is_no_array(void **state)
{
    static const char *const others[] = {"{\"a\":1}", "7", "true"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_refused(others[i], "TEXT[]", "22P02", "expected JSON array");
        assert_string_equal(fault.hint, "See the value of key \"c\".");
    }
    assert_refused("\"x\"", "TEXT[]", "22P02", "malformed array literal: \"x\"");
    assert_refused("[1,\"x\"]", "INTEGER[]", "22P02",
                   "invalid input syntax for type integer: \"x\"");
    assert_refused("\"[true]\"", "INTEGER[]", "22P02",
                   "invalid input syntax for type integer: \"true\"");
    assert_refused("[1.5]", "INTEGER[]", "22P02", "invalid input syntax for type integer: \"1.5\"");
    assert_refused("[99999999999999999999]", "INTEGER[]", "22003",
                   "value \"99999999999999999999\" is out of range for type bigint");
    assert_refused("[{}]", "BOOLEAN[]", "22P02", "invalid input syntax for type boolean: \"{}\"");
    assert_refused("[\"inf\"]", "REAL[]", "22P02",
                   "invalid input syntax for type double precision: \"inf\"");
    assert_refused("[\"\\u0000\"]", "INTEGER[]", "22P05", "unsupported Unicode escape sequence");
    assert_stored("[[[[[[1]]]]]]", "INTEGER[]", "[[[[[[1]]]]]]");
    assert_refused("[[[[[[[1]]]]]]]", "INTEGER[]", "54000",
                   "number of array dimensions (7) exceeds the maximum allowed (6)");
}

/* --- without memory --------------------------------------------------------------------------- */

static void without_memory(void **state)
{
    static const struct {
        const char *json;
        const char *type;
    } cells[] = {{"\"a\"", "JSON"}, {"[1,\"2\",[3]]", "INTEGER[]"}, {"\"x\"", "INTEGER"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cells); i++) {
        for (long n = 1; n < 20; n++) {
            bool is_good;
            arena_fini(&arena);
            arena_init(&arena, NULL, 0, 1 << 20);
            mem_fail_after(n);
            is_good = assign(cells[i].json, cells[i].type);
            mem_fail_after(-1);
            if (is_good || strcmp(fault.code, "53200") != 0) {
                assert_true(n > 1); /* it needs some */
                break;
            }
            assert_int_equal(v.type, VALUE_SHAPE);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(integers),
        TEST(other_numbers),
        TEST(booleans),
        TEST(texts),
        TEST(nulls_everywhere),
        TEST(blobs),
        TEST(columns_that_say_nothing),
        TEST(json),
        TEST(arrays),
        TEST(what_is_no_array),
        TEST(without_memory),
    };

    return cmocka_run_group_tests_name("handlers/assign", tests, NULL, NULL);
}
