/*
 * Planning a query string against a schema, and running the plan: what the planner's tests share.
 *
 * The database is made by tests/golden/plan-schemas/library.sql.
 */
#ifndef GANTRY_TESTS_UNIT_HANDLERS_PLAN_FIXTURE_H
#define GANTRY_TESTS_UNIT_HANDLERS_PLAN_FIXTURE_H

#include <stdio.h>

#include "handlers/table/parse.h"
#include "tests/unit/handlers/golden_files.h"
#include "tests/unit/handlers/plan_text.h"
#include "tests/unit/storage/fixture.h"

#define ARENA_MAX ((size_t)16 * 1024 * 1024)
#define TEXT_MAX  ((size_t)1024 * 1024)
#define SCHEMAS   GANTRY_SOURCE_DIR "/tests/golden/plan-schemas"

/* --- a case ----------------------------------------------------------------------------------- */

struct golden {
    struct buf query; /* of the file */
    struct buf expected;
    struct buf actual;
    struct fixture *f;
    struct arena arena;
    size_t arena_max; /* 0: enough */
    const struct schema *schema;
    struct plan_conf conf;
    struct plan_ask ask;
    struct plan_source source;
    struct plan plan;
    struct fault fault;
    bool is_planned;
};

static inline bool is_served(const void *user, const struct schema_table *table)
{
    (void)user;
    return strcmp(table->name, "hidden") != 0;
}

static inline struct str take_line(struct str *text)
{
    const char *end = memchr(text->at, '\n', text->size);
    struct str line = {text->at, end == NULL ? text->size : (size_t)(end - text->at)};

    *text = (struct str){text->at + line.size, text->size - line.size};
    if (text->size > 0) {
        text->at++;
        text->size--;
    }
    return line;
}

static inline void take_option(struct golden *g, struct str line)
{
    char text[512];
    unsigned long long a;
    unsigned long long b;

    assert_true(line.size < sizeof(text));
    memcpy(text, line.at, line.size);
    text[line.size] = '\0';
    if (strcmp(text, "aggregates") == 0) {
        g->conf.has_aggregates = true;
    } else if (strcmp(text, "count") == 0) {
        g->ask.wants_count = true;
    } else if (strcmp(text, "strip") == 0) {
        g->ask.strips_nulls = true;
    } else if (sscanf(text, "rows_max %llu", &a) == 1) {
        g->conf.rows_max = a;
    } else if (sscanf(text, "range %llu %llu", &a, &b) == 2) {
        g->ask.range_first = a;
        g->ask.range_limit = b;
    } else if (strncmp(text, "source ", 7) == 0) {
        static const struct value one = {.type = VALUE_INTEGER, .integer = 1};

        g->source.sql = arena_copy(&g->arena, str_of(text + 7));
        g->source.values = &one;
        g->source.values_count = 1;
    } else {
        fail_msg("what is %s?", text);
    }
}

/* Parse and plan a whole file "query". */
static inline void plan_text(struct golden *g, struct str text)
{
    static const struct parse_conf parse_conf = {.has_arguments = false};
    struct str line = take_line(&text);
    const char *mark = memchr(line.at, '?', line.size);
    size_t size = mark == NULL ? line.size : (size_t)(mark - line.at);
    struct str query = {line.at + size, line.size - size};
    struct tree tree;

    if (query.size > 0) {
        query.at++;
        query.size--;
    }
    arena_init(&g->arena, NULL, 0, g->arena_max == 0 ? ARENA_MAX : g->arena_max);
    g->schema = schema_get(g->f->db);
    g->conf = (struct plan_conf){.scope = {.schema = g->schema, .is_served = is_served}};
    g->ask = (struct plan_ask){.range_limit = UINT64_MAX};
    g->source = (struct plan_source){.table = schema_find(g->schema, (struct str){line.at, size})};
    assert_non_null(g->source.table);
    while (text.size > 0) {
        take_option(g, take_line(&text));
    }
    g->is_planned = parse_query(query, &parse_conf, &g->arena, &tree, &g->fault) &&
                    plan_read(&g->conf, &g->source, &tree, &g->ask, &g->arena, &g->plan, &g->fault);
}

static inline void release(struct golden *g)
{
    arena_fini(&g->arena);
    schema_unref(g->schema);
}

/* --- running ------------------------------------------------------------------------------------ */

static inline bool run_one(struct golden *g, const struct plan_sql *sql,
                           const struct row_shape *shape, const char *what)
{
    struct query q = {
        .sql = sql->text,
        .values = sql->values,
        .values_count = sql->values_count,
        .row = shape,
        .tables = g->source.sql == NULL ? g->plan.tables : NULL,
        .tables_count = g->source.sql == NULL ? g->plan.tables_count : 0,
        .is_planned = true,
    };

    if (run_query(g->f, g->f->reader, &q) != STATUS_OK) {
        print_error("%s: %s\n%s\n", what, g->f->err.text, sql->text);
        return false;
    }
    return true;
}

/* --- comparing ---------------------------------------------------------------------------------- */

/* Is g->actual what the file of that case says? Rows are not written by the program, but by a specification. */
static inline bool is_as_expected(struct golden *g, const char *folder, const char *name,
                                  const char *file)
{
    if (!read_file(folder, name, file, &g->expected)) {
        if (getenv("GANTRY_GOLDEN_WRITE") != NULL && strcmp(file, "rows") != 0) {
            write_file(folder, name, file, &g->actual);
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

/* --- the fixture --------------------------------------------------------------------------------- */

static inline int setup(void **state)
{
    static struct fixture f;
    static struct golden g;

    g = (struct golden){.f = &f};
    buf_init(&g.query, TEXT_MAX);
    buf_init(&g.expected, TEXT_MAX);
    buf_init(&g.actual, TEXT_MAX);
    if (!read_file(SCHEMAS, ".", "library.sql", &g.query)) {
        fail_msg("no schema");
    }
    buf_append_char(&g.query, '\0');
    fixture_init(&f, g.query.at, false);
    *state = &g;
    return 0;
}

static inline int teardown(void **state)
{
    struct golden *g = *state;

    buf_fini(&g->query);
    buf_fini(&g->expected);
    buf_fini(&g->actual);
    fixture_fini(g->f);
    return 0;
}

#endif
