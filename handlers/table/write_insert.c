/*
 * POST and PUT: a statement for each row of the body, the same for all of them, so it is prepared once.
 *
 * Whether an upsert has made a row or changed one decides the answer's status; SQLite does not tell, so
 * the row is looked for before. Nobody can come in between: this is the only writer, in a transaction.
 */
#include "handlers/table/literal.h"
#include "handlers/table/write.h"

#define ROW_ARENA_SIZE ((size_t)2 * 1024) /* first; what a row needs more comes from the heap */

struct insertion {
    struct write *w;
    struct plan_change change;
    struct plan_statement statement;

    /* Does the row exist? Its key's values come from the row. */
    bool is_watched;
    struct plan_targets key;
    struct plan_statement exists;

    struct payload_cell *cells;
    struct arena arena; /* of one row */
    void *first;
    size_t arena_max;
};

/* --- one row ------------------------------------------------------------------------------------- */

/* The value that the row has for a column, or NULL. */
static const struct value *value_of(const struct insertion *in, const struct schema_column *column)
{
    const struct plan_targets *targets = &in->w->targets;

    for (size_t i = 0; i < targets->count; i++) {
        if (targets->columns[i] == column) {
            return &in->statement.values[i];
        }
    }
    return NULL;
}

/*
 * Ask whether the row is new. A part of the key that it does not name has its default; without one it
 * makes the row new.
 */
static bool find_row(struct insertion *in) ON_WORKER MAY_BLOCK
{
    struct write *w = in->w;
    struct query query = {.sql = in->exists.text,
                          .values = in->exists.values,
                          .values_count = in->exists.values_count,
                          .shape = QUERY_ROW,
                          .tables = in->exists.tables,
                          .tables_count = in->exists.tables_count,
                          .is_planned = true};
    struct query_result result;
    struct row_set set;
    struct error err;
    bool is_ok = true;

    for (size_t i = 0; i < in->key.count; i++) {
        const struct value *value = value_of(in, in->key.columns[i]);

        if (value != NULL) {
            in->exists.values[i] = *value;
        } else if (!write_default_value(w, in->key.columns[i], &in->arena, &in->exists.values[i])) {
            return false;
        }
        if (in->exists.values[i].type == VALUE_NULL) {
            w->has_inserted = true;
            return true;
        }
    }
    query.into = &set;
    row_set_init(&set, ROW_ARENA_SIZE);
    if (connection_run(w->connection, &query, w->call->cancel, &w->call->response.body, &result,
                       &err) != STATUS_OK) {
        is_ok = write_fail_error(w, &err);
    } else {
        w->has_inserted = set.rows == 0 || row_set_at(&set, 0, 0)->integer == 0;
    }
    row_set_fini(&set);
    return is_ok;
}

/* Write the row whose values are in the statement. */
static bool insert_row(struct insertion *in) ON_WORKER MAY_BLOCK
{
    struct write *w = in->w;

    if (in->is_watched && !w->has_inserted && !find_row(in)) {
        return false;
    }
    if (!write_run(w, &in->statement, in->change.wants_rows)) {
        return false;
    }
    if (!write_is_shown(w) && w->affected > 1) { /* of several rows nothing is said */
        row_set_clear(&w->rows);
    }
    return true;
}

/* --- all rows ------------------------------------------------------------------------------------- */

static bool prepare(struct insertion *in, enum plan_conflict conflict, bool is_watched)
{
    struct write *w = in->w;
    struct arena *arena = &w->call->arena;

    in->change = (struct plan_change){.table = w->table,
                                      .conflict = conflict,
                                      .on_conflict = w->tree.on_conflict,
                                      .on_conflict_count = w->tree.on_conflict_count,
                                      .wants_rows = write_wants_rows(w)};
    if (w->call->request.method == METHOD_PUT) {
        in->change.on_conflict_count = 0;
    }
    in->is_watched = is_watched;
    in->arena_max = 4 * w->call->request.body.size + (size_t)1024 * 1024;
    in->first = arena_alloc(arena, ROW_ARENA_SIZE);
    in->cells = arena_alloc(arena, (w->payload.names_count + 1) * sizeof(*in->cells));
    if (in->first == NULL || in->cells == NULL) {
        return fault_no_memory(&w->fault);
    }
    return plan_insert(&in->change, &w->targets, arena, &in->statement, &w->fault) &&
           (!is_watched || plan_exists(&in->change, arena, &in->key, &in->exists, &w->fault));
}

/* Of many rows, say which one it was. */
static void note_row(struct write *w, uint64_t i)
{
    struct fault *fault = &w->fault;

    if (w->payload.rows > 1 && fault->http_status >= 400 && fault->http_status < 500 &&
        fault->details == NULL) {
        fault_details(fault, &w->call->arena, "Row %llu of %llu in the body.",
                      (unsigned long long)i + 1, (unsigned long long)w->payload.rows);
    }
}

/* Return: false: as write_next_values, or as row says. */
static bool each_row(struct insertion *in, bool (*row)(struct insertion *in)) ON_WORKER MAY_BLOCK;

static bool each_row(struct insertion *in, bool (*row)(struct insertion *in))
{
    struct write *w = in->w;
    bool is_ok = true;

    for (uint64_t i = 0; i < w->payload.rows && is_ok; i++) {
        arena_init(&in->arena, in->first, ROW_ARENA_SIZE, in->arena_max);
        is_ok = write_next_values(w, in->cells, &in->arena, in->statement.values) && row(in);
        if (!is_ok) { /* its words may be about the row, and lie with it */
            note_row(w, i);
            fault_keep(&w->fault, &w->call->arena);
        }
        arena_fini(&in->arena);
    }
    return is_ok;
}

