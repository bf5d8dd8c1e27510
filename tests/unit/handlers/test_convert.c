#include "handlers/sql/convert.h"

#include "base/mem.h"
#include "tests/unit/handlers/fixture.h"

static struct fixture f;
static struct call_problems problems;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&f);
    call_problems_init(&problems);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&problems.errors);
    fixture_fini(&f);
    return 0;
}

/* A parameter of that type without any bounds. */
static struct param of_type(enum param_type type)
{
    return (struct param){.name = "p", .type = type, .max_length = UINT64_MAX};
}

/* Convert. Return: NULL if it went well, else what was said. */
static const char *convert(const struct param *param, struct str text, const char *json,
                           struct value *ret)
{
    struct conversion c = {&f.call, &problems, param, "query"};
    json_t *parsed = NULL;
    bool is_good;

    buf_clear(&problems.errors);
    problems.count = 0;
    *ret = (struct value){.type = VALUE_NULL};
    if (json == NULL) {
        is_good = convert_text(&c, text, ret);
    } else {
        parsed = json_loads(json, JSON_DECODE_ANY, NULL);
        assert_non_null(parsed);
        is_good = convert_json(&c, parsed, ret);
        if (is_good && ret->type == VALUE_TEXT) { /* lent by the JSON */
            ret->bytes.at = arena_copy(&f.call.arena, ret->bytes);
        }
        json_decref(parsed);
    }
    assert_int_equal(problems.count, is_good ? 0 : 1);
    if (is_good) {
        return NULL;
    }
    (void)call_fail_problems(&f.call, &problems);
    return problem_with(&f, "p");
}

static const char *text(const struct param *param, const char *given, struct value *ret)
{
    return convert(param, str_of(given), NULL, ret);
}

static const char *json(const struct param *param, const char *given, struct value *ret)
{
    return convert(param, STR(""), given, ret);
}

static void assert_says(const char *actual, const char *expected)
{
    assert_non_null(actual);
    assert_string_equal(actual, expected);
}

/* --- integers ----------------------------------------------------------------------------- */

static void integers(void **state)
{
    static const struct {
        const char *given;
        int64_t value;
    } good[] = {{"0", 0},
                {"7", 7},
                {"-7", -7},
                {"007", 7},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad_texts[] = {"",    "-",    "+7",  " 7",    "7 ",
                                            "7.0", "1e3",  "0x7", "seven", "9223372036854775808",
                                            "--7", "-0x7", "7,0", "٣",     "-9223372036854775809"};
    static const char *const bad_json[] = {"7.0", "1e3", "\"7\"", "true", "[7]", "{}", "7.5"};
    const struct param p = of_type(PARAM_INTEGER);
    struct value v;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_null(text(&p, good[i].given, &v));
        assert_true(v.type == VALUE_INTEGER && v.integer == good[i].value);
        if (good[i].given[1] != '0') { /* JSON knows no leading zeros */
            assert_null(json(&p, good[i].given, &v));
            assert_true(v.type == VALUE_INTEGER && v.integer == good[i].value);
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad_texts); i++) {
        assert_says(text(&p, bad_texts[i], &v), "must be an integer, of at most 64 bits");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad_json); i++) {
        assert_says(json(&p, bad_json[i], &v), bad_json[i][0] == '"'
                                                   ? "must be an integer, not a string"
                                                   : "must be an integer");
    }
    assert_non_null(convert(&p, (struct str){"7\0", 2}, NULL, &v));
}

static void bounds_of_integers(void **state)
{
    struct param p = of_type(PARAM_INTEGER);
    struct value v;

    (void)state;
    p.has_minimum = true;
    p.minimum_integer = -5;
    p.has_maximum = true;
    p.maximum_integer = 5;
    assert_null(text(&p, "-5", &v));
    assert_null(text(&p, "5", &v));
    assert_says(text(&p, "-6", &v), "must be at least -5");
    assert_says(text(&p, "6", &v), "must be at most 5");
    assert_null(json(&p, "-5", &v));
    assert_null(json(&p, "5", &v));
    assert_says(json(&p, "-6", &v), "must be at least -5");
    assert_says(json(&p, "6", &v), "must be at most 5");
    p.minimum_integer = p.maximum_integer = INT64_MIN;
    assert_null(text(&p, "-9223372036854775808", &v));
    assert_says(text(&p, "-9223372036854775807", &v), "must be at most -9223372036854775808");
    p.minimum_integer = p.maximum_integer = INT64_MAX;
    assert_null(text(&p, "9223372036854775807", &v));
    assert_says(text(&p, "9223372036854775806", &v), "must be at least 9223372036854775807");
}

/* --- numbers ------------------------------------------------------------------------------ */

