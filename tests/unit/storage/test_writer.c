/* Writing: one transaction per request, whatever happens inside it. */
#include <pthread.h>

#include "tests/unit/storage/fixture.h"

static const char script[] =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE, n INTEGER CHECK (n < 100));"
    "INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 2);"
    "CREATE TABLE child(id INTEGER PRIMARY KEY,"
    " t INTEGER REFERENCES t(id) DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TABLE strict_table(id INTEGER PRIMARY KEY, n INTEGER) STRICT;"
    "CREATE TABLE trap(x);"
    "CREATE TRIGGER trap_rollback BEFORE INSERT ON trap WHEN new.x = 1"
    " BEGIN INSERT INTO t(a) VALUES ('from the trigger'); SELECT RAISE(ROLLBACK, 'trapped'); END;"
    "CREATE TRIGGER trap_abort BEFORE INSERT ON trap WHEN new.x = 2"
    " BEGIN SELECT RAISE(ABORT, 'not this one'); END;";

static void expect_untouched(struct fixture *f)
{
    assert_true(sqlite3_get_autocommit(f->writer->handle));
    expect_rows(f, f->reader, "SELECT id, a FROM t ORDER BY id",
                "[{\"id\":1,\"a\":\"one\"},{\"id\":2,\"a\":\"two\"}]");
    expect_rows(f, f->reader, "SELECT count(*) AS n FROM child", "[{\"n\":0}]");
}

static void test_what_was_written_can_be_read(void **state)
{
    struct fixture *f = *state;
    struct value values[] = {{.type = VALUE_TEXT, .bytes = STR("three")}};
    struct query q = {.sql = "INSERT INTO t(a) VALUES (:a) RETURNING id, a",
                      .values = values,
                      .values_count = 1,
                      .shape = QUERY_ROW};

    assert_int_equal(run_query(f, f->writer, &q), STATUS_OK);
    expect_out(f, "{\"id\":3,\"a\":\"three\"}");
    assert_int_equal(f->result.changes, 1);
    assert_int_equal(f->result.last_rowid, 3);
    expect_rows(f, f->reader, "SELECT a FROM t WHERE id = 3", "[{\"a\":\"three\"}]");
    expect_rows(f, f->writer, "UPDATE t SET n = 7", "[]");
    assert_int_equal(f->result.changes, 3);
    expect_rows(f, f->writer, "DELETE FROM t WHERE id > 1 RETURNING id", "[{\"id\":2},{\"id\":3}]");
    assert_int_equal(f->result.rows, 2);
    assert_int_equal(f->result.changes, 2);
    expect_rows(f, f->writer, "CREATE TABLE u(x)", "[]"); /* changes nothing that is counted */
    assert_int_equal(f->result.changes, 0);
    expect_rows(f, f->writer, "SELECT count(*) AS n FROM t", "[{\"n\":1}]");
    assert_int_equal(f->result.changes, 0);
}

static void test_constraints(void **state)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"INSERT INTO t(a) VALUES ('one')", "UNIQUE constraint failed: t.a"},
        {"INSERT INTO t(a) VALUES (NULL)", "NOT NULL constraint failed: t.a"},
        {"INSERT INTO t(a, n) VALUES ('x', 100)", "CHECK constraint failed"},
        {"INSERT INTO t(id, a) VALUES (1, 'x')", "UNIQUE constraint failed: t.id"},
        {"INSERT INTO t(id, a) VALUES ('text', 'x')", "datatype mismatch"},
        {"INSERT INTO strict_table(n) VALUES ('xyz')", "cannot store TEXT value in INTEGER"},
        {"INSERT INTO t(a) VALUES ('x'), ('one')", "UNIQUE constraint failed: t.a"},
        {"INSERT OR FAIL INTO t(a) VALUES ('x'), ('one')", "UNIQUE constraint failed: t.a"},
        {"INSERT OR ROLLBACK INTO t(a) VALUES ('x'), ('one')", "UNIQUE constraint failed: t.a"},
        {"INSERT INTO trap VALUES (1)", "trapped"},
        {"INSERT INTO trap VALUES (2)", "not this one"},
        {"INSERT INTO child(t) VALUES (99)", "FOREIGN KEY constraint failed"},
        {"INSERT INTO child(t) VALUES (99) RETURNING id", "FOREIGN KEY constraint failed"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        expect_failure(f, f->writer, cases[i].sql, STATUS_CONSTRAINT);
        if (strstr(f->err.text, cases[i].words) == NULL) {
            fail_msg("%s: %s", cases[i].sql, f->err.text);
        }
        expect_untouched(f);
    }
    expect_rows(f, f->writer, "INSERT INTO child(t) VALUES (2) RETURNING id", "[{\"id\":1}]");
}

