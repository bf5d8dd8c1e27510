/*
 * The tables and views of a database with their columns, by SQLite's table-valued PRAGMAs.
 *
 * A view whose tables are gone, or a virtual table whose module is missing, cannot be described: it
 * is left out, and the rest of the database is served.
 */
#include <stdlib.h>

#include "storage/sqlite_schema_read.h"

#define COLUMN_HIDDEN 1 /* table_xinfo: 1 hidden in a virtual table, 2 and 3 generated */

/* gantry_idempotency is ours: handlers/idempotency.h */
static const char tables_sql[] = "SELECT name, type, wr FROM pragma_table_list"
                                 " WHERE schema = 'main' AND type IN ('table', 'view', 'virtual')"
                                 " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                                 " AND name <> 'gantry_idempotency'";

static const char columns_sql[] = "SELECT name, type, \"notnull\", pk, hidden, dflt_value"
                                  " FROM pragma_table_xinfo(?1, 'main')";

char *schema_read_text(sqlite3_stmt *from, int column, struct arena *arena)
{
    const void *at = sqlite3_column_text(from, column);
    size_t size = (size_t)sqlite3_column_bytes(from, column);

    return at == NULL ? NULL : arena_copy(arena, (struct str){at, size});
}

static int add_column(sqlite3_stmt *from, struct schema_list *columns, struct arena *arena)
{
    struct schema_column *column;

    if (sqlite3_column_int(from, 4) == COLUMN_HIDDEN) {
        return SQLITE_OK;
    }
    column = schema_list_add(columns, sizeof(*column));
    if (column == NULL) {
        return SQLITE_NOMEM;
    }
    *column = (struct schema_column){
        .name = schema_read_text(from, 0, arena),
        .type = sqlite3_column_type(from, 1) == SQLITE_NULL ? "" : schema_read_text(from, 1, arena),
        .is_not_null = sqlite3_column_int(from, 2) != 0,
        .key_place = (unsigned)sqlite3_column_int(from, 3),
        .is_generated = sqlite3_column_int(from, 4) > COLUMN_HIDDEN,
        .default_sql = schema_read_text(from, 5, arena),
    };
    if (column->name == NULL || column->type == NULL ||
        (column->default_sql == NULL && sqlite3_column_type(from, 5) != SQLITE_NULL)) {
        return SQLITE_NOMEM;
    }
    column->kind = schema_kind_of(column->type, &column->element);
    return SQLITE_OK;
}

/* The key's column of the lowest place behind that one. NULL: none. */
static struct schema_column *next_in_key(struct schema_column *columns, size_t count,
                                         unsigned behind)
{
    struct schema_column *next = NULL;

    for (size_t i = 0; i < count; i++) {
        unsigned place = columns[i].key_place;

        if (place > behind && (next == NULL || place < next->key_place)) {
            next = &columns[i];
        }
    }
    return next;
}

/* A column that PRIMARY KEY(a, a, b) names twice is counted twice: close the gaps. */
static void number_key(struct schema_column *columns, size_t count)
{
    struct schema_column *column = next_in_key(columns, count, 0);

    for (unsigned place = 1; column != NULL; place++) {
        unsigned before = column->key_place;

        column->key_place = place;
        column = next_in_key(columns, count, before);
    }
}

/* The columns of one table. SQLITE_ERROR: it cannot be described. */
static int read_columns(struct schema_read *r, struct schema_table *table)
{
    struct schema_list columns = {0};
    struct schema_column *moved;
    int code = sqlite3_bind_text(r->columns, 1, table->name, -1, SQLITE_STATIC);

    while (code == SQLITE_OK) {
        code = sqlite3_step(r->columns);
        if (code == SQLITE_ROW) {
            code = add_column(r->columns, &columns, r->arena);
        }
    }
    (void)sqlite3_reset(r->columns);          /* repeats the failure of the last step */
    (void)sqlite3_clear_bindings(r->columns); /* cannot fail */
    if (code == SQLITE_DONE) {
        moved = schema_list_move(&columns, sizeof(*moved), r->arena);
        code = moved == NULL ? SQLITE_NOMEM : SQLITE_OK;
        if (moved != NULL) {
            number_key(moved, columns.count);
        }
        table->columns = moved;
        table->columns_count = columns.count;
    }
    schema_list_fini(&columns);
    return code;
}

static enum schema_table_kind kind_of(const char *type)
{
    return strcmp(type, "view") == 0      ? SCHEMA_VIEW
           : strcmp(type, "virtual") == 0 ? SCHEMA_VIRTUAL
                                          : SCHEMA_TABLE;
}

static int add_table(struct schema_read *r, sqlite3_stmt *from, struct schema_list *tables)
{
    const char *type = (const char *)sqlite3_column_text(from, 1);
    struct schema_table table = {.name = schema_read_text(from, 0, r->arena)};
    struct schema_table *place;
    int code;

    if (table.name == NULL || type == NULL) {
        return SQLITE_NOMEM;
    }
    table.table_kind = kind_of(type);
    table.is_view = table.table_kind == SCHEMA_VIEW;
    table.has_rowid = !table.is_view && sqlite3_column_int(from, 2) == 0;
    table.is_insertable = !table.is_view; /* of a view when a trigger is met */
    table.is_updatable = !table.is_view;
    table.is_deletable = !table.is_view;
    code = read_columns(r, &table);
    if ((code & 0xff) == SQLITE_ERROR || (code == SQLITE_OK && table.columns_count == 0)) {
        return SQLITE_OK; /* cannot be described: left out */
    }
    if (code != SQLITE_OK) {
        return code;
    }
    place = schema_list_add(tables, sizeof(*place));
    if (place == NULL) {
        return SQLITE_NOMEM;
    }
    *place = table;
    return SQLITE_OK;
}

static int compare_tables(const void *a, const void *b)
{
    return schema_compare_names(str_of(((const struct schema_table *)a)->name),
                                str_of(((const struct schema_table *)b)->name));
}

static int list_tables(struct schema_read *r, sqlite3_stmt *list)
{
    struct schema_list tables = {0};
    struct schema_table *moved;
    int code = SQLITE_OK;

    while (code == SQLITE_OK) {
        code = sqlite3_step(list);
        if (code == SQLITE_ROW) {
            code = add_table(r, list, &tables);
        }
    }
    if (code == SQLITE_DONE) {
        moved = schema_list_move(&tables, sizeof(*moved), r->arena);
        code = moved == NULL ? SQLITE_NOMEM : SQLITE_OK;
        if (moved != NULL) {
            qsort(moved, tables.count, sizeof(*moved), compare_tables);
            r->schema.tables = moved;
            r->schema.tables_count = tables.count;
        }
    }
    schema_list_fini(&tables);
    return code;
}

int schema_read_tables(struct schema_read *r)
{
    sqlite3_stmt *list = NULL;
    int code = sqlite3_prepare_v2(r->handle, tables_sql, -1, &list, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(r->handle, columns_sql, -1, &r->columns, NULL);
    }
    if (code == SQLITE_OK) {
        code = list_tables(r, list);
    }
    (void)sqlite3_finalize(r->columns); /* repeats an old failure, if any */
    (void)sqlite3_finalize(list);
    r->columns = NULL;
    return code;
}

struct schema_table *schema_read_find(struct schema_read *r, const char *name)
{
    /* the tables are in our arena: only who has the finished snapshot sees them as constant */
    return (struct schema_table *)(uintptr_t)schema_find(&r->schema, str_of(name));
}
