/*
 * Many submitters, cancellers and workers at once: each accepted task is finished exactly once, in
 * a way that fits what happened to it, and the executor's numbers add up.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pool/executor.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define SUBMITTERS 2
#define CANCELLERS 2
#define TASKS      20000
#define SHARE      (TASKS / SUBMITTERS)

struct piece {
    struct task task;
    struct storm *storm;
    _Atomic bool is_submitted; /* release: others may cancel it from now on */
    _Atomic bool was_removed;  /* executor_cancel said OK */
    _Atomic int runs;
    _Atomic int finishes;
    enum task_end end;
};

struct storm {
    struct executor *ex;
    struct piece *pieces;
    sem_t over;
    _Atomic unsigned accepted;
    _Atomic unsigned refused;
    _Atomic unsigned closed;
    _Atomic unsigned submitters; /* still at it */
    _Atomic unsigned next;
};

static void work(struct task *task, struct worker *worker)
{
    struct piece *piece = container_of(task, struct piece, task);

    (void)worker;
    assert_on_worker();
    atomic_fetch_add(&piece->runs, 1);
    for (int i = 0; i < 200 && !cancel_is_set(&task->cancel); i++) {
    }
}

static void finish(struct list *tasks)
{
    struct list *link;

    while ((link = list_take_first(tasks)) != NULL) {
        struct piece *piece = container_of(link, struct piece, task.link);
        piece->end = piece->task.end;
        atomic_fetch_add(&piece->finishes, 1);
        sem_post(&piece->storm->over);
    }
}

/* A third has a deadline near enough to pass in the queue now and then. */
static int64_t some_deadline(struct random *random)
{
    if (random_below(random, 3) != 0) {
        return 0;
    }
    return clock_now_ns() + (int64_t)random_below(random, 200000);
}

/* Return: false once the executor is closed. */
static bool submit(struct storm *storm, struct piece *piece, struct random *random)
{
    enum status status;

    do {
        task_init(&piece->task, work, finish, some_deadline(random));
        piece->task.is_short = random_below(random, 4) != 0;
        status = executor_submit(storm->ex, &piece->task, clock_now_ns());
        executor_kick(storm->ex);
        if (status == STATUS_BUSY || status == STATUS_DEADLINE) {
            atomic_fetch_add(&storm->refused, 1);
            sched_yield();
        }
    } while (status == STATUS_BUSY || status == STATUS_DEADLINE);
    if (status == STATUS_CLOSED) {
        atomic_fetch_add(&storm->closed, 1);
        return false;
    }
    atomic_fetch_add(&storm->accepted, 1);
    atomic_store_explicit(&piece->is_submitted, true, memory_order_release);
    return true;
}

static void *submit_many(void *data)
{
    struct storm *storm = data;
    size_t first = atomic_fetch_add(&storm->next, 1) * SHARE;
    struct random random = {first + 1};

    for (size_t i = first; i < first + SHARE; i++) {
        (void)submit(storm, &storm->pieces[i], &random); /* counted there */
    }
    atomic_fetch_sub(&storm->submitters, 1);
    return NULL;
}

static void *cancel_many(void *data)
{
    struct storm *storm = data;
    struct random random = {77};

    while (atomic_load(&storm->submitters) > 0) {
        struct piece *piece = &storm->pieces[random_below(&random, TASKS)];
        if (atomic_load_explicit(&piece->is_submitted, memory_order_acquire) &&
            executor_cancel(storm->ex, &piece->task, TASK_GONE) == STATUS_OK) {
            atomic_store(&piece->was_removed, true);
        }
    }
    return NULL;
}

static void storm_begin(struct storm *storm, pthread_t *threads)
{
    const struct executor_conf conf = {.name = "storm", .threads = 3, .queue_max = 64};
    struct error err;

    *storm = (struct storm){.submitters = SUBMITTERS};
    assert_int_equal(executor_create(&conf, &storm->ex, &err), STATUS_OK);
    storm->pieces = mem_zalloc(TASKS * sizeof(*storm->pieces));
    assert_non_null(storm->pieces);
    sem_init(&storm->over, 0, 0);
    for (size_t i = 0; i < TASKS; i++) {
        storm->pieces[i].storm = storm;
    }
    for (size_t i = 0; i < SUBMITTERS + CANCELLERS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, i < SUBMITTERS ? submit_many : cancel_many, storm),
            0);
    }
}

static void assert_one_story(const struct piece *piece, uint64_t *tally)
{
    int finishes = atomic_load(&piece->finishes);
    int runs = atomic_load(&piece->runs);

    if (!atomic_load(&piece->is_submitted)) {
        assert_int_equal(finishes + runs, 0);
        return;
    }
    assert_int_equal(finishes, 1);
    assert_int_equal(runs, piece->end == TASK_DONE ? 1 : 0);
    if (atomic_load(&piece->was_removed)) {
        assert_int_equal(piece->end, TASK_GONE);
    }
    tally[piece->end]++;
}

static void storm_end(struct storm *storm)
{
    uint64_t tally[TASK_ENDS] = {0};
    uint64_t over = 0;
    struct executor_stats s;

    executor_stats(storm->ex, &s);
    for (size_t i = 0; i < TASKS; i++) {
        assert_one_story(&storm->pieces[i], tally);
    }
    assert_int_equal(s.queued, 0);
    assert_int_equal(s.running, 0);
    assert_int_equal(s.submitted, atomic_load(&storm->accepted));
    assert_int_equal(s.refused[EXECUTOR_FULL] + s.refused[EXECUTOR_TOO_LATE],
                     atomic_load(&storm->refused));
    assert_int_equal(histogram_count(&s.run), tally[TASK_DONE]);
    for (size_t i = 0; i < TASK_ENDS; i++) {
        over += tally[i];
        if (i != TASK_DONE) {
            assert_int_equal(s.dropped[i], tally[i]);
        }
    }
    assert_int_equal(s.submitted, over);
    assert_int_equal(s.stuck, 0);
    executor_destroy(storm->ex);
    mem_free(storm->pieces);
    sem_destroy(&storm->over);
}

static void everything_once(void **state)
{
    struct storm storm;
    pthread_t threads[SUBMITTERS + CANCELLERS];

    (void)state;
    storm_begin(&storm, threads);
    for (size_t i = 0; i < TASKS; i++) {
        sem_wait(&storm.over);
    }
    for (size_t i = 0; i < SUBMITTERS + CANCELLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&storm.accepted), TASKS);
    assert_int_equal(sem_trywait(&storm.over), -1); /* not one more */
    storm_end(&storm);
}

static void stopped_in_the_middle(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        struct storm storm;
        pthread_t threads[SUBMITTERS + CANCELLERS];

        storm_begin(&storm, threads);
        for (size_t i = 0; i < TASKS / 10 * round; i++) {
            sem_wait(&storm.over);
        }
        executor_stop(storm.ex);
        for (size_t i = 0; i < SUBMITTERS + CANCELLERS; i++) {
            pthread_join(threads[i], NULL);
        }
        assert_int_equal(atomic_load(&storm.accepted) + atomic_load(&storm.closed), TASKS);
        storm_end(&storm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_once),
        cmocka_unit_test(stopped_in_the_middle),
    };

    return cmocka_run_group_tests_name("pool/executor_stress", tests, NULL, NULL);
}
