#include "handlers/admin/admin.h"

#include <poll.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "handlers/admin/caller.h"
#include "pool/executor.h"
#include "server/exchange.h"
#include "tests/unit/handlers/fixture.h"

#define LONG_SQL_SIZE 2000

static struct fixture f;
static struct completions completions;
static struct executor *pools[2];
static struct admin *admin;
static sem_t begun;

/* --- requests to look at ------------------------------------------------------------------ */

/* Runs until it is told to end. */
static void last(const struct handler *handler, struct call *call, struct worker *worker)
{
    (void)handler;
    (void)worker;
    assert_on_worker();
    sem_post(&begun);
    (void)cancel_wait(call->cancel, INT64_MAX / 2);
    call_answer_empty(call, 204);
}

static char long_sql[LONG_SQL_SIZE + 1];
static const struct handler plain = {.kind = HANDLER_BLOCKING, .work = last};
static const struct handler with_sql = {
    .kind = HANDLER_BLOCKING, .work = last, .detail = "SELECT \"a\\b\"\n, '\xc3\xbc\x01'"};
static const struct handler with_long_sql = {
    .kind = HANDLER_BLOCKING, .work = last, .detail = long_sql};

static struct route route_of(const struct handler *handler, struct executor *pool)
{
    return (struct route){.pattern = "/a/\"{b}\"", .handler = handler, .executor = pool};
}

static struct exchange *submit(const struct route *route, uint64_t id, const char *name) ON_LOOP
{
    struct exchange *ex = exchange_create(&completions, 65536);

    assert_non_null(ex);
    exchange_move(ex, EXCHANGE_BODY);
    exchange_move(ex, EXCHANGE_READY);
    ex->route = route;
    ex->call.request.method = METHOD_PATCH;
    (void)snprintf(ex->client_address, sizeof(ex->client_address), "2001:db8::7");
    (void)snprintf(ex->call.request.id, sizeof(ex->call.request.id), "%s", name);
    assert_int_equal(exchange_submit(ex, id, 0, clock_now_ns()), STATUS_OK);
    executor_kick(route->executor);
    return ex;
}

/* Wait as a loop does. Return: how one of them ended, which is freed. */
static enum task_end bury_one(void) ON_LOOP
{
    struct completion *c = completions_take(&completions);
    struct exchange *ex;
    enum task_end end;

    while (c == NULL) {
        struct pollfd p = {.fd = completions.wake_fd, .events = POLLIN};
        uint64_t wakes;
        assert_int_equal(poll(&p, 1, -1), 1);
        assert_int_equal(read(completions.wake_fd, &wakes, sizeof(wakes)), sizeof(wakes));
        c = completions_take(&completions);
    }
    assert_null(c->next);
    ex = container_of(c, struct exchange, completion);
    end = ex->task.end;
    ex->is_with_worker = false;
    exchange_destroy(ex);
    return end;
}

static struct executor *make_pool(const char *name)
{
    const struct executor_conf conf = {.name = name, .threads = 1, .queue_max = 5000};
    struct executor *ex = NULL;

    assert_int_equal(executor_create(&conf, &ex, NULL), STATUS_OK);
    return ex;
}

static void create(bool is_shared)
{
    const struct admin_conf conf = {
        .executors = pools, .executors_count = 2, .is_shared = is_shared};

    admin_destroy(admin);
    admin = NULL;
    assert_int_equal(admin_create(&conf, &admin), STATUS_OK);
}

