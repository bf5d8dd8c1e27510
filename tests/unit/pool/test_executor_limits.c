/*
 * What an executor refuses and drops, what it shows of itself, and what it does about a task that
 * cannot be stopped. The clock is set, so that waits and runs are as long as a test says.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "pool/executor_internal.h"
#include "tests/unit/job.h"
#include "tests/unit/unit.h"

#define TARGET_NS   (5 * NS_PER_MS)
#define INTERVAL_NS (100 * NS_PER_MS)
#define TOLD_NS     NS_PER_S /* after which the header calls it stuck */

static struct executor *make(const struct executor_conf *conf)
{
    struct executor *ex = NULL;
    struct error err;

    assert_int_equal(executor_create(conf, &ex, &err), STATUS_OK);
    return ex;
}

static void begin(struct executor *ex, struct job *job)
{
    job_init(job, NULL, false);
    assert_int_equal(job_submit(ex, job), STATUS_OK);
    sem_wait(&job->begun);
}

static void queue(struct executor *ex, struct job *job)
{
    job_init(job, NULL, false);
    assert_int_equal(job_submit(ex, job), STATUS_OK);
}

static void assert_over(struct job *job, enum task_end end, int runs)
{
    assert_int_equal(atomic_load(&job->finishes), 1);
    assert_int_equal(job->end, end);
    assert_int_equal(atomic_load(&job->runs), runs);
}

/* Does the monitor look again, or does it sleep and have to be woken? */
static bool monitor_is_awake(struct executor *ex)
{
    bool is_awake;

    pthread_mutex_lock(&ex->mu);
    is_awake = ex->is_monitored;
    pthread_mutex_unlock(&ex->mu);
    return is_awake;
}

static void await_monitor_asleep(struct executor *ex)
{
    while (monitor_is_awake(ex)) {
        sched_yield();
    }
}

/* Wait until the monitor has looked at the first worker, whose task is slow. */
static void await_look(struct executor *ex)
{
    bool is_slow;

    do {
        sched_yield();
        pthread_mutex_lock(&ex->mu);
        is_slow = ex->workers[0].is_slow;
        pthread_mutex_unlock(&ex->mu);
    } while (!is_slow);
}

/* What was accepted has ended in one way. */
static void assert_settled(struct executor *ex)
{
    struct executor_stats s = stats_of(ex);
    uint64_t over = histogram_count(&s.run);

    for (size_t i = 0; i < TASK_ENDS; i++) {
        over += s.dropped[i];
    }
    assert_int_equal(s.submitted, over);
    assert_int_equal(histogram_count(&s.wait), histogram_count(&s.run));
    assert_int_equal(s.dropped[TASK_DONE], 0);
    assert_int_equal(s.queued, 0);
    assert_int_equal(s.running, 0);
    assert_int_equal(s.stuck, 0);
    assert_int_equal(s.oldest_wait_ns, 0);
}

static void end(struct executor *ex)
{
    assert_settled(ex);
    executor_destroy(ex);
    clock_set_for_tests(0);
}

/* --- predicted wait ------------------------------------------------------------------------- */

static void a_wait_beyond_the_deadline_is_refused(void **state)
{
    static const int64_t mean_ns = 10 * NS_PER_MS;

    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct executor *ex =
            make(&(struct executor_conf){.name = "test", .threads = threads, .queue_max = 10});
        struct job jobs[7];

        executor_learn(ex, mean_ns);
        assert_int_equal(stats_of(ex).mean_run_ns, mean_ns);
        for (unsigned i = 0; i < threads; i++) {
            begin(ex, &jobs[i]);
        }
        for (unsigned i = 2; i < 5; i++) {
            queue(ex, &jobs[i]);
        }
        assert_int_equal(executor_drain_ns(ex), 4 * mean_ns / threads);
        job_init(&jobs[5], NULL, true);
        jobs[5].task.cancel.deadline_ns = clock_now_ns() + 3 * mean_ns / threads - 1;
        assert_int_equal(job_submit(ex, &jobs[5]), STATUS_DEADLINE);
        jobs[5].task.cancel.deadline_ns++;
        assert_int_equal(job_submit(ex, &jobs[5]), STATUS_OK); /* just in time */
        job_init(&jobs[6], NULL, true);
        assert_int_equal(job_submit(ex, &jobs[6]), STATUS_OK); /* has all the time */
        assert_int_equal(stats_of(ex).refused[EXECUTOR_TOO_LATE], 1);
        assert_int_equal(stats_of(ex).refused[EXECUTOR_FULL], 0);
        for (unsigned i = 0; i < 7; i++) {
            if (i < threads || i >= 2) {
                job_end(&jobs[i]);
            }
        }
        end(ex);
    }
}

