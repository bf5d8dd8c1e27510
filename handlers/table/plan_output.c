/*
 * What a level shows: its items, with stars written out and to-one spreads lifted into it, each with
 * the name and the kind it has in the answer. The outputs of a level are made once; where it is
 * shown several times (the arrays of a to-many spread) they are used several times.
 */
#include <stdio.h>

#include "handlers/table/plan_internal.h"

#define OUTPUTS_MAX 2000 /* columns of a SELECT: SQLITE_LIMIT_COLUMN */

struct outputs {
    struct plan_output *at;
    size_t count;
    size_t capacity;
};

/* Return: the new one, cleared; NULL with *p->fault. */
static struct plan_output *add(struct planner *p, struct outputs *outputs)
{
    if (outputs->count == OUTPUTS_MAX) {
        (void)fault_set(p->fault, p->arena, 400, "54011", "a row can have at most %d columns",
                        OUTPUTS_MAX);
        return NULL;
    }
    if (outputs->count == outputs->capacity) {
        size_t capacity = outputs->capacity == 0 ? 8 : outputs->capacity * 2;
        struct plan_output *at = plan_alloc(p, capacity, sizeof(*at));

        if (at == NULL) {
            return NULL;
        }
        for (size_t i = 0; i < outputs->count; i++) {
            at[i] = outputs->at[i];
        }
        outputs->at = at;
        outputs->capacity = capacity;
    }
    return &outputs->at[outputs->count++];
}

static enum row_cell_kind cell_kind(enum schema_kind kind)
{
    if (kind == SCHEMA_BOOLEAN) {
        return ROW_CELL_BOOLEAN;
    }
    return kind == SCHEMA_JSON || kind == SCHEMA_ARRAY ? ROW_CELL_JSON : ROW_CELL_PLAIN;
}

static bool add_star(struct planner *p, const struct plan_node *node, struct outputs *outputs)
{
    for (size_t i = 0; i < node->table->columns_count; i++) {
        const struct schema_column *column = &node->table->columns[i];
        struct plan_output *output = add(p, outputs);

        if (output == NULL) {
            return false;
        }
        *output = (struct plan_output){
            .what = PLAN_VALUE,
            .cell = {.name = str_of(column->name), .kind = cell_kind(column->kind)},
            .owner = node,
            .field = {.column = column},
        };
    }
    return true;
}

/* --- casts and aggregates ----------------------------------------------------------------------- */

/* gantry_cast's name of a type. NULL: there is nothing to convert. */
static const char *cast_name(enum schema_kind kind)
{
    switch (kind) {
    case SCHEMA_INTEGER:
        return "integer";
    case SCHEMA_REAL:
    case SCHEMA_NUMERIC:
        return "number";
    case SCHEMA_TEXT:
        return "text";
    case SCHEMA_BOOLEAN:
        return "boolean";
    case SCHEMA_JSON:
    case SCHEMA_ARRAY:
        return "json";
    case SCHEMA_ANY:
    case SCHEMA_BLOB:
        break;
    }
    return NULL;
}

/* What gantry_cast has to know of where the value is from; NULL: nothing. */
static const char *cast_from(enum schema_kind kind, enum schema_kind to)
{
    if (kind == SCHEMA_BOOLEAN) {
        return "boolean";
    }
    return kind == SCHEMA_NUMERIC && to == SCHEMA_INTEGER ? "numeric" : NULL;
}

/* *kind: before the cast, then after it. */
static bool find_cast(struct planner *p, struct str type, enum schema_kind *kind,
                      const char **ret_cast, const char **ret_from)
{
    enum schema_kind to;

    if (type.at == NULL) {
        return true;
    }
    if (!literal_type(type, p->arena, &to, p->fault)) {
        return false;
    }
    *ret_cast = cast_name(to);
    *ret_from = cast_from(*kind, to);
    *kind = to;
    return true;
}

static const char *aggregate_name(enum tree_aggregate aggregate)
{
    switch (aggregate) {
    case TREE_SUM:
        return "sum";
    case TREE_AVG:
        return "avg";
    case TREE_COUNT:
        return "count";
    case TREE_MAX:
        return "max";
    case TREE_MIN:
        return "min";
    case TREE_NO_AGGREGATE:
        break;
    }
    return NULL;
}

