/* Rows behind a shape: the row writer, gantry_row, gantry_rows, gantry_part, CSV and flushing. */
#include "storage/row_shape.h"

#include <jansson.h>

#include "tests/unit/storage/fixture.h"

static struct arena arena;

#define CELL(text, what) ((struct row_cell){.name = STR(text), .kind = ROW_CELL_##what})

static const struct row_shape *make(const struct row_cell *cells, size_t count)
{
    const struct row_shape *shape = row_shape_make(&arena, cells, count, false, false);

    assert_non_null(shape);
    return shape;
}

static const struct row_shape *make_stripping(const struct row_cell *cells, size_t count)
{
    const struct row_shape *shape = row_shape_make(&arena, cells, count, true, false);

    assert_non_null(shape);
    return shape;
}

static const struct row_shape *make_bare(struct row_cell cell)
{
    const struct row_shape *shape = row_shape_make(&arena, &cell, 1, false, true);

    assert_non_null(shape);
    return shape;
}

/* Run it for our own functions' sake as a plan would. */
static enum status run_planned(struct fixture *f, struct query q)
{
    static const char *const tables[] = {"t"};

    q.tables = tables;
    q.tables_count = 1;
    return run_query(f, f->reader, &q);
}

static void expect_planned(struct fixture *f, struct query q, const char *expected)
{
    enum status status = run_planned(f, q);

    if (status != STATUS_OK) {
        fail_msg("%s: %s", q.sql, f->err.text);
    }
    expect_out(f, expected);
}

static void test_kinds(void **state)
{
    const struct row_cell cells[] = {CELL("plain \"x\"", PLAIN), CELL("b", BASE64),
                                     CELL("bool", BOOLEAN), CELL("json", JSON), CELL("raw", RAW)};
    struct query q = {.row = make(cells, 5)};

    q.sql = "SELECT 1, 2, 1, 3, NULL";
    expect_planned(*state, q,
                   "[{\"plain \\\"x\\\"\":1,\"b\":2,\"bool\":true,\"json\":3,"
                   "\"raw\":null}]");
    q.sql = "SELECT x'6162', x'6162', 0, '{\"a\": [1]}', '[{}]'";
    expect_planned(*state, q,
                   "[{\"plain \\\"x\\\"\":\"\\\\x6162\",\"b\":\"YWI=\",\"bool\":false,"
                   "\"json\":{\"a\": [1]},\"raw\":[{}]}]");
    q.sql = "SELECT 9e999, 9e999, 'yes', '{bad', '1'";
    expect_planned(*state, q,
                   "[{\"plain \\\"x\\\"\":\"Infinity\",\"b\":null,\"bool\":\"yes\","
                   "\"json\":\"{bad\",\"raw\":1}]");
    q.sql = "SELECT -9e999, 'x', 1.5, ' [1,\n 2]\r\n', '1'";
    expect_planned(*state, q,
                   "[{\"plain \\\"x\\\"\":\"-Infinity\",\"b\":\"x\",\"bool\":1.5,"
                   "\"json\":[1,2],\"raw\":1}]");
    q.sql = "SELECT x'', 9223372036854775807, -5, x'00ff', '1'";
    expect_planned(*state, q,
                   "[{\"plain \\\"x\\\"\":\"\\\\x\",\"b\":9223372036854775807,"
                   "\"bool\":true,\"json\":\"\\\\x00ff\",\"raw\":1}]");
}

static void test_nulls_stripped(void **state)
{
    const struct row_cell cells[] = {CELL("a", PLAIN), CELL("b", JSON), CELL("c", BOOLEAN)};
    struct query q = {.row = make_stripping(cells, 3)};

    q.sql = "SELECT 1, '{\"x\":null,\"y\":[null]}', 1";
    expect_planned(*state, q, "[{\"a\":1,\"b\":{\"y\":[null]},\"c\":true}]");
    q.sql = "SELECT NULL, ' null ', 0";
    expect_planned(*state, q, "[{\"c\":false}]");
    q.sql = "SELECT 'null', NULL, NULL";
    expect_planned(*state, q, "[{\"a\":\"null\"}]");
    q.sql = "SELECT NULL, NULL, NULL";
    expect_planned(*state, q, "[{}]");
}

