/*
 * ORDER BY. PostgreSQL holds NULL for the largest value, SQLite for the smallest, so the place of
 * NULLs is written; but not of a column that has none, because then an index may serve several terms.
 */
#include "handlers/table/plan_internal.h"

#define TERMS_MAX 1000 /* each is two columns at most, of 2000: SQLITE_LIMIT_COLUMN */
#define NEST_TERM 12   /* SELECT distinct columns FROM WHERE GROUP HAVING ORDER BY terms */

static bool has_nulls(const struct planner *p, const struct plan_node *node,
                      const struct plan_field *field)
{
    const struct schema_column *column = field->column;
    bool is_key = column->key_place > 0 && !node->table->is_view;

    if (field->path.at != NULL || plan_key_function(plan_field_kind(field)) != NULL ||
        (node == &p->root && p->source->sql != NULL)) {
        return true;
    }
    if (column == node->table->rowid || (is_key && !node->table->has_rowid)) {
        return false; /* the rowid itself, or a WITHOUT ROWID table's key */
    }
    return !column->is_not_null;
}

bool plan_is_by_rowid(const struct plan_node *node)
{
    const struct schema_column *rowid = node->table->rowid;
    const struct tree_order *order = node->order;

    return rowid != NULL && node->order_count == 1 && order->embed.at == NULL &&
           order->field.steps_count == 0 &&
           schema_find_column(node->table, order->field.name) == rowid;
}

/* Behind a term. */
static void put_direction(struct planner *p, const struct tree_order *order, bool can_be_null)
{
    bool is_first = order->nulls == TREE_NULLS_DEFAULT ? order->is_descending
                                                       : order->nulls == TREE_NULLS_FIRST;

    sql_text_put(p->sql, order->is_descending ? " DESC" : "");
    if (can_be_null && is_first == order->is_descending) {
        sql_text_put(p->sql, is_first ? " NULLS FIRST" : " NULLS LAST");
    }
}

static bool is_same(const struct plan_field *a, const struct plan_field *b)
{
    return a->column == b->column && a->is_text == b->is_text && str_equal(a->path, b->path);
}

/* Of groups only what they are grouped by can be told. */
static bool check_group(struct planner *p, const struct plan_node *node,
                        const struct plan_node *owner, const struct plan_field *field)
{
    for (size_t i = 0; i < node->outputs_count; i++) {
        const struct plan_output *output = &node->outputs[i];

        if (output->what == PLAN_VALUE && !output->is_aggregate && output->cast == NULL &&
            output->owner == owner && is_same(&output->field, field)) {
            return true;
        }
    }
    return fault_set(p->fault, p->arena, 400, "42803",
                     "column \"%s.%s\" must appear in the GROUP BY clause or be used in an"
                     " aggregate function",
                     owner->table->name, field->column->name);
}

/* order=embed(field), of a to-one embed that is not spread (that would be joined): its one row is
 * looked up, as it is shown. */
static bool put_related_value(struct planner *p, const struct plan_scope *scope,
                              const struct plan_node *node, const struct plan_field *field)
{
    struct plan_scope inner;

    if (!plan_scope_make(p, scope, node, false, &inner)) {
        return false;
    }
    sql_text_put(p->sql, "(SELECT ");
    put_key(p, inner.places[0].alias, field);
    if (!put_from(p, &inner)) {
        return false;
    }
    if (node->offset > 0 || (node->has_limit && node->limit == 0)) {
        put_limit(p, node->has_limit && node->limit == 0 ? 0 : 1, (uint64_t)node->offset);
        sql_text_put(p->sql, ")");
    } else {
        sql_text_put(p->sql, " LIMIT 1)");
    }
    return true;
}

static bool put_related_term(struct planner *p, const struct plan_scope *scope,
                             const struct plan_node *node, const struct tree_order *order)
{
    const struct plan_node *related = plan_node_find(node, order->embed);
    struct plan_field field;

    if (related == NULL) {
        (void)fault_set(p->fault, p->arena, 400, "PGRST108",
                        "'%.*s' is not an embedded resource in this request",
                        (int)order->embed.size, order->embed.at);
        fault_hint(p->fault, p->arena,
                   "Verify that '%.*s' is included in the 'select' query parameter.",
                   (int)order->embed.size, order->embed.at);
        return false;
    }
    if (!plan_node_is_to_one(related)) {
        (void)fault_set(p->fault, p->arena, 400, "PGRST118",
                        "A related order on '%.*s' is not possible", (int)order->embed.size,
                        order->embed.at);
        fault_details(p->fault, p->arena,
                      "'%s' and '%.*s' do not form a many-to-one or one-to-one relationship",
                      node->table->name, (int)order->embed.size, order->embed.at);
        return false;
    }
    if (!plan_field_find(p, related->table, &order->field, &field) ||
        (node->is_grouped && !check_group(p, node, related, &field))) {
        return false;
    }
    if (plan_scope_place(scope, related) != NULL) {
        put_key(p, plan_scope_alias(scope, related), &field);
        put_direction(p, order, true);
        return true;
    }
    if (!put_related_value(p, scope, related, &field)) {
        return false;
    }
    put_direction(p, order, true);
    return true;
}

static bool put_term(struct planner *p, const struct plan_scope *scope,
                     const struct plan_node *node, const struct tree_order *order)
{
    struct plan_field field;

    if (order->embed.at != NULL) {
        return put_related_term(p, scope, node, order);
    }
    if (!plan_field_find(p, node->table, &order->field, &field) ||
        (node->is_grouped && !check_group(p, node, node, &field))) {
        return false;
    }
    put_key(p, plan_scope_alias(scope, node), &field);
    put_direction(p, order, has_nulls(p, node, &field));
    return true;
}

/* Could SQLite begin with another table than the level's own? */
static bool is_reordered(const struct plan_scope *scope, const struct plan_node *node)
{
    for (size_t i = 1; i < scope->places_count; i++) {
        if (!scope->places[i].is_left) {
            return true;
        }
    }
    for (size_t i = 0; i < node->children_count; i++) {
        if (plan_node_is_inner(&node->children[i])) {
            return true;
        }
    }
    return false;
}

/* Rows in memory, in the order in which they lie there. They come so by themselves where nothing is joined. */
static void put_place(struct planner *p, const struct plan_scope *scope,
                      const struct plan_node *node)
{
    bool is_source = node == &p->root && p->source->place != NULL && !node->is_grouped &&
                     node->order_count < TERMS_MAX;

    if (is_source && (node->order_count > 0 || is_reordered(scope, node))) {
        sql_text_put(p->sql, node->order_count > 0 ? ", " : " ORDER BY ");
        sql_text_column(p->sql, plan_scope_alias(scope, node), p->source->place);
    }
}

bool put_order(struct planner *p, const struct plan_scope *scope, const struct plan_node *node)
{
    if (node->order_count > TERMS_MAX) {
        return fault_set(p->fault, p->arena, 400, "54011", "an order can have at most %d terms",
                         TERMS_MAX);
    }
    for (size_t i = 0; i < node->order_count; i++) {
        sql_text_put(p->sql, i == 0 ? " ORDER BY " : ", ");
        sql_text_nest(p->sql, NEST_TERM);
        if (!put_term(p, scope, node, &node->order[i]) || !plan_goes_on(p)) {
            return false;
        }
        sql_text_unnest(p->sql, NEST_TERM);
    }
    put_place(p, scope, node);
    return true;
}
