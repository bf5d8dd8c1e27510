/* The tokens of CREATE statements, and what is read from them. */
#include "base/buf.h"
#include "base/mem.h"
#include "storage/foreign_key_names.h"
#include "storage/fts_options.h"
#include "storage/sql_token.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

/* Each token as its kind's letter and its text, in lines. */
static void expect_tokens(const char *text, const char *expected)
{
    struct str sql = str_of(text);
    struct sql_token token = sql_token_next(&sql);
    struct buf b;

    buf_init(&b, SIZE_MAX);
    while (token.kind != SQL_END) {
        buf_append_char(&b, "EWQS"[token.kind]);
        buf_append_str(&b, token.text);
        buf_append_char(&b, '|');
        token = sql_token_next(&sql);
    }
    buf_append_char(&b, '\0');
    assert_int_equal(sql_token_next(&sql).kind, SQL_END);
    assert_string_equal(b.at, expected);
    buf_fini(&b);
}

static void test_tokens(void **state)
{
    (void)state;
    expect_tokens("", "");
    expect_tokens(" \t\n\f\r", "");
    expect_tokens("a b1_$ 12 \xc3\xa9", "Wa|Wb1_$|W12|W\xc3\xa9|");
    expect_tokens("a,(b)=c.d", "Wa|S,|S(|Wb|S)|S=|Wc|S.|Wd|");
    expect_tokens("'a''b' \"c\"\"d\" `e``f` [g\"h]i", "Q'a''b'|Q\"c\"\"d\"|Q`e``f`|Q[g\"h]|Wi|");
    expect_tokens("a--b\nc/*d\n*/e/**/f", "Wa|Wc|We|Wf|");
    expect_tokens("a-b/c", "Wa|S-|Wb|S/|Wc|");
    expect_tokens("'--' \"/*\" x", "Q'--'|Q\"/*\"|Wx|");
    expect_tokens("a -- to the end", "Wa|");
    expect_tokens("a /* open", "Wa|");
    expect_tokens("a /*/ b */ c", "Wa|Wc|"); /* the star is not both */
    expect_tokens("'open", "Q'open|");
    expect_tokens("[open", "Q[open|");
    expect_tokens("'open''", "Q'open''|");
    expect_tokens("''", "Q''|");
    expect_tokens("-", "S-|");
    expect_tokens("/", "S/|");
}

static void test_names(void **state)
{
    static const char *const cases[][2] = {
        {"abc", "abc"},
        {"'a''b'", "a'b"},
        {"\"a\"\"b\"", "a\"b"},
        {"`a``b`", "a`b"},
        {"[a\"b'c]", "a\"b'c"},
        {"''", ""},
        {"\"\"\"\"", "\""},
        {"'open", "open"},
        {"'open''", "open'"},
        {"[", ""},
        {"'", ""},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, SIZE_MAX);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str sql = str_of(cases[i][0]);
        assert_string_equal(sql_token_name(sql_token_next(&sql), &arena), cases[i][1]);
    }
    arena_fini(&arena);
}

/* "name(a,b)", "-" for none, with blanks between. */
static void expect_names(const char *sql, const char *expected)
{
    struct foreign_key_name *at = NULL;
    struct arena arena;
    struct buf b;

    arena_init(&arena, NULL, 0, SIZE_MAX);
    buf_init(&b, SIZE_MAX);
    assert_int_equal(foreign_key_names_read(str_of(sql), &arena, &at), STATUS_OK);
    for (; at != NULL; at = at->next) {
        buf_printf(&b, "%s%s(", b.size == 0 ? "" : " ", at->name == NULL ? "-" : at->name);
        for (size_t i = 0; i < at->columns_count; i++) {
            buf_printf(&b, "%s%s", i == 0 ? "" : ",", at->columns[i]);
        }
        buf_append_char(&b, ')');
    }
    buf_append_char(&b, '\0');
    assert_string_equal(b.at, expected);
    buf_fini(&b);
    arena_fini(&arena);
}

static void test_foreign_key_names(void **state)
{
    (void)state;
    expect_names("CREATE TABLE t(a, b)", "");
    expect_names("CREATE TABLE t(a REFERENCES p, b INT references p(x))", "-(a) -(b)");
    expect_names("CREATE TABLE t(a CONSTRAINT c REFERENCES p)", "c(a)");
    expect_names("CREATE TABLE t(a CONSTRAINT c NOT NULL REFERENCES p)", "-(a)");
    expect_names("CREATE TABLE t(a CONSTRAINT c CONSTRAINT d REFERENCES p)", "d(a)");
    expect_names("CREATE TABLE t(a NUMERIC(3, 2) DEFAULT (1, '(') CHECK (a IN (1, 2)) "
                 "REFERENCES p(x) ON DELETE SET NULL, b)",
                 "-(a)");
    expect_names("CREATE TABLE t(a CONSTRAINT c REFERENCES p(x) CONSTRAINT d REFERENCES q)",
                 "c(a) d(a)");
    expect_names("CREATE TABLE \"t(x\"(a, CONSTRAINT f FOREIGN KEY (a, \"b,c\") REFERENCES p)",
                 "f(a,b,c)");
    expect_names("CREATE TABLE t(a, CONSTRAINT f FOREIGN KEY (a COLLATE nocase ASC, b) REFERENCES "
                 "p(x, y) FOREIGN KEY(b)REFERENCES q)",
                 "f(a,b) -(b)");
    expect_names("CREATE TABLE t(a, CONSTRAINT x UNIQUE (a), FOREIGN KEY (a) REFERENCES p)",
                 "-(a)");
    expect_names("CREATE TABLE t(\"references\" CONSTRAINT \"foreign\" REFERENCES p)",
                 "foreign(references)");
    expect_names("CREATE TABLE t(a /* REFERENCES p */ -- REFERENCES p\n, b 'REFERENCES')", "");
    expect_names("CREATE TABLE t(a) /* REFERENCES p */ WITHOUT ROWID", "");
    expect_names("CREATE TABLE t(a CONSTRAINT [c d] REFERENCES p, b CONSTRAINT `e` REFERENCES p,"
                 " d CONSTRAINT 'f' REFERENCES p)",
                 "c d(a) e(b) f(d)");
    expect_names("", "");
    expect_names("CREATE TABLE t", "");
    expect_names("CREATE TABLE t(a, FOREIGN", "-()"); /* nonsense, and no harm */
}

