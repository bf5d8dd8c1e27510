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

/* --- writing ------------------------------------------------------------------------------------- */

static enum status write_with(struct fixture *f, const char *sql, const char *table)
{
    const struct query q = {.sql = sql, .tables = &table, .tables_count = 1};

    return run_query(f, f->writer, &q);
}

static void expect_written(struct fixture *f, const char *sql, const char *table)
{
    if (write_with(f, sql, table) != STATUS_OK) {
        fail_msg("%s: %s", sql, f->err.text);
    }
}

static void expect_not_written(struct fixture *f, const char *sql, const char *table)
{
    if (write_with(f, sql, table) != STATUS_INVALID ||
        strstr(f->err.text, "did not name") == NULL) {
        fail_msg("%s: %s", sql, f->err.text);
    }
}

/* SQLite looks for parents and children, and changes children, in nobody's name. */
static void test_foreign_keys(void **state)
{
    struct fixture *f = *state;

    expect_written(f, "INSERT INTO rooms VALUES (5, 1)", "rooms");
    expect_written(f, "INSERT INTO chairs VALUES (7, 5)", "chairs");
    expect_written(f, "UPDATE houses SET id = 2 WHERE id = 1", "houses");
    expect_rows(f, f->reader, "SELECT * FROM rooms", "[{\"id\":5,\"house\":2}]");
    expect_written(f, "DELETE FROM houses WHERE id = 2 RETURNING id", "houses");
    expect_rows(f, f->reader, "SELECT count(*) AS n FROM rooms", "[{\"n\":0}]");
    expect_rows(f, f->reader, "SELECT * FROM chairs", "[{\"id\":7,\"room\":null}]");
    expect_rows(f, f->reader, "SELECT * FROM history", "[{\"what\":\"room 5\"}]");
}

/* ... also where it is a trigger that writes to the parents. */
static void test_triggers(void **state)
{
    struct fixture *f = *state;

    expect_written(f, "INSERT INTO places VALUES (3)", "places");
    expect_written(f, "INSERT INTO rooms VALUES (5, 3)", "rooms");
    expect_written(f, "DELETE FROM places WHERE places.id = 3 RETURNING id", "places");
    expect_rows(f, f->reader, "SELECT (SELECT count(*) FROM rooms) AS n, count(*) AS m FROM houses",
                "[{\"n\":0,\"m\":1}]");
}

static void test_triggers_and_full_text(void **state)
{
    struct fixture *f = *state;

    expect_written(f, "INSERT INTO letters VALUES (1, 'dear Ada')", "letters");
    expect_written(f, "UPDATE letters SET body = 'dear Bo' WHERE id = 1", "letters");
    expect_rows(f, f->reader, "SELECT rowid AS id FROM words WHERE words MATCH 'bo'",
                "[{\"id\":1}]");
    expect_written(f, "UPDATE mail SET body = 'dear Cy' WHERE mail.id = 1", "mail");
    expect_rows(f, f->reader, "SELECT rowid AS id FROM words WHERE words MATCH 'cy'",
                "[{\"id\":1}]");
    expect_written(f, "DELETE FROM letters", "letters");
}

static void test_what_no_key_leads_to(void **state)
{
    struct fixture *f = *state;

    expect_not_written(f, "INSERT INTO secrets VALUES ('x')", "houses");
    expect_not_written(f, "INSERT INTO rooms VALUES (5, 1)", "houses");
    expect_not_written(f, "UPDATE secrets SET word = 'x'", "houses");
    expect_not_written(f, "UPDATE houses SET id = 2", "rooms");
    expect_not_written(f, "DELETE FROM secrets", "houses");
    expect_not_written(f, "DELETE FROM houses", "rooms");
    expect_not_written(f, "DELETE FROM houses WHERE id IN (SELECT rowid FROM secrets)", "houses");
    expect_denied(f, "SELECT id FROM houses", "rooms", "houses");
    expect_denied(f, "SELECT id FROM rooms", "houses", "rooms");
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

/* Trusted, because SQLite 3.40 lets no trigger write to an FTS5 table else. */
static int setup_writing(void **state)
{
    static struct fixture f;
    struct database_conf conf = {.is_writable = true, .is_schema_trusted = true};

    fixture_folder(&f);
    conf.path = f.path;
    assert_int_equal(
        database_create(
            f.path,
            "CREATE TABLE secrets(word); CREATE TABLE history(what);"
            "CREATE TABLE houses(id INTEGER PRIMARY KEY); INSERT INTO houses VALUES (1);"
            "CREATE TABLE rooms(id INTEGER PRIMARY KEY,"
            " house REFERENCES houses ON UPDATE CASCADE ON DELETE CASCADE);"
            "CREATE TABLE chairs(id INTEGER PRIMARY KEY, room REFERENCES rooms ON DELETE SET NULL);"
            "CREATE TRIGGER gone AFTER DELETE ON rooms BEGIN"
            " INSERT INTO history VALUES ('room ' || old.id); END;"
            "CREATE VIEW places AS SELECT id FROM houses;"
            "CREATE TRIGGER built INSTEAD OF INSERT ON places BEGIN"
            " INSERT INTO houses VALUES (new.id); END;"
            "CREATE TRIGGER torn INSTEAD OF DELETE ON places BEGIN"
            " DELETE FROM houses WHERE id = old.id; END;"
            "CREATE TABLE letters(id INTEGER PRIMARY KEY, body TEXT);"
            "CREATE VIRTUAL TABLE words USING fts5(body, content=letters, content_rowid=id);"
            "CREATE TRIGGER came AFTER INSERT ON letters BEGIN"
            " INSERT INTO words(rowid, body) VALUES (new.id, new.body); END;"
            "CREATE TRIGGER changed AFTER UPDATE ON letters BEGIN"
            " INSERT INTO words(words, rowid, body) VALUES ('delete', old.id, old.body);"
            " INSERT INTO words(rowid, body) VALUES (new.id, new.body); END;"
            "CREATE TRIGGER went AFTER DELETE ON letters BEGIN"
            " INSERT INTO words(words, rowid, body) VALUES ('delete', old.id, old.body); END;"
            "CREATE VIEW mail AS SELECT id, body FROM letters;"
            "CREATE TRIGGER edited INSTEAD OF UPDATE ON mail BEGIN"
            " UPDATE letters SET body = new.body WHERE id = old.id; END;",
            &f.err),
        STATUS_OK);
    assert_int_equal(database_open(&conf, &f.db, &f.err), STATUS_OK);
    assert_int_equal(connection_open(f.db, CONNECTION_READER, NULL, &f.reader, &f.err), STATUS_OK);
    assert_int_equal(connection_open(f.db, CONNECTION_WRITER, NULL, &f.writer, &f.err), STATUS_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)
#define WRITE(name) cmocka_unit_test_setup_teardown(name, setup_writing, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tables),
        TEST(test_views),
        TEST(test_virtual_tables),
        TEST(test_after_a_schema_change),
        TEST(test_functions),
        TEST(test_a_flood_of_statements),
        WRITE(test_foreign_keys),
        WRITE(test_triggers),
        WRITE(test_triggers_and_full_text),
        WRITE(test_what_no_key_leads_to),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
