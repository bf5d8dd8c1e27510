/*
 * UPDATE and DELETE of the rows that filters let through:
 *
 *     UPDATE "t" AS t0 SET "a" = ?1 WHERE t0."id" = ?2 RETURNING "id", "a"
 *     DELETE FROM "t" AS t0 WHERE t0."id" = ?1 RETURNING "id", "a"
 *
 * A view's rows SQLite reads first, by a SELECT of its own that has the conditions but knows no alias, so
 * there the view's name stands instead. And of an UPDATE it returns nothing but NULL for columns that
 * neither SET nor a trigger names: so SET names all of them.
 */
#include "handlers/table/plan_internal.h"

#define NEST_WRITE 12 /* UPDATE name alias SET columns FROM WHERE, and what stands around it */

static void put_table(struct planner *p, const struct schema_table *table)
{
    sql_text_name(p->sql, table->name);
    if (table->is_view) {
        sql_text_name_first(p->sql, table->name);
    } else {
        sql_text_put(p->sql, " AS t0");
    }
}

static void put_same(struct planner *p, const char *before, const struct schema_column *column)
{
    sql_text_put(p->sql, before);
    sql_text_name(p->sql, column->name);
    sql_text_put(p->sql, " = ");
    sql_text_name(p->sql, column->name);
}

static void put_set(struct planner *p, const struct plan_change *change,
                    const struct plan_targets *targets)
{
    const struct schema_table *table = change->table;
    const char *before = " SET ";

    for (size_t i = 0; i < targets->count; i++) {
        sql_text_put(p->sql, before);
        sql_text_name(p->sql, targets->columns[i]->name);
        sql_text_put(p->sql, " = ");
        put_parameter(p);
        before = ", ";
    }
    for (size_t i = 0; i < table->columns_count; i++) {
        const struct schema_column *column = &table->columns[i];
        bool is_first = targets->count == 0 && before[0] == ' ' && !column->is_generated;
        bool is_shown = table->is_view && change->wants_rows && !plan_key_has(targets, column);

        if (is_first || is_shown) {
            put_same(p, before, column);
            before = ", ";
        }
    }
}

/* WHERE; first: what it begins with. */
static bool put_where(struct planner *p, const struct plan_change *change, const struct tree *tree,
                      bool is_none)
{
    const struct tree_level *own = &tree->levels[0];
    struct plan_scope scope;
    bool has_some = is_none;

    p->root.levels = &own;
    p->root.levels_count = 1;
    sql_text_put(p->sql, is_none ? " WHERE 0" : "");
    if (!plan_scope_make(p, NULL, &p->root, false, &scope) ||
        !put_conditions(p, &scope, &p->root, " WHERE ", &has_some)) {
        return false;
    }
    p->root.levels = NULL; /* own goes out of scope */
    p->root.levels_count = 0;
    put_returning(p, change);
    return true;
}

static bool put_update(struct planner *p, const struct plan_change *change,
                       const struct plan_targets *targets, const struct tree *tree)
{
    sql_text_put(p->sql, "UPDATE ");
    put_table(p, change->table);
    put_set(p, change, targets);
    return put_where(p, change, tree, targets->count == 0);
}

static bool put_delete(struct planner *p, const struct plan_change *change, const struct tree *tree)
{
    sql_text_put(p->sql, "DELETE FROM ");
    put_table(p, change->table);
    return put_where(p, change, tree, false);
}

static bool begin(struct planner *p, const struct plan_change *change, struct sql_text *sql)
{
    if (change->table->table_kind == SCHEMA_VIRTUAL && change->wants_rows) {
        (void)fault_set(p->fault, p->arena, 400, "PGRST127", "Feature not implemented");
        fault_details(p->fault, p->arena,
                      "Rows of a virtual table that are updated or deleted cannot be returned.");
        return false;
    }
    if (!plan_add_table(p, change->table->name)) {
        return false;
    }
    plan_sql_begin(p, sql, NEST_WRITE);
    return true;
}

bool plan_update(const struct plan_conf *conf, const struct plan_change *change,
                 const struct plan_targets *targets, const struct tree *tree, struct arena *arena,
                 struct plan_statement *ret, struct fault *fault)
{
    const struct plan_source source = {.table = change->table};
    struct planner p = {.conf = conf,
                        .source = &source,
                        .arena = arena,
                        .fault = fault,
                        .root = {.table = change->table}};
    struct sql_text sql;

    return begin(&p, change, &sql) &&
           plan_statement_end(&p, put_update(&p, change, targets, tree), ret);
}

bool plan_delete(const struct plan_conf *conf, const struct plan_change *change,
                 const struct tree *tree, struct arena *arena, struct plan_statement *ret,
                 struct fault *fault)
{
    const struct plan_source source = {.table = change->table};
    struct planner p = {.conf = conf,
                        .source = &source,
                        .arena = arena,
                        .fault = fault,
                        .root = {.table = change->table}};
    struct sql_text sql;

    return begin(&p, change, &sql) && plan_statement_end(&p, put_delete(&p, change, tree), ret);
}
