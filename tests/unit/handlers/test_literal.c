#include "handlers/table/literal.h"

#include <math.h>
#include <stdio.h>

#include "handlers/table/json_text.h"
#include "tests/unit/handlers/value_fixture.h"

static bool read_typed(const char *text, enum schema_kind kind, const char *type)
{
    forget();
    return literal_read(str_of(text), kind, SCHEMA_TEXT, type, &arena, &v, &fault);
}

static bool read(const char *text, enum schema_kind kind)
{
    return read_typed(text, kind, "");
}

static void assert_fault(const char *code, const char *message, const char *details)
{
    assert_int_equal(fault.http_status, 400);
    assert_string_equal(fault.code, code);
    assert_string_equal(fault.message, message);
    if (details == NULL) {
        assert_null(fault.details);
    } else {
        assert_non_null(fault.details);
        assert_string_equal(fault.details, details);
    }
}

#define assert_integer(text, kind, expected) assert_gives_integer(read(text, kind), expected)

#define assert_real(text, kind, expected) assert_gives_real(read(text, kind), expected)

#define assert_as_text(text, kind, expected)                                                       \
    assert_gives_bytes(read(text, kind), VALUE_TEXT, expected)

#define assert_refused(text, kind, code, message, details)                                         \
    do {                                                                                           \
        assert_false(read(text, kind));                                                            \
        assert_int_equal(v.type, VALUE_SHAPE); /* untouched */                                     \
        assert_fault(code, message, details);                                                      \
    } while (0)

/* --- numbers ------------------------------------------------------------------------------------ */

static void integers(void **state)
{
    static const char *const bad[] = {"",    "-",   "+",   " ",   "1.5", "1e3", "0x7", "abc",
                                      "--7", "1 2", "7,0", "1_0", "٣",   "+-7", "NaN"};

    (void)state;
    assert_integer("0", SCHEMA_INTEGER, 0);
    assert_integer("-0", SCHEMA_INTEGER, 0);
    assert_integer("+7", SCHEMA_INTEGER, 7);
    assert_integer(" \t\n-7\r\f\v", SCHEMA_INTEGER, -7);
    assert_integer("007", SCHEMA_INTEGER, 7);
    assert_integer("9223372036854775807", SCHEMA_INTEGER, INT64_MAX);
    assert_integer("+9223372036854775807", SCHEMA_INTEGER, INT64_MAX);
    assert_integer("-9223372036854775808", SCHEMA_INTEGER, INT64_MIN);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char message[100];
        (void)snprintf(message, sizeof(message), "invalid input syntax for type integer: \"%s\"",
                       bad[i]);
        assert_refused(bad[i], SCHEMA_INTEGER, "22P02", message, NULL);
    }
    assert_refused("99999999999999999999", SCHEMA_INTEGER, "22003",
                   "value \"99999999999999999999\" is out of range for type bigint", NULL);
    assert_refused("-9223372036854775809", SCHEMA_INTEGER, "22003",
                   "value \"-9223372036854775809\" is out of range for type bigint", NULL);
    assert_false(read_typed("abc", SCHEMA_INTEGER, "BigInt"));
    assert_fault("22P02", "invalid input syntax for type bigint: \"abc\"", NULL);
    assert_false(read_typed("abc", SCHEMA_INTEGER, "SMALLINT"));
    assert_fault("22P02", "invalid input syntax for type smallint: \"abc\"", NULL);
}

