#include "pool/codel.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

#define TARGET_NS   (5 * NS_PER_MS)
#define INTERVAL_NS (100 * NS_PER_MS)
#define MEAN_NS     1000 /* of a run: no matter */

static const int64_t start_ns = 1000 * NS_PER_S;

static struct codel make(void)
{
    struct codel c;

    codel_init(&c, TARGET_NS, INTERVAL_NS);
    return c;
}

/* Take something every interval / 10, of the same delay, from from_ns until before until_ns. */
static void take_many(struct codel *c, int64_t from_ns, int64_t until_ns, int64_t delay_ns)
{
    for (int64_t now_ns = from_ns; now_ns < until_ns; now_ns += INTERVAL_NS / 10) {
        codel_on_take(c, now_ns, delay_ns, MEAN_NS);
    }
}

/* One interval of standing delay, and the first look after it. Return: when that was. */
static int64_t overload(struct codel *c)
{
    int64_t end_ns = start_ns + INTERVAL_NS;

    take_many(c, start_ns, end_ns, TARGET_NS + 1);
    assert_false(c->is_overloaded);
    codel_on_take(c, end_ns, TARGET_NS + 1, MEAN_NS);
    assert_true(c->is_overloaded);
    return end_ns;
}

static void a_burst_that_drains_is_fine(void **state)
{
    struct codel c = make();

    (void)state;
    for (int64_t round = 0; round < 20; round++) {
        int64_t now_ns = start_ns + round * INTERVAL_NS;
        take_many(&c, now_ns, now_ns + INTERVAL_NS - 1, 50 * TARGET_NS);
        codel_on_take(&c, now_ns + INTERVAL_NS - 1, TARGET_NS, MEAN_NS); /* once is enough */
        assert_false(c.is_overloaded);
    }
    take_many(&c, start_ns + 20 * INTERVAL_NS, start_ns + 21 * INTERVAL_NS, 0);
    assert_false(c.is_overloaded);
}

static void a_standing_queue_is_overload_after_an_interval(void **state)
{
    struct codel c = make();

    (void)state;
    take_many(&c, start_ns, start_ns + INTERVAL_NS, TARGET_NS + 1);
    codel_on_take(&c, start_ns + INTERVAL_NS - 1, 10 * TARGET_NS, MEAN_NS);
    assert_false(c.is_overloaded); /* not a moment sooner */
    codel_on_take(&c, start_ns + INTERVAL_NS, 10 * TARGET_NS, MEAN_NS);
    assert_true(c.is_overloaded);
}

static void it_ends_after_an_interval_without(void **state)
{
    struct codel c = make();
    int64_t now_ns = overload(&c);

    (void)state;
    codel_on_take(&c, now_ns + 1, 0, MEAN_NS);
    codel_on_take(&c, now_ns + INTERVAL_NS - 1, 10 * TARGET_NS, MEAN_NS);
    assert_true(c.is_overloaded); /* the interval is not over */
    codel_on_take(&c, now_ns + INTERVAL_NS, 10 * TARGET_NS, MEAN_NS);
    assert_false(c.is_overloaded);
}

static void it_lasts_while_it_stands(void **state)
{
    struct codel c = make();
    int64_t now_ns = overload(&c);

    (void)state;
    for (int64_t round = 0; round < 5; round++) {
        take_many(&c, now_ns, now_ns + INTERVAL_NS, TARGET_NS + 1);
        assert_true(c.is_overloaded);
        now_ns += INTERVAL_NS;
    }
}

/* Refusing begins when something had to be dropped. */
static void it_lasts_while_somebody_is_refused(void **state)
{
    struct codel c = make();
    int64_t now_ns = overload(&c);

    (void)state;
    assert_false(codel_refuses(&c, INT64_MAX));
    assert_true(codel_drops(&c, 20 * TARGET_NS + 1));
    for (int64_t round = 0; round < 5; round++) {
        assert_false(codel_refuses(&c, TARGET_NS));
        assert_true(codel_refuses(&c, TARGET_NS + 1));
        codel_on_take(&c, now_ns + 1, 0, MEAN_NS);
        now_ns += INTERVAL_NS;
        codel_on_take(&c, now_ns, 0, MEAN_NS);
        assert_true(c.is_overloaded);
    }
    now_ns += INTERVAL_NS;
    codel_on_take(&c, now_ns, 0, MEAN_NS); /* nobody in the last one */
    assert_false(c.is_overloaded);
    assert_false(codel_refuses(&c, INT64_MAX));
    codel_on_take(&c, now_ns + INTERVAL_NS, 0, MEAN_NS);
    assert_false(c.is_overloaded);
}

/* Overloaded, but nobody has waited so long that anything happens. */
static void a_queue_that_stands_a_little_is_left_alone(void **state)
{
    struct codel c = make();

    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        codel_on_take(&c, start_ns + i * INTERVAL_NS / 10, 10 * TARGET_NS, MEAN_NS);
        assert_false(codel_drops(&c, 20 * TARGET_NS));
        assert_false(codel_refuses(&c, 20 * TARGET_NS));
        assert_false(codel_is_newest_first(&c, 10 * TARGET_NS));
    }
    assert_true(c.is_overloaded);
}

static void service_time_is_the_least_target(void **state)
{
    static const int64_t mean_ns = 4 * TARGET_NS;
    struct codel c = make();

    (void)state;
    for (int64_t i = 1; i < 1000; i++) { /* what waits for one service time does not stand */
        codel_on_take(&c, start_ns + i * INTERVAL_NS / 10, mean_ns, mean_ns);
        assert_false(c.is_overloaded);
    }
    c = make();
    codel_on_take(&c, start_ns, mean_ns + 1, mean_ns);
    codel_on_take(&c, start_ns + INTERVAL_NS, mean_ns + 1, mean_ns); /* ends the first interval */
    codel_on_take(&c, start_ns + INTERVAL_NS + 20 * mean_ns, mean_ns + 1, mean_ns);
    assert_true(c.is_overloaded);
}

