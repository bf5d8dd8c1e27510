/*
 * The way back from the workers to a loop: a stack that any thread pushes to and the loop takes
 * whole, with one eventfd write per batch.
 *
 * Treiber's stack, of which only "push one" and "take all" are used, so there is no ABA. A pusher
 * that finds the stack empty wakes the loop; everybody else knows it has been woken already.
 */
#ifndef GANTRY_SERVER_COMPLETIONS_H
#define GANTRY_SERVER_COMPLETIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/role.h"

/* What a completion is embedded in, and says: its loop knows what to do. */
enum completion_kind {
    COMPLETION_TASK,   /* the task of an exchange has come home */
    COMPLETION_NEWS,   /* a stream has something to send */
    COMPLETION_REFILL, /* a stream's refill has come home */
};

struct completion {
    struct completion *next;
    enum completion_kind kind;
    _Atomic bool is_pending; /* of completions_push_once */
};

struct completions {
    _Atomic(struct completion *) top; /* release on push, acquire on take: publishes the work */
    int wake_fd;                      /* an eventfd; borrowed */
};

static inline void completions_init(struct completions *c, int wake_fd)
{
    atomic_init(&c->top, NULL);
    c->wake_fd = wake_fd;
}

/* The loop may free what the completion is embedded in from here on. */
void completions_push(struct completions *c, struct completion *completion) ANY_THREAD;

/*
 * Push what may be pushed again at any time, by anybody: not while it lies there, or is taken but not
 * yet looked at (completion_look). Whoever finds it so has its news looked at all the same.
 */
void completions_push_once(struct completions *c, struct completion *completion) ANY_THREAD;

/*
 * It is going to be looked at what such a completion is about: from here on it is pushed again.
 * relaxed: what it tells of is published under a lock of its own.
 */
static inline void completion_look(struct completion *completion) ON_LOOP
{
    atomic_store_explicit(&completion->is_pending, false, memory_order_relaxed);
}

/* Several at once: linked by next from the newest to the oldest. */
void completions_push_chain(struct completions *c, struct completion *newest,
                            struct completion *oldest) ANY_THREAD;

/* All of them, the oldest first, linked by next; or NULL. */
struct completion *completions_take(struct completions *c) ON_LOOP;

/* Is there nothing to take? A hint. */
static inline bool completions_is_empty(const struct completions *c)
{
    return atomic_load_explicit(&c->top, memory_order_relaxed) == NULL;
}

/* Wake the loop for another reason. */
void completions_wake(struct completions *c) ANY_THREAD;

#endif
