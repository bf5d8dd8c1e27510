#include "pool/cancel.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { WORD_NONE = 0, WORD_SLEEPING = 1, WORD_CANCELLED = 2 };

void cancel_set(struct cancel *c)
{
    uint32_t before = atomic_exchange_explicit(&c->word, WORD_CANCELLED, memory_order_acq_rel);

    if (before == WORD_SLEEPING) {
        (void)syscall(SYS_futex, &c->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

enum status cancel_check(const struct cancel *c)
{
    if (c->deadline_ns != 0 && clock_now_ns() >= c->deadline_ns) {
        return STATUS_DEADLINE;
    }
    return cancel_is_set(c) ? STATUS_CANCELLED : STATUS_OK;
}

enum status cancel_wait(struct cancel *c, int64_t until_ns)
{
    bool is_bounded = c->deadline_ns != 0 && c->deadline_ns < until_ns;
    int64_t end_ns = is_bounded ? c->deadline_ns : until_ns;
    struct timespec end = {.tv_sec = end_ns / NS_PER_S, .tv_nsec = end_ns % NS_PER_S};
    uint32_t expected = WORD_NONE;

    (void)atomic_compare_exchange_strong(&c->word, &expected, WORD_SLEEPING); /* or cancelled */
    while (!cancel_is_set(c) && clock_now_ns() < end_ns) {
        /* Absolute time on the monotonic clock; wakes early on cancel_set, or for nothing. */
        (void)syscall(SYS_futex, &c->word, FUTEX_WAIT_BITSET_PRIVATE, WORD_SLEEPING, &end, NULL,
                      FUTEX_BITSET_MATCH_ANY);
    }
    expected = WORD_SLEEPING;
    (void)atomic_compare_exchange_strong(&c->word, &expected, WORD_NONE); /* or cancelled */
    if (is_bounded && clock_now_ns() >= end_ns) {
        return STATUS_DEADLINE;
    }
    return cancel_is_set(c) ? STATUS_CANCELLED : STATUS_OK;
}
