/* Views, their origins and triggers, and virtual tables, in a snapshot. */
#include "tests/unit/storage/fixture.h"

static const char script[] =
    "CREATE TABLE Author(Id INTEGER PRIMARY KEY, Name TEXT, born INT DEFAULT (1 + 1));"
    "CREATE TABLE book(id INTEGER PRIMARY KEY, author_id INT REFERENCES author, title TEXT,"
    "  pages BOOLEAN DEFAULT TRUE, list INTEGER[], n AS (id + 1), d DECIMAL(4,2));"
    "CREATE TABLE bare(x);"
    "CREATE VIEW plain AS SELECT * FROM book;"
    "CREATE VIEW renamed(a, \"b c\") AS SELECT author_id, TITLE FROM Book;"
    "CREATE VIEW nested AS SELECT a AS again, r.\"b c\" AS t FROM renamed AS r WHERE a > 1;"
    "CREATE VIEW joined AS SELECT b.id, a.name, a.id AS aid FROM book b LEFT JOIN author a"
    "  ON a.id = b.author_id;"
    "CREATE VIEW computed AS SELECT id + 0 AS sum, max(title) AS m, count(*) AS c, +id AS p,"
    "  CAST(id AS TEXT) AS t, author_id FROM book GROUP BY author_id;"
    "CREATE VIEW sub AS SELECT z.i FROM (SELECT id AS i FROM book) AS z;"
    "CREATE VIEW early AS SELECT id FROM late_union;" /* made before what it names */
    "CREATE VIEW late_union AS SELECT id FROM book UNION ALL SELECT id FROM author;"
    "CREATE VIEW over_early AS SELECT id FROM early;"
    "CREATE VIEW quoted AS SELECT id, 'UNION' AS \"union\" FROM book; /* UNION */"
    "CREATE VIEW subqueries(a, b, c, d) AS SELECT DISTINCT id, (SELECT author.id FROM author),"
    "  title, ((WITH w AS (SELECT 1) SELECT n FROM book)) FROM book WHERE (SELECT 1) IN (SELECT 1);"
    "CREATE VIEW starred AS SELECT (SELECT id FROM author) AS one, b.*, (SELECT id FROM author) AS"
    "  two, b.id IS DISTINCT FROM 1 AS three, (select id FROM author) AS four, b.id AS five"
    "  FROM bare AS b2, book AS b, (SELECT id FROM author) AS c;"
    "CREATE VIEW two_stars AS SELECT a.*, (SELECT id FROM author) AS s, b.* FROM author a, bare b;"
    "CREATE VIEW inner_one AS SELECT i FROM (SELECT (SELECT id FROM author) AS i FROM book);"
    "CREATE VIEW over_subqueries AS SELECT a, b FROM Subqueries;"
    "CREATE VIEW expressed AS SELECT (id) AS i, coalesce((SELECT 1), 2) AS n FROM book"
    "  WHERE id IN (SELECT id FROM author) AND EXISTS (SELECT 1);"
    "CREATE VIEW tabled AS WITH w(x) AS (SELECT id FROM book) SELECT x, w.* FROM w;"
    "CREATE VIEW rowids AS SELECT rowid AS r, x FROM bare;"
    "CREATE VIEW named_rowid AS SELECT rowid AS r FROM book;"
    "CREATE TABLE doomed(x); CREATE VIEW broken AS SELECT x FROM doomed; DROP TABLE doomed;"
    "CREATE VIEW over_broken AS SELECT x FROM broken;"
    "CREATE VIEW recent AS SELECT id FROM book WHERE d > CURRENT_DATE;"
    "CREATE VIEW dice AS SELECT id FROM book UNION SELECT abs(RANDOM());"
    "CREATE VIEW over_recent AS SELECT count(*) AS n FROM book WHERE id IN (SELECT id FROM recent);"
    "CREATE VIEW unsafe AS SELECT load_extension('x') AS n, id FROM book;"
    "CREATE TRIGGER main.t1 INSTEAD OF INSERT ON plain BEGIN SELECT 1; END;"
    "CREATE TRIGGER IF NOT EXISTS \"DELETE\" /* x */ INSTEAD -- y\n OF UPDATE OF a ON RENAMED"
    "  BEGIN SELECT 1; END;"
    "CREATE TRIGGER t3 INSTEAD OF DELETE ON plain BEGIN SELECT 1; END;"
    "CREATE TRIGGER t4 AFTER INSERT ON book BEGIN SELECT 1; END;"
    "CREATE VIRTUAL TABLE words USING fts5(body);"
    "CREATE VIRTUAL TABLE titles USING FTS5(title, content='BOOK', content_rowid = \"id\","
    "  tokenize = 'unicode61 remove_diacritics 2');"
    "CREATE VIRTUAL TABLE empty USING fts5(title, content='');"
    "CREATE VIRTUAL TABLE partly USING fts5(a, \"b\" unindexed, unindexed, d, DETAIL = 'FU');"
    "CREATE VIRTUAL TABLE flat USING fts5(a, detail=column);"
    "CREATE VIRTUAL TABLE viewed USING fts5(title, content=[plain]);"
    "CREATE VIRTUAL TABLE vocabulary USING fts5vocab('words', 'row');";

