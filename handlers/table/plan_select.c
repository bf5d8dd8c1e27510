/*
 * The parts of a SELECT of one level: its columns, FROM with the to-one spreads joined, WHERE, GROUP BY,
 * LIMIT.
 *
 * A to-one spread is a LEFT JOIN; with !inner a JOIN, unless it stands behind a LEFT JOIN: there it
 * must not drop rows of the level, so it is an EXISTS in the condition of the one before it.
 */
#include "base/invariant.h"
#include "handlers/table/plan_internal.h"

#define JOINS_MAX   60 /* SQLite joins 64 tables */
#define NEST_COLUMN 4  /* SELECT distinct columns */
#define NEST_JOIN   12 /* SELECT distinct columns FROM tables name alias ON condition AND */

static bool is_joined(const struct plan_node *node)
{
    return plan_node_is_spread(node) && plan_node_is_to_one(node);
}

static size_t count_places(const struct plan_node *node)
{
    size_t count = 1;

    for (size_t i = 0; i < node->children_count; i++) {
        if (is_joined(&node->children[i])) {
            count += count_places(&node->children[i]);
        }
    }
    return count;
}

static void add_places(struct planner *p, struct plan_scope *scope, const struct plan_node *node,
                       bool is_left)
{
    scope->places[scope->places_count++] =
        (struct plan_place){.node = node, .alias = p->aliases++, .is_left = is_left};
    for (size_t i = 0; i < node->children_count; i++) {
        const struct plan_node *child = &node->children[i];

        if (is_joined(child)) {
            add_places(p, scope, child, is_left || !plan_node_is_inner(child));
        }
    }
}

bool plan_scope_make(struct planner *p, const struct plan_scope *outer,
                     const struct plan_node *node, bool has_joins, struct plan_scope *ret)
{
    size_t count = has_joins ? count_places(node) : 1;
    struct plan_scope scope = {.outer = outer};

    if (count > JOINS_MAX) {
        return fault_set(p->fault, p->arena, 400, "54001", "statement too complex");
    }
    scope.places = plan_alloc(p, count, sizeof(*scope.places));
    if (scope.places == NULL) {
        return false;
    }
    if (has_joins) {
        add_places(p, &scope, node, false);
    } else {
        scope.places[scope.places_count++] =
            (struct plan_place){.node = node, .alias = p->aliases++};
    }
    if (node->relation.junction != NULL) {
        scope.junction = p->aliases++;
    }
    *ret = scope;
    return true;
}

unsigned plan_scope_alias(const struct plan_scope *scope, const struct plan_node *node)
{
    const struct plan_place *place = plan_scope_place(scope, node);

    invariant(place != NULL);
    return place->alias;
}

const struct plan_place *plan_scope_place(const struct plan_scope *scope,
                                          const struct plan_node *node)
{
    for (size_t i = 0; i < scope->places_count; i++) {
        if (scope->places[i].node == node) {
            return &scope->places[i];
        }
    }
    return NULL;
}

/* --- columns ------------------------------------------------------------------------------------ */

static void put_cast_end(struct planner *p, const char *cast, const char *from)
{
    if (cast != NULL) {
        sql_text_put(p->sql, ", '");
        sql_text_put(p->sql, cast);
        if (from != NULL) {
            sql_text_put(p->sql, "', '");
            sql_text_put(p->sql, from);
        }
        sql_text_put(p->sql, "')");
    }
}

static const char *aggregate_start(enum tree_aggregate aggregate)
{
    switch (aggregate) {
    case TREE_SUM:
        return "sum(";
    case TREE_AVG:
        return "avg(";
    case TREE_COUNT:
        return "count(";
    case TREE_MAX:
        return "max(";
    case TREE_MIN:
        return "min(";
    case TREE_NO_AGGREGATE:
        break;
    }
    return "";
}

static void put_scale(struct planner *p, unsigned scale)
{
    if (scale > 0) {
        sql_text_put(p->sql, ", ");
        sql_text_put_number(p->sql, scale);
        sql_text_put(p->sql, ")");
    }
}

static void put_value(struct planner *p, const struct plan_scope *scope,
                      const struct plan_output *output)
{
    unsigned functions = (output->aggregate_cast != NULL) + (output->cast != NULL) +
                         (output->aggregate != TREE_NO_AGGREGATE) + (output->scale > 0);

    sql_text_nest(p->sql, functions * SQL_TEXT_NEST_FUNCTION);
    if (output->aggregate_cast != NULL) {
        sql_text_put(p->sql, "gantry_cast(");
    }
    if (output->what == PLAN_COUNT) {
        sql_text_put(p->sql, "count(*)");
    } else {
        sql_text_put(p->sql, output->scale > 0 ? "round(" : "");
        sql_text_put(p->sql, aggregate_start(output->aggregate));
        if (output->cast != NULL) {
            sql_text_put(p->sql, "gantry_cast(");
        }
        put_field(p, plan_scope_alias(scope, output->owner), &output->field);
        put_cast_end(p, output->cast, output->cast_from);
        sql_text_put(p->sql, output->aggregate != TREE_NO_AGGREGATE ? ")" : "");
        put_scale(p, output->scale);
    }
    put_cast_end(p, output->aggregate_cast, output->aggregate_cast_from);
    sql_text_unnest(p->sql, functions * SQL_TEXT_NEST_FUNCTION);
}

