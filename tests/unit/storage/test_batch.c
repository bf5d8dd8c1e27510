/* Several statements under one read transaction, and a worker's slot that has one. */
#include "storage/slot.h"
#include "tests/unit/storage/fixture.h"

#define COUNT "SELECT count(*) AS n FROM t"

/* Never ends by itself. */
#define RUNAWAY                                                                                    \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"

static const char script[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, a);"
                             "INSERT INTO t VALUES (1, 'x'), (2, 'y')";

static void begin(struct connection *c)
{
    assert_on_worker();
    connection_batch_begin(c);
}

static void end(struct connection *c)
{
    assert_on_worker();
    connection_batch_end(c);
    assert_true(sqlite3_get_autocommit(c->handle)); /* no transaction is left */
}

static void insert(struct fixture *f)
{
    expect_rows(f, f->writer, "INSERT INTO t(a) VALUES ('z')", "[]");
}

/* --- what it sees --------------------------------------------------------------------------- */

static void test_one_snapshot(void **state)
{
    struct fixture *f = *state;

    begin(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    expect_rows(f, f->reader, "SELECT id FROM t WHERE id > 2", "[]");
    end(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":4}]"); /* and one by one they see it at once */
}

static void test_it_is_taken_by_the_first_statement(void **state)
{
    struct fixture *f = *state;

    begin(f->reader);
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    end(f->reader);
    begin(f->reader); /* each has its own */
    expect_rows(f, f->reader, COUNT, "[{\"n\":4}]");
    end(f->reader);
}

static void test_an_empty_one(void **state)
{
    struct fixture *f = *state;

    begin(f->reader);
    end(f->reader);
    end(f->reader); /* harmless */
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    assert_true(sqlite3_get_autocommit(f->reader->handle));
}

/* --- neighbours ------------------------------------------------------------------------------- */

static enum status run_with(struct fixture *f, const char *sql, struct cancel *cancel)
{
    struct query q = {.sql = sql};

    assert_on_worker();
    buf_clear(&f->out);
    return connection_run(f->reader, &q, cancel, &f->out, &f->result, &f->err);
}

/* The snapshot is still that of two rows, though there are three. */
static void assert_unharmed(struct fixture *f)
{
    assert_false(sqlite3_get_autocommit(f->reader->handle));
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
}

static void begin_old(struct fixture *f)
{
    begin(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    insert(f);
}

static void test_a_failure_harms_nobody(void **state)
{
    struct fixture *f = *state;
    struct query too_few = {.sql = "SELECT :a AS a"};
    struct query too_many = {.sql = "SELECT id FROM t", .rows_max = 1};

    begin_old(f);
    expect_failure(f, f->reader, "SELECT json('{') AS n", STATUS_INVALID);
    assert_unharmed(f);
    expect_failure(f, f->reader, "SELECT id, json(a) AS j FROM t", STATUS_INVALID); /* at a row */
    assert_unharmed(f);
    expect_failure(f, f->reader, "SELECT nothing FROM nowhere", STATUS_SCHEMA);
    assert_unharmed(f);
    expect_failure(f, f->reader, "DELETE FROM t", STATUS_READONLY);
    assert_unharmed(f);
    expect_failure(f, f->reader, "COMMIT", STATUS_INVALID); /* nobody ends it but its end */
    assert_unharmed(f);
    expect_failure(f, f->reader, "SELECT zeroblob(100000000) AS b", STATUS_TOO_BIG);
    assert_unharmed(f);
    assert_int_equal(run_query(f, f->reader, &too_few), STATUS_INTERNAL);
    assert_unharmed(f);
    assert_int_equal(run_query(f, f->reader, &too_many), STATUS_TOO_BIG);
    assert_unharmed(f);
    end(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
}

static void test_a_stop_harms_nobody(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel;

    begin_old(f);
    cancel_init(&cancel, 0);
    cancel_set(&cancel);
    assert_int_equal(run_with(f, COUNT, &cancel), STATUS_CANCELLED);
    assert_unharmed(f);
    cancel_init(&cancel, 1);
    assert_int_equal(run_with(f, COUNT, &cancel), STATUS_DEADLINE);
    assert_unharmed(f);
    cancel_init(&cancel, clock_now_ns() + 2 * NS_PER_MS);
    assert_int_equal(run_with(f, RUNAWAY, &cancel), STATUS_DEADLINE); /* in the midst of it */
    assert_unharmed(f);
    end(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
}

/* The first one may be the one that fails. */
static void test_a_first_that_is_stopped(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel;

    begin(f->reader);
    cancel_init(&cancel, 1);
    assert_int_equal(run_with(f, COUNT, &cancel), STATUS_DEADLINE);
    expect_failure(f, f->reader, "SELECT nothing FROM nowhere", STATUS_SCHEMA);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    insert(f);
    assert_unharmed(f);
    end(f->reader);
}

/* Whatever allocation fails, the next statement and the next batch are well. */
static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    long fine = 0;

    for (long n = 1; n < 300 && fine < 10; n++) {
        enum status status;

        begin(f->reader);
        expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
        buf_fini(&f->out);
        mem_fail_after(n);
        status = run_sql(f, f->reader, "SELECT id, a || 'z' AS b FROM t ORDER BY b DESC");
        mem_fail_after(-1);
        fine = status == STATUS_OK ? fine + 1 : 0;
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
        end(f->reader);
    }
    assert_int_equal(fine, 10);
}

/* --- the schema ------------------------------------------------------------------------------- */

static size_t tables_count(struct fixture *f)
{
    const struct schema *schema = schema_get(f->db);
    size_t n = schema->tables_count;

    schema_unref(schema);
    return n;
}

static enum status refresh(struct fixture *f)
{
    assert_on_worker();
    return connection_refresh_schema(f->reader, NULL, &f->err);
}

static void test_the_schema_is_refreshed_inside(void **state)
{
    struct fixture *f = *state;

    begin(f->reader);
    assert_int_equal(refresh(f), STATUS_OK); /* its first statement */
    assert_int_equal(tables_count(f), 1);
    raw_run(f->path, "CREATE TABLE u(x); INSERT INTO u VALUES (7)");
    assert_int_equal(refresh(f), STATUS_OK);
    assert_int_equal(tables_count(f), 1); /* the snapshot is older */
    expect_failure(f, f->reader, "SELECT x FROM u", STATUS_SCHEMA);
    end(f->reader);
    begin(f->reader);
    expect_rows(f, f->reader, COUNT, "[{\"n\":2}]");
    assert_int_equal(refresh(f), STATUS_OK);
    assert_int_equal(tables_count(f), 2);
    assert_true(sqlite3_get_autocommit(f->reader->handle)); /* read outside the old snapshot */
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
    insert(f);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]"); /* and the batch has a new one */
    expect_rows(f, f->reader, "SELECT x FROM u", "[{\"x\":7}]");
    end(f->reader);
}

/* --- a writer ---------------------------------------------------------------------------------- */

static void test_on_a_writer_it_is_nothing(void **state)
{
    struct fixture *f = *state;

    begin(f->writer);
    insert(f);
    assert_true(sqlite3_get_autocommit(f->writer->handle));
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]"); /* committed */
    expect_rows(f, f->writer, COUNT, "[{\"n\":3}]");
    assert_true(sqlite3_get_autocommit(f->writer->handle));
    expect_failure(f, f->writer, "INSERT INTO t VALUES (1, 'again')", STATUS_CONSTRAINT);
    end(f->writer);
    expect_rows(f, f->reader, COUNT, "[{\"n\":3}]");
}

/* --- slots ------------------------------------------------------------------------------------- */

static unsigned connections_of(const struct fixture *f)
{
    return atomic_load(&f->db->connections);
}

static struct connection *connection_of(struct fixture *f, void *slot)
{
    struct connection *c = NULL;

    assert_on_worker();
    assert_int_equal(slot_connection(slot, NULL, &c, &f->err), STATUS_OK);
    return c;
}

static void test_a_slot_that_is_not_open(void **state)
{
    struct fixture *f = *state;
    struct slot_conf conf = {.db = f->db, .kind = CONNECTION_READER};
    void *slot = slot_create(&conf);
    unsigned before = connections_of(f);

    assert_non_null(slot);
    slot_batch_begin(slot);
    slot_batch_end(slot);
    assert_int_equal(connections_of(f), before); /* a pool that reads nothing opens nothing */
    expect_rows(f, connection_of(f, slot), COUNT, "[{\"n\":2}]");
    insert(f);
    expect_rows(f, connection_of(f, slot), COUNT, "[{\"n\":3}]"); /* the batch is long over */
    slot_destroy(slot);
}

static void test_a_slot_that_is_opened_inside(void **state)
{
    struct fixture *f = *state;
    struct slot_conf conf = {.db = f->db, .kind = CONNECTION_READER};
    void *slot = slot_create(&conf);

    assert_non_null(slot);
    slot_batch_begin(slot);
    expect_rows(f, connection_of(f, slot), COUNT, "[{\"n\":2}]");
    insert(f);
    expect_rows(f, connection_of(f, slot), COUNT, "[{\"n\":2}]");
    slot_batch_end(slot);
    expect_rows(f, connection_of(f, slot), COUNT, "[{\"n\":3}]");
    slot_batch_begin(slot); /* and one that is open already */
    expect_rows(f, connection_of(f, slot), COUNT, "[{\"n\":3}]");
    insert(f);
    expect_rows(f, connection_of(f, slot), COUNT, "[{\"n\":3}]");
    slot_batch_end(slot);
    expect_rows(f, connection_of(f, slot), COUNT, "[{\"n\":4}]");
    slot_destroy(slot);
}

static void test_a_slot_that_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    struct slot_conf conf = {.db = f->db, .kind = CONNECTION_WRITER};
    void *slot = slot_create(&conf);
    struct connection *c = NULL;

    assert_non_null(slot);
    assert_on_worker();
    slot_batch_begin(slot);
    assert_int_equal(slot_connection(slot, NULL, &c, &f->err),
                     STATUS_BUSY); /* there is one already */
    assert_null(c);
    slot_batch_end(slot);
    slot_destroy(slot);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_snapshot),
        TEST(test_it_is_taken_by_the_first_statement),
        TEST(test_an_empty_one),
        TEST(test_a_failure_harms_nobody),
        TEST(test_a_stop_harms_nobody),
        TEST(test_a_first_that_is_stopped),
        TEST(test_out_of_memory),
        TEST(test_the_schema_is_refreshed_inside),
        TEST(test_on_a_writer_it_is_nothing),
        TEST(test_a_slot_that_is_not_open),
        TEST(test_a_slot_that_is_opened_inside),
        TEST(test_a_slot_that_cannot_be_opened),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
