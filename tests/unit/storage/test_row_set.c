/* Sets of rows: filling them by hand and by statements, and reading them back in SQL. */
#include <math.h>

#include "storage/row_set.h"
#include "tests/unit/storage/fixture.h"

static struct value integer(int64_t number)
{
    return (struct value){.type = VALUE_INTEGER, .integer = number};
}

static struct value bytes(enum value_type type, struct str s)
{
    return (struct value){.type = type, .bytes = s};
}

static void expect_same(const struct value *got, const struct value *expected)
{
    assert_int_equal(got->type, expected->type);
    switch (got->type) {
    case VALUE_INTEGER:
        assert_true(got->integer == expected->integer);
        break;
    case VALUE_REAL:
        assert_memory_equal(&got->real, &expected->real, sizeof(got->real));
        break;
    case VALUE_TEXT:
    case VALUE_BLOB:
        assert_true(str_equal(got->bytes, expected->bytes));
        break;
    default:
        break;
    }
}

/* --- without a database -------------------------------------------------------------------------- */

static void test_rows_are_copies(void **state)
{
    char text[] = "text";
    struct value row[] = {integer(INT64_MIN), bytes(VALUE_TEXT, (struct str){text, 4}),
                          bytes(VALUE_BLOB, (struct str){NULL, 0})};
    struct row_set set;

    (void)state;
    row_set_init(&set, 100000);
    for (int64_t i = 0; i < 100; i++) {
        row[0].integer = i;
        text[0] = (char)('A' + i % 26);
        assert_int_equal(row_set_add(&set, row, 3), STATUS_OK);
    }
    assert_int_equal(set.rows, 100);
    assert_int_equal(set.columns, 3);
    text[0] = '?';
    for (uint64_t i = 0; i < 100; i++) {
        assert_true(row_set_at(&set, i, 0)->integer == (int64_t)i);
        assert_int_equal(row_set_at(&set, i, 1)->bytes.at[0], 'A' + i % 26);
        assert_memory_equal(row_set_at(&set, i, 1)->bytes.at + 1, "ext", 4); /* and terminated */
        assert_int_equal(row_set_at(&set, i, 2)->type, VALUE_BLOB);
        assert_int_equal(row_set_at(&set, i, 2)->bytes.size, 0);
    }
    row_set_fini(&set);
    row_set_fini(&set); /* harmless */
}

static void test_what_is_no_row(void **state)
{
    struct value row[] = {integer(1), integer(2), {.type = VALUE_ROWS}};
    struct row_set set;

    (void)state;
    row_set_init(&set, 100000);
    row[2].rows = &set;
    assert_int_equal(row_set_add(&set, row, 0), STATUS_INTERNAL);
    assert_int_equal(row_set_add(&set, row, 3), STATUS_INTERNAL);
    row[2].type = VALUE_SHAPE;
    assert_int_equal(row_set_add(&set, row, 3), STATUS_INTERNAL);
    assert_int_equal(set.columns, 0);
    assert_int_equal(row_set_add(&set, row, 2), STATUS_OK);
    assert_int_equal(row_set_add(&set, row, 1), STATUS_INTERNAL);
    assert_int_equal(set.rows, 1);
    row_set_clear(&set);
    assert_int_equal(set.rows, 0);
    assert_int_equal(set.columns, 0);
    assert_int_equal(row_set_add(&set, row, 1), STATUS_OK); /* another width */
    assert_int_equal(set.columns, 1);
    row_set_fini(&set);
}

static void test_the_bound(void **state)
{
    struct value row[] = {integer(1), bytes(VALUE_TEXT, STR("12345678"))};
    size_t size = sizeof(row) + 8;
    struct row_set set;

    (void)state;
    row_set_init(&set, 3 * size);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++) {
            assert_int_equal(row_set_add(&set, row, 2), STATUS_OK);
        }
        assert_int_equal(row_set_add(&set, row, 2), STATUS_TOO_BIG);
        assert_int_equal(set.rows, 3);
        row_set_clear(&set);
    }
    row[1].bytes.size = SIZE_MAX; /* never looked at */
    assert_int_equal(row_set_add(&set, row, 2), STATUS_TOO_BIG);
    assert_int_equal(set.rows, 0);
    row_set_fini(&set);
    row_set_init(&set, 0);
    assert_int_equal(row_set_add(&set, row, 1), STATUS_TOO_BIG);
    row_set_fini(&set);
}

