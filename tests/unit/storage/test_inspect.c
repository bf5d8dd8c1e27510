/* What a statement is before it runs, and what SQL may not do: the authorizer's table. */
#include "tests/unit/storage/fixture.h"

static const char script[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT);"
                             "INSERT INTO t VALUES (1, 'one')";

static void expect_refusal(struct fixture *f, const char *sql, const char *words)
{
    struct statement_info info = {.parameters_count = 77};
    enum status status = connection_inspect(f->writer, sql, &info, &f->err);

    if (status != STATUS_INVALID || f->err.status != STATUS_INVALID) {
        fail_msg("%s: %s", sql, status_name(status));
    }
    if (strstr(f->err.text, words) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", sql, f->err.text, words);
    }
    assert_int_equal(info.parameters_count, 77);
}

static void test_a_statement_is_described(void **state)
{
    struct fixture *f = *state;
    struct statement_info info;

    assert_int_equal(connection_inspect(f->reader,
                                        "SELECT id, name AS \"the name\" FROM t WHERE id = :id"
                                        " OR name = :name OR id + 1 = :id; -- the end",
                                        &info, &f->err),
                     STATUS_OK);
    assert_true(info.is_read_only);
    assert_int_equal(info.parameters_count, 2);
    assert_string_equal(info.parameters[0], "id");
    assert_string_equal(info.parameters[1], "name");
    assert_int_equal(info.columns_count, 2);
    assert_string_equal(info.columns[0], "id");
    assert_string_equal(info.columns[1], "the name");
    statement_info_fini(&info);
    assert_int_equal(connection_inspect(f->reader, "DELETE FROM t RETURNING id", &info, &f->err),
                     STATUS_OK);
    assert_false(info.is_read_only);
    assert_int_equal(info.columns_count, 1);
    statement_info_fini(&info);
    statement_info_fini(&info); /* harmless */
}

static void test_mistakes(void **state)
{
    struct fixture *f = *state;

    expect_refusal(f, "", "the statement is empty");
    expect_refusal(f, " -- only words\n/* and more */ ;; ", "the statement is empty");
    expect_refusal(f, "SELECT 1; SELECT 2",
                   "more than one statement: make them \"steps\" of a route, or routes");
    expect_refusal(f, "SELECT 1; nonsense", "more than one statement");
    expect_refusal(f, "SELECT 1; BEGIN", "more than one statement");
    expect_refusal(f, "SELECT * FROM nowhere", "no such table: nowhere");
    expect_refusal(f, "SELEC 1", "syntax error");
    expect_refusal(f, "SELECT \"not a column\"", "no such column"); /* DQS is off */
    expect_refusal(f, "SELECT id FROM t WHERE id = ?", "parameter ?1: write parameters as :name");
    expect_refusal(f, "SELECT id FROM t WHERE id = ?2", "parameter ?1: write parameters as :name");
    expect_refusal(f, "SELECT id FROM t WHERE id = $id", "parameter $id: write");
    expect_refusal(f, "SELECT id FROM t WHERE id = @id", "parameter @id: write");
    expect_refusal(f, "SELECT id, name AS id FROM t",
                   "two columns are called \"id\"; name one with AS");
}

