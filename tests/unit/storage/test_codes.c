/* The SQLSTATE of each failure; the codes are PostgreSQL's (documentation, appendix A). */
#include "tests/unit/storage/fixture.h"

static void expect_code(struct fixture *f, struct connection *c, const char *sql, const char *code)
{
    enum status status = run_sql(f, c, sql);

    if (status == STATUS_OK || strcmp(f->err.code, code) != 0) {
        fail_msg("%s: %s \"%s\" (%s), expected \"%s\"", sql, status_name(status), f->err.code,
                 f->err.text, code);
    }
}

static void test_constraints(void **state)
{
    struct fixture *f = *state;

    expect_code(f, f->writer, "INSERT INTO t VALUES (1, 5, 5)", "23505");
    expect_code(f, f->writer, "INSERT INTO t VALUES (2, 1, 5)", "23505");
    expect_code(f, f->writer, "INSERT INTO t VALUES (2, NULL, 5)", "23502");
    expect_code(f, f->writer, "INSERT INTO t VALUES (2, 2, -1)", "23514");
    expect_code(f, f->writer, "INSERT INTO child VALUES (99)", "23503");
    expect_code(f, f->writer, "INSERT INTO late VALUES (99)", "23503"); /* at COMMIT */
    expect_code(f, f->writer, "INSERT INTO strict_one VALUES ('x')", "22P02");
    expect_code(f, f->writer, "INSERT INTO t VALUES ('x', 2, 2)", "22P02");
    expect_code(f, f->writer, "DELETE FROM t", "P0001");
}

static void test_statements(void **state)
{
    struct fixture *f = *state;

    expect_code(f, f->reader, "SELECT nowhere FROM t", "42703");
    expect_code(f, f->reader, "SELECT id FROM t, t AS u", "42702");
    expect_code(f, f->reader, "SELECT * FROM nowhere", "42P01");
    expect_code(f, f->reader, "SELECT nowhere()", "42883");
    expect_code(f, f->reader, "SELECT abs()", "42883");
    expect_code(f, f->reader, "SELECT FROM", "42601");
    expect_code(f, f->reader, "SELECT (", "42601");
    expect_code(f, f->reader, "ATTACH 'x' AS y", "42501");
    expect_code(f, f->reader, "SELECT gantry_row(NULL)", "42501");
    expect_code(f, f->reader, "DELETE FROM t", "25006");
    expect_code(f, f->reader, "SELECT hex(zeroblob(60000000)) AS x", "54000");
    expect_code(f, f->reader, "SELECT json_extract('{', '$') AS x", "22P02");
    expect_code(f, f->reader, "SELECT sum(9223372036854775807) AS x FROM t, child", "22003");
}

static void test_stopped(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s) "
                             "SELECT count(*) AS n FROM s"};
    struct cancel cancel;

    assert_on_worker();
    cancel_init(&cancel, clock_now_ns() + NS_PER_MS);
    buf_clear(&f->out);
    assert_int_equal(connection_run(f->reader, &q, &cancel, &f->out, &f->result, &f->err),
                     STATUS_DEADLINE);
    assert_string_equal(f->err.code, "57014");
    cancel_init(&cancel, 1);
    assert_int_equal(connection_run(f->reader, &q, &cancel, &f->out, &f->result, &f->err),
                     STATUS_DEADLINE); /* before it starts */
    assert_string_equal(f->err.code, "57014");
}

static void test_locked(void **state)
{
    struct fixture *f = *state;
    sqlite3 *other = raw_open(f->path);
    struct query q = {.sql = "INSERT INTO child VALUES (1)"};
    struct cancel cancel;

    raw_exec(other, "BEGIN IMMEDIATE");
    assert_on_worker();
    cancel_init(&cancel, clock_now_ns() + 20 * NS_PER_MS);
    buf_clear(&f->out);
    assert_int_equal(connection_run(f->writer, &q, &cancel, &f->out, &f->result, &f->err),
                     STATUS_LOCKED);
    assert_string_equal(f->err.code, "55P03");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

/* A trigger's words are the schema's author's: they name no code, whatever they look like. */
static void test_a_text_cannot_pretend(void **state)
{
    struct fixture *f = *state;

    expect_code(f, f->writer, "UPDATE t SET a = 7", "P0001");
    assert_string_equal(f->err.text, "\x01"
                                     "42P01\x01"
                                     "forged");
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(&f,
                 "CREATE TABLE t(id INTEGER PRIMARY KEY, a NOT NULL UNIQUE, b CHECK (b > 0));"
                 "INSERT INTO t VALUES (1, 1, 1);"
                 "CREATE TABLE child(t REFERENCES t); INSERT INTO child VALUES (1), (1);"
                 "CREATE TABLE late(t REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
                 "CREATE TABLE strict_one(i INTEGER) STRICT;"
                 "CREATE TRIGGER keep BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'keep'); END;"
                 "CREATE TRIGGER forge BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, '\x01"
                 "42P01"
                 "\x01"
                 "forged'); END",
                 true);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_constraints),
        TEST(test_statements),
        TEST(test_stopped),
        TEST(test_locked),
        TEST(test_a_text_cannot_pretend),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
