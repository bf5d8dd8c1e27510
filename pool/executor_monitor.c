/*
 * The monitor: it sees to it that nobody waits behind a task that takes longer than expected.
 *
 * It looks every millisecond while there is something to look after: tasks taken or ended that wait
 * for a slow neighbour in their batch, queued tasks that nobody was woken for, and running ones that
 * were told to end. Otherwise it sleeps; whoever creates such a situation wakes it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "pool/executor_internal.h"

void monitor_need_locked(struct executor *ex)
{
    if (!ex->is_monitored) {
        ex->is_monitored = true;
        pthread_cond_signal(&ex->monitor_wake);
    }
}

/* --- looking ------------------------------------------------------------------------------ */

static int64_t queued_ns(const struct list *link)
{
    return const_container_of(link, struct task, link)->queued_ns;
}

/* The link of the queue in front of which a task belongs: near the head, or near the end. */
static struct list *place_of_locked(struct executor *ex, const struct list *link)
{
    struct list *place = ex->queue.next;
    struct list *end = &ex->queue;

    while (place != end && queued_ns(place) < queued_ns(link)) {
        if (queued_ns(end->prev) <= queued_ns(link)) {
            return end;
        }
        place = place->next;
        end = end->prev;
    }
    return place;
}

/*
 * Give the rest of a batch back to the queue, which stays in order of age: to its head, unless they
 * were taken from its end because the newest go first.
 */
void queue_give_back_locked(struct executor *ex, struct worker *worker)
{
    while (!list_is_empty(&worker->batch)) {
        struct list *last = worker->batch.prev;
        list_remove(last);
        list_append(place_of_locked(ex, last), last); /* in front of: a list is a circle */
    }
}

static void look_at_slow_locked(struct executor *ex, struct worker *worker, struct list *finished)
{
    if (!worker->is_slow) {
        worker->is_slow = true;
        ex->lively--;
    }
    queue_give_back_locked(ex, worker);
    worker_take_done_locked(worker, finished);
}

static void log_stuck(const struct executor *ex, const struct task *task, int64_t now_ns)
{
    log_event(LOG_WARN, "work cannot be stopped and keeps its thread", LOG_STR("pool", ex->name),
              LOG_STR("task", task->name), LOG_INT("id", (int64_t)task->id),
              LOG_INT("running_ms", (now_ns - task->begun_ns) / NS_PER_MS),
              LOG_INT("told_ms_ago", (now_ns - task->told_ns) / NS_PER_MS));
}

/* Look at one worker. Return: is there a reason to look again soon? */
static bool look_at_locked(struct executor *ex, struct worker *worker, int64_t now_ns,
                           struct list *finished)
{
    const struct task *task = worker->running;

    if (worker->state != WORKER_ALIVE) {
        return false;
    }
    if (task == NULL) {
        return !list_is_empty(&worker->batch); /* about to begin it: that may be a slow one */
    }
    if (now_ns - task->begun_ns >= SLOW_NS) {
        look_at_slow_locked(ex, worker, finished);
    }
    if (task->told_ns != 0 && !worker->is_stuck && now_ns - task->told_ns >= STUCK_NS) {
        worker->is_stuck = true;
        ex->stats.stuck++;
        log_stuck(ex, task, now_ns);
    }
    return !worker->is_slow || (task->told_ns != 0 && !worker->is_stuck);
}

/* Look at everything. Return: is there a reason to look again soon? */
static bool look_locked(struct executor *ex, int64_t now_ns, struct list *finished)
{
    bool has_reason = false;

    for (unsigned i = 0; i < ex->slots; i++) {
        has_reason = look_at_locked(ex, &ex->workers[i], now_ns, finished) || has_reason;
    }
    return has_reason || (ex->idle != NULL && !list_is_empty(&ex->queue));
}

/* --- spares --------------------------------------------------------------------------------- */

static void give_up_stuck_locked(struct executor *ex)
{
    for (unsigned i = 0; i < ex->slots && ex->stats.replaced < ex->conf.spares; i++) {
        struct worker *worker = &ex->workers[i];
        if (worker->is_stuck && !worker->is_replaced) {
            worker->is_replaced = true; /* it ends when its task does */
            ex->stats.replaced++;
            ex->active--;
        }
    }
}

/*
 * There are as many slots as threads and spares: while a thread is missing, one is free, or will be
 * when its thread has put its local thing away: NULL.
 */
static struct worker *free_slot_locked(struct executor *ex)
{
    for (unsigned i = 0; i < ex->slots; i++) {
        if (ex->workers[i].state != WORKER_ALIVE) {
            return &ex->workers[i];
        }
    }
    return NULL;
}

static int start_spare_locked(struct executor *ex, struct worker *spare)
{
    bool has_ended = spare->state == WORKER_ENDED;
    int rc;

    pthread_mutex_unlock(&ex->mu);
    if (has_ended) {
        pthread_join(spare->thread, NULL);
    }
    rc = worker_start(spare);
    pthread_mutex_lock(&ex->mu);
    return rc;
}

/*
 * Threads in place of those that are stuck, as far as there are spares. What fails, and a thread that
 * ends because it has no memory for its local thing, is tried again after the next nap.
 */
static void replace_locked(struct executor *ex)
{
    unsigned missing;

    give_up_stuck_locked(ex);
    missing = ex->conf.threads - ex->active;
    for (unsigned i = 0; i < missing && !ex->is_closed; i++) {
        struct worker *slot = free_slot_locked(ex);
        int rc;
        if (slot == NULL) {
            return; /* whoever leaves it wakes the monitor */
        }
        rc = start_spare_locked(ex, slot);
        if (rc != 0) {
            if (!ex->has_lost_spare) {
                log_event(LOG_WARN, "a spare thread cannot be started: trying again",
                          LOG_STR("pool", ex->name), LOG_STR("error", strerror(rc)));
            }
            ex->has_lost_spare = true;
            monitor_need_locked(ex);
            return;
        }
        ex->has_lost_spare = false;
    }
}

/* --- the thread --------------------------------------------------------------------------- */

static void nap_locked(struct executor *ex)
{
    struct timespec end = executor_time_in(MONITOR_NAP_NS);

    while (!ex->is_closed &&
           pthread_cond_timedwait(&ex->monitor_wake, &ex->mu, &end) != ETIMEDOUT) {
        /* woken for nothing, or by close_locked */
    }
}

static void sleep_locked(struct executor *ex)
{
    while (!ex->is_monitored && !ex->is_closed) {
        pthread_cond_wait(&ex->monitor_wake, &ex->mu);
    }
}

void *monitor_main(void *argument)
{
    struct executor *ex = argument;
    struct list finished;
    uint64_t batches = 0;
    char name[NAME_SIZE + 16];

    (void)snprintf(name, sizeof(name), "gy-%s-mon", ex->name); /* cut is fine */
    role_set_worker(name);
    list_init(&finished);
    pthread_mutex_lock(&ex->mu);
    while (!ex->is_closed) {
        struct worker *sleeper;

        sleep_locked(ex);
        nap_locked(ex);
        /* Batches have come and gone since the last look: more will. */
        ex->is_monitored =
            look_locked(ex, clock_now_ns(), &finished) || ex->stats.batches != batches;
        batches = ex->stats.batches;
        replace_locked(ex);
        sleeper = queue_wake_locked(ex);
        pthread_mutex_unlock(&ex->mu);
        queue_signal(sleeper);
        executor_finish(&finished);
        pthread_mutex_lock(&ex->mu);
    }
    pthread_mutex_unlock(&ex->mu);
    return NULL;
}