static void numbers(void **state)
{
    static const struct {
        const char *given;
        double value;
    } good[] = {{"0", 0},          {"-1.5e3", -1500},
                {"0.1", 0.1},      {"1E-2", 0.01},
                {"7", 7},          {"1.7976931348623157e308", 1.7976931348623157e308},
                {"5e-324", 5e-324}};
    static const char *const bad_texts[] = {"",    "nan", "inf",  "-Infinity", "1e400", "0x10",
                                            "1,5", ".5",  "1.",   "+1",        " 1",    "1 ",
                                            "1e",  "--1", "1.5f", "one"};
    static const char *const bad_json[] = {"\"1.5\"", "true", "[1]", "{}"};
    const struct param p = of_type(PARAM_NUMBER);
    struct value v;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_null(text(&p, good[i].given, &v));
        assert_true(v.type == VALUE_REAL && v.real == good[i].value);
        assert_null(json(&p, good[i].given, &v));
        assert_true(v.type == VALUE_REAL && v.real == good[i].value);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad_texts); i++) {
        assert_says(text(&p, bad_texts[i], &v), "must be a number");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad_json); i++) {
        assert_says(json(&p, bad_json[i], &v), "must be a number");
    }
}

static void bounds_of_numbers(void **state)
{
    struct param p = of_type(PARAM_NUMBER);
    struct value v;

    (void)state;
    p.has_minimum = true;
    p.minimum_number = -0.5;
    p.has_maximum = true;
    p.maximum_number = 1e10;
    assert_null(text(&p, "-0.5", &v));
    assert_null(text(&p, "10000000000", &v));
    assert_says(text(&p, "-0.50001", &v), "must be at least -0.5");
    assert_says(json(&p, "10000000001", &v), "must be at most 10000000000");
}

/* --- strings ------------------------------------------------------------------------------ */

static void strings(void **state)
{
    const struct param p = of_type(PARAM_STRING);
    struct value v;

    (void)state;
    assert_null(text(&p, "", &v));
    assert_int_equal(v.type, VALUE_TEXT);
    assert_int_equal(v.bytes.size, 0);
    assert_null(text(&p, "caf\xC3\xA9 7", &v));
    assert_text(v.bytes, "caf\xC3\xA9 7");
    assert_null(json(&p, "\"caf\\u00e9\\n\"", &v));
    assert_int_equal(v.type, VALUE_TEXT);
    assert_text(v.bytes, "caf\xC3\xA9\n");
    assert_says(json(&p, "7", &v), "must be a string");
    assert_says(json(&p, "true", &v), "must be a string");
    assert_says(json(&p, "[\"a\"]", &v), "must be a string");
}

static void lengths_are_characters(void **state)
{
    struct param p = of_type(PARAM_STRING);
    struct value v;

    (void)state;
    p.min_length = 2;
    p.max_length = 3;
    assert_says(text(&p, "\xC3\xA9", &v), "must have at least 2 characters");
    assert_null(text(&p, "\xC3\xA9\xC3\xA9", &v));
    assert_null(text(&p, "\xF0\x9F\x8F\x97\xF0\x9F\x8F\x97\xE2\x82\xAC", &v));
    assert_says(text(&p, "abcd", &v), "must have at most 3 characters");
    assert_says(json(&p, "\"\"", &v), "must have at least 2 characters");
    assert_null(json(&p, "\"\\ud83c\\udfd7\\u20ac\"", &v));
    p.min_length = p.max_length = 0;
    assert_null(text(&p, "", &v));
    assert_says(text(&p, "a", &v), "must have at most 0 characters");
}

/* --- booleans ----------------------------------------------------------------------------- */

static void booleans(void **state)
{
    static const char *const bad[] = {"", "True", "TRUE", "yes", "on", "2", "t", "true ", "01"};
    static const char *const bad_json[] = {"0", "1", "\"true\"", "[]"};
    const struct param p = of_type(PARAM_BOOLEAN);
    struct value v;

    (void)state;
    assert_null(text(&p, "true", &v));
    assert_true(v.type == VALUE_INTEGER && v.integer == 1);
    assert_null(text(&p, "1", &v));
    assert_true(v.integer == 1);
    assert_null(text(&p, "false", &v));
    assert_true(v.type == VALUE_INTEGER && v.integer == 0);
    assert_null(text(&p, "0", &v));
    assert_true(v.integer == 0);
    assert_null(json(&p, "true", &v));
    assert_true(v.type == VALUE_INTEGER && v.integer == 1);
    assert_null(json(&p, "false", &v));
    assert_true(v.integer == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_says(text(&p, bad[i], &v), "must be true or false");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad_json); i++) {
        assert_says(json(&p, bad_json[i], &v), "must be true or false");
    }
}

/* --- blobs -------------------------------------------------------------------------------- */