static const struct schema_table *table_of(const struct schema *schema, const char *name)
{
    const struct schema_table *table = schema_find(schema, str_of(name));

    if (table == NULL) {
        fail_msg("no %s", name);
    }
    return table;
}

/* "column=table.column", in one line. */
static void expect_origins(struct fixture *f, const char *name, const char *expected)
{
    const struct schema *schema = schema_get(f->db);
    const struct schema_table *table = table_of(schema, name);

    buf_clear(&f->out);
    for (size_t i = 0; i < table->columns_count; i++) {
        const struct schema_column *column = &table->columns[i];

        assert_int_equal(column->origin_table == NULL, column->origin_column == NULL);
        buf_printf(&f->out, "%s%s", i == 0 ? "" : " ", column->name);
        if (column->origin_table != NULL) {
            buf_printf(&f->out, "=%s.%s", column->origin_table, column->origin_column);
        }
    }
    expect_out(f, expected);
    schema_unref(schema);
}

static void test_origins(void **state)
{
    struct fixture *f = *state;

    expect_origins(f, "plain",
                   "id=book.id author_id=book.author_id title=book.title pages=book.pages"
                   " list=book.list n=book.n d=book.d");
    expect_origins(f, "renamed", "a=book.author_id b c=book.title");
    expect_origins(f, "nested", "again=book.author_id t=book.title");
    expect_origins(f, "joined", "id=book.id Name=Author.Name aid=Author.Id");
    expect_origins(f, "sub", "i=book.id");
    expect_origins(f, "named_rowid", "r=book.id");
    expect_origins(f, "quoted", "id=book.id union");
    expect_origins(f, "book", "id author_id title pages list n d"); /* only of views */
}

static void test_what_has_no_origin(void **state)
{
    struct fixture *f = *state;

    expect_origins(f, "computed", "sum m c p t author_id=book.author_id");
    expect_origins(f, "rowids", "r x=bare.x");
    expect_origins(f, "late_union", "id");
    expect_origins(f, "early", "id");
    expect_origins(f, "over_early", "id");
}

static void test_subqueries_have_none(void **state)
{
    struct fixture *f = *state;

    expect_origins(f, "subqueries", "a=book.id b c=book.title d");
    expect_origins(f, "starred",
                   "one id=book.id author_id=book.author_id title=book.title pages=book.pages"
                   " list=book.list n=book.n d=book.d two three four five=book.id");
    expect_origins(f, "two_stars", "Id Name born s x"); /* too much to tell them apart */
    expect_origins(f, "inner_one", "i");
    expect_origins(f, "over_subqueries", "a b");
    expect_origins(f, "expressed", "i=book.id n");
    expect_origins(f, "tabled", "x=book.id x:1=book.id");
}

static void test_broken_ones_are_left_out(void **state)
{
    struct fixture *f = *state;
    const struct schema *schema = schema_get(f->db);

    assert_null(schema_find(schema, STR("broken")));
    assert_null(schema_find(schema, STR("over_broken")));
    assert_null(schema_find(schema, STR("unsafe"))); /* its function may not be called */
    schema_unref(schema);
}

static void test_columns(void **state)
{
    struct fixture *f = *state;
    const struct schema *schema = schema_get(f->db);
    const struct schema_table *book = table_of(schema, "BOOK");
    const struct schema_table *plain = table_of(schema, "plain");

    assert_string_equal(table_of(schema, "author")->columns[2].default_sql, "1 + 1");
    assert_string_equal(schema_find_column(book, STR("PAGES"))->default_sql, "TRUE");
    assert_null(schema_find_column(book, STR("n"))->default_sql);
    assert_true(schema_find_column(book, STR("n"))->is_generated);
    assert_null(schema_find_column(book, STR("titles")));
    assert_null(schema_find_column(book, STR("titl")));
    assert_null(schema_find_column(book, STR("")));
    assert_int_equal(book->columns[0].kind, SCHEMA_INTEGER);
    assert_int_equal(book->columns[3].kind, SCHEMA_BOOLEAN);
    assert_int_equal(book->columns[4].kind, SCHEMA_ARRAY);
    assert_int_equal(book->columns[4].element, SCHEMA_INTEGER);
    assert_int_equal(book->columns[6].kind, SCHEMA_NUMERIC);
    assert_int_equal(plain->columns[3].kind, SCHEMA_BOOLEAN); /* a view's are its origins' */
    assert_int_equal(plain->columns[6].kind, SCHEMA_NUMERIC);
    assert_int_equal(table_of(schema, "computed")->columns[0].kind, SCHEMA_ANY);
    assert_int_equal(table_of(schema, "bare")->columns[0].kind, SCHEMA_ANY);
    schema_unref(schema);
}

