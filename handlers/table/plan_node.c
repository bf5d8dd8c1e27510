/*
 * The levels of a request, looked up: which table each embed is, and what was asked of it. A level
 * is named by its alias, by what was written as its target, or by its table; the first embed that
 * fits is meant.
 */
#include "handlers/table/plan_internal.h"

#include <string.h>

static bool is_embed(const struct tree_item *item)
{
    return item->kind == TREE_EMBED || item->kind == TREE_SPREAD;
}

static bool find_target(struct planner *p, const struct plan_node *parent,
                        const struct tree_item *item, struct plan_node *ret)
{
    *ret = (struct plan_node){.item = item, .parent = parent};
    if (!relation_find(&p->conf->scope, parent->table, item->target, item->hint, p->arena,
                       &ret->relation, p->fault)) {
        return false;
    }
    ret->table = ret->relation.to;
    return plan_add_table(p, ret->table->name) &&
           (ret->relation.junction == NULL || plan_add_table(p, ret->relation.junction->name));
}

/* Recursion as deep as the parser's bound. */
static bool make_children(struct planner *p, struct plan_node *node, const struct tree_item *items,
                          size_t items_count)
{
    size_t count = 0;

    for (size_t i = 0; i < items_count; i++) {
        count += is_embed(&items[i]);
    }
    node->children = plan_alloc(p, count, sizeof(*node->children));
    if (node->children == NULL) {
        return false;
    }
    for (size_t i = 0; i < items_count; i++) {
        struct plan_node *child = &node->children[node->children_count];

        if (is_embed(&items[i])) {
            if (!find_target(p, node, &items[i], child) ||
                !make_children(p, child, items[i].items, items[i].items_count)) {
                return false;
            }
            node->children_count++;
        }
    }
    return true;
}

static struct plan_node *find_child(const struct plan_node *node, struct str name)
{
    for (size_t i = 0; i < node->children_count; i++) {
        if (str_equal(plan_node_name(&node->children[i]), name)) {
            return &node->children[i];
        }
    }
    for (size_t i = 0; i < node->children_count; i++) {
        struct plan_node *child = &node->children[i];

        if (str_equal(child->item->target, name) || str_equal(str_of(child->table->name), name)) {
            return child;
        }
    }
    return NULL;
}

const struct plan_node *plan_node_find(const struct plan_node *node, struct str name)
{
    return find_child(node, name);
}

static struct plan_node *find_level(struct planner *p, const struct tree_level *level)
{
    struct plan_node *node = &p->root;

    for (size_t i = 0; i < level->path_count; i++) {
        struct str name = level->path[i];

        node = find_child(node, name);
        if (node == NULL) {
            (void)fault_set(p->fault, p->arena, 400, "PGRST108",
                            "'%.*s' is not an embedded resource in this request", (int)name.size,
                            name.at);
            fault_hint(p->fault, p->arena,
                       "Verify that '%.*s' is included in the 'select' query parameter.",
                       (int)name.size, name.at);
            return NULL;
        }
    }
    return node;
}

static bool add_level(struct planner *p, struct plan_node *node, const struct tree_level *level)
{
    const struct tree_level **levels = plan_alloc(p, node->levels_count + 1, sizeof(*levels));

    if (levels == NULL) {
        return false;
    }
    if (level->has_limit && level->limit < 0) {
        return plan_refuse_limit(p->arena, p->fault);
    }
    if (node->levels_count > 0) {
        memcpy(levels, node->levels, node->levels_count * sizeof(*levels));
    }
    levels[node->levels_count++] = level;
    node->levels = levels;
    if (level->order_count > 0) {
        node->order = level->order;
        node->order_count = level->order_count;
    }
    if (level->has_limit) {
        node->has_limit = true;
        node->limit = level->limit;
    }
    if (level->offset > 0) {
        node->offset = level->offset;
    }
    return true;
}

bool plan_nodes_make(struct planner *p, const struct tree *tree)
{
    p->root = (struct plan_node){.table = p->source->table};
    if (!plan_add_table(p, p->root.table->name) ||
        !make_children(p, &p->root, tree->items, tree->items_count)) {
        return false;
    }
    for (size_t i = 0; i < tree->levels_count; i++) {
        struct plan_node *node = find_level(p, &tree->levels[i]);

        if (node == NULL || !add_level(p, node, &tree->levels[i])) {
            return false;
        }
    }
    return true;
}