static void reals(void **state)
{
    static const char *const bad[] = {"",    "-",    ".",   "e5",   "1e",   "1e+", "0x10",
                                      "1,5", "1.5f", "1 2", "infi", "nan1", "one", "--1"};

    (void)state;
    assert_real("7", SCHEMA_REAL, 7.0);
    assert_real(" +1.5e3 ", SCHEMA_REAL, 1500.0);
    assert_real(".5", SCHEMA_REAL, 0.5);
    assert_real("-1.", SCHEMA_REAL, -1.0);
    assert_real("1E-2", SCHEMA_REAL, 0.01);
    assert_real("5e-324", SCHEMA_REAL, 5e-324);
    assert_real("0e-999", SCHEMA_REAL, 0.0);
    assert_real("Infinity", SCHEMA_REAL, INFINITY);
    assert_real("+inf", SCHEMA_REAL, INFINITY);
    assert_real("-INFINITY", SCHEMA_REAL, -INFINITY);
    assert_true(read("NaN", SCHEMA_REAL));
    assert_int_equal(v.type, VALUE_NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char message[100];
        (void)snprintf(message, sizeof(message),
                       "invalid input syntax for type double precision: \"%s\"", bad[i]);
        assert_refused(bad[i], SCHEMA_REAL, "22P02", message, NULL);
    }
    assert_refused("1e400", SCHEMA_REAL, "22003",
                   "\"1e400\" is out of range for type double precision", NULL);
    assert_refused("-1e400", SCHEMA_REAL, "22003",
                   "\"-1e400\" is out of range for type double precision", NULL);
    assert_refused("1e-400", SCHEMA_REAL, "22003",
                   "\"1e-400\" is out of range for type double precision", NULL);
}

static void numerics(void **state)
{
    (void)state;
    assert_integer("9007199254740993", SCHEMA_NUMERIC, 9007199254740993); /* no double */
    assert_integer(" +7 ", SCHEMA_NUMERIC, 7);
    assert_real("7.0", SCHEMA_NUMERIC, 7.0);
    assert_real("-.25", SCHEMA_NUMERIC, -0.25);
    assert_real("9223372036854775808", SCHEMA_NUMERIC, 9223372036854775808.0);
    assert_real("1e-400", SCHEMA_NUMERIC, 0.0);
    assert_real("-Infinity", SCHEMA_NUMERIC, -INFINITY);
    assert_true(read("nan", SCHEMA_NUMERIC));
    assert_int_equal(v.type, VALUE_NULL);
    assert_refused("x", SCHEMA_NUMERIC, "22P02", "invalid input syntax for type numeric: \"x\"",
                   NULL);
    assert_refused("1e400", SCHEMA_NUMERIC, "22003", "value overflows numeric format", NULL);
}

/* --- booleans, blobs, texts --------------------------------------------------------------------- */

static void booleans(void **state)
{
    static const char *const yes[] = {"true", "t",  "tr", "tru", "TRUE", "yes",
                                      "y",    "ye", "on", "On",  "1",    " t "};
    static const char *const no[] = {"false", "f",   "fa", "fals", "no",
                                     "n",     "off", "of", "OFF",  "0"};
    static const char *const bad[] = {"", "o", "2", "01", "truex", "null", "10", "yess", "t f"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(yes); i++) {
        assert_integer(yes[i], SCHEMA_BOOLEAN, 1);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(no); i++) {
        assert_integer(no[i], SCHEMA_BOOLEAN, 0);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char message[100];
        (void)snprintf(message, sizeof(message), "invalid input syntax for type boolean: \"%s\"",
                       bad[i]);
        assert_refused(bad[i], SCHEMA_BOOLEAN, "22P02", message, NULL);
    }
}

static void assert_blob(const char *text, const char *bytes, size_t size)
{
    assert_true(read(text, SCHEMA_BLOB));
    assert_int_equal(v.type, VALUE_BLOB);
    assert_int_equal(v.bytes.size, size);
    assert_non_null(v.bytes.at);
    assert_memory_equal(v.bytes.at, bytes, size);
}

static void blobs(void **state)
{
    (void)state;
    assert_blob("\\x00fF10", "\x00\xFF\x10", 3);
    assert_blob("\\x 00 ff\n", "\x00\xFF", 2);
    assert_blob("\\x", "", 0);
    assert_blob("", "", 0);
    assert_blob("abc", "abc", 3);
    assert_blob("\\X00", "\\X00", 4);
    assert_refused("\\x0", SCHEMA_BLOB, "22023", "invalid hexadecimal data: odd number of digits",
                   NULL);
    assert_refused("\\x0g", SCHEMA_BLOB, "22023", "invalid hexadecimal digit: \"g\"", NULL);
    assert_refused("\\x0 0", SCHEMA_BLOB, "22023", "invalid hexadecimal digit: \" \"", NULL);
    assert_refused("\\x\xC3\xA9", SCHEMA_BLOB, "22023", "invalid hexadecimal digit: \"\xC3\xA9\"",
                   NULL);
}

