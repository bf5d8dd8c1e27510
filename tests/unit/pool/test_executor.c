#include "pool/executor.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/job.h"
#include "tests/unit/unit.h"

#define FAR_NS (60 * NS_PER_S) /* must be ended by something else */

static struct executor *make(unsigned threads, unsigned queue_max)
{
    const struct executor_conf conf = {.name = "test", .threads = threads, .queue_max = queue_max};
    struct executor *ex = NULL;
    struct error err;

    assert_int_equal(executor_create(&conf, &ex, &err), STATUS_OK);
    return ex;
}

static uint64_t completed(struct executor *ex)
{
    const struct executor_stats s = stats_of(ex);

    return histogram_count(&s.run);
}

static uint64_t refused(struct executor *ex)
{
    const struct executor_stats s = stats_of(ex);

    return s.refused[EXECUTOR_FULL];
}

/* Never run, for another reason than its deadline. */
static uint64_t dropped(struct executor *ex)
{
    const struct executor_stats s = stats_of(ex);

    return s.dropped[TASK_GONE] + s.dropped[TASK_CLOSED] + s.dropped[TASK_KILLED] +
           s.dropped[TASK_SHED];
}

/* What was accepted is over, each in one of three ways. */
static void assert_settled(struct executor *ex)
{
    struct executor_stats s = stats_of(ex);

    assert_int_equal(s.queued, 0);
    assert_int_equal(s.running, 0);
    assert_int_equal(s.submitted, completed(ex) + dropped(ex) + s.dropped[TASK_DEADLINE]);
}

static void jobs_init(struct job *jobs, size_t n, struct journal *journal)
{
    for (size_t i = 0; i < n; i++) {
        job_init(&jobs[i], journal, false);
    }
}

static void submit(struct executor *ex, struct job *job)
{
    assert_int_equal(job_submit(ex, job), STATUS_OK);
}

/* Submit jobs that keep every thread busy until they are ended. */
static void occupy(struct executor *ex, struct job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        submit(ex, &jobs[i]);
        sem_wait(&jobs[i].begun);
    }
}

static void assert_over(struct job *job, enum task_end end, int runs)
{
    assert_int_equal(atomic_load(&job->finishes), 1);
    assert_int_equal(job->end, end);
    assert_int_equal(atomic_load(&job->runs), runs);
}

/* --- the queue ---------------------------------------------------------------------------- */

static void first_in_first_out(void **state)
{
    struct journal journal = {0};
    struct executor *ex = make(1, 100);
    struct job blocker;
    static struct job jobs[100];

    (void)state;
    job_init(&blocker, NULL, false);
    occupy(ex, &blocker, 1);
    for (size_t i = 0; i < 100; i++) {
        job_init(&jobs[i], &journal, true);
        submit(ex, &jobs[i]);
    }
    job_end(&blocker);
    for (int i = 0; i < 100; i++) {
        sem_wait(&jobs[i].over);
        assert_int_equal(jobs[i].begun_as, i);
        assert_over(&jobs[i], TASK_DONE, 1);
    }
    assert_settled(ex);
    executor_destroy(ex);
}

