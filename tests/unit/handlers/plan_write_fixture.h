/*
 * Planning a write, and running it: what the tests of the planner of writes share. A request is a text:
 *
 *     VERB TABLE?QUERY         insert, exists, update, delete, shown; then a line per option:
 *     set NAME,NAME            the columns that a body names; "set" alone: none
 *     merge, ignore            what an insert does with a row whose key is there
 *     returning                the rows are wanted
 *     strip, count             what a read is asked for
 *     value V                  of the targets or of the key, in their order, for running it: null, a
 *                              number, or text; NULL without
 *     from SELECT              of shown: where the rows of the set come from
 *     then SELECT              run afterwards
 */
#ifndef GANTRY_TESTS_UNIT_HANDLERS_PLAN_WRITE_FIXTURE_H
#define GANTRY_TESTS_UNIT_HANDLERS_PLAN_WRITE_FIXTURE_H

#include "handlers/table/plan_write.h"
#include "storage/row_set.h"
#include "tests/unit/handlers/plan_fixture.h"

#define NAMES_MAX 16

struct write_case {
    struct golden *g;
    struct str verb;
    struct str query;
    struct tree tree;
    struct plan_change change;
    struct str names[NAMES_MAX];
    size_t names_count;
    struct value values[NAMES_MAX];
    size_t values_count;
    const char *from;
    const char *then;
    struct plan_targets targets; /* or the key */
    struct plan_statement statement;
    struct row_set rows;
    bool is_shown;
};

/* --- the request ---------------------------------------------------------------------------------- */

static inline bool takes(struct str *line, const char *word)
{
    size_t size = strlen(word);

    if (line->size < size || memcmp(line->at, word, size) != 0 ||
        (line->size > size && line->at[size] != ' ')) {
        return false;
    }
    size += line->size > size;
    *line = (struct str){line->at + size, line->size - size};
    return true;
}

static inline void take_names(struct write_case *c, struct str list)
{
    while (list.size > 0) {
        const char *comma = memchr(list.at, ',', list.size);
        size_t size = comma == NULL ? list.size : (size_t)(comma - list.at);

        assert_true(c->names_count < NAMES_MAX);
        c->names[c->names_count++] = (struct str){list.at, size};
        size += comma != NULL;
        list = (struct str){list.at + size, list.size - size};
    }
}

/* null, 12, or anything else as text, perhaps in quotes. */
static inline struct value read_value(struct str text)
{
    char *end = NULL;
    int64_t integer = strtoll(text.at, &end, 10); /* a newline stands behind */

    if (str_equal(text, STR("null"))) {
        return (struct value){.type = VALUE_NULL};
    }
    if (end == text.at + text.size) {
        return (struct value){.type = VALUE_INTEGER, .integer = integer};
    }
    if (text.size > 1 && text.at[0] == '"') {
        text = (struct str){text.at + 1, text.size - 2};
    }
    return (struct value){.type = VALUE_TEXT, .bytes = text};
}

static inline void take_line_of(struct write_case *c, struct str line)
{
    struct arena *arena = &c->g->arena;

    if (takes(&line, "set")) {
        take_names(c, line);
    } else if (takes(&line, "merge")) {
        c->change.conflict = PLAN_CONFLICT_MERGES;
    } else if (takes(&line, "ignore")) {
        c->change.conflict = PLAN_CONFLICT_IGNORES;
    } else if (takes(&line, "returning")) {
        c->change.wants_rows = true;
    } else if (takes(&line, "strip")) {
        c->g->ask.strips_nulls = true;
    } else if (takes(&line, "count")) {
        c->g->ask.wants_count = true;
    } else if (takes(&line, "value")) {
        assert_true(c->values_count < NAMES_MAX);
        c->values[c->values_count++] = read_value(line);
    } else if (takes(&line, "from")) {
        c->from = arena_copy(arena, line);
    } else if (takes(&line, "then")) {
        c->then = arena_copy(arena, line);
    } else {
        fail_msg("what is %.*s?", (int)line.size, line.at);
    }
}

static inline void read_request(struct write_case *c, struct str text)
{
    struct golden *g = c->g;
    struct str line = take_line(&text);
    const char *blank = memchr(line.at, ' ', line.size);
    const char *mark = memchr(line.at, '?', line.size);
    const char *end = line.at + line.size;
    struct str name;

    assert_non_null(blank);
    c->verb = (struct str){line.at, (size_t)(blank - line.at)};
    name = (struct str){blank + 1, (size_t)((mark == NULL ? end : mark) - blank - 1)};
    c->query = mark == NULL ? STR("") : (struct str){mark + 1, (size_t)(end - mark - 1)};
    arena_init(&g->arena, NULL, 0, g->arena_max == 0 ? ARENA_MAX : g->arena_max);
    g->schema = schema_get(g->f->db);
    g->conf = (struct plan_conf){.scope = {.schema = g->schema, .is_served = is_served}};
    g->ask = (struct plan_ask){.range_limit = UINT64_MAX};
    c->change.table = schema_find(g->schema, name);
    assert_non_null(c->change.table);
    while (text.size > 0) {
        take_line_of(c, take_line(&text));
    }
}