static void texts_and_whatever(void **state)
{
    (void)state;
    assert_as_text(" 7 ", SCHEMA_TEXT, " 7 ");
    assert_as_text("2026-11-20", SCHEMA_TEXT, "2026-11-20");
    assert_as_text("", SCHEMA_TEXT, "");
    assert_integer("7", SCHEMA_ANY, 7);
    assert_integer("-0", SCHEMA_ANY, 0);
    assert_integer("0", SCHEMA_ANY, 0);
    assert_real("0.5", SCHEMA_ANY, 0.5);
    assert_real("1e3", SCHEMA_ANY, 1000.0);
    assert_real("99999999999999999999", SCHEMA_ANY, 99999999999999999999.0);
    assert_as_text("007", SCHEMA_ANY, "007");
    assert_as_text("-007", SCHEMA_ANY, "-007");
    assert_as_text("+7", SCHEMA_ANY, "+7");
    assert_as_text(" 7", SCHEMA_ANY, " 7");
    assert_as_text("NaN", SCHEMA_ANY, "NaN");
    assert_as_text("1e400", SCHEMA_ANY, "1e400");
    assert_as_text("", SCHEMA_ANY, "");
}

/* --- JSON --------------------------------------------------------------------------------------- */

static void json(void **state)
{
    char deep[2 * (JSON_TEXT_DEPTH_MAX + 1) + 1] = "";

    (void)state;
    assert_as_text(" { \"a\" : [1, 2.50] } ", SCHEMA_JSON, "{\"a\":[1,2.50]}");
    assert_as_text("null", SCHEMA_JSON, "null");
    assert_as_text("\"x\"", SCHEMA_JSON, "\"x\"");
    assert_refused("abc", SCHEMA_JSON, "22P02", "invalid input syntax for type json",
                   "Token \"abc\" is invalid.");
    assert_refused("{\"a\":1", SCHEMA_JSON, "22P02", "invalid input syntax for type json",
                   "The input string ended unexpectedly.");
    assert_refused("[1 2]", SCHEMA_JSON, "22P02", "invalid input syntax for type json",
                   "Expected \",\" or \"]\", but found \"2\".");
    assert_refused("", SCHEMA_JSON, "22P02", "invalid input syntax for type json",
                   "The input string ended unexpectedly.");
    assert_false(read_typed("x", SCHEMA_JSON, "JSONB"));
    assert_fault("22P02", "invalid input syntax for type jsonb", "Token \"x\" is invalid.");
    memset(deep, '[', JSON_TEXT_DEPTH_MAX + 1);
    memset(deep + JSON_TEXT_DEPTH_MAX + 1, ']', JSON_TEXT_DEPTH_MAX + 1);
    assert_refused(deep, SCHEMA_JSON, "22P02", "invalid input syntax for type json",
                   "It is nested deeper than 64.");
}

/* --- arrays ------------------------------------------------------------------------------------- */

