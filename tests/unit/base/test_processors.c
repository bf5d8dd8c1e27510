#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/processors.h"

static void the_line_of_all_processors(void **state)
{
    struct processors_time t;

    (void)state;
    assert_true(
        processors_parse("cpu  1 20 300 4000 50000 6 70 800 9 9\ncpu0 1 2 3 4 5 6 7 8\n", &t));
    assert_int_equal(t.idle, 54000);
    assert_int_equal(t.all, 55197);
    assert_true(processors_parse("cpu 0 0 0 18446744073709551615 0 0 0 0\n", &t));
    assert_true(t.idle == UINT64_MAX);
}

static void other_lines(void **state)
{
    static const char *const texts[] = {"",
                                        "cpu",
                                        "cpu  1 2 3 4 5 6 7\n",
                                        "cpu0 1 2 3 4 5 6 7 8\n",
                                        "intr 1 2 3 4 5 6 7 8\n",
                                        "cpu  a b c d e f g h\n"};
    struct processors_time t = {.idle = 5, .all = 7};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(processors_parse(texts[i], &t));
    }
    assert_int_equal(t.idle, 5);
    assert_int_equal(t.all, 7);
}

/* What /proc/stat has said before a look, in place of what it did say. */
static struct processors before(uint64_t idle, uint64_t all, int64_t looked_ns)
{
    return (struct processors){.before = {.idle = idle, .all = all}, .looked_ns = looked_ns};
}

static struct processors now(int64_t now_ns)
{
    struct processors p = {0};

    assert_false(processors_are_busy(&p, now_ns)); /* of late nothing is known */
    assert_true(p.before.all > p.before.idle);
    return p;
}

/* Time passes only by what the test says, and what has passed of it for the processors is made up. */
static void less_than_a_fifth_idle(void **state)
{
    int64_t then_ns = NS_PER_S;
    int64_t now_ns = then_ns + NS_PER_S / 2;
    struct processors seen = now(then_ns);
    uint64_t many = seen.before.idle / 2; /* far more ticks than pass during this test */
    struct processors p;

    (void)state;
    assert_true(many > 100);
    p = before(seen.before.idle, seen.before.all - many, then_ns); /* nothing was idle */
    assert_true(processors_are_busy(&p, now_ns));
    p = before(seen.before.idle - many / 6, seen.before.all - many, then_ns);
    assert_true(processors_are_busy(&p, now_ns));
    p = before(seen.before.idle - many / 4, seen.before.all - many, then_ns);
    assert_false(processors_are_busy(&p, now_ns));
    p = before(seen.before.idle + many, seen.before.all - many, then_ns); /* stepped back */
    assert_true(processors_are_busy(&p, now_ns));
    p = before(seen.before.idle, seen.before.all + many, then_ns); /* cannot be: nothing is known */
    assert_false(processors_are_busy(&p, now_ns));
}

static void seldom_looked_at_and_not_for_long_believed(void **state)
{
    int64_t then_ns = NS_PER_S;
    struct processors p = now(then_ns);
    uint64_t all = p.before.all;

    (void)state;
    p.are_busy = true;
    assert_true(processors_are_busy(&p, then_ns + NS_PER_S / 20)); /* as it was */
    assert_int_equal(p.looked_ns, then_ns);
    p.before.all -= all / 2;
    assert_false(processors_are_busy(&p, then_ns + 2 * NS_PER_S)); /* who knows */
    assert_int_equal(p.looked_ns, then_ns + 2 * NS_PER_S);
    assert_true(p.before.all >= all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_of_all_processors),
        cmocka_unit_test(other_lines),
        cmocka_unit_test(less_than_a_fifth_idle),
        cmocka_unit_test(seldom_looked_at_and_not_for_long_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
