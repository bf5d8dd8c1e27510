/* Schema snapshots: what is in them, and how a change is noticed. */
#include "tests/unit/storage/fixture.h"

static const char script[] =
    "CREATE TABLE Books(id INTEGER PRIMARY KEY, title TEXT NOT NULL, price DECIMAL(10,2),"
    " twice AS (price * 2), stored AS (price * 3) STORED, anything);"
    "CREATE TABLE pairs(b INT, a INT, PRIMARY KEY (a, b)) WITHOUT ROWID;"
    "CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT);"
    "CREATE VIEW cheap AS SELECT id, title FROM Books WHERE price < 10;"
    "CREATE TABLE doomed(x); CREATE VIEW broken AS SELECT x FROM doomed; DROP TABLE doomed;"
    "CREATE VIRTUAL TABLE words USING fts5(body);"
    "CREATE INDEX books_title ON Books(title);";

static const struct schema_table *find(const struct schema *schema, const char *name)
{
    return schema_find(schema, str_of(name));
}

static void test_a_snapshot(void **state)
{
    static const char *const names[] = {"Books", "cheap", "counted", "pairs", "words"};
    struct fixture *f = *state;
    const struct schema *schema = schema_get(f->db);
    const struct schema_table *books = find(schema, "Books");

    assert_int_equal(schema->tables_count, ARRAY_LENGTH(names));
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        assert_string_equal(schema->tables[i].name, names[i]);
        assert_ptr_equal(find(schema, names[i]), &schema->tables[i]);
    }
    assert_ptr_equal(find(schema, "bOOKS"), books);
    assert_null(find(schema, "Book"));
    assert_null(find(schema, "Bookss"));
    assert_null(find(schema, ""));
    assert_null(schema_find(schema, STR("Books\0")));
    assert_null(find(schema, "sqlite_schema"));
    assert_null(find(schema, "sqlite_sequence"));
    assert_null(find(schema, "words_data"));
    assert_false(books->is_view);
    assert_int_equal(books->columns_count, 6);
    assert_string_equal(books->columns[0].name, "id");
    assert_int_equal(books->columns[0].key_place, 1);
    assert_string_equal(books->columns[1].type, "TEXT");
    assert_true(books->columns[1].is_not_null);
    assert_string_equal(books->columns[2].type, "DECIMAL(10,2)");
    assert_false(books->columns[2].is_generated);
    assert_true(books->columns[3].is_generated);
    assert_true(books->columns[4].is_generated);
    assert_string_equal(books->columns[5].type, "");
    assert_true(find(schema, "cheap")->is_view);
    assert_int_equal(find(schema, "pairs")->columns[0].key_place, 2);
    assert_int_equal(find(schema, "pairs")->columns[1].key_place, 1);
    assert_int_equal(find(schema, "words")->columns_count, 1); /* its hidden ones are not there */
    schema_unref(schema);
}

static void test_a_change_by_another_process(void **state)
{
    struct fixture *f = *state;
    const struct schema *before = schema_get(f->db);
    const struct schema *same;
    const struct schema *after;

    assert_on_worker();
    assert_int_equal(connection_refresh_schema(f->reader, NULL, &f->err), STATUS_OK);
    same = schema_get(f->db);
    assert_ptr_equal(before, same);
    schema_unref(same);
    raw_run(f->path, "CREATE TABLE added(x); DROP VIEW cheap");
    assert_int_equal(connection_refresh_schema(f->reader, NULL, &f->err), STATUS_OK);
    after = schema_get(f->db);
    assert_ptr_not_equal(before, after);
    assert_int_not_equal(before->version, after->version);
    assert_non_null(find(after, "added"));
    assert_null(find(after, "cheap"));
    assert_non_null(find(before, "cheap")); /* who has the old one keeps it */
    assert_null(find(before, "added"));
    schema_unref(before);
    schema_unref(after);
}

static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    const struct schema *before = schema_get(f->db);
    enum status status = STATUS_NOMEM;

    assert_on_worker();
    raw_run(f->path, "CREATE TABLE added(x)");
    for (long n = 1; n < 2000 && status == STATUS_NOMEM; n++) {
        const struct schema *now;

        mem_fail_after(n);
        status = connection_refresh_schema(f->reader, NULL, &f->err);
        mem_fail_after(-1);
        now = schema_get(f->db);
        if (status == STATUS_OK) {
            assert_int_equal(now->tables_count, before->tables_count + 1);
        } else if (status != STATUS_NOMEM || now != before) {
            fail_msg("allocation %ld: %s: %s", n, status_name(status), f->err.text);
        }
        schema_unref(now);
    }
    assert_int_equal(status, STATUS_OK);
    schema_unref(before);
}

static int setup(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_snapshot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_change_by_another_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
