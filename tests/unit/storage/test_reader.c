/* Reading: what a reader refuses, and how a running statement is stopped. */
#include <pthread.h>
#include <semaphore.h>

#include "tests/unit/storage/fixture.h"

/* Never ends by itself. */
#define RUNAWAY                                                                                    \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"

static const char script[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, a);"
                             "INSERT INTO t VALUES (1, 'x'), (2, 'y')";

static enum status run_with(struct fixture *f, struct connection *c, const char *sql,
                            struct cancel *cancel)
{
    struct query q = {.sql = sql};

    assert_on_worker();
    buf_clear(&f->out);
    return connection_run(c, &q, cancel, &f->out, &f->result, &f->err);
}

static void test_a_reader_refuses_writes(void **state)
{
    static const char *const writes[] = {
        "INSERT INTO t(a) VALUES (1)",
        "UPDATE t SET a = 1 RETURNING id",
        "DELETE FROM t",
        "CREATE TABLE u(x)",
        "DROP TABLE t",
        "WITH w AS (SELECT 1) INSERT INTO t(a) SELECT * FROM w",
        "CREATE INDEX i ON t(a)",
        "ANALYZE",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(writes); i++) {
        expect_failure(f, f->reader, writes[i], STATUS_READONLY);
    }
    expect_rows(f, f->reader, "SELECT count(*) AS n FROM t", "[{\"n\":2}]");
    /* and below our own check, SQLite's */
    assert_int_equal(
        sqlite3_exec(f->reader->handle, "INSERT INTO t(a) VALUES (1)", NULL, NULL, NULL),
        SQLITE_READONLY);
    assert_int_equal(sqlite3_db_readonly(f->reader->handle, "main"), 1);
}

static void test_a_token_that_is_set_already(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel;

    cancel_init(&cancel, 0);
    cancel_set(&cancel);
    assert_int_equal(run_with(f, f->reader, "SELECT 1 AS n", &cancel), STATUS_CANCELLED);
    assert_int_equal(f->err.status, STATUS_CANCELLED);
    cancel_init(&cancel, 1);
    assert_int_equal(run_with(f, f->reader, "SELECT 1 AS n", &cancel), STATUS_DEADLINE);
    assert_int_equal(run_with(f, f->writer, "DELETE FROM t", &cancel), STATUS_DEADLINE);
    expect_rows(f, f->reader, "SELECT count(*) AS n FROM t", "[{\"n\":2}]");
}

static void test_a_runaway_meets_its_deadline(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel;
    int64_t deadline_ns = clock_now_ns() + 20 * NS_PER_MS;

    cancel_init(&cancel, deadline_ns);
    assert_int_equal(run_with(f, f->reader, RUNAWAY, &cancel), STATUS_DEADLINE);
    assert_true(clock_now_ns() >= deadline_ns);
    assert_int_equal(f->out.size, 0);
    /* the connection is as good as new */
    expect_rows(f, f->reader, "SELECT 1 AS n", "[{\"n\":1}]");
}

/* --- cancelled from another thread, at a point the statement itself announces ---------------- */

struct announcement {
    sem_t reached;
    sem_t go_on;
};

/* SQL: announce() tells the other thread that the statement is running. */
static void announce(sqlite3_context *context, int n, sqlite3_value **values)
{
    struct announcement *a = sqlite3_user_data(context);

    (void)n;
    (void)values;
    (void)sem_post(&a->reached);
    (void)sem_wait(&a->go_on);
    sqlite3_result_int(context, 1);
}

struct canceller {
    struct announcement *announcement;
    struct cancel *cancel;
};

static void *cancel_when_reached(void *context)
{
    struct canceller *canceller = context;

    (void)sem_wait(&canceller->announcement->reached);
    cancel_set(canceller->cancel);
    (void)sem_post(&canceller->announcement->go_on);
    return NULL;
}

static void cancel_during(struct fixture *f, struct connection *c, const char *sql)
{
    struct announcement announcement;
    struct cancel cancel;
    struct canceller canceller = {&announcement, &cancel};
    pthread_t thread;

    cancel_init(&cancel, 0);
    assert_int_equal(sem_init(&announcement.reached, 0, 0), 0);
    assert_int_equal(sem_init(&announcement.go_on, 0, 0), 0);
    assert_int_equal(sqlite3_create_function(c->handle, "announce", 0, SQLITE_UTF8, &announcement,
                                             announce, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_reached, &canceller), 0);
    assert_int_equal(run_with(f, c, sql, &cancel), STATUS_CANCELLED);
    assert_int_equal(f->err.status, STATUS_CANCELLED);
    assert_int_equal(f->out.size, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)sem_destroy(&announcement.reached);
    (void)sem_destroy(&announcement.go_on);
}

