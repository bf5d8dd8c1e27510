/* The row writer, checked by parsing what it wrote with jansson. */
#include <math.h>

#include <jansson.h>

#include "tests/unit/storage/fixture.h"

static struct value text_value(const char *at, size_t size)
{
    return (struct value){.type = VALUE_TEXT, .bytes = {at, size}};
}

/* SELECT :v AS v, parsed. Gives: json_decref. */
static json_t *round_trip(struct fixture *f, struct value value)
{
    struct query q = {.sql = "SELECT :v AS v", .values = &value, .values_count = 1};
    json_error_t error;
    json_t *rows;
    json_t *v;

    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    rows = json_loadb(f->out.at, f->out.size, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (rows == NULL) {
        fail_msg("%s in %.*s", error.text, (int)f->out.size, f->out.at);
    }
    assert_int_equal(json_array_size(rows), 1);
    v = json_incref(json_object_get(json_array_get(rows, 0), "v"));
    json_decref(rows);
    assert_non_null(v);
    return v;
}

static void test_integers(void **state)
{
    static const int64_t numbers[] = {
        0, 1, -1, 42, INT64_MAX, INT64_MIN, INT64_C(9007199254740993), -INT64_C(9007199254740993)};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        json_t *v = round_trip(f, (struct value){.type = VALUE_INTEGER, .integer = numbers[i]});
        assert_true(json_is_integer(v));
        assert_true(json_integer_value(v) == numbers[i]);
        json_decref(v);
    }
}

static void test_reals(void **state)
{
    static const double numbers[] = {0.1,
                                     -0.0,
                                     0.0,
                                     2.0,
                                     5e-324,
                                     1.7976931348623157e308,
                                     -2.2250738585072014e-308,
                                     1.0 / 3,
                                     123456789012345678.0,
                                     9007199254740993.0};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        json_t *v = round_trip(f, (struct value){.type = VALUE_REAL, .real = numbers[i]});
        double back = json_real_value(v);
        assert_true(json_is_real(v));
        assert_memory_equal(&back, &numbers[i], sizeof(back));
        json_decref(v);
    }
}

static void test_no_numbers(void **state)
{
    static const double numbers[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        json_t *v = round_trip(f, (struct value){.type = VALUE_REAL, .real = numbers[i]});
        assert_true(json_is_null(v));
        json_decref(v);
    }
    expect_rows(f, f->reader, "SELECT 9e999 AS a, -9e999 AS b, NULL AS c",
                "[{\"a\":null,\"b\":null,\"c\":null}]");
}

static void test_texts(void **state)
{
    static const struct {
        struct str in, out;
    } cases[] = {
        {STR(""), STR("")},
        {STR("plain"), STR("plain")},
        {STR("\"quoted\" \\ / \b\f\n\r\t\x01\x1f\x7f"),
         STR("\"quoted\" \\ / \b\f\n\r\t\x01\x1f\x7f")},
        {STR("a\0b"), STR("a\0b")},
        {STR("\0"), STR("\0")},
        {STR("Grüße 東京 😀"), STR("Grüße 東京 😀")},
        {STR("bad \xff end"), STR("bad \xEF\xBF\xBD end")},
        {STR("cut \xF0\x9F\x98"), STR("cut \xEF\xBF\xBD")},
        {STR("surrogate \xED\xA0\x80!"), STR("surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD!")},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *v = round_trip(f, text_value(cases[i].in.at, cases[i].in.size));
        assert_true(json_is_string(v));
        assert_int_equal(json_string_length(v), cases[i].out.size);
        assert_memory_equal(json_string_value(v), cases[i].out.at, cases[i].out.size);
        json_decref(v);
    }
}

static void test_an_empty_text_without_bytes_is_no_null(void **state)
{
    struct fixture *f = *state;
    struct value values[] = {text_value(NULL, 0), {.type = VALUE_BLOB, .bytes = {NULL, 0}}};
    struct query q = {
        .sql = "SELECT typeof(:a) AS a, typeof(:b) AS b", .values = values, .values_count = 2};

    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    expect_out(f, "[{\"a\":\"text\",\"b\":\"blob\"}]");
}

