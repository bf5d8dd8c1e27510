/*
 * What an upsert recognizes a row by: the primary key, or the unique index that ?on_conflict= names the
 * columns of, in any order. Views and virtual tables have neither: what is written there is new.
 */
#include "handlers/table/plan_internal.h"

static bool refuse_column(struct planner *p, const struct schema_table *table, struct str name)
{
    const char *nearest = plan_nearest_column(table, name, p->arena);

    (void)fault_set(p->fault, p->arena, 400, "42703", "column \"%.*s\" does not exist",
                    (int)name.size, name.at);
    if (nearest != NULL) {
        fault_hint(p->fault, p->arena, "Perhaps you meant to reference the column \"%s.%s\".",
                   table->name, nearest);
    }
    return false;
}

static bool add_column(struct planner *p, const struct schema_table *table, struct str name,
                       const struct schema_column **columns, size_t *count)
{
    const struct schema_column *column = schema_find_column(table, name);

    if (column == NULL) {
        return refuse_column(p, table, name);
    }
    if (!plan_key_has(&(struct plan_targets){columns, *count}, column)) {
        columns[(*count)++] = column;
    }
    return true;
}

static bool is_key(const struct schema_table *table, const struct schema_unique *unique,
                   const struct plan_targets *columns)
{
    if (unique->columns_count != columns->count) {
        return false;
    }
    for (size_t i = 0; i < unique->columns_count; i++) {
        if (!plan_key_has(columns, schema_find_column(table, str_of(unique->columns[i])))) {
            return false;
        }
    }
    return true;
}

/* The columns that on_conflict names, each once. */
static bool find_named(struct planner *p, const struct plan_change *change,
                       struct plan_targets *ret)
{
    const struct schema_table *table = change->table;
    const struct schema_column **columns =
        plan_alloc(p, table->columns_count, sizeof(*columns)); /* at most all of them */
    size_t count = 0;

    if (columns == NULL) {
        return false;
    }
    for (size_t i = 0; i < change->on_conflict_count; i++) {
        if (!add_column(p, table, change->on_conflict[i], columns, &count)) {
            return false;
        }
    }
    *ret = (struct plan_targets){.columns = columns, .count = count};
    for (size_t i = 0; i < table->uniques_count && table->table_kind == SCHEMA_TABLE; i++) {
        if (is_key(table, &table->uniques[i], ret)) {
            return true;
        }
    }
    (void)fault_set(
        p->fault, p->arena, 400, "42P10",
        "there is no unique or exclusion constraint matching the ON CONFLICT specification");
    fault_hint(p->fault, p->arena,
               "on_conflict names all columns of one primary key or UNIQUE constraint.");
    return false;
}

static bool find_primary(struct planner *p, const struct schema_table *table,
                         struct plan_targets *ret)
{
    bool has_key = table->table_kind == SCHEMA_TABLE && table->uniques_count > 0 &&
                   table->uniques[0].is_primary;
    size_t most = has_key ? table->uniques[0].columns_count : 0;
    const struct schema_column **columns = plan_alloc(p, most, sizeof(*columns));
    size_t count = 0;

    if (columns == NULL) {
        return false;
    }
    for (size_t i = 0; i < most; i++) {
        if (!add_column(p, table, str_of(table->uniques[0].columns[i]), columns, &count)) {
            return false;
        }
    }
    *ret = (struct plan_targets){.columns = columns, .count = count};
    return true;
}

bool plan_key_find(struct planner *p, const struct plan_change *change, struct plan_targets *ret)
{
    return change->on_conflict_count > 0 ? find_named(p, change, ret)
                                         : find_primary(p, change->table, ret);
}

bool plan_key_has(const struct plan_targets *key, const struct schema_column *column)
{
    for (size_t i = 0; i < key->count; i++) {
        if (key->columns[i] == column) {
            return true;
        }
    }
    return false;
}

/* --- is there one? -------------------------------------------------------------------------------- */

#define NEST_EXISTS                                                                                \
    20 /* SELECT EXISTS "(" SELECT distinct columns FROM tables WHERE condition AND */

static void put_row_exists(struct planner *p, const struct schema_table *table,
                           const struct plan_targets *key)
{
    if (key->count == 0) {
        sql_text_put(p->sql, "SELECT 0 AS \"exists\"");
        return;
    }
    sql_text_put(p->sql, "SELECT EXISTS (SELECT 1 FROM ");
    sql_text_name(p->sql, table->name);
    sql_text_put(p->sql, " AS t0");
    for (size_t i = 0; i < key->count; i++) {
        sql_text_put(p->sql, i == 0 ? " WHERE " : " AND ");
        sql_text_column(p->sql, 0, key->columns[i]->name);
        sql_text_put(p->sql, " = ");
        put_parameter(p);
    }
    sql_text_put(p->sql, ") AS \"exists\"");
}

bool plan_exists(const struct plan_change *change, struct arena *arena,
                 struct plan_targets *ret_key, struct plan_statement *ret, struct fault *fault)
{
    struct planner p = {.arena = arena, .fault = fault};
    struct plan_targets key;
    struct sql_text sql;

    if (!plan_add_table(&p, change->table->name) || !plan_key_find(&p, change, &key)) {
        return false;
    }
    plan_sql_begin(&p, &sql, NEST_EXISTS);
    put_row_exists(&p, change->table, &key);
    if (!plan_statement_end(&p, true, ret)) {
        return false;
    }
    *ret_key = key;
    return true;
}
