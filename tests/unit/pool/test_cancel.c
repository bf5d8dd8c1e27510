#include "pool/cancel.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define FAR_NS (60 * NS_PER_S) /* a wait that must be ended by something else */

static void it_waits_until_the_time_asked_for(void **state)
{
    struct cancel c;
    int64_t until_ns;

    (void)state;
    cancel_init(&c, 0);
    until_ns = clock_now_ns() + 5 * NS_PER_MS;
    assert_int_equal(cancel_wait(&c, until_ns), STATUS_OK);
    assert_true(clock_now_ns() >= until_ns);
    cancel_init(&c, clock_now_ns() + FAR_NS);
    until_ns = clock_now_ns() + 5 * NS_PER_MS;
    assert_int_equal(cancel_wait(&c, until_ns), STATUS_OK); /* again, the deadline further off */
    assert_true(clock_now_ns() >= until_ns);
    assert_int_equal(cancel_wait(&c, until_ns), STATUS_OK); /* past already */
    assert_int_equal(cancel_wait(&c, 0), STATUS_OK);
    assert_int_equal(cancel_wait(&c, INT64_MIN), STATUS_OK);
    assert_false(cancel_is_set(&c));
}

static void it_waits_no_longer_than_the_deadline(void **state)
{
    struct cancel c;
    int64_t deadline_ns = clock_now_ns() + 5 * NS_PER_MS;

    (void)state;
    cancel_init(&c, deadline_ns);
    assert_int_equal(cancel_wait(&c, INT64_MAX), STATUS_DEADLINE);
    assert_true(clock_now_ns() >= deadline_ns);
    assert_true(clock_now_ns() < deadline_ns + FAR_NS);
    assert_int_equal(cancel_wait(&c, clock_now_ns() + FAR_NS), STATUS_DEADLINE);
}

static void it_does_not_wait_when_cancelled_before(void **state)
{
    struct cancel c;
    int64_t before_ns = clock_now_ns();

    (void)state;
    cancel_init(&c, clock_now_ns() + FAR_NS);
    cancel_set(&c);
    cancel_set(&c); /* sticky, and as often as you like */
    assert_int_equal(cancel_wait(&c, clock_now_ns() + FAR_NS), STATUS_CANCELLED);
    assert_int_equal(cancel_wait(&c, 0), STATUS_CANCELLED);
    assert_true(cancel_is_set(&c));
    assert_true(clock_now_ns() - before_ns < FAR_NS);
}

static void checking(void **state)
{
    struct cancel c;

    (void)state;
    cancel_init(&c, 0);
    assert_int_equal(cancel_check(&c), STATUS_OK);
    cancel_init(&c, clock_now_ns() + FAR_NS);
    assert_int_equal(cancel_check(&c), STATUS_OK);
    cancel_init(&c, clock_now_ns());
    assert_int_equal(cancel_check(&c), STATUS_DEADLINE);
    cancel_set(&c);
    assert_int_equal(cancel_check(&c), STATUS_DEADLINE); /* whoever has been quicker to notice */
    assert_true(cancel_is_set(&c));
    cancel_init(&c, clock_now_ns() + FAR_NS);
    cancel_set(&c);
    assert_int_equal(cancel_check(&c), STATUS_CANCELLED);
}

/* Two threads that do rounds together. */
struct stress {
    pthread_barrier_t start;
    pthread_barrier_t end;
    struct cancel c;
    size_t spin; /* how long the canceller dawdles in this round */
    size_t rounds;
};

static void *cancel_in_rounds(void *data)
{
    struct stress *s = data;

    for (size_t i = 0; i < s->rounds; i++) {
        pthread_barrier_wait(&s->start);
        for (volatile size_t spin = 0; spin < s->spin; spin++) {
        }
        cancel_set(&s->c);
        pthread_barrier_wait(&s->end);
    }
    return NULL;
}

/* Before the wait, while it begins, and during it: whatever the interleaving, it must end. */
static void cancelled_by_another_thread(void **state)
{
    struct random random = {16};
    struct stress s = {.rounds = 2000};
    pthread_t thread;
    int64_t before_ns = clock_now_ns();

    (void)state;
    pthread_barrier_init(&s.start, NULL, 2);
    pthread_barrier_init(&s.end, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, cancel_in_rounds, &s), 0);
    for (size_t i = 0; i < s.rounds; i++) {
        cancel_init(&s.c, i % 2 == 0 ? 0 : clock_now_ns() + 2 * FAR_NS);
        s.spin = random_below(&random, 3) == 0 ? 0 : random_below(&random, 20000);
        pthread_barrier_wait(&s.start);
        assert_int_equal(cancel_wait(&s.c, clock_now_ns() + FAR_NS), STATUS_CANCELLED);
        pthread_barrier_wait(&s.end);
        assert_int_equal(cancel_wait(&s.c, clock_now_ns() + FAR_NS), STATUS_CANCELLED);
    }
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&s.start);
    pthread_barrier_destroy(&s.end);
    assert_true(clock_now_ns() - before_ns < FAR_NS);
}