static void test_bare(void **state)
{
    struct query q = {.sql = "SELECT id FROM t", .row = make_bare(CELL("", PLAIN))};

    expect_planned(*state, q, "[1,2,3]");
    q.shape = QUERY_ROW;
    expect_planned(*state, q, "1");
    q.shape = QUERY_ROWS;
    q.media = QUERY_LINES;
    expect_planned(*state, q, "1\n2\n3\n");
}

static void test_shape_and_columns_differ(void **state)
{
    const struct row_cell cells[] = {CELL("a", PLAIN), CELL("b", PLAIN)};
    struct query q = {.sql = "SELECT id FROM t", .row = make(cells, 2)};

    assert_int_equal(run_planned(*state, q), STATUS_INTERNAL);
}

/* --- media --------------------------------------------------------------------------------- */

static void test_lines(void **state)
{
    struct query q = {.sql = "SELECT id, 'a' || char(10) AS x FROM t", .media = QUERY_LINES};

    expect_planned(*state, q,
                   "{\"id\":1,\"x\":\"a\\n\"}\n{\"id\":2,\"x\":\"a\\n\"}\n"
                   "{\"id\":3,\"x\":\"a\\n\"}\n");
    q.shape = QUERY_ROW;
    expect_planned(*state, q, "{\"id\":1,\"x\":\"a\\n\"}\n");
    q.shape = QUERY_ROWS;
    q.sql = "SELECT id FROM t WHERE id > 5";
    expect_planned(*state, q, "");
}

static void test_csv(void **state)
{
    const struct row_cell cells[] = {CELL("id", PLAIN), CELL("a b", BOOLEAN), CELL("j", JSON),
                                     CELL("x\"y", PLAIN)};
    struct query q = {.media = QUERY_CSV, .row = make(cells, 4)};

    q.sql = "SELECT 1, 1, '{\"a\":1}', 'plain' UNION ALL SELECT 2.0, 0, NULL, '' UNION ALL "
            "SELECT 2.5, 'x', '[1]', x'ab' UNION ALL SELECT NULL, NULL, NULL, 9e999";
    expect_planned(*state, q,
                   "id,\"a b\",j,\"x\"\"y\"\n"
                   "1,t,\"{\"\"a\"\":1}\",plain\n"
                   "2,f,,\"\"\n"
                   "2.5,x,[1],\"\\xab\"\n"
                   ",,,Infinity");
    q.row = NULL;
    q.sql = "SELECT id, id + 1 AS next FROM t WHERE id > 5";
    expect_planned(*state, q, "id,next"); /* also of no rows */
    q.shape = QUERY_ROW;
    q.sql = "SELECT id, id + 1 AS next FROM t WHERE id > 1";
    expect_planned(*state, q, "id,next\n2,3");
}

static void test_a_row_that_is_counted(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "SELECT id FROM t", .shape = QUERY_ROW, .rows_max = UINT64_MAX};

    expect_planned(f, q, "{\"id\":1}");
    assert_int_equal(f->result.rows, 3);
}

/* --- flushing ------------------------------------------------------------------------------ */

struct sink {
    struct buf all;
    unsigned calls;
    unsigned fails_at;
};

static enum status flush(void *user, struct buf *out, struct error *err)
{
    struct sink *sink = user;

    sink->calls++;
    if (sink->calls == sink->fails_at) {
        return error_set(err, STATUS_CLOSED, "the client is gone");
    }
    buf_append_str(&sink->all, buf_str(out));
    buf_clear(out);
    return STATUS_OK;
}

static void test_flush(void **state)
{
    struct fixture *f = *state;
    struct sink sink = {.calls = 0};
    struct query q = {.sql = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE "
                             "i < 1000) SELECT i FROM s",
                      .flush_bytes = 100,
                      .flush_next_bytes = 100,
                      .flush = flush,
                      .flush_user = &sink};
    json_t *rows;

    buf_init(&sink.all, 1 << 20);
    assert_int_equal(run_planned(f, q), STATUS_OK);
    assert_true(sink.calls > 50);
    assert_true(f->out.capacity < 1000);
    buf_append_str(&sink.all, buf_str(&f->out));
    rows = json_loadb(sink.all.at, sink.all.size, 0, NULL);
    assert_int_equal(json_array_size(rows), 1000);
    json_decref(rows);
    buf_clear(&sink.all);
    sink = (struct sink){.all = sink.all, .fails_at = 3};
    assert_int_equal(run_planned(f, q), STATUS_CLOSED);
    assert_string_equal(f->err.text, "the client is gone");
    assert_int_equal(f->out.size, 0);
    buf_fini(&sink.all);
}

