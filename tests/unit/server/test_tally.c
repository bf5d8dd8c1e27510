#include "server/tally.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

#define ROUTES 3

static const struct route routes[ROUTES] = {
    {.method = METHOD_GET, .pattern = "/a", .index = 0},
    {.method = METHOD_POST, .pattern = "/a", .index = 1},
    {.method = METHOD_GET, .pattern = "/b/{id}", .index = 2},
};

static int set_up(void **state)
{
    struct tally *tally = NULL;
    enum status status = tally_create(ROUTES, &tally);

    *state = tally;
    return status == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    tally_destroy(*state);
    return 0;
}

static void end(struct tally *tally, const struct route *route, enum method method,
                unsigned http_status)
{
    const struct tally_end e = {.route = route,
                                .method = method,
                                .http_status = http_status,
                                .duration_ns = 2 * NS_PER_MS,
                                .bytes = 10};

    assert_on_loop();
    tally_add(tally, &e);
}

/* All there is, in the order of the places. Return: how much. */
static size_t read_all(const struct tally *tally, struct server_series *ret, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < tally_places(tally); i++) {
        struct server_series s = {.route = NULL};
        if (tally_read(tally, i, &s)) {
            assert_true(n < max);
            ret[n++] = s;
        }
    }
    return n;
}

static void assert_series(const struct server_series *s, const struct route *route,
                          enum method method, enum server_class class, uint64_t count)
{
    assert_ptr_equal(s->route, route);
    assert_int_equal(s->method, method);
    assert_int_equal(s->class, class);
    assert_int_equal(histogram_count(&s->duration), count);
    assert_int_equal(s->duration.sum_ns, count * 2 * NS_PER_MS);
    assert_int_equal(s->bytes, count * 10);
}

static void nothing_has_happened(void **state)
{
    struct server_series s[1];

    assert_int_equal(read_all(*state, s, 1), 0);
}

static void each_kind_apart(void **state)
{
    struct server_series s[8];

    end(*state, &routes[2], METHOD_GET, 200);
    end(*state, &routes[2], METHOD_GET, 201);
    end(*state, &routes[2], METHOD_GET, 299);
    end(*state, &routes[2], METHOD_GET, 404);
    end(*state, &routes[2], METHOD_HEAD, 200);
    end(*state, &routes[2], METHOD_GET, 0);
    end(*state, &routes[0], METHOD_GET, 503);
    end(*state, &routes[1], METHOD_POST, 503);
    assert_int_equal(read_all(*state, s, 8), 6);
    assert_series(&s[0], &routes[0], METHOD_GET, SERVER_5XX, 1);
    assert_series(&s[1], &routes[1], METHOD_POST, SERVER_5XX, 1);
    assert_series(&s[2], &routes[2], METHOD_GET, SERVER_UNANSWERED, 1);
    assert_series(&s[3], &routes[2], METHOD_GET, SERVER_2XX, 3);
    assert_series(&s[4], &routes[2], METHOD_GET, SERVER_4XX, 1);
    assert_series(&s[5], &routes[2], METHOD_HEAD, SERVER_2XX, 1);
}

static void without_a_route(void **state)
{
    struct server_series s[8];

    end(*state, NULL, METHOD_GET, 404);
    end(*state, NULL, METHOD_UNKNOWN, 501);
    end(*state, NULL, METHOD_UNKNOWN, 0);
    assert_int_equal(read_all(*state, s, 8), 3);
    assert_series(&s[0], NULL, METHOD_GET, SERVER_4XX, 1);
    assert_series(&s[1], NULL, METHOD_UNKNOWN, SERVER_UNANSWERED, 1);
    assert_series(&s[2], NULL, METHOD_UNKNOWN, SERVER_5XX, 1);
}

/* No status is none of a class: 0 and what HTTP does not know. */
static void odd_statuses(void **state)
{
    static const unsigned odd[] = {1, 99, 600, 999, 4000000000U};
    struct server_series s[1];

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        end(*state, NULL, METHOD_GET, odd[i]);
    }
    assert_int_equal(read_all(*state, s, 1), 1);
    assert_int_equal(s[0].class, SERVER_UNANSWERED);
}

static void tallies_of_several_loops_add_up(void **state)
{
    struct tally *other = NULL;
    struct server_series sum = {.route = NULL};
    size_t found = 0;

    assert_int_equal(tally_create(ROUTES, &other), STATUS_OK);
    assert_int_equal(tally_places(other), tally_places(*state));
    end(*state, &routes[1], METHOD_POST, 200);
    end(other, &routes[1], METHOD_POST, 200);
    end(other, &routes[1], METHOD_POST, 200);
    for (size_t i = 0; i < tally_places(other); i++) {
        found += tally_read(*state, i, &sum) && tally_read(other, i, &sum);
    }
    assert_int_equal(found, 1);
    assert_series(&sum, &routes[1], METHOD_POST, SERVER_2XX, 3);
    tally_destroy(other);
}

static void without_memory_it_goes_uncounted(void **state)
{
    struct tally *none = NULL;
    struct server_series s[1];

    mem_fail_after(1);
    assert_int_equal(tally_create(ROUTES, &none), STATUS_NOMEM);
    assert_null(none);
    mem_fail_after(1);
    end(*state, &routes[0], METHOD_GET, 200);
    mem_fail_after(-1);
    assert_int_equal(read_all(*state, s, 1), 0);
    end(*state, &routes[0], METHOD_GET, 200);
    assert_int_equal(read_all(*state, s, 1), 1);
    tally_destroy(NULL);
}

/* --- while another thread reads ----------------------------------------------------------------- */

#define MANY 20000

static void *read_on(void *argument)
{
    const struct tally *tally = argument;
    struct server_series s[1];
    uint64_t before = 0;

    while (before < MANY) { /* what has been counted stays counted */
        uint64_t now = read_all(tally, s, 1) == 0 ? 0 : histogram_count(&s[0].duration);
        assert_true(now >= before);
        before = now;
    }
    return NULL;
}

static void read_while_it_counts(void **state)
{
    pthread_t reader;

    assert_int_equal(pthread_create(&reader, NULL, read_on, *state), 0);
    for (unsigned i = 0; i < MANY; i++) {
        end(*state, &routes[1], METHOD_GET, 200);
    }
    pthread_join(reader, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_has_happened),
        TEST(each_kind_apart),
        TEST(without_a_route),
        TEST(odd_statuses),
        TEST(tallies_of_several_loops_add_up),
        TEST(without_memory_it_goes_uncounted),
        TEST(read_while_it_counts),
    };

    role_set_loop("test");
    return cmocka_run_group_tests_name("server/tally", tests, NULL, NULL);
}