static void test_too_many_rows_are_rolled_back(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "UPDATE t SET a = a || '!' RETURNING id", .rows_max = 1};

    assert_int_equal(run_query(f, f->writer, &q), STATUS_TOO_BIG);
    assert_int_equal(f->out.size, 0);
    expect_untouched(f);
    q.shape = QUERY_ROW; /* a write is run to its end even if one row is wanted */
    q.rows_max = 0;
    assert_int_equal(run_query(f, f->writer, &q), STATUS_OK);
    expect_out(f, "{\"id\":1}");
    assert_int_equal(f->result.rows, 2);
}

static void test_one_writer(void **state)
{
    struct fixture *f = *state;
    struct connection *second = NULL;

    assert_int_equal(connection_open(f->db, CONNECTION_WRITER, NULL, &second, &f->err),
                     STATUS_BUSY);
    assert_null(second);
    connection_close(f->writer);
    f->writer = NULL;
    assert_int_equal(connection_open(f->db, CONNECTION_WRITER, NULL, &f->writer, &f->err),
                     STATUS_OK);
}

/* --- other processes --------------------------------------------------------------------------- */

static enum status run_until(struct fixture *f, const char *sql, struct cancel *cancel)
{
    struct query q = {.sql = sql};

    assert_on_worker();
    buf_clear(&f->out);
    return connection_run(f->writer, &q, cancel, &f->out, &f->result, &f->err);
}

static void test_locked_by_another_process(void **state)
{
    struct fixture *f = *state;
    sqlite3 *other = raw_open(f->path);
    struct cancel cancel;

    raw_exec(other, "BEGIN IMMEDIATE; DELETE FROM child");
    cancel_init(&cancel, clock_now_ns() + 30 * NS_PER_MS);
    assert_int_equal(run_until(f, "DELETE FROM t", &cancel), STATUS_LOCKED);
    assert_int_equal(f->err.status, STATUS_LOCKED);
    assert_true(clock_now_ns() >= cancel.deadline_ns);
    expect_untouched(f); /* readers do not wait for it */
    raw_exec(other, "ROLLBACK");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    expect_rows(f, f->writer, "DELETE FROM t WHERE id = 2 RETURNING id", "[{\"id\":2}]");
}

static void *set_token(void *context)
{
    cancel_set(context);
    return NULL;
}