/* What was in out before the query goes out with the first flush. */
static void test_flush_of_what_was_there(void **state)
{
    struct fixture *f = *state;
    struct sink sink = {.fails_at = 2};
    struct query q = {.sql = "SELECT id FROM t",
                      .flush_bytes = 5,
                      .flush_next_bytes = 5,
                      .flush = flush,
                      .flush_user = &sink};

    buf_init(&sink.all, 1 << 20);
    buf_clear(&f->out);
    buf_append_literal(&f->out, "{\"rows\":");
    assert_on_worker();
    assert_int_equal(connection_run(f->reader, &q, NULL, &f->out, &f->result, &f->err),
                     STATUS_CLOSED);
    assert_int_equal(f->out.size, 0);
    assert_int_equal(sink.all.size, strlen("{\"rows\":[{\"id\":1}"));
    buf_fini(&sink.all);
}

/* --- the functions ------------------------------------------------------------------------- */

static struct value shape_value(const struct row_shape *shape)
{
    return (struct value){.type = VALUE_SHAPE, .shape = shape};
}

static void test_gantry_row(void **state)
{
    const struct row_cell inner[] = {CELL("a", PLAIN), CELL("b", JSON)};
    struct value value = shape_value(make(inner, 2));
    struct query q = {.sql = "SELECT gantry_row(?1, id, '[1]') FROM t",
                      .values = &value,
                      .values_count = 1,
                      .row = make_bare(CELL("", RAW))};

    expect_planned(*state, q, "[{\"a\":1,\"b\":[1]},{\"a\":2,\"b\":[1]},{\"a\":3,\"b\":[1]}]");
    q.sql = "SELECT gantry_rows(?1, id, NULL) FROM t";
    expect_planned(*state, q, "[[{\"a\":1,\"b\":null},{\"a\":2,\"b\":null},{\"a\":3,\"b\":null}]]");
    q.sql = "SELECT gantry_rows(?1, id, NULL) FROM t WHERE id > 5";
    expect_planned(*state, q, "[[]]");
    q.sql = "SELECT gantry_rows(?1, id, 1) FROM t GROUP BY id";
    expect_planned(*state, q, "[[{\"a\":1,\"b\":1}],[{\"a\":2,\"b\":1}],[{\"a\":3,\"b\":1}]]");
    q.sql = "SELECT (SELECT gantry_rows(?1, u.id, 1) FROM (SELECT id FROM t AS u WHERE u.id < "
            "t.id ORDER BY id DESC) AS u) FROM t ORDER BY t.id";
    expect_planned(*state, q, "[[],[{\"a\":1,\"b\":1}],[{\"a\":2,\"b\":1},{\"a\":1,\"b\":1}]]");
}

#define VALUES_OF(values) "WITH v(a, b) AS (VALUES " values ") SELECT "

/* By the first value, by the second, by one that is not shown; both ways. */
static void test_gantry_sorted(void **state)
{
    const struct row_cell inner[] = {CELL("a", PLAIN), CELL("b", PLAIN)};
    struct value value = shape_value(make(inner, 2));
    struct query q = {.values = &value, .values_count = 1, .row = make_bare(CELL("", RAW))};

    q.sql = VALUES_OF("(1, 'x'), (2, 'y')") "gantry_sorted(1, ?1, a, b) FROM v";
    expect_planned(*state, q, "[[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"}]]");
    q.sql = VALUES_OF("(3, 'long'), (-1, 'x'), (2, '')") "gantry_sorted(1, ?1, a, b) FROM v";
    expect_planned(*state, q,
                   "[[{\"a\":-1,\"b\":\"x\"},{\"a\":2,\"b\":\"\"},{\"a\":3,\"b\":\"long\"}]]");
    q.sql = VALUES_OF("(3, 4), (-9223372036854775808, 9223372036854775807), "
                      "(0, -9223372036854775808)") "gantry_sorted(-2, ?1, a, b) FROM v";
    expect_planned(*state, q,
                   "[[{\"a\":-9223372036854775808,\"b\":9223372036854775807},{\"a\":3,\"b\":4},"
                   "{\"a\":0,\"b\":-9223372036854775808}]]");
    q.sql = VALUES_OF("(1, 2), (2, 1), (3, 3)") "gantry_sorted(3, ?1, a, 0, b) FROM v";
    expect_planned(*state, q, "[[{\"a\":2,\"b\":0},{\"a\":1,\"b\":0},{\"a\":3,\"b\":0}]]");
    q.sql = VALUES_OF("(1, 2), (2, 1)") "gantry_sorted(-3, ?1, a, 0, b) FROM v";
    expect_planned(*state, q, "[[{\"a\":1,\"b\":0},{\"a\":2,\"b\":0}]]");
}

