/* What the planner of writes does with too much, and without memory; and that indexes are used. */
#include "tests/unit/handlers/plan_write_fixture.h"

/* Plan a request, and run it if it could be planned. */
static bool is_fine(struct golden *g, const char *text)
{
    struct write_case c = {.g = g};

    row_set_init(&c.rows, ARENA_MAX);
    read_request(&c, str_of(text));
    g->is_planned = plan_case(&c);
    buf_clear(&g->actual);
    if (g->is_planned) {
        assert_true(run_case(&c, text));
    }
    row_set_fini(&c.rows);
    release(g);
    return g->is_planned;
}

static int setup_writing(void **state)
{
    static struct golden g;

    open_database(&g);
    *state = &g;
    return 0;
}

/* --- depth and length ----------------------------------------------------------------------------- */

static const struct {
    const char *prefix;
    const char *middle;
    const char *core;
    const char *end;
    const char *suffix;
    unsigned least; /* so deep it has to go */
} nests[] = {
    {"update books?or=(", "id.eq.1,and(id.eq.2,or(", "meta->a->b.in.(1,2)", "))", ")\nset year\n",
     9},
    {"update books?or=(", "id.eq.1,not.or(", "meta->a->b.in.(1,2)", ")", ")\nset year\nreturning\n",
     11},
    {"update things?or=(", "id.eq.1,not.and(", "name.wfts.a,name.like.x", ")",
     ")\nset name\nvalue x\nreturning\n", 11},
    {"delete books?and=(", "id.eq.99,not.and(", "title.wfts.a,meta->x.cs.1", ")", ")\n", 11},
    {"delete things?or=(", "id.eq.1,and(id.eq.2,or(", "name->a->b.in.(1,2)", "))", ")\n", 9},
    {"shown members?select=id", ",members!inner(id", "", ")",
     "\ncount\nfrom SELECT * FROM members\n", 5},
    {"shown members?select=id", ",...members!inner(id", ",n:name", ")",
     "\nfrom SELECT * FROM members\n", 4},
};

static void test_nesting(void **state)
{
    struct golden *g = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(nests); i++) {
        unsigned deepest = 0;

        for (unsigned times = 1; times < (i < 5 ? 15U : 31U); times++) {
            buf_clear(&g->query);
            buf_append_str(&g->query, str_of(nests[i].prefix));
            for (unsigned k = 0; k < times; k++) {
                buf_append_str(&g->query, str_of(nests[i].middle));
            }
            buf_append_str(&g->query, str_of(nests[i].core));
            for (unsigned k = 0; k < times; k++) {
                buf_append_str(&g->query, str_of(nests[i].end));
            }
            buf_append_str(&g->query, str_of(nests[i].suffix));
            buf_append_char(&g->query, '\0');
            if (is_fine(g, g->query.at)) {
                deepest = times;
            } else if (strcmp(g->fault.code, "54001") != 0 &&
                       strcmp(g->fault.code, "PGRST100") != 0) { /* too deep for the parser */
                fail_msg("%s: %s", g->query.at, g->fault.message);
            }
        }
        if (deepest < nests[i].least) {
            fail_msg("%s%s... goes %u deep", nests[i].prefix, nests[i].middle, deepest);
        }
    }
}

static void test_long_lists(void **state)
{
    struct golden *g = *state;

    buf_clear(&g->query);
    buf_append_literal(&g->query, "update items?id=in.(0");
    for (unsigned i = 0; i < 4000; i++) {
        buf_append_literal(&g->query, ",77");
    }
    buf_append_str(&g->query, STR(")\nset name\nvalue x\nreturning\n"));
    buf_append_char(&g->query, '\0');
    assert_true(is_fine(g, g->query.at));
}

static void test_long_orders(void **state)
{
    struct golden *g = *state;

    buf_clear(&g->query);
    buf_append_literal(&g->query, "shown books?select=id&order=meta->a.desc.nullslast");
    for (unsigned i = 1; i < 1000; i++) {
        buf_append_literal(&g->query, ",meta->a.desc.nullslast");
    }
    buf_append_str(&g->query, STR("\nfrom SELECT * FROM books\n"));
    buf_append_char(&g->query, '\0');
    assert_true(is_fine(g, g->query.at));
}

