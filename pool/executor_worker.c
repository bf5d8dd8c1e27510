/*
 * What a worker does: take a batch, run it, hand it back, sleep.
 *
 * A batch is several tasks only if they are short, and is bounded by the work that is expected in
 * it. Until a task has begun it stays QUEUED, though in its worker's list: cancelling treats it like
 * the others, and the monitor may take it away again.
 */
#include <errno.h>
#include <stdio.h>

#include "base/thread.h"
#include "pool/executor_internal.h"

#define MEAN_SHIFT 4 /* each run has a 16th of the weight */
#define MEAN_LEAP  8 /* one run counts as at most so many times the mean, and a microsecond */

/* --- taking ------------------------------------------------------------------------------- */

static struct task *task_of(struct list *link)
{
    return container_of(link, struct task, link);
}

/* What is too old to be of use is dropped from the head. */
static void shed_locked(struct executor *ex, int64_t now_ns, struct list *finished)
{
    struct list *link;

    while ((link = list_first(&ex->queue)) != NULL &&
           codel_drops(&ex->codel, now_ns - task_of(link)->queued_ns)) {
        queue_drop_locked(ex, task_of(link), TASK_SHED, finished);
    }
}

/*
 * What CoDel is told of the oldest's wait. No more tasks than there are threads are no queue that
 * stands, however late a thread was given a processor: RFC 8289 (4.2) says the same of one packet.
 */
static int64_t standing_ns_locked(const struct executor *ex, const struct task *oldest,
                                  int64_t now_ns)
{
    return ex->stats.queued <= ex->stats.threads ? 0 : now_ns - oldest->queued_ns;
}

/* The task whose turn it is, still linked; NULL: none is queued. */
static struct task *next_locked(struct executor *ex, int64_t now_ns, struct list *finished)
{
    struct list *oldest = list_first(&ex->queue);

    if (oldest == NULL) {
        return NULL;
    }
    codel_on_take(&ex->codel, now_ns, standing_ns_locked(ex, task_of(oldest), now_ns),
                  ex->stats.mean_run_ns);
    shed_locked(ex, now_ns, finished);
    oldest = list_first(&ex->queue);
    if (oldest == NULL) {
        return NULL;
    }
    return codel_is_newest_first(&ex->codel, now_ns - task_of(oldest)->queued_ns)
               ? task_of(ex->queue.prev)
               : task_of(oldest);
}

static unsigned batch_max_locked(const struct executor *ex)
{
    int64_t mean_ns = ex->stats.mean_run_ns;
    unsigned share = (ex->stats.queued + ex->lively - 1) / (ex->lively == 0 ? 1 : ex->lively);
    int64_t n = mean_ns == 0 ? 1 : BATCH_NS / mean_ns;

    if (ex->conf.group != NULL) {
        return GROUP_MAX;
    }
    n = n < BATCH_MAX ? n : BATCH_MAX;
    n = n < share ? n : share;
    return n < 1 ? 1 : (unsigned)n;
}

/* Fill the worker's batch. Return: is there anything in it? */
static bool take_locked(struct worker *worker, int64_t now_ns, struct list *finished)
{
    struct executor *ex = worker->executor;
    unsigned max = batch_max_locked(ex);
    unsigned n = 0;
    struct task *task;

    while (n < max && (task = next_locked(ex, now_ns, finished)) != NULL) {
        if (n > 0 && !task->is_short && ex->conf.group == NULL) {
            break;
        }
        list_remove(&task->link);
        list_append(&worker->batch, &task->link);
        n++;
        if (!task->is_short && ex->conf.group == NULL) {
            break;
        }
    }
    ex->stats.batches += n > 0;
    if (n > 1) {
        monitor_need_locked(ex);
    }
    return n > 0;
}

/* --- running ------------------------------------------------------------------------------ */

/*
 * The mean of late. One run may not move it far: of a thousand short ones and one of a minute the
 * next will take long with a probability of one in a thousand.
 */
void worker_note_run_locked(struct executor *ex, int64_t run_ns)
{
    int64_t mean_ns = ex->stats.mean_run_ns;
    int64_t most_ns = MEAN_LEAP * mean_ns + 1000;

    histogram_add(&ex->stats.run, run_ns);
    if (mean_ns == 0) {
        ex->stats.mean_run_ns = run_ns; /* the first */
        return;
    }
    run_ns = run_ns < most_ns ? run_ns : most_ns;
    ex->stats.mean_run_ns += (run_ns - mean_ns) / (1 << MEAN_SHIFT);
}

