/*
 * A named, bounded thread pool.
 *
 * At most `threads` tasks run and at most `queue_max` more wait, first in, first out; one beyond
 * that is refused at once, so overload is the caller's 503 and never our memory. There is no
 * priority: work that must not wait behind other work gets an executor of its own.
 *
 * Idle workers form a stack and the last one to fall asleep is woken first: its cache is warm and
 * the others stay asleep (folly's LifoSem measured why). A task
 * costs one wake only when somebody sleeps.
 *
 * Cancellation follows libuv's contract: a queued task is removed and never run; a running one is
 * only told; either way its finish is called exactly once.
 */
#ifndef GANTRY_POOL_EXECUTOR_H
#define GANTRY_POOL_EXECUTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"
#include "pool/task.h"

struct executor; /* opaque */

struct executor_conf {
    const char *name;   /* copied; names the threads "gy-NAME-0" */
    unsigned threads;   /* 1..256 */
    unsigned queue_max; /* tasks that may wait while every thread is busy */

    /* Something each worker keeps for itself, such as a database connection. Both may be NULL. */
    void *local_user;                        /* lent until executor_destroy */
    void *(*local_create)(void *local_user); /* worker's thread, once; NULL is "no memory" */
    void (*local_destroy)(void *local);      /* worker's thread, once */
};

struct executor_stats {
    unsigned threads;
    unsigned queue_max;
    unsigned queued;      /* waiting now */
    unsigned running;     /* busy threads now */
    uint64_t submitted;   /* accepted since the start */
    uint64_t rejected;    /* refused because it was full */
    uint64_t completed;   /* work ran to its end */
    uint64_t cancelled;   /* removed from the queue, never run */
    uint64_t expired;     /* deadline passed in the queue, never run */
    uint64_t wait_ns_sum; /* time in the queue of all that were taken out by a worker */
    uint64_t run_ns_sum;  /* time in work of all that ran */
};

/*
 * Gives: *ret, running. executor_stop and executor_destroy end it.
 * Return: OK, NOMEM, OS (no thread).
 */
NODISCARD enum status executor_create(const struct executor_conf *conf, struct executor **ret,
                                      struct error *err) MAY_BLOCK;

/*
 * Give a task to the executor. Takes task on OK only, until its finish is called.
 * Context: any thread. Holds the queue's mutex for a moment; never waits for work.
 * Return: OK, BUSY (full), CLOSED (stopped).
 */
NODISCARD enum status executor_submit(struct executor *ex, struct task *task) ANY_THREAD;

/*
 * Ask for a submitted task not to be done. The caller guarantees that the task's memory is alive.
 *
 * Queued: it is removed and finish(task, reason) is called before this returns. Running: its
 * token is set. Already over: nothing.
 * Context: any thread. Never waits for work.
 * Return: OK (was queued, will never run), BUSY (is running), NOT_FOUND (is over).
 */
enum status executor_cancel(struct executor *ex, struct task *task, enum status reason) ANY_THREAD;

/*
 * Refuse new tasks, finish those queued with CLOSED, cancel those running and wait until every
 * worker has handed its task back and ended. Safe to call twice.
 */
void executor_stop(struct executor *ex) MAY_BLOCK;

/* Stops it first if need be. Nobody may be in another call to it any more. NULL is fine. */
void executor_destroy(struct executor *ex) MAY_BLOCK;

/* Lends the name. */
const char *executor_name(const struct executor *ex) ANY_THREAD;

void executor_stats(struct executor *ex, struct executor_stats *ret) ANY_THREAD;

/*
 * Since when has the queue been full? It counts as full until it has drained to half, so that
 * one place falling free under a flood does not make it look well.
 * Context: any thread; one atomic load, no lock.
 * Return: monotonic nanoseconds, or 0 when it is not full.
 */
int64_t executor_full_since_ns(const struct executor *ex) ANY_THREAD;

/* The calling worker's local thing, as local_create made it. */
void *worker_local(const struct worker *worker) ON_WORKER;

#endif
