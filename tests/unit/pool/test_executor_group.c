/* Groups of tasks: handed back together, run again alone when the group is lost. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/processors.h"
#include "pool/executor.h"

#define TASKS    8
#define FEW      4
#define GATHERED 32 /* as many need not wait for more */

/* Guarded by mu. The log has a letter for each thing that happened. */
static struct {
    pthread_mutex_t mu;
    pthread_cond_t has_changed;
    char log[256];
    size_t size;
    unsigned loses; /* this group, counted from 1, is lost; 0: none */
    unsigned ended;
    bool is_full;  /* after each task */
    unsigned over; /* tasks handed back */
    unsigned rests;
    unsigned idle; /* of these */
    bool is_gate_closed;
    bool is_end_held; /* each group's */
} s;

static struct executor *executor;

struct piece {
    struct task task;
    char name;
    unsigned runs;
    bool waits; /* at the gate */
    bool seals; /* its token, before it waits */
    enum status sealed;
};

static void note(char what)
{
    pthread_mutex_lock(&s.mu);
    if (s.size + 1 < sizeof(s.log)) {
        s.log[s.size++] = what;
    }
    pthread_cond_broadcast(&s.has_changed);
    pthread_mutex_unlock(&s.mu);
}

static void begin(void *local)
{
    (void)local;
    note('(');
}

static bool is_full(void *local)
{
    bool is;

    (void)local;
    pthread_mutex_lock(&s.mu);
    is = s.is_full;
    pthread_mutex_unlock(&s.mu);
    return is;
}

static bool end(void *local)
{
    bool counts;

    (void)local;
    pthread_mutex_lock(&s.mu);
    counts = ++s.ended != s.loses;
    pthread_mutex_unlock(&s.mu);
    note(counts ? ')' : '!');
    pthread_mutex_lock(&s.mu);
    while (s.is_end_held) {
        pthread_cond_wait(&s.has_changed, &s.mu);
    }
    pthread_mutex_unlock(&s.mu);
    return counts;
}

static void rest(void *local, bool is_idle, bool is_waited_for)
{
    (void)local;
    (void)is_waited_for;
    pthread_mutex_lock(&s.mu);
    s.rests++;
    s.idle += is_idle;
    pthread_cond_broadcast(&s.has_changed);
    pthread_mutex_unlock(&s.mu);
}

static const struct executor_group group = {
    .begin = begin, .is_full = is_full, .end = end, .rest = rest};

static void work(struct task *task, struct worker *worker)
{
    struct piece *p = container_of(task, struct piece, task);

    (void)worker;
    p->runs++;
    if (p->seals) {
        p->sealed = cancel_seal(&task->cancel);
    }
    note(p->name);
    pthread_mutex_lock(&s.mu);
    while (p->waits && s.is_gate_closed) {
        pthread_cond_wait(&s.has_changed, &s.mu);
    }
    pthread_mutex_unlock(&s.mu);
}

static void finish(struct list *tasks)
{
    struct list *link;

    while ((link = list_take_first(tasks)) != NULL) {
        note('.');
        pthread_mutex_lock(&s.mu);
        s.over++;
        pthread_cond_broadcast(&s.has_changed);
        pthread_mutex_unlock(&s.mu);
    }
}

static void submit(struct piece *p, char name, bool waits)
{
    int64_t now_ns = clock_now_ns();

    *p = (struct piece){.name = name, .waits = waits};
    task_init(&p->task, work, finish, 0);
    assert_int_equal(executor_submit(executor, &p->task, now_ns), STATUS_OK);
    executor_kick(executor);
}

static void wait_count(const unsigned *what, unsigned count)
{
    pthread_mutex_lock(&s.mu);
    while (*what < count) {
        pthread_cond_wait(&s.has_changed, &s.mu);
    }
    pthread_mutex_unlock(&s.mu);
}

static void wait_over(unsigned count)
{
    wait_count(&s.over, count);
}

static void wait_log(size_t size)
{
    pthread_mutex_lock(&s.mu);
    while (s.size < size) {
        pthread_cond_wait(&s.has_changed, &s.mu);
    }
    pthread_mutex_unlock(&s.mu);
}

static void set(bool *flag, bool to)
{
    pthread_mutex_lock(&s.mu);
    *flag = to;
    pthread_cond_broadcast(&s.has_changed);
    pthread_mutex_unlock(&s.mu);
}

static void open_gate(void)
{
    set(&s.is_gate_closed, false);
}