static void test_truncating(void **state)
{
    struct value row = bytes(VALUE_TEXT, STR("x"));
    struct row_set set;

    (void)state;
    row_set_init(&set, 1000);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(row_set_add(&set, &row, 1), STATUS_OK);
    }
    row_set_truncate(&set, 7);
    assert_int_equal(set.rows, 5);
    row_set_truncate(&set, 2);
    assert_int_equal(set.rows, 2);
    assert_int_equal(set.bytes, 2 * sizeof(row) + 5); /* texts stay */
    row_set_truncate(&set, 0);
    assert_int_equal(set.rows, 0);
    assert_int_equal(set.bytes, 0);
    row_set_fini(&set);
}

static void test_filling_without_memory(void **state)
{
    struct value row[] = {integer(1), bytes(VALUE_TEXT, STR("text")), bytes(VALUE_BLOB, STR("b"))};
    bool has_failed = true;

    (void)state;
    for (long n = 1; has_failed; n++) {
        struct row_set set;
        uint64_t added = 0;

        row_set_init(&set, 100000);
        has_failed = false;
        mem_fail_after(n);
        for (int i = 0; i < 20; i++) {
            enum status status = row_set_add(&set, row, 3);

            assert_true(status == STATUS_OK || status == STATUS_NOMEM);
            has_failed = has_failed || status != STATUS_OK;
            added += status == STATUS_OK;
        }
        mem_fail_after(-1);
        assert_int_equal(set.rows, added);
        for (uint64_t i = 0; i < set.rows; i++) {
            expect_same(row_set_at(&set, i, 1), &row[1]);
        }
        row_set_fini(&set);
    }
}

/* --- rows of statements -------------------------------------------------------------------------- */

static struct row_set set;

/* Run sql on c into the set. */
static enum status fill(struct fixture *f, struct connection *c, const char *sql)
{
    struct query q = {.sql = sql, .into = &set};

    return run_query(f, c, &q);
}

static void test_returning_of_several_statements(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fill(f, f->writer, "INSERT INTO t(x) VALUES ('a'), ('b') RETURNING id, x"),
                     STATUS_OK);
    assert_int_equal(f->result.rows, 2);
    assert_int_equal(f->result.changes, 2);
    assert_int_equal(f->out.size, 0);
    assert_int_equal(fill(f, f->writer, "INSERT INTO t(x) VALUES (NULL) RETURNING id, x"),
                     STATUS_OK);
    assert_int_equal(fill(f, f->writer, "UPDATE t SET x = 2.5 WHERE id = 1 RETURNING id, x"),
                     STATUS_OK);
    assert_int_equal(fill(f, f->writer, "DELETE FROM t WHERE id > 100 RETURNING id, x"), STATUS_OK);
    assert_int_equal(f->result.rows, 0);
    assert_int_equal(fill(f, f->writer, "INSERT INTO t(x) VALUES (x'00ff')"), STATUS_OK);
    assert_int_equal(set.rows, 4);
    assert_int_equal(set.columns, 2);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(row_set_at(&set, i, 0)->integer, i + 1);
    }
    assert_true(str_equal(row_set_at(&set, 1, 1)->bytes, STR("b")));
    assert_int_equal(row_set_at(&set, 2, 1)->type, VALUE_NULL);
    assert_true(row_set_at(&set, 3, 1)->real == 2.5);
}

