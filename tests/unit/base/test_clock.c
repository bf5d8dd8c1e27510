#include "base/clock.h"

#include "tests/unit/unit.h"

static void monotonic_time_never_goes_back(void **state)
{
    int64_t before = clock_now_ns();

    (void)state;
    assert_true(before > 0);
    for (int i = 0; i < 100000; i++) {
        int64_t now = clock_now_ns();

        assert_true(now >= before);
        before = now;
    }
}

static void a_test_may_set_the_time(void **state)
{
    int64_t before = clock_now_ns();

    (void)state;
    clock_set_for_tests(7 * NS_PER_S);
    assert_true(clock_now_ns() == 7 * NS_PER_S);
    assert_true(clock_now_ns() == 7 * NS_PER_S);
    clock_set_for_tests(-5);
    assert_true(clock_now_ns() == -5);
    clock_set_for_tests(0);
    assert_true(clock_now_ns() >= before); /* the real one again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_time_never_goes_back),
        cmocka_unit_test(a_test_may_set_the_time),
    };

    return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
