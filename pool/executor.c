/*
 * One mutex, one queue, a stack of sleeping workers.
 *
 * Happy path: submit appends under the mutex, pops the newest sleeper and signals it after
 * unlocking. The worker takes the oldest task, runs it with no lock held, hands it back through
 * finish, and looks again before it goes to sleep.
 *
 * Failure modes: full (refused under the same mutex), expired (found when taken out), cancelled
 * (unlinked under the same mutex, so it is either queued or running, never both), stopped.
 *
 * Threads: submit, cancel and stats on any; take and run on workers; stop on the main thread.
 */
#include "pool/executor.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/mem.h"

#define NAME_SIZE 12

struct worker {
    struct executor *executor;
    pthread_t thread;
    pthread_cond_t wake;
    struct worker *next_idle; /* Guarded by mu */
    bool is_idle;             /* Guarded by mu: on the stack, asleep or about to be */
    struct task *running;     /* Guarded by mu: so that executor_stop can tell it */
    unsigned index;
    void *local; /* the worker's own */
};

struct executor {
    pthread_mutex_t mu;
    struct list queue;             /* Guarded by mu: struct task, oldest first */
    struct worker *idle;           /* Guarded by mu: the last to fall asleep on top */
    struct executor_stats stats;   /* Guarded by mu */
    bool is_closed;                /* Guarded by mu */
    unsigned started;              /* Guarded by mu: workers whose local thing exists, or not */
    bool has_failed;               /* Guarded by mu: a local thing could not be made */
    pthread_cond_t has_started;    /* for executor_create */
    _Atomic int64_t full_since_ns; /* Atomic, relaxed: a hint for readiness */

    /* Immutable after create */
    struct executor_conf conf;
    char name[NAME_SIZE + 1];
    unsigned threads; /* how many were created: fewer only while create fails */
    struct worker workers[];
};

/* --- the queue ---------------------------------------------------------------------------- */

static bool is_full_locked(const struct executor *ex)
{
    const struct executor_stats *s = &ex->stats;

    return s->queued + s->running >= s->queue_max + s->threads;
}

static void note_full_locked(struct executor *ex, int64_t now_ns)
{
    if (atomic_load_explicit(&ex->full_since_ns, memory_order_relaxed) == 0) {
        atomic_store_explicit(&ex->full_since_ns, now_ns, memory_order_relaxed);
    }
}

static void note_drained_locked(struct executor *ex)
{
    if (ex->stats.queued <= ex->stats.queue_max / 2 && !is_full_locked(ex)) {
        atomic_store_explicit(&ex->full_since_ns, 0, memory_order_relaxed);
    }
}

static struct worker *pop_idle_locked(struct executor *ex)
{
    struct worker *worker = ex->idle;

    if (worker != NULL) {
        ex->idle = worker->next_idle;
        worker->is_idle = false;
    }
    return worker;
}

enum status executor_submit(struct executor *ex, struct task *task)
{
    int64_t now_ns = clock_now_ns();
    struct worker *sleeper;

    pthread_mutex_lock(&ex->mu);
    if (ex->is_closed) {
        pthread_mutex_unlock(&ex->mu);
        return STATUS_CLOSED;
    }
    if (is_full_locked(ex)) {
        ex->stats.rejected++;
        note_full_locked(ex, now_ns);
        pthread_mutex_unlock(&ex->mu);
        return STATUS_BUSY;
    }
    invariant(task->state == TASK_IDLE);
    task->state = TASK_QUEUED;
    task->queued_ns = now_ns;
    list_append(&ex->queue, &task->link);
    ex->stats.queued++;
    ex->stats.submitted++;
    if (is_full_locked(ex)) {
        note_full_locked(ex, now_ns);
    }
    sleeper = pop_idle_locked(ex);
    pthread_mutex_unlock(&ex->mu);
    if (sleeper != NULL) {
        pthread_cond_signal(&sleeper->wake);
    }
    return STATUS_OK;
}

/* Take a task out of the queue for good. */
static void unqueue_locked(struct executor *ex, struct task *task, enum task_state state)
{
    list_remove(&task->link);
    task->state = state;
    ex->stats.queued--;
}

enum status executor_cancel(struct executor *ex, struct task *task, enum status reason)
{
    enum task_state state;

