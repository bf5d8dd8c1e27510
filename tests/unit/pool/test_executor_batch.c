/*
 * Short tasks in batches: who is run together, handed back together, and rescued from behind a slow
 * neighbour. No test knows how large a batch may be, only that a few tasks of a microsecond fit.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/job.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define SHORT_NS 1000
#define MEMBERS  4

/* A short task that remembers with whom it was run and handed back. */
struct member {
    struct job job;
    int batch; /* number of its batch on its worker; 0: it was run alone */
    int group; /* number of the call of finish that handed it back */
    int place; /* and its place in it */
};

/* What a worker keeps: the batch it is in. */
struct local {
    int begins;
    int ends;
    int batch; /* 0: none */
};

static struct local locals[8];
static _Atomic int locals_count;
static _Atomic int groups_count;

static void *local_create(void *user)
{
    struct local *local = &locals[atomic_fetch_add(&locals_count, 1)];

    (void)user;
    *local = (struct local){.batch = 0};
    return local;
}

static void local_destroy(void *memory)
{
    struct local *local = memory;

    assert_int_equal(local->batch, 0);
}

static void batch_begin(void *memory)
{
    struct local *local = memory;

    assert_on_worker();
    assert_int_equal(local->batch, 0);
    local->batch = ++local->begins;
}

static void batch_end(void *memory)
{
    struct local *local = memory;

    assert_on_worker();
    assert_int_not_equal(local->batch, 0);
    local->batch = 0;
    local->ends++;
}

static struct executor *make(unsigned threads)
{
    const struct executor_conf conf = {.name = "test",
                                       .threads = threads,
                                       .queue_max = 20000,
                                       .local_create = local_create,
                                       .local_destroy = local_destroy,
                                       .local_batch_begin = batch_begin,
                                       .local_batch_end = batch_end};
    struct executor *ex = NULL;
    struct error err;

    atomic_store(&locals_count, 0);
    atomic_store(&groups_count, 0);
    assert_int_equal(executor_create(&conf, &ex, &err), STATUS_OK);
    return ex;
}

static void member_work(struct task *task, struct worker *worker)
{
    struct member *member = container_of(task, struct member, job.task);
    const struct local *local;

    assert_on_worker();
    local = worker_local(worker);
    member->batch = local->batch;
    job_work(task, worker);
}

static void member_finish(struct list *tasks)
{
    int group = atomic_fetch_add(&groups_count, 1) + 1;
    int place = 0;

    for (struct list *l = tasks->next; l != tasks; l = l->next) {
        struct member *member = container_of(l, struct member, job.task.link);
        member->group = group;
        member->place = place++;
    }
    job_finish(tasks);
}

static void member_init(struct member *member, struct journal *journal, bool is_free)
{
    job_init(&member->job, journal, is_free);
    member->job.task.work = member_work;
    member->job.task.finish = member_finish;
    member->job.task.is_short = true;
    member->batch = -1;
    member->group = 0;
    member->place = 0;
}

/* Nobody is woken for it: it waits for the worker that a blocker holds. */
static void submit_quietly(struct executor *ex, struct job *job)
{
    assert_int_equal(executor_submit(ex, &job->task, clock_now_ns()), STATUS_OK);
}

static void begin(struct executor *ex, struct job *job)
{
    job_init(job, NULL, false);
    assert_int_equal(job_submit(ex, job), STATUS_OK);
    sem_wait(&job->begun);
}

/* A batch of which the first has begun and waits to be let go; the others end at once. */
static struct executor *begin_batch(struct member *members, size_t n)
{
    struct executor *ex = make(1);
    struct job blocker;

    executor_learn(ex, SHORT_NS);
    begin(ex, &blocker);
    for (size_t i = 0; i < n; i++) {
        member_init(&members[i], NULL, i > 0);
        submit_quietly(ex, &members[i].job);
    }
    job_end(&blocker);
    sem_wait(&members[0].job.begun);
    return ex;
}

static void assert_over(struct job *job, enum task_end end, int runs)
{
    assert_int_equal(atomic_load(&job->finishes), 1);
    assert_int_equal(job->end, end);
    assert_int_equal(atomic_load(&job->runs), runs);
}

