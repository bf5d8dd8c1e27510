/*
 * One mutex, one queue, a stack of sleeping workers: the queue, and an executor's life. What workers
 * do is in executor_worker.c, what the monitor does in executor_monitor.c.
 *
 * Happy path: submit appends under the mutex; kick pops the newest sleeper and signals it after
 * unlocking. The worker takes what it can do in a moment, runs it with no lock held, hands it back
 * through finish, and looks again before it goes to sleep.
 *
 * Failure modes: full, overloaded or too late (refused under the same mutex), expired or stale
 * (found when taken out), cancelled (unlinked under the same mutex, so it is either queued or
 * running, never both), stopped.
 *
 * Threads: submit, kick, cancel, kill, visit and stats on any; stop on the main thread.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/thread.h"
#include "pool/executor_internal.h"

const char *executor_refusal_name(enum executor_refusal refusal)
{
    static const char *const names[] = {
#define EXECUTOR_REFUSAL_NAME(name, text) text,
        EXECUTOR_REFUSAL_LIST(EXECUTOR_REFUSAL_NAME)
#undef EXECUTOR_REFUSAL_NAME
    };

    return names[refusal];
}

/* --- the queue ---------------------------------------------------------------------------- */

bool queue_is_full_locked(const struct executor *ex)
{
    const struct executor_stats *s = &ex->stats;

    return s->queued + s->running >= s->queue_max + s->threads + s->replaced;
}

static void note_full_locked(struct executor *ex, int64_t now_ns)
{
    if (atomic_load_explicit(&ex->full_since_ns, memory_order_relaxed) == 0) {
        atomic_store_explicit(&ex->full_since_ns, now_ns, memory_order_relaxed);
    }
}

void queue_note_drained_locked(struct executor *ex)
{
    if (ex->stats.queued <= ex->stats.queue_max / 2 && !queue_is_full_locked(ex)) {
        atomic_store_explicit(&ex->full_since_ns, 0, memory_order_relaxed);
    }
}

/* Threads that can be counted on: those that are stuck, and have no spare in their place, cannot. */
static unsigned able_locked(const struct executor *ex)
{
    const struct executor_stats *s = &ex->stats;
    unsigned lost = s->stuck > s->replaced ? s->stuck - s->replaced : 0;

    return lost < s->threads ? s->threads - lost : 1;
}

int64_t queue_wait_ns_locked(const struct executor *ex)
{
    return (int64_t)ex->stats.queued * ex->stats.mean_run_ns / able_locked(ex);
}

void queue_drop_locked(struct executor *ex, struct task *task, enum task_end end, struct list *to)
{
    list_remove(&task->link);
    list_append(to, &task->link);
    task->state = TASK_IDLE;
    task->end = end;
    ex->stats.queued--;
    ex->stats.dropped[end]++;
    queue_note_drained_locked(ex);
}

void executor_finish(struct list *tasks)
{
    while (!list_is_empty(tasks)) {
        struct task *first = container_of(list_first(tasks), struct task, link);
        task_finish_fn finish = first->finish;
        struct list same;

        list_init(&same);
        do {
            struct list *link = list_take_first(tasks);
            list_append(&same, link);
        } while (!list_is_empty(tasks) &&
                 container_of(list_first(tasks), struct task, link)->finish == finish);
        finish(&same);
    }
}

/* Is there a reason not to take the task in? Return: OK if not; *ret_why otherwise. */
static enum status admit_locked(struct executor *ex, const struct task *task, int64_t now_ns,
                                enum executor_refusal *ret_why)
{
    int64_t deadline_ns = task->cancel.deadline_ns;
    int64_t wait_ns = queue_wait_ns_locked(ex);

    if (ex->is_closed) {
        *ret_why = EXECUTOR_CLOSED;
        return STATUS_CLOSED;
    }
    if (queue_is_full_locked(ex)) {
        note_full_locked(ex, now_ns);
        *ret_why = EXECUTOR_FULL;
        return STATUS_BUSY;
    }
    if (codel_refuses(&ex->codel, wait_ns)) {
        *ret_why = EXECUTOR_OVERLOADED;
        return STATUS_OVERLOADED;
    }
    if (deadline_ns != 0 && wait_ns > deadline_ns - now_ns) {
        *ret_why = EXECUTOR_TOO_LATE;
        return STATUS_DEADLINE;
    }
    return STATUS_OK;
}

enum status executor_submit(struct executor *ex, struct task *task, int64_t now_ns)
{
    enum executor_refusal why;
    enum status status;