static void expect_fts(const char *sql, bool is_fts, const char *content, const char *rowid)
{
    struct fts_options options;
    struct arena arena;

    arena_init(&arena, NULL, 0, SIZE_MAX);
    assert_int_equal(fts_options_read(str_of(sql), &arena, &options), STATUS_OK);
    assert_int_equal(options.is_fts, is_fts);
    assert_string_equal(options.content == NULL ? "-" : options.content, content);
    assert_string_equal(options.rowid == NULL ? "-" : options.rowid, rowid);
    arena_fini(&arena);
}

#define FTS "CREATE VIRTUAL TABLE t USING "

static void test_fts_options(void **state)
{
    (void)state;
    expect_fts(FTS "fts5(a, b)", true, "-", "-");
    expect_fts(FTS "\"FTS5\"(a, content=b)", true, "b", "-");
    expect_fts(FTS "fts5(a, content = 'b''c' , content_rowid=[d e])", true, "b'c", "d e");
    expect_fts(FTS "fts5(a, content='')", true, "-", "-");
    expect_fts(FTS "fts5(content, rank UNINDEXED)", true, "-", "-");
    expect_fts(FTS "fts5(a, CONTENT_ROWID=\"id\", c=b)", true, "b", "id");
    expect_fts(FTS "fts5(a, tokenize='content=x', prefix='2 3', columnsize=0)", true, "-", "-");
    expect_fts(FTS "fts5vocab('t', 'row')", false, "-", "-");
    expect_fts(FTS "rtree", false, "-", "-");
    expect_fts("CREATE VIRTUAL TABLE \"USING fts5(content=x)\" USING rtree(a, b, c)", false, "-",
               "-");
    expect_fts("", false, "-", "-");
}

/* Whatever the text is, they come to an end and read nothing beyond it (asan watches). */
static void test_any_text(void **state)
{
    static const char *const pieces[] = {
        "(",           ")",        ",",    "'",           "\"",     "[",    "]",      "`",
        "--",          "/*",       "*/",   "\n",          " ",      "=",    ".",      "a",
        "CONSTRAINT ", "FOREIGN ", "KEY ", "REFERENCES ", "USING ", "fts5", "content"};
    struct random random = {.state = 5};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct foreign_key_name *names = NULL;
        struct fts_options options;
        struct arena arena;
        struct buf b;
        char *exact;

        buf_init(&b, SIZE_MAX);
        for (size_t n = random_below(&random, 20) + 1; n > 0; n--) {
            buf_append_str(&b, str_of(pieces[random_below(&random, ARRAY_LENGTH(pieces))]));
        }
        exact = mem_alloc(b.size); /* no byte behind it */
        assert_non_null(exact);
        memcpy(exact, b.at, b.size);
        arena_init(&arena, NULL, 0, SIZE_MAX);
        assert_int_equal(foreign_key_names_read((struct str){exact, b.size}, &arena, &names),
                         STATUS_OK);
        assert_int_equal(fts_options_read((struct str){exact, b.size}, &arena, &options),
                         STATUS_OK);
        arena_fini(&arena);
        mem_free(exact);
        buf_fini(&b);
    }
}

static void test_out_of_memory(void **state)
{
    enum status status = STATUS_NOMEM;

    (void)state;
    for (long n = 1; n < 100 && status == STATUS_NOMEM; n++) {
        struct foreign_key_name *names = NULL;
        struct fts_options options;
        struct arena arena;

        arena_init(&arena, NULL, 0, SIZE_MAX);
        mem_fail_after(n);
        status = foreign_key_names_read(
            STR("CREATE TABLE t(a CONSTRAINT c REFERENCES p, FOREIGN KEY (a, b) REFERENCES p)"),
            &arena, &names);
        if (status == STATUS_OK) {
            status = fts_options_read(STR(FTS "fts5(a, content=b)"), &arena, &options);
        }
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        arena_fini(&arena);
    }
    assert_int_equal(status, STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_foreign_key_names),
        cmocka_unit_test(test_fts_options),
        cmocka_unit_test(test_any_text),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