    pthread_mutex_lock(&ex->mu);
    state = task->state;
    if (state == TASK_QUEUED) {
        unqueue_locked(ex, task, TASK_IDLE);
        note_drained_locked(ex);
        if (reason == STATUS_DEADLINE) {
            ex->stats.expired++;
        } else {
            ex->stats.cancelled++;
        }
    } else if (state == TASK_RUNNING) {
        cancel_set(&task->cancel); /* under the mutex: the task cannot be handed back meanwhile */
    }
    pthread_mutex_unlock(&ex->mu);
    if (state == TASK_QUEUED) {
        task->finish(task, reason);
        return STATUS_OK;
    }
    return state == TASK_RUNNING ? STATUS_BUSY : STATUS_NOT_FOUND;
}

/* --- workers ------------------------------------------------------------------------------ */

static void sleep_locked(struct worker *worker)
{
    struct executor *ex = worker->executor;

    worker->next_idle = ex->idle;
    worker->is_idle = true;
    ex->idle = worker;
    while (worker->is_idle) {
        pthread_cond_wait(&worker->wake, &ex->mu);
    }
}

/* The oldest task, or NULL once the executor is closed and nothing is left. */
static struct task *take_locked(struct worker *worker)
{
    struct executor *ex = worker->executor;
    struct list *link;

    while ((link = list_first(&ex->queue)) == NULL && !ex->is_closed) {
        sleep_locked(worker);
    }
    return link == NULL ? NULL : container_of(link, struct task, link);
}

static void run_locked(struct worker *worker, struct task *task)
{
    struct executor *ex = worker->executor;
    int64_t begin_ns = clock_now_ns();
    int64_t deadline_ns = task->cancel.deadline_ns;
    bool is_expired = deadline_ns != 0 && begin_ns >= deadline_ns;

    ex->stats.wait_ns_sum += (uint64_t)(begin_ns - task->queued_ns);
    if (is_expired) {
        unqueue_locked(ex, task, TASK_IDLE);
        ex->stats.expired++;
    } else {
        unqueue_locked(ex, task, TASK_RUNNING);
        worker->running = task;
        ex->stats.running++;
    }
    note_drained_locked(ex);
    pthread_mutex_unlock(&ex->mu);

    if (!is_expired) {
        int64_t end_ns;

        task->work(task, worker);
        end_ns = clock_now_ns();
        pthread_mutex_lock(&ex->mu);
        task->state = TASK_IDLE;
        worker->running = NULL;
        ex->stats.running--;
        ex->stats.completed++;
        ex->stats.run_ns_sum += (uint64_t)(end_ns - begin_ns);
        note_drained_locked(ex);
        pthread_mutex_unlock(&ex->mu);
    }
    task->finish(task, is_expired ? STATUS_DEADLINE : STATUS_OK);
    pthread_mutex_lock(&ex->mu);
}

static void announce_start(struct worker *worker)
{
    struct executor *ex = worker->executor;
    bool has_failed = false;

    if (ex->conf.local_create != NULL) {
        worker->local = ex->conf.local_create(ex->conf.local_user);
        has_failed = worker->local == NULL;
    }
    pthread_mutex_lock(&ex->mu);
    ex->started++;
    ex->has_failed = ex->has_failed || has_failed;
    pthread_mutex_unlock(&ex->mu);
    pthread_cond_signal(&ex->has_started);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct executor *ex = worker->executor;
    struct task *task;
    char name[NAME_SIZE + 16];

    (void)snprintf(name, sizeof(name), "gy-%s-%u", ex->name, worker->index); /* cut is fine */
    role_set_worker(name);
    announce_start(worker);
    pthread_mutex_lock(&ex->mu);
    while ((task = take_locked(worker)) != NULL) {
        run_locked(worker, task);
    }
    pthread_mutex_unlock(&ex->mu);
    if (worker->local != NULL && ex->conf.local_destroy != NULL) {
        ex->conf.local_destroy(worker->local);
    }
    return NULL;
}

void *worker_local(const struct worker *worker)
{
    return worker->local;
}

/* --- life --------------------------------------------------------------------------------- */