static void end(struct executor *ex)
{
    executor_destroy(ex);
    clock_set_for_tests(0);
    for (int i = 0; i < atomic_load(&locals_count); i++) {
        assert_int_equal(locals[i].begins, locals[i].ends);
    }
}

/* --- who is in it --------------------------------------------------------------------------- */

static void short_ones_are_run_together(void **state)
{
    struct journal journal = {0};
    struct executor *ex = make(1);
    struct member members[MEMBERS];
    struct job blocker;
    uint64_t batches;

    (void)state;
    executor_learn(ex, SHORT_NS);
    begin(ex, &blocker);
    batches = stats_of(ex).batches;
    for (size_t i = 0; i < MEMBERS; i++) {
        member_init(&members[i], &journal, true);
        submit_quietly(ex, &members[i].job);
    }
    assert_int_equal(locals[0].begins, 0);
    job_end(&blocker);
    for (int i = 0; i < MEMBERS; i++) {
        sem_wait(&members[i].job.over);
        assert_over(&members[i].job, TASK_DONE, 1);
        assert_int_equal(members[i].job.begun_as, i);
        assert_int_equal(members[i].batch, 1);
        assert_int_equal(members[i].group, 1); /* by one call, in order */
        assert_int_equal(members[i].place, i);
    }
    assert_int_equal(stats_of(ex).batches, batches + 1);
    end(ex);
    assert_int_equal(locals[0].ends, 1);
}

static void one_alone_is_no_batch(void **state)
{
    struct executor *ex = make(1);
    struct member member;

    (void)state;
    executor_learn(ex, SHORT_NS);
    for (size_t i = 0; i < 3; i++) {
        member_init(&member, NULL, true);
        assert_int_equal(job_submit(ex, &member.job), STATUS_OK);
        sem_wait(&member.job.over);
        assert_int_equal(member.batch, 0);
    }
    end(ex);
    assert_int_equal(locals[0].begins, 0);
}

/* s s L s s: two batches with the long one between them. */
static void a_long_one_is_run_alone(void **state)
{
    struct journal journal = {0};
    struct executor *ex = make(1);
    struct member members[5];
    struct job blocker;

    (void)state;
    executor_learn(ex, SHORT_NS);
    begin(ex, &blocker);
    for (size_t i = 0; i < 5; i++) {
        member_init(&members[i], &journal, true);
        members[i].job.task.is_short = i != 2;
        submit_quietly(ex, &members[i].job);
    }
    job_end(&blocker);
    for (int i = 0; i < 5; i++) {
        sem_wait(&members[i].job.over);
        assert_int_equal(members[i].job.begun_as, i);
        assert_int_equal(members[i].batch, i < 2 ? 1 : i == 2 ? 0 : 2);
        assert_int_equal(members[i].group, i < 2 ? 1 : i == 2 ? 2 : 3);
    }
    end(ex);
    assert_int_equal(locals[0].begins, 2);
}

/* Run n members behind a blocker. Return: how many times a worker took some. */
static uint64_t batches_of(int64_t run_ns, size_t n)
{
    struct executor *ex = make(1);
    struct member *members = mem_zalloc(n * sizeof(*members));
    struct job blocker;
    uint64_t before;
    uint64_t batches;

    assert_non_null(members);
    executor_learn(ex, run_ns);
    begin(ex, &blocker);
    before = stats_of(ex).batches;
    for (size_t i = 0; i < n; i++) {
        member_init(&members[i], NULL, true);
        submit_quietly(ex, &members[i].job);
    }
    job_end(&blocker);
    for (size_t i = 0; i < n; i++) {
        sem_wait(&members[i].job.over);
    }
    batches = stats_of(ex).batches - before;
    end(ex);
    mem_free(members);
    return batches;
}

static void a_batch_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(batches_of(NS_PER_S, 20), 20);   /* a second each: one at a time */
    assert_true(batches_of(SHORT_NS, 20000) > 20);    /* twenty milliseconds together */
    assert_true(batches_of(16, 20000) > 20);          /* and were they ever so short */
    assert_true(batches_of(SHORT_NS, 20000) < 10000); /* but they are batches */
}

/* --- until it has begun it is queued ---------------------------------------------------------- */