static void test_cancelled_while_it_waits_for_the_lock(void **state)
{
    struct fixture *f = *state;
    sqlite3 *other = raw_open(f->path);
    struct cancel cancel;
    pthread_t thread;

    raw_exec(other, "BEGIN IMMEDIATE");
    cancel_init(&cancel, 0); /* before, or while it waits: the outcome is the same */
    assert_int_equal(pthread_create(&thread, NULL, set_token, &cancel), 0);
    assert_int_equal(run_until(f, "DELETE FROM t", &cancel), STATUS_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    raw_exec(other, "ROLLBACK");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    expect_untouched(f);
}

/* The lock is given up by another thread: the writer gets it without failing. */
static void *end_transaction(void *context)
{
    raw_exec(context, "COMMIT");
    return NULL;
}

static void test_a_short_lock_is_waited_for(void **state)
{
    struct fixture *f = *state;
    sqlite3 *other = raw_open(f->path);
    pthread_t thread;

    raw_exec(other, "BEGIN IMMEDIATE; INSERT INTO t VALUES (10, 'ten', 10)");
    assert_int_equal(pthread_create(&thread, NULL, end_transaction, other), 0);
    expect_rows(f, f->writer, "DELETE FROM t WHERE id = 10 RETURNING a", "[{\"a\":\"ten\"}]");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void test_settings(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *pragma;
        int reader, writer; /* -1: whatever */
    } cases[] = {
        {"synchronous", -1, 2},       {"query_only", 1, 0},
        {"foreign_keys", -1, 1},      {"trusted_schema", 0, 0},
        {"temp_store", 2, 2},         {"cell_size_check", 1, 1},
        {"mmap_size", -1, -1},        {"journal_size_limit", -1, 67108864},
        {"wal_autocheckpoint", 0, 0}, /* sqlite_checkpoint.c */
    };
    struct connection *both[] = {f->reader, f->writer};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (size_t k = 0; k < 2; k++) {
            int expected = k == 0 ? cases[i].reader : cases[i].writer;
            sqlite3_stmt *pragma = NULL;
            char sql[64];

            (void)snprintf(sql, sizeof(sql), "PRAGMA %s", cases[i].pragma);
            both[k]->is_ours = true;
            assert_int_equal(sqlite3_prepare_v2(both[k]->handle, sql, -1, &pragma, NULL),
                             SQLITE_OK);
            if (sqlite3_step(pragma) == SQLITE_ROW && expected >= 0 &&
                sqlite3_column_int(pragma, 0) != expected) {
                fail_msg("%s is %d on connection %zu", sql, sqlite3_column_int(pragma, 0), k);
            }
            (void)sqlite3_finalize(pragma);
            both[k]->is_ours = false;
        }
    }
}

static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "INSERT INTO t(a) VALUES (hex(randomblob(40))) RETURNING a"};
    int64_t rows = 2;
    long fine = 0;

    for (long n = 1; n < 800 && fine < 20; n++) {
        enum status status;
        char json[64];

        statement_cache_fini(&f->writer->cache); /* so that each round prepares again */
        statement_cache_init(&f->writer->cache);
        buf_fini(&f->out);
        mem_fail_after(n);
        status = run_query(f, f->writer, &q);
        mem_fail_after(-1);
        if (status != STATUS_OK && status != STATUS_NOMEM) {
            fail_msg("allocation %ld: %s: %s", n, status_name(status), f->err.text);
        }
        fine = status == STATUS_OK ? fine + 1 : 0;
        rows += status == STATUS_OK ? 1 : 0;
        assert_true(sqlite3_get_autocommit(f->writer->handle));
        (void)snprintf(json, sizeof(json), "[{\"n\":%lld}]", (long long)rows);
        expect_rows(f, f->reader, "SELECT count(*) AS n FROM t", json);
    }
    assert_int_equal(fine, 20);
}

/* SQLite asks us before it commits: the worst moment for a cancellation. */
static int cancel_now(void *context)
{
    assert_false(cancel_set(context)); /* and whoever asks learns that it is too late */
    return 0;
}

/* What is committed is never reported as cancelled. The progress handler fires every 1000 steps,
 * also at the end of a COMMIT, so several hundred rounds meet it there. */
static void test_cancelled_during_commit(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel;

    (void)sqlite3_commit_hook(f->writer->handle, cancel_now, &cancel);
    for (int i = 0; i < 1200; i++) {
        cancel_init(&cancel, 0);
        assert_int_equal(run_until(f, "UPDATE t SET n = 5 WHERE id = 1", &cancel), STATUS_OK);
        assert_false(cancel_is_set(&cancel));
    }
    (void)sqlite3_commit_hook(f->writer->handle, NULL, NULL);
}

static int fail_to_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return SQLITE_IOERR_FSYNC;
}

