#include "handlers/sql/reference.h"

#include <stdint.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/attributes.h"

static void expect_rewrite(const char *sql, const char *wanted)
{
    char text[200];

    assert_true(strlen(sql) < sizeof(text));
    strcpy(text, sql);
    reference_rewrite(text);
    assert_string_equal(text, wanted);
}

static void expect_as_it_was(const char *sql)
{
    expect_rewrite(sql, sql);
}

static void references_are_rewritten(void **state)
{
    (void)state;
    expect_rewrite("SELECT :step1.id", "SELECT :step1$id");
    expect_rewrite(":step1.id,:step32.a_b+:step1.x", ":step1$id,:step32$a_b+:step1$x");
    expect_rewrite("-:step1.id.more", "-:step1$id.more");
    expect_rewrite("'it''s' || :step1.größe", "'it''s' || :step1$größe");
    expect_rewrite("a->>:step2.key", "a->>:step2$key");
    expect_rewrite("(:step1.id):step2.id", "(:step1$id):step2$id");
}

static void other_text_stays(void **state)
{
    static const char *const texts[] = {
        "",
        ":",
        ":step",
        ":step1",
        ":step1.",
        ":step1.*",
        ":step1.\"id\"",
        ":step1 .id",
        ":step1. id",
        ": step1.id",
        ":step1/**/.id",
        ":step.id",
        ":stepx.id",
        ":step1x.id",
        ":Step1.id",
        ":steps1.id",
        "step1.id",
        "@step1.id",
        "$step1.id",
        "':step1.id'",
        "\":step1.id\"",
        "`:step1.id`",
        "[:step1.id]",
        "'it''s :step1.id'",
        "-- :step1.id",
        "/* :step1.id */",
        "/* :step1.id",
        "'not closed :step1.id",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        expect_as_it_was(texts[i]);
    }
    expect_rewrite("-- :step1.a\n:step1.b /* :step1.c */ :step1.d 'x:step1.e'",
                   "-- :step1.a\n:step1$b /* :step1.c */ :step1$d 'x:step1.e'");
}

static void expect_read(const char *name, size_t step, const char *column)
{
    size_t got_step = SIZE_MAX;
    const char *got_column = NULL;

    assert_true(reference_read(name, &got_step, &got_column));
    assert_int_equal(got_step, step);
    assert_string_equal(got_column, column);
}

static void names_are_read(void **state)
{
    static const char *const others[] = {"",        "$",         "id",        "step1",
                                         "step$id", "step1x$id", "xstep1$id", "ste$p1"};
    size_t step = 77;
    const char *column = "untouched";

    (void)state;
    expect_read("step1$id", 1, "id");
    expect_read("step032$a$b", 32, "a$b");
    expect_read("step0$x", 0, "x");
    expect_read("step99999999999999999999999$x", 0, "x");
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_false(reference_read(others[i], &step, &column));
    }
    assert_int_equal(step, 77);
    assert_string_equal(column, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_rewritten),
        cmocka_unit_test(other_text_stays),
        cmocka_unit_test(names_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
