#include "pool/cancel.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { WORD_NONE = 0, WORD_SLEEPING = 1, WORD_CANCELLED = 2, WORD_SEALED = 3 };

bool cancel_set(struct cancel *c)
{
    uint32_t before = atomic_load_explicit(&c->word, memory_order_relaxed);

    do {
        if (before == WORD_SEALED) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&c->word, &before, WORD_CANCELLED,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (before == WORD_SLEEPING) {
        (void)syscall(SYS_futex, &c->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return true;
}

enum status cancel_seal(struct cancel *c)
{
    enum status status = cancel_check(c);
    uint32_t expected = WORD_NONE;

    if (status == STATUS_OK && !atomic_compare_exchange_strong(&c->word, &expected, WORD_SEALED) &&
        expected == WORD_CANCELLED) {
        return STATUS_CANCELLED;
    }
    return status;
}

void cancel_unseal(struct cancel *c)
{
    uint32_t expected = WORD_SEALED;

    (void)atomic_compare_exchange_strong(&c->word, &expected, WORD_NONE); /* or it never was */
}

enum status cancel_check(const struct cancel *c)
{
    if (c->deadline_ns != 0 && clock_now_ns() >= c->deadline_ns) {
        return STATUS_DEADLINE;
    }
    return cancel_is_set(c) ? STATUS_CANCELLED : STATUS_OK;
}

void cancel_announce(struct cancel *c)
{
    uint32_t expected = WORD_NONE;

    (void)atomic_compare_exchange_strong(&c->word, &expected, WORD_SLEEPING); /* or cancelled */
}

void cancel_wake(struct cancel *c)
{
    uint32_t expected = WORD_SLEEPING;

    if (atomic_compare_exchange_strong(&c->word, &expected, WORD_NONE)) {
        (void)syscall(SYS_futex, &c->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static bool is_asleep(const struct cancel *c)
{
    return atomic_load_explicit(&c->word, memory_order_acquire) == WORD_SLEEPING;
}

enum status cancel_sleep(struct cancel *c, int64_t until_ns)
{
    bool is_bounded = c->deadline_ns != 0 && c->deadline_ns < until_ns;
    int64_t end_ns = is_bounded ? c->deadline_ns : until_ns;
    struct timespec end = {.tv_sec = end_ns / NS_PER_S, .tv_nsec = end_ns % NS_PER_S};
    uint32_t expected = WORD_SLEEPING;

    while (is_asleep(c) && clock_now_ns() < end_ns) {
        /* Absolute time on the monotonic clock; wakes early for nothing, too. */
        (void)syscall(SYS_futex, &c->word, FUTEX_WAIT_BITSET_PRIVATE, WORD_SLEEPING, &end, NULL,
                      FUTEX_BITSET_MATCH_ANY);
    }
    (void)atomic_compare_exchange_strong(&c->word, &expected, WORD_NONE); /* or cancelled */
    return cancel_check(c); /* the deadline may have passed while this thread had no processor */
}

enum status cancel_wait(struct cancel *c, int64_t until_ns)
{
    cancel_announce(c);
    return cancel_sleep(c, until_ns);
}
