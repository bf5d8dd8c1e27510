/*
 * A cancellation token: one sticky flag that work polls, or sleeps on.
 *
 * Cancelling is a request. The work notices it in its progress handler, between rows, or while
 * it waits in cancel_wait(); it then returns STATUS_CANCELLED and the token is never reused for
 * other work, so a late cancellation can never hit somebody else's statement.
 *
 * Work whose effects are about to count seals its token: either it has been cancelled before, or it
 * cannot be any more. So whoever cancels knows whether what it says of the work will be true.
 */
#ifndef GANTRY_POOL_CANCEL_H
#define GANTRY_POOL_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/role.h"
#include "base/status.h"

struct cancel {
    _Atomic uint32_t word; /* Atomic: 0 none, 1 somebody sleeps on it, 2 cancelled, 3 sealed */
    int64_t deadline_ns;   /* read by the work alone while it runs: absolute, monotonic; 0: none */
};

static inline void cancel_init(struct cancel *c, int64_t deadline_ns)
{
    atomic_init(&c->word, 0);
    c->deadline_ns = deadline_ns;
}

/*
 * Ask the work to stop and wake it if it sleeps in cancel_wait(). Sticky.
 * Return: false: it is sealed, and will not.
 */
bool cancel_set(struct cancel *c) ANY_THREAD;

/*
 * From here on the work is done, whatever is asked of it. Once more is fine.
 * Return: OK, or DEADLINE or CANCELLED as cancel_check: then nothing is sealed.
 */
NODISCARD enum status cancel_seal(struct cancel *c) ANY_THREAD;

/* What was sealed did not count after all, and is about to be done once more. */
void cancel_unseal(struct cancel *c) ANY_THREAD;

static inline bool cancel_is_set(const struct cancel *c)
{
    /* relaxed: nothing is published by the flag, it only has to be seen soon */
    return atomic_load_explicit(&c->word, memory_order_relaxed) == 2;
}

/*
 * Another deadline, in place of the one it had. Context: the thread that does the work: while it runs
 * nobody else looks at it.
 */
static inline void cancel_extend(struct cancel *c, int64_t deadline_ns)
{
    c->deadline_ns = deadline_ns;
}

/*
 * Return: OK to go on, DEADLINE, or CANCELLED; once the deadline has passed it is DEADLINE, whoever
 * has been quicker to notice. Reads the clock: about 25 ns.
 */
enum status cancel_check(const struct cancel *c) ANY_THREAD;

/*
 * Sleep until until_ns (absolute, monotonic), the deadline, or cancellation.
 * Context: one thread at a time. Blocks.
 * Return: OK (until_ns reached), DEADLINE, CANCELLED, as cancel_check.
 */
enum status cancel_wait(struct cancel *c, int64_t until_ns) MAY_BLOCK;

/*
 * Sleeping until somebody says so, too. The sleeper calls cancel_announce() while it holds the lock
 * under which the other one looks whether somebody sleeps, lets go of the lock, and sleeps. A
 * cancel_wake() from then on ends the sleep, and is not lost if it comes first.
 * Return of cancel_sleep: as cancel_wait; OK when woken as well.
 */
void cancel_announce(struct cancel *c) ANY_THREAD;
enum status cancel_sleep(struct cancel *c, int64_t until_ns) MAY_BLOCK;
void cancel_wake(struct cancel *c) ANY_THREAD;

#endif
