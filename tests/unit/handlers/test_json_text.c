#include "handlers/table/json_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"
#include "tests/unit/unit.h"

static struct json_text_problem problem;

/* Minify into heap memory of exactly the promised size, so that one byte too many is seen. */
static bool minify(struct str text, char *out, size_t *ret_size)
{
    char *exact = malloc(text.size > 0 ? text.size : 1);
    bool is_good;

    assert_non_null(exact);
    is_good = json_text_minify(text, exact, ret_size, &problem);
    if (is_good) {
        assert_true(*ret_size <= text.size);
        memcpy(out, exact, *ret_size);
    }
    free(exact);
    return is_good;
}

static void blanks_go_and_the_rest_stays(void **state)
{
    static const struct {
        const char *given;
        const char *minified;
    } cases[] = {
        {"7", "7"},
        {" \t\r\n7 ", "7"},
        {"\"a  b\"", "\"a  b\""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""},
        {"[ ]", "[]"},
        {"{ }", "{}"},
        {"[1 , 2,\n3]", "[1,2,3]"},
        {"{ \"a\" : [ { } , null ] , \"b\":true}", "{\"a\":[{},null],\"b\":true}"},
        {"-0.50e+10", "-0.50e+10"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"1E400", "1E400"},
        {"false", "false"},
        {"\"\xC3\xA9\"", "\"\xC3\xA9\""},
    };
    char out[256];
    size_t size;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_true(minify(str_of(cases[i].given), out, &size));
        assert_text(((struct str){out, size}), cases[i].minified);
    }
}

static void what_is_not_json(void **state)
{
    static const struct {
        const char *given;
        const char *expected;
        const char *found;
    } cases[] = {
        {"", "JSON value", ""},
        {" ", "JSON value", ""},
        {"abc", NULL, "abc"},
        {"True", NULL, "True"},
        {"nul", NULL, "nul"},
        {"truex", NULL, "truex"},
        {"'a'", NULL, "'"},
        {"01", NULL, "01"},
        {"+1", NULL, "+"},
        {"-", NULL, "-"},
        {"1.", NULL, "1"},
        {".5", NULL, "."},
        {"1e", NULL, "1e"},
        {"1x", NULL, "1x"},
        {"NaN", NULL, "NaN"},
        {"\"a", NULL, "\"a"},
        {"\"a\\", NULL, "\"a\\"},
        {"\"\\x\"", NULL, "\"\\x\""},
        {"\"\\u12g4\"", NULL, "\"\\u12g4\""},
        {"\"\\u12", NULL, "\"\\u12"},
        {"\"a\nb\"", NULL, "\"a\nb\""},
        {"[1", "\",\" or \"]\"", ""},
        {"[1 2]", "\",\" or \"]\"", "2"},
        {"[1,]", "JSON value", "]"},
        {"[,1]", "array element or \"]\"", ","},
        {"[1}", "\",\" or \"]\"", "}"},
        {"{1:2}", "string or \"}\"", "1"},
        {"{\"a\"}", "\":\"", "}"},
        {"{\"a\":}", "JSON value", "}"},
        {"{\"a\":1,}", "string", "}"},
        {"{\"a\":1]", "\",\" or \"}\"", "]"},
        {"{\"a\":1", "\",\" or \"}\"", ""},
        {"{", "string or \"}\"", ""},
        {"}", "JSON value", "}"},
        {"1 2", "end of input", "2"},
        {"{} {}", "end of input", "{"},
    };
    char out[256];
    size_t size;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_false(minify(str_of(cases[i].given), out, &size));
        assert_false(problem.is_too_deep);
        assert_text(problem.found, cases[i].found);
        if (cases[i].expected == NULL) {
            assert_null(problem.expected);
        } else {
            assert_non_null(problem.expected);
            assert_string_equal(problem.expected, cases[i].expected);
        }
    }
    assert_false(minify((struct str){"7\0", 2}, out, &size));
    assert_false(minify((struct str){"\"\\\0\"", 4}, out, &size));
}

static void depth_has_a_bound(void **state)
{
    char nested[2 * (JSON_TEXT_DEPTH_MAX + 1)];
    char out[sizeof(nested)];
    size_t size;

    (void)state;
    memset(nested, '[', JSON_TEXT_DEPTH_MAX + 1);
    memset(nested + JSON_TEXT_DEPTH_MAX + 1, ']', JSON_TEXT_DEPTH_MAX + 1);
    assert_true(minify((struct str){nested + 1, sizeof(nested) - 2}, out, &size));
    assert_false(minify((struct str){nested, sizeof(nested)}, out, &size));
    assert_true(problem.is_too_deep);
}

/* Random pieces of JSON, put together: jansson is of the same opinion. */
static void as_jansson_sees_it(void **state)
{
    static const char *const pieces[] = {"{", "}", "[",  "]",    ",",    ":", "\"a\"", "\"b\"", "1",
                                         "0", "-", ".5", "true", "null", " ", "\\",    "\""};
    struct random random = {20261120};
    char out[128];
    size_t size;
    unsigned good = 0;

    (void)state;
    for (unsigned i = 0; i < 300000; i++) {
        char text[128] = "";
        unsigned n = 1 + (unsigned)random_below(&random, 7);
        json_t *json;
        for (unsigned j = 0; j < n; j++) {
            strcat(text, pieces[random_below(&random, ARRAY_LENGTH(pieces))]);
        }
        json = json_loads(text, JSON_DECODE_ANY, NULL);
        if (minify(str_of(text), out, &size) != (json != NULL)) {
            fail_msg("%s", text);
        }
        good += json != NULL;
        json_decref(json);
    }
    assert_true(good > 1000);
}

static void values_are_taken_off_one_by_one(void **state)
{
    static const char *const expected[] = {"{\"a\":[1,{}]}", "\"],\\\"\"", "-0.10", "null"};
    struct str rest = STR("{\"a\":[1,{}]},\"],\\\"\",-0.10,null");
    struct str value;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_true(json_text_next_value(&rest, &value));
        assert_text(value, expected[i]);
    }
    assert_false(json_text_next_value(&rest, &value));
}

static void members_are_taken_off_one_by_one(void **state)
{
    struct str rest = STR("\"a\":{\"b\":[]},\"\":7");
    struct str name;
    struct str value;

    (void)state;
    assert_true(json_text_next_member(&rest, &name, &value));
    assert_text(name, "\"a\"");
    assert_text(value, "{\"b\":[]}");
    assert_true(json_text_next_member(&rest, &name, &value));
    assert_text(name, "\"\"");
    assert_text(value, "7");
    assert_false(json_text_next_member(&rest, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_go_and_the_rest_stays),
        cmocka_unit_test(what_is_not_json),
        cmocka_unit_test(depth_has_a_bound),
        cmocka_unit_test(as_jansson_sees_it),
        cmocka_unit_test(values_are_taken_off_one_by_one),
        cmocka_unit_test(members_are_taken_off_one_by_one),
    };

    return cmocka_run_group_tests_name("handlers/json_text", tests, NULL, NULL);
}