/* --- overload --------------------------------------------------------------------------------- */

/* A pool of one thread, overloaded and idle at the moment; its tasks take about mean_ns. */
static struct executor *overload(unsigned queue_max, int64_t mean_ns)
{
    struct executor *ex = make(&(struct executor_conf){.name = "test",
                                                       .threads = 1,
                                                       .queue_max = queue_max,
                                                       .codel_target_ns = TARGET_NS,
                                                       .codel_interval_ns = INTERVAL_NS});
    struct job jobs[4];

    executor_learn(ex, mean_ns);
    begin(ex, &jobs[0]);
    for (size_t i = 1; i < 4; i++) {
        queue(ex, &jobs[i]);
    }
    for (size_t i = 0; i < 2; i++) { /* an interval in which even the best moment is slow */
        assert_false(stats_of(ex).is_overloaded);
        clock_advance(INTERVAL_NS);
        job_end(&jobs[i]);
        if (i == 0) {
            sem_wait(&jobs[1].begun);
        }
    }
    sem_wait(&jobs[2].over); /* they had waited for two intervals */
    sem_wait(&jobs[3].over);
    assert_over(&jobs[1], TASK_DONE, 1);
    assert_over(&jobs[2], TASK_SHED, 0);
    assert_over(&jobs[3], TASK_SHED, 0);
    assert_true(stats_of(ex).is_overloaded);
    assert_int_equal(stats_of(ex).dropped[TASK_SHED], 2);
    return ex;
}

static void newcomers_are_refused_while_overloaded(void **state)
{
    struct executor *ex = overload(20, NS_PER_MS);
    struct job jobs[20];
    struct job refused;
    int64_t mean_ns;
    size_t n = 0;

    (void)state;
    begin(ex, &jobs[0]);
    mean_ns = stats_of(ex).mean_run_ns;
    assert_true(mean_ns < TARGET_NS);
    while ((int64_t)n * mean_ns <= TARGET_NS) { /* as long as they have a chance */
        n++;
        assert_true(n < 20);
        queue(ex, &jobs[n]);
    }
    job_init(&refused, NULL, true);
    assert_int_equal(job_submit(ex, &refused), STATUS_OVERLOADED);
    assert_int_equal(job_submit(ex, &refused), STATUS_OVERLOADED);
    assert_int_equal(stats_of(ex).refused[EXECUTOR_OVERLOADED], 2);
    assert_int_equal(stats_of(ex).refused[EXECUTOR_FULL], 0);
    for (size_t i = 0; i <= n; i++) {
        job_end(&jobs[i]);
        assert_over(&jobs[i], TASK_DONE, 1);
    }
    assert_int_equal(atomic_load(&refused.finishes), 0); /* not ours to finish */
    end(ex);
}

static void nobody_is_refused_without_a_target(void **state)
{
    struct executor *ex =
        make(&(struct executor_conf){.name = "test", .threads = 1, .queue_max = 20});
    struct job jobs[10];

    (void)state;
    executor_learn(ex, NS_PER_S);
    begin(ex, &jobs[0]);
    for (size_t i = 1; i < 10; i++) {
        queue(ex, &jobs[i]);
    }
    for (size_t i = 0; i < 10; i++) {
        clock_advance(NS_PER_S);
        job_end(&jobs[i]);
        assert_over(&jobs[i], TASK_DONE, 1);
    }
    end(ex);
}