static void test_which_rows(void **state)
{
    static const enum query_media media[] = {QUERY_JSON, QUERY_LINES, QUERY_CSV};
    struct fixture *f = *state;
    struct query q = {.sql = "VALUES (1), (2), (3)", .into = &set};

    for (size_t i = 0; i < ARRAY_LENGTH(media); i++) {
        q.media = media[i];
        for (q.shape = QUERY_ROWS; q.shape <= QUERY_NONE; q.shape++) {
            row_set_clear(&set);
            assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
            assert_int_equal(f->out.size, 0);
            assert_int_equal(set.rows, q.shape == QUERY_ROW ? 1 : 3);
        }
    }
}

static void test_what_out_holds_stays(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "SELECT 1", .into = &set};

    assert_on_worker();
    buf_clear(&f->out);
    buf_append_literal(&f->out, "kept");
    assert_int_equal(connection_run(f->reader, &q, NULL, &f->out, &f->result, &f->err), STATUS_OK);
    expect_out(f, "kept");
}

/* A statement that fails adds nothing. */
static void test_failures(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "SELECT 1, 2 UNION ALL SELECT 3, 4", .into = &set, .rows_max = 1};

    assert_int_equal(run_query(f, f->reader, &q), STATUS_TOO_BIG);
    assert_string_equal(f->err.hint, "rows_max");
    assert_int_equal(set.rows, 0);
    assert_int_equal(set.columns, 0);
    assert_int_equal(fill(f, f->reader, "SELECT 7"), STATUS_OK);
    assert_int_equal(fill(f, f->reader, "SELECT 1, 2"), STATUS_INTERNAL);
    assert_string_equal(f->err.text, "the rows of the set have 1 columns, the statement 2");
    assert_int_equal(fill(f, f->reader, "SELECT 1 UNION ALL SELECT abs(-9223372036854775808)"),
                     STATUS_INVALID);
    assert_int_equal(fill(f, f->writer, "INSERT INTO u VALUES (1), (2), (1) RETURNING n"),
                     STATUS_CONSTRAINT);
    assert_int_equal(set.rows, 1);
    assert_int_equal(row_set_at(&set, 0, 0)->integer, 7);
}

static void test_a_set_that_is_full(void **state)
{
    struct fixture *f = *state;

    row_set_fini(&set);
    row_set_init(&set, 1000);
    assert_int_equal(fill(f, f->writer, "INSERT INTO u VALUES (1) RETURNING n"), STATUS_OK);
    assert_int_equal(fill(f, f->writer,
                          "WITH RECURSIVE s(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM s WHERE "
                          "i < 100) INSERT INTO u SELECT i FROM s RETURNING n"),
                     STATUS_TOO_BIG);
    assert_string_equal(f->err.text, "the result is larger than 1000 bytes");
    assert_string_equal(f->err.hint, "bytes_max");
    assert_int_equal(set.rows, 1);
    expect_rows(f, f->writer, "SELECT count(*) AS n FROM u", "[{\"n\":1}]");
}

static void test_the_deadline_counts(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i FROM s) "
                             "SELECT i FROM s",
                      .into = &set};
    struct cancel cancel;

    assert_on_worker();
    row_set_fini(&set);
    row_set_init(&set, SIZE_MAX);
    cancel_init(&cancel, clock_now_ns() + 20 * NS_PER_MS);
    assert_int_equal(connection_run(f->reader, &q, &cancel, &f->out, &f->result, &f->err),
                     STATUS_DEADLINE);
    assert_int_equal(set.rows, 0);
}

static void test_running_without_memory(void **state)
{
    struct fixture *f = *state;
    enum status status = STATUS_NOMEM;

    assert_int_equal(fill(f, f->reader, "SELECT 1, 'first'"), STATUS_OK);
    for (long n = 1; status != STATUS_OK; n++) {
        row_set_truncate(&set, 1);
        mem_fail_after(n);
        status = fill(f, f->reader, "SELECT id, 'text' || id FROM t UNION ALL VALUES (1, x'00')");
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        assert_true(status == STATUS_OK || set.rows == 1);
    }
    assert_int_equal(set.rows, 2);
}

/* --- gantry_value -------------------------------------------------------------------------------- */

