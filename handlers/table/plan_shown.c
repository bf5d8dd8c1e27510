/*
 * The read that shows what was written: plan_read() with the rows of a set as its source.
 *
 *     WITH "source" AS (WITH RECURSIVE "n"(i) AS (... one row per row of the set ...)
 *         SELECT i AS "place", gantry_value(:rows, i, 0) AS "id", ... FROM "n") SELECT ...
 *
 * As with PostgREST the filters of the table's own level have had their say, and limit and offset have no
 * effect: what was written is shown, all of it.
 */
#include <string.h>

#include "handlers/table/plan_internal.h"
#include "storage/row_set.h"

/* The tree without what chooses rows of the table itself. */
static bool without_choice(struct planner *p, const struct tree *tree, struct tree *ret)
{
    struct tree_level *levels = plan_alloc(p, tree->levels_count, sizeof(*levels));

    if (levels == NULL) {
        return false;
    }
    memcpy(levels, tree->levels, tree->levels_count * sizeof(*levels));
    levels[0] = (struct tree_level){.path = tree->levels[0].path,
                                    .order = tree->levels[0].order,
                                    .order_count = tree->levels[0].order_count};
    *ret = *tree;
    ret->levels = levels;
    return true;
}

/* A name for the column that counts the rows, which the table does not have. */
static const char *place_name(struct planner *p, const struct schema_table *table)
{
    size_t size = strlen("place");
    char *name = plan_alloc(p, size + table->columns_count, 1); /* one of so many is free */

    if (name == NULL) {
        return NULL;
    }
    memcpy(name, "place", size);
    while (schema_find_column(table, str_of(name)) != NULL) {
        name[size++] = '_';
    }
    return name;
}

static void put_rows(struct planner *p, const struct plan_source *source)
{
    sql_text_put(p->sql, "WITH RECURSIVE ");
    sql_text_name(p->sql, source->counter);
    sql_text_put(p->sql, "(i) AS (SELECT 0 WHERE :count > 0 UNION ALL SELECT i + 1 FROM ");
    sql_text_name(p->sql, source->counter);
    sql_text_put(p->sql, " WHERE i + 1 < :count) SELECT i AS ");
    sql_text_name(p->sql, source->place);
    for (size_t i = 0; i < source->table->columns_count; i++) {
        sql_text_put(p->sql, ", gantry_value(:rows, i, ");
        sql_text_put_number(p->sql, i);
        sql_text_put(p->sql, ") AS ");
        sql_text_name(p->sql, source->table->columns[i].name);
    }
    sql_text_put(p->sql, " FROM ");
    sql_text_name(p->sql, source->counter);
}

/* In the order of :count and :rows. */
static struct value *make_values(struct planner *p, const struct row_set *rows)
{
    struct value *values = plan_alloc(p, 2, sizeof(*values));

    if (values != NULL) {
        values[0] = (struct value){.type = VALUE_INTEGER, .integer = (int64_t)rows->rows};
        values[1] = (struct value){.type = VALUE_ROWS, .rows = rows};
    }
    return values;
}

static bool make_source(struct planner *p, const struct schema_table *table,
                        const struct row_set *rows, struct plan_source *ret)
{
    struct sql_text text;
    struct plan_sql sql;

    *ret = (struct plan_source){
        .table = table,
        .values = make_values(p, rows),
        .values_count = 2,
        .place = place_name(p, table),
        .counter = plan_free_name(p->conf->scope.schema, "n", p->arena, p->fault),
    };
    if (ret->values == NULL || ret->place == NULL || ret->counter == NULL) {
        return false;
    }
    plan_sql_begin(p, &text, 0);
    put_rows(p, ret);
    if (!plan_sql_end(p, true, &sql)) {
        return false;
    }
    ret->sql = sql.text;
    return true;
}

bool plan_shown(const struct plan_conf *conf, const struct schema_table *table,
                const struct row_set *rows, const struct tree *tree, const struct plan_ask *ask,
                struct arena *arena, struct plan *ret, struct fault *fault)
{
    struct planner p = {.conf = conf, .arena = arena, .fault = fault};
    struct plan_conf unbounded = *conf;
    struct plan_ask all = *ask;
    struct plan_source source;
    struct tree shown;

    unbounded.rows_max = 0;
    all.range_first = 0;
    all.range_limit = UINT64_MAX;
    return make_source(&p, table, rows, &source) && without_choice(&p, tree, &shown) &&
           plan_read(&unbounded, &source, &shown, &all, arena, ret, fault);
}

bool plan_source_of_rows(const struct plan_conf *conf, const struct schema_table *table,
                         const struct row_set *rows, struct arena *arena, struct plan_source *ret,
                         struct fault *fault)
{
    struct planner p = {.conf = conf, .arena = arena, .fault = fault};

    return make_source(&p, table, rows, ret);
}
