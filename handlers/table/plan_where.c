/*
 * Conditions: and, or, not, and what the embeds of a level demand of it.
 */
#include "handlers/table/plan_internal.h"

#define FLAT_MAX   64 /* a AND b AND ... is as deep as it is long, and SQLite bounds the depth */
#define NEST_GROUP 3  /* condition AND "(" */
#define NEST_NOT   2  /* NOT "(" */

void put_and(struct planner *p, const char *first, bool *has_some)
{
    sql_text_put(p->sql, *has_some ? " AND " : first);
    *has_some = true;
}

static bool put_condition(struct planner *p, const struct plan_scope *scope,
                          const struct plan_node *node, const struct tree_condition *condition);

/* Joined by " AND " or " OR "; long lists as a balanced tree. */
static bool put_list(struct planner *p, const struct plan_scope *scope,
                     const struct plan_node *node, const struct tree_condition *conditions,
                     size_t count, const char *joint)
{
    size_t half = count / 2;

    if (count > FLAT_MAX) {
        bool is_done;

        sql_text_put(p->sql, "(");
        sql_text_nest(p->sql, 1);
        is_done = put_list(p, scope, node, conditions, half, joint);
        sql_text_put(p->sql, joint);
        is_done = is_done && put_list(p, scope, node, conditions + half, count - half, joint);
        sql_text_unnest(p->sql, 1);
        sql_text_put(p->sql, ")");
        return is_done;
    }
    for (size_t i = 0; i < count; i++) {
        sql_text_put(p->sql, i == 0 ? "" : joint);
        if (!put_condition(p, scope, node, &conditions[i])) {
            return false;
        }
    }
    return true;
}

static bool put_group_of(struct planner *p, const struct plan_scope *scope,
                         const struct plan_node *node, const struct tree_condition *condition)
{
    const char *joint = condition->kind == TREE_AND ? " AND " : " OR ";
    bool has_parentheses = condition->children_count > 1 && !condition->is_negated;
    bool is_done;

    sql_text_nest(p->sql, NEST_GROUP);
    sql_text_put(p->sql, has_parentheses ? "(" : "");
    is_done = put_list(p, scope, node, condition->children, condition->children_count, joint);
    sql_text_put(p->sql, has_parentheses ? ")" : "");
    sql_text_unnest(p->sql, NEST_GROUP);
    return is_done;
}

/* embed=is.null, embed=not.is.null: are there rows of it, by its own conditions? What select calls
 * the embed goes before a column of that name, and a column before the embed's target or table. */
static const struct plan_node *find_embed(const struct plan_node *node,
                                          const struct tree_condition *condition)
{
    const struct plan_node *embed;

    if (condition->op != TREE_IS || condition->field.steps_count > 0 ||
        (condition->is != TREE_IS_NULL && condition->is != TREE_IS_NOT_NULL)) {
        return NULL;
    }
    embed = plan_node_find(node, condition->field.name);
    if (embed != NULL && !str_equal(plan_node_name(embed), condition->field.name) &&
        schema_find_column(node->table, condition->field.name) != NULL) {
        return NULL;
    }
    return embed;
}

static bool put_condition(struct planner *p, const struct plan_scope *scope,
                          const struct plan_node *node, const struct tree_condition *condition)
{
    bool is_compare = condition->kind == TREE_COMPARE;
    const struct plan_node *embed = is_compare ? find_embed(node, condition) : NULL;
    bool is_done;

    if (!plan_goes_on(p)) {
        return false;
    }
    if (embed != NULL) {
        bool is_null = condition->is == TREE_IS_NULL;

        return put_exists(p, scope, embed, is_null != condition->is_negated);
    }
    if (condition->is_negated) {
        sql_text_put(p->sql, "NOT (");
        sql_text_nest(p->sql, NEST_NOT);
        p->negations++;
    }
    is_done = is_compare ? put_compare(p, scope, node, condition)
                         : put_group_of(p, scope, node, condition);
    if (condition->is_negated) {
        p->negations--;
        sql_text_unnest(p->sql, NEST_NOT);
        sql_text_put(p->sql, ")");
    }
    return is_done;
}

/* Does a JOIN see to it already? */
static bool is_needed(const struct plan_scope *scope, const struct plan_node *child)
{
    const struct plan_place *place = plan_scope_place(scope, child);

    return plan_node_is_inner(child) && (place == NULL || place->is_left);
}

bool put_conditions(struct planner *p, const struct plan_scope *scope, const struct plan_node *node,
                    const char *first, bool *has_some)
{
    for (size_t i = 0; i < node->levels_count; i++) {
        const struct tree_level *level = node->levels[i];

        if (level->conditions_count > 0) {
            put_and(p, first, has_some);
            if (!put_list(p, scope, node, level->conditions, level->conditions_count, " AND ")) {
                return false;
            }
        }
    }
    for (size_t i = 0; i < node->children_count; i++) {
        if (is_needed(scope, &node->children[i])) {
            put_and(p, first, has_some);
            if (!put_exists(p, scope, &node->children[i], false)) {
                return false;
            }
        }
    }
    return true;
}
