/*
 * The planner's two statements: the rows, and their count.
 *
 *     SELECT t0."a", (SELECT gantry_rows(?1, ...) ...) FROM "t" AS t0 WHERE ... ORDER BY ... LIMIT ...
 *     SELECT count(*) FROM "t" AS t0 WHERE ...
 *
 * A named query's SQL stands in front as a common table: its parameters are then the first, in the
 * order it names them, and ours are numbered behind them.
 */
#include "handlers/table/plan.h"

#include <string.h>

#include "handlers/table/plan_internal.h"

#define NEST_ROWS    8 /* SELECT distinct columns, and what stands around it */
#define NEST_GROUPED 8 /* FROM tables "(" SELECT distinct columns */

void *plan_alloc(struct planner *p, size_t count, size_t size)
{
    void *at = arena_alloc(p->arena, (count + 1) * size); /* NULL is out of memory only */

    if (at == NULL) {
        (void)fault_no_memory(p->fault);
        return NULL;
    }
    memset(at, 0, (count + 1) * size);
    return at;
}

bool plan_add_table(struct planner *p, const char *name)
{
    for (size_t i = 0; i < p->tables_count; i++) {
        if (strcmp(p->tables[i], name) == 0) {
            return true;
        }
    }
    if (p->tables_count == p->tables_capacity) {
        size_t capacity = p->tables_capacity == 0 ? 8 : p->tables_capacity * 2;
        const char **tables = plan_alloc(p, capacity, sizeof(*tables));

        if (tables == NULL) {
            return false;
        }
        for (size_t i = 0; i < p->tables_count; i++) {
            tables[i] = p->tables[i];
        }
        p->tables = tables;
        p->tables_capacity = capacity;
    }
    p->tables[p->tables_count++] = name;
    return true;
}

/* --- bounds ---------------------------------------------------------------------------------------- */

bool plan_refuse_limit(struct arena *arena, struct fault *fault)
{
    (void)fault_set(fault, arena, 416, "PGRST103", "Requested range not satisfiable");
    fault_details(fault, arena, "Limit should be greater than or equal to zero.");
    return false;
}