#define EVERY_ROW                                                                                  \
    "WITH RECURSIVE n(i) AS (SELECT 0 WHERE :count > 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 " \
    "< :count) "

/* Run sql, which has the parameters :count and :rows in this order, into more; NULL: to f->out. */
static enum status run_on_set(struct fixture *f, struct connection *c, const char *sql,
                              struct row_set *more)
{
    const struct value values[] = {integer((int64_t)set.rows), {.type = VALUE_ROWS, .rows = &set}};
    struct query q = {
        .sql = sql, .values = values, .values_count = 2, .into = more, .is_planned = true};

    return run_query(f, c, &q);
}

static void test_a_set_is_a_table(void **state)
{
    static const char sql[] = EVERY_ROW "SELECT gantry_value(:rows, i, 0) AS \"id\", "
                                        "gantry_value(:rows, i, 1) AS \"name\" FROM n";
    struct fixture *f = *state;

    assert_int_equal(run_on_set(f, f->reader, sql, NULL), STATUS_OK);
    expect_out(f, "[]");
    assert_int_equal(fill(f, f->writer, "INSERT INTO t(x) VALUES ('a'), (NULL) RETURNING id, x"),
                     STATUS_OK);
    assert_int_equal(fill(f, f->writer, "INSERT INTO t(x) VALUES (1.5) RETURNING id, x"),
                     STATUS_OK);
    assert_int_equal(run_on_set(f, f->reader, sql, NULL), STATUS_OK);
    expect_out(f, "[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":null},{\"id\":3,\"name\":1.5}]");
    assert_int_equal(run_on_set(f, f->writer,
                                EVERY_ROW "INSERT INTO u SELECT gantry_value(:rows, i, 0) * 10 "
                                          "FROM n ORDER BY i DESC RETURNING n",
                                NULL),
                     STATUS_OK);
    expect_out(f, "[{\"n\":30},{\"n\":20},{\"n\":10}]");
    assert_int_equal(run_on_set(f, f->reader,
                                EVERY_ROW "SELECT x FROM t JOIN n ON t.id = gantry_value(:rows, i, "
                                          "0) ORDER BY gantry_value(:rows, i, 0) DESC LIMIT 2",
                                NULL),
                     STATUS_OK);
    expect_out(f, "[{\"x\":1.5},{\"x\":null}]");
    assert_int_equal(run_on_set(f, f->reader,
                                "SELECT x FROM t WHERE :count > 0 AND id = gantry_value(:rows, 1, "
                                "0)",
                                NULL),
                     STATUS_OK);
    expect_out(f, "[{\"x\":null}]");
}

/* Out of SQLite into a set, back into SQL, and into another. */
static void test_values_are_exact(void **state)
{
    const struct value row[] = {
        integer(INT64_MAX),
        integer(INT64_MIN),
        integer(INT64_C(9007199254740993)),
        {.type = VALUE_REAL, .real = 0.1},
        {.type = VALUE_REAL, .real = 5e-324},
        {.type = VALUE_REAL, .real = (double)INFINITY},
        {.type = VALUE_REAL, .real = 3.0},
        bytes(VALUE_TEXT, STR("")),
        bytes(VALUE_TEXT, STR("a\0b\0")),
        bytes(VALUE_TEXT, STR("Grüße 東京 😀")),
        bytes(VALUE_TEXT, STR("bad \xff")),
        bytes(VALUE_BLOB, STR("")),
        bytes(VALUE_BLOB, STR("\0\xff\0")),
        {.type = VALUE_NULL},
    };
    struct query q = {.sql = "SELECT :a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k, :l, :m, :n",
                      .values = row,
                      .values_count = ARRAY_LENGTH(row),
                      .into = &set};
    struct fixture *f = *state;
    struct row_set more;

    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    assert_int_equal(set.columns, ARRAY_LENGTH(row));
    row_set_init(&more, 10000);
    for (size_t i = 0; i < ARRAY_LENGTH(row); i++) {
        char sql[300];

        expect_same(row_set_at(&set, 0, i), &row[i]);
        row_set_clear(&more);
        (void)snprintf(sql, sizeof(sql), EVERY_ROW "SELECT gantry_value(:rows, i, %zu) FROM n", i);
        assert_int_equal(run_on_set(f, f->reader, sql, &more), STATUS_OK);
        expect_same(row_set_at(&more, 0, 0), &row[i]);
    }
    row_set_fini(&more);
}

