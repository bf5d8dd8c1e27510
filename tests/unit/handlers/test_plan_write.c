/*
 * The planner of writes, by the golden cases of tests/golden/plan_write. A case is a folder:
 *
 *     request  as plan_write_fixture.h says
 *     sql      the statement, and
 *     values   what is bound to it, and which tables it names; or
 *     error    the fault
 *     rows     what it returned, and what "then" saw: from the specification
 *
 * Each has a database of its own, made of plan-schemas/library.sql and writing.sql. GANTRY_GOLDEN_WRITE=1
 * writes sql, values and error of cases that have neither, to be read and then kept.
 */
#include "tests/unit/handlers/plan_write_fixture.h"

#define GOLDEN     GANTRY_SOURCE_DIR "/tests/golden/plan_write"
#define GOLDEN_MIN 40

/* --- comparing ------------------------------------------------------------------------------------ */

static void text_statement(struct buf *b, const struct write_case *c)
{
    const struct plan_statement *s = &c->statement;
    struct plan_sql sql = {.values = s->values, .values_count = s->values_count};

    text_values_of(b, &sql);
    if (str_equal(c->verb, STR("exists"))) {
        buf_append_literal(b, "key");
        for (size_t i = 0; i < c->targets.count; i++) {
            buf_printf(b, "%s %s", i == 0 ? "" : ",", c->targets.columns[i]->name);
        }
        buf_append_char(b, '\n');
    }
    buf_append_literal(b, "names");
    for (size_t i = 0; i < s->tables_count; i++) {
        buf_printf(b, "%s %s", i == 0 ? "" : ",", s->tables[i]);
    }
    buf_append_char(b, '\n');
}

static bool is_plan_right(struct write_case *c, const char *name)
{
    struct golden *g = c->g;
    bool is_right;

    buf_clear(&g->actual);
    if (!g->is_planned) {
        text_fault(&g->actual, &g->fault);
        return is_as_expected(g, GOLDEN, name, "error");
    }
    if (c->is_shown) {
        text_sql(&g->actual, &g->plan);
    } else {
        buf_printf(&g->actual, "%s\n", c->statement.text);
    }
    is_right = is_as_expected(g, GOLDEN, name, "sql");
    buf_clear(&g->actual);
    if (c->is_shown) {
        text_values(&g->actual, &g->plan);
    } else {
        text_statement(&g->actual, c);
    }
    is_right = is_as_expected(g, GOLDEN, name, "values") && is_right;
    buf_clear(&g->actual);
    return run_case(c, name) && is_as_expected(g, GOLDEN, name, "rows") && is_right;
}

static bool is_case_right(void *user, const char *name)
{
    struct golden g;
    struct write_case c = {.g = &g};
    bool is_right;

    (void)user;
    open_database(&g);
    row_set_init(&c.rows, ARENA_MAX);
    if (!read_file(GOLDEN, name, "request", &g.query)) {
        fail_msg("%s has no request", name);
    }
    read_request(&c, buf_str(&g.query));
    g.is_planned = plan_case(&c);
    is_right = is_plan_right(&c, name);
    row_set_fini(&c.rows);
    release(&g);
    close_database(&g);
    return is_right;
}

static void test_golden_cases(void **state)
{
    (void)state;
    check_golden_cases(GOLDEN, GOLDEN_MIN, is_case_right, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_cases),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