/* A table without a key has nothing to resolve by. */
static enum plan_conflict conflict_of(const struct write *w)
{
    if (w->tree.on_conflict_count == 0 && !write_has_key(w->table)) {
        return PLAN_CONFLICT_FAILS;
    }
    switch (w->preferences.resolution) {
    case RESOLUTION_MERGE:
        return PLAN_CONFLICT_MERGES;
    case RESOLUTION_IGNORE:
        return PLAN_CONFLICT_IGNORES;
    case RESOLUTION_UNSAID:
        break;
    }
    return PLAN_CONFLICT_FAILS;
}

static bool post_row(struct insertion *in) ON_WORKER MAY_BLOCK
{
    assert_on_worker();
    return insert_row(in);
}

bool write_insert(struct write *w)
{
    enum plan_conflict conflict = conflict_of(w);
    struct insertion in = {.w = w};

    return prepare(&in, conflict, conflict == PLAN_CONFLICT_MERGES) && each_row(&in, post_row) &&
           (!write_is_shown(w) || write_show_rows(w));
}

/* --- PUT ------------------------------------------------------------------------------------------- */

static bool is_equality(const struct tree_condition *condition)
{
    return condition->kind == TREE_COMPARE && condition->op == TREE_EQ && !condition->is_negated &&
           condition->quantifier == TREE_ONE && condition->field.steps_count == 0;
}

static bool is_key_named(const struct write *w, const struct schema_column *column)
{
    const struct tree_level *root = &w->tree.levels[0];

    for (size_t i = 0; i < root->conditions_count; i++) {
        if (schema_find_column(w->table, root->conditions[i].field.name) == column) {
            return true;
        }
    }
    return false;
}

static bool has_key_filters(const struct write *w)
{
    const struct tree_level *root = &w->tree.levels[0];

    for (size_t i = 0; i < root->conditions_count; i++) {
        const struct tree_condition *condition = &root->conditions[i];
        const struct schema_column *column =
            is_equality(condition) ? schema_find_column(w->table, condition->field.name) : NULL;

        if (column == NULL || column->key_place == 0) {
            return false;
        }
    }
    for (size_t i = 0; i < w->table->columns_count; i++) {
        if (w->table->columns[i].key_place > 0 && !is_key_named(w, &w->table->columns[i])) {
            return false;
        }
    }
    return write_has_key(w->table);
}

bool write_check_put(struct write *w)
{
    return has_key_filters(w) ||
           fault_set(&w->fault, &w->call->arena, 405, "PGRST105",
                     "Filters must include all and only primary key columns with 'eq' operators");
}

static double number_of(const struct value *value)
{
    return value->type == VALUE_REAL ? value->real : (double)value->integer;
}

static bool is_equal(const struct value *a, const struct value *b)
{
    bool has_numbers = (a->type == VALUE_INTEGER || a->type == VALUE_REAL) &&
                       (b->type == VALUE_INTEGER || b->type == VALUE_REAL);

    if (has_numbers && a->type != b->type) {
        return number_of(a) >= number_of(b) && number_of(a) <= number_of(b);
    }
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case VALUE_INTEGER:
        return a->integer == b->integer;
    case VALUE_REAL:
        return a->real >= b->real && a->real <= b->real;
    case VALUE_TEXT:
    case VALUE_BLOB:
        return str_equal(a->bytes, b->bytes);
    default:
        return false; /* NULL equals nothing */
    }
}

/* Is the row the one that the URL names? Return: false with the fault. */
static bool match(struct insertion *in, bool *ret)
{
    struct write *w = in->w;
    const struct tree_level *root = &w->tree.levels[0];

    *ret = true;
    for (size_t i = 0; i < root->conditions_count && *ret; i++) {
        const struct tree_condition *condition = &root->conditions[i];
        const struct schema_column *column = schema_find_column(w->table, condition->field.name);
        const struct value *given = value_of(in, column);
        struct value wanted;

        if (!literal_read(condition->value, column->kind, column->element, column->type, &in->arena,
                          &wanted, &w->fault)) {
            return false;
        }
        *ret = given != NULL && is_equal(given, &wanted);
    }
    return true;
}

/* Of several rows that one is written which the URL names; PostgreSQL's error if there are two. */
static bool put_row(struct insertion *in) ON_WORKER MAY_BLOCK
{
    struct write *w = in->w;
    bool is_named = false;

    assert_on_worker();
    if (!match(in, &is_named)) {
        return false;
    }
    if (is_named && w->affected > 0) {
        return fault_set(&w->fault, &w->call->arena, 400, "21000",
                         "ON CONFLICT DO UPDATE command cannot affect row a second time");
    }
    return !is_named || insert_row(in);
}

bool write_put(struct write *w)
{
    struct insertion in = {.w = w};

    if (!prepare(&in, PLAN_CONFLICT_MERGES, write_is_shown(w)) || !each_row(&in, put_row)) {
        return false;
    }
    if (w->affected != 1) {
        return fault_set(&w->fault, &w->call->arena, 400, "PGRST115",
                         "Payload values do not match URL in primary key column(s)");
    }
    return !write_is_shown(w) || write_show_rows(w);
}