static void array_literals(void **state)
{
    static const struct {
        const char *given;
        const char *items[4]; /* "" in the place of NULL is "-" */
        size_t count;
    } good[] = {
        {"{}", {NULL}, 0},
        {" { } ", {NULL}, 0},
        {"{a}", {"a"}, 1},
        {"{a,\"b c\",NULL,\"\\\"q\\\"\"}", {"a", "b c", NULL, "\"q\""}, 4},
        {"{ a b , c }", {"a b", "c"}, 2},
        {"{\"\"}", {""}, 1},
        {"{\" a \"}", {" a "}, 1},
        {"{null,\"null\",n\\ull}", {NULL, "null", "null"}, 3},
        {"{a\\ }", {"a "}, 1},
        {"{a\\\\ }", {"a\\"}, 1},
        {"{a\\,b}", {"a,b"}, 1},
        {"{\\{}", {"{"}, 1},
        {"{\"a,}b\" , c}", {"a,}b", "c"}, 2},
        {"{[1]}", {"[1]"}, 1},
        {"{'}", {"'"}, 1},
    };
    static const struct {
        const char *given;
        const char *details;
    } bad[] = {
        {"", "Array value must start with \"{\" or dimension information."},
        {"a", "Array value must start with \"{\" or dimension information."},
        {"{a", "Unexpected end of input."},
        {"{", "Unexpected end of input."},
        {"{a,", "Unexpected end of input."},
        {"{\"a", "Unexpected end of input."},
        {"{\"a\"", "Unexpected end of input."},
        {"{a\\", "Unexpected end of input."},
        {"{\"a\\", "Unexpected end of input."},
        {"{a}b", "Junk after closing right brace."},
        {"{}}", "Junk after closing right brace."},
        {"{a,,b}", "Unexpected \",\" character."},
        {"{,}", "Unexpected \",\" character."},
        {"{a,}", "Unexpected \"}\" character."},
        {"{a\"b\"}", "Incorrectly quoted array element."},
        {"{\"a\"b}", "Incorrectly quoted array element."},
        {"{a{b}}", "Unexpected \"{\" character."},
        {"{{a},{b}}", "Arrays in arrays are not understood here."},
    };
    struct literal_items items;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_true(literal_array(str_of(good[i].given), &arena, &items, &fault));
        assert_int_equal(items.count, good[i].count);
        for (size_t j = 0; j < items.count; j++) {
            if (good[i].items[j] == NULL) {
                assert_null(items.at[j].at);
            } else {
                assert_text(items.at[j], good[i].items[j]);
                assert_non_null(items.at[j].at);
            }
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char message[100];
        (void)snprintf(message, sizeof(message), "malformed array literal: \"%s\"", bad[i].given);
        assert_false(literal_array(str_of(bad[i].given), &arena, &items, &fault));
        assert_fault("22P02", message, bad[i].details);
    }
}

static void assert_array(const char *text, enum schema_kind element, const char *expected)
{
    assert_true(literal_read(str_of(text), SCHEMA_ARRAY, element, "", &arena, &v, &fault));
    assert_int_equal(v.type, VALUE_TEXT);
    assert_text(v.bytes, expected);
}

static void arrays(void **state)
{
    (void)state;
    assert_array("{}", SCHEMA_TEXT, "[]");
    assert_array("{a,\"b \\\"c\",NULL}", SCHEMA_TEXT, "[\"a\",\"b \\\"c\",null]");
    assert_array("{1, -2 ,+3}", SCHEMA_INTEGER, "[1,-2,3]");
    assert_array("{1,0.5}", SCHEMA_NUMERIC, "[1,0.5]");
    assert_array("{0.5,NaN}", SCHEMA_REAL, "[0.5,null]");
    assert_array("{t,no,NULL}", SCHEMA_BOOLEAN, "[true,false,null]");
    assert_array("{\"{\\\"a\\\": 1}\",2}", SCHEMA_JSON, "[{\"a\":1},2]");
    assert_array("{\\\\x00}", SCHEMA_BLOB, "[\"\\\\x00\"]");
    assert_array("{1,a}", SCHEMA_ANY, "[1,\"a\"]");
    assert_array(" [ 1, \"a\" ] ", SCHEMA_TEXT, "[1,\"a\"]");
    assert_array("[]", SCHEMA_INTEGER, "[]");
    assert_false(literal_read(STR("{1,x}"), SCHEMA_ARRAY, SCHEMA_INTEGER, "", &arena, &v, &fault));
    assert_fault("22P02", "invalid input syntax for type integer: \"x\"", NULL);
    assert_refused("{a", SCHEMA_ARRAY, "22P02", "malformed array literal: \"{a\"",
                   "Unexpected end of input.");
    assert_refused("[1", SCHEMA_ARRAY, "22P02", "malformed array literal: \"[1\"",
                   "The input string ended unexpectedly.");
}

/* Thousands of items take memory in proportion to the text. */
static void a_long_array(void **state)
{
    char text[20002];
    struct literal_items items;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = i % 2 == 1 ? 'a' : ',';
    }
    text[0] = '{';
    text[sizeof(text) - 2] = '}';
    text[sizeof(text) - 1] = '\0';
    assert_true(literal_array(str_of(text), &arena, &items, &fault));
    assert_int_equal(items.count, 10000);
}