/* The least delay of a few tasks says little: slow tasks have longer intervals. */
static void slow_tasks_have_longer_intervals(void **state)
{
    static const int64_t mean_ns = 2 * INTERVAL_NS;
    struct codel c = make();
    int64_t begun_ns = start_ns + INTERVAL_NS;

    (void)state;
    codel_on_take(&c, start_ns, 0, MEAN_NS);
    codel_on_take(&c, begun_ns, 2 * mean_ns, mean_ns); /* begins the second interval */
    codel_on_take(&c, begun_ns + 2 * mean_ns, 2 * mean_ns, mean_ns);
    assert_false(c.is_overloaded);
    codel_on_take(&c, begun_ns + 20 * mean_ns, 2 * mean_ns, mean_ns);
    assert_true(c.is_overloaded);
}

static void without_a_target_never(void **state)
{
    struct codel c;

    (void)state;
    codel_init(&c, 0, INTERVAL_NS);
    for (int64_t i = 0; i < 100; i++) {
        codel_on_take(&c, start_ns + i * INTERVAL_NS, 1000 * NS_PER_S, NS_PER_MS);
        assert_false(c.is_overloaded);
        assert_false(codel_is_newest_first(&c, INT64_MAX));
        assert_false(codel_drops(&c, INT64_MAX));
        assert_false(codel_refuses(&c, INT64_MAX));
    }
}

static void nothing_taken_says_nothing(void **state)
{
    struct codel c = make();

    (void)state;
    codel_on_take(&c, start_ns, 0, MEAN_NS);
    codel_on_take(&c, start_ns + 50 * INTERVAL_NS, 50 * INTERVAL_NS,
                  MEAN_NS); /* it stood still: once */
    assert_false(c.is_overloaded);
    codel_on_take(&c, start_ns + 50 * INTERVAL_NS + 1, 0, MEAN_NS);
    codel_on_take(&c, start_ns + 51 * INTERVAL_NS, 0, MEAN_NS);
    assert_false(c.is_overloaded);
}

/* What waited last before the night is not what waits in the morning. */
static void overload_does_not_outlast_idleness(void **state)
{
    (void)state;
    for (int64_t late_ns = -1; late_ns <= 0; late_ns++) {
        struct codel c = make();
        int64_t now_ns = overload(&c);

        assert_true(codel_drops(&c, 20 * TARGET_NS + 1));
        codel_on_take(&c, now_ns + 2 * INTERVAL_NS + late_ns, 0, MEAN_NS);
        assert_int_equal(c.is_overloaded, late_ns < 0); /* within an interval it is news */
        assert_int_equal(codel_refuses(&c, INT64_MAX), late_ns < 0);
    }
}

/* As long as no task has ended, how long is too long is not known. */
static void nothing_is_judged_without_a_mean(void **state)
{
    struct codel c = make();
    int64_t now_ns = start_ns;

    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        now_ns += INTERVAL_NS / 10;
        codel_on_take(&c, now_ns, 10 * TARGET_NS, 0);
        assert_false(c.is_overloaded);
    }
    codel_on_take(&c, now_ns + INTERVAL_NS, 10 * TARGET_NS, MEAN_NS);
    assert_false(c.is_overloaded);
}

static void thresholds_are_exact(void **state)
{
    struct codel c = make();

    (void)state;
    assert_false(codel_is_newest_first(&c, INT64_MAX)); /* not overloaded */
    assert_false(codel_drops(&c, INT64_MAX));
    (void)overload(&c);
    assert_false(codel_is_newest_first(&c, 10 * TARGET_NS));
    assert_true(codel_is_newest_first(&c, 10 * TARGET_NS + 1));
    assert_false(codel_drops(&c, 20 * TARGET_NS));
    assert_true(codel_drops(&c, 20 * TARGET_NS + 1));
    codel_on_take(&c, start_ns + INTERVAL_NS + 1, 0, 3 * TARGET_NS); /* and with the mean */
    assert_true(c.is_overloaded);
    assert_false(codel_is_newest_first(&c, 30 * TARGET_NS));
    assert_true(codel_is_newest_first(&c, 30 * TARGET_NS + 1));
    assert_false(codel_drops(&c, 60 * TARGET_NS));
    assert_true(codel_drops(&c, 60 * TARGET_NS + 1));
    assert_false(codel_refuses(&c, 3 * TARGET_NS));
    assert_true(codel_refuses(&c, 3 * TARGET_NS + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_that_drains_is_fine),
        cmocka_unit_test(a_standing_queue_is_overload_after_an_interval),
        cmocka_unit_test(it_ends_after_an_interval_without),
        cmocka_unit_test(it_lasts_while_it_stands),
        cmocka_unit_test(it_lasts_while_somebody_is_refused),
        cmocka_unit_test(a_queue_that_stands_a_little_is_left_alone),
        cmocka_unit_test(service_time_is_the_least_target),
        cmocka_unit_test(slow_tasks_have_longer_intervals),
        cmocka_unit_test(without_a_target_never),
        cmocka_unit_test(nothing_taken_says_nothing),
        cmocka_unit_test(overload_does_not_outlast_idleness),
        cmocka_unit_test(nothing_is_judged_without_a_mean),
        cmocka_unit_test(thresholds_are_exact),
    };

    return cmocka_run_group_tests_name("pool/codel", tests, NULL, NULL);
}