static void the_newest_goes_first_while_overloaded(void **state)
{
    struct executor *ex = overload(20, NS_PER_MS);
    struct job blocker;
    struct job jobs[3];

    (void)state;
    begin(ex, &blocker);
    for (size_t i = 0; i < 3; i++) {
        queue(ex, &jobs[i]);
    }
    clock_advance(10 * TARGET_NS + NS_PER_MS);
    job_end(&blocker);
    sem_wait(&jobs[2].begun);
    assert_int_equal(stats_of(ex).queued, 2);
    job_end(&jobs[2]);
    sem_wait(&jobs[1].begun);
    job_end(&jobs[1]);
    job_end(&jobs[0]);
    for (size_t i = 0; i < 3; i++) {
        assert_over(&jobs[i], TASK_DONE, 1);
    }
    end(ex);
}

static void the_oldest_goes_first_while_nobody_waits_long(void **state)
{
    struct executor *ex = overload(20, NS_PER_MS);
    struct job blocker;
    struct job jobs[2];

    (void)state;
    begin(ex, &blocker);
    queue(ex, &jobs[0]);
    queue(ex, &jobs[1]);
    clock_advance(NS_PER_MS);
    job_end(&blocker);
    sem_wait(&jobs[0].begun);
    job_end(&jobs[0]);
    job_end(&jobs[1]);
    end(ex);
}

static void the_stale_are_dropped_and_the_fresh_run(void **state)
{
    struct executor *ex = overload(20, NS_PER_MS);
    struct job blocker;
    struct job stale;
    struct job fresh;

    (void)state;
    begin(ex, &blocker);
    queue(ex, &stale);
    clock_advance(20 * TARGET_NS);
    queue(ex, &fresh);
    clock_advance(NS_PER_MS);
    job_end(&blocker);
    sem_wait(&fresh.begun);
    sem_wait(&stale.over); /* does not wait for the one that is run in its place */
    job_end(&fresh);
    assert_over(&stale, TASK_SHED, 0);
    assert_over(&fresh, TASK_DONE, 1);
    assert_int_equal(stats_of(ex).dropped[TASK_SHED], 3);
    end(ex);
}

/* Those that were taken as the newest and given back from behind a slow one are where they were. */
static void the_queue_stays_in_order_of_age(void **state)
{
    struct executor *ex = overload(20, 1000);
    struct journal journal = {0};
    struct job blocker;
    struct job jobs[4];
    struct job later;

    (void)state;
    begin(ex, &blocker);
    for (size_t i = 0; i < 4; i++) {
        job_init(&jobs[i], &journal, i < 3);
        jobs[i].task.is_short = true;
        assert_int_equal(job_submit(ex, &jobs[i]), STATUS_OK);
        clock_advance(1);
    }
    clock_advance(10 * TARGET_NS + NS_PER_MS);
    job_end(&blocker);
    sem_wait(&jobs[3].begun); /* the newest first */
    assert_int_equal(stats_of(ex).oldest_wait_ns, 10 * TARGET_NS + NS_PER_MS + 4);
    clock_advance(2 * NS_PER_MS);
    await_look(ex);
    job_init(&later, &journal, true);
    assert_int_equal(job_submit(ex, &later), STATUS_OK);
    job_end(&jobs[3]);
    for (size_t i = 0; i < 3; i++) {
        sem_wait(&jobs[i].over);
    }
    sem_wait(&later.over);
    assert_int_equal(later.begun_as, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(jobs[i].begun_as, 4 - i);
    }
    end(ex);
}

/* Dawdles until the monitor would fall asleep, were it not for the batch that has been taken. */
static void finish_slowly(struct list *tasks)
{
    struct task *task = container_of(list_first(tasks), struct task, link);
    struct executor *ex = container_of(task, struct job, task)->local;

    for (unsigned i = 0; i < 20000 && monitor_is_awake(ex); i++) {
        sched_yield();
    }
    job_finish(tasks);
}