static void queue_max_is_exact(void **state)
{
    struct executor *ex = make(2, 3);
    struct job jobs[7];

    (void)state;
    jobs_init(jobs, 7, NULL);
    occupy(ex, jobs, 2);
    for (size_t i = 2; i < 5; i++) {
        submit(ex, &jobs[i]);
    }
    assert_int_equal(job_submit(ex, &jobs[5]), STATUS_BUSY);
    assert_int_equal(job_submit(ex, &jobs[5]), STATUS_BUSY);
    assert_int_equal(stats_of(ex).queued, 3);
    assert_int_equal(stats_of(ex).running, 2);
    assert_int_equal(refused(ex), 2);
    job_end(&jobs[0]);
    submit(ex, &jobs[5]); /* one place was free, and only one */
    assert_int_equal(job_submit(ex, &jobs[6]), STATUS_BUSY);
    for (size_t i = 1; i < 6; i++) {
        job_end(&jobs[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_over(&jobs[i], TASK_DONE, 1);
    }
    assert_int_equal(atomic_load(&jobs[6].finishes), 0); /* refused: not ours to finish */
    assert_settled(ex);
    assert_int_equal(stats_of(ex).submitted, 6);
    assert_int_equal(refused(ex), 3);
    executor_destroy(ex);
}

static void no_queue_at_all(void **state)
{
    struct executor *ex = make(2, 0);
    struct job jobs[3];

    (void)state;
    for (unsigned round = 0; round < 100; round++) {
        jobs_init(jobs, 3, NULL);
        submit(ex, &jobs[0]); /* before anybody sleeps, the first time */
        submit(ex, &jobs[1]);
        assert_int_equal(job_submit(ex, &jobs[2]), STATUS_BUSY);
        job_end(&jobs[0]);
        submit(ex, &jobs[2]); /* a finish means that the place is free */
        job_end(&jobs[1]);
        job_end(&jobs[2]);
    }
    assert_settled(ex);
    assert_int_equal(completed(ex), 300);
    assert_int_equal(refused(ex), 100);
    executor_destroy(ex);
}

static void closed_after_stop(void **state)
{
    struct executor *ex = make(2, 3);
    struct job job;

    (void)state;
    job_init(&job, NULL, true);
    executor_stop(ex);
    assert_int_equal(job_submit(ex, &job), STATUS_CLOSED);
    executor_stop(ex);
    assert_int_equal(job_submit(ex, &job), STATUS_CLOSED);
    assert_int_equal(atomic_load(&job.finishes), 0);
    assert_int_equal(stats_of(ex).submitted, 0);
    assert_int_equal(refused(ex), 0);
    executor_destroy(ex);
    executor_destroy(NULL);
}

/* --- workers ------------------------------------------------------------------------------ */

/* What each worker keeps in these tests: who it is. */
struct me {
    pid_t tid;
};

struct locals {
    struct me workers[8];
    _Atomic int created;
    _Atomic int destroyed;
    int fails_at; /* the n-th creation fails, from 1; 0: none */
};

static void *create_me(void *user)
{
    struct locals *locals = user;
    int n = atomic_fetch_add(&locals->created, 1);

    if (n + 1 == locals->fails_at) {
        return NULL;
    }
    locals->workers[n].tid = gettid();
    return &locals->workers[n];
}

static _Atomic int destroyed_count;

static void destroy_me(void *local)
{
    struct me *me = local;

    if (me->tid == gettid()) { /* on the worker's own thread */
        atomic_fetch_add(&destroyed_count, 1);
    }
}

static struct executor *make_with_locals(struct locals *locals, unsigned threads, unsigned queue)
{
    const struct executor_conf conf = {.name = "a-very-long-name",
                                       .threads = threads,
                                       .queue_max = queue,
                                       .local_user = locals,
                                       .local_create = create_me,
                                       .local_destroy = destroy_me};
    struct executor *ex = NULL;
    struct error err;

    atomic_store(&destroyed_count, 0);
    assert_int_equal(executor_create(&conf, &ex, &err), STATUS_OK);
    return ex;
}

/* A line of a thread's file in /proc that begins with key, or the whole first line. */
static void read_proc(pid_t tid, const char *file, const char *key, char *to, int size)
{
    char path[64];
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/%s", (int)tid, file);
    f = fopen(path, "r");
    assert_non_null(f);
    do {
        assert_non_null(fgets(to, size, f));
    } while (strncmp(to, key, strlen(key)) != 0);
    (void)fclose(f);
}

static void wait_until_asleep(pid_t tid)
{
    char line[512] = "";

    while (strstr(line, ") S ") == NULL) {
        read_proc(tid, "stat", "", line, sizeof(line));
    }
}

/* How often has the thread given up the processor of its own will, that is, gone to sleep? */
static long sleeps_of(pid_t tid)
{
    static const char key[] = "voluntary_ctxt_switches:";
    char line[512];

    read_proc(tid, "status", key, line, sizeof(line));
    return strtol(line + sizeof(key) - 1, NULL, 10);
}

static void last_to_sleep_is_first_to_wake(void **state)
{
    struct locals locals = {.fails_at = 0};
    struct executor *ex = make_with_locals(&locals, 3, 10);
    struct me *last = NULL;
    long sleeps[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        wait_until_asleep(locals.workers[i].tid);
    }
    for (unsigned i = 0; i < 200; i++) {
        struct job job;
        job_init(&job, NULL, true);
        submit(ex, &job);
        sem_wait(&job.over);
        if (last == NULL) {
            last = job.local;
            for (unsigned k = 0; k < 3; k++) {
                sleeps[k] = sleeps_of(locals.workers[k].tid);
            }
        }
        assert_ptr_equal(job.local, last);
        wait_until_asleep(last->tid);
    }
    for (unsigned i = 0; i < 3; i++) { /* one wake for a task: the others slept all the time */
        if (&locals.workers[i] != last) {
            assert_int_equal(sleeps_of(locals.workers[i].tid), sleeps[i]);
        }
    }
    executor_destroy(ex);
}

/* With work waiting, nobody sleeps: one worker eats a long queue without a pause. */
static void a_queue_is_eaten_without_sleeping(void **state)
{
    struct locals locals = {.fails_at = 0};
    struct executor *ex = make_with_locals(&locals, 1, 500);
    struct job blocker;
    static struct job jobs[500];
    long before;

    (void)state;
    job_init(&blocker, NULL, false);
    occupy(ex, &blocker, 1);
    for (size_t i = 0; i < 500; i++) {
        job_init(&jobs[i], NULL, true);
        submit(ex, &jobs[i]);
    }
    wait_until_asleep(locals.workers[0].tid); /* in the blocker */
    before = sleeps_of(locals.workers[0].tid);
    job_end(&blocker);
    sem_wait(&jobs[499].over);
    /* None for the tasks; a few may come from the mutex or from a sanitizer. */
    assert_true(sleeps_of(locals.workers[0].tid) - before < 50);
    executor_destroy(ex);
}

static void every_worker_has_its_own(void **state)
{
    struct locals locals = {.fails_at = 0};
    struct executor *ex = make_with_locals(&locals, 3, 0);
    struct job jobs[3];

    (void)state;
    jobs_init(jobs, 3, NULL);
    occupy(ex, jobs, 3);
    assert_non_null(jobs[0].local);
    assert_ptr_not_equal(jobs[0].local, jobs[1].local);
    assert_ptr_not_equal(jobs[1].local, jobs[2].local);
    assert_ptr_not_equal(jobs[0].local, jobs[2].local);
    for (unsigned i = 0; i < 3; i++) {
        char comm[32];
        job_end(&jobs[i]);
        read_proc(locals.workers[i].tid, "comm", "", comm, sizeof(comm));
        assert_memory_equal(comm, "gy-a-very-long-", 15); /* as much as a thread's name holds */
    }
    assert_string_equal(executor_name(ex), "a-very-long-");
    executor_stop(ex);
    assert_int_equal(atomic_load(&locals.created), 3);
    assert_int_equal(atomic_load(&destroyed_count), 3);
    executor_destroy(ex);
    assert_int_equal(atomic_load(&destroyed_count), 3);
}

static void a_local_that_cannot_be_made(void **state)
{
    (void)state;
    for (int n = 1; n <= 4; n++) {
        struct locals locals = {.fails_at = n};
        const struct executor_conf conf = {.name = "short",
                                           .threads = 4,
                                           .queue_max = 1,
                                           .local_user = &locals,
                                           .local_create = create_me,
                                           .local_destroy = destroy_me};
        struct executor *ex = (struct executor *)&locals;
        struct error err;

        atomic_store(&destroyed_count, 0);
        assert_int_equal(executor_create(&conf, &ex, &err), STATUS_NOMEM);
        assert_ptr_equal(ex, &locals); /* untouched */
        assert_int_equal(err.status, STATUS_NOMEM);
        assert_non_null(strstr(err.text, "short"));
        assert_int_equal(atomic_load(&locals.created), 4);
        assert_int_equal(atomic_load(&destroyed_count), 3);
    }
}

static void no_memory(void **state)
{
    const struct executor_conf conf = {.name = "test", .threads = 2};
    struct executor *ex = NULL;
    struct error err;

    (void)state;
    mem_fail_after(1);
    assert_int_equal(executor_create(&conf, &ex, &err), STATUS_NOMEM);
    mem_fail_after(-1);
    assert_null(ex);
    assert_non_null(strstr(err.text, "test"));
}

static sigset_t seen_mask;

static void look_at_signals(struct task *task, struct worker *worker)
{
    (void)task;
    (void)worker;
    pthread_sigmask(SIG_SETMASK, NULL, &seen_mask);
}

static void signals_are_for_others(void **state)
{
    struct executor *ex = make(1, 0);
    struct job job;
    sigset_t mine;

    (void)state;
    job_init(&job, NULL, true);
    job.task.work = look_at_signals;
    submit(ex, &job);
    sem_wait(&job.over);
    assert_int_equal(sigismember(&seen_mask, SIGTERM), 1);
    assert_int_equal(sigismember(&seen_mask, SIGINT), 1);
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_int_equal(sigismember(&mine, SIGTERM), 0);
    executor_destroy(ex);
}

/* --- cancelling --------------------------------------------------------------------------- */

static void a_queued_task_is_removed(void **state)
{
    static const enum task_end reasons[] = {TASK_GONE, TASK_DEADLINE, TASK_CLOSED};
    struct executor *ex = make(1, 3);
    struct job jobs[4];

    (void)state;
    jobs_init(jobs, 4, NULL);
    occupy(ex, jobs, 1);
    for (size_t i = 1; i < 4; i++) {
        submit(ex, &jobs[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        size_t k = (i + 1) % 3 + 1; /* from the middle, the end and the front */
        assert_int_equal(executor_cancel(ex, &jobs[k].task, reasons[i]), STATUS_OK);
        assert_over(&jobs[k], reasons[i], 0); /* before it returned */
        assert_int_equal(executor_cancel(ex, &jobs[k].task, reasons[i]), STATUS_NOT_FOUND);
        assert_over(&jobs[k], reasons[i], 0);
        assert_int_equal(stats_of(ex).queued, 2 - i);
    }
    job_end(&jobs[0]);
    assert_settled(ex);
    assert_int_equal(dropped(ex), 2);
    assert_int_equal(stats_of(ex).dropped[TASK_DEADLINE], 1);
    assert_int_equal(completed(ex), 1);
    executor_destroy(ex);
}

static _Atomic int waited;

static void wait_for_the_token(struct task *task, struct worker *worker)
{
    struct job *job = container_of(task, struct job, task);

    (void)worker;
    assert_on_worker();
    sem_post(&job->begun);
    atomic_store(&waited, (int)cancel_wait(&task->cancel, clock_now_ns() + FAR_NS));
}

static void a_running_task_is_told(void **state)
{
    struct executor *ex = make(1, 0);
    struct job job;

    (void)state;
    job_init(&job, NULL, true);
    job.task.work = wait_for_the_token;
    submit(ex, &job);
    sem_wait(&job.begun);
    assert_int_equal(executor_cancel(ex, &job.task, TASK_GONE), STATUS_BUSY);
    sem_wait(&job.over);
    assert_int_equal(atomic_load(&waited), STATUS_CANCELLED);
    assert_over(&job, TASK_DONE, 0); /* its work ran to its end, whatever it answers */
    assert_int_equal(executor_cancel(ex, &job.task, TASK_GONE), STATUS_NOT_FOUND);
    assert_settled(ex);
    assert_int_equal(completed(ex), 1);
    assert_int_equal(dropped(ex), 0);
    executor_destroy(ex);
}

static void a_task_that_is_over_is_not_found(void **state)
{
    struct executor *ex = make(1, 0);
    struct job job;

    (void)state;
    job_init(&job, NULL, true);
    assert_int_equal(executor_cancel(ex, &job.task, TASK_GONE), STATUS_NOT_FOUND);
    submit(ex, &job);
    sem_wait(&job.over);
    assert_int_equal(executor_cancel(ex, &job.task, TASK_GONE), STATUS_NOT_FOUND);
    assert_false(cancel_is_set(&job.task.cancel));
    assert_over(&job, TASK_DONE, 1);
    executor_destroy(ex);
}

static void a_deadline_passes_in_the_queue(void **state)
{
    struct executor *ex = make(1, 3);
    struct job jobs[4];

    (void)state;
    jobs_init(jobs, 4, NULL);
    occupy(ex, jobs, 1);
    for (size_t i = 1; i < 4; i++) {
        jobs[i].task.cancel.deadline_ns = clock_now_ns() + (i == 2 ? 2 * FAR_NS : FAR_NS);
        submit(ex, &jobs[i]);
    }
    sem_post(&jobs[2].go);
    clock_set_for_tests(clock_now_ns() + FAR_NS);
    job_end(&jobs[0]);
    for (size_t i = 1; i < 4; i++) {
        sem_wait(&jobs[i].over);
    }
    clock_set_for_tests(0);
    assert_over(&jobs[1], TASK_DEADLINE, 0);
    assert_over(&jobs[2], TASK_DONE, 1);
    assert_over(&jobs[3], TASK_DEADLINE, 0);
    assert_settled(ex);
    assert_int_equal(stats_of(ex).dropped[TASK_DEADLINE], 2);
    assert_int_equal(completed(ex), 2);
    executor_destroy(ex);
}

/* --- stopping ----------------------------------------------------------------------------- */

static void stopping_ends_everything(void **state)
{
    struct executor *ex = make(2, 5);
    struct job jobs[7];

    (void)state;
    jobs_init(jobs, 7, NULL);
    for (size_t i = 0; i < 2; i++) {
        jobs[i].task.work = wait_for_the_token;
        jobs[i].task.cancel.deadline_ns = clock_now_ns() + FAR_NS;
    }
    occupy(ex, jobs, 2);
    for (size_t i = 2; i < 7; i++) {
        submit(ex, &jobs[i]);
    }
    executor_stop(ex); /* would take a minute if the running were not told */
    for (size_t i = 0; i < 7; i++) {
        assert_over(&jobs[i], i < 2 ? TASK_DONE : TASK_CLOSED, 0);
    }
    assert_int_equal(atomic_load(&waited), STATUS_CANCELLED);
    assert_settled(ex);
    assert_int_equal(dropped(ex), 5);
    assert_int_equal(completed(ex), 2);
    executor_destroy(ex);
}

static void destroying_stops(void **state)
{
    struct executor *ex = make(1, 1);
    struct job jobs[2];

    (void)state;
    jobs_init(jobs, 2, NULL);
    jobs[0].task.work = wait_for_the_token;
    occupy(ex, jobs, 1);
    submit(ex, &jobs[1]);
    executor_destroy(ex);
    assert_over(&jobs[0], TASK_DONE, 0);
    assert_over(&jobs[1], TASK_CLOSED, 0);
}

/* --- finish is the last touch ------------------------------------------------------------- */

static sem_t freed;

static void free_in_finish(struct list *tasks)
{
    struct list *link;

    while ((link = list_take_first(tasks)) != NULL) {
        mem_free(container_of(link, struct job, task.link));
        sem_post(&freed);
    }
}

static void finish_may_free_the_task(void **state)
{
    struct executor *ex = make(2, 1000);

    (void)state;
    sem_init(&freed, 0, 0);
    for (size_t i = 0; i < 1000; i++) {
        struct job *job = mem_alloc(sizeof(*job));
        job_init(job, NULL, true);
        job->task.finish = free_in_finish;
        submit(ex, job);
        if (i % 3 == 0) {
            executor_kick(ex); /* once more does no harm */
        }
    }
    for (size_t i = 0; i < 500; i++) {
        sem_wait(&freed);
    }
    executor_destroy(ex); /* the rest is freed by it, or on the way */
    for (size_t i = 500; i < 1000; i++) {
        assert_int_equal(sem_trywait(&freed), 0);
    }
}

struct again {
    struct job job;
    struct executor *ex;
    unsigned left;
    enum status failure;
};

static void submit_again(struct list *tasks)
{
    struct again *again = container_of(list_take_first(tasks), struct again, job.task.link);
    enum status status = again->job.task.end == TASK_DONE ? STATUS_OK : STATUS_CLOSED;

    if (--again->left > 0 && status == STATUS_OK) {
        sem_post(&again->job.go);
        status = job_submit(again->ex, &again->job);
        if (status == STATUS_OK) {
            return; /* it is another worker's now */
        }
    }
    again->failure = status;
    sem_post(&again->job.over);
}

static void finish_may_submit_it_again(void **state)
{
    struct again again = {.ex = make(2, 0), .left = 1000};

    (void)state;
    job_init(&again.job, NULL, true);
    again.job.task.finish = submit_again;
    submit(again.ex, &again.job);
    sem_wait(&again.job.over);
    assert_int_equal(again.failure, STATUS_OK);
    assert_int_equal(again.left, 0);
    assert_int_equal(atomic_load(&again.job.runs), 1000);
    executor_destroy(again.ex);
}

/* --- numbers ------------------------------------------------------------------------------ */

static void time_is_counted(void **state)
{
    struct executor *ex = make(1, 1);
    struct job jobs[2];
    int64_t before_ns = clock_now_ns();
    int64_t begun_ns;
    int64_t ended_ns;
    struct executor_stats s;

    (void)state;
    jobs_init(jobs, 2, NULL);
    occupy(ex, jobs, 1);
    submit(ex, &jobs[1]);
    begun_ns = clock_now_ns();
    while (clock_now_ns() - begun_ns < NS_PER_MS) {
    }
    job_end(&jobs[0]);
    job_end(&jobs[1]);
    ended_ns = clock_now_ns();
    s = stats_of(ex);
    assert_int_equal(s.threads, 1);
    assert_int_equal(s.queue_max, 1);
    assert_true(s.wait.sum_ns >= NS_PER_MS); /* the second waited for the first */
    assert_true(s.run.sum_ns >= NS_PER_MS);
    assert_true(s.wait.sum_ns <= 2 * (uint64_t)(ended_ns - before_ns));
    assert_true(s.run.sum_ns <= (uint64_t)(ended_ns - before_ns)); /* one at a time */
    executor_destroy(ex);
}

static void full_until_half_empty(void **state)
{
    struct executor *ex = make(1, 4);
    struct job jobs[6];
    int64_t before_ns = clock_now_ns();
    int64_t since_ns;

    (void)state;
    jobs_init(jobs, 6, NULL);
    assert_int_equal(executor_full_since_ns(ex), 0);
    occupy(ex, jobs, 1);
    for (size_t i = 1; i < 5; i++) {
        assert_int_equal(executor_full_since_ns(ex), 0);
        submit(ex, &jobs[i]);
    }
    since_ns = executor_full_since_ns(ex); /* full, though nobody has been refused yet */
    assert_true(since_ns >= before_ns && since_ns <= clock_now_ns());
    assert_int_equal(job_submit(ex, &jobs[5]), STATUS_BUSY);
    assert_int_equal(executor_full_since_ns(ex), since_ns);
    assert_int_equal(executor_cancel(ex, &jobs[4].task, TASK_GONE), STATUS_OK);
    assert_int_equal(executor_full_since_ns(ex), since_ns); /* three wait: still */
    submit(ex, &jobs[5]);
    assert_int_equal(executor_full_since_ns(ex), since_ns); /* since then, not since now */
    assert_int_equal(executor_cancel(ex, &jobs[5].task, TASK_GONE), STATUS_OK);
    assert_int_equal(executor_cancel(ex, &jobs[3].task, TASK_GONE), STATUS_OK);
    assert_int_equal(executor_full_since_ns(ex), 0); /* two wait: half */
    job_init(&jobs[3], NULL, false);
    job_init(&jobs[4], NULL, false);
    submit(ex, &jobs[3]);
    assert_int_equal(executor_full_since_ns(ex), 0);
    submit(ex, &jobs[4]);
    assert_true(executor_full_since_ns(ex) >= since_ns);
    for (size_t i = 0; i < 5; i++) {
        job_end(&jobs[i]);
        if (i < 4) {
            sem_wait(&jobs[i + 1].begun);
        }
        assert_int_equal(executor_full_since_ns(ex) != 0, i < 1); /* then two wait: half again */
    }
    executor_destroy(ex);
}

static void full_without_a_queue(void **state)
{
    struct executor *ex = make(2, 0);
    struct job jobs[2];

    (void)state;
    jobs_init(jobs, 2, NULL);
    occupy(ex, jobs, 1);
    assert_int_equal(executor_full_since_ns(ex), 0);
    submit(ex, &jobs[1]);
    assert_int_not_equal(executor_full_since_ns(ex), 0);
    job_end(&jobs[1]);
    assert_int_equal(executor_full_since_ns(ex), 0);
    job_end(&jobs[0]);
    executor_destroy(ex);
}

static void not_full_when_stopped(void **state)
{
    struct executor *ex = make(1, 1);
    struct job jobs[2];

    (void)state;
    jobs_init(jobs, 2, NULL);
    jobs[0].task.work = wait_for_the_token;
    occupy(ex, jobs, 1);
    submit(ex, &jobs[1]);
    assert_int_not_equal(executor_full_since_ns(ex), 0);
    executor_stop(ex);
    assert_int_equal(executor_full_since_ns(ex), 0);
    executor_destroy(ex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(queue_max_is_exact),
        cmocka_unit_test(no_queue_at_all),
        cmocka_unit_test(closed_after_stop),
        cmocka_unit_test(last_to_sleep_is_first_to_wake),
        cmocka_unit_test(a_queue_is_eaten_without_sleeping),
        cmocka_unit_test(every_worker_has_its_own),
        cmocka_unit_test(a_local_that_cannot_be_made),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(signals_are_for_others),
        cmocka_unit_test(a_queued_task_is_removed),
        cmocka_unit_test(a_running_task_is_told),
        cmocka_unit_test(a_task_that_is_over_is_not_found),
        cmocka_unit_test(a_deadline_passes_in_the_queue),
        cmocka_unit_test(stopping_ends_everything),
        cmocka_unit_test(destroying_stops),
        cmocka_unit_test(finish_may_free_the_task),
        cmocka_unit_test(finish_may_submit_it_again),
        cmocka_unit_test(time_is_counted),
        cmocka_unit_test(full_until_half_empty),
        cmocka_unit_test(full_without_a_queue),
        cmocka_unit_test(not_full_when_stopped),
    };

    return cmocka_run_group_tests_name("pool/executor", tests, NULL, NULL);
}
