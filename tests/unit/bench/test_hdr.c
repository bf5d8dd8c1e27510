#include "bench/hdr.h"

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

static void nothing_seen(void **state)
{
    static struct hdr h;

    (void)state;
    assert_int_equal(hdr_quantile(&h, 0.5), 0);
    assert_int_equal(hdr_quantile(&h, 1), 0);
}

static void small_values_are_exact(void **state)
{
    static struct hdr h;

    (void)state;
    for (int64_t i = 1; i <= 100; i++) {
        hdr_add(&h, i);
    }
    assert_int_equal(hdr_quantile(&h, 0), 1);
    assert_int_equal(hdr_quantile(&h, 0.5), 50);
    assert_int_equal(hdr_quantile(&h, 0.99), 99);
    assert_int_equal(hdr_quantile(&h, 1), 100);
}

static void never_below_and_at_most_one_part_in_128_above(void **state)
{
    struct random random = {7};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        static struct hdr h;
        uint64_t value =
            (UINT64_C(1) << random_below(&random, 42)) + random_below(&random, 1000000);
        uint64_t read;

        h = (struct hdr){0};
        hdr_add(&h, (int64_t)value);
        hdr_add(&h, INT64_C(1) << 43); /* so that the maximum does not help */
        read = hdr_quantile(&h, 0.5);
        assert_true(read >= value || value >> 42 != 0);
        assert_true(read <= value + value / 128);
    }
}

static void out_of_range(void **state)
{
    static struct hdr h;

    (void)state;
    hdr_add(&h, -5);
    assert_int_equal(hdr_quantile(&h, 1), 0);
    hdr_add(&h, INT64_MAX);
    assert_int_equal(h.max, INT64_MAX);
    assert_int_equal(hdr_quantile(&h, 1), (INT64_C(1) << 42) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_seen),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(never_below_and_at_most_one_part_in_128_above),
        cmocka_unit_test(out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