static void test_gantry_sorted_of_few_and_many(void **state)
{
    struct value value = shape_value(make_bare(CELL("", PLAIN)));
    struct query q = {.values = &value, .values_count = 1, .row = make_bare(CELL("", RAW))};

    q.sql = "SELECT gantry_sorted(1, ?1, id) FROM t WHERE id > 5";
    expect_planned(*state, q, "[[]]");
    q.sql = "SELECT gantry_sorted(-1, ?1, id) FROM t WHERE id = 2";
    expect_planned(*state, q, "[[2]]");
    q.sql = "SELECT (SELECT gantry_sorted(-1, ?1, u.id) FROM t AS u WHERE u.id <= t.id) FROM t";
    expect_planned(*state, q, "[[1],[2,1],[3,2,1]]");
    q.sql = "SELECT gantry_sorted(-1, ?1, t.id) FROM t, t AS u WHERE (t.id, u.id) < (3, 3)";
    expect_planned(*state, q, "[[3,3,2,2,2,1,1,1]]"); /* eight */
    q.sql = "SELECT gantry_sorted(-1, ?1, t.id) FROM t, t AS u";
    expect_planned(*state, q, "[[3,3,3,2,2,2,1,1,1]]"); /* and nine */
    /* as they came, where the keys are the same */
    q.sql =
        VALUES_OF("(1, 'a'), (0, 'b'), (1, 'c'), (0, 'd'), (1, 'e')") "gantry_sorted(2, ?1, b, a)"
                                                                      " FROM v";
    expect_planned(*state, q, "[[\"b\",\"d\",\"a\",\"c\",\"e\"]]");
    q.sql = "WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < 9999),"
            " w(x) AS (SELECT gantry_sorted(1, ?1, i * 7919 % 10000) FROM s)"
            " SELECT length(x) || '/' || substr(x, 1, 20) || '...' || substr(x, -12) FROM w";
    expect_planned(*state, q, "[48891/[0,1,2,3,4,5,6,7,8,9...7,9998,9999]]");
}

static void test_gantry_part(void **state)
{
    const struct row_cell parts[] = {CELL("x", PLAIN), CELL("", PART), CELL("", PART),
                                     CELL("y", PLAIN)};
    const struct row_cell inner[] = {CELL("a", PLAIN), CELL("b", PLAIN)};
    struct value value = shape_value(make_stripping(inner, 2));
    struct query q = {.values = &value, .values_count = 1};

    q.row = make(parts, 4);
    q.sql = "SELECT 1, gantry_part(?1, 2, 3), gantry_part(?1, NULL, NULL), 4";
    expect_planned(*state, q, "[{\"x\":1,\"a\":2,\"b\":3,\"y\":4}]");
    q.row = make(parts + 1, 2);
    q.sql = "SELECT gantry_part(?1, NULL, NULL), gantry_part(?1, NULL, 3)";
    expect_planned(*state, q, "[{\"b\":3}]");
    q.sql = "SELECT gantry_part(?1, NULL, NULL), gantry_part(?1, NULL, NULL)";
    expect_planned(*state, q, "[{}]");
}

