/* Primary keys, uniques and foreign keys of a snapshot. */
#include "tests/unit/storage/fixture.h"

static const char script[] =
    "CREATE TABLE Parent(Id INTEGER PRIMARY KEY, Code TEXT UNIQUE, a INT, b INT, UNIQUE (a, b));"
    "CREATE TABLE pairs(b INT, a INT, PRIMARY KEY (a, b)) WITHOUT ROWID;"
    "CREATE TABLE bare(x);"
    "CREATE TABLE twice(a INT, b INT, c INT REFERENCES twice, PRIMARY KEY (b, b, a),"
    "  FOREIGN KEY (a, c) REFERENCES twice);"
    /* declared in an order, with every way of writing it */
    "CREATE TABLE child(id INTEGER PRIMARY KEY,"
    "  p INT REFERENCES parent,"                                    /* its primary key */
    "  q TEXT NOT NULL CONSTRAINT by_code REFERENCES PARENT(CODE)," /* other letters */
    "  s INT CONSTRAINT not_this CHECK (s > 0) REFERENCES parent(id),"
    "  x INT, y INT, /* CONSTRAINT no REFERENCES */ one INT UNIQUE,"
    "  gone INT REFERENCES nowhere(id), lost INT REFERENCES parent(missing),"
    "  v INT REFERENCES shown(id), r INT REFERENCES bare,"
    "  CONSTRAINT \"the \"\"pair\"\"\" FOREIGN KEY (X, y) REFERENCES pairs,"
    "  CONSTRAINT [fewer] FOREIGN KEY (x) REFERENCES pairs," /* one column for two */
    "  FOREIGN KEY (one) REFERENCES parent(id) ON DELETE SET NULL"
    "  CONSTRAINT 'it''s' FOREIGN KEY (y, x) REFERENCES parent(B, A) DEFERRABLE"
    "    INITIALLY DEFERRED,"
    "  FOREIGN KEY (p) REFERENCES parent(id), FOREIGN KEY (id) REFERENCES child(id));"
    "CREATE VIEW shown AS SELECT id FROM child;"
    "ALTER TABLE child ADD COLUMN late INT CONSTRAINT added REFERENCES parent(id);"
    "CREATE TABLE many(a PRIMARY KEY, b UNIQUE, c COLLATE NOCASE, d);"
    "CREATE UNIQUE INDEX partly ON many(c) WHERE d > 1;"
    "CREATE UNIQUE INDEX expressed ON many(c, lower(d));"
    "CREATE INDEX common ON many(c);"
    "CREATE UNIQUE INDEX plain ON many(D, c COLLATE BINARY);"
    "CREATE TABLE down(id INTEGER PRIMARY KEY DESC);" /* has an index, and takes NULL */
    "CREATE TABLE late(a, Id integer, PRIMARY KEY (id));";

static const struct schema_table *table_of(const struct schema *schema, const char *name)
{
    const struct schema_table *table = schema_find(schema, str_of(name));

    assert_non_null(table);
    return table;
}

static void put_list(struct buf *b, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_printf(b, "%s%s", i == 0 ? "" : ",", names[i]);
    }
}

/* "name: a,b -> table(c,d)" and " unique", in lines. */
static void expect_keys(struct fixture *f, const char *name, const char *expected)
{
    const struct schema *schema = schema_get(f->db);
    const struct schema_table *table = table_of(schema, name);

    buf_clear(&f->out);
    for (size_t i = 0; i < table->keys_count; i++) {
        const struct schema_key *key = &table->keys[i];

        buf_printf(&f->out, "%s: ", key->name);
        put_list(&f->out, key->columns, key->columns_count);
        buf_printf(&f->out, " -> %s(", key->target);
        put_list(&f->out, key->target_columns, key->columns_count);
        buf_printf(&f->out, ")%s\n", key->is_unique ? " unique" : "");
    }
    expect_out(f, expected);
    schema_unref(schema);
}

