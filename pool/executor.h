/*
 * A named, bounded thread pool.
 *
 * At most `threads` tasks run and at most `queue_max` more wait, first in, first out; what cannot be
 * done in time is refused at once, so overload is the caller's 503 and never our memory. There is
 * no priority: work that must not wait behind other work gets an executor of its own.
 *
 * Four things decide whether a task is taken in and when it is dropped:
 *
 *   length     one beyond queue_max is refused
 *   deadline   refused if the queue will take longer (queued x mean run time / threads) than the
 *              task's deadline allows; dropped when it passes in the queue
 *   overload   CoDel (codel.h): while the queue stands, the newest are run first, what is too old is
 *              dropped, and then newcomers that would have to wait beyond the target are refused
 *   shutdown
 *
 * Idle workers form a stack and the last one to fall asleep is woken first: its cache is warm and
 * the others stay asleep (folly's LifoSem measured why). Submitting wakes nobody: executor_kick
 * does, once for all that was submitted before it. A worker that has run out of work looks out for
 * more for 60 us before it sleeps, if it came so soon of late.
 *
 * Short tasks run in batches: a worker takes as many as it expects to do within a fifth of a
 * millisecond, runs them between local_batch_begin and local_batch_end (one read transaction, say)
 * and hands them back together. If one of them turns out slow, those that wait behind it go back to
 * the head of the queue, and those before it are handed back, within about two milliseconds: a
 * thread of the executor's own, its monitor, sees to that. It sleeps while there are no batches.
 *
 * With a group (executor_group.c) tasks are handed back only when all of them count, as writes that
 * share a COMMIT; a client who has gone does not stop one that has begun.
 *
 * Cancellation follows libuv's contract: a queued task is removed and never run; a running one is
 * only told; either way its finish is called exactly once. A task that was told to end and has not
 * after a second is stuck: it keeps its thread and is named in the log, and another thread takes
 * its place if the executor has spares.
 */
#ifndef GANTRY_POOL_EXECUTOR_H
#define GANTRY_POOL_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/histogram.h"
#include "base/role.h"
#include "pool/task.h"

struct executor; /* opaque */

/*
 * Several tasks as one, for an executor of one thread without spares: what they do counts only once the
 * group has ended well. All of it on the worker's thread, with what local_create made.
 */
struct executor_group {
    void (*begin)(void *local);
    bool (*is_full)(void *local); /* between two tasks: should the group end here? */
    bool (*end)(
        void *local); /* false: nothing counts; each task is run again, outside of a group */

    /*
     * While the processors are busy, groups begin so far apart at least, unless many tasks wait: what a group
     * costs is then paid less often. 0: at once, always.
     */
    int64_t apart_ns;

    /* After they have been handed back. is_waited_for: more tasks wait; is_idle: none has come for a while. */
    void (*rest)(void *local, bool is_idle, bool is_waited_for);
};

struct executor_conf {
    const char *name;   /* copied; names the threads "gy-NAME-0" */
    unsigned threads;   /* 1..256 */
    unsigned queue_max; /* tasks that may wait while every thread is busy */
    unsigned spares;    /* threads that may stand in for stuck ones, 0..256 */
    int nice;           /* of its threads, beyond the process's: 0 as everybody, 19 after them */

    int64_t codel_target_ns;   /* a standing delay beyond it is overload; 0: never */
    int64_t codel_interval_ns; /* how long it takes to be standing */

    /* Something each worker keeps for itself, such as a database connection. All may be NULL. */
    void *local_user;                        /* lent until executor_destroy */
    void *(*local_create)(void *local_user); /* worker's thread, once; NULL is "no memory" */
    void (*local_destroy)(void *local);      /* worker's thread, once */
    void (*local_batch_begin)(void *local);  /* worker's thread: several short tasks follow */
    void (*local_batch_end)(void *local);
    const struct executor_group *group; /* in place of batches; NULL: none. Lent likewise */
};

/*  why a task is not taken in   its name in metrics */
#define EXECUTOR_REFUSAL_LIST(X)                                                                   \
    X(FULL, "full")                                                                                \
    X(OVERLOADED, "overload")                                                                      \
    X(TOO_LATE, "deadline")                                                                        \
    X(CLOSED, "shutdown")