/* The first one keeps the worker until the others wait. */
static void gather(struct piece *pieces, size_t count)
{
    s.is_gate_closed = true;
    submit(&pieces[0], 'a', true);
    wait_log(2); /* "(a" */
    for (size_t i = 1; i < count; i++) {
        submit(&pieces[i], (char)('a' + i), false);
    }
}

static enum status create(const struct executor_group *how, unsigned queue_max)
{
    struct executor_conf conf = {
        .name = "write", .threads = 1, .queue_max = queue_max, .group = how};
    struct error err;

    return executor_create(&conf, &executor, &err);
}

static void those_that_wait_are_handed_back_together(void **state)
{
    struct piece p[4];

    (void)state;
    clock_set_for_tests(clock_now_ns()); /* nothing takes long, whatever else this machine does */
    gather(p, 4);
    open_gate();
    wait_over(4);
    assert_string_equal(s.log, "(a).(bcd)...");
    clock_set_for_tests(0);
}

static void a_full_group_ends(void **state)
{
    struct piece p[4];

    (void)state;
    s.is_full = true;
    gather(p, 4);
    open_gate();
    wait_over(4);
    assert_string_equal(s.log, "(a).(b).(c).(d).");
}

static void a_lost_group_is_run_again_one_by_one(void **state)
{
    struct piece p[4];

    (void)state;
    clock_set_for_tests(clock_now_ns()); /* nothing takes long, whatever else this machine does */
    s.loses = 2;                         /* the second one */
    gather(p, 4);
    open_gate();
    wait_over(4);
    assert_string_equal(s.log, "(a).(bcd!bcd...");
    assert_int_equal(p[0].runs, 1);
    assert_int_equal(p[3].runs, 2);
    assert_int_equal(p[3].task.end, TASK_DONE);
    clock_set_for_tests(0);
}

static void what_was_lost_and_came_too_late_is_not_run_again(void **state)
{
    struct piece p;

    (void)state;
    s.loses = 1;
    s.is_gate_closed = true;
    p = (struct piece){.name = 'a', .waits = true};
    task_init(&p.task, work, finish, clock_now_ns() + 20 * NS_PER_MS);
    assert_int_equal(executor_submit(executor, &p.task, clock_now_ns()), STATUS_OK);
    executor_kick(executor);
    wait_log(2);
    while (clock_now_ns() < p.task.cancel.deadline_ns) {
    }
    open_gate();
    wait_over(1);
    assert_string_equal(s.log, "(a!.");
    assert_int_equal(p.task.end, TASK_DEADLINE);
    assert_int_equal(p.runs, 1);
}

/* A client that goes away takes what is queued with it, and stops nothing that has begun. */
static void gone(void **state)
{
    struct piece p[3];

    (void)state;
    gather(p, 3);
    assert_int_equal(executor_cancel(executor, &p[1].task, TASK_GONE), STATUS_OK);
    assert_int_equal(executor_cancel(executor, &p[0].task, TASK_GONE), STATUS_BUSY);
    assert_false(cancel_is_set(&p[0].task.cancel));
    open_gate();
    wait_over(3);
    assert_string_equal(s.log, "(a.).(c).");
    assert_int_equal(p[1].task.end, TASK_GONE);
    assert_int_equal(p[1].runs, 0);
    assert_int_equal(p[0].task.end, TASK_DONE);
}

static void killed(void **state)
{
    struct piece p[1];

    (void)state;
    gather(p, 1);
    assert_int_equal(executor_cancel(executor, &p[0].task, TASK_KILLED), STATUS_BUSY);
    assert_true(cancel_is_set(&p[0].task.cancel));
    open_gate();
    wait_over(1);
}

/* Is about to count: nobody can say that it does not. */
static void what_is_sealed_cannot_be_killed(void **state)
{
    struct piece p = {.name = 'a', .waits = true, .seals = true};

    (void)state;
    s.loses = 1;
    s.is_gate_closed = true;
    task_init(&p.task, work, finish, 0);
    assert_int_equal(executor_submit(executor, &p.task, clock_now_ns()), STATUS_OK);
    executor_kick(executor);
    wait_log(2);
    assert_int_equal(executor_cancel(executor, &p.task, TASK_KILLED), STATUS_NOT_FOUND);
    assert_int_equal(executor_cancel(executor, &p.task, TASK_DEADLINE), STATUS_NOT_FOUND);
    assert_false(cancel_is_set(&p.task.cancel));
    open_gate();
    wait_over(1);
    assert_string_equal(s.log, "(a!a.");
    assert_int_equal(p.sealed, STATUS_OK); /* the second time, too */
    assert_int_equal(p.task.end, TASK_DONE);
}