static void a_member_is_cancelled(void **state)
{
    struct member members[MEMBERS];
    struct executor *ex = begin_batch(members, MEMBERS);

    (void)state;
    assert_int_equal(stats_of(ex).queued, MEMBERS - 1);
    assert_int_equal(stats_of(ex).running, 1);
    assert_int_equal(executor_cancel(ex, &members[2].job.task, TASK_GONE), STATUS_OK);
    assert_over(&members[2].job, TASK_GONE, 0); /* before it returned */
    assert_int_equal(executor_cancel(ex, &members[2].job.task, TASK_GONE), STATUS_NOT_FOUND);
    assert_int_equal(executor_cancel(ex, &members[0].job.task, TASK_GONE), STATUS_BUSY);
    assert_int_equal(stats_of(ex).queued, MEMBERS - 2);
    job_end(&members[0].job);
    sem_wait(&members[1].job.over);
    sem_wait(&members[3].job.over);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_int_equal(cancel_is_set(&members[i].job.task.cancel), i == 0);
        assert_over(&members[i].job, i == 2 ? TASK_GONE : TASK_DONE, i == 2 ? 0 : 1);
    }
    assert_int_equal(members[3].batch, 1);
    assert_int_equal(stats_of(ex).dropped[TASK_GONE], 1);
    assert_int_equal(stats_of(ex).interrupted[TASK_GONE], 1);
    end(ex);
}

static void all_behind_the_first_are_cancelled(void **state)
{
    struct member members[MEMBERS];
    struct executor *ex = begin_batch(members, MEMBERS);
    struct job next;

    (void)state;
    for (size_t i = 1; i < MEMBERS; i++) {
        assert_int_equal(executor_cancel(ex, &members[i].job.task, TASK_GONE), STATUS_OK);
    }
    job_end(&members[0].job);
    job_init(&next, NULL, true);
    assert_int_equal(job_submit(ex, &next), STATUS_OK);
    sem_wait(&next.over);
    assert_int_equal(stats_of(ex).queued, 0);
    end(ex);
}

static void a_deadline_passes_in_a_batch(void **state)
{
    struct member members[MEMBERS];
    struct executor *ex = begin_batch(members, MEMBERS);

    (void)state;
    members[1].job.task.cancel.deadline_ns = clock_now_ns() + 100 * SHORT_NS;
    members[3].job.task.cancel.deadline_ns = clock_now_ns() + 100 * SHORT_NS + 1;
    clock_advance(100 * SHORT_NS);
    job_end(&members[0].job);
    for (size_t i = 1; i < MEMBERS; i++) {
        sem_wait(&members[i].job.over);
        assert_over(&members[i].job, i == 1 ? TASK_DEADLINE : TASK_DONE, i == 1 ? 0 : 1);
    }
    assert_int_equal(stats_of(ex).dropped[TASK_DEADLINE], 1);
    assert_int_equal(stats_of(ex).queued, 0);
    end(ex);
}

/* --- stopping --------------------------------------------------------------------------------- */

static void wait_for_the_token(struct task *task, struct worker *worker)
{
    struct job *job = container_of(task, struct job, task);

    (void)worker;
    assert_on_worker();
    sem_post(&job->begun);
    assert_int_equal(cancel_wait(&task->cancel, clock_now_ns() + 60 * NS_PER_S), STATUS_CANCELLED);
}

static void stopped_in_the_middle(void **state)
{
    struct executor *ex = make(1);
    struct member members[MEMBERS];
    struct job blocker;

    (void)state;
    executor_learn(ex, SHORT_NS);
    begin(ex, &blocker);
    for (size_t i = 0; i < MEMBERS; i++) {
        member_init(&members[i], NULL, true);
        submit_quietly(ex, &members[i].job);
    }
    members[1].job.task.work = wait_for_the_token;
    job_end(&blocker);
    sem_wait(&members[1].job.begun);
    executor_stop(ex); /* would take a minute if the running one were not told */
    assert_over(&members[0].job, TASK_DONE, 1);
    assert_over(&members[1].job, TASK_DONE, 0);
    assert_over(&members[2].job, TASK_CLOSED, 0);
    assert_over(&members[3].job, TASK_CLOSED, 0);
    assert_int_equal(stats_of(ex).queued, 0);
    assert_int_equal(stats_of(ex).running, 0);
    assert_int_equal(stats_of(ex).dropped[TASK_CLOSED], 2);
    end(ex);
}

