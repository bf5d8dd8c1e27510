/* Several statements under one snapshot, its schema, and the number of its content. */
#include "storage/slot.h"
#include "tests/unit/storage/fixture.h"

#define COUNT "SELECT count(*) AS n FROM t"

/* Never ends by itself. */
#define RUNAWAY                                                                                    \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"

static const char script[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, a);"
                             "INSERT INTO t VALUES (1, 'x'), (2, 'y')";

static struct reading begin(struct fixture *f, struct connection *c)
{
    struct reading reading = {0};

    assert_on_worker();
    if (connection_read_begin(c, NULL, &reading, &f->err) != STATUS_OK) {
        fail_msg("%s", f->err.text);
    }
    assert_false(sqlite3_get_autocommit(c->handle));
    assert_non_null(reading.schema);
    return reading;
}

static void end(struct connection *c)
{
    assert_on_worker();
    connection_read_end(c);
    if (!c->is_batch) {
        assert_true(sqlite3_get_autocommit(c->handle)); /* no transaction is left */
        assert_int_equal(sqlite3_txn_state(c->handle, "main"), SQLITE_TXN_NONE);
    }
}

static uint64_t version_of(struct fixture *f, struct connection *c)
{
    struct reading reading = begin(f, c);

    end(c);
    assert_int_not_equal(reading.version, 0);
    return reading.version;
}

static void batch_begin(struct connection *c)
{
    assert_on_worker();
    connection_batch_begin(c);
}

static void batch_end(struct connection *c)
{
    assert_on_worker();
    connection_batch_end(c);
    assert_true(sqlite3_get_autocommit(c->handle));
}

static void insert(struct fixture *f)
{
    expect_rows(f, f->writer, "INSERT INTO t(a) VALUES ('z')", "[]");
}

static struct connection *another_reader(struct fixture *f)
{
    struct connection *c = NULL;

    assert_int_equal(connection_open(f->db, CONNECTION_READER, NULL, &c, &f->err), STATUS_OK);
    return c;
}

/* --- one snapshot ---------------------------------------------------------------------------- */

static void test_one_snapshot(void **state)
{
    struct fixture *f = *state;

    (void)begin(f, f->reader);
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]"); /* it was taken at the beginning */
    insert(f);
    expect_rows(f, f->reader, "SELECT id FROM t WHERE id > 2", "[]");
    end(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":4}]");
}

static void test_it_describes_its_schema(void **state)
{
    struct fixture *f = *state;
    struct reading reading = begin(f, f->reader);

    raw_run(f->path, "CREATE TABLE u(x); ALTER TABLE t RENAME COLUMN a TO b");
    assert_null(schema_find(reading.schema, STR("u")));
    expect_rows(f, f->reader, "SELECT a FROM t WHERE id = 1", "[{\"a\":\"x\"}]");
    end(f->reader);
    reading = begin(f, f->reader);
    assert_non_null(schema_find(reading.schema, STR("u")));
    assert_string_equal(schema_find(reading.schema, STR("t"))->columns[1].name, "b");
    expect_rows(f, f->reader, "SELECT b FROM t WHERE id = 1", "[{\"b\":\"x\"}]");
    end(f->reader);
}