/* Nobody waits behind a slow task, however long the worker took to begin it. */
static void a_batch_that_was_taken_is_looked_after(void **state)
{
    struct executor *ex = overload(20, 1000);
    struct job blocker;
    struct job stale;
    struct job batch[3];

    (void)state;
    begin(ex, &blocker);
    queue(ex, &stale);
    stale.task.finish = finish_slowly;
    stale.local = ex;
    clock_advance(20 * TARGET_NS);
    for (size_t i = 0; i < 3; i++) {
        job_init(&batch[i], NULL, i == 0);
        batch[i].task.is_short = true;
        assert_int_equal(job_submit(ex, &batch[i]), STATUS_OK);
    }
    clock_advance(1);
    job_end(&blocker);
    sem_wait(&batch[1].begun);
    clock_advance(NS_PER_S);
    sem_wait(&batch[0].over); /* though the second is not */
    job_end(&batch[1]);
    sem_post(&batch[2].go);
    sem_wait(&batch[2].over);
    assert_over(&stale, TASK_SHED, 0);
    assert_over(&batch[0], TASK_DONE, 1);
    end(ex);
}

static void a_queue_that_was_all_stale_is_not_full(void **state)
{
    struct executor *ex = overload(3, NS_PER_MS); /* and three waited at once */

    (void)state;
    assert_int_equal(executor_full_since_ns(ex), 0);
    end(ex);
}

/* --- looking and killing ---------------------------------------------------------------------- */

#define RUNNING_ID 1
#define BATCHED_ID 2
#define QUEUED_ID  3
#define STUCK_ID   4

struct sight {
    unsigned count;
    bool is_running[8]; /* by id */
    bool is_stuck[8];
    bool is_seen[8];
};

static void see(void *user, const struct task *task, enum executor_sight how)
{
    struct sight *sight = user;

    sight->count++;
    sight->is_seen[task->id] = true;
    sight->is_running[task->id] = how == SIGHT_RUNNING || how == SIGHT_STUCK;
    sight->is_stuck[task->id] = how == SIGHT_STUCK;
}

static struct sight look(struct executor *ex)
{
    struct sight sight = {.count = 0};

    executor_visit(ex, see, &sight);
    return sight;
}

static void submit_with_id(struct executor *ex, struct job *job, uint64_t id, bool is_short)
{
    job_init(job, NULL, false);
    job->task.id = id;
    job->task.is_short = is_short;
    assert_int_equal(executor_submit(ex, &job->task, clock_now_ns()), STATUS_OK);
}

/* Of one thread: one that runs, one behind it in its batch, one in the queue. */
static struct executor *make_one_of_each(struct job *jobs)
{
    struct executor *ex =
        make(&(struct executor_conf){.name = "test", .threads = 1, .queue_max = 20});
    struct job blocker;

    executor_learn(ex, 1000);
    begin(ex, &blocker);
    submit_with_id(ex, &jobs[RUNNING_ID], RUNNING_ID, true);
    submit_with_id(ex, &jobs[BATCHED_ID], BATCHED_ID, true);
    submit_with_id(ex, &jobs[QUEUED_ID], QUEUED_ID, false);
    job_end(&blocker);
    sem_wait(&jobs[RUNNING_ID].begun);
    return ex;
}

static void everybody_is_seen(void **state)
{
    struct job jobs[4];
    struct executor *ex = make_one_of_each(jobs);
    struct sight sight = look(ex);

    (void)state;
    assert_int_equal(sight.count, 3);
    for (uint64_t id = RUNNING_ID; id <= QUEUED_ID; id++) {
        assert_true(sight.is_seen[id]);
        assert_int_equal(sight.is_running[id], id == RUNNING_ID);
        assert_false(sight.is_stuck[id]);
    }
    clock_advance(NS_PER_MS / 2);
    assert_int_equal(stats_of(ex).oldest_wait_ns, NS_PER_MS / 2);
    sem_post(&jobs[RUNNING_ID].go);
    job_end(&jobs[BATCHED_ID]);
    sem_wait(&jobs[QUEUED_ID].begun);
    assert_int_equal(look(ex).count, 1);
    assert_true(look(ex).is_running[QUEUED_ID]);
    job_end(&jobs[QUEUED_ID]);
    assert_int_equal(look(ex).count, 0);
    end(ex);
}

