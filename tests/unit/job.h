/*
 * A task for tests that says when it begins and ends only when it is let go: the latches with which
 * an executor is saturated without sleeping.
 */
#ifndef GANTRY_TESTS_UNIT_JOB_H
#define GANTRY_TESTS_UNIT_JOB_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/role.h"
#include "pool/executor.h"
#include "pool/task.h"

/* Numbers given out in the order in which things happen. */
struct journal {
    _Atomic int next;
};

struct job {
    struct task task;
    struct journal *journal; /* or NULL */
    sem_t begun;             /* posted when work begins */
    sem_t go;                /* work waits for it */
    sem_t over;              /* posted by finish */
    int begun_as;            /* number in the journal; -1: work was never called */
    void *local;             /* of the worker that ran it */
    _Atomic int runs;
    _Atomic int finishes;
    enum task_end end;
};

static inline void job_work(struct task *task, struct worker *worker)
{
    struct job *job = container_of(task, struct job, task);

    assert_on_worker();
    job->local = worker_local(worker);
    if (job->journal != NULL) {
        job->begun_as = atomic_fetch_add(&job->journal->next, 1);
    }
    atomic_fetch_add(&job->runs, 1);
    sem_post(&job->begun);
    sem_wait(&job->go);
}

static inline void job_finish(struct list *tasks)
{
    struct list *link;

    while ((link = list_take_first(tasks)) != NULL) {
        struct job *job = container_of(link, struct job, task.link);
        job->end = job->task.end;
        atomic_fetch_add(&job->finishes, 1);
        sem_post(&job->over); /* the last touch */
    }
}

static inline struct executor_stats stats_of(struct executor *ex)
{
    struct executor_stats s;

    executor_stats(ex, &s);
    return s;
}

/* Submit it and see that it is taken up. */
static inline enum status job_submit(struct executor *ex, struct job *job)
{
    enum status status = executor_submit(ex, &job->task, clock_now_ns());

    executor_kick(ex);
    return status;
}

/* is_free: does work end at once, without being let go? */
static inline void job_init(struct job *job, struct journal *journal, bool is_free)
{
    task_init(&job->task, job_work, job_finish, 0);
    job->journal = journal;
    sem_init(&job->begun, 0, 0);
    sem_init(&job->go, 0, is_free ? 1 : 0);
    sem_init(&job->over, 0, 0);
    job->begun_as = -1;
    job->local = NULL;
    atomic_init(&job->runs, 0);
    atomic_init(&job->finishes, 0);
    job->end = TASK_ENDS;
}

/* Let it go, and wait until it is over. */
static inline void job_end(struct job *job)
{
    sem_post(&job->go);
    sem_wait(&job->over);
}

/* --- with the clock set ------------------------------------------------------------------- */

/* Move the clock that has been set. */
static inline void clock_advance(int64_t ns)
{
    clock_set_for_tests(clock_now_ns() + ns);
}

/* A task whose run takes as long as the test says. */
struct timed_job {
    struct job job;
    int64_t run_ns;
};

static inline void timed_job_work(struct task *task, struct worker *worker)
{
    (void)worker;
    assert_on_worker();
    clock_advance(container_of(task, struct timed_job, job.task)->run_ns);
}

/* Set the clock and let a new executor see one run of run_ns: that is its mean then. */
static inline void executor_learn(struct executor *ex, int64_t run_ns)
{
    struct timed_job timed = {.run_ns = run_ns};

    clock_set_for_tests(clock_now_ns());
    job_init(&timed.job, NULL, true);
    timed.job.task.work = timed_job_work;
    (void)job_submit(ex, &timed.job); /* is empty, and takes it */
    sem_wait(&timed.job.over);
}

#endif