static void expect_uniques(struct fixture *f, const char *name, const char *expected)
{
    const struct schema *schema = schema_get(f->db);
    const struct schema_table *table = table_of(schema, name);

    buf_clear(&f->out);
    for (size_t i = 0; i < table->uniques_count; i++) {
        const struct schema_unique *unique = &table->uniques[i];

        buf_append_str(&f->out, unique->is_primary ? STR("*") : STR(""));
        put_list(&f->out, unique->columns, unique->columns_count);
        buf_append_char(&f->out, '\n');
    }
    expect_out(f, expected);
    schema_unref(schema);
}

static void test_keys(void **state)
{
    struct fixture *f = *state;

    expect_keys(f, "child",
                "child_p_fkey: p -> Parent(Id)\n"
                "by_code: q -> Parent(Code)\n"
                "child_s_fkey: s -> Parent(Id)\n"
                "added: late -> Parent(Id)\n" /* ALTER TABLE puts it behind the last column */
                "the \"pair\": x,y -> pairs(a,b)\n"
                "child_one_fkey: one -> Parent(Id) unique\n"
                "it's: y,x -> Parent(b,a)\n"
                "child_p_fkey1: p -> Parent(Id)\n"
                "child_id_fkey: id -> child(id) unique\n");
    expect_keys(f, "Parent", "");
    expect_keys(f, "shown", "");
}

static void test_uniques(void **state)
{
    struct fixture *f = *state;

    expect_uniques(f, "Parent", "*Id\nCode\na,b\n");
    expect_uniques(f, "pairs", "*a,b\n");
    expect_uniques(f, "bare", "");
    expect_uniques(f, "twice", "*b,a\n");
    expect_keys(f, "twice", "twice_a_c_fkey: a,c -> twice(b,a)\n");
    expect_uniques(f, "many", "*a\nb\nd,c\n");
    expect_uniques(f, "shown", "");
}

static void test_rowids(void **state)
{
    struct fixture *f = *state;
    const struct schema *schema = schema_get(f->db);

    assert_true(table_of(schema, "Parent")->has_rowid);
    assert_true(table_of(schema, "bare")->has_rowid);
    assert_false(table_of(schema, "pairs")->has_rowid);
    assert_false(table_of(schema, "shown")->has_rowid);
    assert_string_equal(table_of(schema, "Parent")->rowid->name, "Id");
    assert_string_equal(table_of(schema, "late")->rowid->name, "Id");
    assert_null(table_of(schema, "bare")->rowid);
    assert_null(table_of(schema, "pairs")->rowid);
    assert_null(table_of(schema, "many")->rowid);
    assert_null(table_of(schema, "down")->rowid);
    assert_null(table_of(schema, "shown")->rowid);
    schema_unref(schema);
}

/* A key is one-to-one whatever the order of its columns, but all of them. */
static void test_one_to_one(void **state)
{
    struct fixture *f = *state;

    raw_run(f->path, "CREATE TABLE swapped(m INT, n INT, k INT, UNIQUE (n, m), UNIQUE (k, m),"
                     " FOREIGN KEY (m, n) REFERENCES pairs, FOREIGN KEY (m) REFERENCES parent,"
                     " FOREIGN KEY (k, n) REFERENCES pairs);");
    assert_on_worker();
    assert_int_equal(connection_refresh_schema(f->reader, NULL, &f->err), STATUS_OK);
    expect_keys(f, "swapped",
                "swapped_m_n_fkey: m,n -> pairs(a,b) unique\n"
                "swapped_m_fkey: m -> Parent(Id)\n"
                "swapped_k_n_fkey: k,n -> pairs(a,b)\n");
}

/* --- names that are not nice ---------------------------------------------------------------- */

static const char *const hostile[] = {
    "a\"b",       "a'b",    "a]b", "a`b", "select", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
    " ",          "a--b",   "/*",  ";",   "a,b(c)", "constraint",
    "references", "%s%w%Q", "\n",  "\"",  "''",     "main.t",
};

static char *quoted(const char *name)
{
    char *sql = sqlite3_mprintf("\"%w\"", name);

    assert_non_null(sql);
    return sql;
}

