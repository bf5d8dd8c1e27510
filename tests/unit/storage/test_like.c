/* PostgreSQL's documentation, 9.7.1; the long texts are the worst that somebody may send. */
#include "storage/like.h"

#include <stdlib.h>

#include "tests/unit/random.h"
#include "tests/unit/text.h"

struct example {
    const char *text, *pattern;
    enum like_result result;
};

static void expect_all(const struct example *examples, size_t count, bool ignores_case)
{
    for (size_t i = 0; i < count; i++) {
        const struct example *e = &examples[i];

        if (like_match(str_of(e->text), str_of(e->pattern), ignores_case) != e->result) {
            fail_msg("%s LIKE %s", e->text, e->pattern);
        }
    }
}

static void test_like(void **state)
{
    static const struct example examples[] = {
        {"abc", "abc", LIKE_YES},
        {"abc", "a%", LIKE_YES},
        {"abc", "_b_", LIKE_YES},
        {"abc", "c", LIKE_NO},
        {"abc", "ABC", LIKE_NO},
        {"", "", LIKE_YES},
        {"", "%", LIKE_YES},
        {"", "_", LIKE_NO},
        {"a", "", LIKE_NO},
        {"abc", "%", LIKE_YES},
        {"abc", "%%c", LIKE_YES},
        {"abc", "%_c", LIKE_YES},
        {"abc", "____", LIKE_NO},
        {"aXbXc", "a%X%c", LIKE_YES},
        {"aab", "%ab", LIKE_YES},
        {"abab", "%ab", LIKE_YES},
        {"ababc", "%ab", LIKE_NO},
        {"aXb", "a%b%", LIKE_YES},
        {"a%c", "a\\%c", LIKE_YES},
        {"abc", "a\\%c", LIKE_NO},
        {"a_c", "a\\_c", LIKE_YES},
        {"abc", "a\\_c", LIKE_NO},
        {"a\\c", "a\\\\c", LIKE_YES},
        {"abc", "\\a\\b\\c", LIKE_YES},
        {"\xC3\xA9t\xC3\xA9", "_t_", LIKE_YES},
        {"東京", "__", LIKE_YES},
        {"東京", "%京", LIKE_YES},
        {"x%", "%\\%", LIKE_YES},
        {"xy", "%\\%", LIKE_NO},
        {"line\nbreak", "l%k", LIKE_YES},
        {"mississippi", "m%iss%ip%i", LIKE_YES},
        {"mississippi", "m%iss%iss%iss%", LIKE_NO},
    };
    (void)state;

    expect_all(examples, sizeof(examples) / sizeof(examples[0]), false);
    assert_int_equal(like_match(STR("a\0b"), STR("a_b"), false), LIKE_YES);
    assert_int_equal(like_match(STR("a\xff"), STR("a_"), false), LIKE_YES);
}

static void test_ilike(void **state)
{
    static const struct example examples[] = {
        {"ABC", "abc", LIKE_YES}, {"abc", "A%C", LIKE_YES},     {"ÄRGER", "ärger", LIKE_YES},
        {"Ÿ", "ÿ", LIKE_YES},     {"ΣΟΦΟΣ", "σοφο_", LIKE_YES}, {"ЖЁЛТЫЙ", "%ёлт%", LIKE_YES},
        {"abc", "abd", LIKE_NO},  {"e", "é", LIKE_NO},          {"xxAByy", "%ab%", LIKE_YES},
    };
    (void)state;

    expect_all(examples, sizeof(examples) / sizeof(examples[0]), true);
}

static void test_is_pattern(void **state)
{
    (void)state;
    assert_true(like_is_pattern(STR("")));
    assert_true(like_is_pattern(STR("a\\%")));
    assert_true(like_is_pattern(STR("a\\\\")));
    assert_false(like_is_pattern(STR("\\")));
    assert_false(like_is_pattern(STR("a\\\\\\")));
}

/* The definition, which takes exponential time. */
static bool slow_match(const char *text, const char *pattern)
{
    if (*pattern == '\0') {
        return *text == '\0';
    }
    if (*pattern == '%') {
        return slow_match(text, pattern + 1) || (*text != '\0' && slow_match(text + 1, pattern));
    }
    return *text != '\0' && (*pattern == '_' || *pattern == *text) &&
           slow_match(text + 1, pattern + 1);
}

static void test_against_the_definition(void **state)
{
    struct random random = {.state = 9};

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[12] = "";
        char pattern[8] = "";
        size_t text_size = random_below(&random, sizeof(text));
        size_t pattern_size = random_below(&random, sizeof(pattern));

        for (size_t k = 0; k < text_size; k++) {
            text[k] = "ab"[random_below(&random, 2)];
        }
        for (size_t k = 0; k < pattern_size; k++) {
            pattern[k] = "ab%_%"[random_below(&random, 5)];
        }
        if ((like_match(str_of(text), str_of(pattern), i % 2 == 0) == LIKE_YES) !=
            slow_match(text, pattern)) {
            fail_msg("%s LIKE %s", text, pattern);
        }
    }
}

static void test_the_worst(void **state)
{
    size_t size = 1000 * 1000;
    char *text = malloc(size);
    char pattern[2001];

    (void)state;
    assert_non_null(text);
    memset(text, 'a', size);
    assert_int_equal(like_match((struct str){text, size}, STR("%a%a%a%a%a%a%a%a%a%b"), false),
                     LIKE_NO);
    assert_int_equal(like_match((struct str){text, size}, STR("%a%a%a%a%a%a%a%a%a%b"), true),
                     LIKE_NO);
    memset(pattern, 'a', sizeof(pattern));
    pattern[0] = '%';
    pattern[1999] = 'b';
    pattern[2000] = '%';
    assert_int_equal(like_match((struct str){text, size}, (struct str){pattern, 2001}, false),
                     LIKE_TOO_MUCH);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like),       cmocka_unit_test(test_ilike),
        cmocka_unit_test(test_is_pattern), cmocka_unit_test(test_against_the_definition),
        cmocka_unit_test(test_the_worst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