/* Zero is no id: whoever asks for it means nobody. */
static void the_nameless_are_not_killed(void **state)
{
    struct executor *ex =
        make(&(struct executor_conf){.name = "test", .threads = 1, .queue_max = 20});
    struct job running;
    struct job queued;

    (void)state;
    begin(ex, &running);
    queue(ex, &queued);
    assert_int_equal(executor_kill(ex, 0), STATUS_NOT_FOUND);
    assert_false(cancel_is_set(&running.task.cancel));
    job_end(&running);
    job_end(&queued);
    assert_over(&queued, TASK_DONE, 1);
    end(ex);
}

static void anybody_is_killed(void **state)
{
    struct job jobs[4];
    struct executor *ex = make_one_of_each(jobs);

    (void)state;
    assert_int_equal(executor_kill(ex, 99), STATUS_NOT_FOUND);
    assert_int_equal(executor_kill(ex, BATCHED_ID), STATUS_OK);
    assert_over(&jobs[BATCHED_ID], TASK_KILLED, 0);
    assert_int_equal(executor_kill(ex, BATCHED_ID), STATUS_NOT_FOUND);
    assert_int_equal(executor_kill(ex, QUEUED_ID), STATUS_OK);
    assert_over(&jobs[QUEUED_ID], TASK_KILLED, 0);
    assert_false(cancel_is_set(&jobs[RUNNING_ID].task.cancel));
    assert_int_equal(executor_kill(ex, RUNNING_ID), STATUS_BUSY);
    assert_true(cancel_is_set(&jobs[RUNNING_ID].task.cancel));
    assert_int_equal(executor_kill(ex, RUNNING_ID), STATUS_BUSY);
    assert_int_equal(stats_of(ex).interrupted[TASK_KILLED], 1); /* told once */
    assert_int_equal(stats_of(ex).dropped[TASK_KILLED], 2);
    job_end(&jobs[RUNNING_ID]);
    assert_over(&jobs[RUNNING_ID], TASK_DONE, 1);
    assert_int_equal(executor_kill(ex, RUNNING_ID), STATUS_NOT_FOUND);
    end(ex);
}

struct onlooker {
    struct executor *ex;
    _Atomic bool is_over;
    sem_t has_looked;
};

static void *look_on(void *data)
{
    struct onlooker *onlooker = data;

    while (!atomic_load(&onlooker->is_over)) {
        (void)look(onlooker->ex);
        (void)stats_of(onlooker->ex);
        (void)executor_kill(onlooker->ex, 99);
        sem_post(&onlooker->has_looked);
    }
    return NULL;
}

/* Metrics and operators look until the end: for the thread sanitizer. */
static void looked_at_while_it_stops(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        struct onlooker onlooker = {
            .ex = make(&(struct executor_conf){.name = "test", .threads = 4, .queue_max = 1})};
        pthread_t thread;

        sem_init(&onlooker.has_looked, 0, 0);
        assert_int_equal(pthread_create(&thread, NULL, look_on, &onlooker), 0);
        sem_wait(&onlooker.has_looked);
        executor_stop(onlooker.ex);
        atomic_store(&onlooker.is_over, true);
        pthread_join(thread, NULL);
        end(onlooker.ex);
        sem_destroy(&onlooker.has_looked);
    }
}

/* --- what cannot be stopped ------------------------------------------------------------------- */

/* What workers are, and a latch for each time one ends. */
struct crew {
    struct executor *ex;
    _Atomic int created;
    _Atomic int fails_at; /* the n-th that is created is not, from 1; 0: none */
    sem_t gone;
    _Atomic bool is_held; /* the next that leaves does not before hold is posted */
    sem_t hold;
};

static struct crew crew;

static void *join_crew(void *user)
{
    (void)user;
    if (atomic_fetch_add(&crew.created, 1) + 1 == atomic_load(&crew.fails_at)) {
        await_monitor_asleep(crew.ex);
        return NULL;
    }
    return &crew;
}

static void leave_crew(void *local)
{
    (void)local;
    sem_post(&crew.gone);
    if (atomic_exchange(&crew.is_held, false)) {
        sem_wait(&crew.hold);
    }
}

