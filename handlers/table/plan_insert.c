/*
 * INSERT of one row, and what is to happen if its key is there already:
 *
 *     INSERT INTO "t" AS t0("id", "a") VALUES (?1, ?2) ON CONFLICT("id") DO UPDATE SET "a" = excluded."a"
 *     RETURNING "id", "a", "b"
 *
 * The alias keeps a table apart that is called excluded.
 */
#include "handlers/table/plan_internal.h"

#define NEST_INSERT                                                                                \
    16 /* INSERT INTO name columns VALUES "(" ... ON CONFLICT "(" ... DO UPDATE SET */

static void put_row(struct planner *p, const struct plan_targets *targets)
{
    if (targets->count == 0) {
        sql_text_put(p->sql, " DEFAULT VALUES");
        return;
    }
    for (size_t i = 0; i < targets->count; i++) {
        sql_text_put(p->sql, i == 0 ? "(" : ", ");
        sql_text_name(p->sql, targets->columns[i]->name);
    }
    for (size_t i = 0; i < targets->count; i++) {
        sql_text_put(p->sql, i == 0 ? ") VALUES (" : ", ");
        put_parameter(p);
    }
    sql_text_put(p->sql, ")");
}

/* A column of the table itself: a key may be unique and generated. */
static const struct schema_column *stored_column(const struct schema_table *table)
{
    for (size_t i = 0; i < table->columns_count; i++) {
        if (!table->columns[i].is_generated) {
            return &table->columns[i];
        }
    }
    return &table->columns[0]; /* SQLite makes no such table */
}

/* The columns that are set, but for the key: it is the same already. Without any the row is written as
 * it is, so that it is returned. */
static void put_merge(struct planner *p, const struct schema_table *table,
                      const struct plan_targets *targets, const struct plan_targets *key)
{
    const char *before = " DO UPDATE SET ";
    size_t count = 0;

    for (size_t i = 0; i < targets->count; i++) {
        if (!plan_key_has(key, targets->columns[i])) {
            sql_text_put(p->sql, count++ == 0 ? before : ", ");
            sql_text_name(p->sql, targets->columns[i]->name);
            sql_text_put(p->sql, " = excluded.");
            sql_text_name(p->sql, targets->columns[i]->name);
        }
    }
    if (count == 0) {
        const struct schema_column *same =
            key->columns[0]->is_generated ? stored_column(table) : key->columns[0];

        sql_text_put(p->sql, before);
        sql_text_name(p->sql, same->name);
        sql_text_put(p->sql, " = ");
        sql_text_column(p->sql, 0, same->name);
    }
}

static bool put_conflict(struct planner *p, const struct plan_change *change,
                         const struct plan_targets *targets)
{
    struct plan_targets key;

    if (change->conflict == PLAN_CONFLICT_FAILS) {
        return true;
    }
    if (!plan_key_find(p, change, &key)) {
        return false;
    }
    if (key.count == 0 ||
        targets->count == 0) { /* nothing to hit; DEFAULT VALUES takes no clause */
        return true;
    }
    for (size_t i = 0; i < key.count; i++) {
        sql_text_put(p->sql, i == 0 ? " ON CONFLICT(" : ", ");
        sql_text_name(p->sql, key.columns[i]->name);
    }
    sql_text_put(p->sql, ")");
    if (change->conflict == PLAN_CONFLICT_IGNORES) {
        sql_text_put(p->sql, " DO NOTHING");
    } else {
        put_merge(p, change->table, targets, &key);
    }
    return true;
}

static bool put_insert(struct planner *p, const struct plan_change *change,
                       const struct plan_targets *targets)
{
    sql_text_put(p->sql, "INSERT INTO ");
    sql_text_name(p->sql, change->table->name);
    sql_text_put(p->sql, " AS t0");
    put_row(p, targets);
    if (!put_conflict(p, change, targets)) {
        return false;
    }
    put_returning(p, change);
    return true;
}

bool plan_insert(const struct plan_change *change, const struct plan_targets *targets,
                 struct arena *arena, struct plan_statement *ret, struct fault *fault)
{
    struct planner p = {.arena = arena, .fault = fault};
    struct sql_text sql;

    if (!plan_add_table(&p, change->table->name)) {
        return false;
    }
    plan_sql_begin(&p, &sql, NEST_INSERT);
    return plan_statement_end(&p, put_insert(&p, change, targets), ret);
}
