/* RFC 4180, and PostgreSQL's rule for what is quoted (documentation 8.16.6). */
#include "base/csv_out.h"

#include "tests/unit/text.h"

static void expect_field(struct str text, const char *expected)
{
    struct buf out;

    buf_init(&out, 1000);
    csv_put_field(&out, text);
    assert_int_equal(buf_status(&out), STATUS_OK);
    assert_text(buf_str(&out), expected);
    buf_fini(&out);
}

static void test_fields(void **state)
{
    (void)state;
    expect_field(STR("plain"), "plain");
    expect_field(STR("NULL"), "NULL");
    expect_field(STR("Grüße;x'y{}[]"), "Grüße;x'y{}[]");
    expect_field(STR(""), "\"\"");
    expect_field((struct str){NULL, 0}, "\"\"");
    expect_field(STR("a b"), "\"a b\"");
    expect_field(STR("a,b"), "\"a,b\"");
    expect_field(STR("a\nb\r"), "\"a\nb\r\"");
    expect_field(STR("(a)"), "\"(a)\"");
    expect_field(STR("a\\b"), "\"a\\b\"");
    expect_field(STR("\""), "\"\"\"\"");
    expect_field(STR("say \"hi\""), "\"say \"\"hi\"\"\"");
}

static void test_ill_formed_text(void **state)
{
    (void)state;
    expect_field(STR("a\xff"), "a\xEF\xBF\xBD");
    expect_field(STR("\xC3,\xC3\xA9"), "\"\xEF\xBF\xBD,\xC3\xA9\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_ill_formed_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