/* Certainly during the wait: cancel only once the sleeper is seen to sleep. */
static void *cancel_a_sleeper(void *data)
{
    struct cancel *c = data;

    while (atomic_load(&c->word) != 1) {
    }
    cancel_set(c);
    return NULL;
}

static void cancelled_while_asleep(void **state)
{
    (void)state;
    for (size_t i = 0; i < 200; i++) {
        struct cancel c;
        pthread_t thread;

        cancel_init(&c, 0);
        assert_int_equal(pthread_create(&thread, NULL, cancel_a_sleeper, &c), 0);
        assert_int_equal(cancel_wait(&c, clock_now_ns() + FAR_NS), STATUS_CANCELLED);
        pthread_join(thread, NULL);
    }
}

struct waker {
    struct cancel c;
    _Atomic bool is_over;
};

/* Wakes that mean nothing, as the kernel may make them. */
static void *wake_for_nothing(void *data)
{
    struct waker *w = data;

    while (!atomic_load(&w->is_over)) {
        (void)syscall(SYS_futex, &w->c.word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

static void a_wake_for_nothing_does_not_end_the_wait(void **state)
{
    struct waker w = {.is_over = false};
    pthread_t thread;

    (void)state;
    cancel_init(&w.c, 0);
    assert_int_equal(pthread_create(&thread, NULL, wake_for_nothing, &w), 0);
    for (size_t i = 0; i < 10; i++) {
        int64_t until_ns = clock_now_ns() + 5 * NS_PER_MS;

        assert_int_equal(cancel_wait(&w.c, until_ns), STATUS_OK);
        assert_true(clock_now_ns() >= until_ns);
    }
    atomic_store(&w.is_over, true);
    pthread_join(thread, NULL);
}

/* --- woken ---------------------------------------------------------------------------------- */

static void a_wake_before_the_sleep_is_not_lost(void **state)
{
    struct cancel c;
    int64_t before_ns = clock_now_ns();

    (void)state;
    cancel_init(&c, 0);
    cancel_wake(&c); /* nobody has announced anything */
    cancel_announce(&c);
    cancel_wake(&c);
    assert_int_equal(cancel_sleep(&c, before_ns + FAR_NS), STATUS_OK);
    cancel_announce(&c);
    cancel_set(&c);
    cancel_wake(&c); /* does not make it forget */
    assert_int_equal(cancel_sleep(&c, before_ns + FAR_NS), STATUS_CANCELLED);
    cancel_announce(&c);
    assert_int_equal(cancel_sleep(&c, before_ns + FAR_NS), STATUS_CANCELLED);
    assert_true(clock_now_ns() < before_ns + FAR_NS);
}

static void *wake_a_sleeper(void *data)
{
    cancel_wake(data);
    return NULL;
}

static void woken_by_another_thread(void **state)
{
    (void)state;
    for (size_t i = 0; i < 200; i++) {
        struct cancel c;
        pthread_t thread;

        cancel_init(&c, 0);
        cancel_announce(&c);
        assert_int_equal(pthread_create(&thread, NULL, wake_a_sleeper, &c), 0);
        assert_int_equal(cancel_sleep(&c, clock_now_ns() + FAR_NS), STATUS_OK);
        pthread_join(thread, NULL);
    }
}

static void another_deadline(void **state)
{
    struct cancel c;

    (void)state;
    cancel_init(&c, 1);
    assert_int_equal(cancel_check(&c), STATUS_DEADLINE);
    cancel_extend(&c, clock_now_ns() + FAR_NS);
    assert_int_equal(cancel_check(&c), STATUS_OK);
    cancel_extend(&c, 0);
    assert_int_equal(cancel_wait(&c, clock_now_ns() + NS_PER_MS), STATUS_OK);
}

static void sealed(void **state)
{
    struct cancel c;

    (void)state;
    cancel_init(&c, 0);
    assert_int_equal(cancel_seal(&c), STATUS_OK);
    assert_false(cancel_set(&c));
    assert_false(cancel_is_set(&c));
    assert_int_equal(cancel_seal(&c), STATUS_OK);
    cancel_unseal(&c);
    assert_true(cancel_set(&c));
    assert_int_equal(cancel_seal(&c), STATUS_CANCELLED);
    cancel_unseal(&c); /* it was not */
    assert_true(cancel_is_set(&c));
    cancel_init(&c, 1);
    assert_int_equal(cancel_seal(&c), STATUS_DEADLINE);
    assert_true(cancel_set(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_until_the_time_asked_for),
        cmocka_unit_test(it_waits_no_longer_than_the_deadline),
        cmocka_unit_test(it_does_not_wait_when_cancelled_before),
        cmocka_unit_test(checking),
        cmocka_unit_test(cancelled_by_another_thread),
        cmocka_unit_test(cancelled_while_asleep),
        cmocka_unit_test(a_wake_for_nothing_does_not_end_the_wait),
        cmocka_unit_test(a_wake_before_the_sleep_is_not_lost),
        cmocka_unit_test(woken_by_another_thread),
        cmocka_unit_test(another_deadline),
        cmocka_unit_test(sealed),
    };

    return cmocka_run_group_tests_name("pool/cancel", tests, NULL, NULL);
}
