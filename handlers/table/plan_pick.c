/*
 * Rows picked first, shown then:
 *
 *     SELECT t0."name", (SELECT gantry_rows(...) ...)
 *     FROM (SELECT t1."id", t1."name" FROM "authors" AS t1 WHERE ... ORDER BY ... LIMIT ...) AS t0
 *     LEFT JOIN ...
 *
 * SQLite computes what a SELECT shows before it sorts: ten of a million rows, and their embeds would
 * be read a million times. And an aggregate function like ours sees its rows in order only if they come
 * in order. So where rows are sorted or counted off and that matters, a subquery picks them, with the
 * columns that are needed outside. SQLite keeps their order: it merges no subquery with OFFSET, nor one
 * with ORDER BY into an aggregate, and the spreads outside are LEFT JOINs, which stand behind it.
 */
#include "handlers/table/plan_internal.h"

#define NEST_PICK 6 /* FROM tables "(" SELECT distinct columns */

static void use_field(const struct plan_node *node, const struct plan_output *output, bool *used)
{
    if (output->what == PLAN_VALUE && output->owner == node) {
        used[output->field.column - node->table->columns] = true;
    }
}

static void use_relation(const struct plan_node *node, const struct relation *relation, bool *used)
{
    for (size_t i = 0; i < relation->from_count; i++) {
        const struct schema_column *column =
            schema_find_column(node->table, str_of(relation->from_columns[i]));

        if (column != NULL) {
            used[column - node->table->columns] = true;
        }
    }
}

/* The columns that outputs and joins of node's rows are made of. */
static bool put_columns(struct planner *p, const struct plan_node *node, unsigned alias,
                        const struct plan_output *outputs, size_t outputs_count)
{
    bool *used = plan_alloc(p, node->table->columns_count, sizeof(*used));
    const char *before = "";

    if (used == NULL) {
        return false;
    }
    for (size_t i = 0; i < outputs_count; i++) {
        use_field(node, &outputs[i], used);
    }
    for (size_t i = 0; i < node->children_count; i++) {
        use_relation(node, &node->children[i].relation, used);
    }
    for (size_t i = 0; i < node->table->columns_count; i++) {
        if (used[i]) {
            sql_text_put(p->sql, before);
            sql_text_column(p->sql, alias, node->table->columns[i].name);
            before = ", ";
        }
    }
    sql_text_put(p->sql, before[0] == '\0' ? "1" : "");
    return true;
}

bool put_picked(struct planner *p, const struct plan_scope *scope,
                const struct plan_output *outputs, size_t outputs_count,
                const struct plan_bounds *bounds)
{
    const struct plan_node *node = scope->places[0].node;
    struct plan_scope inner;

    if (!plan_scope_make(p, scope->outer, node, false, &inner)) {
        return false;
    }
    sql_text_put(p->sql, " FROM (SELECT ");
    sql_text_nest(p->sql, NEST_PICK);
    if (!put_columns(p, node, inner.places[0].alias, outputs, outputs_count) ||
        !put_from(p, &inner) || !put_order(p, &inner, node)) {
        return false;
    }
    if (bounds->is_bounded) {
        put_limit(p, bounds->limit, bounds->offset);
    }
    sql_text_unnest(p->sql, NEST_PICK);
    sql_text_put(p->sql, ") AS ");
    sql_text_alias(p->sql, scope->places[0].alias);
    return put_joins(p, scope, true);
}
