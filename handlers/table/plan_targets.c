/*
 * The columns that a write sets, as they are named by a body or by ?columns=; and what all writing
 * statements have in common: parameters for values that come later, RETURNING.
 */
#include <string.h>

#include "handlers/table/plan_internal.h"

static bool refuse_unknown(const struct schema_table *table, struct str name, struct arena *arena,
                           struct fault *fault)
{
    const char *nearest = plan_nearest_column(table, name, arena);

    (void)fault_set(fault, arena, 400, "PGRST204",
                    "Could not find the '%.*s' column of '%s' in the schema cache", (int)name.size,
                    name.at, table->name);
    if (nearest != NULL) {
        fault_hint(fault, arena, "Perhaps you meant the column '%s'", nearest);
    }
    return false;
}

/* is_set: of all columns of the table, those that are targets already. Return: NULL with *fault. */
static const struct schema_column *find_target(const struct schema_table *table, struct str name,
                                               bool is_insert, bool *is_set, struct arena *arena,
                                               struct fault *fault)
{
    const struct schema_column *column = schema_find_column(table, name);

    if (column == NULL) {
        (void)refuse_unknown(table, name, arena, fault);
        return NULL;
    }
    if (column->is_generated) {
        (void)fault_set(fault, arena, 400, "428C9",
                        is_insert ? "cannot insert a non-DEFAULT value into column \"%s\""
                                  : "column \"%s\" can only be updated to DEFAULT",
                        column->name);
        fault_details(fault, arena, "Column \"%s\" is a generated column.", column->name);
        return NULL;
    }
    if (is_set[column - table->columns]) {
        (void)fault_set(fault, arena, 400, "42701", "column \"%s\" specified more than once",
                        column->name);
        return NULL;
    }
    is_set[column - table->columns] = true;
    return column;
}

bool plan_targets(const struct schema_table *table, bool is_insert, const struct str *names,
                  size_t names_count, struct arena *arena, struct plan_targets *ret,
                  struct fault *fault)
{
    size_t most = names_count < table->columns_count ? names_count : table->columns_count;
    const struct schema_column **columns = arena_alloc(arena, (most + 1) * sizeof(*columns));
    bool *is_set = arena_alloc(arena, table->columns_count + 1);

    if (columns == NULL || is_set == NULL) {
        return fault_no_memory(fault);
    }
    memset(is_set, 0, table->columns_count + 1);
    for (size_t i = 0; i < names_count; i++) { /* one more than there are columns is refused */
        const struct schema_column *column =
            find_target(table, names[i], is_insert, is_set, arena, fault);

        if (column == NULL) {
            return false;
        }
        columns[i] = column;
    }
    *ret = (struct plan_targets){.columns = columns, .count = names_count};
    return true;
}

/* --- what writing statements share ---------------------------------------------------------------- */

void put_parameter(struct planner *p)
{
    (void)sql_text_bind(p->sql, (struct value){.type = VALUE_NULL}); /* they are in order */
}

/* Without an alias: SQLite knows none there. */
void put_returning(struct planner *p, const struct plan_change *change)
{
    for (size_t i = 0; i < change->table->columns_count && change->wants_rows; i++) {
        sql_text_put(p->sql, i == 0 ? " RETURNING " : ", ");
        sql_text_name(p->sql, change->table->columns[i].name);
    }
}

bool plan_statement_end(struct planner *p, bool is_done, struct plan_statement *ret)
{
    struct plan_sql sql;
    struct value *values;

    if (!plan_sql_end(p, is_done, &sql)) {
        return false;
    }
    values = plan_alloc(p, sql.values_count, sizeof(*values));
    if (values == NULL) {
        return false;
    }
    if (sql.values_count > 0) {
        memcpy(values, sql.values, sql.values_count * sizeof(*values));
    }
    *ret = (struct plan_statement){
        .text = sql.text,
        .values = values,
        .values_count = sql.values_count,
        .tables = p->tables,
        .tables_count = p->tables_count,
    };
    return true;
}