    pthread_mutex_lock(&ex->mu);
    status = admit_locked(ex, task, now_ns, &why);
    if (status != STATUS_OK) {
        ex->stats.refused[why]++;
        pthread_mutex_unlock(&ex->mu);
        return status;
    }
    invariant(task->state == TASK_IDLE);
    task->state = TASK_QUEUED;
    task->queued_ns = now_ns;
    list_append(&ex->queue, &task->link);
    ex->stats.queued++;
    ex->stats.submitted++;
    atomic_store_explicit(&ex->arrivals, ex->stats.submitted, memory_order_relaxed);
    if (ex->idle_since_ns != 0) {
        ex->gap_ns += (now_ns - ex->idle_since_ns - ex->gap_ns) / 4;
        ex->idle_since_ns = 0;
    }
    if (queue_is_full_locked(ex)) {
        note_full_locked(ex, now_ns);
    }
    pthread_mutex_unlock(&ex->mu);
    return STATUS_OK;
}

/*
 * A sleeper costs a wake and comes after WAKE_NS: it is worth it unless those who are awake are
 * there sooner. They may not be, whatever is expected of them: then the monitor sees to it.
 */
static bool is_wake_worth_it_locked(const struct executor *ex)
{
    unsigned awake = ex->lively == 0 ? 1 : ex->lively;
    int64_t now_ns = clock_now_ns();

    if (ex->scout_end_ns != 0) {
        return now_ns > ex->scout_end_ns; /* it has lost its processor */
    }
    if (ex->lively == 0 || now_ns - ex->progress_ns > WAKE_NS) {
        return true;
    }
    return (int64_t)ex->stats.queued * ex->stats.mean_run_ns / awake > WAKE_NS;
}

struct worker *queue_wake_locked(struct executor *ex)
{
    struct worker *worker = ex->idle;

    if (ex->gatherer != NULL && group_is_gathered_locked(ex)) {
        worker = ex->gatherer;
        ex->gatherer = NULL;
        ex->stats.wakes++;
        return worker;
    }
    if (worker == NULL || list_is_empty(&ex->queue)) {
        return NULL;
    }
    if (!is_wake_worth_it_locked(ex)) {
        monitor_need_locked(ex);
        return NULL;
    }
    ex->idle = worker->next_idle;
    worker->is_idle = false;
    ex->lively++;
    ex->stats.wakes++;
    return worker;
}

void executor_kick(struct executor *ex)
{
    struct worker *sleeper;

    pthread_mutex_lock(&ex->mu);
    sleeper = queue_wake_locked(ex);
    pthread_mutex_unlock(&ex->mu);
    queue_signal(sleeper);
}

/* --- cancelling --------------------------------------------------------------------------- */

static enum status cancel_locked(struct executor *ex, struct task *task, enum task_end end,
                                 struct list *finished)
{
    if (task->state == TASK_QUEUED) {
        queue_drop_locked(ex, task, end, finished);
        return STATUS_OK;
    }
    if (task->state != TASK_RUNNING) {
        return STATUS_NOT_FOUND;
    }
    if (end == TASK_GONE && ex->conf.group != NULL) {
        return STATUS_BUSY; /* what has begun is done */
    }
    if (task->told_ns == 0) {
        if (!cancel_set(&task->cancel)) { /* under the mutex: it cannot be handed back meanwhile */
            return STATUS_NOT_FOUND;      /* it counts already, or is about to */
        }
        task->told_ns = clock_now_ns();
        ex->stats.interrupted[end]++;
        monitor_need_locked(ex);
    }
    return STATUS_BUSY;
}

enum status executor_cancel(struct executor *ex, struct task *task, enum task_end end)
{
    struct list finished;
    enum status status;

    list_init(&finished);
    pthread_mutex_lock(&ex->mu);
    status = cancel_locked(ex, task, end, &finished);
    pthread_mutex_unlock(&ex->mu);
    executor_finish(&finished);
    return status;
}

static void visit_list(struct list *tasks, enum executor_sight sight, executor_visit_fn visit,
                       void *user)
{
    for (struct list *l = tasks->next; l != tasks; l = l->next) {
        visit(user, container_of(l, struct task, link), sight);
    }
}

static void visit_locked(struct executor *ex, executor_visit_fn visit, void *user)
{
    for (unsigned i = 0; i < ex->slots; i++) {
        struct worker *worker = &ex->workers[i];
        visit_list(&worker->held, SIGHT_HELD, visit, user);
        if (worker->running != NULL) {
            visit(user, worker->running, worker->is_stuck ? SIGHT_STUCK : SIGHT_RUNNING);
        }
        if (worker->state == WORKER_ALIVE) {
            visit_list(&worker->batch, SIGHT_QUEUED, visit, user);
        }
    }
    visit_list(&ex->queue, SIGHT_QUEUED, visit, user);
}

