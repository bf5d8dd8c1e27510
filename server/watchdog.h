/*
 * The watchdog: notices a loop that has been busy for too long, and says with what.
 *
 * Nothing on a loop may block, but an INLINE handler can be written that does, and then everybody on
 * that loop waits. A loop cannot say so while it happens. So each loop keeps a pulse, two words that
 * only it writes: since when it has been busy, and whose handler it is in. A thread of its own looks
 * at all pulses every WATCHDOG_LOOK_MS and logs a turn that takes WATCHDOG_STALL_NS or more, once.
 * The loop itself counts stalls when their turn ends (loop_counters), so those that end between two
 * looks are counted though not logged; what takes 75 ms is always logged.
 *
 * The same handler on the same loop is named at most once a second. Which handler it is, is a sample
 * taken when the stall is noticed: a turn may run many handlers that are slow together.
 *
 * Threads: a pulse is written by its loop and read by the watchdog, never locked. "gy-watchdog" has
 * no role, touches no loop and takes no lock that a loop takes but the log's.
 */
#ifndef GANTRY_SERVER_WATCHDOG_H
#define GANTRY_SERVER_WATCHDOG_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/role.h"
#include "server/router.h"

#define WATCHDOG_STALL_NS  (50 * NS_PER_MS)
#define WATCHDOG_LOOK_MS   25
#define WATCHDOG_LOOPS_MAX 80 /* every loop of a server, with some to spare */

/* --- the loop's side -------------------------------------------------------------------------- */

struct pulse {
    /*
     * Release, and acquired by the watchdog: a handler is seen together with the turn it belongs to.
     * On x86 these are ordinary stores.
     */
    _Atomic int64_t busy_since_ns; /* 0: it sleeps */
    _Atomic(const struct route *) serving;
    char name[16]; /* Immutable: its thread's */
};

/* The loop has woken up. */
static inline void pulse_wake(struct pulse *pulse, int64_t now_ns)
{
    atomic_store_explicit(&pulse->busy_since_ns, now_ns, memory_order_release);
}

/* The loop is about to sleep. Return: for how long it has been busy; 0 if it was not. */
static inline int64_t pulse_rest(struct pulse *pulse, int64_t now_ns)
{
    int64_t since_ns = atomic_load_explicit(&pulse->busy_since_ns, memory_order_relaxed);

    atomic_store_explicit(&pulse->busy_since_ns, 0, memory_order_release);
    return since_ns == 0 ? 0 : now_ns - since_ns;
}

/* The loop enters the INLINE handler of a route, or leaves it: NULL. */
static inline void pulse_serve(struct pulse *pulse, const struct route *route)
{
    atomic_store_explicit(&pulse->serving, route, memory_order_release);
}

/* --- one look: no clock, no system call ------------------------------------------------------- */

/* What the watchdog knows of a loop. Zeroed before its first look. */
struct watchdog_loop {
    const struct pulse *pulse;
    int64_t noticed_ns; /* the turn last seen to stall, by its begin */
    const struct route *said_route;
    int64_t said_ns; /* when that was logged last; 0: never */
};

struct stall {
    const struct route *route; /* NULL: not in a handler */
    int64_t busy_ns;           /* so far */
};

/* Return: is there a stall to be logged? Each turn is one stall. */
bool watchdog_look(struct watchdog_loop *loop, int64_t now_ns, struct stall *ret);

/* --- the thread ------------------------------------------------------------------------------- */

struct watchdog {
    struct watchdog_loop loops[WATCHDOG_LOOPS_MAX]; /* the thread's once started */
    size_t loops_count;
    sem_t stopping;
    pthread_t thread;
    bool is_started;
};

/*
 * Watch a loop, before watchdog_start. watchdog is zeroed before the first. Borrows pulse, and the
 * routes it will name, until watchdog_stop.
 */
void watchdog_add(struct watchdog *watchdog, const struct pulse *pulse);

/* Return: OK, OS. */
NODISCARD enum status watchdog_start(struct watchdog *watchdog, struct error *err) MAY_BLOCK;

/* Harmless if it was never started. */
void watchdog_stop(struct watchdog *watchdog) MAY_BLOCK;

#endif
