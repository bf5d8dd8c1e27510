/*
 * PostgreSQL's documentation, 9.7.3; and the C library's regexec() as a second opinion on what both
 * understand.
 */
#include "storage/regex.h"

#include <regex.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"

static enum regex_result match(struct str text, const char *pattern, bool ignores_case)
{
    struct regex *regex;
    const char *reason = "";
    enum regex_result result;

    if (regex_create(str_of(pattern), ignores_case, &regex, &reason) != STATUS_OK) {
        fail_msg("%s: %s", pattern, reason);
    }
    result = regex_search(regex, text);
    assert_int_equal(regex_search(regex, text), result); /* it can be used again */
    regex_destroy(regex);
    return result;
}

struct example {
    const char *text, *pattern;
    bool is_found;
};

static void test_search(void **state)
{
    static const struct example examples[] = {
        /* from the documentation */
        {"thomas", "t.*ma", true},
        {"thomas", "vadim", false},
        {"abcd", "bc", true},
        {"abcd", "a.c", true},
        {"abcd", "(b|d)", true},
        {"abcd", "^(b|c)", false},
        {"XY1234Z", "Y*([0-9]{1,3})", true},
        /* atoms */
        {"", "", true},
        {"abc", "", true},
        {"abc", "()", true},
        {"a.c", "a\\.c", true},
        {"abc", "a\\.c", false},
        {"\n", ".", true},
        {"x-y", "[a-c-]", true},
        {"]", "[]]", true},
        {"]", "[^]]", false},
        {"^", "[\\^a]", true},
        {"7", "[[:digit:]]", true},
        {"7", "[^[:digit:][:alpha:]]", false},
        {"é", "^.$", true},
        {"é", "^[à-ü]$", true},
        {"é", "^[[:alpha:]]$", true},
        {"é", "^\\w$", true},
        {"-", "[[.-.]]", true},
        {"a", "[[=a=]b]", true},
        {"x7", "\\d", true},
        {"x", "\\d", false},
        {"7", "^\\D$", false},
        {"a b", "a\\sb", true},
        {"ab", "a\\Sb", false},
        {"a_1", "^\\w+$", true},
        {"-", "\\W", true},
        {"5", "[\\d]", true},
        {"a", "[\\w]", true},
        {"\t", "^\\t$", true},
        {"é", "\\u00e9", true},
        {"😀", "\\U0001F600", true},
        {"A", "\\x41", true},
        {"\\", "\\B", true},
        {"{", "{", true},
        {"a{b", "a{b", true},
        /* quantifiers */
        {"ac", "^ab*c$", true},
        {"abbbc", "^ab*c$", true},
        {"ac", "^ab+c$", false},
        {"abbc", "^ab?c$", false},
        {"aaa", "^a{3}$", true},
        {"aa", "^a{3}$", false},
        {"aaaa", "^a{2,}$", true},
        {"aaaa", "^a{2,3}$", false},
        {"aaa", "^a{0,3}$", true},
        {"b", "^a{0}b$", true},
        {"abab", "^(ab)*$", true},
        {"abab", "^(?:ab){2}$", true},
        {"aaa", "^a*?$", true},
        {"aaa", "^a+?a{1,2}?$", true},
        {"b", "^(a*)*b$", true},
        {"abcabd", "(abc|abd){2}", true},
        /* alternatives */
        {"b", "^(a|b|)$", true},
        {"", "^(a|b|)$", true},
        {"c", "^(a|b|)$", false},
        {"b", "a|b", true},
        /* places */
        {"ab", "^b", false},
        {"ab", "a$", false},
        {"a\nb", "^b", false},
        {"ab", "\\Aab\\Z", true},
        {"one two", "\\mtwo\\M", true},
        {"one twofold", "\\mtwo\\M", false},
        {"one two", "[[:<:]]two[[:>:]]", true},
        {"one two", "\\ytwo", true},
        {"one two", "\\ywo", false},
        {"one two", "\\Ywo", true},
        /* options at the start */
        {"ABC", "(?i)abc", true},
        {"ABC", "***:(?i)abc", true},
        {"a.c", "***=a.c", true},
        {"abc", "***=a.c", false},
        {"(", "***=(", true},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct example *e = &examples[i];

        if ((match(str_of(e->text), e->pattern, false) == REGEX_YES) != e->is_found) {
            fail_msg("%s ~ %s", e->text, e->pattern);
        }
    }
    assert_int_equal(match(STR("a\0b"), "a\\0b", false), REGEX_YES);
    assert_int_equal(match(STR("a\0b"), "^a.b$", false), REGEX_YES);
    assert_int_equal(match(STR("a\xff\xC3"), "^a..$", false), REGEX_YES);
}

static void test_ignoring_case(void **state)
{
    (void)state;
    assert_int_equal(match(STR("Thomas"), "THO", true), REGEX_YES);
    assert_int_equal(match(STR("ÄRGER"), "ärger", true), REGEX_YES);
    assert_int_equal(match(STR("Ä"), "[à-ý]", true), REGEX_YES);
    assert_int_equal(match(STR("a"), "[B-D]", true), REGEX_NO);
    assert_int_equal(match(STR("c"), "[B-D]", true), REGEX_YES);
    assert_int_equal(match(STR("c"), "[^B-D]", true), REGEX_NO);
    assert_int_equal(match(STR("C"), "(?c)c", true), REGEX_NO);
}