void executor_visit(struct executor *ex, executor_visit_fn visit, void *user)
{
    pthread_mutex_lock(&ex->mu);
    visit_locked(ex, visit, user);
    pthread_mutex_unlock(&ex->mu);
}

struct search {
    uint64_t id;
    const struct task *found;
};

static void match(void *user, const struct task *task, enum executor_sight sight)
{
    struct search *search = user;

    (void)sight;
    if (task->id == search->id) {
        search->found = task;
    }
}

enum status executor_kill(struct executor *ex, uint64_t id)
{
    struct search search = {.id = id};
    enum status status = STATUS_NOT_FOUND;
    struct list finished;

    if (id == 0) {
        return STATUS_NOT_FOUND; /* it names nobody */
    }
    list_init(&finished);
    pthread_mutex_lock(&ex->mu);
    visit_locked(ex, match, &search);
    if (search.found != NULL) {
        status = cancel_locked(ex, (struct task *)(uintptr_t)search.found, TASK_KILLED, &finished);
    }
    pthread_mutex_unlock(&ex->mu);
    executor_finish(&finished);
    return status;
}

/* --- life --------------------------------------------------------------------------------- */

static enum status start_workers(struct executor *ex, struct error *err)
{
    unsigned threads = 0;
    bool has_failed;
    int rc = 0;

    while (rc == 0 && threads < ex->conf.threads) {
        rc = worker_start(&ex->workers[threads]);
        threads += rc == 0 ? 1 : 0;
    }
    pthread_mutex_lock(&ex->mu);
    while (ex->started < threads) {
        pthread_cond_wait(&ex->has_started, &ex->mu);
    }
    has_failed = ex->has_failed;
    pthread_mutex_unlock(&ex->mu);
    if (rc == 0 && !has_failed) {
        rc = thread_start(&ex->monitor, monitor_main, ex);
        ex->is_monitor_started = rc == 0;
    }
    if (rc != 0) {
        (void)error_set(err, STATUS_OS, "pool \"%s\": thread %u of %u cannot be started: %s",
                        ex->name, threads + 1, ex->conf.threads + 1, strerror(rc));
        error_hint(err,
                   "fewer \"threads\" in the pool, or a higher limit of processes (ulimit -u)");
        return STATUS_OS;
    }
    if (has_failed) {
        return error_set(err, STATUS_NOMEM, "pool \"%s\": no memory for its workers", ex->name);
    }
    return STATUS_OK;
}

/* Timed waits of the monitor are by the clock that deadlines are in. */
static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr); /* none of these can fail in glibc */
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &attr);
    (void)pthread_condattr_destroy(&attr);
}

struct timespec executor_time_in(int64_t ns)
{
    struct timespec end;

    (void)clock_gettime(CLOCK_MONOTONIC, &end); /* cannot fail with this clock */
    ns += end.tv_nsec;
    end.tv_sec += ns / NS_PER_S;
    end.tv_nsec = ns % NS_PER_S;
    return end;
}

static void init(struct executor *ex, const struct executor_conf *conf)
{
    (void)pthread_mutex_init(&ex->mu, NULL); /* cannot fail in glibc */
    init_condition(&ex->has_started);
    init_condition(&ex->monitor_wake);
    ex->slots = conf->threads + conf->spares;
    for (unsigned i = 0; i < ex->slots; i++) {
        struct worker *worker = &ex->workers[i];
        worker->executor = ex;
        worker->index = i;
        init_condition(&worker->wake);
        list_init(&worker->batch);
        list_init(&worker->done);
        list_init(&worker->held);
    }
    list_init(&ex->queue);
    codel_init(&ex->codel, conf->codel_target_ns, conf->codel_interval_ns);
    ex->conf = *conf;
    (void)snprintf(ex->name, sizeof(ex->name), "%s", conf->name); /* cut is fine */
    ex->conf.name = ex->name;
    ex->stats.threads = conf->threads;
    ex->stats.spares = conf->spares;
    ex->stats.queue_max = conf->queue_max;
}

enum status executor_create(const struct executor_conf *conf, struct executor **ret,
                            struct error *err)
{
    struct executor *ex;
    enum status status;

    invariant(conf->threads >= 1);
    invariant(conf->group == NULL || (conf->threads == 1 && conf->spares == 0));
    ex = mem_zalloc(sizeof(*ex) + (conf->threads + conf->spares) * sizeof(ex->workers[0]));
    if (ex == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for pool \"%s\"", conf->name);
    }
    init(ex, conf);
    status = start_workers(ex, err);
    if (status != STATUS_OK) {
        executor_destroy(ex);
        return status;
    }
    *ret = ex;
    return STATUS_OK;
}

