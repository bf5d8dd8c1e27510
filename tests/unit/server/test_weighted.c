/* Lists with weights: RFC 9110, 12.4.2 and 5.6.6. */
#include "server/weighted.h"

#include <stdio.h>

#include "tests/unit/random.h"
#include "tests/unit/text.h"

static const struct {
    const char *list;
    const char *expected; /* value|params|weight for each element */
} cases[] = {
    {"", ""},
    {" , ,, ", ""},
    {"a", "a||1000 "},
    {"a;q=0.5", "a|q=0.5|500 "},
    {"a ; q=0.5 , b", "a|q=0.5|500 b||1000 "},
    {"a;q=0", "a|q=0|0 "},
    {"a;q=0.", "a|q=0.|0 "},
    {"a;q=0.001", "a|q=0.001|1 "},
    {"a;q=1.000", "a|q=1.000|1000 "},
    {"a;Q=.25", "a|Q=.25|250 "},
    {"a;q=1.9", "a|q=1.9|1000 "},
    {"a;q=2", "a|q=2|1000 "},
    {"a;q=-1", "a|q=-1|1000 "},
    {"a;q=", "a|q=|1000 "},
    {"a;q", "a|q|1000 "},
    {"a;q=0.5x", "a|q=0.5x|1000 "},
    {"a;x=1;q=0.2;y=2", "a|x=1;q=0.2;y=2|200 "},
    {"a;for=\"x,y;q=0\";q=0.3,b", "a|for=\"x,y;q=0\";q=0.3|300 b||1000 "},
    {"a;for=\"x\\\",y\",b", "a|for=\"x\\\",y\"|1000 b||1000 "},
    {"a;for=\"never closed, b", "a|for=\"never closed, b|1000 "},
    {"a/b; options=x;", "a/b|options=x|1000 "},
};

static void lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[200] = "";
        struct str rest = str_of(cases[i].list);
        struct weighted element;
        size_t at = 0;

        while (weighted_next(&rest, &element)) {
            struct str params = element.params;
            if (params.size > 0 && params.at[params.size - 1] == ';') {
                params.size--;
            }
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%.*s|%.*s|%u ",
                                   (int)element.value.size, element.value.at, (int)params.size,
                                   params.at, element.weight);
        }
        assert_string_equal(text, cases[i].expected);
    }
}

static void params(void **state)
{
    struct str rest = STR(" a = 1 ;; b=\"x;y\" ; c");
    struct str name;
    struct str value;

    (void)state;
    assert_true(weighted_next_param(&rest, &name, &value));
    assert_text(name, "a");
    assert_text(value, "1");
    assert_true(weighted_next_param(&rest, &name, &value));
    assert_text(name, "b");
    assert_text(value, "\"x;y\"");
    assert_true(weighted_next_param(&rest, &name, &value));
    assert_text(name, "c");
    assert_text(value, "");
    assert_false(weighted_next_param(&rest, &name, &value));
}

/* Whatever it is, it ends, and every piece lies in it. */
static void any_bytes(void **state)
{
    static const char letters[] = "a,;=\"\\ q01.*";
    struct random random = {7};

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        char text[24];
        size_t n = random_below(&random, sizeof(text));
        struct str rest;
        struct weighted element;

        for (size_t i = 0; i < n; i++) {
            text[i] = letters[random_below(&random, sizeof(letters) - 1)];
        }
        rest = (struct str){text, n};
        while (weighted_next(&rest, &element)) {
            assert_true(element.weight <= 1000);
            assert_true(element.value.at >= text);
            assert_true(element.params.at + element.params.size <= text + n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(params),
        cmocka_unit_test(any_bytes),
    };

    return cmocka_run_group_tests_name("server/weighted", tests, NULL, NULL);
}
