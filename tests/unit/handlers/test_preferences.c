/* Prefer: RFC 7240 and PostgREST's preferences. */
#include "handlers/table/preferences.h"

#include <stdlib.h>

#include "base/mem.h"
#include "handlers/table/timezone.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"

static struct arena arena;

static struct preferences read_list(const char *const *values, size_t n, bool allows_tx)
{
    struct header headers[6] = {{STR("X-Prefer"), STR("count=planned")}};
    struct request request = {.headers = headers, .headers_count = 1};
    struct preferences p;
    struct fault fault;

    for (size_t i = 0; i < n; i++) {
        headers[request.headers_count++] = (struct header){STR("prefer"), str_of(values[i])};
    }
    assert_true(preferences_read(&request, allows_tx, &arena, &p, &fault));
    return p;
}

static struct preferences read_one(const char *value)
{
    return read_list(&value, 1, true);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, 1024 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void none(void **state)
{
    struct preferences p = read_list(NULL, 0, true);
    struct fault fault;

    (void)state;
    assert_int_equal(p.count, COUNT_UNSAID);
    assert_int_equal(p.returns, RETURN_UNSAID);
    assert_int_equal(p.handling, HANDLING_UNSAID);
    assert_null(p.timezone.at);
    assert_null(p.invalid);
    assert_true(preferences_check(&p, &arena, &fault));
}

static void each_of_them(void **state)
{
    (void)state;
    assert_int_equal(read_one("resolution=merge-duplicates").resolution, RESOLUTION_MERGE);
    assert_int_equal(read_one("resolution=ignore-duplicates").resolution, RESOLUTION_IGNORE);
    assert_int_equal(read_one("missing=default").missing, MISSING_DEFAULT);
    assert_int_equal(read_one("missing=null").missing, MISSING_NULL);
    assert_int_equal(read_one("return=minimal").returns, RETURN_MINIMAL);
    assert_int_equal(read_one("return=representation").returns, RETURN_REPRESENTATION);
    assert_int_equal(read_one("return=headers-only").returns, RETURN_HEADERS_ONLY);
    assert_int_equal(read_one("count=exact").count, COUNT_EXACT);
    assert_int_equal(read_one("count=planned").count, COUNT_PLANNED);
    assert_int_equal(read_one("count=estimated").count, COUNT_ESTIMATED);
    assert_int_equal(read_one("tx=commit").tx, TX_COMMIT);
    assert_int_equal(read_one("tx=rollback").tx, TX_ROLLBACK);
    assert_int_equal(read_one("handling=strict").handling, HANDLING_STRICT);
    assert_int_equal(read_one("handling=lenient").handling, HANDLING_LENIENT);
    assert_text(read_one("timezone=Europe/Berlin").timezone, "Europe/Berlin");
}

static void lists_and_several_headers(void **state)
{
    static const char *const values[] = {" count=exact ,return=minimal,,", "count=planned",
                                         "handling=lenient, foo"};
    struct preferences p = read_list(values, 3, true);

    (void)state;
    assert_int_equal(p.count, COUNT_EXACT); /* the first */
    assert_int_equal(p.returns, RETURN_MINIMAL);
    assert_int_equal(p.handling, HANDLING_LENIENT);
    assert_string_equal(p.invalid, "foo");
}

static void tokens_are_exact(void **state)
{
    (void)state;
    assert_int_equal(read_one("Count=exact").count, COUNT_UNSAID);
    assert_int_equal(read_one("count=EXACT").count, COUNT_UNSAID);
    assert_int_equal(read_one("count = exact").count, COUNT_UNSAID);
    assert_string_equal(read_one("count=none").invalid, "count=none");
    assert_string_equal(read_one("timezone=").invalid, "timezone=");
    assert_string_equal(read_one("max-affected=x").invalid, "max-affected=x");
}

static void max_affected_is_for_the_strict(void **state)
{
    struct preferences p = read_one("max-affected=10");

    (void)state;
    assert_false(p.has_max_affected);
    assert_null(p.invalid);
    p = read_one("max-affected=10, handling=strict, max-affected=20");
    assert_true(p.has_max_affected);
    assert_int_equal(p.max_affected, 10);
}

static void the_strict_refuse(void **state)
{
    struct preferences p = read_one("foo, handling=strict, count=exact, bar=1");
    struct fault fault;

    (void)state;
    assert_false(preferences_check(&p, &arena, &fault));
    assert_int_equal(fault.http_status, 400);
    assert_string_equal(fault.code, "PGRST122");
    assert_string_equal(fault.message, "Invalid preferences given with handling=strict");
    assert_string_equal(fault.details, "Invalid preferences: foo, bar=1");
    p = read_one("foo, bar");
    assert_true(preferences_check(&p, &arena, &fault));
    p = read_one("handling=lenient, handling=strict, foo");
    assert_true(preferences_check(&p, &arena, &fault)); /* the first counts */
    p = read_one("handling=strict, wait=10, count=exact, max-affected=1, tx=commit");
    assert_true(preferences_check(&p, &arena, &fault));
    p = read_one("handling=strict, wait=soon");
    assert_false(preferences_check(&p, &arena, &fault));
}

static void time_zones(void **state)
{
    static const char *const good[] = {
        "UTC",   "utc", "Europe/Berlin", "america/new_york", "Etc/GMT+8", "+05:30", "-8",
        "+0530", "+14", "Zulu"};
    static const char *const bad[] = {"",  "Mars/Phobos", "Europe/", "+",      "+16",    "+05:60",
                                      "5", "+5:",         "+123456", "../etc", "Factory"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        if (!timezone_is_known(str_of(good[i]))) {
            fail_msg("%s", good[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        if (timezone_is_known(str_of(bad[i]))) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void an_unknown_time_zone(void **state)
{
    struct preferences p = read_one("timezone=Jupiter/Red_Spot");
    struct fault fault;

    (void)state;
    assert_false(preferences_check(&p, &arena, &fault));
    assert_int_equal(fault.http_status, 400);
    assert_string_equal(fault.code, "22023");
    assert_string_equal(fault.message,
                        "invalid value for parameter \"TimeZone\": \"Jupiter/Red_Spot\"");
}

static void what_was_applied(void **state)
{
    const char *all = "max-affected=5, timezone=UTC, handling=strict, tx=rollback, count=exact, "
                      "return=minimal, missing=default, resolution=merge-duplicates";
    struct preferences p = read_one(all);
    struct response r;

    (void)state;
    response_init(&r, 100);
    preferences_note(&p, 255, &r);
    assert_string_equal(response_header_value(&r, "Preference-Applied"),
                        "resolution=merge-duplicates, missing=default, return=minimal, "
                        "count=exact, tx=rollback, handling=strict, timezone=UTC, max-affected=5");
    response_reset(&r);
    preferences_note(&p, PREFERENCES_OF_READ, &r);
    assert_string_equal(response_header_value(&r, "Preference-Applied"),
                        "count=exact, tx=rollback, handling=strict, timezone=UTC");
    response_reset(&r);
    p = read_list(&all, 1, false);
    preferences_note(&p, PREFERENCES_TX, &r);
    assert_null(response_header_value(&r, "Preference-Applied")); /* nothing: no header */
    response_fini(&r);
}

static void without_memory(void **state)
{
    struct header header = {STR("Prefer"), STR("foo")};
    struct request request = {.headers = &header, .headers_count = 1};
    struct preferences p = {.count = COUNT_PLANNED};
    struct fault fault;

    (void)state;
    for (long n = 1; n <= 2; n++) {
        mem_fail_after(n);
        assert_false(preferences_read(&request, true, &arena, &p, &fault));
        mem_fail_after(-1);
        assert_int_equal(fault.http_status, 503);
        assert_int_equal(p.count, COUNT_PLANNED);
    }
}

/* A list beyond all reason is cut, not refused. */
static void many_that_nobody_knows(void **state)
{
    static char value[20000];
    struct header header = {STR("Prefer"), {value, 0}};
    struct request request = {.headers = &header, .headers_count = 1};
    struct preferences p;
    struct fault fault;

    (void)state;
    memset(value, 'x', sizeof(value));
    for (size_t i = 99; i < sizeof(value); i += 100) {
        value[i] = ',';
    }
    header.value.size = sizeof(value);
    assert_true(preferences_read(&request, true, &arena, &p, &fault));
    assert_true(strlen(p.invalid) > 3000);
}

/* Whatever it is, it ends, and nothing beside it is read. */
static void any_bytes_at_all(void **state)
{
    static const char letters[] = "count=exact,handling=strict wait1timezone+:";
    struct random random = {5};

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        size_t n = random_below(&random, 40);
        char *text = malloc(n + 1); /* of its very size, for the sanitizers */
        struct header header = {STR("Prefer"), {text, n}};
        struct request request = {.method = METHOD_GET, .headers = &header, .headers_count = 1};

        assert_non_null(text);
        for (size_t i = 0; i < n; i++) {
            text[i] = letters[random_below(&random, sizeof(letters) - 1)];
        }
        {
            struct preferences p;
            struct fault fault;

            assert_true(preferences_read(&request, true, &arena, &p, &fault));
            (void)preferences_check(&p, &arena, &fault);
            arena_fini(&arena);
            arena_init(&arena, NULL, 0, 65536);
        }
        free(text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(none),
        TEST(each_of_them),
        TEST(lists_and_several_headers),
        TEST(tokens_are_exact),
        TEST(max_affected_is_for_the_strict),
        TEST(the_strict_refuse),
        TEST(time_zones),
        TEST(an_unknown_time_zone),
        TEST(what_was_applied),
        TEST(without_memory),
        TEST(many_that_nobody_knows),
        TEST(any_bytes_at_all),
    };

    return cmocka_run_group_tests_name("handlers/preferences", tests, NULL, NULL);
}
