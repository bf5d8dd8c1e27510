/*
 * What the planner does with too much: nesting that SQLite's parser could not take, long lists, wide
 * rows, memory that runs out. And that an index is used where there is one, which is seen from
 * SQLite's own plan.
 */
#include "tests/unit/handlers/plan_fixture.h"

/* prefix, times often the middle, the core, times often the end, the suffix. */
static void nest(struct buf *b, const char *prefix, const char *middle, const char *core,
                 const char *end, const char *suffix, unsigned times)
{
    buf_clear(b);
    buf_append_str(b, str_of(prefix));
    for (unsigned i = 0; i < times; i++) {
        buf_append_str(b, str_of(middle));
    }
    buf_append_str(b, str_of(core));
    for (unsigned i = 0; i < times; i++) {
        buf_append_str(b, str_of(end));
    }
    buf_append_str(b, str_of(suffix));
    buf_append_char(b, '\n');
}

/* Planned means that SQLite takes it, too; else it is too much, here or for the parser. */
static bool is_fine(struct golden *g)
{
    bool is_planned;

    plan_text(g, buf_str(&g->query));
    is_planned = g->is_planned;
    if (is_planned) {
        assert_true(run_one(g, &g->plan.rows, g->plan.row, g->query.at));
        assert_true(g->plan.count.text == NULL || run_one(g, &g->plan.count, NULL, "count"));
    } else if (strcmp(g->fault.code, "54001") != 0 && strcmp(g->fault.code, "PGRST100") != 0) {
        fail_msg("%.*s: %.300s", (int)(g->query.size < 200 ? g->query.size : 200), g->query.at,
                 g->fault.message);
    }
    release(g);
    return is_planned;
}

struct nested {
    const char *prefix;
    const char *middle;
    const char *core;
    const char *end;
    const char *suffix;
    unsigned least; /* so deep it has to go */
};

#define LEAF "meta->a->b.in.(1,2)"

static const struct nested nests[] = {
    {"members?select=id", ",members(id", "", ")", "", 6},
    {"members?select=id", ",members!inner(id", "", ")", "\ncount", 5},
    {"members?select=id", ",members(id,name", ",referrer_id(id)", ")", "", 5},
    {"members?select=id", ",referrer_id(id", ",...members(id)", ")", "", 5},
    {"members?select=id", ",...members(id", ",n:name", ")", "", 5},
    {"members?select=id", ",...members!inner(id", ",n:name", ")", "\ncount", 4},
    {"members?select=id", ",...referrer_id(id", ",n:name", ")", "", 25},
    {"members?select=id", ",...referrer_id!inner(id", ",n:name", ")", "\ncount", 6},
    {"members?select=id", ",...referrer_id(id,members(id", "", "))", "", 4},
    {"members?select=id", ",members(count(),max:id.max()", "", ")", "\naggregates", 3},
    {"books?select=id&or=(", "id.eq.1,and(id.eq.2,or(", LEAF, "))", ")", 9},
    {"books?select=id&or=(", "id.eq.1,not.or(", LEAF, ")", ")", 11},
    {"books?select=id&or=(", "id.eq.1,not.and(", "title.wfts.a,meta->x.cs.1", ")", ")", 11},
    {"members?select=id", ",members(id", ",loans!lender_id(id,books(id,meta->>a::int))", ")", "",
     3},
    {"authors?select=id,books(id,reviews(id,...books!inner(id)))&or=(", "id.eq.1,or(",
     "books.is.null", ")", ")\ncount", 11},
};

static void test_nesting(void **state)
{
    struct golden *g = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(nests); i++) {
        const struct nested *n = &nests[i];
        unsigned deepest = 0;

        for (unsigned times = 1; times < 31; times++) {
            nest(&g->query, n->prefix, n->middle, n->core, n->end, n->suffix, times);
            if (memcmp(n->prefix, "books?", 6) == 0 && times > 14) {
                break; /* the query's own parser takes no more */
            }
            deepest = is_fine(g) ? times : deepest;
        }
        if (deepest < n->least) {
            fail_msg("%s%s... goes %u deep", n->prefix, n->middle, deepest);
        }
    }
}

/* --- length and width ----------------------------------------------------------------------------- */

static void repeat(struct buf *b, const char *prefix, const char *piece, const char *suffix,
                   unsigned times)
{
    nest(b, prefix, piece, "", "", suffix, times);
}

static void test_long_lists(void **state)
{
    struct golden *g = *state;

    repeat(&g->query, "books?select=id&id=in.(0", ",7", ")", 4000);
    assert_true(is_fine(g));
    repeat(&g->query, "books?select=id&meta->a=in.(0", ",7", ")", 4000);
    assert_true(is_fine(g));
    repeat(&g->query, "books?select=id", "&year=gt.7", "", 2000);
    assert_true(is_fine(g));
    repeat(&g->query, "books?select=id&or=(id.eq.1", ",id.eq.7", ")", 4000);
    assert_true(is_fine(g));
    repeat(&g->query, "books?select=id&title=like(any).{a", ",b", "}", 800);
    (void)is_fine(g); /* either is */
    repeat(&g->query, "books?select=id&title=like(any).{a", ",b", "}", 4000);
    assert_false(is_fine(g));
    repeat(&g->query, "books?select=id&order=id", ",year", "", 999);
    assert_true(is_fine(g));
    repeat(&g->query, "authors?select=id", ",books(id)", "", 300);
    assert_true(is_fine(g));
    repeat(&g->query, "books?select=id", ",...authors(name)", "", 59);
    assert_true(is_fine(g));
    repeat(&g->query, "books?select=id", ",...authors(name)", "", 60);
    assert_false(is_fine(g));
}

