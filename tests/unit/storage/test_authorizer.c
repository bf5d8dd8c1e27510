/* What a planned statement may touch: what the plan named, and what that is made of. */
#include "tests/unit/storage/fixture.h"

static enum status run_with(struct fixture *f, const char *sql, const char *first,
                            const char *second)
{
    const char *const tables[] = {first, second};
    struct query q = {.sql = sql, .tables = tables, .tables_count = second == NULL ? 1 : 2};

    return run_query(f, f->reader, &q);
}

static void expect_allowed(struct fixture *f, const char *sql, const char *first,
                           const char *second)
{
    if (run_with(f, sql, first, second) != STATUS_OK) {
        fail_msg("%s: %s", sql, f->err.text);
    }
}

static void expect_denied(struct fixture *f, const char *sql, const char *first, const char *denied)
{
    if (run_with(f, sql, first, NULL) != STATUS_INVALID || strstr(f->err.text, denied) == NULL ||
        strstr(f->err.text, "did not name") == NULL) {
        fail_msg("%s: %s", sql, f->err.text);
    }
    assert_string_equal(f->err.code, "42501");
}

static void test_tables(void **state)
{
    struct fixture *f = *state;

    expect_allowed(f, "SELECT id FROM books", "books", NULL);
    expect_allowed(f, "SELECT id FROM BOOKS", "books", NULL);
    expect_allowed(f, "SELECT count(*) AS n FROM books, secrets", "books", "secrets");
    expect_denied(f, "SELECT count(*) AS x1 FROM secrets", "books", "secrets");
    expect_denied(f, "SELECT word FROM secrets", "books", "secrets");
    expect_denied(f, "SELECT id FROM books WHERE id IN (SELECT rowid FROM secrets)", "books",
                  "secrets");
    expect_denied(f, "WITH x AS (SELECT word FROM secrets) SELECT * FROM x", "books", "secrets");
    expect_denied(f, "SELECT sql FROM sqlite_schema", "books", "sqlite_");
    expect_denied(f, "SELECT name FROM pragma_table_list", "books", "pragma_table_list");
    expect_denied(f, "SELECT value FROM json_each('[1]')", "books", "json_each");
    expect_allowed(f, "SELECT value FROM json_each('[1]'), books AS b", "books", "json_each");
    expect_denied(f, "SELECT * FROM books_secret", "books", "books_secret");
}

static void test_views(void **state)
{
    struct fixture *f = *state;

    expect_allowed(f, "SELECT * FROM both", "both", NULL);
    expect_allowed(f, "SELECT * FROM deep WHERE word > ''", "deep", NULL);
    expect_denied(f, "SELECT both.id FROM both, secrets WHERE secrets.word > ''", "both",
                  "secrets");
    expect_denied(f, "SELECT word FROM both", "books", "both");
}

static void test_virtual_tables(void **state)
{
    struct fixture *f = *state;

    expect_allowed(f, "SELECT text FROM notes WHERE notes MATCH 'hello'", "notes", NULL);
    expect_allowed(f, "SELECT id FROM boxes WHERE a > 0", "boxes", NULL);
    expect_denied(f, "SELECT text FROM notes", "books", "notes");
    expect_denied(f, "SELECT * FROM notes_data", "books", "notes_data");
    expect_allowed(f, "SELECT word FROM words", "words", NULL);
    expect_out(f, "[{\"word\":\"hush\"}]");
    expect_denied(f, "SELECT word FROM secrets", "notes", "secrets");
}

/* The list holds for a statement that is prepared anew, too. */
static void test_after_a_schema_change(void **state)
{
    struct fixture *f = *state;

    expect_allowed(f, "SELECT * FROM both", "both", NULL);
    raw_run(f->path, "DROP VIEW both; CREATE TABLE both(x); INSERT INTO both VALUES (1)");
    expect_allowed(f, "SELECT * FROM both", "both", NULL);
    expect_out(f, "[{\"x\":1}]");
    raw_run(f->path, "DROP TABLE both; CREATE VIEW both AS SELECT word FROM secrets");
    expect_allowed(f, "SELECT * FROM both", "both", NULL);
}

static void test_functions(void **state)
{
    struct fixture *f = *state;
    struct query q = {.sql = "SELECT gantry_part(NULL) AS x"};
    struct statement_info info;

    assert_int_equal(run_query(f, f->reader, &q), STATUS_INVALID);
    assert_string_equal(f->err.text, "gantry_part() is not allowed");
    assert_int_equal(connection_inspect(f->reader, q.sql, &info, &f->err), STATUS_INVALID);
    q.is_planned = true;
    assert_int_equal(run_query(f, f->reader, &q), STATUS_INVALID);
    assert_non_null(strstr(f->err.text, "shape"));
    raw_run(f->path, "CREATE VIEW sly AS SELECT gantry_row(NULL) AS x");
    assert_int_equal(run_with(f, "SELECT x FROM sly", "sly", NULL), STATUS_SCHEMA);
}

/* Many statements, and large ones: the cache keeps to its bounds. */
static void test_a_flood_of_statements(void **state)
{
    struct fixture *f = *state;
    static struct value values[20000];
    static char sql[200 * 1000];

    for (int i = 0; i < 400; i++) {
        struct query q = {.sql = sql};

        (void)snprintf(sql, sizeof(sql), "SELECT id + %d AS x FROM books", i);
        assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    }
    assert_int_equal(f->reader->cache.count, STATEMENTS_MAX);
    for (int i = 0; i < 20; i++) {
        struct query q = {.sql = sql, .values = values, .values_count = ARRAY_LENGTH(values)};
        int at = snprintf(sql, sizeof(sql), "SELECT %d AS x FROM books WHERE id IN (?", i);

        for (size_t k = 1; k < ARRAY_LENGTH(values); k++) {
            at += snprintf(sql + at, sizeof(sql) - (size_t)at, ",?");
        }
        (void)snprintf(sql + at, sizeof(sql) - (size_t)at, ")");
        assert_int_equal(run_query(f, f->reader, &q), STATUS_OK);
    }
    assert_true(f->reader->cache.bytes <= STATEMENTS_BYTES_MAX);
    assert_true(f->reader->cache.count >= 2);
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_init(&f,
                 "CREATE TABLE books(id INTEGER PRIMARY KEY); INSERT INTO books VALUES (1);"
                 "CREATE TABLE secrets(word); CREATE TABLE books_secret(x);"
                 "CREATE VIEW both AS SELECT id, word FROM books, secrets;"
                 "CREATE VIEW deep AS SELECT word FROM both UNION SELECT word FROM secrets;"
                 "CREATE VIRTUAL TABLE notes USING fts5(text);"
                 "INSERT INTO notes VALUES ('hello world'); INSERT INTO secrets VALUES ('hush');"
                 "CREATE VIRTUAL TABLE words USING fts5(word, content=secrets);"
                 "CREATE VIRTUAL TABLE boxes USING rtree(id, a, b)",
                 false);
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
        TEST(test_tables),         TEST(test_views),
        TEST(test_virtual_tables), TEST(test_after_a_schema_change),
        TEST(test_functions),      TEST(test_a_flood_of_statements),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
