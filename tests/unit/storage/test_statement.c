/* The statement cache: reuse, eviction, and statements that outlive a schema change. */
#include "tests/unit/storage/fixture.h"

static const char script[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, a);"
                             "INSERT INTO t VALUES (1, 'x')";

static void run_number(struct fixture *f, unsigned n)
{
    char sql[64];
    char json[64];

    (void)snprintf(sql, sizeof(sql), "SELECT %u AS n", n);
    (void)snprintf(json, sizeof(json), "[{\"n\":%u}]", n);
    expect_rows(f, f->reader, sql, json);
}

static void test_a_statement_is_prepared_once(void **state)
{
    struct fixture *f = *state;
    char sql[] = "SELECT a FROM t"; /* the key is the text, not the pointer */

    for (int i = 0; i < 5; i++) {
        expect_rows(f, f->reader, "SELECT a FROM t", "[{\"a\":\"x\"}]");
        expect_rows(f, f->reader, sql, "[{\"a\":\"x\"}]");
    }
    assert_int_equal(f->reader->cache.misses, 1);
    assert_int_equal(f->reader->cache.count, 1);
}

static void test_the_least_recently_used_makes_room(void **state)
{
    struct fixture *f = *state;

    for (unsigned n = 0; n < STATEMENTS_MAX; n++) {
        run_number(f, n);
    }
    assert_int_equal(f->reader->cache.count, STATEMENTS_MAX);
    run_number(f, 0);              /* used again */
    run_number(f, STATEMENTS_MAX); /* pushes 1 out */
    assert_int_equal(f->reader->cache.count, STATEMENTS_MAX);
    assert_int_equal(f->reader->cache.misses, STATEMENTS_MAX + 1);
    run_number(f, 0);
    run_number(f, 2);
    assert_int_equal(f->reader->cache.misses, STATEMENTS_MAX + 1);
    run_number(f, 1);
    assert_int_equal(f->reader->cache.misses, STATEMENTS_MAX + 2);
    for (unsigned n = 0; n < 5 * STATEMENTS_MAX; n++) { /* every slot turned over, many times */
        run_number(f, n * 7);
    }
    assert_int_equal(f->reader->cache.count, STATEMENTS_MAX);
}

static void test_failing_sql_is_not_cached(void **state)
{
    struct fixture *f = *state;

    expect_failure(f, f->reader, "SELECT * FROM nowhere", STATUS_SCHEMA);
    expect_failure(f, f->reader, "SELECT * FROM nowhere", STATUS_SCHEMA);
    assert_int_equal(f->reader->cache.count, 0);
}

static void test_values_do_not_stay_behind(void **state)
{
    struct fixture *f = *state;
    struct value values[] = {{.type = VALUE_INTEGER, .integer = 1},
                             {.type = VALUE_TEXT, .bytes = STR("x")}};
    struct query q = {
        .sql = "SELECT id FROM t WHERE id = :id AND a = :a", .values = values, .values_count = 2};

    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    expect_out(f, "[{\"id\":1}]");
    values[0].type = VALUE_NULL;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    expect_out(f, "[]");
    q.values_count = 1;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_INTERNAL);
}

static void test_a_cached_select_follows_the_schema(void **state)
{
    struct fixture *f = *state;

    expect_rows(f, f->reader, "SELECT * FROM t", "[{\"id\":1,\"a\":\"x\"}]");
    raw_run(f->path, "ALTER TABLE t RENAME COLUMN a TO b");
    expect_rows(f, f->reader, "SELECT * FROM t", "[{\"id\":1,\"b\":\"x\"}]");
    raw_run(f->path, "ALTER TABLE t ADD COLUMN c DEFAULT 3");
    expect_rows(f, f->reader, "SELECT * FROM t", "[{\"id\":1,\"b\":\"x\",\"c\":3}]");
    raw_run(f->path, "ALTER TABLE t RENAME TO u");
    expect_failure(f, f->reader, "SELECT * FROM t", STATUS_SCHEMA);
    raw_run(f->path, "ALTER TABLE u RENAME TO t");
    expect_rows(f, f->reader, "SELECT * FROM t", "[{\"id\":1,\"b\":\"x\",\"c\":3}]");
    assert_int_equal(f->reader->cache.misses, 1);
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(&f, script, false);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_statement_is_prepared_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_least_recently_used_makes_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_sql_is_not_cached, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values_do_not_stay_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cached_select_follows_the_schema, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
