#include "base/error.h"

#include <string.h>

#include "tests/unit/unit.h"

static void it_says_what_and_how_to_fix_it(void **state)
{
    struct error err = {.status = STATUS_IO, .text = "old", .hint = "old"};

    (void)state;
    assert_int_equal(error_set(&err, STATUS_NOT_FOUND, "no pool \"%s\"", "reports"),
                     STATUS_NOT_FOUND);
    assert_int_equal(err.status, STATUS_NOT_FOUND);
    assert_string_equal(err.text, "no pool \"reports\"");
    assert_string_equal(err.hint, ""); /* the old advice was for something else */
    error_hint(&err, "did you mean \"%s\"?", "report");
    assert_string_equal(err.hint, "did you mean \"report\"?");
    assert_string_equal(err.text, "no pool \"reports\"");
}

static void too_much_is_cut(void **state)
{
    struct error err;
    char text[1000];

    (void)state;
    memset(text, 't', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    memset(&err, 'x', sizeof(err));
    assert_int_equal(error_set(&err, STATUS_IO, "%s", text), STATUS_IO);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    error_hint(&err, "%s", text);
    assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
}

static void nobody_need_be_interested(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, STATUS_IO, "%d", 1), STATUS_IO);
    error_hint(NULL, "%d", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_and_how_to_fix_it),
        cmocka_unit_test(too_much_is_cut),
        cmocka_unit_test(nobody_need_be_interested),
    };

    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
