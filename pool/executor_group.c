/*
 * Groups: tasks whose effects count together, or not at all, such as writes that share one COMMIT.
 *
 * A group is what is waiting when the worker becomes free, bounded in number, in time and by what its owner
 * says (is_full). Its tasks run one after the other; none of them is handed back before `end` has said that
 * they count. If it says that they do not, each is run again by itself, outside of any group, and so finds out
 * what becomes of it alone: whoever has spoilt the group fails once more, and the others succeed.
 *
 * A group costs something, however small it is: a COMMIT, with its system calls and its wakes. While the
 * processors are busy that is taken from others. So then groups begin some time apart, and who comes in between
 * waits to share the next one (group_gather_locked). PostgreSQL's commit_delay does the like for each commit,
 * and leaves it to the operator to find out when it pays. It is a wait like any other in the queue: what is
 * told of that, and CoDel, include it; the wait that admission foresees does not.
 *
 * Until it has begun a task is QUEUED, though in its worker's list, and can be cancelled like any other;
 * from then on until it is handed back it is nobody else's: that its client has gone stops nothing. Those
 * that wait for the end are in the worker's list `held`, where who looks on (executor_visit) finds them.
 */
#include <errno.h>

#include "pool/executor_internal.h"

static bool is_over(const struct task *task, int64_t now_ns)
{
    return task->cancel.deadline_ns != 0 && now_ns >= task->cancel.deadline_ns;
}

bool group_is_gathered_locked(const struct executor *ex)
{
    return ex->stats.queued >= GATHER_ENOUGH || queue_is_full_locked(ex);
}

int64_t group_gather_locked(struct worker *worker, int64_t now_ns)
{
    struct executor *ex = worker->executor;
    int64_t left_ns = worker->group_begun_ns + ex->conf.group->apart_ns - now_ns;
    struct timespec end;

    if (worker->group_begun_ns == 0 || left_ns <= 0 || !worker->is_pressed ||
        list_is_empty(&ex->queue) || group_is_gathered_locked(ex) || ex->is_closed) {
        return now_ns;
    }
    end = executor_time_in(left_ns);
    ex->gatherer = worker;
    while (ex->gatherer != NULL && !ex->is_closed &&
           pthread_cond_timedwait(&worker->wake, &ex->mu, &end) != ETIMEDOUT) {
        /* woken for nothing, or by queue_wake_locked, or by close_locked */
    }
    ex->gatherer = NULL;
    return clock_now_ns();
}

/* Enough for one group? The first is always run. */
static bool is_full_locked(struct worker *worker, int64_t now_ns, int64_t end_ns)
{
    return !list_is_empty(&worker->held) &&
           (now_ns >= end_ns || worker->executor->conf.group->is_full(worker->local));
}

/* Return: how many have run. */
static unsigned run_all_locked(struct worker *worker, int64_t now_ns)
{
    struct executor *ex = worker->executor;
    int64_t end_ns = now_ns + GROUP_NS;
    unsigned n = 0;
    struct list *link;

    while ((link = list_first(&worker->batch)) != NULL) {
        struct task *task = container_of(link, struct task, link);

        if (is_full_locked(worker, now_ns, end_ns)) {
            queue_give_back_locked(ex, worker);
            break;
        }
        if (is_over(task, now_ns)) {
            queue_drop_locked(ex, task, TASK_DEADLINE, &worker->done);
            continue;
        }
        worker_begin_locked(worker, task, now_ns);
        pthread_mutex_unlock(&ex->mu);
        task->work(task, worker);
        now_ns = clock_now_ns();
        pthread_mutex_lock(&ex->mu);
        worker_end_locked(worker, task, now_ns, &worker->held);
        n++;
    }
    return n;
}

/* The group is lost: each of its n tasks alone, and back to the end of the list. */
static void run_again_locked(struct worker *worker, unsigned n)
{
    struct executor *ex = worker->executor;

    for (; n > 0; n--) {
        struct task *task = container_of(list_take_first(&worker->held), struct task, link);
        int64_t now_ns = clock_now_ns();

        if (is_over(task, now_ns)) {
            task->end = TASK_DEADLINE;
            ex->stats.dropped[TASK_DEADLINE]++;
            list_append(&worker->held, &task->link);
            continue;
        }
        worker_resume_locked(worker, task);
        pthread_mutex_unlock(&ex->mu);
        task->work(task, worker);
        now_ns = clock_now_ns();
        pthread_mutex_lock(&ex->mu);
        worker_end_locked(worker, task, now_ns, &worker->held);
    }
}

/* They count now. What they took together is shared among them: so the queue's wait is foreseen. */
static void hand_back_locked(struct worker *worker, int64_t took_ns, unsigned n, int64_t now_ns)
{
    struct list *link;

    while ((link = list_take_first(&worker->held)) != NULL) {
        struct task *task = container_of(link, struct task, link);

        task->ended_ns = now_ns;
        worker_note_run_locked(worker->executor, took_ns / n);
        list_append(&worker->done, link);
    }
}

void group_run_locked(struct worker *worker, int64_t now_ns)
{
    struct executor *ex = worker->executor;
    const struct executor_group *group = ex->conf.group;
    int64_t begun_ns = now_ns;
    struct list finished;
    bool is_waited_for;
    bool counts;
    unsigned n;

    list_init(&finished);
    worker->group_begun_ns = now_ns;
    pthread_mutex_unlock(&ex->mu);
    group->begin(worker->local);
    pthread_mutex_lock(&ex->mu);
    n = run_all_locked(worker, now_ns);
    pthread_mutex_unlock(&ex->mu);
    counts = group->end(worker->local);
    pthread_mutex_lock(&ex->mu);
    if (!counts) {
        run_again_locked(worker, n);
    }
    now_ns = clock_now_ns();
    hand_back_locked(worker, now_ns - begun_ns, n, now_ns);
    worker_take_done_locked(worker, &finished);
    is_waited_for = !list_is_empty(&ex->queue);
    pthread_mutex_unlock(&ex->mu);
    executor_finish(&finished);
    group->rest(worker->local, false, is_waited_for);
    worker->is_pressed = processors_are_busy(&worker->processors, now_ns);
    pthread_mutex_lock(&ex->mu);
    worker->is_restless = true;
}

void group_rest_locked(struct worker *worker)
{
    struct executor *ex = worker->executor;

    worker->is_restless = false;
    pthread_mutex_unlock(&ex->mu);
    ex->conf.group->rest(worker->local, true, false);
    pthread_mutex_lock(&ex->mu);
}