/* --- who looks on --- */

struct look {
    char seen[64]; /* name and sight of each */
    size_t size;
};

static void see(void *user, const struct task *task, enum executor_sight sight)
{
    static const char letters[] = {
        [SIGHT_QUEUED] = 'q', [SIGHT_RUNNING] = 'r', [SIGHT_STUCK] = 's', [SIGHT_HELD] = 'h'};
    struct look *look = user;

    if (look->size + 2 < sizeof(look->seen)) {
        look->seen[look->size++] = const_container_of(task, struct piece, task)->name;
        look->seen[look->size++] = letters[sight];
    }
}

static void assert_seen(const char *expected)
{
    struct look look = {.size = 0};

    executor_visit(executor, see, &look);
    assert_string_equal(look.seen, expected);
}

/* A COMMIT that takes its time: those that wait for it are seen, and nobody can end them. */
static void who_waits_for_the_end_is_seen(void **state)
{
    struct piece p[3];

    (void)state;
    clock_set_for_tests(clock_now_ns()); /* nothing takes long, whatever else this machine does */
    set(&s.is_end_held, true);
    s.loses = 2;
    gather(p, 2);
    submit(&p[2], 'c', true);
    assert_seen("arbqcq");
    open_gate();
    wait_log(3); /* "(a)" */
    assert_seen("ahbqcq");
    assert_int_equal(executor_cancel(executor, &p[0].task, TASK_KILLED), STATUS_NOT_FOUND);
    set(&s.is_gate_closed, true);
    set(&s.is_end_held, false);
    wait_log(7); /* "(a).(bc" */
    assert_seen("bhcr");
    set(&s.is_end_held, true);
    open_gate();
    wait_log(8); /* "(a).(bc!" */
    assert_seen("bhch");
    p[1].waits = true; /* when it runs again */
    set(&s.is_gate_closed, true);
    set(&s.is_end_held, false);
    wait_log(9); /* "(a).(bc!b" */
    assert_seen("chbr");
    open_gate();
    wait_over(3);
    assert_string_equal(s.log, "(a).(bc!bc..");
    assert_seen("");
    clock_set_for_tests(0);
}

static void after_a_while_it_rests(void **state)
{
    struct piece p[1];

    (void)state;
    clock_set_for_tests(clock_now_ns() + 3600 * NS_PER_S); /* says nothing about how it sleeps */
    gather(p, 1);
    open_gate();
    wait_over(1);
    wait_count(&s.idle, 1);
    submit(&p[0], 'b', false); /* and goes on */
    wait_over(2);
    pthread_mutex_lock(&s.mu);     /* it rests behind its answers */
    assert_in_range(s.idle, 1, 2); /* once behind each group, at most */
    pthread_mutex_unlock(&s.mu);
    clock_set_for_tests(0);
}

/* --- on busy processors: one group in an hour, if nothing ends the wait --- */

static const struct executor_group patient_group = {
    .begin = begin, .is_full = is_full, .end = end, .rest = rest, .apart_ns = 3600 * NS_PER_S};

static void busy_processors_are_given_fewer_groups(void **state)
{
    struct piece p[1 + GATHERED];

    (void)state;
    processors_set_for_tests(PROCESSORS_BUSY);
    clock_set_for_tests(clock_now_ns()); /* nothing takes long, whatever else this machine does */
    gather(p, 3);
    open_gate();
    wait_over(1); /* from here on it gathers */
    for (unsigned i = 3; i < 1 + GATHERED; i++) {
        submit(&p[i], 'x', false);
    }
    wait_over(1 + GATHERED);
    assert_memory_equal(s.log, "(a).(bcxxx", 10);
    assert_ptr_equal(strchr(s.log, ')'), s.log + 2);
    assert_ptr_equal(strrchr(s.log, ')'), s.log + 5 + GATHERED); /* and there is no third */
    assert_int_equal(s.ended, 2);
    clock_set_for_tests(0);
}

static void idle_processors_are_used(void **state)
{
    struct piece p[3];

    (void)state;
    processors_set_for_tests(PROCESSORS_IDLE);
    gather(p, 3);
    open_gate();
    wait_over(3);
}