static void test_no_write_after_a_failed_sync(void **state)
{
    static struct sqlite3_io_methods broken;
    struct fixture *f = *state;
    const struct sqlite3_io_methods *healthy;
    sqlite3_file *wal = NULL;

    expect_rows(f, f->writer, "UPDATE t SET n = 5 WHERE id = 1", "[]"); /* now there is a WAL */
    assert_int_equal(
        sqlite3_file_control(f->writer->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal),
        SQLITE_OK);
    healthy = wal->pMethods;
    broken = *healthy;
    broken.xSync = fail_to_sync;
    wal->pMethods = &broken;
    expect_failure(f, f->writer, "UPDATE t SET n = 6", STATUS_IO);
    wal->pMethods = healthy;
    expect_failure(f, f->writer, "UPDATE t SET n = 6", STATUS_IO);
    assert_non_null(strstr(f->err.text, "synced"));
    expect_rows(f, f->reader, "SELECT n FROM t ORDER BY id", "[{\"n\":5},{\"n\":2}]");
}

/*
 * What a virtual table calls corrupt is its own content, such as an index that does not fit its rows: the
 * statement fails, the file is well.
 */
static void test_a_broken_index_stops_nobody_else(void **state)
{
    struct fixture *f = *state;

    assert_on_worker();
    expect_rows(f, f->writer,
                "CREATE VIRTUAL TABLE words USING fts5(a, content=t, content_rowid=id)", "[]");
    expect_failure(f, f->writer, "INSERT INTO words(words, rank) VALUES ('integrity-check', 1)",
                   STATUS_CORRUPT);
    assert_null(database_writes_stopped(f->db));
    expect_rows(f, f->writer, "UPDATE t SET n = 5 WHERE id = 1", "[]");
}

static uint64_t checkpoints(struct fixture *f)
{
    struct writes writes;

    assert_on_worker();
    connection_rest(f->writer, true, false);
    database_writes(f->db, &writes);
    return histogram_count(&writes.checkpoint) + writes.checkpoint_failures;
}

/* A COMMIT of nothing is none: see sqlite_checkpoint.c for what a checkpoint too many can do. */
static void test_no_checkpoint_without_a_commit(void **state)
{
    struct fixture *f = *state;

    assert_on_worker();
    expect_rows(f, f->writer, "UPDATE t SET n = 5 WHERE id = 1", "[]");
    assert_int_equal(checkpoints(f), 1);
    assert_int_equal(checkpoints(f), 1);
    expect_rows(f, f->writer, "UPDATE t SET n = 6 WHERE id = 100", "[]");
    assert_int_equal(checkpoints(f), 1);
    connection_group_begin(f->writer);
    expect_failure(f, f->writer, "INSERT INTO t(a) VALUES ('one')", STATUS_CONSTRAINT);
    assert_true(connection_group_end(f->writer));
    assert_int_equal(checkpoints(f), 1);
    expect_rows(f, f->writer, "UPDATE t SET n = 6 WHERE id = 1", "[]");
    assert_int_equal(checkpoints(f), 2);
}

/* Readers beside the writer, each on its thread: nobody waits, nobody sees half a transaction. */
struct traffic {
    struct fixture *f;
    struct connection *c;
    _Atomic bool *is_over;
    unsigned failures;
};

static void *read_on(void *context)
{
    struct traffic *t = context;
    struct fixture own = {.db = t->f->db};

    role_set_worker("test-reader");
    assert_on_worker();
    buf_init(&own.out, 4096);
    do {
        enum status status = run_sql(
            &own, t->c, "SELECT (SELECT sum(n) FROM t) = (SELECT count(*) + 1 FROM t) AS same");

        if (status != STATUS_OK || strncmp(own.out.at, "[{\"same\":1}]", own.out.size) != 0) {
            t->failures++;
        }
    } while (!atomic_load(t->is_over));
    buf_fini(&own.out);
    return NULL;
}

