#include "server/exchange.h"

#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/mhd_response.h"
#include "tests/unit/death.h"
#include "tests/unit/job.h"
#include "tests/unit/text.h"

#define STATES (EXCHANGE_DONE + 1)

static struct completions completions;

/* --- moves -------------------------------------------------------------------------------- */

/* The drawing in exchange.h, once more. */
static const bool drawn[STATES][STATES] = {
    [EXCHANGE_NEW] = {[EXCHANGE_BODY] = true, [EXCHANGE_DONE] = true},
    [EXCHANGE_BODY] = {[EXCHANGE_READY] = true, [EXCHANGE_DONE] = true},
    [EXCHANGE_READY] = {[EXCHANGE_IN_FLIGHT] = true, [EXCHANGE_DONE] = true},
    [EXCHANGE_IN_FLIGHT] = {[EXCHANGE_STREAMING] = true, [EXCHANGE_DONE] = true},
    [EXCHANGE_STREAMING] = {[EXCHANGE_DONE] = true},
};

static struct exchange *make(void) ON_LOOP
{
    struct exchange *ex = exchange_create(&completions, 65536);

    assert_non_null(ex);
    return ex;
}

static struct exchange *make_in(enum exchange_state state) ON_LOOP
{
    struct exchange *ex = make();

    for (enum exchange_state s = EXCHANGE_BODY; s <= state; s++) {
        exchange_move(ex, s);
    }
    return ex;
}

static enum exchange_state from_state;
static enum exchange_state to_state;

static void move(void)
{
    struct exchange *ex;

    assert_on_loop();
    ex = make_in(from_state);
    exchange_move(ex, to_state);
    exchange_destroy(ex);
}

static void only_the_moves_that_are_drawn(void **state)
{
    (void)state;
    for (from_state = EXCHANGE_NEW; from_state < STATES; from_state++) {
        for (to_state = EXCHANGE_NEW; to_state < STATES; to_state++) {
            assert_int_equal(death_by_abort(move), !drawn[from_state][to_state]);
        }
    }
}

static void a_new_one(void **state)
{
    struct exchange *ex;

    (void)state;
    assert_on_loop();
    ex = make();
    assert_int_equal(ex->state, EXCHANGE_NEW);
    assert_null(ex->connection);
    assert_null(ex->answer);
    assert_false(ex->is_with_worker);
    assert_int_equal(ex->call.response.http_status, 0);
    assert_int_equal(ex->call.request.headers_count, 0);
    assert_int_equal(ex->call.request.body.size, 0);
    assert_ptr_equal(ex->call.cancel, &ex->task.cancel);
    exchange_destroy(ex);
    mem_fail_after(1);
    assert_null(exchange_create(&completions, 1));
    mem_fail_after(-1);
}

static void destroy_with_worker(void)
{
    struct exchange *ex;

    assert_on_loop();
    ex = make_in(EXCHANGE_IN_FLIGHT);
    ex->is_with_worker = true;
    exchange_destroy(ex);
}

static void destroy_in_flight(void)
{
    struct exchange *ex;
    struct list flights;

    assert_on_loop();
    list_init(&flights);
    ex = make_in(EXCHANGE_IN_FLIGHT);
    list_append(&flights, &ex->in_flight_link);
    exchange_destroy(ex);
}

static void not_freed_under_somebodys_hands(void **state)
{
    (void)state;
    assert_true(death_by_abort(destroy_with_worker));
    assert_true(death_by_abort(destroy_in_flight));
}

/* --- sealing ------------------------------------------------------------------------------ */

static void assert_problem(const struct exchange *ex, unsigned http_status, const char *code)
{
    const struct response *r = &ex->call.response;
    json_t *json = json_loadb(r->body.at, r->body.size, 0, NULL);

    assert_int_equal(r->http_status, http_status);
    assert_string_equal(r->content_type, "application/problem+json");
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "code")), code);
    json_decref(json);
}

static void decorate(const void *decoration, const struct request *request, struct response *r)
{
    (void)request;
    response_header_join(r, "Vary", decoration);
}

/* Whoever made the answer, the handler's decoration is on it, and one line says what was applied. */
static void every_answer_is_dressed(void **state)
{
    const struct handler handler = {.decorate = decorate, .decoration = "Origin"};
    struct exchange *ex;

    (void)state;
    assert_on_loop();
    for (unsigned is_made = 0; is_made < 2; is_made++) {
        ex = make();
        ex->dresser = &handler;
        ex->applied_wait = STR("1.5");
        if (is_made) {
            buf_append_literal(call_answer(&ex->call, 200, "application/json"), "[]");
            response_header(&ex->call.response, "Preference-Applied", "count=exact");
        }
        exchange_seal(ex);
        assert_int_equal(ex->call.response.http_status, is_made ? 200 : 500);
        assert_string_equal(response_header_value(&ex->call.response, "Vary"), "Origin");
        assert_string_equal(response_header_value(&ex->call.response, "Preference-Applied"),
                            is_made ? "count=exact, wait=1.5" : "wait=1.5");
        exchange_destroy(ex);
    }
}