static void test_wide_rows(void **state)
{
    struct golden *g = *state;
    struct fault *fault = &g->fault;

    repeat(&g->query, "books?select=id", ",title", "&id=eq.1", 1999);
    assert_true(is_fine(g));
    repeat(&g->query, "authors?select=books(id", ",title", ")&id=eq.2", 119);
    assert_true(is_fine(g));
    assert_null(memmem(g->f->out.at, g->f->out.size, "part", 4));
    repeat(&g->query, "authors?select=books(id", ",title", ")&id=eq.2", 120);
    assert_true(is_fine(g));
    repeat(&g->query, "authors?select=books(id", ",title", ")&id=eq.2&books.limit=1", 1999);
    assert_true(is_fine(g));
    repeat(&g->query, "books?select=id", ",title", "", 2000);
    plan_text(g, buf_str(&g->query));
    assert_false(g->is_planned);
    assert_string_equal(fault->code, "54011");
    release(g);
    repeat(&g->query, "authors?select=books(id", ",title", ")", 2000);
    plan_text(g, buf_str(&g->query));
    assert_false(g->is_planned);
    assert_string_equal(fault->code, "54011");
    release(g);
}

static void test_parts_are_one_row(void **state)
{
    struct golden *g = *state;
    char last[] = "\"c124\":\"Gamma\"}]}]";

    buf_clear(&g->query);
    buf_append_literal(&g->query, "authors?select=books(c0:id");
    for (int i = 1; i < 125; i++) {
        buf_printf(&g->query, ",c%d:title", i);
    }
    buf_append_literal(&g->query, ")&id=eq.2\n");
    assert_true(is_fine(g));
    assert_true(g->f->out.size > sizeof(last));
    assert_memory_equal(g->f->out.at, "[{\"books\":[{\"c0\":3,\"c1\":\"Gamma\",", 32);
    assert_memory_equal(g->f->out.at + g->f->out.size - strlen(last), last, strlen(last));
    assert_non_null(
        memmem(g->f->out.at, g->f->out.size, "\"c119\":\"Gamma\",\"c120\":\"Gamma\",", 30));
}

/* --- the same text -------------------------------------------------------------------------------- */

/* Two requests that differ only in values are one statement, prepared once. */
static void test_values_do_not_change_the_text(void **state)
{
    static const char *const pairs[][2] = {
        {"books?select=id&id=eq.1&limit=1&offset=2\n",
         "books?select=id&id=eq.77&limit=9&offset=5\n"},
        {"books?select=id&id=in.(1,2,3)\n", "books?select=id&id=in.(4,5,6,7)\n"},
        {"books?select=meta->a&meta->b=gt.1\n", "books?select=meta->c&meta->d=gt.\"x\"\n"},
        {"books?select=id&title=like.a*\n", "books?select=id&title=like.b\n"},
    };
    struct golden *g = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        char *first;

        plan_text(g, str_of(pairs[i][0]));
        assert_true(g->is_planned);
        first = mem_strdup(g->plan.rows.text);
        assert_non_null(first);
        release(g);
        plan_text(g, str_of(pairs[i][1]));
        assert_true(g->is_planned);
        assert_string_equal(first, g->plan.rows.text);
        release(g);
        mem_free(first);
    }
}

/* --- SQLite's plan -------------------------------------------------------------------------------- */

static const char *const plans[][2] = {
    {"books?select=id&id=eq.1\n", "SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?)"},
    {"books?select=id&id=in.(1,2,3)\n", "SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?)"},
    {"books?select=title&author_id=eq.1\n", "SEARCH t0 USING INDEX books_author (author_id=?)"},
    {"books?select=title&year=gt.1\n", "SEARCH t0 USING INDEX books_year (year>?)"},
    {"books?select=title&order=year\n", "SCAN t0 USING INDEX books_year"},
    {"books?select=title&order=year.desc,id.desc\n", "SCAN t0 USING INDEX books_year"},
    {"authors?select=books(title)\n", "SEARCH t1 USING INDEX books_author (author_id=?)"},
    {"authors?select=books(title)&books.order=title&books.limit=3\n",
     "SEARCH t2 USING INDEX books_author (author_id=?)"},
    {"authors?select=books(title)&order=country&limit=3\n", "CO-ROUTINE t0"},
    {"books?select=authors(name)\n", "SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?)"},
    {"books?select=...authors(name)\n", "SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"},
    {"books?select=genres(name)\n", "SEARCH t2 USING PRIMARY KEY (book_id=?)"},
    {"authors?select=id,books!inner()\n",
     "SEARCH t1 USING COVERING INDEX books_author (author_id=?)"},
};

