#include "handlers/sleep/sleep.h"

#include <pthread.h>

#include "base/clock.h"
#include "tests/unit/handlers/fixture.h"

#define FAR "3600000" /* an hour: must be ended by something else */

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&f);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_fini(&f);
    return 0;
}

static unsigned sleep_for(const char *query)
{
    const struct handler *handler = sleep_handler();

    assert_on_worker();
    assert_int_equal(handler->kind, HANDLER_BLOCKING);
    f.call.request.query = str_of(query);
    handler->work(handler, &f.call, NULL);
    (void)answer_of(&f);
    return f.call.response.http_status;
}

static void it_sleeps(void **state)
{
    int64_t begin_ns = clock_now_ns();

    (void)state;
    assert_int_equal(sleep_for("ms=5"), 200);
    assert_true(clock_now_ns() - begin_ns >= 5 * NS_PER_MS);
    assert_int_equal(json_integer_value(json_object_get(f.json, "slept_ms")), 5);
    assert_int_equal(sleep_for("ms=0"), 200);
    assert_int_equal(json_integer_value(json_object_get(f.json, "slept_ms")), 0);
}

static void what_it_does_not_take(void **state)
{
    static const char *const bad[] = {
        "",           "ms",   "ms=",       "ms=-1",    "ms=1.5", "ms=x",
        "ms=3600001", "ms=%", "ms=1&ms=2", "ms=1&x=2", "MS=1",   "ms=18446744073709551616"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(sleep_for(bad[i]), 400);
        assert_true(problems_count(&f) >= 1);
    }
    assert_int_equal(sleep_for(""), 400);
    assert_string_equal(problem_with(&f, "ms"), "is required");
    assert_int_equal(sleep_for("ms=3600001"), 400);
    assert_string_equal(problem_with(&f, "ms"), "must be an integer from 0 to 3600000");
}

static void a_deadline_ends_it(void **state)
{
    (void)state;
    cancel_init(&f.cancel, clock_now_ns() + 5 * NS_PER_MS);
    assert_int_equal(sleep_for("ms=" FAR), 504);
    cancel_init(&f.cancel, 1);
    assert_int_equal(sleep_for("ms=" FAR), 504);
    cancel_init(&f.cancel, clock_now_ns() + 3600 * NS_PER_S);
    assert_int_equal(sleep_for("ms=0"), 200);
}

/* Cancel only once the sleeper is seen to sleep. */
static void *cancel_a_sleeper(void *data)
{
    struct cancel *c = data;

    while (atomic_load(&c->word) != 1) {
    }
    cancel_set(c);
    return NULL;
}

static void cancelling_ends_it(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, cancel_a_sleeper, &f.cancel), 0);
    assert_int_equal(sleep_for("ms=" FAR), 503);
    pthread_join(thread, NULL);
    assert_int_equal(sleep_for("ms=" FAR), 503); /* cancelled before it began */
}

static void no_memory(void **state)
{
    (void)state;
    arena_fini(&f.call.arena);
    arena_init(&f.call.arena, NULL, 0, 0);
    assert_int_equal(sleep_for("ms=%31"), 503);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_sleeps),          TEST(what_it_does_not_take),
        TEST(a_deadline_ends_it), TEST(cancelling_ends_it),
        TEST(no_memory),
    };

    role_set_worker("test");
    return cmocka_run_group_tests_name("handlers/sleep", tests, NULL, NULL);
}
