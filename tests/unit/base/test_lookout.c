#include "base/lookout.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

#define FOR_NS (NS_PER_MS / 20)

static const int64_t start_ns = 1000 * NS_PER_S;

static int at_start(void **state)
{
    (void)state;
    clock_set_for_tests(start_ns);
    return 0;
}

static int at_end(void **state)
{
    (void)state;
    clock_set_for_tests(0);
    return 0;
}

static void pass(int64_t ns)
{
    clock_set_for_tests(clock_now_ns() + ns);
}

static void until_the_time_is_up(void **state)
{
    struct lookout l = {0};

    (void)state;
    assert_true(lookout_begin(&l, start_ns, FOR_NS));
    pass(FOR_NS - 1);
    assert_true(lookout_yield(&l));
    pass(1);
    assert_false(lookout_yield(&l));
    assert_true(lookout_begin(&l, clock_now_ns(), FOR_NS)); /* that was no loss */
}

static void not_for_ever_if_the_clock_stands(void **state)
{
    struct lookout l = {0};
    unsigned looks = 0;

    (void)state;
    assert_true(lookout_begin(&l, start_ns, FOR_NS));
    while (lookout_yield(&l)) {
        looks++;
        assert_true(looks < 100000);
    }
    assert_true(looks > 0);
}

/* Lose the processor in a look. Return: for how long there is no other. */
static int64_t lose(struct lookout *l)
{
    int64_t penalty_ns = 0;

    assert_true(lookout_begin(l, clock_now_ns(), FOR_NS));
    pass(3 * NS_PER_MS);
    assert_false(lookout_yield(l));
    while (!lookout_begin(l, clock_now_ns(), FOR_NS)) {
        pass(NS_PER_MS);
        penalty_ns += NS_PER_MS;
        assert_true(penalty_ns < 100 * NS_PER_S);
    }
    return penalty_ns;
}

static void whoever_loses_the_processor_waits_longer_each_time(void **state)
{
    struct lookout l = {0};
    int64_t penalty_ns = lose(&l);

    (void)state;
    assert_int_equal(penalty_ns, NS_PER_S / 10);
    for (unsigned i = 0; i < 6; i++) {
        int64_t next_ns = lose(&l);
        assert_int_equal(next_ns, 2 * penalty_ns);
        penalty_ns = next_ns;
    }
    assert_int_equal(lose(&l), 10 * NS_PER_S);
    assert_int_equal(lose(&l), 10 * NS_PER_S);
}

static void what_goes_well_is_forgiven(void **state)
{
    struct lookout l = {0};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        (void)lose(&l);
    }
    for (unsigned i = 0; i < 10; i++) {
        assert_true(lookout_begin(&l, clock_now_ns(), FOR_NS));
        while (lookout_yield(&l)) {
        }
    }
    assert_int_equal(lose(&l), NS_PER_S / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(until_the_time_is_up, at_start, at_end),
        cmocka_unit_test_setup_teardown(not_for_ever_if_the_clock_stands, at_start, at_end),
        cmocka_unit_test_setup_teardown(whoever_loses_the_processor_waits_longer_each_time,
                                        at_start, at_end),
        cmocka_unit_test_setup_teardown(what_goes_well_is_forgiven, at_start, at_end),
    };

    return cmocka_run_group_tests_name("base/lookout", tests, NULL, NULL);
}