void worker_begin_locked(struct worker *worker, struct task *task, int64_t now_ns)
{
    struct executor *ex = worker->executor;

    list_remove(&task->link);
    task->state = TASK_RUNNING;
    task->begun_ns = now_ns;
    worker->running = task;
    ex->stats.queued--;
    ex->stats.running++;
    ex->progress_ns = now_ns;
    histogram_add(&ex->stats.wait, now_ns - task->queued_ns);
    queue_note_drained_locked(ex);
}

/* It has ended once, and does so once more. */
void worker_resume_locked(struct worker *worker, struct task *task)
{
    cancel_unseal(&task->cancel);
    task->state = TASK_RUNNING;
    task->told_ns = 0;
    worker->running = task;
    worker->executor->stats.running++;
}

void worker_end_locked(struct worker *worker, struct task *task, int64_t now_ns, struct list *to)
{
    struct executor *ex = worker->executor;

    task->state = TASK_IDLE;
    task->end = TASK_DONE;
    task->ended_ns = now_ns;
    worker->running = NULL;
    ex->stats.running--;
    ex->progress_ns = now_ns;
    if (ex->conf.group == NULL) {
        worker_note_run_locked(ex, now_ns - task->begun_ns);
    }
    queue_note_drained_locked(ex);
    list_append(to, &task->link);
    if (worker->is_slow) {
        worker->is_slow = false;
        ex->lively++;
    }
    if (worker->is_stuck) {
        worker->is_stuck = false;
        ex->stats.stuck--;
    }
}

void worker_take_done_locked(struct worker *worker, struct list *to)
{
    struct list *link;

    while ((link = list_take_first(&worker->done)) != NULL) {
        list_append(to, link);
    }
}

/* Run what the worker has taken, and hand it back. */
static void run_batch_locked(struct worker *worker, int64_t now_ns)
{
    struct executor *ex = worker->executor;
    struct list finished;
    bool is_batch = worker->batch.next != worker->batch.prev && ex->conf.local_batch_begin != NULL;
    bool is_begun = false;
    struct list *link;

    list_init(&finished);
    while ((link = list_first(&worker->batch)) != NULL) {
        struct task *task = task_of(link);
        int64_t deadline_ns = task->cancel.deadline_ns;

        if (deadline_ns != 0 && now_ns >= deadline_ns) {
            queue_drop_locked(ex, task, TASK_DEADLINE, &worker->done);
            continue;
        }
        worker_begin_locked(worker, task, now_ns);
        pthread_mutex_unlock(&ex->mu);
        if (is_batch && !is_begun) {
            ex->conf.local_batch_begin(worker->local);
            is_begun = true;
        }
        task->work(task, worker);
        now_ns = clock_now_ns();
        pthread_mutex_lock(&ex->mu);
        worker_end_locked(worker, task, now_ns, &worker->done);
    }
    worker_take_done_locked(worker, &finished);
    pthread_mutex_unlock(&ex->mu);
    executor_finish(&finished);
    if (is_begun) {
        ex->conf.local_batch_end(worker->local);
    }
    pthread_mutex_lock(&ex->mu);
}

/* --- the thread --------------------------------------------------------------------------- */

/*
 * Look out for work for a moment if it came so soon of late: a client that waits for each answer before
 * it asks again then gets it in less than half the time. One worker of an executor does so at a time.
 * Return: has any come, or the end?
 */
static bool scout_locked(struct worker *worker, int64_t now_ns)
{
    struct executor *ex = worker->executor;
    uint64_t before = ex->stats.submitted;

    ex->idle_since_ns = now_ns;
    if (ex->scout_end_ns != 0 || ex->gap_ns == 0 || ex->gap_ns > SCOUT_NS ||
        !lookout_begin(&ex->lookout, now_ns, SCOUT_NS)) {
        return false;
    }
    ex->scout_end_ns = now_ns + SCOUT_NS;
    pthread_mutex_unlock(&ex->mu);
    while (atomic_load_explicit(&ex->arrivals, memory_order_relaxed) == before &&
           lookout_yield(&ex->lookout)) {
    }
    pthread_mutex_lock(&ex->mu);
    ex->scout_end_ns = 0;
    return !list_is_empty(&ex->queue) || ex->is_closed;
}

/* Wait to be woken; after a group for IDLE_NS only. Return: false: that has passed, and nobody came. */
static bool wait_locked(struct worker *worker)
{
    struct executor *ex = worker->executor;
    struct timespec end = executor_time_in(IDLE_NS);

    while (worker->is_idle) {
        if (!worker->is_restless) {
            pthread_cond_wait(&worker->wake, &ex->mu);
        } else if (pthread_cond_timedwait(&worker->wake, &ex->mu, &end) == ETIMEDOUT) {
            return !worker->is_idle;
        }
    }
    return true;
}