static void expect_verbs(struct fixture *f, const char *name, bool insert, bool update, bool delete)
{
    const struct schema *schema = schema_get(f->db);
    const struct schema_table *table = table_of(schema, name);

    if (table->is_insertable != insert || table->is_updatable != update ||
        table->is_deletable != delete) {
        fail_msg("%s: %d %d %d", name, table->is_insertable, table->is_updatable,
                 table->is_deletable);
    }
    schema_unref(schema);
}

static void test_what_may_be_written(void **state)
{
    struct fixture *f = *state;

    expect_verbs(f, "book", true, true, true);
    expect_verbs(f, "plain", true, false, true);
    expect_verbs(f, "renamed", false, true, false);
    expect_verbs(f, "nested", false, false, false);
    expect_verbs(f, "words", true, true, true);
    expect_verbs(f, "vocabulary", false, false, false);
}

static void expect_fts(struct fixture *f, const char *name, const char *content, const char *rowid)
{
    const struct schema *schema = schema_get(f->db);
    const struct schema_table *table = table_of(schema, name);

    assert_true(table->is_fts);
    assert_int_equal(table->table_kind, SCHEMA_VIRTUAL);
    assert_false(table->is_view);
    assert_true(table->has_rowid);
    assert_string_equal(table->fts_content == NULL ? "(none)" : table->fts_content, content);
    assert_string_equal(table->fts_rowid, rowid);
    schema_unref(schema);
}

/* Which columns have all that a query may ask for. */
static void expect_indexed(const struct schema *schema, const char *name, const char *expected)
{
    const struct schema_table *table = table_of(schema, name);
    char text[100] = "";

    for (size_t i = 0; i < table->columns_count; i++) {
        if (table->columns[i].is_fts_indexed) {
            (void)strcat(strcat(text, table->columns[i].name), " ");
        }
    }
    assert_string_equal(text, expected);
}

static void test_fts(void **state)
{
    struct fixture *f = *state;
    const struct schema *schema = schema_get(f->db);

    expect_fts(f, "words", "(none)", "rowid");
    expect_fts(f, "titles", "book", "id");
    expect_fts(f, "empty", "(none)", "rowid");
    expect_fts(f, "viewed", "plain", "rowid");
    expect_indexed(schema, "words", "body ");
    expect_indexed(schema, "partly", "a unindexed d ");
    expect_indexed(schema, "flat", "");
    assert_false(table_of(schema, "vocabulary")->is_fts);
    assert_false(table_of(schema, "book")->is_fts);
    for (size_t i = 0; i < schema->tables_count; i++) {
        assert_null(strstr(schema->tables[i].name, "_data")); /* nor any other shadow */
        assert_null(strstr(schema->tables[i].name, "_docsize"));
    }
    schema_unref(schema);
}

static void test_references(void **state)
{
    struct fixture *f = *state;
    const struct schema *schema = schema_get(f->db);

    schema_ref(schema);
    schema_unref(schema);
    assert_non_null(schema_find(schema, STR("book"))); /* still ours */
    schema_unref(schema);
}

static void test_which_are_volatile(void **state)
{
    struct fixture *f = *state;
    const struct schema *schema = schema_get(f->db);

    assert_true(table_of(schema, "recent")->is_volatile);
    assert_true(table_of(schema, "dice")->is_volatile);
    assert_true(table_of(schema, "over_recent")->is_volatile);
    assert_false(table_of(schema, "computed")->is_volatile);
    assert_false(table_of(schema, "late_union")->is_volatile);
    assert_false(table_of(schema, "book")->is_volatile);
    schema_unref(schema);
}

static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    enum status status = STATUS_NOMEM;

    assert_on_worker();
    raw_run(f->path, "CREATE TABLE added(x INT REFERENCES book)");
    for (long n = 1; n < 20000 && status == STATUS_NOMEM; n++) {
        mem_fail_after(n);
        status = connection_refresh_schema(f->reader, NULL, &f->err);
        mem_fail_after(-1);
        if (status != STATUS_OK && status != STATUS_NOMEM) {
            fail_msg("allocation %ld: %s: %s", n, status_name(status), f->err.text);
        }
    }
    assert_int_equal(status, STATUS_OK);
    test_origins(state); /* nothing was lost on the way */
    test_what_has_no_origin(state);
    test_what_may_be_written(state);
    test_fts(state);
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_folder(&f);
    raw_run(f.path, script); /* database_create would refuse load_extension() */
    fixture_open(&f, false);
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
        cmocka_unit_test_setup_teardown(test_origins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_has_no_origin, setup, teardown),
        cmocka_unit_test_setup_teardown(test_subqueries_have_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_ones_are_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_may_be_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_which_are_volatile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_references, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
