/*
 * One piece of work that may block, embedded in whatever it works on.
 *
 * Life, with the calls that move it (the executor's mutex orders them):
 *
 *     IDLE --executor_submit--> QUEUED --a worker takes it--> RUNNING --work returned--> IDLE
 *                                 |                             |
 *                                 |                             +-- executor_cancel: only the
 *                                 |                                 token is set; work returns soon
 *                                 +-- executor_cancel, its deadline, executor_stop: never run
 *
 * Whatever happens, finish is called exactly once for each accepted task, with no lock held, and
 * is the executor's last touch of the task: it may free it.
 */
#ifndef GANTRY_POOL_TASK_H
#define GANTRY_POOL_TASK_H

#include <stdint.h>

#include "base/list.h"
#include "base/status.h"
#include "pool/cancel.h"

struct task;
struct worker;

enum task_state { TASK_IDLE, TASK_QUEUED, TASK_RUNNING };

/* Do it. Context: a worker's thread; may block; looks at task->cancel now and then. */
typedef void (*task_work_fn)(struct task *task, struct worker *worker);

/*
 * It is over: OK (work ran), DEADLINE (it passed in the queue), or the reason given to
 * executor_cancel or executor_stop for a task that was still queued.
 * Context: the worker's thread, or the thread that cancelled.
 */
typedef void (*task_finish_fn)(struct task *task, enum status outcome);

struct task {
    /* Set by the caller, before submitting */
    task_work_fn work;
    task_finish_fn finish;
    struct cancel cancel; /* carries the deadline */

    /* Private, guarded by the executor's mutex */
    struct list link;
    enum task_state state;
    int64_t queued_ns;
};

/* deadline_ns: absolute, monotonic; 0 is none. */
static inline void task_init(struct task *task, task_work_fn work, task_finish_fn finish,
                             int64_t deadline_ns)
{
    task->work = work;
    task->finish = finish;
    cancel_init(&task->cancel, deadline_ns);
    list_init(&task->link);
    task->state = TASK_IDLE;
    task->queued_ns = 0;
}

#endif