static void test_cancelled_while_it_runs(void **state)
{
    struct fixture *f = *state;

    cancel_during(f, f->reader,
                  "WITH RECURSIVE n(i) AS (SELECT announce() UNION ALL SELECT i + 1 FROM n)"
                  " SELECT count(*) AS c FROM n");
    expect_rows(f, f->reader, "SELECT 1 AS n", "[{\"n\":1}]");
}

static void test_cancelled_between_rows(void **state)
{
    struct fixture *f = *state;

    cancel_during(f, f->reader, "SELECT announce() AS a UNION ALL SELECT 2");
}

static void test_a_cancelled_write_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    cancel_during(f, f->writer,
                  "WITH RECURSIVE n(i) AS (SELECT 99 + announce() UNION ALL SELECT i + 1 FROM n)"
                  " INSERT INTO t SELECT i, 'z' FROM n");
    /* in its last moment: the token is looked at before COMMIT, too */
    cancel_during(f, f->writer, "INSERT INTO t VALUES (3, announce())");
    assert_true(sqlite3_get_autocommit(f->writer->handle));
    expect_rows(f, f->reader, "SELECT count(*) AS n FROM t", "[{\"n\":2}]");
    expect_rows(f, f->writer, "DELETE FROM t WHERE id = 1 RETURNING id", "[{\"id\":1}]");
}

/* --- others --------------------------------------------------------------------------------- */

static void test_a_failing_function(void **state)
{
    struct fixture *f = *state;

    expect_failure(f, f->reader, "SELECT abs(-9223372036854775807 - 1) AS n", STATUS_INVALID);
    assert_non_null(strstr(f->err.text, "integer overflow"));
    expect_failure(f, f->reader, "SELECT json('{') AS n", STATUS_INVALID);
    expect_failure(f, f->reader, "SELECT id, json(a) AS j FROM t", STATUS_INVALID);
    expect_failure(f, f->reader, "SELECT zeroblob(100000000) AS b", STATUS_TOO_BIG);
    assert_string_equal(f->err.hint, "value_bytes_max");
}

/* A row is in memory as a whole: each value is within SQLite's bound, all together are not. */
static void test_the_memory_of_a_statement(void **state)
{
    static const char wide[] =
        "WITH w(b) AS MATERIALIZED (SELECT zeroblob(50000000))"
        " SELECT hex(substr(b, 1, 25000000)) AS c, hex(substr(b, 2, 25000000)) AS d,"
        " hex(substr(b, 3, 25000000)) AS e, hex(substr(b, 4, 25000000)) AS f,"
        " hex(substr(b, 5, 25000000)) AS g, hex(substr(b, 6, 25000000)) AS h FROM w";
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++) {
        expect_failure(f, f->reader, wide, STATUS_TOO_BIG);
        assert_string_equal(f->err.code, "54000");
        assert_string_equal(f->err.hint, "memory_max");
        expect_rows(f, f->reader, "SELECT count(*) AS n FROM t", "[{\"n\":2}]");
    }
}

static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    long fine = 0;

    for (long n = 1; n < 600 && fine < 20; n++) {
        struct connection *c = NULL;
        enum status status;

        buf_fini(&f->out);
        mem_fail_after(n);
        status = connection_open(f->db, CONNECTION_READER, NULL, &c, &f->err);
        if (status == STATUS_OK) {
            status = run_sql(f, c, "SELECT id, a || 'z' AS b FROM t ORDER BY b DESC");
        } else {
            assert_null(c);
        }
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            fine++; /* the failure was one that SQLite can do without, or came after the end */
            expect_out(f, "[{\"id\":2,\"b\":\"yz\"},{\"id\":1,\"b\":\"xz\"}]");
        } else {
            if (status != STATUS_NOMEM) {
                fail_msg("allocation %ld: %s: %s", n, status_name(status), f->err.text);
            }
            assert_int_equal(f->out.size, 0);
            fine = 0;
        }
        if (c != NULL) { /* whatever failed: it still works */
            expect_rows(f, c, "SELECT id FROM t", "[{\"id\":1},{\"id\":2}]");
        }
        connection_close(c);
    }
    assert_int_equal(fine, 20);
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(&f, script, true);
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
        cmocka_unit_test_setup_teardown(test_a_reader_refuses_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_token_that_is_set_already, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_runaway_meets_its_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled_while_it_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled_between_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cancelled_write_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failing_function, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_memory_of_a_statement, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