/* Two readers at two times: each has the schema of its own snapshot, whichever is the newest. */
static void test_two_schemas_at_once(void **state)
{
    struct fixture *f = *state;
    struct connection *other = another_reader(f);
    struct reading new;

    batch_begin(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    (void)begin(f, f->reader);
    end(f->reader);
    raw_run(f->path, "CREATE TABLE u(x)");
    new = begin(f, other);
    assert_non_null(schema_find(new.schema, STR("u")));
    assert_null(schema_find(begin(f, f->reader).schema, STR("u")));
    expect_failure(f, f->reader, "SELECT x FROM u", STATUS_SCHEMA);
    expect_rows(f, other, "SELECT x FROM u", "[]");
    end(f->reader);
    end(other);
    batch_end(f->reader);
    assert_non_null(schema_find(begin(f, f->reader).schema, STR("u")));
    end(f->reader);
    connection_close(other);
}

/* A slow reader publishes what is old by then; the next look sets it right. */
static void test_an_older_schema_is_published(void **state)
{
    struct fixture *f = *state;
    const struct schema *old = schema_get(f->db);
    const struct schema *newest;

    raw_run(f->path, "CREATE TABLE u(x)");
    (void)version_of(f, f->reader);
    schema_publish(f->db, old);
    (void)version_of(f, f->reader);
    newest = schema_get(f->db);
    assert_non_null(schema_find(newest, STR("u")));
    schema_unref(newest);
    schema_unref(old);
}

/* --- its number ------------------------------------------------------------------------------ */

static void test_it_stays_while_nothing_changes(void **state)
{
    struct fixture *f = *state;
    struct connection *other = another_reader(f);
    uint64_t version;

    (void)version_of(f, other); /* a connection's first look counts: it does not know better */
    version = version_of(f, f->reader);
    assert_int_equal(version_of(f, other), version);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    assert_int_equal(version_of(f, f->reader), version);
    assert_int_equal(version_of(f, other), version);
    connection_close(other);
}

static void test_it_changes_with_the_content(void **state)
{
    struct fixture *f = *state;
    uint64_t before = version_of(f, f->reader);
    uint64_t now;

    if (f->writer != NULL) {
        insert(f); /* our own writer */
        now = version_of(f, f->reader);
        assert_int_not_equal(now, before);
        before = now;
    }
    raw_run(f->path, "UPDATE t SET a = 'y2' WHERE id = 2"); /* another process, without a trace */
    expect_rows(f, f->reader, COUNT, f->writer == NULL ? "[{\"n\":2}]" : "[{\"n\":3}]");
    now = version_of(f, f->reader); /* though a statement has seen it before */
    assert_int_not_equal(now, before);
    assert_int_equal(version_of(f, f->reader), now);
    raw_run(f->path, "BEGIN; DELETE FROM t; ROLLBACK");
    assert_int_equal(version_of(f, f->reader), now);
}

/* Another process changes it back: the content is the same, but it was not all the time. */
static void test_back_and_forth(void **state)
{
    struct fixture *f = *state;
    uint64_t before = version_of(f, f->reader);

    raw_run(f->path, "UPDATE t SET a = 'q' WHERE id = 1");
    raw_run(f->path, "UPDATE t SET a = 'x' WHERE id = 1");
    assert_int_not_equal(version_of(f, f->reader), before);
}

static void test_the_journal_mode_changes(void **state)
{
    struct fixture *f = *state; /* read-only, rollback journal */
    uint64_t before = version_of(f, f->reader);
    uint64_t now;

    raw_run(f->path, "PRAGMA journal_mode = WAL; INSERT INTO t VALUES (3, 'z')");
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    now = version_of(f, f->reader);
    assert_int_not_equal(now, before);
    raw_run(f->path, "INSERT INTO t VALUES (4, 'z'); PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_not_equal(version_of(f, f->reader), now);
    expect_rows(f, f->reader, COUNT, "[{\"n\":4}]");
}

static void test_processes_begin_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct database_conf conf = {.path = f->path};
    struct database *again = NULL;

    assert_int_equal(database_open(&conf, &again, &f->err), STATUS_OK);
    assert_int_not_equal(atomic_load(&again->generation), atomic_load(&f->db->generation));
    assert_int_equal(atomic_load(&again->generation) >> 63, 0);
    database_close(again);
}

/* --- changes at the worst moment --------------------------------------------------------------- */

static struct {
    struct fixture *f;
    const char *before; /* the statement that another process comes before */
    int times;          /* how often it still does */
} intruder;

/* SQLite calls it when a statement of the reader starts. */
static int on_statement(unsigned what, void *context, void *statement, void *sql)
{
    (void)what;
    (void)context;
    (void)statement;
    if (intruder.times > 0 && strcmp(sql, intruder.before) == 0) {
        intruder.times--;
        raw_run(intruder.f->path, "INSERT INTO t(a) VALUES ('intruder')");
    }
    return 0;
}

static struct reading begin_with_intruder(struct fixture *f, const char *before, int times)
{
    struct reading reading;

    intruder.f = f;
    intruder.before = before;
    intruder.times = times;
    (void)sqlite3_trace_v2(f->reader->handle, SQLITE_TRACE_STMT, on_statement, NULL);
    reading = begin(f, f->reader);
    (void)sqlite3_trace_v2(f->reader->handle, 0, NULL, NULL);
    assert_int_equal(intruder.times, 0);
    return reading;
}

static void test_a_change_before_the_snapshot(void **state)
{
    struct fixture *f = *state;
    uint64_t before = version_of(f, f->reader);
    struct reading reading = begin_with_intruder(f, "BEGIN", 1);

    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    end(f->reader);
    assert_int_not_equal(reading.version, 0);
    assert_int_not_equal(reading.version, before);
    assert_int_equal(version_of(f, f->reader), reading.version);
    reading = begin_with_intruder(f, "BEGIN", 2);
    expect_rows(f, f->reader, COUNT, "[{\"n\":5}]");
    end(f->reader);
    assert_int_not_equal(reading.version, 0);
}

static void test_changes_that_come_too_fast(void **state)
{
    struct fixture *f = *state;
    struct reading reading;

    (void)version_of(f, f->reader);
    reading = begin_with_intruder(f, "BEGIN", 3);
    assert_int_equal(reading.version, 0);
    expect_rows(f, f->reader, COUNT, "[{\"n\":5}]");
    end(f->reader);
    (void)version_of(f, f->reader); /* not 0 */
}

/* Not known stays not known within one transaction: the number from before it is an old one. */
static void test_too_fast_in_a_batch(void **state)
{
    struct fixture *f = *state;

    (void)version_of(f, f->reader);
    batch_begin(f->reader);
    assert_int_equal(begin_with_intruder(f, "BEGIN", 3).version, 0);
    end(f->reader);
    assert_int_equal(begin(f, f->reader).version, 0);
    end(f->reader);
    batch_end(f->reader);
}

struct seen {
    uint64_t version;
    char content[64];
};

static struct seen see(struct fixture *f, struct connection *c, const struct reading *reading)
{
    struct seen seen = {.version = reading->version};

    assert_int_equal(run_sql(f, c, COUNT), STATUS_OK);
    memcpy(seen.content, f->out.at, f->out.size);
    return seen;
}

static struct {
    struct fixture *f;
    struct connection *other;
    struct seen seen[2];
    bool is_done;
} bystander;

static struct seen see_other(void)
{
    struct reading reading = begin(bystander.f, bystander.other);
    struct seen seen = see(bystander.f, bystander.other, &reading);

    end(bystander.other);
    return seen;
}

/* The reader has its snapshot and not yet compared: others commit, and count and number it. */
static int on_opened(unsigned what, void *context, void *statement, void *unused)
{
    (void)what;
    (void)context;
    (void)unused;
    if (!bystander.is_done && strcmp(sqlite3_sql(statement), "PRAGMA schema_version") == 0) {
        bystander.is_done = true;
        insert(bystander.f);
        bystander.seen[0] = see_other();
    }
    return 0;
}

static void expect_no_collision(struct fixture *f)
{
    struct reading reading;
    struct seen mine;

    bystander.is_done = false;
    (void)sqlite3_trace_v2(f->reader->handle, SQLITE_TRACE_PROFILE, on_opened, NULL);
    reading = begin(f, f->reader);
    (void)sqlite3_trace_v2(f->reader->handle, 0, NULL, NULL);
    assert_true(bystander.is_done);
    mine = see(f, f->reader, &reading);
    end(f->reader);
    bystander.seen[1] = see_other();
    for (size_t i = 0; i < 2; i++) {
        const struct seen *other = &bystander.seen[i];

        assert_int_not_equal(other->version, 0);
        if (other->version == mine.version && strcmp(other->content, mine.content) != 0) {
            fail_msg("one number for %s and %s", other->content, mine.content);
        }
    }
}

static void test_a_change_behind_the_snapshot(void **state)
{
    struct fixture *f = *state;

    bystander.f = f;
    bystander.other = another_reader(f);
    (void)version_of(f, f->reader);
    expect_no_collision(f); /* nothing had changed for the reader */
    insert(f);
    expect_no_collision(f); /* it had: it counts after the other */
    connection_close(bystander.other);
}

/* --- in a batch ------------------------------------------------------------------------------- */

static void test_a_batch_has_one(void **state)
{
    struct fixture *f = *state;
    struct reading first;
    struct reading second;

    batch_begin(f->reader);
    first = begin(f, f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    end(f->reader);
    insert(f);
    raw_run(f->path, "CREATE TABLE u(x)");
    second = begin(f, f->reader);
    assert_ptr_equal(second.schema, first.schema);
    assert_int_equal(second.version, first.version);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    end(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    batch_end(f->reader);
    second = begin(f, f->reader);
    assert_int_not_equal(second.version, first.version);
    assert_non_null(schema_find(second.schema, STR("u")));
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    end(f->reader);
}

/* The batch began with a statement: nobody has looked at its snapshot yet. */
static void test_a_batch_that_began_otherwise(void **state)
{
    struct fixture *f = *state;
    uint64_t before = version_of(f, f->reader);
    struct reading reading;

    batch_begin(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    insert(f);
    reading = begin(f, f->reader);
    assert_int_equal(reading.version, before); /* of the snapshot that it has */
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    end(f->reader);
    batch_end(f->reader);

    batch_begin(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    insert(f);
    reading = begin(f, f->reader); /* a new one, so it goes on with the newest */
    assert_int_not_equal(reading.version, 0);
    assert_int_not_equal(reading.version, before);
    expect_rows(f, f->reader, COUNT, "[{\"n\":4}]");
    end(f->reader);
    batch_end(f->reader);
    assert_int_equal(version_of(f, f->reader), reading.version);
}

static void test_in_a_slot(void **state)
{
    struct fixture *f = *state;
    struct slot_conf conf = {.db = f->db, .kind = CONNECTION_READER};
    void *slot = slot_create(&conf);
    struct connection *c = NULL;

    assert_on_worker();
    assert_non_null(slot);
    slot_batch_begin(slot);
    assert_int_equal(slot_connection(slot, NULL, &c, &f->err), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        (void)begin(f, c);
        expect_rows(f, c, COUNT, "[{\"n\":2}]");
        end(c);
        insert(f);
    }
    slot_batch_end(slot);
    (void)begin(f, c);
    expect_rows(f, c, COUNT, "[{\"n\":5}]");
    end(c);
    slot_destroy(slot);
}

/* --- failures --------------------------------------------------------------------------------- */

static enum status begin_until(struct fixture *f, struct cancel *cancel)
{
    struct reading reading = {.version = 77};
    enum status status;

    assert_on_worker();
    status = connection_read_begin(f->reader, cancel, &reading, &f->err);
    assert_true(status != STATUS_OK);
    assert_int_equal(reading.version, 77);
    assert_true(f->err.text[0] != '\0');
    assert_true(sqlite3_get_autocommit(f->reader->handle));
    assert_null(f->reader->cancel);
    return status;
}

static void test_stopped_before_it_begins(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel;

    cancel_init(&cancel, 0);
    cancel_set(&cancel);
    assert_int_equal(begin_until(f, &cancel), STATUS_CANCELLED);
    cancel_init(&cancel, 1);
    assert_int_equal(begin_until(f, &cancel), STATUS_DEADLINE);
    (void)version_of(f, f->reader);
}

static void test_locked(void **state)
{
    struct fixture *f = *state; /* with a rollback journal readers wait for writers */
    sqlite3 *raw = raw_open(f->path);
    uint64_t before = version_of(f, f->reader);
    struct cancel cancel;

    raw_exec(raw, "BEGIN EXCLUSIVE; INSERT INTO t VALUES (3, 'z')");
    cancel_init(&cancel, clock_now_ns() + 5 * NS_PER_MS);
    assert_int_equal(begin_until(f, &cancel), STATUS_LOCKED);
    raw_exec(raw, "COMMIT");
    assert_int_not_equal(version_of(f, f->reader), before);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

static void test_a_statement_that_fails_inside(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = RUNAWAY};
    struct cancel cancel;

    (void)begin(f, f->reader);
    cancel_init(&cancel, clock_now_ns() + 2 * NS_PER_MS);
    assert_on_worker();
    assert_int_equal(connection_run(f->reader, &q, &cancel, &f->out, &f->result, &f->err),
                     STATUS_DEADLINE);
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]"); /* the snapshot outlives it */
    expect_failure(f, f->reader, "SELECT json('{') AS n", STATUS_INVALID);
    expect_failure(f, f->reader, "COMMIT", STATUS_INVALID);
    expect_failure(f, f->reader, "DELETE FROM t", STATUS_READONLY);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    end(f->reader);
    (void)begin(f, f->reader);
    expect_failure(f, f->reader, "SELECT nothing_of FROM nowhere", STATUS_SCHEMA);
    end(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
}

/* SQLite may end a transaction by itself. What comes after must not see another snapshot. */
static void test_a_snapshot_that_is_lost(void **state)
{
    struct fixture *f = *state;

    (void)begin(f, f->reader);
    sqlite_rollback(f->reader);
    expect_failure(f, f->reader, COUNT, STATUS_IO);
    end(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    batch_begin(f->reader);
    (void)begin(f, f->reader);
    sqlite_rollback(f->reader);
    expect_failure(f, f->reader, COUNT, STATUS_IO);
    end(f->reader);
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]"); /* the others get another */
    (void)begin(f, f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    end(f->reader);
    batch_end(f->reader);
}

/* Whatever allocation fails: no transaction is left, and no number is wrong. */
static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    bool is_batch = false;
    long fine = 0;

    assert_on_worker();
    for (long n = 1; n < 5000 && fine < 10; n++, is_batch = !is_batch) {
        uint64_t before = version_of(f, f->reader);
        struct reading reading = {.version = 0};
        enum status status;

        raw_run(f->path, "PRAGMA synchronous = OFF; DROP TABLE IF EXISTS u;"
                         "CREATE TABLE u(x REFERENCES t)");
        if (is_batch) {
            batch_begin(f->reader);
        }
        mem_fail_after(n);
        status = connection_read_begin(f->reader, NULL, &reading, &f->err);
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        fine = status == STATUS_OK ? fine + 1 : 0;
        if (status != STATUS_OK) {
            assert_true(is_batch || sqlite3_get_autocommit(f->reader->handle));
            reading = begin(f, f->reader); /* and in a batch it goes on */
        }
        assert_int_not_equal(reading.version, before);
        assert_non_null(schema_find(reading.schema, STR("u")));
        end(f->reader);
        if (is_batch) {
            batch_end(f->reader);
        }
    }
    assert_int_equal(fine, 10);
}

/* Whatever allocation fails in a statement: what follows sees the same snapshot, or nothing. */
static void test_a_statement_out_of_memory(void **state)
{
    struct fixture *f = *state;
    char expected[32];
    long fine = 0;

    for (long n = 1; n < 500 && fine < 10; n++) {
        enum status status;

        (void)begin(f, f->reader);
        raw_run(f->path, "PRAGMA synchronous = OFF; UPDATE t SET id = id + 1 WHERE id > 1");
        buf_fini(&f->out);
        mem_fail_after(n);
        status = run_sql(f, f->reader, "SELECT id, a || 'z' AS b FROM t ORDER BY b DESC");
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        fine = status == STATUS_OK ? fine + 1 : 0;
        status = run_sql(f, f->reader, "SELECT max(id) AS n FROM t");
        if (status == STATUS_OK) {
            (void)snprintf(expected, sizeof(expected), "[{\"n\":%ld}]", n + 1);
            expect_out(f, expected);
        } else {
            assert_int_equal(status, STATUS_IO);
        }
        end(f->reader);
    }
    assert_int_equal(fine, 10);
}

static void test_it_is_closed_inside(void **state)
{
    struct fixture *f = *state;
    struct connection *other = another_reader(f);

    (void)begin(f, other);
    expect_rows(f, other, COUNT, "[{\"n\":2}]");
    connection_close(other); /* leaks nothing */
    insert(f);
}

static int setup_writable(void **state)
{
    static struct fixture f;

    fixture_init(&f, script, true);
    *state = &f;
    return 0;
}

static int setup_read_only(void **state)
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

#define WAL_TEST(test)      cmocka_unit_test_setup_teardown(test, setup_writable, teardown)
#define ROLLBACK_TEST(test) cmocka_unit_test_setup_teardown(test, setup_read_only, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAL_TEST(test_one_snapshot),
        WAL_TEST(test_it_describes_its_schema),
        WAL_TEST(test_two_schemas_at_once),
        WAL_TEST(test_an_older_schema_is_published),
        WAL_TEST(test_it_stays_while_nothing_changes),
        ROLLBACK_TEST(test_it_stays_while_nothing_changes),
        WAL_TEST(test_it_changes_with_the_content),
        ROLLBACK_TEST(test_it_changes_with_the_content),
        WAL_TEST(test_back_and_forth),
        ROLLBACK_TEST(test_back_and_forth),
        ROLLBACK_TEST(test_the_journal_mode_changes),
        WAL_TEST(test_processes_begin_elsewhere),
        WAL_TEST(test_a_change_before_the_snapshot),
        ROLLBACK_TEST(test_a_change_before_the_snapshot),
        WAL_TEST(test_a_change_behind_the_snapshot),
        WAL_TEST(test_changes_that_come_too_fast),
        WAL_TEST(test_too_fast_in_a_batch),
        WAL_TEST(test_a_batch_has_one),
        WAL_TEST(test_a_batch_that_began_otherwise),
        WAL_TEST(test_in_a_slot),
        WAL_TEST(test_stopped_before_it_begins),
        ROLLBACK_TEST(test_locked),
        WAL_TEST(test_a_statement_that_fails_inside),
        WAL_TEST(test_a_snapshot_that_is_lost),
        WAL_TEST(test_out_of_memory),
        WAL_TEST(test_a_statement_out_of_memory),
        WAL_TEST(test_it_is_closed_inside),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