static bool allow_aggregate(struct planner *p)
{
    return p->conf->has_aggregates || fault_set(p->fault, p->arena, 400, "PGRST123",
                                                "Use of aggregate functions is not allowed");
}

/* *kind: of what is aggregated, then of the aggregate. SQLite would call the sum of words 0. */
static bool check_aggregate(struct planner *p, enum tree_aggregate aggregate,
                            enum schema_kind *kind)
{
    bool is_number = *kind == SCHEMA_ANY || *kind == SCHEMA_INTEGER || *kind == SCHEMA_REAL ||
                     *kind == SCHEMA_NUMERIC;

    if (aggregate == TREE_MAX || aggregate == TREE_MIN) {
        return true;
    }
    if (aggregate != TREE_COUNT && !is_number) {
        return fault_set(p->fault, p->arena, 404, "42883", "function %s(%s) does not exist",
                         aggregate_name(aggregate), plan_kind_name(*kind));
    }
    if (aggregate == TREE_COUNT) {
        *kind = SCHEMA_INTEGER;
    } else if (*kind != SCHEMA_REAL) {
        *kind = SCHEMA_NUMERIC;
    }
    return true;
}

/*
 * Money is added up as doubles here, and 43.620000000000005 is not what a sum of NUMERIC(10,2) is: the
 * places after the point. Only of what a double holds exactly.
 */
static unsigned sum_scale(const struct plan_output *output)
{
    const struct schema_column *column = output->field.column;
    unsigned precision;
    unsigned scale;

    if (output->aggregate != TREE_SUM || output->cast != NULL || output->field.path.at != NULL ||
        column->kind != SCHEMA_NUMERIC ||
        sscanf(column->type, "%*[A-Za-z ](%3u ,%3u", &precision, &scale) != 2) {
        return 0;
    }
    return precision <= 15 && scale <= precision ? scale : 0;
}

/* --- items -------------------------------------------------------------------------------------- */

/* The alias, the aggregate's name, the last key of the path, the column's name. */
static struct str shown_name(const struct tree_item *item, const char *column)
{
    if (item->alias.at != NULL) {
        return item->alias;
    }
    if (item->aggregate != TREE_NO_AGGREGATE) {
        return str_of(aggregate_name(item->aggregate));
    }
    for (size_t i = item->field.steps_count; i > 0; i--) {
        if (!item->field.steps[i - 1].is_index) {
            return item->field.steps[i - 1].key;
        }
    }
    return str_of(column);
}

static bool add_count(struct planner *p, const struct plan_node *node, const struct tree_item *item,
                      struct outputs *outputs)
{
    struct plan_output *output = add(p, outputs);
    enum schema_kind kind = SCHEMA_INTEGER;

    if (output == NULL) {
        return false;
    }
    *output = (struct plan_output){.what = PLAN_COUNT, .owner = node, .is_aggregate = true};
    if (!find_cast(p, item->aggregate_cast, &kind, &output->aggregate_cast,
                   &output->aggregate_cast_from)) {
        return false;
    }
    output->cell.name = item->alias.at != NULL ? item->alias : STR("count");
    output->cell.kind = cell_kind(kind);
    return true;
}

/* embed(count): what PostgREST's clients wrote before there were aggregates. */
static bool is_count_of_old(const struct plan_node *node, const struct tree_item *item)
{
    return str_equal(item->field.name, STR("count")) && item->field.steps_count == 0 &&
           item->aggregate == TREE_NO_AGGREGATE &&
           schema_find_column(node->table, STR("count")) == NULL;
}

static bool add_value(struct planner *p, const struct plan_node *node, const struct tree_item *item,
                      struct outputs *outputs)
{
    struct plan_output *output;
    enum schema_kind kind;