static void test_blobs(void **state)
{
    struct fixture *f = *state;
    size_t size = 3 * 1000 * 1000;
    char *bytes = malloc(size);
    json_t *v;

    expect_rows(f, f->reader, "SELECT x'' AS a, x'00' AS b, x'fffefd' AS c, zeroblob(2) AS d",
                "[{\"a\":\"\",\"b\":\"AA==\",\"c\":\"//79\",\"d\":\"AAA=\"}]");
    assert_non_null(bytes);
    memset(bytes, 'M', size);
    v = round_trip(f, (struct value){.type = VALUE_BLOB, .bytes = {bytes, size}});
    assert_int_equal(json_string_length(v), size / 3 * 4);
    assert_memory_equal(json_string_value(v), "TU1NTU1N", 8);
    json_decref(v);
    free(bytes);
}

static void test_column_names(void **state)
{
    struct fixture *f = *state;

    expect_rows(f, f->reader, "SELECT 1 AS \"a\"\"b\\c\", 2 AS [], 3 AS \"naïve\"",
                "[{\"a\\\"b\\\\c\":1,\"\":2,\"naïve\":3}]");
}

static void test_shapes(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "SELECT id FROM t WHERE id <= :n ORDER BY id", .values_count = 1};
    struct value n = {.type = VALUE_INTEGER, .integer = 2};

    q.values = &n;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    expect_out(f, "[{\"id\":1},{\"id\":2}]");
    assert_int_equal(f->result.rows, 2);
    assert_int_equal(f->result.changes, 0);
    q.shape = QUERY_ROW;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    expect_out(f, "{\"id\":1}");
    assert_int_equal(f->result.rows, 1);
    q.shape = QUERY_NONE;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    assert_int_equal(f->out.size, 0);
    assert_int_equal(f->result.rows, 2);
    n.integer = 0;
    q.shape = QUERY_ROW;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    assert_int_equal(f->out.size, 0);
    assert_int_equal(f->result.rows, 0);
    q.shape = QUERY_ROWS;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    expect_out(f, "[]");
}

static void test_rows_max(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "SELECT id FROM t", .rows_max = 3};

    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK); /* exactly three */
    q.rows_max = 2;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_TOO_BIG);
    assert_string_equal(f->err.hint, "rows_max");
    assert_int_equal(f->out.size, 0);
    q.shape = QUERY_ROW;
    q.rows_max = 1;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_TOO_BIG);
}

/* Not twice as much, and not in steps. */
static void test_room_is_made_for_what_was_written_last_time(void **state)
{
    struct fixture *f = *state;
    const char *sql =
        "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 999)"
        " SELECT i FROM s";
    size_t size;

    assert_int_equal(run_sql(f, f->reader, sql), STATUS_OK);
    size = f->out.size;
    for (int i = 0; i < 2; i++) {
        buf_fini(&f->out);
        assert_int_equal(run_sql(f, f->reader, sql), STATUS_OK);
        assert_int_equal(f->out.size, size);
        assert_int_equal(f->out.capacity, size + size / 8);
    }
    buf_fini(&f->out);
    buf_init(&f->out, size); /* and may be no more */
    assert_int_equal(run_sql(f, f->reader, sql), STATUS_OK);
    buf_fini(&f->out);
    buf_init(&f->out, size - 1);
    assert_int_equal(run_sql(f, f->reader, sql), STATUS_TOO_BIG);
}

