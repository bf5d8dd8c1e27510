/*
 * What can be done to a view, and where its columns come from.
 *
 * SQLite tells the origin of a result's column as a column of a table, through any number of views.
 * It does so for a compound SELECT, too: then it names one of several origins (the last one's). So a
 * view with UNION, INTERSECT or EXCEPT anywhere in its text, or that names a view which has, gets no
 * origins. That errs on the safe side where the word stands in a subquery of its WHERE.
 */
#include "storage/schema_build.h"
#include "storage/sql_token.h"
#include "storage/sqlite_schema_read.h"

/* A view's CREATE VIEW, in scratch, until the origins are read. */
struct view_text {
    struct schema_table *view;
    struct str sql;
};

/* --- triggers -------------------------------------------------------------------------------- */

/* CREATE TRIGGER name INSTEAD OF INSERT: a view has no triggers but such. */
void schema_read_trigger(struct schema_table *view, struct str sql)
{
    struct sql_token token;

    (void)sql_token_next(&sql); /* CREATE */
    (void)sql_token_next(&sql); /* TRIGGER */
    (void)sql_token_next(&sql); /* its name, */
    token = sql_token_next(&sql);
    if (sql_token_is_sign(token, '.')) { /* or its schema's and its name */
        (void)sql_token_next(&sql);
        token = sql_token_next(&sql);
    }
    if (sql_token_is_word(token, "INSTEAD")) {
        (void)sql_token_next(&sql); /* OF */
        token = sql_token_next(&sql);
    }
    view->is_insertable = view->is_insertable || sql_token_is_word(token, "INSERT");
    view->is_updatable = view->is_updatable || sql_token_is_word(token, "UPDATE");
    view->is_deletable = view->is_deletable || sql_token_is_word(token, "DELETE");
}

int schema_read_view(struct schema_read *r, struct schema_table *view, struct str sql)
{
    struct view_text *text = schema_list_add(&r->views, sizeof(*text));
    char *copy = arena_copy(&r->scratch, sql);

    if (text == NULL || copy == NULL) {
        return SQLITE_NOMEM;
    }
    *text = (struct view_text){.view = view, .sql = {copy, sql.size}};
    return SQLITE_OK;
}

/* --- compound views -------------------------------------------------------------------------- */

static bool is_compound_word(struct sql_token token)
{
    return sql_token_is_word(token, "UNION") || sql_token_is_word(token, "INTERSECT") ||
           sql_token_is_word(token, "EXCEPT");
}

/* Does the token name a view that is known to be compound? *ret_code: NOMEM. */
static bool names_compound(struct schema_read *r, struct sql_token token, const bool *is_compound,
                           int *ret_code)
{
    const struct schema_table *table;
    struct arena arena;
    char first[512];
    const char *name;

    arena_init(&arena, first, sizeof(first), SIZE_MAX);
    name = sql_token_name(token, &arena);
    table = name == NULL ? NULL : schema_read_find(r, name);
    arena_fini(&arena);
    *ret_code = name == NULL ? SQLITE_NOMEM : SQLITE_OK;
    return table != NULL && is_compound[table - r->schema.tables];
}

/* is_compound tells by table what is known so far. */
static bool looks_compound(struct schema_read *r, struct str sql, const bool *is_compound,
                           int *ret_code)
{
    struct sql_token token = sql_token_next(&sql);
    bool found = false;

    *ret_code = SQLITE_OK;
    while (token.kind != SQL_END && !found && *ret_code == SQLITE_OK) {
        found = is_compound_word(token) ||
                (sql_token_is_name(token) && names_compound(r, token, is_compound, ret_code));
        token = sql_token_next(&sql);
    }
    return found;
}