static void what_is_good_stays(void **state)
{
    struct exchange *ex;
    struct buf *body;

    (void)state;
    assert_on_loop();
    ex = make();
    body = call_answer(&ex->call, 201, "application/json");
    buf_append_literal(body, "[1]");
    response_header(&ex->call.response, "X-A", "1");
    exchange_seal(ex);
    assert_int_equal(ex->call.response.http_status, 201);
    assert_text(buf_str(&ex->call.response.body), "[1]");
    assert_int_equal(ex->call.response.headers_count, 1);
    call_answer_empty(&ex->call, 204);
    exchange_seal(ex);
    assert_int_equal(ex->call.response.http_status, 204);
    exchange_destroy(ex);
}

static void what_cannot_be_sent_becomes_a_problem(void **state)
{
    struct exchange *ex;
    struct buf *body;
    static const char bytes[40000];

    (void)state;
    assert_on_loop();
    ex = make();
    exchange_seal(ex);
    assert_problem(ex, 500, "internal"); /* no answer at all */
    body = call_answer(&ex->call, 200, "application/json");
    buf_append(body, bytes, sizeof(bytes));
    buf_append(body, bytes, sizeof(bytes));
    exchange_seal(ex);
    assert_problem(ex, 500, "result_too_large");
    exchange_destroy(ex);
    ex = make();
    body = call_answer(&ex->call, 200, "application/json");
    mem_fail_after(1);
    buf_append(body, bytes, sizeof(bytes));
    mem_fail_after(-1);
    exchange_seal(ex);
    assert_problem(ex, 503, "unavailable");
    exchange_destroy(ex);
}

/* --- there and back ----------------------------------------------------------------------- */

static void fixed_answer(const struct handler *handler, struct call *call, struct worker *worker)
{
    struct buf *body;

    (void)handler;
    (void)worker;
    assert_on_worker();
    body = call_answer(call, 200, "text/plain");
    buf_append_literal(body, "hello");
}

static void no_answer(const struct handler *handler, struct call *call, struct worker *worker)
{
    (void)handler;
    (void)call;
    (void)worker;
    assert_on_worker();
}

static const struct handler answering = {.kind = HANDLER_BLOCKING, .work = fixed_answer};
static const struct handler silent = {.kind = HANDLER_BLOCKING, .work = no_answer};

static struct executor *make_executor(unsigned queue_max)
{
    const struct executor_conf conf = {.name = "test", .threads = 1, .queue_max = queue_max};
    struct executor *ex = NULL;

    assert_int_equal(executor_create(&conf, &ex, NULL), STATUS_OK);
    return ex;
}

static enum status submit(struct exchange *ex, int64_t deadline_ns) ON_LOOP
{
    enum status status = exchange_submit(ex, 1, deadline_ns, clock_now_ns());

    executor_kick(ex->route->executor);
    return status;
}

/* Wait as a loop does. Return: the exchange that has come home. */
static struct exchange *await(void) ON_LOOP
{
    struct completion *c = completions_take(&completions);

    while (c == NULL) {
        struct pollfd p = {.fd = completions.wake_fd, .events = POLLIN};
        uint64_t wakes;
        assert_int_equal(poll(&p, 1, -1), 1);
        assert_int_equal(read(completions.wake_fd, &wakes, sizeof(wakes)), sizeof(wakes));
        c = completions_take(&completions);
    }
    assert_null(c->next);
    return container_of(c, struct exchange, completion);
}

/* What the loop does with one that has come home. */
static void bury(struct exchange *ex) ON_LOOP
{
    ex->is_with_worker = false;
    exchange_destroy(ex);
}

/* This thread is loop and main thread in one; through a pointer no role is asked for. */
static void as_main(void (*end)(struct executor *), struct executor *pool)
{
    end(pool);
}

static void a_worker_makes_the_answer(void **state)
{
    struct executor *pool = make_executor(0);
    const struct route routes[] = {{.handler = &answering, .executor = pool},
                                   {.handler = &silent, .executor = pool}};

    (void)state;
    assert_on_loop();
    for (size_t i = 0; i < 2; i++) {
        struct exchange *ex = make_in(EXCHANGE_READY);
        ex->route = &routes[i];
        assert_int_equal(submit(ex, clock_now_ns() + 60 * NS_PER_S), STATUS_OK);
        assert_true(ex->is_with_worker);
        assert_ptr_equal(await(), ex);
        assert_int_equal(ex->task.end, TASK_DONE);
        assert_non_null(ex->task_answer);
        assert_int_equal(ex->task_answer_status, i == 0 ? 200 : 500);
        bury(ex); /* frees the answer, too */
    }
    as_main(executor_destroy, pool);
}

