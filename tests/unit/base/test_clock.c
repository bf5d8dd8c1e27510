#include "base/clock.h"

#include <time.h>

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

static void wall_time_is_todays(void **state)
{
    double before = (double)time(NULL);

    (void)state;
    assert_true(clock_wall_s() >= before - 1);
    assert_true(clock_wall_s() <= (double)time(NULL) + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_time_never_goes_back),
        cmocka_unit_test(wall_time_is_todays),
    };

    return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
