/*
 * Answers that leave in pieces, without sockets: the test is the loop, and takes from the pipe what
 * libmicrohttpd would send.
 */
#include "server/stream.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pool/executor.h"
#include "server/exchange.h"
#include "tests/unit/text.h"

#define PIECE  ((size_t)50000)
#define PIECES ((size_t)60) /* 3 MB: ten times the pipe */

static struct completions completions;
static struct executor *pool;
static struct streams *streams;

/* What the handler does, and what it saw. */
static struct {
    size_t pieces;
    bool fails; /* in the end */
    long no_memory_at;
    enum status seen; /* of the last flush */
    struct error err;
} play;

static char byte_at(size_t place)
{
    return (char)(place * 2654435761U >> 13);
}

static void work(const struct handler *handler, struct call *call, struct worker *worker)
{
    struct buf *body = call_answer(call, 200, "text/plain");
    size_t place = 0;

    (void)handler;
    (void)worker;
    assert_on_worker();
    play.seen = STATUS_OK;
    for (size_t i = 0; i < play.pieces && play.seen == STATUS_OK; i++) {
        for (size_t k = 0; k < PIECE; k++) {
            buf_append_char(body, byte_at(place++));
        }
        mem_fail_after(i == 0 ? play.no_memory_at : -1);
        play.seen = call_flush(call, &play.err);
        mem_fail_after(-1);
    }
    if (play.seen != STATUS_OK) {
        call_fail_error(call, &play.err);
    } else if (play.fails) {
        call_fail(call, PROBLEM_INTERNAL, NULL, "it broke");
    }
}

static const struct handler handler = {.kind = HANDLER_BLOCKING, .work = work};

/* --- a loop ----------------------------------------------------------------------------------- */

static struct exchange *begin(size_t pieces, const char *method) ON_LOOP
{
    static struct route route;
    struct exchange *ex = exchange_create(&completions, 65536 * 4);

    assert_non_null(ex);
    route = (struct route){.pattern = "/x", .handler = &handler, .executor = pool};
    play.pieces = pieces;
    exchange_move(ex, EXCHANGE_BODY);
    exchange_move(ex, EXCHANGE_READY);
    ex->route = &route;
    ex->call.request.method = method_of(str_of(method));
    ex->call.request.version = STR("HTTP/1.1");
    exchange_let_stream(ex, streams);
    assert_int_equal(exchange_submit(ex, 1, 0, clock_now_ns()), STATUS_OK);
    executor_kick(pool);
    return ex;
}

static struct completion *await(void) ON_LOOP
{
    struct completion *c = completions_take(&completions);

    while (c == NULL) {
        struct pollfd p = {.fd = completions.wake_fd, .events = POLLIN};
        uint64_t wakes;
        assert_int_equal(poll(&p, 1, -1), 1);
        assert_int_equal(read(completions.wake_fd, &wakes, sizeof(wakes)), sizeof(wakes));
        c = completions_take(&completions);
    }
    return c;
}

/* What has been taken so far. */
struct reader {
    size_t taken;
    bool is_waiting; /* the pipe is to tell */
};

static void take(struct reader *r, struct stream *s) ON_LOOP
{
    static char to[30000];
    size_t n;

    while ((n = pipe_take(&s->pipe, to, sizeof(to))) > 0) {
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(to[i], byte_at(r->taken + i));
        }
        r->taken += n;
    }
    assert_int_equal(stream_refill(s, clock_now_ns()), STATUS_OK);
}

static void note(struct exchange *ex, const struct completion *c) ON_LOOP
{
    switch (c->kind) {
    case COMPLETION_TASK:
        ex->is_with_worker = false;
        break;
    case COMPLETION_REFILL:
        ex->call.stream->is_refilling = false;
        assert_false(ex->call.stream->has_refill_failed);
        break;
    case COMPLETION_NEWS:
        completion_look(&ex->call.stream->news);
        break;
    }
}

static bool is_over(const struct exchange *ex) ON_LOOP
{
    return !exchange_is_busy(ex) && !stream_has_spooled(ex->call.stream);
}

/* Act on what comes until the work is done, reading nothing. */
static void await_work(struct exchange *ex) ON_LOOP
{
    while (ex->is_with_worker) {
        for (struct completion *c = await(), *next; c != NULL; c = next) {
            next = c->next;
            note(ex, c);
        }
    }
}

