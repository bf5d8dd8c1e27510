/*
 * Levels inside of levels. As a value: a correlated subquery whose one value is the level's JSON,
 * written by gantry_row and gantry_rows (storage/row_shape.h). As a condition: EXISTS.
 *
 *     (SELECT gantry_rows(?1, t1."a", t1."b") FROM "child" AS t1 WHERE t1."fk" = t0."id")
 *     (SELECT gantry_sorted(1, ?1, t1."id", t1."a") FROM "child" AS t1 WHERE ...)
 *     (SELECT gantry_rows(?1, t1."a", t1."b") FROM (SELECT ... ORDER BY ... LIMIT ...) AS t1)
 *     (SELECT gantry_rows(?1, c0, c1) FROM (SELECT t1."a" AS c0, count(*) AS c1 ... GROUP BY 1))
 *
 * The second in the order of the rowid, in which most come by themselves; the third in any other or
 * with bounds (plan_pick.c), the last for groups.
 */
#include "handlers/table/plan_internal.h"

#define NEST_VALUE   10 /* "(" SELECT distinct columns name "(" distinct arguments "," */
#define NEST_PART    4  /* name "(" distinct arguments */
#define NEST_FROM    7  /* "(" SELECT distinct columns tables WHERE condition AND */
#define NEST_WRAPPED 6  /* FROM tables "(" SELECT distinct columns */
#define NEST_EXISTS  10 /* EXISTS "(" SELECT distinct columns tables WHERE condition AND */

/* What is written for one level: some outputs of a scope, directly or as columns of a subquery. */
struct level {
    const struct plan_node *node;
    const struct plan_output *outputs;
    size_t outputs_count;
    const char *function; /* gantry_row or gantry_rows */
    bool is_bare;
    bool is_sorted;  /* by its rowid, with gantry_sorted */
    bool is_wrapped; /* in groups: then its columns are c0, c1, ... */
    struct plan_scope scope;
};

void put_relation(struct planner *p, const struct plan_scope *parent_scope,
                  const struct plan_node *node, unsigned alias, unsigned junction)
{
    const struct relation *relation = &node->relation;
    bool has_junction = relation->junction != NULL;
    unsigned parent = plan_scope_alias(parent_scope, node->parent);

    for (size_t i = 0; i < relation->from_count; i++) {
        sql_text_put(p->sql, i == 0 ? "" : " AND ");
        sql_text_column(p->sql, has_junction ? junction : alias,
                        has_junction ? relation->junction_from[i] : relation->to_columns[i]);
        sql_text_put(p->sql, " = ");
        sql_text_column(p->sql, parent, relation->from_columns[i]);
    }
}

/* --- values --------------------------------------------------------------------------------------- */

static bool put_argument(struct planner *p, const struct level *l, size_t i)
{
    if (l->is_wrapped) {
        sql_text_put(p->sql, "c");
        sql_text_put_number(p->sql, i);
        return true;
    }
    return put_output(p, &l->scope, &l->outputs[i]);
}

/* ?shape, a, b, ...: outputs from first on, count of them. */
static bool put_plain_arguments(struct planner *p, const struct level *l, size_t first,
                                size_t count)
{
    struct row_cell *cells = plan_alloc(p, count, sizeof(*cells));
    const struct row_shape *shape = NULL;

    if (cells == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        cells[i] = l->outputs[first + i].cell;
    }
    shape = row_shape_make(p->arena, cells, count, p->ask->strips_nulls, l->is_bare);
    if (shape == NULL) {
        return fault_no_memory(p->fault);
    }
    (void)sql_text_bind_shape(p->sql, shape);
    for (size_t i = 0; i < count; i++) {
        sql_text_put(p->sql, ", ");
        if (!put_argument(p, l, first + i)) {
            return false;
        }
    }
    return true;
}

/* Of the function that writes the level, behind the shape. */
static size_t arguments_count(const struct level *l)
{
    const size_t each = ROW_SHAPE_ARGUMENTS_MAX;

    return l->outputs_count <= each ? l->outputs_count : (l->outputs_count + each - 1) / each;
}