static uint64_t add_bounded(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

bool plan_page(const struct plan_conf *conf, const struct plan_ask *ask,
               const struct tree_level *root, struct arena *arena, uint64_t *ret_offset,
               uint64_t *ret_limit, struct fault *fault)
{
    uint64_t offset = (uint64_t)root->offset;
    uint64_t first = offset > ask->range_first ? offset : ask->range_first;
    uint64_t end = root->has_limit && root->limit >= 0 ? add_bounded(offset, (uint64_t)root->limit)
                                                       : UINT64_MAX;
    uint64_t range_end = add_bounded(ask->range_first, ask->range_limit);

    if (root->has_limit && root->limit == 0) {
        *ret_offset = 0;
        *ret_limit = 0;
        return true;
    }
    end = end < range_end ? end : range_end;
    if (end <= first || (root->has_limit && root->limit < 0)) {
        return plan_refuse_limit(arena, fault);
    }
    *ret_offset = first;
    *ret_limit = end == UINT64_MAX ? UINT64_MAX : end - first;
    if (conf->rows_max != 0 && conf->rows_max < *ret_limit) {
        *ret_limit = conf->rows_max;
    }
    return true;
}

/* --- statements ------------------------------------------------------------------------------------ */

const char *plan_free_name(const struct schema *schema, const char *word, struct arena *arena,
                           struct fault *fault)
{
    static const char rest[] = "__________________________________________________________";
    struct buf name;
    char *found = NULL;

    buf_init(&name, sizeof(rest) + strlen(word));
    buf_append_str(&name, str_of(word));
    for (size_t i = 1; i < sizeof(rest) && schema_find(schema, buf_str(&name)) != NULL; i++) {
        buf_append_char(&name, '_');
    }
    if (buf_status(&name) != STATUS_OK) {
        (void)fault_no_memory(fault);
    } else if (schema_find(schema, buf_str(&name)) != NULL) {
        (void)fault_set(fault, arena, 400, "42P07", "too many tables called \"%s\"", word);
    } else {
        found = arena_copy(arena, buf_str(&name));
        if (found == NULL) {
            (void)fault_no_memory(fault);
        }
    }
    buf_fini(&name);
    return found;
}

/* A name for the source that is no table's. */
static bool name_source(struct planner *p)
{
    if (p->source->sql == NULL) {
        return true;
    }
    p->source_name = plan_free_name(p->conf->scope.schema, "source", p->arena, p->fault);
    if (p->source_name == NULL) {
        return false;
    }
    return p->source->place == NULL ||
           (plan_add_table(p, p->source_name) && plan_add_table(p, p->source->counter));
}

static void put_source(struct planner *p)
{
    if (p->source->sql == NULL) {
        return;
    }
    sql_text_put(p->sql, "WITH ");
    sql_text_name(p->sql, p->source_name);
    sql_text_put(p->sql, " AS (");
    sql_text_put(p->sql, p->source->sql);
    sql_text_put(p->sql, "\n) "); /* it may end in a comment */
    for (size_t i = 0; i < p->source->values_count; i++) {
        sql_text_bind_named(p->sql, p->source->values[i]);
    }
}

/* The outputs, all of them or those that make the groups. */
static bool put_outputs(struct planner *p, const struct plan_scope *scope, bool has_aggregates)
{
    const char *before = "";

    for (size_t i = 0; i < p->root.outputs_count; i++) {
        if (has_aggregates || !p->root.outputs[i].is_aggregate) {
            sql_text_put(p->sql, before);
            before = ", ";
            if (!put_output(p, scope, &p->root.outputs[i])) {
                return false;
            }
        }
    }
    return true;
}

static bool make_shape(struct planner *p, struct plan *plan)
{
    size_t count = p->root.outputs_count;
    struct row_cell *cells = plan_alloc(p, count, sizeof(*cells));

    if (cells == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        cells[i] = p->root.outputs[i].cell;
    }
    if (count == 0) { /* select=embed(): rows without members */
        cells[count++].kind = ROW_CELL_PART;
    }
    plan->row = row_shape_make(p->arena, cells, count, p->ask->strips_nulls, false);
    return plan->row != NULL || fault_no_memory(p->fault);
}

static bool is_range_of(const struct tree_condition *condition, const struct schema_table *table)
{
    bool is_range = condition->op == TREE_EQ || condition->op == TREE_GT ||
                    condition->op == TREE_GTE || condition->op == TREE_LT ||
                    condition->op == TREE_LTE;

    return condition->kind == TREE_COMPARE && !condition->is_negated && is_range &&
           condition->quantifier == TREE_ONE && condition->field.steps_count == 0 &&
           schema_find_column(table, condition->field.name) == table->rowid;
}

/* Asked for and ordered by is the rowid alone: then SQLite walks the table, and sorts nothing. */
static bool is_walk(const struct planner *p)
{
    const struct plan_node *root = &p->root;

    if (p->source->sql != NULL || !plan_is_by_rowid(root)) {
        return false;
    }
    for (size_t i = 0; i < root->levels_count; i++) {
        for (size_t j = 0; j < root->levels[i]->conditions_count; j++) {
            if (!is_range_of(&root->levels[i]->conditions[j], root->table)) {
                return false;
            }
        }
    }
    for (size_t i = 0; i < root->children_count; i++) {
        if (plan_node_is_inner(&root->children[i])) {
            return false;
        }
    }
    return true;
}

/* Is it worth while to pick the rows before more is read for each of them? */
static bool is_picked(const struct planner *p, const struct plan_bounds *bounds)
{
    bool has_levels = false;

    for (size_t i = 0; i < p->root.outputs_count; i++) {
        enum plan_what what = p->root.outputs[i].what;

        has_levels = has_levels || what == PLAN_EMBED || what == PLAN_ARRAY;
    }
    return has_levels && bounds->is_bounded && p->root.order_count > 0 && !p->root.is_grouped &&
           !is_walk(p);
}

static bool put_rows(struct planner *p, const struct plan *plan)
{
    struct plan_bounds bounds = {
        .is_bounded = plan->limit != UINT64_MAX || plan->offset > 0,
        .limit = plan->limit,
        .offset = plan->offset,
    };
    struct plan_scope scope;

    put_source(p);
    if (!plan_scope_make(p, NULL, &p->root, true, &scope)) {
        return false;
    }
    sql_text_put(p->sql, "SELECT ");
    sql_text_put(p->sql, p->root.outputs_count == 0 ? "''" : "");
    if (!put_outputs(p, &scope, true)) {
        return false;
    }
    if (is_picked(p, &bounds)) {
        return put_picked(p, &scope, p->root.outputs, p->root.outputs_count, &bounds);
    }
    if (!put_from(p, &scope)) {
        return false;
    }
    if (p->root.is_grouped) {
        put_group(p, &p->root);
    }
    if (!put_order(p, &scope, &p->root)) {
        return false;
    }
    if (bounds.is_bounded) {
        put_limit(p, bounds.limit, bounds.offset);
    }
    return true;
}

static void put_group_numbers(struct planner *p)
{
    size_t number = 0;

    for (size_t i = 0; i < p->root.outputs_count; i++) {
        if (!p->root.outputs[i].is_aggregate) {
            sql_text_put(p->sql, number == 0 ? " GROUP BY " : ", ");
            sql_text_put_number(p->sql, ++number);
        }
    }
}

static bool put_count(struct planner *p, const struct plan *plan)
{
    bool is_grouped = p->root.is_grouped;
    struct plan_scope scope;

    (void)plan;
    if (p->root.is_one_row) {
        sql_text_put(p->sql, "SELECT 1");
        return true;
    }
    put_source(p);
    if (!plan_scope_make(p, NULL, &p->root, is_grouped, &scope)) {
        return false;
    }
    sql_text_put(p->sql, is_grouped ? "SELECT count(*) FROM (SELECT " : "SELECT count(*)");
    sql_text_nest(p->sql, NEST_GROUPED);
    if ((is_grouped && !put_outputs(p, &scope, false)) || !put_from(p, &scope)) {
        return false;
    }
    if (is_grouped) {
        put_group_numbers(p);
        sql_text_put(p->sql, ")");
    }
    sql_text_unnest(p->sql, NEST_GROUPED);
    return true;
}

void plan_sql_begin(struct planner *p, struct sql_text *sql, unsigned symbols)
{
    sql_text_init(sql, p->arena);
    sql_text_nest(sql, symbols);
    p->sql = sql;
    p->aliases = 0;
}

bool plan_sql_end(struct planner *p, bool is_done, struct plan_sql *ret)
{
    struct sql_text *sql = p->sql;

    if (is_done || sql_text_has_failed(sql)) {
        is_done = sql_text_take(sql, ret, p->fault);
    }
    p->sql = NULL;
    sql_text_fini(sql);
    return is_done;
}

static bool put_checked(struct planner *p, const struct plan *plan)
{
    (void)plan;
    return put_unwritten(p, &p->root);
}

typedef bool (*put_fn)(struct planner *p, const struct plan *plan);

static bool make_statement(struct planner *p, put_fn put, const struct plan *plan,
                           struct plan_sql *ret)
{
    struct sql_text sql;

    plan_sql_begin(p, &sql, NEST_ROWS);
    return plan_sql_end(p, put(p, plan), ret);
}

bool plan_read(const struct plan_conf *conf, const struct plan_source *source,
               const struct tree *tree, const struct plan_ask *ask, struct arena *arena,
               struct plan *ret, struct fault *fault)
{
    struct planner p = {.conf = conf, .source = source, .ask = ask, .arena = arena, .fault = fault};
    struct plan plan = {.row = NULL};
    struct plan_sql unwritten;

    if (!plan_nodes_make(&p, tree) || !plan_outputs_make(&p, &p.root, tree) || !name_source(&p) ||
        !plan_page(conf, ask, &tree->levels[0], arena, &plan.offset, &plan.limit, fault)) {
        return false;
    }
    if (plan_has_unwritten(&p.root) && !make_statement(&p, put_checked, NULL, &unwritten)) {
        return false;
    }
    if (!make_shape(&p, &plan) || !make_statement(&p, put_rows, &plan, &plan.rows) ||
        (ask->wants_count && !make_statement(&p, put_count, &plan, &plan.count))) {
        return false;
    }
    plan.tables = p.tables;
    plan.tables_count = p.tables_count;
    plan.is_one_row = p.root.is_one_row;
    *ret = plan;
    return true;
}
