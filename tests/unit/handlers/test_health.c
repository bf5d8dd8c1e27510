#include "handlers/health/health.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/handlers/fixture.h"
#include "tests/unit/job.h"

static struct fixture f;
static struct health *health;
static struct executor *pools[2];

static struct executor *make_pool(const char *name)
{
    const struct executor_conf conf = {.name = name, .threads = 1, .queue_max = 1};
    struct executor *ex = NULL;

    assert_int_equal(executor_create(&conf, &ex, NULL), STATUS_OK);
    return ex;
}

static int set_up(void **state)
{
    (void)state;
    fixture_init(&f);
    pools[0] = make_pool("read");
    pools[1] = make_pool("reports");
    return health_create(pools, 2, NULL, &health) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    clock_set_for_tests(0);
    health_destroy(health);
    executor_destroy(pools[0]);
    executor_destroy(pools[1]);
    fixture_fini(&f);
    return 0;
}

static unsigned ask(const struct handler *handler)
{
    assert_on_loop();
    assert_int_equal(handler->kind, HANDLER_INLINE);
    handler->serve(handler, &f.call);
    assert_string_equal(f.call.response.content_type, "application/json");
    assert_string_equal(f.call.response.headers[0].name, "Cache-Control");
    assert_string_equal(f.call.response.headers[0].value, "no-store");
    (void)answer_of(&f);
    return f.call.response.http_status;
}

static void assert_status(const char *expected)
{
    assert_string_equal(json_string_value(json_object_get(f.json, "status")), expected);
}

static void assert_ready(void)
{
    assert_int_equal(ask(health_ready_handler(health)), 200);
    assert_status("ok");
    assert_null(json_object_get(f.json, "reasons"));
}

/* Not ready, for these reasons and no others; NULL: none. */
static void assert_unready(const char *first, const char *second)
{
    const json_t *reasons;

    assert_int_equal(ask(health_ready_handler(health)), 503);
    assert_status("unavailable");
    reasons = json_object_get(f.json, "reasons");
    assert_int_equal(json_array_size(reasons), second == NULL ? 1 : 2);
    assert_string_equal(json_string_value(json_array_get(reasons, 0)), first);
    if (second != NULL) {
        assert_string_equal(json_string_value(json_array_get(reasons, 1)), second);
    }
    assert_string_equal(f.call.response.headers[1].name, "Retry-After");
    assert_string_equal(f.call.response.headers[1].value, "1");
}

static void phases(void **state)
{
    (void)state;
    assert_int_equal(ask(health_live_handler(health)), 200);
    assert_int_equal(ask(health_startup_handler(health)), 503);
    assert_status("starting");
    assert_unready("starting", NULL);
    health_set_phase(health, HEALTH_READY);
    assert_int_equal(ask(health_live_handler(health)), 200);
    assert_status("ok");
    assert_int_equal(ask(health_startup_handler(health)), 200);
    assert_ready();
    health_set_phase(health, HEALTH_DRAINING);
    assert_int_equal(ask(health_live_handler(health)), 200); /* alive to the end */
    assert_int_equal(ask(health_startup_handler(health)), 200);
    assert_unready("draining", NULL);
}

/* One runs, one waits: no room for a third. */
static void fill(struct executor *pool, struct job *jobs)
{
    for (size_t i = 0; i < 2; i++) {
        job_init(&jobs[i], NULL, false);
        assert_int_equal(job_submit(pool, &jobs[i]), STATUS_OK);
    }
    sem_wait(&jobs[0].begun);
}

static void a_pool_that_has_been_full_for_a_second(void **state)
{
    const int64_t begin_ns = 1000 * NS_PER_S;
    struct job jobs[2];
    struct job others[2];

    (void)state;
    clock_set_for_tests(begin_ns);
    health_set_phase(health, HEALTH_READY);
    fill(pools[1], jobs);
    /* Both at once, or the first runs and then the second waits: full from here on in either case. */
    assert_int_not_equal(executor_full_since_ns(pools[1]), 0);
    assert_ready();
    clock_set_for_tests(begin_ns + NS_PER_S - 1);
    assert_ready();
    clock_set_for_tests(begin_ns + NS_PER_S);
    assert_unready("pool reports: queue full", NULL);
    fill(pools[0], others);
    assert_unready("pool reports: queue full", NULL);
    clock_set_for_tests(begin_ns + 2 * NS_PER_S);
    assert_unready("pool read: queue full", "pool reports: queue full");
    health_set_phase(health, HEALTH_DRAINING);
    assert_int_equal(ask(health_ready_handler(health)), 503);
    assert_int_equal(json_array_size(json_object_get(f.json, "reasons")), 3);
    health_set_phase(health, HEALTH_READY);
    assert_int_equal(ask(health_live_handler(health)), 200); /* whatever the pools do */
    assert_int_equal(ask(health_startup_handler(health)), 200);
    job_end(&jobs[0]);
    job_end(&jobs[1]);
    assert_unready("pool read: queue full", NULL);
    job_end(&others[0]);
    job_end(&others[1]);
    assert_ready();
}

static void full_again_is_counted_anew(void **state)
{
    const int64_t begin_ns = 1000 * NS_PER_S;
    struct job jobs[2];

    (void)state;
    health_set_phase(health, HEALTH_READY);
    for (int i = 0; i < 3; i++) {
        clock_set_for_tests(begin_ns + i * 10 * NS_PER_S);
        fill(pools[0], jobs);
        assert_ready();
        job_end(&jobs[0]);
        job_end(&jobs[1]);
    }
}

static void no_pools(void **state)
{
    struct health *alone = NULL;

    (void)state;
    mem_fail_after(1);
    assert_int_equal(health_create(NULL, 0, NULL, &alone), STATUS_NOMEM);
    mem_fail_after(-1);
    assert_null(alone);
    assert_int_equal(health_create(NULL, 0, NULL, &alone), STATUS_OK);
    health_set_phase(alone, HEALTH_READY);
    assert_int_equal(ask(health_ready_handler(alone)), 200);
    health_destroy(alone);
    health_destroy(NULL);
}

/* Out of memory it may fail to say why, but never says that it is ready when it is not. */
static void never_ready_for_want_of_memory(void **state)
{
    const struct handler *handler = health_ready_handler(health);

    (void)state;
    assert_on_loop();
    health_set_phase(health, HEALTH_DRAINING);
    for (long n = 1; n < 6; n++) {
        mem_fail_after(n);
        handler->serve(handler, &f.call);
        mem_fail_after(-1);
        assert_int_equal(f.call.response.http_status, 503);
        response_fini(&f.call.response);
        response_init(&f.call.response, 65536);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(phases),
        TEST(a_pool_that_has_been_full_for_a_second),
        TEST(full_again_is_counted_anew),
        TEST(no_pools),
        TEST(never_ready_for_want_of_memory),
    };

    role_set_loop("test");
    return cmocka_run_group_tests_name("handlers/health", tests, NULL, NULL);
}