/* More than a function takes: gantry_part(?shape, a, b, ...), gantry_part(...), ... */
static bool put_parts(struct planner *p, const struct level *l)
{
    const size_t each = ROW_SHAPE_ARGUMENTS_MAX;
    size_t parts = arguments_count(l);
    struct row_cell *cells = plan_alloc(p, parts, sizeof(*cells));
    const struct row_shape *shape;

    if (cells == NULL) {
        return false;
    }
    for (size_t i = 0; i < parts; i++) {
        cells[i].kind = ROW_CELL_PART;
    }
    shape = row_shape_make(p->arena, cells, parts, p->ask->strips_nulls, false);
    if (shape == NULL) {
        return fault_no_memory(p->fault);
    }
    (void)sql_text_bind_shape(p->sql, shape);
    sql_text_nest(p->sql, NEST_PART);
    for (size_t i = 0; i < parts; i++) {
        size_t left = l->outputs_count - i * each;

        sql_text_put(p->sql, ", gantry_part(");
        if (!put_plain_arguments(p, l, i * each, left < each ? left : each)) {
            return false;
        }
        sql_text_put(p->sql, ")");
    }
    sql_text_unnest(p->sql, NEST_PART);
    return true;
}

static bool put_arguments(struct planner *p, const struct level *l)
{
    return l->outputs_count <= ROW_SHAPE_ARGUMENTS_MAX
               ? put_plain_arguments(p, l, 0, l->outputs_count)
               : put_parts(p, l);
}

static struct plan_bounds bounds_of(const struct plan_node *node)
{
    uint64_t limit = node->has_limit ? (uint64_t)node->limit : UINT64_MAX;

    return (struct plan_bounds){
        .is_bounded = node->has_limit || node->offset > 0,
        .limit = plan_node_is_to_one(node) && limit > 1 ? 1 : limit,
        .offset = (uint64_t)node->offset,
    };
}

static void put_bound(struct planner *p, const struct plan_node *node)
{
    struct plan_bounds bounds = bounds_of(node);

    if (bounds.is_bounded) {
        put_limit(p, bounds.limit, bounds.offset);
    } else if (plan_node_is_to_one(node)) {
        sql_text_put(p->sql, " LIMIT 1");
    }
}

/* SELECT a AS c0, b AS c1, ... GROUP BY ..., before the rows are put together. */
static bool put_groups(struct planner *p, const struct level *l)
{
    sql_text_put(p->sql, " FROM (SELECT ");
    sql_text_nest(p->sql, NEST_WRAPPED);
    for (size_t i = 0; i < l->outputs_count; i++) {
        sql_text_put(p->sql, i == 0 ? "" : ", ");
        if (!put_output(p, &l->scope, &l->outputs[i])) {
            return false;
        }
        sql_text_put(p->sql, " AS c");
        sql_text_put_number(p->sql, i);
    }
    sql_text_put(p->sql, l->outputs_count == 0 ? "NULL" : "");
    if (!put_from(p, &l->scope)) {
        return false;
    }
    put_group(p, l->node);
    if (!put_order(p, &l->scope, l->node)) {
        return false;
    }
    put_bound(p, l->node);
    sql_text_unnest(p->sql, NEST_WRAPPED);
    sql_text_put(p->sql, ")");
    return true;
}

/* Where the rows of a level come from. */
static bool put_level_rows(struct planner *p, const struct level *l)
{
    struct plan_bounds bounds = bounds_of(l->node);

    if (l->is_wrapped) {
        return put_groups(p, l);
    }
    if (plan_node_is_to_one(l->node)) {
        if (!put_from(p, &l->scope)) {
            return false;
        }
        put_bound(p, l->node);
        return true;
    }
    return !l->is_sorted && (l->node->order_count > 0 || bounds.is_bounded)
               ? put_picked(p, &l->scope, l->outputs, l->outputs_count, &bounds)
               : put_from(p, &l->scope);
}

/* Is it, as it is, what node's rows are ordered by? */
static bool is_key(const struct plan_output *output, const struct plan_node *node)
{
    return output->what == PLAN_VALUE && output->owner == node && output->cast == NULL &&
           output->field.path.at == NULL && output->field.column == node->table->rowid;
}

/* Which argument behind the shape is the key, from 1: one that is shown, or else one more. */
static size_t key_place(const struct level *l)
{
    size_t count = arguments_count(l);

    for (size_t i = 0; i < count && count == l->outputs_count; i++) {
        if (is_key(&l->outputs[i], l->node)) {
            return i + 1;
        }
    }
    return count + 1;
}