/* Return: false: nobody has woken it, and it is time for an idle rest. */
static bool sleep_locked(struct worker *worker)
{
    struct executor *ex = worker->executor;

    worker->next_idle = ex->idle;
    worker->is_idle = true;
    ex->idle = worker;
    ex->lively--;
    if (wait_locked(worker)) {
        return true;
    }
    ex->idle = worker->next_idle; /* the one worker that there is */
    worker->is_idle = false;
    ex->lively++;
    return false;
}

/* What cannot wait until the batch is done: somebody is to be woken, somebody is over. */
static void pass_on_unlocked(struct executor *ex, struct worker *sleeper, struct list *finished)
{
    if (sleeper != NULL || !list_is_empty(finished)) {
        pthread_mutex_unlock(&ex->mu);
        queue_signal(sleeper);
        executor_finish(finished);
        pthread_mutex_lock(&ex->mu);
    }
}

/* Until the executor is closed and nothing is left, or a spare has the worker's place. */
static void serve_locked(struct worker *worker)
{
    struct executor *ex = worker->executor;
    struct list finished;

    list_init(&finished);
    while (!worker->is_replaced) {
        int64_t now_ns = clock_now_ns();

        if (ex->conf.group != NULL) {
            now_ns = group_gather_locked(worker, now_ns);
        }
        if (take_locked(worker, now_ns, &finished)) {
            pass_on_unlocked(ex, queue_wake_locked(ex), &finished);
            if (ex->conf.group != NULL) {
                group_run_locked(worker, now_ns);
            } else {
                run_batch_locked(worker, now_ns);
            }
        } else if (!list_is_empty(&finished)) {
            pass_on_unlocked(ex, NULL, &finished); /* all that waited was stale */
        } else if (ex->is_closed) {
            break;
        } else if (!scout_locked(worker, now_ns) && !sleep_locked(worker)) {
            group_rest_locked(worker);
        }
    }
}

static void announce_start_locked(struct worker *worker, bool has_failed)
{
    struct executor *ex = worker->executor;

    ex->started++;
    ex->has_failed = ex->has_failed || has_failed;
    pthread_cond_signal(&ex->has_started);
}

static void leave_locked(struct worker *worker)
{
    struct executor *ex = worker->executor;

    ex->lively--;
    if (worker->is_replaced) {
        worker->is_replaced = false;
        ex->stats.replaced--;
    } else {
        ex->active--;
    }
    monitor_need_locked(ex); /* its place, or its spare, may be wanted */
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct executor *ex = worker->executor;
    bool has_failed = false;
    char name[NAME_SIZE + 16];

    (void)snprintf(name, sizeof(name), "gy-%s-%u", ex->name, worker->index); /* cut is fine */
    role_set_worker(name);
    if (ex->conf.nice > 0) {
        thread_yield(ex->conf.nice);
    }
    worker->local = NULL;
    if (ex->conf.local_create != NULL) {
        worker->local = ex->conf.local_create(ex->conf.local_user);
        has_failed = worker->local == NULL;
    }
    pthread_mutex_lock(&ex->mu);
    announce_start_locked(worker, has_failed);
    if (!has_failed) {
        serve_locked(worker);
    }
    leave_locked(worker);
    pthread_mutex_unlock(&ex->mu);
    if (worker->local != NULL && ex->conf.local_destroy != NULL) {
        ex->conf.local_destroy(worker->local); /* may take a while: nobody joins it before */
    }
    pthread_mutex_lock(&ex->mu);
    worker->state = WORKER_ENDED;
    monitor_need_locked(ex); /* its slot may be wanted */
    pthread_mutex_unlock(&ex->mu);
    return NULL;
}

int worker_start(struct worker *worker)
{
    struct executor *ex = worker->executor;
    int rc;

    pthread_mutex_lock(&ex->mu);
    worker->state = WORKER_ALIVE;
    ex->active++;
    ex->lively++;
    pthread_mutex_unlock(&ex->mu);
    rc = thread_start(&worker->thread, worker_main, worker);
    if (rc != 0) {
        pthread_mutex_lock(&ex->mu);
        worker->state = WORKER_NONE;
        ex->active--;
        ex->lively--;
        pthread_mutex_unlock(&ex->mu);
    }
    return rc;
}

void *worker_local(const struct worker *worker)
{
    return worker->local;
}