static bool has_out(const struct golden *g, const char *text)
{
    return memmem(g->f->out.at, g->f->out.size, text, strlen(text)) != NULL;
}

static void test_indexes_are_used(void **state)
{
    struct golden *g = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(plans); i++) {
        bool is_sorted = strstr(plans[i][0], "limit=3") != NULL; /* by what has no index */
        char explain[4096];
        struct plan_sql sql;

        plan_text(g, str_of(plans[i][0]));
        assert_true(g->is_planned);
        sql = g->plan.rows;
        (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql.text); /* short */
        sql.text = explain;
        assert_true(run_one(g, &sql, NULL, plans[i][0]));
        if (!has_out(g, plans[i][1]) || has_out(g, "TEMP B-TREE FOR ORDER") != is_sorted) {
            fail_msg("%s%.*s", plans[i][0], (int)g->f->out.size, g->f->out.at);
        }
        release(g);
    }
}

/* --- memory --------------------------------------------------------------------------------------- */

static const char torture[] =
    "books?select=id,t:title::text,meta->a->>b,n:year.sum(),authors(name,books(id,title))"
    ",...publishers(pname:name),genres!inner(count),...reviews(stars)"
    "&id=in.(1,2,3)&title=like(any).{a*,b}&meta->x=gt.1&tags=cs.{a}&notes=plfts.a&name=eq.1"
    "&or=(authors.is.null,not.and(year.eq.1,is_sold.is.true))&genres.name=eq.x"
    "&authors.books.order=title&authors.books.limit=2&order=id&limit=5";

static void test_out_of_memory(void **state)
{
    struct golden *g = *state;
    char text[1024];
    char *end;
    long n;

    (void)snprintf(text, sizeof(text), "%s\naggregates\ncount\nrows_max 9\n", torture); /* fits */
    end = strstr(text, "&name=eq.1");
    memmove(end, end + 10, strlen(end + 10) + 1); /* there is no such column */
    for (n = 1; n < 2000; n++) {
        mem_fail_after(n);
        plan_text(g, str_of(text));
        mem_fail_after(-1);
        if (g->is_planned) {
            break;
        }
        assert_int_equal(g->fault.http_status, 503);
        assert_string_equal(g->fault.code, "53200");
        release(g);
    }
    assert_true(n > 5 && n < 2000);
    assert_true(run_one(g, &g->plan.rows, g->plan.row, text));
    release(g);
}

/* Return: the code of the fault; "" if SQLite takes it. */
static const char *order_by(struct golden *g, const char *prefix, const char *term, unsigned times)
{
    static char code[8];

    nest(&g->query, prefix, "", term, "", "", 0);
    g->query.size--; /* the line feed */
    for (unsigned i = 1; i < times; i++) {
        buf_append_char(&g->query, ',');
        buf_append_str(&g->query, str_of(term));
    }
    buf_append_char(&g->query, '\n');
    plan_text(g, buf_str(&g->query));
    code[0] = '\0';
    if (g->is_planned) {
        assert_true(run_one(g, &g->plan.rows, g->plan.row, g->query.at));
    } else {
        (void)snprintf(code, sizeof(code), "%s", g->fault.code); /* cut is fine */
    }
    release(g);
    return code;
}

static void test_long_orders(void **state)
{
    static const char *const prefixes[] = {"books?select=id&order=",
                                           "authors?select=books(id)&books.order="};
    static const char *const terms[] = {"id", "title.desc", "meta->a", "meta->a.desc.nullslast"};
    struct golden *g = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(terms); j++) {
            assert_string_equal(order_by(g, prefixes[i], terms[j], 1000), "");
            assert_string_equal(order_by(g, prefixes[i], terms[j], 1001), "54011");
        }
    }
}

/* An arena of every size, so that each allocation in it fails once. */
static void test_small_arenas(void **state)
{
    struct golden *g = *state;
    size_t size;

    g->query.size = 0;
    for (size = 64; size < ((size_t)1 << 20); size += size < 4096 ? 16 : 64) {
        bool is_planned;

        g->arena_max = size;
        plan_text(g, str_of("books?select=id,meta->a,authors(name,books(id)),...publishers(name)"
                            "&meta->x=eq.1&id=in.(1,2,3)&title=ilike(all).{a,b}&notes=phfts.x"
                            "&authors.name=eq.x&order=authors(name)\ncount\n"));
        is_planned = g->is_planned;
        if (!is_planned) {
            assert_int_equal(g->fault.http_status, 503);
            assert_string_equal(g->fault.code, "53200");
        }
        release(g);
        if (is_planned) {
            break;
        }
    }
    g->arena_max = 0;
    assert_true(size > 1024 && size < ((size_t)1 << 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nesting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_orders, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts_are_one_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values_do_not_change_the_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_indexes_are_used, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_small_arenas, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