/* Lets the second go once the first has been handed back. */
static void *let_second_go(void *data)
{
    struct member *members = data;

    sem_wait(&members[0].job.over);
    sem_post(&members[1].job.go);
    return NULL;
}

static void what_is_done_does_not_wait_for_the_stop(void **state)
{
    struct executor *ex = make(1);
    struct member members[2];
    struct job blocker;
    pthread_t thread;

    (void)state;
    executor_learn(ex, SHORT_NS);
    begin(ex, &blocker);
    for (size_t i = 0; i < 2; i++) {
        member_init(&members[i], NULL, i == 0);
        submit_quietly(ex, &members[i].job);
    }
    job_end(&blocker);
    sem_wait(&members[1].job.begun);
    assert_int_equal(atomic_load(&members[0].job.finishes), 0);
    assert_int_equal(pthread_create(&thread, NULL, let_second_go, members), 0);
    executor_stop(ex);
    pthread_join(thread, NULL);
    assert_over(&members[0].job, TASK_DONE, 1);
    assert_over(&members[1].job, TASK_DONE, 1);
    end(ex);
}

/* --- a slow member ---------------------------------------------------------------------------- */

/*
 * By the real clock: f s f f, of which s is slow. Its neighbours are over while it still runs, as
 * far as there is a worker for them.
 */
static struct executor *begin_slow(unsigned threads, struct member *members)
{
    struct executor *ex = make(threads);
    struct job blocker;

    executor_learn(ex, SHORT_NS);
    clock_set_for_tests(0);
    begin(ex, &blocker);
    for (size_t i = 0; i < MEMBERS; i++) {
        member_init(&members[i], NULL, i != 1);
        submit_quietly(ex, &members[i].job);
    }
    job_end(&blocker);
    sem_wait(&members[1].job.begun);
    assert_int_equal(members[0].batch, 1);
    return ex;
}

static void those_before_a_slow_one_are_handed_back(void **state)
{
    struct member members[MEMBERS];
    struct executor *ex = begin_slow(1, members);

    (void)state;
    sem_wait(&members[0].job.over); /* would wait for ever, for the slow one is not let go */
    assert_over(&members[0].job, TASK_DONE, 1);
    assert_int_equal(stats_of(ex).queued, 2);
    assert_int_equal(stats_of(ex).running, 1);
    assert_int_equal(executor_cancel(ex, &members[2].job.task, TASK_GONE), STATUS_OK);
    job_end(&members[1].job);
    sem_wait(&members[3].job.over);
    assert_over(&members[1].job, TASK_DONE, 1);
    assert_over(&members[2].job, TASK_GONE, 0);
    assert_over(&members[3].job, TASK_DONE, 1);
    end(ex);
}

static void those_behind_a_slow_one_run_elsewhere(void **state)
{
    struct member members[MEMBERS];
    struct executor *ex = begin_slow(2, members);

    (void)state;
    sem_wait(&members[2].job.over); /* though nobody was kicked for them */
    sem_wait(&members[3].job.over);
    sem_wait(&members[0].job.over);
    assert_ptr_not_equal(members[2].job.local, members[1].job.local);
    assert_ptr_not_equal(members[3].job.local, members[1].job.local);
    assert_int_equal(atomic_load(&members[1].job.finishes), 0);
    assert_int_equal(stats_of(ex).running, 1);
    job_end(&members[1].job);
    end(ex);
}

/* Those given back are older than what came meanwhile. */
static void those_behind_a_slow_one_come_first(void **state)
{
    struct journal journal = {0};
    struct member members[MEMBERS];
    struct member later;
    struct executor *ex = begin_slow(1, members);

    (void)state;
    for (size_t i = 2; i < MEMBERS; i++) {
        members[i].job.journal = &journal;
    }
    member_init(&later, &journal, true);
    submit_quietly(ex, &later.job);
    sem_wait(&members[0].job.over); /* now they have been given back */
    job_end(&members[1].job);
    sem_wait(&later.job.over);
    sem_wait(&members[2].job.over);
    sem_wait(&members[3].job.over);
    assert_int_equal(members[2].job.begun_as, 0);
    assert_int_equal(members[3].job.begun_as, 1);
    assert_int_equal(later.job.begun_as, 2);
    end(ex);
}

