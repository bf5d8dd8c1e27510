/*
 * The planner, by the golden cases of tests/golden/plan. A case is a folder:
 *
 *     query    TABLE?QUERY, and a line per option: aggregates, count, strip, rows_max N, range A N,
 *              source SQL
 *     sql      the statements, and
 *     values   what is bound to them, what is shown and named; or
 *     error    the fault
 *     rows     the answer, if the statement is also to be run for its rows: from the specification
 *
 * Every statement is run, whether or not its rows are looked at: so it is known to prepare, and to
 * name no more tables than the plan says. GANTRY_GOLDEN_WRITE=1 writes sql, values and error of
 * cases that have neither, to be read and then kept.
 */
#include "tests/unit/handlers/plan_fixture.h"

#define GOLDEN     GANTRY_SOURCE_DIR "/tests/golden/plan"
#define GOLDEN_MIN 100

static bool has_right_rows(struct golden *g, const char *name)
{
    if (!run_one(g, &g->plan.rows, g->plan.row, name)) {
        return false;
    }
    if (read_file(GOLDEN, name, "rows", &g->expected)) {
        buf_append_char(&g->f->out, '\n');
        if (!str_equal(buf_str(&g->expected), buf_str(&g->f->out))) {
            print_error("%s: %.*srows expected:\n%.*srows:\n%.*s", name, (int)g->query.size,
                        g->query.at, (int)g->expected.size, g->expected.at, (int)g->f->out.size,
                        g->f->out.at);
            return false;
        }
    }
    return g->plan.count.text == NULL || run_one(g, &g->plan.count, NULL, name);
}

static bool is_case_right(void *user, const char *name)
{
    struct golden *g = user;
    bool is_right;

    if (!read_file(GOLDEN, name, "query", &g->query)) {
        fail_msg("%s has no query", name);
    }
    plan_text(g, buf_str(&g->query));
    buf_clear(&g->actual);
    if (g->is_planned) {
        text_sql(&g->actual, &g->plan);
        is_right = is_as_expected(g, GOLDEN, name, "sql");
        buf_clear(&g->actual);
        text_values(&g->actual, &g->plan);
        is_right = is_as_expected(g, GOLDEN, name, "values") && is_right;
        is_right = has_right_rows(g, name) && is_right;
    } else {
        text_fault(&g->actual, &g->fault);
        is_right = is_as_expected(g, GOLDEN, name, "error");
    }
    release(g);
    return is_right;
}

static void test_golden_cases(void **state)
{
    check_golden_cases(GOLDEN, GOLDEN_MIN, is_case_right, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_golden_cases, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