/* --- twice -------------------------------------------------------------------------------- */

static unsigned groups;

static void begin_group(void *local)
{
    (void)local;
}

static bool is_group_full(void *local)
{
    (void)local;
    return false;
}

static bool lose_first(void *local)
{
    (void)local;
    return ++groups > 1;
}

static void rest(void *local, bool is_idle, bool is_waited_for)
{
    (void)local;
    (void)is_idle;
    (void)is_waited_for;
}

static unsigned runs;

/* Takes most of the arena. */
static void greedy(const struct handler *handler, struct call *call, struct worker *worker)
{
    char *memory = arena_alloc(&call->arena, EXCHANGE_ARENA_MAX / 4 * 3);

    (void)handler;
    (void)worker;
    assert_on_worker();
    runs++;
    response_header(&call->response, "X-Run", "%u", runs);
    if (memory == NULL) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return;
    }
    memset(memory, 'x', EXCHANGE_ARENA_MAX / 4 * 3);
    buf_printf(call_answer(call, 200, "text/plain"), "%u", runs);
}

/* Its group is lost: it runs once more, and finds the arena as it was before. */
static void work_that_runs_twice(void **state)
{
    static const struct executor_group group = {
        .begin = begin_group, .is_full = is_group_full, .end = lose_first, .rest = rest};
    static const struct handler handler = {.kind = HANDLER_BLOCKING, .work = greedy};
    const struct executor_conf conf = {
        .name = "group", .threads = 1, .queue_max = 1, .group = &group};
    struct executor *pool = NULL;
    struct route route = {.handler = &handler};
    struct exchange *ex;
    const char *before;

    (void)state;
    assert_int_equal(executor_create(&conf, &pool, NULL), STATUS_OK);
    assert_on_loop();
    route.executor = pool;
    ex = make_in(EXCHANGE_READY);
    ex->route = &route;
    before = arena_copy(&ex->call.arena, STR("the loop's"));
    assert_int_equal(submit(ex, 0), STATUS_OK);
    assert_ptr_equal(await(), ex);
    assert_int_equal(runs, 2);
    assert_int_equal(ex->task_answer_status, 200);
    assert_int_equal(ex->task_answer_size, 1);
    assert_string_equal(before, "the loop's");
    bury(ex);
    as_main(executor_destroy, pool);
}

static void work_that_is_never_run(void **state)
{
    struct executor *pool = make_executor(1);
    const struct route route = {.handler = &answering, .executor = pool};
    struct job blocker;
    struct exchange *ex;
    struct exchange *refused;

    (void)state;
    assert_on_loop();
    job_init(&blocker, NULL, false);
    assert_int_equal(job_submit(pool, &blocker), STATUS_OK);
    sem_wait(&blocker.begun);
    for (size_t i = 0; i < 2; i++) {
        ex = make_in(EXCHANGE_READY);
        ex->route = &route;
        assert_int_equal(submit(ex, i == 0 ? 0 : clock_now_ns() + NS_PER_S), STATUS_OK);
        refused = make_in(EXCHANGE_READY);
        refused->route = &route;
        assert_int_equal(submit(refused, 0), STATUS_BUSY);
        assert_false(refused->is_with_worker);
        exchange_destroy(refused);
        if (i == 0) {
            assert_int_equal(executor_cancel(pool, &ex->task, TASK_GONE), STATUS_OK);
        } else {
            clock_set_for_tests(clock_now_ns() + NS_PER_S);
            job_end(&blocker);
        }
        assert_ptr_equal(await(), ex);
        assert_int_equal(ex->task.end, i == 0 ? TASK_GONE : TASK_DEADLINE);
        assert_null(ex->task_answer);
        bury(ex);
    }
    clock_set_for_tests(0);
    as_main(executor_stop, pool);
    ex = make_in(EXCHANGE_READY);
    ex->route = &route;
    assert_int_equal(submit(ex, 0), STATUS_CLOSED);
    exchange_destroy(ex);
    as_main(executor_destroy, pool);
}

/* --- several loops ------------------------------------------------------------------------ */

#define LOOPS 2
#define EACH  3

/* How many wakes since the last look? */
static uint64_t wakes(struct completions *c)
{
    struct pollfd p = {.fd = c->wake_fd, .events = POLLIN};
    uint64_t n = 0;

    if (poll(&p, 1, 0) == 1) {
        assert_int_equal(read(c->wake_fd, &n, sizeof(n)), sizeof(n));
    }
    return n;
}