enum executor_refusal {
#define EXECUTOR_REFUSAL_ENUM(name, text) EXECUTOR_##name,
    EXECUTOR_REFUSAL_LIST(EXECUTOR_REFUSAL_ENUM)
#undef EXECUTOR_REFUSAL_ENUM
};

#define EXECUTOR_REFUSALS (EXECUTOR_CLOSED + 1)

/* Lends a static name: "overload". */
const char *executor_refusal_name(enum executor_refusal refusal);

struct executor_stats {
    unsigned threads;
    unsigned spares;
    unsigned queue_max;
    unsigned queued;   /* waiting now */
    unsigned running;  /* busy threads now */
    unsigned stuck;    /* threads whose task was told to end and has not, for a second */
    unsigned replaced; /* of those, how many have a spare in their place */
    bool is_overloaded;
    int64_t oldest_wait_ns; /* of the task that has waited longest; 0: none waits */
    int64_t mean_run_ns;    /* of late */
    uint64_t submitted;     /* accepted since the start */
    uint64_t refused[EXECUTOR_REFUSALS];
    uint64_t dropped[TASK_ENDS];     /* ended in the queue, never run */
    uint64_t interrupted[TASK_ENDS]; /* told to end while running */
    uint64_t batches;                /* how often a worker took tasks, one or several */
    uint64_t wakes;                  /* of sleeping workers */
    struct histogram wait;           /* in the queue, of all that were begun */
    struct histogram run;            /* in work, of all that ran */
};

/*
 * Gives: *ret, running. executor_stop and executor_destroy end it.
 * Return: OK, NOMEM, OS (no thread).
 */
NODISCARD enum status executor_create(const struct executor_conf *conf, struct executor **ret,
                                      struct error *err) MAY_BLOCK;

/*
 * Give a task to the executor. Takes task on OK only, until its finish is called. now_ns: the
 * caller's clock_now_ns(). Somebody has to call executor_kick afterwards, soon.
 * Context: any thread. Holds the queue's mutex for a moment; never waits for work.
 * Return: OK, BUSY (full), OVERLOADED, DEADLINE (it would pass in the queue), CLOSED (stopped).
 */
NODISCARD enum status executor_submit(struct executor *ex, struct task *task,
                                      int64_t now_ns) ANY_THREAD;

/* See that what was submitted is taken up: wakes at most one worker, who wakes others as needed. */
void executor_kick(struct executor *ex) ANY_THREAD;

/*
 * Ask for a submitted task not to be done. The caller guarantees that the task's memory is alive.
 *
 * Queued: it is removed and finished with that end before this returns. Running: its token is set.
 * Already over, or held until its group ends: nothing.
 * Context: any thread. Never waits for work.
 * Return: OK (was queued, will never run), BUSY (is running), NOT_FOUND (is over, or sealed: see
 * cancel.h).
 */
enum status executor_cancel(struct executor *ex, struct task *task, enum task_end end) ANY_THREAD;

/*
 * The same for the task of that id, whoever owns it, with TASK_KILLED. Looks at every task there
 * is. Return: OK, BUSY, NOT_FOUND.
 */
enum status executor_kill(struct executor *ex, uint64_t id) ANY_THREAD;

/* What a task is doing when it is looked at. */
enum executor_sight {
    SIGHT_QUEUED,
    SIGHT_RUNNING,
    SIGHT_STUCK, /* running, and told to end for a second or more */
    SIGHT_HELD,  /* its work has returned, and does not count before its group has ended */
};

/*
 * Look at every task that has not been handed back. visit is called with the executor's mutex held,
 * so that the task is alive: it copies what it needs and calls nothing of the executor's.
 */
typedef void (*executor_visit_fn)(void *user, const struct task *task, enum executor_sight sight);
void executor_visit(struct executor *ex, executor_visit_fn visit, void *user) ANY_THREAD;

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
 * How long until the queue has drained, at the rate at which tasks are being done: for Retry-After.
 * Nanoseconds.
 */
int64_t executor_drain_ns(struct executor *ex) ANY_THREAD;

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
