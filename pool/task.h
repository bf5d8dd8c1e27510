/*
 * One piece of work that may block, embedded in whatever it works on.
 *
 * Life, with the calls that move it (the executor's mutex orders them):
 *
 *     IDLE --executor_submit--> QUEUED --a worker begins it--> RUNNING --work returned--> IDLE
 *                                 |                              |
 *                                 |                              +-- executor_cancel: only the
 *                                 |                                  token is set; work returns soon
 *                                 +-- executor_cancel, its deadline, overload, executor_stop: never run
 *
 * Whatever happens, finish is called exactly once for each accepted task, with no lock held, and
 * is the executor's last touch of the task: it may free it.
 */
#ifndef GANTRY_POOL_TASK_H
#define GANTRY_POOL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/status.h"
#include "pool/cancel.h"

struct task;
struct worker;

enum task_state { TASK_IDLE, TASK_QUEUED, TASK_RUNNING };

/*  how a task ends   its name in metrics and messages */
#define TASK_END_LIST(X)                                                                           \
    X(DONE, "done")         /* its work ran, to whatever end */                                    \
    X(DEADLINE, "deadline") /* it passed */                                                        \
    X(GONE, "client_gone")  /* nobody wants the result any more */                                 \
    X(KILLED, "operator")   /* somebody said so */                                                 \
    X(SHED, "overload")     /* it had waited too long in an overloaded pool */                     \
    X(CLOSED, "shutdown")   /* the executor stops */

enum task_end {
#define TASK_END_ENUM(name, text) TASK_##name,
    TASK_END_LIST(TASK_END_ENUM)
#undef TASK_END_ENUM
};

#define TASK_ENDS (TASK_CLOSED + 1)

/* Lends a static name: "client_gone". */
const char *task_end_name(enum task_end end);

/* Do it. Context: a worker's thread; may block; looks at task->cancel now and then. */
typedef void (*task_work_fn)(struct task *task, struct worker *worker);

/*
 * These are over: each task->end says how. Several may come together, of one finish and linked by
 * task->link, in the order in which they ended; take each off the list before letting go of it.
 * Context: the worker's thread, the executor's monitor, or the thread that cancelled or stopped.
 */
typedef void (*task_finish_fn)(struct list *tasks);

struct task {
    /* Set by the caller, before submitting */
    task_work_fn work;
    task_finish_fn finish;
    struct cancel cancel; /* carries the deadline */
    uint64_t id;          /* the caller's name for it in executor_kill; 0: none */
    const char *name;     /* for the log: "/books/{id}"; static for as long as the executor lives */
    bool is_short;        /* may run in one batch with its neighbours: see executor.h */

    /* Set by the executor, for finish and later: monotonic; 0: it never came to that */
    enum task_end end;
    int64_t queued_ns;
    int64_t begun_ns;
    int64_t ended_ns;

    /* Private, guarded by the executor's mutex */
    struct list link;
    enum task_state state;
    int64_t told_ns; /* running and told to end: since when */
};

/* deadline_ns: absolute, monotonic; 0 is none. */
static inline void task_init(struct task *task, task_work_fn work, task_finish_fn finish,
                             int64_t deadline_ns)
{
    task->work = work;
    task->finish = finish;
    cancel_init(&task->cancel, deadline_ns);
    task->id = 0;
    task->name = "";
    task->is_short = false;
    task->end = TASK_DONE;
    task->queued_ns = 0;
    task->begun_ns = 0;
    task->ended_ns = 0;
    list_init(&task->link);
    task->state = TASK_IDLE;
    task->told_ns = 0;
}

#endif