/*
 * A kick that finds somebody awake may wake nobody. But the one who is awake turns out to be slow,
 * and somebody has to see that.
 */
static void a_kick_that_wakes_nobody_is_seen_to(void **state)
{
    struct executor *ex = make(2);
    struct job blocker;
    struct member member;

    (void)state;
    executor_learn(ex, SHORT_NS);
    begin(ex, &blocker);
    member_init(&member, NULL, true);
    assert_int_equal(job_submit(ex, &member.job), STATUS_OK);
    clock_advance(NS_PER_S);
    sem_wait(&member.job.over);
    assert_int_equal(atomic_load(&blocker.finishes), 0);
    job_end(&blocker);
    end(ex);
}

/* --- nothing is left -------------------------------------------------------------------------- */

#define BUNCH_MAX 40

struct piece {
    struct task task;
    unsigned spins;
    sem_t *over;
};

static void spin(struct task *task, struct worker *worker)
{
    const struct piece *piece = container_of(task, struct piece, task);

    (void)worker;
    for (volatile unsigned i = 0; i < piece->spins; i++) {
    }
}

static void post_each(struct list *tasks)
{
    struct list *link;

    while ((link = list_take_first(tasks)) != NULL) {
        sem_post(container_of(link, struct piece, task.link)->over);
    }
}

/* Mostly short, now and then slow. */
static unsigned some_spins(struct random *random)
{
    size_t dice = random_below(random, 50);

    return dice == 0 ? 300000 : dice < 5 ? 20000 : (unsigned)random_below(random, 1000);
}

/*
 * One kick for each bunch, and then nobody does anything until all of it is over: a task for which
 * nobody was woken would wait for ever (the test's time limit tells).
 */
static void what_was_kicked_is_run(void **state)
{
    static struct piece pieces[BUNCH_MAX];
    struct random random = {4};
    struct executor *ex = make(3);
    sem_t over;

    (void)state;
    sem_init(&over, 0, 0);
    for (unsigned round = 0; round < 2000; round++) {
        size_t n = 1 + random_below(&random, random_below(&random, 3) == 0 ? BUNCH_MAX : 3);
        for (size_t i = 0; i < n; i++) {
            task_init(&pieces[i].task, spin, post_each, 0);
            pieces[i].task.is_short = random_below(&random, 5) != 0;
            pieces[i].spins = some_spins(&random);
            pieces[i].over = &over;
            assert_int_equal(executor_submit(ex, &pieces[i].task, clock_now_ns()), STATUS_OK);
            if (random_below(&random, 8) == 0) {
                executor_kick(ex);
            }
        }
        executor_kick(ex);
        for (size_t i = 0; i < n; i++) {
            sem_wait(&over);
        }
        if (random_below(&random, 10) == 0) { /* long enough for everybody to fall asleep */
            for (size_t i = random_below(&random, 200); i > 0; i--) {
                sched_yield();
            }
        }
    }
    assert_int_equal(stats_of(ex).queued, 0);
    assert_int_equal(stats_of(ex).running, 0);
    assert_int_equal(sem_trywait(&over), -1); /* not one more */
    end(ex);
    sem_destroy(&over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_ones_are_run_together),
        cmocka_unit_test(one_alone_is_no_batch),
        cmocka_unit_test(a_long_one_is_run_alone),
        cmocka_unit_test(a_batch_is_bounded),
        cmocka_unit_test(a_member_is_cancelled),
        cmocka_unit_test(all_behind_the_first_are_cancelled),
        cmocka_unit_test(a_deadline_passes_in_a_batch),
        cmocka_unit_test(stopped_in_the_middle),
        cmocka_unit_test(what_is_done_does_not_wait_for_the_stop),
        cmocka_unit_test(those_before_a_slow_one_are_handed_back),
        cmocka_unit_test(those_behind_a_slow_one_run_elsewhere),
        cmocka_unit_test(those_behind_a_slow_one_come_first),
        cmocka_unit_test(a_kick_that_wakes_nobody_is_seen_to),
        cmocka_unit_test(what_was_kicked_is_run),
    };

    return cmocka_run_group_tests_name("pool/executor_batch", tests, NULL, NULL);
}