/* --- planning ------------------------------------------------------------------------------------- */

static inline bool make_statement(struct write_case *c)
{
    struct golden *g = c->g;

    if (str_equal(c->verb, STR("exists"))) {
        return plan_exists(&c->change, &g->arena, &c->targets, &c->statement, &g->fault);
    }
    if (str_equal(c->verb, STR("delete"))) {
        return plan_delete(&g->conf, &c->change, &c->tree, &g->arena, &c->statement, &g->fault);
    }
    if (!plan_targets(c->change.table, str_equal(c->verb, STR("insert")), c->names, c->names_count,
                      &g->arena, &c->targets, &g->fault)) {
        return false;
    }
    if (str_equal(c->verb, STR("insert"))) {
        return plan_insert(&c->change, &c->targets, &g->arena, &c->statement, &g->fault);
    }
    assert_true(str_equal(c->verb, STR("update")));
    return plan_update(&g->conf, &c->change, &c->targets, &c->tree, &g->arena, &c->statement,
                       &g->fault);
}

static inline bool plan_case(struct write_case *c)
{
    static const struct parse_conf parse_conf = {.has_arguments = false};
    struct golden *g = c->g;

    if (!parse_query(c->query, &parse_conf, &g->arena, &c->tree, &g->fault)) {
        return false;
    }
    c->change.on_conflict = c->tree.on_conflict;
    c->change.on_conflict_count = c->tree.on_conflict_count;
    c->is_shown = str_equal(c->verb, STR("shown"));
    if (!c->is_shown) {
        return make_statement(c);
    }
    if (c->from != NULL) {
        struct query q = {.sql = c->from, .into = &c->rows};

        assert_int_equal(run_query(g->f, g->f->writer, &q), STATUS_OK);
    }
    return plan_shown(&g->conf, c->change.table, &c->rows, &c->tree, &g->ask, &g->arena, &g->plan,
                      &g->fault);
}

/* --- running -------------------------------------------------------------------------------------- */

static inline bool run_into(struct write_case *c, const struct query *q, const char *name)
{
    struct fixture *f = c->g->f;

    if (run_query(f, f->writer, q) != STATUS_OK) {
        print_error("%s: %s\n%s\n", name, f->err.text, q->sql);
        return false;
    }
    buf_append_str(&c->g->actual, buf_str(&f->out));
    buf_append_char(&c->g->actual, '\n');
    return true;
}

static inline bool run_shown(struct write_case *c, const char *name)
{
    const struct plan *plan = &c->g->plan;
    struct query q = {.sql = plan->rows.text,
                      .values = plan->rows.values,
                      .values_count = plan->rows.values_count,
                      .row = plan->row,
                      .tables = plan->tables,
                      .tables_count = plan->tables_count};

    if (!run_into(c, &q, name)) {
        return false;
    }
    if (plan->count.text != NULL) {
        q.sql = plan->count.text;
        q.values = plan->count.values;
        q.values_count = plan->count.values_count;
        q.row = NULL;
        return run_into(c, &q, name);
    }
    return true;
}

static inline bool run_case(struct write_case *c, const char *name)
{
    struct query then = {.sql = c->then};

    if (c->is_shown) {
        return run_shown(c, name);
    }
    for (size_t i = 0; i < c->values_count; i++) {
        c->statement.values[i] = c->values[i];
    }
    struct query q = {.sql = c->statement.text,
                      .values = c->statement.values,
                      .values_count = c->statement.values_count,
                      .tables = c->statement.tables,
                      .tables_count = c->statement.tables_count};

    return run_into(c, &q, name) && (c->then == NULL || run_into(c, &then, name));
}

/* --- a database for each -------------------------------------------------------------------------- */

/* Its schema is trusted: else SQLite 3.40 lets no trigger write to an FTS5 table. */

static inline void open_database(struct golden *g)
{
    static struct fixture f;
    struct database_conf conf = {.is_writable = true, .is_schema_trusted = true};
    struct buf script;

    *g = (struct golden){.f = &f};
    buf_init(&g->query, TEXT_MAX);
    buf_init(&g->expected, TEXT_MAX);
    buf_init(&g->actual, TEXT_MAX);
    buf_init(&script, TEXT_MAX);
    assert_true(read_file(SCHEMAS, ".", "library.sql", &script));
    assert_true(read_file(SCHEMAS, ".", "writing.sql", &g->query));
    buf_append_str(&script, buf_str(&g->query));
    buf_append_char(&script, '\0');
    fixture_folder(&f);
    conf.path = f.path;
    assert_int_equal(database_create(f.path, script.at, &f.err), STATUS_OK);
    assert_int_equal(database_open(&conf, &f.db, &f.err), STATUS_OK);
    assert_int_equal(connection_open(f.db, CONNECTION_WRITER, NULL, &f.writer, &f.err), STATUS_OK);
    buf_fini(&script);
}

static inline void close_database(struct golden *g)
{
    void *state = g;

    assert_int_equal(teardown(&state), 0);
}

#endif