/* Until nothing is added: views may name views in any order. */
static int find_compound(struct schema_read *r, bool *is_compound)
{
    const struct view_text *texts = (const struct view_text *)(const void *)r->views.at;
    bool is_new = true;
    int code = SQLITE_OK;

    while (is_new) {
        is_new = false;
        for (size_t i = 0; i < r->views.count && code == SQLITE_OK; i++) {
            bool *is_known = &is_compound[texts[i].view - r->schema.tables];

            if (!*is_known && looks_compound(r, texts[i].sql, is_compound, &code)) {
                *is_known = true;
                is_new = true;
            }
        }
    }
    return code;
}

/* --- origins --------------------------------------------------------------------------------- */

static void set_origin(struct schema_read *r, sqlite3_stmt *query, int i,
                       struct schema_column *column)
{
    const char *database = sqlite3_column_database_name(query, i);
    const char *table_name = sqlite3_column_table_name(query, i);
    const char *name = sqlite3_column_origin_name(query, i);
    const struct schema_table *table;
    const struct schema_column *origin;

    if (database == NULL || table_name == NULL || name == NULL || strcmp(database, "main") != 0) {
        return; /* an expression */
    }
    table = schema_read_find(r, table_name);
    origin = table == NULL || table->table_kind != SCHEMA_TABLE
                 ? NULL
                 : schema_find_column(table, str_of(name)); /* NULL: a rowid without a name */
    if (origin != NULL) {
        column->origin_table = table->name;
        column->origin_column = origin->name;
    }
}

/* Newer SQLites give the affinity of an expression for its type, which nobody declared. */
static void forget_affinity(struct schema_column *column)
{
    if (column->origin_table == NULL &&
        (strcmp(column->type, "NUM") == 0 || strcmp(column->type, "BLOB") == 0)) {
        column->kind = SCHEMA_ANY;
    }
}

/* A view whose columns are known but that does not prepare stays: its reader learns the reason. */
static int read_origins(struct schema_read *r, struct schema_table *view)
{
    struct schema_column *columns = (struct schema_column *)(uintptr_t)view->columns;
    char *sql = sqlite3_mprintf("SELECT * FROM main.\"%w\"", view->name);
    sqlite3_stmt *query = NULL;
    int code;

    if (sql == NULL) {
        return SQLITE_NOMEM;
    }
    code = sqlite3_prepare_v2(r->handle, sql, -1, &query, NULL);
    if (code == SQLITE_OK && (size_t)sqlite3_column_count(query) == view->columns_count) {
        for (size_t i = 0; i < view->columns_count; i++) {
            set_origin(r, query, (int)i, &columns[i]);
        }
        code = sqlite3_errcode(r->handle) == SQLITE_NOMEM ? SQLITE_NOMEM : SQLITE_OK;
    }
    (void)sqlite3_finalize(query); /* never stepped */
    sqlite3_free(sql);
    return (code & 0xff) == SQLITE_ERROR ? SQLITE_OK : code;
}

static int read_all_origins(struct schema_read *r, const bool *is_compound)
{
    const struct view_text *texts = (const struct view_text *)(const void *)r->views.at;
    int code = SQLITE_OK;

    for (size_t i = 0; i < r->views.count && code == SQLITE_OK; i++) {
        struct schema_table *view = texts[i].view;
        struct schema_column *columns = (struct schema_column *)(uintptr_t)view->columns;

        if (!is_compound[view - r->schema.tables]) {
            code = read_origins(r, view);
        }
        for (size_t at = 0; at < view->columns_count; at++) {
            forget_affinity(&columns[at]);
        }
    }
    return code;
}

int schema_read_origins(struct schema_read *r)
{
    size_t size = (r->schema.tables_count + 1) * sizeof(bool);
    bool *is_compound = arena_alloc(&r->scratch, size);
    int code;

    if (is_compound == NULL) {
        return SQLITE_NOMEM;
    }
    memset(is_compound, 0, size);
    code = find_compound(r, is_compound);
    return code == SQLITE_OK ? read_all_origins(r, is_compound) : code;
}