static struct executor *make_crew(unsigned threads, unsigned spares)
{
    atomic_store(&crew.created, 0);
    atomic_store(&crew.fails_at, 0);
    sem_init(&crew.gone, 0, 0);
    sem_init(&crew.hold, 0, 0);
    crew.ex = make(&(struct executor_conf){.name = "test",
                                           .threads = threads,
                                           .queue_max = 20,
                                           .spares = spares,
                                           .local_create = join_crew,
                                           .local_destroy = leave_crew});
    return crew.ex;
}

/* Wait until the monitor has seen so many stuck ones. */
static void await_stuck(struct executor *ex, unsigned stuck)
{
    while (stats_of(ex).stuck != stuck) {
        sched_yield();
    }
}

/* A task that has begun, hears nothing, and was told to end. */
static void begin_deaf(struct executor *ex, struct job *job)
{
    job_init(job, NULL, false);
    job->task.id = STUCK_ID;
    job->task.name = "deaf";
    assert_int_equal(job_submit(ex, job), STATUS_OK);
    sem_wait(&job->begun);
    assert_int_equal(executor_cancel(ex, &job->task, TASK_GONE), STATUS_BUSY);
}

static void a_spare_stands_in(void **state)
{
    struct executor *ex = make_crew(1, 1);

    (void)state;
    clock_set_for_tests(clock_now_ns());
    for (int round = 1; round <= 5; round++) {
        struct job deaf;
        struct job next;

        begin_deaf(ex, &deaf);
        queue(ex, &next); /* behind it */
        assert_int_equal(stats_of(ex).stuck, 0);
        assert_false(look(ex).is_stuck[STUCK_ID]);
        clock_advance(TOLD_NS);
        sem_wait(&next.begun); /* only a spare can have begun it */
        assert_int_equal(stats_of(ex).stuck, 1);
        assert_int_equal(stats_of(ex).replaced, 1);
        assert_int_equal(stats_of(ex).running, 2);
        assert_true(look(ex).is_running[STUCK_ID]);
        assert_true(look(ex).is_stuck[STUCK_ID]);
        job_end(&deaf);
        assert_over(&deaf, TASK_DONE, 1);
        sem_wait(&crew.gone); /* its thread has left: the spare is no spare any more */
        assert_int_equal(stats_of(ex).stuck, 0);
        assert_int_equal(stats_of(ex).replaced, 0);
        assert_int_equal(stats_of(ex).running, 1);
        assert_int_equal(stats_of(ex).threads, 1);
        assert_int_equal(atomic_load(&crew.created), 1 + round);
        job_end(&next);
    }
    assert_int_equal(stats_of(ex).interrupted[TASK_GONE], 5);
    end(ex);
}

/* While a spare stands in, as many more may wait and run as without the stuck one. */
static void a_spare_has_its_place(void **state)
{
    struct executor *ex =
        make(&(struct executor_conf){.name = "test", .threads = 1, .queue_max = 1, .spares = 1});
    struct job deaf;
    struct job jobs[3];

    (void)state;
    clock_set_for_tests(clock_now_ns());
    begin_deaf(ex, &deaf);
    queue(ex, &jobs[0]);
    job_init(&jobs[1], NULL, false);
    assert_int_equal(job_submit(ex, &jobs[1]), STATUS_BUSY);
    clock_advance(TOLD_NS);
    sem_wait(&jobs[0].begun);
    queue(ex, &jobs[1]);
    job_init(&jobs[2], NULL, false);
    assert_int_equal(job_submit(ex, &jobs[2]), STATUS_BUSY);
    job_end(&deaf);
    job_end(&jobs[0]);
    job_end(&jobs[1]);
    end(ex);
}

/* There is no memory for the first spare: another one is tried. */
static void a_spare_that_fails_is_followed_by_another(void **state)
{
    struct executor *ex = make_crew(1, 1);
    struct job deaf;
    struct job next;

    (void)state;
    atomic_store(&crew.fails_at, 2);
    clock_set_for_tests(clock_now_ns());
    begin_deaf(ex, &deaf);
    queue(ex, &next);
    clock_advance(TOLD_NS);
    sem_wait(&next.begun);
    assert_int_equal(atomic_load(&crew.created), 3);
    assert_int_equal(stats_of(ex).replaced, 1);
    job_end(&deaf);
    job_end(&next);
    end(ex);
}