static void test_refused(void **state)
{
    static const struct {
        const char *pattern, *reason;
    } examples[] = {
        {"(", "parentheses () not balanced"},
        {")", "parentheses () not balanced"},
        {"(a", "parentheses () not balanced"},
        {"a)", "parentheses () not balanced"},
        {"[", "brackets [] not balanced"},
        {"[]", "brackets [] not balanced"},
        {"[a", "brackets [] not balanced"},
        {"[[:alpha:", "brackets [] not balanced"},
        {"[[:no:]]", "invalid character class"},
        {"[b-a]", "invalid character range"},
        {"[[.ab.]]", "invalid collating element"},
        {"*", "quantifier operand invalid"},
        {"^*", "quantifier operand invalid"},
        {"a|*b", "quantifier operand invalid"},
        {"(*a)", "quantifier operand invalid"},
        {"a**", "quantifier operand invalid"},
        {"a{1}{2}", "quantifier operand invalid"},
        {"a{1", "braces {} not balanced"},
        {"a{2,1}", "invalid repetition count(s)"},
        {"a{256}", "invalid repetition count(s)"},
        {"a{99999999999999999999}", "invalid repetition count(s)"},
        {"\\", "invalid escape \\ sequence"},
        {"\\q", "invalid escape \\ sequence"},
        {"\\u12", "invalid escape \\ sequence"},
        {"[\\q]", "invalid escape \\ sequence"},
        {"(a)\\1", "back-references are not supported"},
        {"(?=a)", "lookahead, lookbehind and embedded options are not supported"},
        {"a(?i)b", "lookahead, lookbehind and embedded options are not supported"},
        {"(((a{255}){255}){255}){255}", "regular expression is too complex"},
        {"(((((((((((((((a{255}){255}){255}){255}){255}){255}){255}){255}){255}){255}){255}){255})"
         "{255}){255}){255})",
         "regular expression is too complex"},
    };
    char deep[200];
    (void)state;

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct regex *regex = NULL;
        const char *reason = "";

        assert_int_equal(regex_create(str_of(examples[i].pattern), false, &regex, &reason),
                         STATUS_INVALID);
        assert_null(regex);
        assert_string_equal(reason, examples[i].reason);
    }
    memset(deep, '(', 100);
    memset(deep + 100, ')', 100);
    {
        struct regex *regex = NULL;
        const char *reason = "";

        assert_int_equal(regex_create((struct str){deep, 200}, false, &regex, &reason),
                         STATUS_INVALID);
        assert_string_equal(reason, "regular expression is too complex");
    }
}

/* Random expressions that POSIX and PostgreSQL read alike. */
static void test_against_the_library(void **state)
{
    static const char *const pieces[] = {"a", "b", "c", ".",     "[ab]", "[^a]", "(",  ")",
                                         "|", "*", "+", "{1,2}", "^",    "$",    "{2}"};
    struct random random = {.state = 21};
    int compared = 0;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        char pattern[64] = "";
        char text[10] = "";
        size_t pieces_count = random_below(&random, 9) + 1;
        size_t text_size = random_below(&random, sizeof(text));
        struct regex *regex = NULL;
        const char *reason;
        regex_t other;

        for (size_t k = 0; k < pieces_count; k++) {
            strcat(pattern, pieces[random_below(&random, sizeof(pieces) / sizeof(pieces[0]))]);
        }
        for (size_t k = 0; k < text_size; k++) {
            text[k] = "abc"[random_below(&random, 3)];
        }
        if (regex_create(str_of(pattern), false, &regex, &reason) != STATUS_OK) {
            continue; /* they differ in what they refuse */
        }
        if (regcomp(&other, pattern, REG_EXTENDED | REG_NOSUB) == 0) {
            bool is_found = regexec(&other, text, 0, NULL, 0) == 0;

            if ((regex_search(regex, str_of(text)) == REGEX_YES) != is_found) {
                fail_msg("%s ~ %s", text, pattern);
            }
            compared++;
            regfree(&other);
        }
        regex_destroy(regex);
    }
    assert_true(compared > 5000);
}

static void test_the_worst(void **state)
{
    static const char *const patterns[] = {
        "(a*)*b",
        "(a|a)*b",
        "(a|b)*a(a|b){200}c",
        "((a{0,30}){0,30})b",
        "(.*)(.*)(.*)(.*)(.*)x",
        "[a-z]*[b-z]*[c-z]*[a-z]*b$",
    };
    size_t size = 200 * 1000;
    char *text = malloc(size);
    struct random random = {.state = 3};

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        text[i] = "aaab"[random_below(&random, 4)];
    }
    text[size - 1] = 'a';
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        (void)match((struct str){text, 20000}, patterns[i], false); /* it ends */
    }
    assert_int_equal(match((struct str){text, size}, "((a|b|c){1,30}){1,10}x", false),
                     REGEX_TOO_MUCH);
    free(text);
}

static void test_without_memory(void **state)
{
    enum status status = STATUS_NOMEM;

    (void)state;
    for (long n = 1; status != STATUS_OK; n++) {
        struct regex *regex = NULL;
        const char *reason;

        mem_fail_after(n);
        status = regex_create(STR("(a[b-d]{3}|\\d+)*"), false, &regex, &reason);
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        regex_destroy(regex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),    cmocka_unit_test(test_ignoring_case),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_against_the_library),
        cmocka_unit_test(test_the_worst), cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
