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
#include <dirent.h>

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

/* --- comparing ---------------------------------------------------------------------------------- */

static void write_file(const char *name, const char *file, const struct buf *b)
{
    char path[512];
    FILE *stream;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", GOLDEN, name, file); /* names are short */
    stream = fopen(path, "we");
    assert_non_null(stream);
    assert_int_equal(fwrite(b->at, 1, b->size, stream), b->size);
    assert_int_equal(fclose(stream), 0);
}

static bool is_as_expected(struct golden *g, const char *name, const char *file)
{
    if (!read_file(GOLDEN, name, file, &g->expected)) {
        if (getenv("GANTRY_GOLDEN_WRITE") != NULL) {
            write_file(name, file, &g->actual);
            return true;
        }
        buf_append_literal(&g->expected, "something else\n");
    }
    if (str_equal(buf_str(&g->expected), buf_str(&g->actual))) {
        return true;
    }
    print_error("%s: %.*s%s expected:\n%.*s%s actual:\n%.*s", name, (int)g->query.size, g->query.at,
                file, (int)g->expected.size, g->expected.at, file, (int)g->actual.size,
                g->actual.at);
    return false;
}

static bool is_case_right(struct golden *g, const char *name)
{
    bool is_right;

    if (!read_file(GOLDEN, name, "query", &g->query)) {
        fail_msg("%s has no query", name);
    }
    plan_text(g, buf_str(&g->query));
    buf_clear(&g->actual);
    if (g->is_planned) {
        text_sql(&g->actual, &g->plan);
        is_right = is_as_expected(g, name, "sql");
        buf_clear(&g->actual);
        text_values(&g->actual, &g->plan);
        is_right = is_as_expected(g, name, "values") && is_right;
        is_right = has_right_rows(g, name) && is_right;
    } else {
        text_fault(&g->actual, &g->fault);
        is_right = is_as_expected(g, name, "error");
    }
    release(g);
    return is_right;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void test_golden_cases(void **state)
{
    struct dirent **entries;
    int count = scandir(GOLDEN, &entries, is_visible, alphasort);
    int wrong = 0;

    assert_true(count >= GOLDEN_MIN);
    for (int i = 0; i < count; i++) {
        wrong += !is_case_right(*state, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_golden_cases, setup, teardown),
    };

    return cmocka_run_group_tests(tests, library_setup, NULL);
}