/*
 * Three are stuck and there is one spare. Whoever of them ends first, two can run after it: on its own
 * thread if that has no spare, or else because the spare is for another one then.
 */
static void a_spare_that_is_free_is_for_the_next(void **state)
{
    struct executor *ex = make_crew(3, 1);
    struct job deaf[3];
    struct job next[2];

    (void)state;
    for (size_t order = 0; order < 3; order++) {
        size_t first = order;
        clock_set_for_tests(0);
        for (size_t i = 0; i < 3; i++) {
            begin_deaf(ex, &deaf[i]);
        }
        clock_set_for_tests(clock_now_ns() + TOLD_NS);
        await_stuck(ex, 3);
        begin(ex, &next[0]); /* on the spare */
        assert_int_equal(stats_of(ex).replaced, 1);
        clock_advance(NS_PER_S); /* all that run are slow: nothing to look after */
        await_monitor_asleep(ex);
        job_end(&deaf[first]);
        begin(ex, &next[1]);
        assert_int_equal(stats_of(ex).stuck, 2);
        for (size_t i = 0; i < 3; i++) {
            if (i != first) {
                job_end(&deaf[i]);
            }
        }
        job_end(&next[0]);
        job_end(&next[1]);
    }
    clock_set_for_tests(0);
    while (stats_of(ex).replaced != 0) {
        sched_yield(); /* the last of those who had a spare is about to leave */
    }
    end(ex);
}

/* The slot of the only spare is not free yet: the monitor has other things to do meanwhile. */
static void nobody_waits_for_one_that_leaves_slowly(void **state)
{
    struct executor *ex = make_crew(2, 1);
    struct job deaf[3];
    struct job next;

    (void)state;
    clock_set_for_tests(clock_now_ns());
    atomic_store(&crew.is_held, true);
    begin_deaf(ex, &deaf[0]);
    clock_advance(TOLD_NS);
    await_stuck(ex, 1);
    job_end(&deaf[0]);
    sem_wait(&crew.gone);
    for (unsigned i = 1; i < 3; i++) {
        begin_deaf(ex, &deaf[i]);
        clock_advance(TOLD_NS);
        await_stuck(ex, i); /* the second is seen though the first has no spare yet */
    }
    assert_int_equal(atomic_load(&crew.created), 3);
    sem_post(&crew.hold);
    begin(ex, &next);
    assert_int_equal(atomic_load(&crew.created), 4);
    for (unsigned i = 1; i < 3; i++) {
        job_end(&deaf[i]);
    }
    job_end(&next);
    end(ex);
}

static void without_spares_it_is_only_counted(void **state)
{
    struct executor *ex = make_crew(1, 0);
    struct job deaf;
    struct job next;

    (void)state;
    clock_set_for_tests(clock_now_ns());
    begin_deaf(ex, &deaf);
    queue(ex, &next);
    clock_advance(TOLD_NS - 1);
    await_look(ex);
    assert_int_equal(stats_of(ex).stuck, 0); /* it has its second */
    clock_advance(1);
    await_stuck(ex, 1);
    assert_int_equal(stats_of(ex).replaced, 0);
    assert_int_equal(stats_of(ex).queued, 1);
    assert_int_equal(atomic_load(&crew.created), 1);
    job_end(&deaf);
    assert_int_equal(stats_of(ex).stuck, 0);
    sem_wait(&next.begun); /* by the same thread */
    assert_int_equal(atomic_load(&crew.created), 1);
    job_end(&next);
    end(ex);
}

/* Everything is in one line that has been written by the time its end is there. */
static void read_line(int fd, char *to, size_t size)
{
    size_t n = 0;

    do {
        assert_true(n < size - 1);
        assert_int_equal(read(fd, to + n, 1), 1);
    } while (to[n++] != '\n');
    to[n] = '\0';
}