static void test_wrong_arguments(void **state)
{
    static const char *const wrong[] = {
        "SELECT gantry_row()",
        "SELECT gantry_row(1)",
        "SELECT gantry_row(NULL, 1)",
        "SELECT gantry_row(?1)",
        "SELECT gantry_row(?1, 1, 2)",
        "SELECT gantry_part('x', 1)",
        "SELECT gantry_rows(NULL, id) FROM t",
        "SELECT gantry_rows(?1) FROM t",
        "SELECT gantry_rows(?1, id, 2) FROM t",
        "SELECT gantry_sorted() FROM t",
        "SELECT gantry_sorted(1) FROM t",
        "SELECT gantry_sorted(1, ?1) FROM t",
        "SELECT gantry_sorted(0, ?1, id) FROM t",
        "SELECT gantry_sorted(2, ?1, id) FROM t",
        "SELECT gantry_sorted(-2, ?1, id) FROM t",
        "SELECT gantry_sorted(1, ?1, id, 2) FROM t",
        "SELECT gantry_sorted(2, ?1, id, 2, 3) FROM t",
        "SELECT gantry_sorted(1, id, ?1) FROM t",
    };
    const struct row_cell cell = CELL("a", PLAIN);
    struct value value = shape_value(make(&cell, 1));
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct query q = {.sql = wrong[i], .values = &value};
        q.values_count = strchr(wrong[i], '?') != NULL;
        assert_int_equal(run_planned(f, q), STATUS_INVALID);
    }
}

static void test_too_big(void **state)
{
    const struct row_cell cell = CELL("a", PLAIN);
    struct value value = shape_value(make(&cell, 1));
    struct fixture *f = *state;
    struct query q = {.sql =
                          "SELECT length(gantry_rows(?1, hex(zeroblob(1000000)))) AS n FROM t, t "
                          "AS u, t AS v, t AS w",
                      .values = &value,
                      .values_count = 1};

    assert_int_equal(run_planned(f, q), STATUS_TOO_BIG);
    assert_string_equal(f->err.hint, "value_bytes_max");
    q.sql = "SELECT length(gantry_rows(?1, hex(zeroblob(1000000)))) AS n FROM t, t AS u";
    expect_planned(f, q, "[{\"n\":18000082}]"); /* 9 times {"a":"..."}, 8 commas, 2 brackets */
}

/* Run it with ever more memory, until there is enough. */
static void expect_survival(struct fixture *f, struct query q)
{
    enum status status = STATUS_NOMEM;

    for (long n = 1; status != STATUS_OK; n++) {
        buf_fini(&f->out);
        mem_fail_after(n);
        status = run_planned(f, q);
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        assert_true(n < 10000);
    }
}

static void test_without_memory(void **state)
{
    const struct row_cell inner[] = {CELL("a", PLAIN), CELL("b", JSON)};
    struct value value = shape_value(make(inner, 2));
    struct query q = {.values = &value, .values_count = 1, .media = QUERY_CSV};

    q.sql = "SELECT id, gantry_rows(?1, hex(zeroblob(1000)), '[1,\n2]') AS r FROM t GROUP BY id";
    expect_survival(*state, q);
    q.sql = "SELECT gantry_sorted(-3, ?1, hex(zeroblob(1000)), 2, t.id) AS r"
            " FROM t, t AS u, t AS v";
    expect_survival(*state, q);
    for (long n = 1;; n++) {
        const struct row_shape *shape;
        struct arena own;

        arena_init(&own, NULL, 0, SIZE_MAX);
        mem_fail_after(n);
        shape = row_shape_make(&own, inner, 2, false, false);
        mem_fail_after(-1);
        arena_fini(&own);
        if (shape != NULL) {
            break;
        }
    }
}

static int setup(void **state)
{
    static struct fixture f;

    arena_init(&arena, NULL, 0, SIZE_MAX);
    fixture_init(&f, "CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)",
                 false);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    arena_fini(&arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kinds),
        TEST(test_nulls_stripped),
        TEST(test_bare),
        TEST(test_shape_and_columns_differ),
        TEST(test_lines),
        TEST(test_csv),
        TEST(test_a_row_that_is_counted),
        TEST(test_flush),
        TEST(test_flush_of_what_was_there),
        TEST(test_gantry_row),
        TEST(test_gantry_sorted),
        TEST(test_gantry_sorted_of_few_and_many),
        TEST(test_gantry_part),
        TEST(test_wrong_arguments),
        TEST(test_too_big),
        TEST(test_without_memory),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