static void create_hostile(struct fixture *f, const char *name)
{
    char *q = quoted(name);
    char *sql = sqlite3_mprintf("CREATE TABLE %s(%s INTEGER PRIMARY KEY, up INT CONSTRAINT %s"
                                " REFERENCES %s(%s)); DROP VIEW IF EXISTS seen;"
                                "CREATE VIEW seen(%s) AS SELECT %s FROM %s;",
                                q, q, q, q, q, q, q, q);

    raw_run(f->path, sql);
    sqlite3_free(sql);
    sqlite3_free(q);
}

static void expect_hostile(struct fixture *f, const char *name)
{
    const struct schema *schema = schema_get(f->db);
    const struct schema_table *table = table_of(schema, name);
    const struct schema_table *seen = table_of(schema, "seen");

    assert_string_equal(table->name, name);
    assert_int_equal(table->keys_count, 1);
    assert_string_equal(table->keys[0].name, name);
    assert_string_equal(table->keys[0].target, name);
    assert_string_equal(table->keys[0].target_columns[0], name);
    assert_string_equal(table->columns[0].name, name);
    assert_string_equal(seen->columns[0].name, name);
    assert_string_equal(seen->columns[0].origin_table, name);
    assert_string_equal(seen->columns[0].origin_column, name);
    schema_unref(schema);
}

static void test_hostile_names(void **state)
{
    struct fixture *f = *state;
    char longest[301];

    assert_on_worker();
    memset(longest, 'n', 300);
    longest[300] = '\0';
    for (size_t i = 0; i <= ARRAY_LENGTH(hostile); i++) {
        const char *name = i < ARRAY_LENGTH(hostile) ? hostile[i] : longest;

        create_hostile(f, name);
        assert_int_equal(connection_refresh_schema(f->reader, NULL, &f->err), STATUS_OK);
        expect_hostile(f, name);
    }
}

/* --- many ------------------------------------------------------------------------------------ */

static void test_2000_columns(void **state)
{
    struct fixture *f = *state;
    const struct schema *schema;
    const struct schema_table *wide;
    struct buf b;

    assert_on_worker();
    buf_init(&b, SIZE_MAX);
    buf_append_literal(&b, "CREATE TABLE wide(c0 INTEGER PRIMARY KEY");
    for (int i = 1; i < 2000; i++) {
        buf_printf(&b, ", c%d INT CONSTRAINT k%d REFERENCES wide", i, i);
    }
    buf_append_literal(&b, "); CREATE VIEW wider AS SELECT * FROM wide");
    buf_append_char(&b, 0);
    raw_run(f->path, b.at);
    buf_fini(&b);
    assert_int_equal(connection_refresh_schema(f->reader, NULL, &f->err), STATUS_OK);
    schema = schema_get(f->db);
    wide = table_of(schema, "wide");
    assert_int_equal(wide->columns_count, 2000);
    assert_int_equal(wide->keys_count, 1999);
    assert_string_equal(wide->keys[1998].name, "k1999");
    assert_string_equal(wide->keys[1998].columns[0], "c1999");
    assert_string_equal(table_of(schema, "wider")->columns[1999].origin_column, "c1999");
    assert_ptr_equal(schema_find_column(wide, STR("C1999")), &wide->columns[1999]);
    schema_unref(schema);
}

static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    const struct schema *before = schema_get(f->db);
    enum status status = STATUS_NOMEM;

    assert_on_worker();
    raw_run(f->path, "CREATE TABLE added(x INT REFERENCES parent)");
    for (long n = 1; n < 5000 && status == STATUS_NOMEM; n++) {
        const struct schema *now;

        mem_fail_after(n);
        status = connection_refresh_schema(f->reader, NULL, &f->err);
        mem_fail_after(-1);
        now = schema_get(f->db);
        if (status != STATUS_OK && (status != STATUS_NOMEM || now != before)) {
            fail_msg("allocation %ld: %s: %s", n, status_name(status), f->err.text);
        }
        schema_unref(now);
    }
    assert_int_equal(status, STATUS_OK);
    test_keys(state); /* nothing was lost on the way */
    test_uniques(state);
    expect_keys(f, "added", "added_x_fkey: x -> Parent(Id)\n");
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
        cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uniques, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_to_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_2000_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