/* A level inside: of no row of a LEFT JOIN there is nothing, not even an empty array. */
static bool put_level(struct planner *p, const struct plan_scope *scope,
                      const struct plan_output *output)
{
    const struct plan_place *place = plan_scope_place(scope, output->owner);
    bool is_left = place != NULL && place->is_left;
    bool is_done;

    if (is_left) {
        const struct relation *relation = &place->node->relation;

        sql_text_put(p->sql, "CASE WHEN ");
        sql_text_column(p->sql, place->alias, relation->to_columns[0]);
        sql_text_put(p->sql, " IS NOT NULL THEN ");
        sql_text_nest(p->sql, NEST_COLUMN);
    }
    is_done = output->what == PLAN_EMBED ? put_embed(p, scope, output->node)
                                         : put_array(p, scope, output->node, output->element);
    if (is_left) {
        sql_text_unnest(p->sql, NEST_COLUMN);
        sql_text_put(p->sql, " END");
    }
    return is_done;
}

bool put_output(struct planner *p, const struct plan_scope *scope, const struct plan_output *output)
{
    bool is_done = true;

    if (output->what == PLAN_VALUE || output->what == PLAN_COUNT) {
        put_value(p, scope, output);
    } else {
        is_done = put_level(p, scope, output);
    }
    return is_done && plan_goes_on(p);
}

/* --- tables ------------------------------------------------------------------------------------- */

static void put_table(struct planner *p, const struct plan_node *node, unsigned alias)
{
    bool is_source = node == &p->root && p->source->sql != NULL;

    sql_text_name(p->sql, is_source ? p->source_name : node->table->name);
    sql_text_put(p->sql, " AS ");
    sql_text_alias(p->sql, alias);
}

static void put_junction(struct planner *p, const struct plan_scope *scope)
{
    const struct relation *relation = &scope->places[0].node->relation;

    sql_text_put(p->sql, " JOIN ");
    sql_text_name(p->sql, relation->junction->name);
    sql_text_put(p->sql, " AS ");
    sql_text_alias(p->sql, scope->junction);
    for (size_t i = 0; i < relation->to_count; i++) {
        sql_text_put(p->sql, i == 0 ? " ON " : " AND ");
        sql_text_column(p->sql, scope->junction, relation->junction_to[i]);
        sql_text_put(p->sql, " = ");
        sql_text_column(p->sql, scope->places[0].alias, relation->to_columns[i]);
    }
}

static bool put_join(struct planner *p, const struct plan_scope *scope,
                     const struct plan_place *place, bool is_left)
{
    const struct plan_node *node = place->node;
    bool has_some = false;

    sql_text_put(p->sql, is_left ? " LEFT JOIN " : " JOIN ");
    put_table(p, node, place->alias);
    sql_text_put(p->sql, " ON ");
    put_relation(p, scope, node, place->alias, 0);
    has_some = true;
    if ((node->has_limit && node->limit == 0) || node->offset > 0) {
        sql_text_put(p->sql, " AND 0"); /* of the one row that there may be */
    }
    return put_conditions(p, scope, node, "", &has_some);
}

bool put_joins(struct planner *p, const struct plan_scope *scope, bool is_left)
{
    bool is_done = true;

    for (size_t i = 1; i < scope->places_count && is_done; i++) {
        const struct plan_place *place = &scope->places[i];

        sql_text_nest(p->sql, NEST_JOIN);
        is_done = put_join(p, scope, place, is_left || place->is_left);
        sql_text_unnest(p->sql, NEST_JOIN);
    }
    return is_done;
}

bool put_from(struct planner *p, const struct plan_scope *scope)
{
    const struct plan_node *node = scope->places[0].node;
    bool has_some = false;

    sql_text_put(p->sql, " FROM ");
    put_table(p, node, scope->places[0].alias);
    if (node->relation.junction != NULL) {
        put_junction(p, scope);
    }
    if (!put_joins(p, scope, false)) {
        return false;
    }
    if (scope->outer != NULL) {
        sql_text_put(p->sql, " WHERE ");
        put_relation(p, scope->outer, node, scope->places[0].alias, scope->junction);
        has_some = true;
    }
    return put_conditions(p, scope, node, " WHERE ", &has_some);
}

void put_group(struct planner *p, const struct plan_node *node)
{
    const char *before = " GROUP BY ";

    for (size_t i = 0; i < node->outputs_count; i++) {
        if (!node->outputs[i].is_aggregate) {
            sql_text_put(p->sql, before);
            sql_text_put_number(p->sql, i + 1);
            before = ", ";
        }
    }
}

void put_limit(struct planner *p, uint64_t limit, uint64_t offset)
{
    sql_text_put(p->sql, " LIMIT ");
    (void)sql_text_bind_integer(p->sql, limit > INT64_MAX ? -1 : (int64_t)limit);
    sql_text_put(p->sql, " OFFSET ");
    (void)sql_text_bind_integer(p->sql, offset > INT64_MAX ? INT64_MAX : (int64_t)offset);
}