static size_t read_all(struct exchange *ex) ON_LOOP
{
    struct reader r = {.taken = 0};

    for (;;) {
        if (!ex->is_with_worker && ex->call.stream != NULL) { /* else it is the worker's */
            take(&r, ex->call.stream);
            if (is_over(ex)) {
                take(&r, ex->call.stream); /* the last refill */
                return r.taken;
            }
        }
        for (struct completion *c = await(), *next; c != NULL; c = next) {
            next = c->next;
            note(ex, c);
            if (c->kind != COMPLETION_TASK) {
                take(&r, ex->call.stream);
            }
        }
    }
}

static void use(uint64_t stall_ms, uint64_t snapshot_ms, uint64_t spool_bytes)
{
    const struct streams_conf conf = {.stall_ms = stall_ms,
                                      .snapshot_ms = snapshot_ms,
                                      .spool_directory = "/tmp",
                                      .spool_bytes = spool_bytes,
                                      .max = 8};

    assert_int_equal(streams_create(&conf, &streams, NULL), STATUS_OK);
}

/* This thread is loop and main thread in one; through a pointer no role is asked for. */
static void as_main(void (*end)(struct streams *))
{
    end(streams);
}

static int set_up(void **state)
{
    const struct executor_conf conf = {.name = "test", .threads = 1, .queue_max = 1};

    (void)state;
    memset(&play, 0, sizeof(play));
    play.no_memory_at = -1;
    streams = NULL;
    completions_init(&completions, eventfd(0, EFD_CLOEXEC));
    return executor_create(&conf, &pool, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    executor_destroy(pool);
    as_main(streams_destroy);
    return close(completions.wake_fd);
}

/* --- tests -------------------------------------------------------------------------------------- */

static void every_byte_in_order(void **state)
{
    struct exchange *ex;

    (void)state;
    assert_on_loop();
    use(60000, 60000, 1 << 30);
    ex = begin(PIECES, "GET");
    assert_int_equal(read_all(ex), PIECES * PIECE);
    assert_false(ex->call.stream->is_failed);
    assert_int_equal(ex->call.stream->http_status, 200);
    assert_int_equal(atomic_load(&streams->stalls), 0);
    exchange_destroy(ex);
}

static void what_is_not_read_in_time_is_spooled(void **state)
{
    struct exchange *ex;

    (void)state;
    assert_on_loop();
    use(1, 60000, 1 << 30);
    ex = begin(PIECES, "GET");
    await_work(ex); /* which does not wait for anybody */
    assert_int_equal(play.seen, STATUS_OK);
    assert_int_equal(spool_store_bytes(&streams->store), PIECES * PIECE - STREAM_PIPE_SIZE);
    assert_int_equal(atomic_load(&streams->spooling), 0);
    assert_int_equal(read_all(ex), PIECES * PIECE);
    exchange_destroy(ex);
}

/* The loop may look into the pipe, and wait again, before it has looked at what it was told. */
static void news_are_not_told_twice(void **state)
{
    struct exchange *ex;
    struct completion *c;

    (void)state;
    assert_on_loop();
    use(60000, 60000, 1 << 30);
    ex = begin(PIECES, "GET");
    assert_int_equal(read_all(ex), PIECES * PIECE);
    for (int i = 0; i < 3; i++) {
        char to[1];

        assert_int_equal(pipe_take(&ex->call.stream->pipe, to, sizeof(to)), 0);
        pipe_tell(&ex->call.stream->pipe);
    }
    c = completions_take(&completions);
    assert_ptr_equal(c, &ex->call.stream->news);
    assert_null(c->next);
    exchange_destroy(ex);
}

static void nobody_reads_what_is_spooled(void **state)
{
    (void)state;
    assert_on_loop();
    use(1, 60000, 1 << 30);
    for (int i = 0; i < 2; i++) { /* closed by the executor; without one, in the end */
        struct exchange *ex = begin(PIECES, "GET");
        await_work(ex);
        if (i == 1) {
            as_main(streams_stop);
        }
        exchange_destroy(ex);
    }
}

static void after_half_of_the_time_nobody_waits_for_the_client(void **state)
{
    struct exchange *ex;

    (void)state;
    assert_on_loop();
    use(60000, 2000, 1 << 30);
    ex = begin(PIECES, "GET");
    await_work(ex);
    assert_int_equal(play.seen, STATUS_OK);
    assert_int_equal(read_all(ex), PIECES * PIECE);
    exchange_destroy(ex);
}

static void assert_cut(size_t pieces, enum status seen, enum server_cut why) ON_LOOP
{
    struct exchange *ex = begin(pieces, "GET");

    await_work(ex);
    assert_int_equal(play.seen, seen);
    assert_true(ex->call.stream->is_failed);
    assert_int_equal(ex->call.stream->why, why);
    assert_true(ex->call.stream->failure.text[0] != '\0');
    assert_null(ex->task_answer); /* the head has left: there is no other */
    assert_int_equal(atomic_load(&streams->spooling), 0);
    exchange_destroy(ex);
}

static void without_spools_it_is_cut(void **state)
{
    (void)state;
    assert_on_loop();
    use(1, 60000, 0);
    assert_cut(PIECES, STATUS_FULL, SERVER_CUT_STALLED);
}

static void beyond_the_budget_it_is_cut(void **state)
{
    (void)state;
    assert_on_loop();
    use(1, 60000, 1000000);
    assert_cut(PIECES, STATUS_FULL, SERVER_CUT_SPOOL);
}

static void beyond_its_time_it_is_cut(void **state)
{
    (void)state;
    assert_on_loop();
    use(60000, 1, 1 << 30);
    assert_cut(10000, STATUS_DEADLINE, SERVER_CUT_SNAPSHOT);
}

static void what_fails_in_the_end_is_cut(void **state)
{
    (void)state;
    assert_on_loop();
    use(1, 60000, 1 << 30);
    play.fails = true;
    assert_cut(3, STATUS_OK, SERVER_CUT_FAILED);
}

static void a_told_worker_stops(void **state)
{
    struct exchange *ex;

    (void)state;
    assert_on_loop();
    use(60000, 60000, 1 << 30);
    ex = begin(PIECES, "GET");
    (void)await(); /* the first piece */
    assert_int_equal(executor_kill(pool, 1), STATUS_BUSY);
    await_work(ex);
    assert_int_equal(play.seen, STATUS_CANCELLED);
    assert_int_equal(ex->call.stream->why, SERVER_CUT_CANCELLED);
    exchange_destroy(ex);
}

static void a_head_ends_with_the_first_piece(void **state)
{
    struct exchange *ex;

    (void)state;
    assert_on_loop();
    use(60000, 60000, 1 << 30);
    ex = begin(PIECES, "HEAD");
    await_work(ex);
    assert_int_equal(play.seen, STATUS_CANCELLED);
    assert_null(ex->call.stream);
    assert_non_null(ex->task_answer);
    assert_int_equal(ex->task_answer_status, 200);
    exchange_destroy(ex);
}

static void without_memory_it_is_a_problem_like_any_other(void **state)
{
    (void)state;
    assert_on_loop();
    use(60000, 60000, 1 << 30);
    for (long n = 1; n <= 2; n++) { /* the stream, its pipe */
        struct exchange *ex;

        play.no_memory_at = n;
        ex = begin(PIECES, "GET");
        await_work(ex);
        assert_int_equal(play.seen, STATUS_NOMEM);
        assert_null(ex->call.stream);
        assert_non_null(ex->task_answer);
        assert_int_equal(ex->task_answer_status, 503);
        exchange_destroy(ex);
    }
}

static void an_old_client_gets_no_pieces(void **state)
{
    struct exchange *ex;

    (void)state;
    assert_on_loop();
    use(60000, 60000, 1 << 30);
    ex = exchange_create(&completions, 100);
    ex->call.request.version = STR("HTTP/1.0");
    exchange_let_stream(ex, streams);
    assert_false(call_can_stream(&ex->call));
    ex->call.request.version = STR("HTTP/1.1");
    exchange_let_stream(ex, NULL);
    assert_false(call_can_stream(&ex->call));
    exchange_let_stream(ex, streams);
    assert_true(call_can_stream(&ex->call));
    exchange_destroy(ex);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_byte_in_order),
        TEST(what_is_not_read_in_time_is_spooled),
        TEST(news_are_not_told_twice),
        TEST(nobody_reads_what_is_spooled),
        TEST(after_half_of_the_time_nobody_waits_for_the_client),
        TEST(without_spools_it_is_cut),
        TEST(beyond_the_budget_it_is_cut),
        TEST(beyond_its_time_it_is_cut),
        TEST(what_fails_in_the_end_is_cut),
        TEST(a_told_worker_stops),
        TEST(a_head_ends_with_the_first_piece),
        TEST(without_memory_it_is_a_problem_like_any_other),
        TEST(an_old_client_gets_no_pieces),
    };

    role_set_loop("test");
    return cmocka_run_group_tests_name("server/stream", tests, NULL, NULL);
}