/* name(arguments), or name(place of the key, arguments). */
static bool put_function(struct planner *p, const struct level *l)
{
    size_t place = key_place(l);

    if (l->is_sorted) {
        sql_text_put(p->sql, l->node->order->is_descending ? "gantry_sorted(-" : "gantry_sorted(");
        sql_text_put_number(p->sql, place);
        sql_text_put(p->sql, ", ");
    } else {
        sql_text_put(p->sql, l->function);
        sql_text_put(p->sql, "(");
    }
    sql_text_nest(p->sql, NEST_VALUE);
    if (!put_arguments(p, l)) {
        return false;
    }
    sql_text_unnest(p->sql, NEST_VALUE);
    if (l->is_sorted && place > arguments_count(l)) {
        sql_text_put(p->sql, ", ");
        sql_text_column(p->sql, l->scope.places[0].alias, l->node->table->rowid->name);
    }
    sql_text_put(p->sql, ")");
    return true;
}

static bool put_level(struct planner *p, const struct plan_scope *outer, struct level *l)
{
    l->is_wrapped = l->node->is_grouped;
    l->is_sorted = !l->is_wrapped && !plan_node_is_to_one(l->node) &&
                   !bounds_of(l->node).is_bounded && plan_is_by_rowid(l->node);
    if (!plan_scope_make(p, outer, l->node, true, &l->scope)) {
        return false;
    }
    sql_text_put(p->sql, "(SELECT ");
    if (!put_function(p, l)) {
        return false;
    }
    sql_text_nest(p->sql, NEST_FROM);
    if (!put_level_rows(p, l)) {
        return false;
    }
    sql_text_unnest(p->sql, NEST_FROM);
    sql_text_put(p->sql, ")");
    return plan_goes_on(p);
}

bool put_embed(struct planner *p, const struct plan_scope *outer, const struct plan_node *node)
{
    struct level level = {
        .node = node,
        .outputs = node->outputs,
        .outputs_count = node->outputs_count,
        .function = plan_node_is_to_one(node) ? "gantry_row" : "gantry_rows",
    };

    return put_level(p, outer, &level);
}

bool put_array(struct planner *p, const struct plan_scope *outer, const struct plan_node *node,
               const struct plan_output *element)
{
    struct level level = {
        .node = node,
        .outputs = element,
        .outputs_count = 1,
        .function = "gantry_rows",
        .is_bare = true,
    };

    return put_level(p, outer, &level);
}

/* --- conditions ----------------------------------------------------------------------------------- */

/* Is there a group within the bounds? */
static bool put_group_exists(struct planner *p, const struct plan_scope *outer,
                             const struct plan_node *node)
{
    struct level level = {
        .node = node,
        .outputs = node->outputs,
        .outputs_count = node->outputs_count,
        .is_wrapped = true,
    };

    return plan_scope_make(p, outer, node, true, &level.scope) && put_groups(p, &level);
}

static bool put_row_exists(struct planner *p, const struct plan_scope *outer,
                           const struct plan_node *node)
{
    struct plan_scope scope;

    if (!plan_scope_make(p, outer, node, false, &scope) || !put_from(p, &scope)) {
        return false;
    }
    if (node->has_limit || node->offset > 0) {
        put_limit(p, node->has_limit ? (uint64_t)node->limit : UINT64_MAX, (uint64_t)node->offset);
    }
    return true;
}

bool put_exists(struct planner *p, const struct plan_scope *outer, const struct plan_node *node,
                bool is_negated)
{
    bool is_bounded = node->has_limit || node->offset > 0;
    bool is_done;

    if (node->is_one_row && !(plan_node_is_spread(node) && plan_node_is_to_one(node))) {
        /* An aggregate of no rows is a row, unless the bounds leave it out. */
        bool has_row = node->offset == 0 && !(node->has_limit && node->limit == 0);

        sql_text_put(p->sql, has_row == is_negated ? "0" : "1");
        return true;
    }
    sql_text_put(p->sql, is_negated ? "NOT EXISTS (SELECT 1" : "EXISTS (SELECT 1");
    sql_text_nest(p->sql, NEST_EXISTS);
    is_done = node->is_grouped && is_bounded ? put_group_exists(p, outer, node)
                                             : put_row_exists(p, outer, node);
    sql_text_unnest(p->sql, NEST_EXISTS);
    sql_text_put(p->sql, ")");
    return is_done && plan_goes_on(p);
}