static int set_up(void **state)
{
    (void)state;
    fixture_init(&f);
    f.call.request.headers_count = 1;
    f.headers[0] = (struct header){STR("Host"), STR("127.0.0.1:8080")};
    completions_init(&completions, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    sem_init(&begun, 0, 0);
    pools[0] = make_pool("read");
    pools[1] = make_pool("slow");
    create(true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    admin_destroy(admin);
    admin = NULL;
    executor_destroy(pools[0]);
    executor_destroy(pools[1]);
    (void)close(completions.wake_fd);
    fixture_fini(&f);
    return 0;
}

static unsigned serve(const struct handler *handler)
{
    assert_on_loop();
    assert_int_equal(handler->kind, HANDLER_INLINE);
    handler->serve(handler, &f.call);
    return f.call.response.http_status;
}

static unsigned cancel(const char *id)
{
    f.call.request.params[0] = (struct path_param){STR("id"), str_of(id)};
    f.call.request.params_count = 1;
    return serve(admin_cancel_handler(admin));
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* --- the list ----------------------------------------------------------------------------- */

static void assert_total(const char *expected)
{
    assert_string_equal(f.call.response.headers[0].name, "Cache-Control");
    assert_string_equal(f.call.response.headers[1].name, "X-Total-Count");
    assert_string_equal(f.call.response.headers[1].value, expected);
}

static void nothing_to_list(void **state)
{
    (void)state;
    assert_int_equal(serve(admin_list_handler(admin)), 200);
    assert_text(buf_str(&f.call.response.body), "[]");
    assert_total("0");
}

static void what_runs_and_what_waits(void **state)
{
    const struct route first = route_of(&plain, pools[1]);
    const struct route second = route_of(&with_sql, pools[1]);
    const json_t *item;

    (void)state;
    assert_on_loop();
    (void)submit(&first, 7, "one");
    sem_wait(&begun);
    (void)submit(&second, 9, "two");
    assert_int_equal(serve(admin_list_handler(admin)), 200);
    assert_total("2");
    assert_int_equal(json_array_size(answer_of(&f)), 2);
    item = json_array_get(f.json, 0);
    assert_int_equal(json_integer_value(json_object_get(item, "id")), 7);
    assert_string_equal(text_of(item, "state"), "running");
    assert_string_equal(text_of(item, "pool"), "slow");
    assert_string_equal(text_of(item, "method"), "PATCH");
    assert_string_equal(text_of(item, "route"), "/a/\"{b}\"");
    assert_string_equal(text_of(item, "client"), "2001:db8::7");
    assert_string_equal(text_of(item, "request_id"), "one");
    assert_true(json_is_null(json_object_get(item, "sql")));
    item = json_array_get(f.json, 1);
    assert_int_equal(json_integer_value(json_object_get(item, "id")), 9);
    assert_string_equal(text_of(item, "state"), "queued");
    assert_string_equal(text_of(item, "sql"), with_sql.detail);
    assert_int_equal(json_integer_value(json_object_get(item, "run_ms")), 0);
    assert_int_equal(cancel("9"), 204);
    assert_int_equal(bury_one(), TASK_KILLED);
    assert_int_equal(cancel("7"), 202);
    assert_int_equal(bury_one(), TASK_DONE);
    assert_int_equal(cancel("7"), 404);
}

static void times(void **state)
{
    const struct route route = route_of(&plain, pools[0]);
    const int64_t begin_ns = clock_now_ns();
    const json_t *item;

    (void)state;
    assert_on_loop();
    clock_set_for_tests(begin_ns);
    (void)submit(&route, 1, "one");
    sem_wait(&begun);
    (void)submit(&route, 2, "two");
    clock_set_for_tests(begin_ns + 2500 * NS_PER_MS);
    assert_int_equal(serve(admin_list_handler(admin)), 200);
    for (size_t i = 0; i < 2; i++) {
        item = json_array_get(answer_of(&f), i);
        assert_int_equal(json_integer_value(json_object_get(item, "age_ms")), 2500);
        assert_int_equal(json_integer_value(json_object_get(item, "wait_ms")), i == 0 ? 0 : 2500);
        assert_int_equal(json_integer_value(json_object_get(item, "run_ms")), i == 0 ? 2500 : 0);
    }
    clock_set_for_tests(begin_ns - NS_PER_S); /* it looked before they came */
    assert_int_equal(serve(admin_list_handler(admin)), 200);
    item = json_array_get(answer_of(&f), 0);
    assert_int_equal(json_integer_value(json_object_get(item, "age_ms")), 0);
    clock_set_for_tests(0);
    assert_int_equal(cancel("2"), 204);
    assert_int_equal(bury_one(), TASK_KILLED);
    assert_int_equal(cancel("1"), 202);
    assert_int_equal(bury_one(), TASK_DONE);
}

/* A statement is cut between two characters. */
static void a_long_statement(void **state)
{
    const struct route route = route_of(&with_long_sql, pools[0]);

    (void)state;
    assert_on_loop();
    for (size_t shift = 0; shift < 3; shift++) {
        const char *sql;
        memset(long_sql, 'x', shift);
        for (size_t i = shift; i + 3 <= LONG_SQL_SIZE; i += 3) {
            memcpy(&long_sql[i], "\xe2\x82\xac", 3);
        }
        (void)submit(&route, shift + 1, "one");
        sem_wait(&begun);
        assert_int_equal(serve(admin_list_handler(admin)), 200);
        sql = text_of(json_array_get(answer_of(&f), 0), "sql");
        assert_true(strlen(sql) > 490 && strlen(sql) <= 503);
        assert_memory_equal(sql, long_sql, strlen(sql) - 3);
        assert_string_equal(sql + strlen(sql) - 3, "\xe2\x80\xa6");
        assert_null(strstr(sql, "\xef\xbf\xbd")); /* U+FFFD: nothing was broken */
        assert_int_equal(cancel((const char[][2]){"1", "2", "3"}[shift]), 202);
        assert_int_equal(bury_one(), TASK_DONE);
    }
}

static void bury_all(size_t count) ON_LOOP
{
    struct completion *c;

    while (count > 0) {
        for (c = completions_take(&completions); c != NULL; count--) {
            struct exchange *ex = container_of(c, struct exchange, completion);
            c = c->next;
            ex->is_with_worker = false;
            exchange_destroy(ex);
        }
    }
}

static void end_pool(void (*stop)(struct executor *), struct executor *pool)
{
    stop(pool);
}

/* However many there are, and however little room: whole items, and the number of all. */
static void more_than_fits(void **state)
{
    const struct route route = route_of(&with_sql, pools[0]);
    size_t n;

    (void)state;
    assert_on_loop();
    for (size_t i = 0; i < 1200; i++) {
        (void)submit(&route, i + 1, "one");
    }
    sem_wait(&begun);
    assert_int_equal(serve(admin_list_handler(admin)), 200);
    assert_total("1200");
    assert_int_equal(json_array_size(answer_of(&f)), 1000);
    assert_string_equal(text_of(json_array_get(f.json, 0), "state"), "running");
    n = 1000;
    for (size_t room = 3000; room > 0; room--) {
        response_fini(&f.call.response);
        response_init(&f.call.response, room);
        assert_int_equal(serve(admin_list_handler(admin)), 200);
        if (room < 2) {
            continue; /* not even an empty list */
        }
        assert_total("1200");
        assert_true(json_array_size(answer_of(&f)) <= n);
        n = json_array_size(f.json);
    }
    assert_int_equal(n, 0);
    end_pool(executor_stop, pools[0]);
    bury_all(1200);
}

static void parameters(void **state)
{
    (void)state;
    f.call.request.query = STR("pool=read");
    assert_int_equal(serve(admin_list_handler(admin)), 400);
    assert_non_null(problem_with(&f, "pool"));
    assert_int_equal(cancel("1"), 400);
    assert_non_null(problem_with(&f, "pool"));
}

/* --- cancelling --------------------------------------------------------------------------- */

static void ids(void **state)
{
    static const char *const malformed[] = {
        "", "0", "-1", "+1", "1.0", "0x1", "1 ", "x", "18446744073709551616", "\xc3\xbc"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
        assert_int_equal(cancel(malformed[i]), 400);
        assert_string_equal(text_of(answer_of(&f), "code"), "bad_request");
    }
    assert_int_equal(cancel("1"), 404);
    assert_string_equal(text_of(answer_of(&f), "code"), "not_found");
    assert_int_equal(cancel("18446744073709551615"), 404);
}

static void no_memory(void **state)
{
    struct admin *other = NULL;

    (void)state;
    mem_fail_after(1);
    assert_int_equal(admin_create(&(struct admin_conf){0}, &other), STATUS_NOMEM);
    assert_null(other);
    mem_fail_after(1);
    assert_int_equal(serve(admin_list_handler(admin)), 503);
    mem_fail_after(-1);
    admin_destroy(NULL);
}

static void elsewhere(void **state)
{
    (void)state;
    f.call.request.path = STR("/admin/queries");
    f.headers[0].value = STR("evil.example"); /* whoever asks */
    assert_int_equal(serve(admin_elsewhere_handler()), 404);
    assert_non_null(strstr(text_of(answer_of(&f), "hint"), "admin.listen"));
}

/* --- who may ask -------------------------------------------------------------------------- */

static void hosts(void **state)
{
    static const char *const plain_hosts[] = {"127.0.0.1",        "127.0.0.1:8080",
                                              "10.1.2.3:1",       "[::1]",
                                              "[::1]:8080",       "localhost",
                                              "localhost:8080",   "LocalHost",
                                              "[2001:db8::7]:80", "[::ffff:127.0.0.1]:80"};
    static const char *const others[] = {"",
                                         ":",
                                         ":80",
                                         "example.com",
                                         "example.com:8080",
                                         "localhost.",
                                         "localhost.example.com",
                                         "x.localhost",
                                         "127.0.0.1.example.com",
                                         "127.0.0.1:8080:1",
                                         "127.0.0.1:x",
                                         "127.0.0.1:",
                                         "127.1",
                                         "2130706433",
                                         "0x7f.0.0.1",
                                         "[",
                                         "[]",
                                         "[::1",
                                         "::1",
                                         "[::1]x",
                                         "[::1]:",
                                         "[::1]:x",
                                         "[127.0.0.1]",
                                         "[localhost]",
                                         "[::1]]",
                                         "[fe80::1%25eth0]",
                                         "gantry",
                                         "127.0.0.1@example.com",
                                         "localhost@example.com"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(plain_hosts); i++) {
        assert_true(caller_host_is_plain(str_of(plain_hosts[i])));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        if (caller_host_is_plain(str_of(others[i]))) {
            fail_msg("%s is taken for plain", others[i]);
        }
    }
}

static void a_stranger_by_his_host(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        create(i == 0);
        f.headers[0] = (struct header){STR("host"), STR("evil.example:8080")};
        assert_int_equal(serve(admin_list_handler(admin)), 403);
        assert_string_equal(text_of(answer_of(&f), "code"), "forbidden");
        assert_int_equal(cancel("1"), 403);
        f.headers[0].value = STR("");
        assert_int_equal(serve(admin_list_handler(admin)), 403);
        f.call.request.headers_count = 0; /* HTTP/1.0 */
        assert_int_equal(serve(admin_list_handler(admin)), 200);
        f.call.request.headers_count = 1;
    }
}

static void a_proxy(void **state)
{
    static const char *const names[] = {"Forwarded",        "Via",
                                        "X-Forwarded-For",  "x-real-ip",
                                        "X-Forwarded-Host", "X-Forwarded-Proto"};

    (void)state;
    f.call.request.headers_count = 2;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        f.headers[1] = (struct header){str_of(names[i]), STR("")};
        create(true);
        assert_int_equal(serve(admin_list_handler(admin)), 403);
        assert_non_null(strstr(text_of(answer_of(&f), "hint"), "admin.listen"));
        assert_int_equal(cancel("1"), 403);
        create(false); /* a listener of their own: what is before it is the operators' business */
        assert_int_equal(serve(admin_list_handler(admin)), 200);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_to_list),
        TEST(what_runs_and_what_waits),
        TEST(times),
        TEST(a_long_statement),
        TEST(more_than_fits),
        TEST(parameters),
        TEST(ids),
        TEST(no_memory),
        TEST(elsewhere),
        TEST(hosts),
        TEST(a_stranger_by_his_host),
        TEST(a_proxy),
    };

    role_set_loop("test");
    return cmocka_run_group_tests_name("handlers/admin", tests, NULL, NULL);
}
