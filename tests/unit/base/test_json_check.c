/* The grammar is RFC 8259's; the list follows the sections of it. */
#include "base/json_check.h"

#include <jansson.h>
#include <string.h>

#include "tests/unit/random.h"
#include "tests/unit/text.h"

static void test_valid(void **state)
{
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "10",
        "-1.5e+10",
        "1E-2",
        "0.0",
        "12345678901234567890123",
        "\"\"",
        "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"",
        "\"\\ud800\"", /* the grammar allows it */
        "\"Grüße 東京 😀 \x7f\"",
        "[]",
        "{}",
        "[[],{}]",
        "[1, 2 ,3]",
        " \t\r\n{ \"a\" : [ 1 , { \"b\" : null } ] , \"a\" : 2 } \n",
    };
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!json_check(str_of(texts[i]), NULL)) {
            fail_msg("%s is JSON", texts[i]);
        }
    }
}

static void test_invalid(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "-",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x1",
        "1 2",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\n\"",
        "\"\x01\"",
        "'a'",
        "[",
        "]",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":1]",
        "{\"a\" 1}",
        "{1:2}",
        "{,}",
        "[:]",
        "{\"a\",}",
        "[1]]",
        "{}{}",
        "null,",
        "/**/1",
        "\"\\u12G4\"",
        "\"\xff\"",
        "\xEF\xBB\xBF[]",
        "\"\xC3\"",
        "\"\xED\xA0\x80\"",
        "\"\xC0\x80\"",
        "{\"a\":1:2}",
    };
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (json_check(str_of(texts[i]), NULL)) {
            fail_msg("%s is no JSON", texts[i]);
        }
    }
    assert_false(json_check((struct str){NULL, 0}, NULL));
    assert_false(json_check((struct str){"1\0", 2}, NULL));
    assert_false(json_check((struct str){"\"\0\"", 3}, NULL));
}

static bool check_nested(size_t depth, char open, char close)
{
    char text[2 * JSON_DEPTH_MAX + 10];

    memset(text, open, depth);
    memset(text + depth, close, depth);
    return json_check((struct str){text, 2 * depth}, NULL);
}

static void test_depth(void **state)
{
    (void)state;
    assert_true(check_nested(JSON_DEPTH_MAX, '[', ']'));
    assert_false(check_nested(JSON_DEPTH_MAX + 1, '[', ']'));
}

static void test_facts(void **state)
{
    struct json_facts facts;

    (void)state;
    assert_true(json_check(STR(" null "), &facts));
    assert_true(facts.is_null && facts.has_nulls && !facts.has_newlines);
    assert_true(json_check(STR("[1,\n{\"a\":null}]"), &facts));
    assert_true(!facts.is_null && facts.has_nulls && facts.has_newlines);
    assert_true(json_check(STR("[\"\\n null\"]"), &facts));
    assert_true(!facts.is_null && !facts.has_nulls && !facts.has_newlines);
    facts.is_null = true;
    assert_false(json_check(STR("[null"), &facts));
    assert_true(facts.is_null); /* untouched */
}

static void expect_minified(const char *text, bool strips_nulls, const char *expected)
{
    struct buf out;

    assert_true(json_check(str_of(text), NULL));
    buf_init(&out, 1000);
    json_put_minified(&out, str_of(text), strips_nulls);
    assert_int_equal(buf_status(&out), STATUS_OK);
    assert_text(buf_str(&out), expected);
    buf_fini(&out);
}

static void test_minified(void **state)
{
    (void)state;
    expect_minified(" 1 ", false, "1");
    expect_minified("[ ]", false, "[]");
    expect_minified("{\n}", false, "{}");
    expect_minified("[ 1 , [ ] , { } , \" a , b \" ]", false, "[1,[],{},\" a , b \"]");
    expect_minified("{ \"a\" : 1 ,\n\"b\" : { \"c\" : [ null , { \"d\" : null } ] } , \"e\" : 2 }",
                    false, "{\"a\":1,\"b\":{\"c\":[null,{\"d\":null}]},\"e\":2}");
}

static void test_nulls_are_stripped(void **state)
{
    (void)state;
    expect_minified("null", true, "null");
    expect_minified("[null, null]", true, "[null,null]");
    expect_minified("{\"a\":null}", true, "{}");
    expect_minified("{\"a\":null,\"b\":1}", true, "{\"b\":1}");
    expect_minified("{\"a\":1,\"b\":null}", true, "{\"a\":1}");
    expect_minified("{\"a\":1,\"b\":null,\"c\":\"null\"}", true, "{\"a\":1,\"c\":\"null\"}");
    expect_minified("{\"a\":{\"b\":null},\"c\":[{\"d\":null,\"e\":[null]}]}", true,
                    "{\"a\":{},\"c\":[{\"e\":[null]}]}");
}

/* Random near-JSON: what we say is what jansson says, and minifying changes nothing. */
static void test_against_jansson(void **state)
{
    static const char *const pieces[] = {"{", "}",    "[",    "]",   ",",       ":",     "\"a\"",
                                         "1", "null", "true", "\n",  "\"\\n\"", "\"b\"", "-2.5",
                                         " ", "{}",   "[]",   "[1,", "{\"k\":", "\"",    "\\"};
    struct random random = {.state = 4};
    size_t valid = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[64] = "";
        size_t pieces_count = random_below(&random, 8) + 1;
        json_t *value;

        for (size_t k = 0; k < pieces_count; k++) {
            strcat(text, pieces[random_below(&random, sizeof(pieces) / sizeof(pieces[0]))]);
        }
        value = json_loads(text, JSON_DECODE_ANY, NULL);
        if (json_check(str_of(text), NULL) != (value != NULL)) {
            fail_msg("%s", text);
        }
        if (value != NULL) {
            struct buf out;
            json_t *again;

            valid++;
            buf_init(&out, 1000);
            json_put_minified(&out, str_of(text), false);
            again = json_loadb(out.at, out.size, JSON_DECODE_ANY, NULL);
            assert_true(json_equal(value, again));
            json_decref(again);
            buf_fini(&out);
        }
        json_decref(value);
    }
    assert_true(valid > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),           cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_depth),           cmocka_unit_test(test_facts),
        cmocka_unit_test(test_minified),        cmocka_unit_test(test_nulls_are_stripped),
        cmocka_unit_test(test_against_jansson),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