/* --- types -------------------------------------------------------------------------------------- */

static void types(void **state)
{
    static const struct {
        const char *name;
        enum schema_kind kind;
    } good[] = {
        {"text", SCHEMA_TEXT},
        {"TEXT", SCHEMA_TEXT},
        {" text ", SCHEMA_TEXT},
        {"varchar(20)", SCHEMA_TEXT},
        {"varchar (20)", SCHEMA_TEXT},
        {"character varying", SCHEMA_TEXT},
        {"Character  Varying(3)", SCHEMA_TEXT},
        {"int", SCHEMA_INTEGER},
        {"int4", SCHEMA_INTEGER},
        {"Integer", SCHEMA_INTEGER},
        {"bigint", SCHEMA_INTEGER},
        {"real", SCHEMA_REAL},
        {"float8", SCHEMA_REAL},
        {"double precision", SCHEMA_REAL},
        {"double   precision", SCHEMA_REAL},
        {"numeric", SCHEMA_NUMERIC},
        {"numeric(10,2)", SCHEMA_NUMERIC},
        {"bool", SCHEMA_BOOLEAN},
        {"json", SCHEMA_JSON},
        {"jsonb", SCHEMA_JSON},
        {"bytea", SCHEMA_BLOB},
        {"blob", SCHEMA_BLOB},
        {"uuid", SCHEMA_TEXT},
        {"timestamptz", SCHEMA_TEXT},
        {"timestamp with time zone", SCHEMA_TEXT},
        {"timestamp(3)with time zone", SCHEMA_TEXT},
    };
    enum schema_kind kind;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_true(literal_type(str_of(good[i].name), &arena, &kind, &fault));
        assert_int_equal(kind, good[i].kind);
    }
}

static void types_that_do_not_exist(void **state)
{
    static const struct {
        const char *name;
        const char *hint;
    } bad[] = {
        {"", NULL},
        {"x", NULL},
        {"intt", "Perhaps you meant the type \"int\"."},
        {"itneger", "Perhaps you meant the type \"integer\"."},
        {"booolean", "Perhaps you meant the type \"boolean\"."},
        {"int) from secrets --", NULL},
        {"(text", NULL},
        {"((text))", NULL},
        {"text()x", "Perhaps you meant the type \"text\"."},
        {"a name that is longer than all the names of types that anybody has ever seen", NULL},
    };
    enum schema_kind kind;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char message[120];
        (void)snprintf(message, sizeof(message), "type \"%s\" does not exist", bad[i].name);
        assert_false(literal_type(str_of(bad[i].name), &arena, &kind, &fault));
        assert_fault("42704", message, NULL);
        if (bad[i].hint == NULL) {
            assert_null(fault.hint);
        } else {
            assert_string_equal(fault.hint, bad[i].hint);
        }
    }
}

/* --- no memory ---------------------------------------------------------------------------------- */

static void no_memory(void **state)
{
    static const struct {
        const char *text;
        enum schema_kind kind;
    } cases[] = {{"1.5", SCHEMA_REAL}, {"1.5", SCHEMA_NUMERIC}, {"\\x00", SCHEMA_BLOB},
                 {"{}", SCHEMA_JSON},  {"{a}", SCHEMA_ARRAY},   {"[1]", SCHEMA_ARRAY},
                 {"x", SCHEMA_INTEGER}};

    (void)state;
    arena_fini(&arena);
    arena_init(&arena, NULL, 0, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_false(read(cases[i].text, cases[i].kind));
        assert_int_equal(fault.http_status, 503);
        assert_string_equal(fault.code, "53200");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers),     TEST(reals),          TEST(numerics),
        TEST(booleans),     TEST(blobs),          TEST(texts_and_whatever),
        TEST(json),         TEST(array_literals), TEST(arrays),
        TEST(a_long_array), TEST(types),          TEST(types_that_do_not_exist),
        TEST(no_memory),
    };

    return cmocka_run_group_tests_name("handlers/literal", tests, NULL, NULL);
}
