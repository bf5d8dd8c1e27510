/* What needs no server. The rest is in tests/http/test_metrics.py. */
#include "handlers/metrics/metrics.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "handlers/metrics/process.h"
#include "pool/executor.h"
#include "tests/unit/handlers/fixture.h"

static struct fixture f;
static struct executor *pool;
static struct metrics *metrics;

static struct metrics_conf conf_of(void)
{
    return (struct metrics_conf){.executors = &pool,
                                 .executors_count = 1,
                                 .version = "1.2.3",
                                 .database = "3.4.5",
                                 .http_library = "0.9.9"};
}

static int set_up(void **state)
{
    const struct executor_conf pool_conf = {.name = "read", .threads = 3, .queue_max = 7};
    const struct metrics_conf conf = conf_of();

    (void)state;
    fixture_init(&f);
    assert_int_equal(executor_create(&pool_conf, &pool, NULL), STATUS_OK);
    return metrics_create(&conf, &metrics) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    metrics_destroy(metrics);
    executor_destroy(pool);
    fixture_fini(&f);
    return 0;
}

static void ask(void)
{
    const struct handler *handler = metrics_handler(metrics);

    assert_on_loop();
    assert_int_equal(handler->kind, HANDLER_INLINE);
    handler->serve(handler, &f.call);
}

/* Is there a line that is exactly text? */
static bool has_line(const char *text)
{
    struct buf *body = &f.call.response.body;
    char line[200];

    (void)snprintf(line, sizeof(line), "\n%s\n", text);
    buf_append_char(body, '\0');
    return strstr(body->at, line) != NULL;
}

static void before_there_is_a_server(void **state)
{
    (void)state;
    ask();
    assert_int_equal(f.call.response.http_status, 200);
    assert_string_equal(f.call.response.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_int_equal(buf_status(&f.call.response.body), STATUS_OK);
    assert_true(has_line(
        "gantry_build_info{version=\"1.2.3\",sqlite=\"3.4.5\",libmicrohttpd=\"0.9.9\"} 1"));
    assert_true(has_line("gantry_pool_threads{pool=\"read\"} 3"));
    assert_true(has_line("gantry_pool_queue_limit{pool=\"read\"} 7"));
    assert_true(has_line("gantry_pool_wait_seconds_bucket{pool=\"read\",le=\"+Inf\"} 0"));
    assert_true(has_line("# TYPE gantry_http_requests_total counter"));
}

static void longer_than_answers_may_be(void **state)
{
    (void)state;
    response_fini(&f.call.response);
    response_init(&f.call.response, 16);
    ask();
    assert_int_equal(buf_status(&f.call.response.body), STATUS_OK);
    assert_true(f.call.response.body.size > 1000);
}

static void without_memory(void **state)
{
    const struct metrics_conf conf = conf_of();
    struct metrics *none = NULL;

    (void)state;
    mem_fail_after(1);
    assert_int_equal(metrics_create(&conf, &none), STATUS_NOMEM);
    mem_fail_after(-1);
    assert_null(none);
    metrics_destroy(NULL);
    for (long n = 1; n < 10; n++) { /* the whole page, or a failure that is known */
        mem_fail_after(n);
        ask();
        mem_fail_after(-1);
        assert_true(f.call.response.http_status == 503 ||
                    buf_status(&f.call.response.body) == STATUS_NOMEM ||
                    has_line("# TYPE gantry_http_deadline_total counter"));
        response_fini(&f.call.response);
        response_init(&f.call.response, 65536);
    }
}

static void the_process(void **state)
{
    struct process_figures figures;
    struct process p;

    (void)state;
    process_open(&p);
    for (int i = 0; i < 2; i++) { /* the same files, read again */
        process_read(&p, &figures);
        assert_true(figures.has_stat);
        assert_true(figures.threads >= 1 && figures.threads < 100);
        assert_true(figures.resident_bytes > 100000);
        assert_true(figures.virtual_bytes >= figures.resident_bytes);
        assert_true(figures.cpu_ns > 0);
    }
    process_close(&p);
}

static void a_process_without_proc(void **state)
{
    const struct process p = {.stat_fd = -1, .fds_fd = -1, .started_ns = 5};
    struct process_figures figures;

    (void)state;
    process_read(&p, &figures);
    assert_false(figures.has_stat);
    assert_int_equal(figures.open_fds, 0);
    assert_int_equal(figures.started_ns, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(before_there_is_a_server), TEST(longer_than_answers_may_be),
        TEST(without_memory),           TEST(the_process),
        TEST(a_process_without_proc),
    };

    role_set_loop("test");
    return cmocka_run_group_tests_name("handlers/metrics", tests, NULL, NULL);
}
