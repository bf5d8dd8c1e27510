#include "pool/pipe.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define FAR_NS (60 * NS_PER_S) /* a wait that must be ended by something else */

static const struct pipe_patience patient = {.stall_ns = FAR_NS, .end_ns = INT64_MAX};

/* A pipe, and how often its reader was told. */
struct told {
    struct pipe pipe;
    struct cancel cancel;
    sem_t news;
    _Atomic int count;
};

static void on_news(void *user)
{
    struct told *t = user;

    atomic_fetch_add(&t->count, 1);
    sem_post(&t->news);
}

static void set_up(struct told *t, size_t capacity)
{
    cancel_init(&t->cancel, 0);
    sem_init(&t->news, 0, 0);
    atomic_init(&t->count, 0);
    assert_int_equal(pipe_init(&t->pipe, capacity, on_news, t), STATUS_OK);
}

static void tear_down(struct told *t)
{
    pipe_fini(&t->pipe);
    sem_destroy(&t->news);
}

static void put(struct told *t, const char *text)
{
    size_t n;

    assert_int_equal(pipe_put(&t->pipe, text, strlen(text), &t->cancel, &patient, &n), STATUS_OK);
    assert_int_equal(n, strlen(text));
}

static void assert_taken(struct told *t, size_t max, const char *expected)
{
    char to[64];
    size_t n = pipe_take(&t->pipe, to, max);

    assert_int_equal(n, strlen(expected));
    assert_memory_equal(to, expected, n);
}

static void what_goes_in_comes_out(void **state)
{
    struct told t;

    (void)state;
    set_up(&t, 8);
    put(&t, "abc");
    assert_taken(&t, 2, "ab");
    put(&t, "defghij"); /* around the end of the ring, and full */
    assert_int_equal(pipe_room(&t.pipe), 0);
    assert_taken(&t, 64, "cdefghij");
    assert_taken(&t, 64, "");
    assert_int_equal(pipe_room(&t.pipe), 8);
    tear_down(&t);
}

static void the_reader_is_told_once_each_time_it_waits(void **state)
{
    struct told t;

    (void)state;
    set_up(&t, 64);
    put(&t, "a"); /* it waits from the start */
    put(&t, "b");
    assert_int_equal(t.count, 1);
    assert_taken(&t, 1, "a"); /* and there is more */
    put(&t, "c");
    assert_int_equal(t.count, 1);
    assert_taken(&t, 64, "bc"); /* it has not been told that there is nothing */
    put(&t, "d");
    assert_int_equal(t.count, 1);
    assert_taken(&t, 64, "d");
    assert_taken(&t, 64, "");
    assert_taken(&t, 64, "");
    put(&t, "e");
    assert_int_equal(t.count, 2);
    assert_taken(&t, 64, "e");
    assert_taken(&t, 64, "");
    pipe_tell(&t.pipe);
    pipe_tell(&t.pipe);
    assert_int_equal(t.count, 3);
    assert_taken(&t, 64, "");
    put(&t, ""); /* nothing at all is news as well */
    assert_int_equal(t.count, 4);
    tear_down(&t);
}

static void patience_ends(void **state)
{
    const struct pipe_patience none = {0};
    const struct pipe_patience brief = {.stall_ns = NS_PER_MS, .end_ns = INT64_MAX};
    const struct pipe_patience over = {.stall_ns = FAR_NS, .end_ns = clock_now_ns() + NS_PER_MS};
    struct told t;
    size_t n = 7;

    (void)state;
    set_up(&t, 4);
    assert_int_equal(pipe_put(&t.pipe, "abcdef", 6, &t.cancel, &none, &n), STATUS_BUSY);
    assert_int_equal(n, 4);
    assert_int_equal(pipe_put(&t.pipe, "ef", 2, &t.cancel, &brief, &n), STATUS_BUSY);
    assert_int_equal(n, 0);
    assert_int_equal(pipe_put(&t.pipe, "ef", 2, &t.cancel, &over, &n), STATUS_BUSY);
    assert_int_equal(n, 0);
    assert_taken(&t, 1, "a"); /* room for one, which is not half */
    assert_int_equal(pipe_put(&t.pipe, "ef", 2, &t.cancel, &brief, &n), STATUS_BUSY);
    assert_int_equal(n, 1);
    assert_taken(&t, 64, "bcde");
    tear_down(&t);
}