static void blobs(void **state)
{
    struct param p = of_type(PARAM_BLOB);
    struct value v;

    (void)state;
    assert_null(text(&p, "", &v));
    assert_int_equal(v.type, VALUE_BLOB);
    assert_int_equal(v.bytes.size, 0);
    assert_non_null(v.bytes.at);
    assert_null(text(&p, "AP8Q", &v));
    assert_int_equal(v.bytes.size, 3);
    assert_memory_equal(v.bytes.at, "\x00\xFF\x10", 3);
    assert_null(json(&p, "\"AP8=\"", &v));
    assert_int_equal(v.type, VALUE_BLOB);
    assert_int_equal(v.bytes.size, 2);
    assert_says(text(&p, "AP8", &v), "must be base64 with padding");
    assert_says(text(&p, "A P8", &v), "must be base64 with padding");
    assert_says(json(&p, "\"-_8=\"", &v), "must be base64 with padding");
    assert_says(json(&p, "7", &v), "must be a string of base64");
    p.min_length = 2;
    p.max_length = 2;
    assert_says(text(&p, "AA==", &v), "must have at least 2 bytes");
    assert_null(text(&p, "AAA=", &v));
    assert_says(text(&p, "AAAA", &v), "must have at most 2 bytes");
}

/* --- JSON --------------------------------------------------------------------------------- */

static void json_as_its_own_text(void **state)
{
    const struct param p = of_type(PARAM_JSON);
    struct value v;

    (void)state;
    assert_null(text(&p, " { \"b\" : [ 1 , null ] , \"a\":\"\\u00e9\" } ", &v));
    assert_int_equal(v.type, VALUE_TEXT);
    assert_text(v.bytes, "{\"b\":[1,null],\"a\":\"\xC3\xA9\"}");
    assert_null(text(&p, "7", &v));
    assert_text(v.bytes, "7");
    assert_null(text(&p, "null", &v));
    assert_text(v.bytes, "null");
    assert_null(json(&p, "{\"b\":[1,null],\"a\":true}", &v));
    assert_text(v.bytes, "{\"b\":[1,null],\"a\":true}");
    assert_null(json(&p, "\"text\"", &v));
    assert_text(v.bytes, "\"text\"");
    assert_null(json(&p, "null", &v)); /* JSON's null is JSON, not the absence of it */
    assert_int_equal(v.type, VALUE_TEXT);
    assert_text(v.bytes, "null");
    assert_non_null(text(&p, "", &v));
    assert_non_null(text(&p, "{", &v));
    assert_non_null(text(&p, "{} {}", &v));
    assert_non_null(strstr(text(&p, "{\"a\":1,\"a\":2}", &v), "must be JSON: duplicate"));
}

static void json_that_is_nested_too_deep(void **state)
{
    const struct param p = of_type(PARAM_JSON);
    char nested[4100];
    struct value v;

    (void)state;
    memset(nested, '[', 2050);
    memset(nested + 2050, ']', 2050);
    assert_non_null(convert(&p, (struct str){nested, sizeof(nested)}, NULL, &v));
    assert_null(convert(&p, (struct str){nested + 2050 - 64, 128}, NULL, &v));
    assert_non_null(convert(&p, (struct str){nested + 2050 - 65, 130}, NULL, &v));
}

/* --- null, and no memory ------------------------------------------------------------------ */

static void null_only_where_it_is_the_default(void **state)
{
    static const enum param_type types[] = {PARAM_INTEGER, PARAM_NUMBER, PARAM_STRING,
                                            PARAM_BOOLEAN, PARAM_BLOB};
    struct value v;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        struct param p = of_type(types[i]);
        p.min_length = 5; /* bounds are for values */
        p.has_minimum = true;
        p.minimum_integer = 5;
        p.minimum_number = 5;
        p.has_default = PARAM_REQUIRED;
        assert_says(json(&p, "null", &v), "must not be null");
        p.has_default = PARAM_DEFAULT_VALUE;
        assert_says(json(&p, "null", &v), "must not be null");
        p.has_default = PARAM_DEFAULT_NULL;
        assert_null(json(&p, "null", &v));
        assert_int_equal(v.type, VALUE_NULL);
    }
}

static void no_memory(void **state)
{
    const struct param blob = of_type(PARAM_BLOB);
    const struct param any = of_type(PARAM_JSON);
    struct value v;

    (void)state;
    arena_fini(&f.call.arena);
    arena_init(&f.call.arena, NULL, 0, 0);
    assert_says(text(&blob, "AAAA", &v), "is too long");
    assert_says(text(&any, "[1]", &v), "is too long");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers),
        TEST(bounds_of_integers),
        TEST(numbers),
        TEST(bounds_of_numbers),
        TEST(strings),
        TEST(lengths_are_characters),
        TEST(booleans),
        TEST(blobs),
        TEST(json_as_its_own_text),
        TEST(json_that_is_nested_too_deep),
        TEST(null_only_where_it_is_the_default),
        TEST(no_memory),
    };

    return cmocka_run_group_tests_name("handlers/convert", tests, NULL, NULL);
}