static void who_comes_late_enough_does_not_wait(void **state)
{
    struct piece p[2];

    (void)state;
    processors_set_for_tests(PROCESSORS_BUSY);
    clock_set_for_tests(clock_now_ns());
    submit(&p[0], 'a', false);
    wait_over(1);
    clock_set_for_tests(clock_now_ns() + 3600 * NS_PER_S);
    submit(&p[1], 'b', false);
    wait_over(2);
    clock_set_for_tests(0);
}

static void stopped_while_it_gathers(void **state)
{
    struct piece p[3];

    (void)state;
    processors_set_for_tests(PROCESSORS_BUSY);
    gather(p, 3);
    open_gate();
    wait_over(1);
    wait_count(&s.rests, 1);
    executor_stop(executor); /* it gathers, or is about to */
    assert_int_equal(s.over, 3);
    assert_int_equal(p[2].task.end, TASK_CLOSED);
}

static void a_full_queue_does_not_wait(void **state)
{
    struct piece p[2 + FEW]; /* one may run besides those queued */

    (void)state;
    processors_set_for_tests(PROCESSORS_BUSY);
    gather(p, 3);
    open_gate();
    wait_over(1);
    for (unsigned i = 3; i < 2 + FEW; i++) {
        submit(&p[i], (char)('a' + i), false);
    }
    wait_over(2 + FEW);
}

/* --- stopping --- */

static void stopped_with_a_group_under_way(void **state)
{
    struct piece p[3];

    (void)state;
    gather(p, 3);
    open_gate();
    executor_stop(executor); /* whatever it meets: everybody is finished once */
    assert_int_equal(s.over, 3);
}

/* Groups that are lost, and a stop that meets them anywhere: everybody is finished once, and runs twice at most. */
static void stopped_anywhere(void **state)
{
    struct piece p[TASKS];

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        executor_destroy(executor);
        s.over = 0;
        s.ended = 0;
        s.loses = 1 + i % 3;
        assert_int_equal(create(&group, GATHERED), STATUS_OK);
        for (unsigned n = 0; n < TASKS; n++) {
            submit(&p[n], 'x', false);
        }
        wait_over(i % TASKS);
        executor_stop(executor);
        assert_int_equal(s.over, TASKS);
        for (unsigned n = 0; n < TASKS; n++) {
            assert_in_range(p[n].runs, p[n].task.end == TASK_DONE ? 1 : 0, 2);
        }
    }
}

static int set_up(const struct executor_group *how, unsigned queue_max)
{
    memset(&s, 0, sizeof(s));
    pthread_mutex_init(&s.mu, NULL);
    pthread_cond_init(&s.has_changed, NULL);
    return create(how, queue_max) == STATUS_OK ? 0 : -1;
}

static int setup(void **state)
{
    (void)state;
    return set_up(&group, GATHERED);
}

static int setup_patient(void **state)
{
    (void)state;
    return set_up(&patient_group, GATHERED);
}

static int setup_patient_few(void **state)
{
    (void)state;
    return set_up(&patient_group, FEW);
}

static int teardown(void **state)
{
    (void)state;
    executor_destroy(executor);
    processors_set_for_tests(PROCESSORS_AS_THEY_ARE);
    pthread_cond_destroy(&s.has_changed);
    pthread_mutex_destroy(&s.mu);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(those_that_wait_are_handed_back_together, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_group_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_group_is_run_again_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_lost_and_came_too_late_is_not_run_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gone, setup, teardown),
        cmocka_unit_test_setup_teardown(killed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_sealed_cannot_be_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(who_waits_for_the_end_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_while_it_rests, setup, teardown),
        cmocka_unit_test_setup_teardown(busy_processors_are_given_fewer_groups, setup_patient,
                                        teardown),
        cmocka_unit_test_setup_teardown(idle_processors_are_used, setup_patient, teardown),
        cmocka_unit_test_setup_teardown(who_comes_late_enough_does_not_wait, setup_patient,
                                        teardown),
        cmocka_unit_test_setup_teardown(stopped_while_it_gathers, setup_patient, teardown),
        cmocka_unit_test_setup_teardown(a_full_queue_does_not_wait, setup_patient_few, teardown),
        cmocka_unit_test_setup_teardown(stopped_with_a_group_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(stopped_anywhere, setup, teardown),
    };

    return cmocka_run_group_tests_name("pool/executor_group", tests, NULL, NULL);
}