static void expect_refused(struct fixture *f, const char *sql, const char *text)
{
    assert_int_equal(run_on_set(f, f->reader, sql, NULL), STATUS_INVALID);
    assert_string_equal(f->err.text, text);
    assert_int_equal(f->out.size, 0);
}

static void test_what_is_not_there(void **state)
{
    static const char *const indexes[] = {"1, 0",
                                          "0, 1",
                                          "-1, 0",
                                          "0, -1",
                                          "NULL, 0",
                                          "0, NULL",
                                          "'0', 0",
                                          "0, 0.0",
                                          "9223372036854775807, 0",
                                          "-9223372036854775808, 0",
                                          "x'', 0"};
    static const char none[] = "gantry_value takes a set of rows";
    static const char outside[] = "gantry_value: the set has no such row or column";
    struct fixture *f = *state;
    char sql[100];

    expect_refused(f, "SELECT :count, gantry_value(:rows, 0, 0)", outside); /* an empty one */
    assert_int_equal(fill(f, f->reader, "SELECT 'only'"), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(indexes); i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT :count, gantry_value(:rows, %s)", indexes[i]);
        expect_refused(f, sql, outside);
    }
    expect_refused(f, "SELECT gantry_value(:count, 0, 0), :rows", none);
    expect_refused(f, "SELECT :count, :rows, gantry_value(NULL, 0, 0)", none);
    expect_refused(f, "SELECT :count, :rows, gantry_value('gantry-rows', 0, 0)", none);
}

/* Not for the operator's SQL, and a shape is no set. */
static void test_who_may_call_it(void **state)
{
    struct fixture *f = *state;
    struct value shape = {.type = VALUE_SHAPE};
    struct query q = {.sql = "SELECT gantry_value(:rows, 0, 0)", .values_count = 1};

    q.values = &shape;
    expect_failure(f, f->reader, "SELECT gantry_value(1, 0, 0)", STATUS_INVALID);
    q.is_planned = true;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_INVALID);
    assert_string_equal(f->err.text, "gantry_value takes a set of rows");
}

/* A set that the statement itself adds to: what is lent stays where it is. */
static void test_a_set_may_feed_itself(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fill(f, f->reader, "SELECT 'seed'"), STATUS_OK);
    assert_int_equal(run_on_set(f, f->reader,
                                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + :count FROM "
                                "n WHERE i < 999) SELECT gantry_value(:rows, i, 0) || '+' FROM n",
                                &set),
                     STATUS_OK);
    assert_int_equal(set.rows, 1001);
    assert_int_equal(row_set_at(&set, 1000, 0)->bytes.size, 4 + 1000);
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(&f, "CREATE TABLE t(id INTEGER PRIMARY KEY, x); CREATE TABLE u(n UNIQUE)", true);
    row_set_init(&set, 1024 * 1024);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    row_set_fini(&set);
    fixture_fini(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_copies),
        cmocka_unit_test(test_what_is_no_row),
        cmocka_unit_test(test_the_bound),
        cmocka_unit_test(test_truncating),
        cmocka_unit_test(test_filling_without_memory),
        TEST(test_returning_of_several_statements),
        TEST(test_which_rows),
        TEST(test_what_out_holds_stays),
        TEST(test_failures),
        TEST(test_a_set_that_is_full),
        TEST(test_the_deadline_counts),
        TEST(test_running_without_memory),
        TEST(test_a_set_is_a_table),
        TEST(test_values_are_exact),
        TEST(test_what_is_not_there),
        TEST(test_who_may_call_it),
        TEST(test_a_set_may_feed_itself),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