/* What has come home to one loop: these, in this order, and it was woken once. */
static void expect_home(struct completions *c, struct exchange **expected, size_t n) ON_LOOP
{
    struct completion *completion = completions_take(c);

    assert_int_equal(wakes(c), 1);
    for (size_t i = 0; i < n; i++) {
        assert_non_null(completion);
        assert_ptr_equal(container_of(completion, struct exchange, completion), expected[i]);
        completion = completion->next;
    }
    assert_null(completion);
}

/*
 * An executor hands back the tasks of several loops in one list: each goes home to its own, in
 * order, with one wake for each loop. The list is given to finish by hand.
 */
static void each_comes_home_to_its_own_loop(void **state)
{
    struct executor *pool = make_executor(0);
    const struct route route = {.handler = &answering, .executor = pool};
    struct completions homes[LOOPS];
    struct exchange *exchanges[LOOPS][EACH];
    struct list tasks;

    (void)state;
    assert_on_loop();
    list_init(&tasks);
    for (size_t i = 0; i < LOOPS; i++) {
        completions_init(&homes[i], eventfd(0, EFD_CLOEXEC));
    }
    for (size_t i = 0; i < LOOPS * EACH; i++) { /* a b a b a b, each there and back once */
        struct exchange *ex = make_in(EXCHANGE_READY);
        ex->route = &route;
        assert_int_equal(submit(ex, 0), STATUS_OK);
        assert_ptr_equal(await(), ex);
        ex->completions = &homes[i % LOOPS];
        exchanges[i % LOOPS][i / LOOPS] = ex;
        list_append(&tasks, &ex->task.link);
    }
    exchanges[0][0]->task.finish(&tasks);
    assert_true(list_is_empty(&tasks));
    for (size_t i = 0; i < LOOPS; i++) {
        expect_home(&homes[i], exchanges[i], EACH);
        for (size_t k = 0; k < EACH; k++) {
            assert_false(list_is_linked(&exchanges[i][k]->task.link));
            bury(exchanges[i][k]);
        }
        assert_int_equal(close(homes[i].wake_fd), 0);
    }
    as_main(executor_destroy, pool);
}

/* And through an executor: whatever is run together, all come home, to the right loop, in order. */
static void a_batch_of_two_loops(void **state)
{
    static const struct handler quick = {
        .kind = HANDLER_BLOCKING, .work = fixed_answer, .is_short = true};
    struct executor *pool = make_executor(LOOPS * EACH + 1);
    const struct route route = {.handler = &quick, .executor = pool};
    struct completions homes[LOOPS];
    struct exchange *exchanges[LOOPS][EACH];
    struct job blocker;
    struct job last;

    (void)state;
    assert_on_loop();
    executor_learn(pool, 1000);
    job_init(&blocker, NULL, false);
    assert_int_equal(job_submit(pool, &blocker), STATUS_OK);
    sem_wait(&blocker.begun);
    for (size_t i = 0; i < LOOPS; i++) {
        completions_init(&homes[i], eventfd(0, EFD_CLOEXEC));
    }
    for (size_t i = 0; i < LOOPS * EACH; i++) {
        struct exchange *ex = make_in(EXCHANGE_READY);
        ex->route = &route;
        ex->completions = &homes[i % LOOPS];
        exchanges[i % LOOPS][i / LOOPS] = ex;
        assert_int_equal(submit(ex, 0), STATUS_OK);
    }
    job_init(&last, NULL, true);
    assert_int_equal(job_submit(pool, &last), STATUS_OK);
    job_end(&blocker);
    sem_wait(&last.over); /* is run after all of them have been handed back */
    for (size_t i = 0; i < LOOPS; i++) {
        expect_home(&homes[i], exchanges[i], EACH);
        for (size_t k = 0; k < EACH; k++) {
            assert_int_equal(exchanges[i][k]->task.end, TASK_DONE);
            assert_int_equal(exchanges[i][k]->task_answer_status, 200);
            bury(exchanges[i][k]);
        }
        assert_int_equal(close(homes[i].wake_fd), 0);
    }
    clock_set_for_tests(0);
    as_main(executor_destroy, pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_moves_that_are_drawn),
        cmocka_unit_test(a_new_one),
        cmocka_unit_test(not_freed_under_somebodys_hands),
        cmocka_unit_test(what_is_good_stays),
        cmocka_unit_test(every_answer_is_dressed),
        cmocka_unit_test(what_cannot_be_sent_becomes_a_problem),
        cmocka_unit_test(a_worker_makes_the_answer),
        cmocka_unit_test(work_that_runs_twice),
        cmocka_unit_test(work_that_is_never_run),
        cmocka_unit_test(each_comes_home_to_its_own_loop),
        cmocka_unit_test(a_batch_of_two_loops),
    };

    role_set_loop("test");
    completions_init(&completions, eventfd(0, EFD_CLOEXEC));
    return cmocka_run_group_tests_name("server/exchange", tests, NULL, NULL);
}