static void the_token_ends_the_wait(void **state)
{
    struct told t;
    size_t n;

    (void)state;
    set_up(&t, 4);
    put(&t, "abcd");
    cancel_extend(&t.cancel, clock_now_ns() + NS_PER_MS);
    assert_int_equal(pipe_put(&t.pipe, "e", 1, &t.cancel, &patient, &n), STATUS_DEADLINE);
    cancel_extend(&t.cancel, 0);
    cancel_set(&t.cancel);
    assert_int_equal(pipe_put(&t.pipe, "e", 1, &t.cancel, &patient, &n), STATUS_CANCELLED);
    assert_int_equal(n, 0);
    tear_down(&t);
}

static void no_memory(void **state)
{
    struct pipe p;

    (void)state;
    mem_fail_after(1);
    assert_int_equal(pipe_init(&p, 16, on_news, NULL), STATUS_NOMEM);
    mem_fail_after(-1);
    pipe_fini(&p);
}

/* --- two threads -------------------------------------------------------------------------- */

#define STRESS_BYTES ((size_t)8 * 1024 * 1024)

static char byte_at(size_t place)
{
    return (char)(place * 2654435761U >> 13);
}

struct writer {
    struct told *t;
    enum status status;
    size_t put;
};

static void *write_all(void *argument)
{
    struct writer *w = argument;
    struct random random = {.state = 7};
    static char piece[5000];

    while (w->put < STRESS_BYTES && w->status == STATUS_OK) {
        size_t size = random_below(&random, sizeof(piece)) + 1;
        size_t n;
        size = size < STRESS_BYTES - w->put ? size : STRESS_BYTES - w->put;
        for (size_t i = 0; i < size; i++) {
            piece[i] = byte_at(w->put + i);
        }
        w->status = pipe_put(&w->t->pipe, piece, size, &w->t->cancel, &patient, &n);
        w->put += n;
    }
    return NULL;
}

static void every_byte_arrives_in_order(void **state)
{
    struct random random = {.state = 3};
    struct told t;
    struct writer w = {.t = &t};
    pthread_t thread;
    size_t taken = 0;
    static char to[6000];

    (void)state;
    set_up(&t, 4096);
    assert_int_equal(pthread_create(&thread, NULL, write_all, &w), 0);
    sem_wait(&t.news);
    while (taken < STRESS_BYTES) {
        size_t n = pipe_take(&t.pipe, to, random_below(&random, sizeof(to)) + 1);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(to[i], byte_at(taken + i));
        }
        taken += n;
        if (n == 0) {
            sem_wait(&t.news); /* never in vain: the writer tells */
        }
    }
    pthread_join(thread, NULL);
    assert_int_equal(w.status, STATUS_OK);
    assert_int_equal(w.put, STRESS_BYTES);
    tear_down(&t);
}

/* The reader goes away in the middle. */
static void a_writer_that_waits_is_cancelled(void **state)
{
    char to[1000];

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct told t;
        struct writer w = {.t = &t};
        pthread_t thread;

        set_up(&t, 4096);
        assert_int_equal(pthread_create(&thread, NULL, write_all, &w), 0);
        sem_wait(&t.news);
        for (int k = 0; k < i; k++) {
            (void)pipe_take(&t.pipe, to, sizeof(to)); /* whatever is there */
        }
        cancel_set(&t.cancel);
        pthread_join(thread, NULL);
        assert_int_equal(w.status, STATUS_CANCELLED);
        tear_down(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(the_reader_is_told_once_each_time_it_waits),
        cmocka_unit_test(patience_ends),
        cmocka_unit_test(the_token_ends_the_wait),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(every_byte_arrives_in_order),
        cmocka_unit_test(a_writer_that_waits_is_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