static void test_out_maximum(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "SELECT id FROM t"};
    struct query_result result = {.rows = 77};
    struct cancel cancel;
    struct buf out;

    assert_on_worker();
    cancel_init(&cancel, 0);
    for (size_t max = 4; max <= 32; max++) { /* "kept" and [{"id":1},{"id":2},{"id":3}] */
        enum status status;

        buf_init(&out, max);
        buf_append_literal(&out, "kept");
        status = connection_run(f->reader, &q, &cancel, &out, &result, &f->err);
        if (max < 32) {
            assert_int_equal(status, STATUS_TOO_BIG);
            assert_string_equal(f->err.hint, "bytes_max");
            assert_int_equal(out.size, 4);
            assert_int_equal(buf_status(&out), STATUS_OK);
            assert_int_equal(result.rows, 77);
        } else {
            assert_int_equal(status, STATUS_OK);
            assert_int_equal(out.size, 32);
            assert_int_equal(result.rows, 3);
        }
        buf_fini(&out);
    }
}

/* --- leaving while they are found ---------------------------------------------------------- */

struct drain {
    struct buf all;
    unsigned flushes;
    unsigned fails_at; /* 0: never */
};

static enum status drain_out(void *user, struct buf *out, struct error *err)
{
    struct drain *d = user;

    d->flushes++;
    if (d->flushes == d->fails_at) {
        return error_set(err, STATUS_CANCELLED, "nobody wants it");
    }
    buf_append_str(&d->all, buf_str(out));
    buf_clear(out);
    return STATUS_OK;
}

static enum status run_flushed(struct fixture *f, struct drain *d, size_t flush_bytes)
{
    struct query q = {.sql = "SELECT id FROM t",
                      .flush_bytes = flush_bytes,
                      .flush_next_bytes = flush_bytes,
                      .flush = drain_out,
                      .flush_user = d};

    buf_init(&d->all, 1000);
    d->flushes = 0;
    return run_query(f, f->reader, &q);
}

static void test_rows_leave_in_pieces(void **state)
{
    struct fixture *f = *state;
    struct drain d = {.fails_at = 0};

    for (size_t bytes = 0; bytes < 40; bytes++) {
        assert_int_equal(run_flushed(f, &d, bytes), STATUS_OK);
        assert_true(bytes > 9 || d.flushes == 3);
        assert_true(bytes < 31 || d.flushes == 0);
        buf_append_str(&d.all, buf_str(&f->out));
        buf_append_char(&d.all, '\0');
        assert_string_equal(d.all.at, "[{\"id\":1},{\"id\":2},{\"id\":3}]");
        assert_int_equal(f->result.rows, 3);
        buf_fini(&d.all);
    }
}

/* The first piece may be larger than those that follow, or smaller. */
static void test_the_first_piece_has_its_own_size(void **state)
{
    struct fixture *f = *state;
    struct drain d = {.fails_at = 0};
    struct query q = {.sql = "SELECT id FROM t", .flush = drain_out, .flush_user = &d};

    buf_init(&d.all, 1000);
    q.flush_bytes = 15; /* two rows */
    q.flush_next_bytes = 1;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    assert_int_equal(d.flushes, 2);
    d.flushes = 0;
    q.flush_bytes = 1;
    q.flush_next_bytes = 15; /* ,{"id":2},{"id":3}: the two that are left */
    assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    assert_int_equal(d.flushes, 2);
    buf_fini(&d.all);
}

static void test_what_cannot_leave_ends_the_query(void **state)
{
    struct fixture *f = *state;
    struct drain d = {.fails_at = 2};

    assert_int_equal(run_flushed(f, &d, 1), STATUS_CANCELLED);
    assert_string_equal(f->err.text, "nobody wants it");
    assert_int_equal(d.flushes, 2);
    assert_int_equal(d.all.size, 9); /* [{"id":1} */
    buf_fini(&d.all);
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(&f, "CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)",
                 false);
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
        cmocka_unit_test_setup_teardown(test_integers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_empty_text_without_bytes_is_no_null, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_blobs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_column_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_max, setup, teardown),
        cmocka_unit_test_setup_teardown(test_room_is_made_for_what_was_written_last_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_out_maximum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_leave_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_first_piece_has_its_own_size, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_leave_ends_the_query, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