static void test_hostile_statements(void **state)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"ATTACH 'other.db' AS other", "ATTACH"},
        {"ATTACH ':memory:' AS other", "ATTACH"},
        {"DETACH main", "DETACH"},
        {"BEGIN", "BEGIN is not allowed: every statement runs in a transaction of its own"},
        {"BEGIN IMMEDIATE", "BEGIN"},
        {"COMMIT", "COMMIT"},
        {"END", "COMMIT"},
        {"ROLLBACK", "ROLLBACK"},
        {"SAVEPOINT s", "SAVEPOINT"},
        {"RELEASE s", "SAVEPOINT"},
        {"ROLLBACK TO s", "SAVEPOINT"},
        {"PRAGMA writable_schema = 1", "PRAGMA writable_schema is not allowed"},
        {"PRAGMA writable_schema", "PRAGMA writable_schema"},
        {"PRAGMA journal_mode = DELETE", "PRAGMA journal_mode"},
        {"PRAGMA main.journal_mode", "PRAGMA journal_mode"},
        {"PRAGMA query_only = 0", "PRAGMA query_only"},
        {"PRAGMA schema_version = 7", "PRAGMA schema_version"},
        {"PRAGMA trusted_schema = 1", "PRAGMA trusted_schema"},
        {"PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint"},
        {"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA locking_mode"},
        {"PRAGMA database_list", "PRAGMA database_list"},
        {"PRAGMA temp_store_directory = '/tmp'", "PRAGMA temp_store_directory"},
        {"PRAGMA hard_heap_limit = 1", "PRAGMA hard_heap_limit"},
        {"SELECT load_extension('/tmp/x.so')", "load_extension() is not allowed"},
        {"SELECT LOAD_EXTENSION('/tmp/x.so', 'e')", "is not allowed"},
        {"SELECT fts3_tokenizer('simple')", "is not allowed"},
        {"EXPLAIN ATTACH 'other.db' AS other", "ATTACH"},
        {"VACUUM", "VACUUM is not allowed"},
        {" ; VACUUM main", "VACUUM is not allowed"},
        {" /* x */ -- y\n VACUUM INTO '/tmp/copy.db'", "VACUUM is not allowed"},
        {"CREATE TEMP TABLE x(a)", "TEMP is not allowed"},
        {"CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END", "TEMP is not allowed"},
        {"UPDATE sqlite_schema SET sql = ''", "may not be modified"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        enum status status;

        expect_refusal(f, cases[i].sql, cases[i].words);
        status = run_sql(f, f->writer, cases[i].sql); /* nor does it run uninspected */
        assert_true(status == STATUS_INVALID || status == STATUS_SCHEMA);
        status = run_sql(f, f->reader, cases[i].sql);
        assert_true(status == STATUS_INVALID || status == STATUS_SCHEMA);
        assert_true(sqlite3_get_autocommit(f->writer->handle));
    }
    expect_rows(f, f->writer, "SELECT count(*) AS n FROM t", "[{\"n\":1}]");
}

static void test_harmless_pragmas(void **state)
{
    struct fixture *f = *state;
    static const char *const cases[] = {
        "PRAGMA schema_version",       "PRAGMA main.data_version",
        "PRAGMA table_info(t)",        "PRAGMA table_xinfo('t')",
        "PRAGMA table_list",           "PRAGMA index_list(t)",
        "PRAGMA foreign_key_list(t)",  "SELECT name FROM pragma_table_info('t')",
        "PRAGMA index_info(some_name)"};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (run_sql(f, f->reader, cases[i]) != STATUS_OK) {
            fail_msg("%s: %s", cases[i], f->err.text);
        }
    }
}

static void test_wide_statements_are_refused(void **state)
{
    struct fixture *f = *state;
    const size_t size = 1100 * 1000;
    char *sql = malloc(size);
    struct statement_info info;

    assert_non_null(sql);
    (void)snprintf(sql, size, "SELECT '%0*d'", 1000 * 1000, 0);
    expect_refusal(f, sql, "too long");
    strcpy(sql, "SELECT 1");
    for (int i = 0; i < 1100; i++) {
        strcat(sql, "+1");
    }
    assert_int_equal(connection_inspect(f->reader, sql, &info, &f->err), STATUS_INVALID);
    free(sql);
}

static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    bool was_fine = false;

    for (long n = 1; n < 400 && !was_fine; n++) {
        struct statement_info info = {.parameters_count = 77};
        enum status status;

        mem_fail_after(n);
        status =
            connection_inspect(f->reader, "SELECT id, name FROM t WHERE id = :id", &info, &f->err);
        was_fine = status == STATUS_OK;
        mem_fail_after(-1);
        if (was_fine) {
            assert_int_equal(info.parameters_count, 1);
            statement_info_fini(&info);
        } else {
            assert_int_equal(status, STATUS_NOMEM);
            assert_int_equal(info.parameters_count, 77);
        }
    }
    assert_true(was_fine);
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
        cmocka_unit_test_setup_teardown(test_a_statement_is_described, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_statements, setup, teardown),
        cmocka_unit_test_setup_teardown(test_harmless_pragmas, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_statements_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