static void what_is_stuck_is_named_in_the_log(void **state)
{
    struct executor *ex = make_crew(1, 0);
    struct job deaf;
    char line[4096];
    int fd[2];

    (void)state;
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    assert_int_equal(log_start(&(struct log_conf){.fd = fd[1], .level = LOG_WARN}, NULL),
                     STATUS_OK);
    clock_set_for_tests(clock_now_ns());
    begin_deaf(ex, &deaf);
    clock_advance(TOLD_NS);
    read_line(fd[0], line, sizeof(line));
    assert_non_null(strstr(line, "\"pool\":\"test\""));
    assert_non_null(strstr(line, "\"task\":\"deaf\""));
    assert_non_null(strstr(line, "\"id\":4"));
    assert_non_null(strstr(line, "\"told_ms_ago\":1000"));
    job_end(&deaf);
    end(ex);
    log_stop();
    (void)close(fd[1]);
    assert_int_equal(read(fd[0], line, sizeof(line)), 0); /* once */
    (void)close(fd[0]);
}

/* --- stopping while one is stuck -------------------------------------------------------------- */

struct rescue {
    struct job *deaf;
    struct job *queued;
};

/* Once the executor has let go of what waited, it waits for the deaf one. */
static void *let_deaf_go(void *data)
{
    struct rescue *rescue = data;

    sem_wait(&rescue->queued->over);
    sem_post(&rescue->deaf->go);
    return NULL;
}

static void wait_for_the_token(struct task *task, struct worker *worker)
{
    struct job *job = container_of(task, struct job, task);

    (void)worker;
    assert_on_worker();
    sem_post(&job->begun);
    (void)cancel_wait(&task->cancel, INT64_MAX); /* ends in no other way */
}

static void stopped_while_one_is_stuck(void **state)
{
    struct executor *ex = make_crew(1, 1);
    struct job deaf;
    struct job listening;
    struct job queued;
    struct rescue rescue = {&deaf, &queued};
    pthread_t thread;

    (void)state;
    clock_set_for_tests(clock_now_ns());
    begin_deaf(ex, &deaf);
    job_init(&listening, NULL, false);
    listening.task.work = wait_for_the_token;
    assert_int_equal(job_submit(ex, &listening), STATUS_OK);
    clock_advance(TOLD_NS);
    sem_wait(&listening.begun);
    queue(ex, &queued);
    assert_int_equal(pthread_create(&thread, NULL, let_deaf_go, &rescue), 0);
    executor_stop(ex);
    pthread_join(thread, NULL);
    assert_over(&deaf, TASK_DONE, 1);
    assert_over(&listening, TASK_DONE, 0);
    assert_over(&queued, TASK_CLOSED, 0);
    assert_int_equal(stats_of(ex).replaced, 0);
    assert_int_equal(job_submit(ex, &queued), STATUS_CLOSED);
    assert_int_equal(stats_of(ex).refused[EXECUTOR_CLOSED], 1);
    end(ex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_beyond_the_deadline_is_refused),
        cmocka_unit_test(newcomers_are_refused_while_overloaded),
        cmocka_unit_test(nobody_is_refused_without_a_target),
        cmocka_unit_test(the_newest_goes_first_while_overloaded),
        cmocka_unit_test(the_oldest_goes_first_while_nobody_waits_long),
        cmocka_unit_test(the_stale_are_dropped_and_the_fresh_run),
        cmocka_unit_test(the_queue_stays_in_order_of_age),
        cmocka_unit_test(a_batch_that_was_taken_is_looked_after),
        cmocka_unit_test(a_queue_that_was_all_stale_is_not_full),
        cmocka_unit_test(everybody_is_seen),
        cmocka_unit_test(anybody_is_killed),
        cmocka_unit_test(the_nameless_are_not_killed),
        cmocka_unit_test(looked_at_while_it_stops),
        cmocka_unit_test(a_spare_stands_in),
        cmocka_unit_test(a_spare_has_its_place),
        cmocka_unit_test(a_spare_that_fails_is_followed_by_another),
        cmocka_unit_test(a_spare_that_is_free_is_for_the_next),
        cmocka_unit_test(nobody_waits_for_one_that_leaves_slowly),
        cmocka_unit_test(without_spares_it_is_only_counted),
        cmocka_unit_test(what_is_stuck_is_named_in_the_log),
        cmocka_unit_test(stopped_while_one_is_stuck),
    };

    return cmocka_run_group_tests_name("pool/executor_limits", tests, NULL, NULL);
}