    if (is_count_of_old(node, item)) {
        return add_count(p, node, item, outputs);
    }
    output = add(p, outputs);
    if (output == NULL) {
        return false;
    }
    *output = (struct plan_output){.what = PLAN_VALUE, .owner = node, .aggregate = item->aggregate};
    output->is_aggregate = item->aggregate != TREE_NO_AGGREGATE;
    if (!plan_field_find(p, node->table, &item->field, &output->field)) {
        return false;
    }
    kind = plan_field_kind(&output->field);
    if (!find_cast(p, item->cast, &kind, &output->cast, &output->cast_from)) {
        return false;
    }
    if (output->is_aggregate &&
        (!allow_aggregate(p) || !check_aggregate(p, item->aggregate, &kind))) {
        return false;
    }
    if (!find_cast(p, item->aggregate_cast, &kind, &output->aggregate_cast,
                   &output->aggregate_cast_from)) {
        return false;
    }
    output->scale = sum_scale(output);
    output->cell.name = shown_name(item, output->field.column->name);
    output->cell.kind = cell_kind(kind);
    return true;
}

static bool add_embed(struct planner *p, const struct plan_node *node,
                      const struct plan_node *child, struct outputs *outputs)
{
    struct plan_output *output;

    if (child->item->items_count == 0) {
        return true; /* embed(): only for its conditions */
    }
    output = add(p, outputs);
    if (output == NULL) {
        return false;
    }
    *output = (struct plan_output){
        .what = PLAN_EMBED,
        .cell = {.name = plan_node_name(child), .kind = ROW_CELL_RAW},
        .owner = node,
        .node = child,
    };
    return true;
}

static bool add_spread(struct planner *p, const struct plan_node *node,
                       const struct plan_node *child, struct outputs *outputs)
{
    for (size_t i = 0; i < child->outputs_count; i++) {
        const struct plan_output *element = &child->outputs[i];
        struct plan_output *output = add(p, outputs);

        if (output == NULL) {
            return false;
        }
        if (plan_node_is_to_one(child)) {
            *output = *element;
            continue;
        }
        if (element->is_aggregate) {
            (void)fault_set(p->fault, p->arena, 400, "PGRST127", "Feature not implemented");
            fault_details(
                p->fault, p->arena,
                "Aggregates are not implemented for one-to-many or many-to-many spreads.");
            return false;
        }
        *output = (struct plan_output){
            .what = PLAN_ARRAY,
            .cell = {.name = element->cell.name, .kind = ROW_CELL_RAW},
            .owner = node,
            .node = child,
            .element = element,
        };
    }
    return true;
}

static bool add_item(struct planner *p, const struct plan_node *node, const struct tree_item *item,
                     const struct plan_node **child, struct outputs *outputs)
{
    switch (item->kind) {
    case TREE_STAR:
        return add_star(p, node, outputs);
    case TREE_FIELD:
        return add_value(p, node, item, outputs);
    case TREE_COUNT_ALL:
        return allow_aggregate(p) && add_count(p, node, item, outputs);
    case TREE_EMBED:
        return add_embed(p, node, (*child)++, outputs);
    case TREE_SPREAD:
        return add_spread(p, node, (*child)++, outputs);
    }
    return true;
}

static bool make(struct planner *p, struct plan_node *node, const struct tree_item *items,
                 size_t items_count)
{
    const struct plan_node *child = node->children;
    struct outputs outputs = {0};
    size_t aggregates = 0;

    for (size_t i = 0; i < node->children_count; i++) {
        struct plan_node *below = &node->children[i];

        if (!make(p, below, below->item->items, below->item->items_count)) {
            return false;
        }
    }
    for (size_t i = 0; i < items_count; i++) {
        if (!add_item(p, node, &items[i], &child, &outputs)) {
            return false;
        }
    }
    for (size_t i = 0; i < outputs.count; i++) {
        aggregates += outputs.at[i].is_aggregate;
    }
    node->outputs = outputs.at;
    node->outputs_count = outputs.count;
    node->is_grouped = aggregates > 0;
    node->is_one_row = aggregates > 0 && aggregates == outputs.count;
    return true;
}

bool plan_outputs_make(struct planner *p, struct plan_node *root, const struct tree *tree)
{
    return make(p, root, tree->items, tree->items_count);
}