/* Signals belong to the main thread: workers block all of them. */
static int start_thread(struct worker *worker)
{
    sigset_t all;
    sigset_t before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&worker->thread, NULL, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static enum status start_workers(struct executor *ex, struct error *err)
{
    int rc = 0;
    bool has_failed;

    while (rc == 0 && ex->threads < ex->conf.threads) {
        struct worker *worker = &ex->workers[ex->threads];
        worker->executor = ex;
        worker->index = ex->threads;
        rc = start_thread(worker);
        if (rc == 0) {
            ex->threads++;
        }
    }
    pthread_mutex_lock(&ex->mu);
    while (ex->started < ex->threads) {
        pthread_cond_wait(&ex->has_started, &ex->mu);
    }
    has_failed = ex->has_failed;
    pthread_mutex_unlock(&ex->mu);
    if (rc != 0) {
        (void)error_set(err, STATUS_OS, "pool \"%s\": thread %u of %u cannot be started: %s",
                        ex->name, ex->threads + 1, ex->conf.threads, strerror(rc));
        error_hint(err,
                   "fewer \"threads\" in the pool, or a higher limit of processes (ulimit -u)");
        return STATUS_OS;
    }
    if (has_failed) {
        return error_set(err, STATUS_NOMEM, "pool \"%s\": no memory for its workers", ex->name);
    }
    return STATUS_OK;
}

enum status executor_create(const struct executor_conf *conf, struct executor **ret,
                            struct error *err)
{
    struct executor *ex;
    enum status status;

    invariant(conf->threads >= 1);
    ex = mem_zalloc(sizeof(*ex) + conf->threads * sizeof(ex->workers[0]));
    if (ex == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for pool \"%s\"", conf->name);
    }
    pthread_mutex_init(&ex->mu, NULL);
    pthread_cond_init(&ex->has_started, NULL);
    for (unsigned i = 0; i < conf->threads; i++) {
        pthread_cond_init(&ex->workers[i].wake, NULL);
    }
    list_init(&ex->queue);
    ex->conf = *conf;
    (void)snprintf(ex->name, sizeof(ex->name), "%s", conf->name); /* cut is fine */
    ex->conf.name = ex->name;
    ex->stats.threads = conf->threads;
    ex->stats.queue_max = conf->queue_max;
    status = start_workers(ex, err);
    if (status != STATUS_OK) {
        executor_destroy(ex);
        return status;
    }
    *ret = ex;
    return STATUS_OK;
}

/* Close the door, hand the queued tasks to the caller's list and tell the running ones. */
static void close_locked(struct executor *ex, struct list *orphans)
{
    struct list *link;

    ex->is_closed = true;
    while ((link = list_first(&ex->queue)) != NULL) {
        unqueue_locked(ex, container_of(link, struct task, link), TASK_IDLE);
        list_append(orphans, link);
        ex->stats.cancelled++;
    }
    for (unsigned i = 0; i < ex->threads; i++) {
        if (ex->workers[i].running != NULL) {
            cancel_set(&ex->workers[i].running->cancel);
        }
    }
    note_drained_locked(ex);
}

void executor_stop(struct executor *ex)
{
    struct list orphans;
    struct list *link;
    struct worker *sleeper;

    list_init(&orphans);
    pthread_mutex_lock(&ex->mu);
    close_locked(ex, &orphans);
    while ((sleeper = pop_idle_locked(ex)) != NULL) {
        pthread_cond_signal(&sleeper->wake);
    }
    pthread_mutex_unlock(&ex->mu);
    while ((link = list_take_first(&orphans)) != NULL) {
        struct task *task = container_of(link, struct task, link);
        task->finish(task, STATUS_CLOSED);
    }
    for (unsigned i = 0; i < ex->threads; i++) {
        pthread_join(ex->workers[i].thread, NULL);
    }
    ex->threads = 0;
}

void executor_destroy(struct executor *ex)
{
    if (ex == NULL) {
        return;
    }
    executor_stop(ex);
    for (unsigned i = 0; i < ex->conf.threads; i++) {
        pthread_cond_destroy(&ex->workers[i].wake); /* not in stop: a submit may be signalling it */
    }
    pthread_cond_destroy(&ex->has_started);
    pthread_mutex_destroy(&ex->mu);
    mem_free(ex);
}

const char *executor_name(const struct executor *ex)
{
    return ex->name;
}

void executor_stats(struct executor *ex, struct executor_stats *ret)
{
    pthread_mutex_lock(&ex->mu);
    *ret = ex->stats;
    pthread_mutex_unlock(&ex->mu);
}

int64_t executor_full_since_ns(const struct executor *ex)
{
    return atomic_load_explicit(&ex->full_since_ns, memory_order_relaxed);
}