static void test_readers_beside_the_writer(void **state)
{
    struct fixture *f = *state;
    _Atomic bool is_over = false;
    struct traffic traffic[2] = {{f, f->reader, &is_over, 0}, {f, NULL, &is_over, 0}};
    pthread_t threads[2];
    static const char sql[] = "INSERT INTO t(a, n) VALUES (hex(randomblob(8)), 1)";

    assert_int_equal(connection_open(f->db, CONNECTION_READER, NULL, &traffic[1].c, &f->err),
                     STATUS_OK);
    for (size_t i = 0; i < 2; i++) { /* 1 + 2 is two rows and one: every further row adds 1 */
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &traffic[i]), 0);
    }
    for (int i = 0; i < 300; i++) {
        expect_rows(f, f->writer, sql, "[]");
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(traffic[i].failures, 0);
    }
    connection_close(traffic[1].c);
}

static uint32_t newest_version(const struct fixture *f)
{
    const struct schema *newest = schema_get(f->db);
    uint32_t version = newest->version;

    schema_unref(newest);
    return version;
}

/* Return: the version of the schema that the change was told. */
static uint32_t change(struct fixture *f, const char *sql, bool keep)
{
    struct reading reading;
    uint32_t version;

    assert_on_worker();
    assert_int_equal(connection_change_begin(f->writer, NULL, &reading, &f->err), STATUS_OK);
    version = reading.schema->version;
    expect_rows(f, f->writer, sql, "[]");
    assert_int_equal(connection_change_end(f->writer, keep, &f->err), STATUS_OK);
    return version;
}

/* What a change finds is the newest for everybody as soon as it is committed, and not before. */
static void test_the_schema_of_changes(void **state)
{
    struct fixture *f = *state;
    uint32_t before = newest_version(f);

    assert_on_worker();
    assert_int_equal(change(f, "CREATE TABLE u(x)", true), before);
    assert_int_equal(newest_version(f), before); /* nobody has looked yet */
    assert_int_equal(change(f, "DELETE FROM u", true), before + 1);
    assert_int_equal(newest_version(f), before + 1);

    connection_group_begin(f->writer);
    assert_int_equal(change(f, "CREATE TABLE v(x)", true), before + 1);
    assert_int_equal(change(f, "DELETE FROM v", true), before + 2);
    assert_int_equal(newest_version(f), before + 1);
    assert_true(connection_group_end(f->writer));
    assert_int_equal(newest_version(f), before + 2);

    connection_group_begin(f->writer);
    assert_int_equal(change(f, "CREATE TABLE w(x)", false), before + 2);
    assert_int_equal(change(f, "DELETE FROM v", true), before + 2);
    assert_true(connection_group_end(f->writer));
    assert_int_equal(newest_version(f), before + 2);
}

/* A change may write to what it has found, though nobody else knows of it yet. */
static void test_a_table_that_only_the_change_knows(void **state)
{
    static const char *const tables[] = {"words"};
    struct fixture *f = *state;
    struct query q = {.sql = "INSERT INTO words VALUES ('x')", .tables = tables, .tables_count = 1};
    struct reading reading;

    assert_on_worker();
    expect_rows(f, f->writer, "CREATE VIRTUAL TABLE words USING fts5(a)", "[]");
    assert_int_equal(connection_change_begin(f->writer, NULL, &reading, &f->err), STATUS_OK);
    assert_non_null(schema_find(reading.schema, STR("words")));
    if (run_query(f, f->writer, &q) != STATUS_OK) {
        fail_msg("%s", f->err.text);
    }
    assert_int_equal(connection_change_end(f->writer, true, &f->err), STATUS_OK);
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
        cmocka_unit_test_setup_teardown(test_what_was_written_can_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_constraints, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_rows_are_rolled_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_locked_by_another_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled_while_it_waits_for_the_lock, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_short_lock_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled_during_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_write_after_a_failed_sync, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_broken_index_stops_nobody_else, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_checkpoint_without_a_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_beside_the_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_schema_of_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_table_that_only_the_change_knows, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