/* --- SQLite's plan -------------------------------------------------------------------------------- */

static void expect_plan(struct golden *g, const char *text, const char *expected)
{
    struct write_case c = {.g = g};
    char explain[4096];

    row_set_init(&c.rows, ARENA_MAX);
    read_request(&c, str_of(text));
    assert_true(plan_case(&c));
    if (c.is_shown) {
        (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", g->plan.rows.text);
        g->plan.rows.text = explain;
    } else {
        (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", c.statement.text);
        c.statement.text = explain;
    }
    g->plan.row = NULL;
    buf_clear(&g->actual);
    assert_true(run_case(&c, text));
    if (memmem(g->actual.at, g->actual.size, expected, strlen(expected)) == NULL) {
        fail_msg("%s%.*s", text, (int)g->actual.size, g->actual.at);
    }
    row_set_fini(&c.rows);
    release(g);
}

static void test_indexes_are_used(void **state)
{
    struct golden *g = *state;

    expect_plan(g, "update items?id=eq.1\nset name\nreturning\n",
                "SEARCH t0 USING INTEGER PRIMARY");
    expect_plan(g, "update things?id=eq.1\nset name\nreturning\n",
                "SEARCH items USING INTEGER PRI");
    expect_plan(g, "delete items?code=in.(a,b)\n", "SEARCH t0 USING COVERING INDEX");
    expect_plan(g, "exists parts\n", "SEARCH t0 USING COVERING INDEX");
    expect_plan(g, "shown books?select=authors(name)\n", "SEARCH t1 USING INTEGER PRIMARY KEY");
    expect_plan(g, "shown authors?select=books(title)\n", "SEARCH t1 USING INDEX books_author");
}

/* --- memory --------------------------------------------------------------------------------------- */

static const char *const tortures[] = {
    "insert items?on_conflict=slot,shelf\nset shelf,slot,name\nmerge\nreturning\n",
    "insert items\nset nam\n",
    "insert items?on_conflict=cod\nset name\nmerge\n",
    "exists parts\n",
    "update letters?body=plfts.ada&place=in.(a,b,c)&id=not.eq.7\nset body\nreturning\n",
    "update things?id=eq.7\nset name\nreturning\n",
    "delete books?meta->>a=like.x&notes=wfts.b\nreturning\n",
    "shown books?select=id,authors(name),...publishers!inner(name),reviews(id)&order=year\ncount\n",
};

/* Return: was it planned, or refused for another reason? */
static bool is_told(struct golden *g, const char *text)
{
    struct write_case c = {.g = g};
    bool is_told;

    row_set_init(&c.rows, ARENA_MAX);
    g->fault = (struct fault){.http_status = 0};
    read_request(&c, str_of(text));
    g->is_planned = plan_case(&c);
    is_told = g->is_planned || strcmp(g->fault.code, "53200") != 0;
    row_set_fini(&c.rows);
    release(g);
    return is_told;
}

static void test_out_of_memory(void **state)
{
    struct golden *g = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(tortures); i++) {
        long n;

        for (n = 1; n < 2000; n++) {
            bool is_done;

            mem_fail_after(n);
            is_done = is_told(g, tortures[i]);
            mem_fail_after(-1);
            if (is_done) {
                break;
            }
            assert_int_equal(g->fault.http_status, 503);
        }
        assert_true(n > 1 && n < 2000);
        assert_true(is_told(g, tortures[i]));
    }
}

static void test_small_arenas(void **state)
{
    struct golden *g = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(tortures); i++) {
        size_t size = 64;

        for (g->arena_max = size; !is_told(g, tortures[i]); g->arena_max = size) {
            size += 16;
            assert_true(size < ((size_t)1 << 20));
        }
    }
    g->arena_max = 0;
}

static int teardown_writing(void **state)
{
    close_database(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_writing, teardown_writing)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nesting),          TEST(test_long_lists),    TEST(test_long_orders),
        TEST(test_indexes_are_used), TEST(test_out_of_memory), TEST(test_small_arenas),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
