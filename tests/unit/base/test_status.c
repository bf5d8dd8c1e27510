#include "base/status.h"

#include <ctype.h>
#include <string.h>

#include "tests/unit/unit.h"

#define COUNT_ONE(name, text, retry) +1
enum { COUNT = 0 STATUS_LIST(COUNT_ONE) };

static void every_status_has_its_own_words(void **state)
{
    (void)state;
    assert_int_equal(STATUS_OK, 0); /* so that "if (status)" and zeroed structs mean OK */
    for (int i = 0; i < COUNT; i++) {
        assert_true(strlen(status_name((enum status)i)) > 1);
        assert_true(strlen(status_text((enum status)i)) > 1);
        assert_true(isupper((unsigned char)status_name((enum status)i)[0]));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(status_name((enum status)i), status_name((enum status)k));
            assert_string_not_equal(status_text((enum status)i), status_text((enum status)k));
        }
    }
}

static void names_texts_and_retries(void **state)
{
    (void)state;
    assert_string_equal(status_name(STATUS_OK), "OK");
    assert_string_equal(status_name(STATUS_NOT_A_DATABASE), "NOT_A_DATABASE");
    assert_string_equal(status_name(STATUS_INTERNAL), "INTERNAL");
    assert_string_equal(status_text(STATUS_DEADLINE), "deadline passed");
    assert_true(status_is_retryable(STATUS_BUSY));
    assert_true(status_is_retryable(STATUS_DEADLINE));
    assert_true(status_is_retryable(STATUS_CLOSED));
    assert_false(status_is_retryable(STATUS_OK));
    assert_false(status_is_retryable(STATUS_INVALID));
    assert_false(status_is_retryable(STATUS_CORRUPT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_words),
        cmocka_unit_test(names_texts_and_retries),
    };

    return cmocka_run_group_tests_name("base/status", tests, NULL, NULL);
}