static void drop_all_locked(struct executor *ex, struct list *from, struct list *orphans)
{
    struct list *link;

    while ((link = list_first(from)) != NULL) {
        queue_drop_locked(ex, container_of(link, struct task, link), TASK_CLOSED, orphans);
    }
}

/*
 * Close the door, hand the queued tasks and those that are done to the caller's list, tell the running
 * ones, wake all.
 */
static void close_locked(struct executor *ex, struct list *orphans)
{
    ex->is_closed = true;
    atomic_store_explicit(&ex->arrivals, UINT64_MAX, memory_order_relaxed);
    for (unsigned i = 0; i < ex->slots; i++) {
        struct worker *worker = &ex->workers[i];
        drop_all_locked(ex, &worker->batch, orphans);
        worker_take_done_locked(worker, orphans);
        if (worker->running != NULL) {
            (void)cancel_locked(ex, worker->running, TASK_CLOSED, orphans); /* it is running */
        }
        if (worker->is_idle) {
            worker->is_idle = false;
            ex->lively++;
        }
        pthread_cond_signal(&worker->wake);
    }
    ex->idle = NULL;
    drop_all_locked(ex, &ex->queue, orphans);
    pthread_cond_signal(&ex->monitor_wake);
}

/* The mutex is for those who look on: nobody else starts or ends threads any more. */
static void join(struct worker *worker)
{
    struct executor *ex = worker->executor;
    bool has_thread;

    pthread_mutex_lock(&ex->mu);
    has_thread = worker->state != WORKER_NONE;
    pthread_mutex_unlock(&ex->mu);
    if (!has_thread) {
        return;
    }
    pthread_join(worker->thread, NULL);
    pthread_mutex_lock(&ex->mu);
    worker->state = WORKER_NONE;
    pthread_mutex_unlock(&ex->mu);
}

void executor_stop(struct executor *ex)
{
    struct list orphans;

    list_init(&orphans);
    pthread_mutex_lock(&ex->mu);
    close_locked(ex, &orphans);
    pthread_mutex_unlock(&ex->mu);
    executor_finish(&orphans);
    if (ex->is_monitor_started) {
        pthread_join(ex->monitor, NULL); /* from here on nobody starts a worker */
        ex->is_monitor_started = false;
    }
    for (unsigned i = 0; i < ex->slots; i++) {
        join(&ex->workers[i]);
    }
}

void executor_destroy(struct executor *ex)
{
    if (ex == NULL) {
        return;
    }
    executor_stop(ex);
    for (unsigned i = 0; i < ex->slots; i++) {
        pthread_cond_destroy(&ex->workers[i].wake); /* not in stop: a kick may be signalling it */
    }
    pthread_cond_destroy(&ex->monitor_wake);
    pthread_cond_destroy(&ex->has_started);
    pthread_mutex_destroy(&ex->mu);
    mem_free(ex);
}

const char *executor_name(const struct executor *ex)
{
    return ex->name;
}

static int64_t older_ns(const struct list *link, int64_t than_ns)
{
    int64_t queued_ns = const_container_of(link, struct task, link)->queued_ns;

    return queued_ns < than_ns ? queued_ns : than_ns;
}

/* The oldest of the queue is its first; of a batch the first, or the last if it is newest first. */
static int64_t oldest_ns_locked(const struct executor *ex)
{
    int64_t oldest_ns = INT64_MAX;

    for (unsigned i = 0; i <= ex->slots; i++) {
        const struct list *tasks = i < ex->slots ? &ex->workers[i].batch : &ex->queue;
        if (!list_is_empty(tasks)) {
            oldest_ns = older_ns(tasks->next, oldest_ns);
            oldest_ns = older_ns(tasks->prev, oldest_ns);
        }
    }
    return oldest_ns;
}

void executor_stats(struct executor *ex, struct executor_stats *ret)
{
    int64_t oldest_ns;

    pthread_mutex_lock(&ex->mu);
    *ret = ex->stats;
    ret->is_overloaded = codel_is_overloaded(&ex->codel, clock_now_ns());
    oldest_ns = oldest_ns_locked(ex);
    pthread_mutex_unlock(&ex->mu);
    ret->oldest_wait_ns = oldest_ns == INT64_MAX ? 0 : clock_now_ns() - oldest_ns;
}

int64_t executor_drain_ns(struct executor *ex)
{
    int64_t wait_ns;

    pthread_mutex_lock(&ex->mu);
    wait_ns = queue_wait_ns_locked(ex) + ex->stats.mean_run_ns / able_locked(ex);
    pthread_mutex_unlock(&ex->mu);
    return wait_ns;
}

int64_t executor_full_since_ns(const struct executor *ex)
{
    return atomic_load_explicit(&ex->full_since_ns, memory_order_relaxed);
}
