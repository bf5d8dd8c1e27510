/*
 * What is asked of an embed and cannot matter: an order of one row, anything about an embed that
 * shows nothing. It is left out of the statements, but it is refused where it is wrong, as if it
 * were in them: a client that misspells a column should hear of it.
 */
#include "handlers/table/plan_internal.h"

#define NEST_CHECKED 2 /* condition AND */

static bool is_unwritten(const struct plan_node *node)
{
    return node->item != NULL && ((plan_node_is_to_one(node) && node->order_count > 0) ||
                                  (node->outputs_count == 0 && node->levels_count > 0));
}

bool plan_has_unwritten(const struct plan_node *node)
{
    if (is_unwritten(node)) {
        return true;
    }
    for (size_t i = 0; i < node->children_count; i++) {
        if (plan_has_unwritten(&node->children[i])) {
            return true;
        }
    }
    return false;
}

static bool put_level(struct planner *p, const struct plan_node *node)
{
    bool has_some = false;
    struct plan_scope scope;

    return plan_scope_make(p, NULL, node, true, &scope) &&
           put_conditions(p, &scope, node, " WHERE ", &has_some) && put_order(p, &scope, node);
}

bool put_unwritten(struct planner *p, const struct plan_node *node)
{
    sql_text_nest(p->sql, NEST_CHECKED);
    if (is_unwritten(node) && !put_level(p, node)) {
        return false;
    }
    for (size_t i = 0; i < node->children_count; i++) {
        if (!put_unwritten(p, &node->children[i])) {
            return false;
        }
    }
    sql_text_unnest(p->sql, NEST_CHECKED);
    return true;
}
