/*
 * What can be done to a view, and where its columns come from.
 *
 * SQLite tells the origin of a result's column as a column of a table, through any number of views.
 * It does so for a compound SELECT, too (then it names one of several origins), and for a subquery
 * in the place of a column. So a view with UNION, INTERSECT or EXCEPT anywhere in its text gets no
 * origins, nor does a column that is a subquery; and none does a view that names such a view. That
 * errs on the safe side, for instance where the word stands in a subquery of its WHERE.
 */
#include "storage/schema_build.h"
#include "storage/sql_token.h"
#include "storage/sqlite_schema_read.h"
#include "storage/view_text.h"

/* A view until its origins are read. */
struct open_view {
    struct schema_table *view;
    struct str sql; /* its CREATE VIEW, in scratch */
    struct view_text text;
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
    struct open_view *open = schema_list_add(&r->views, sizeof(*open));
    char *copy = arena_copy(&r->scratch, sql);

    if (open == NULL || copy == NULL) {
        return SQLITE_NOMEM;
    }
    *open = (struct open_view){.view = view, .sql = {copy, sql.size}};
    view_text_read(open->sql, &open->text);
    return SQLITE_OK;
}

/* --- vague views: who names one has no origins --------------------------------------------- */

/* Does the token name a view that is known to be vague? *ret_code: NOMEM. */
static bool names_vague(struct schema_read *r, struct sql_token token, const bool *is_vague,
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
    return table != NULL && is_vague[table - r->schema.tables];
}

/* Does a view other than itself that is vague appear in its text? */
static bool is_over_vague(struct schema_read *r, struct str sql, const bool *is_vague,
                          int *ret_code)
{
    struct sql_token token;
    bool found = false;

    do { /* CREATE VIEW name, perhaps (columns), AS: a name without quotes cannot be AS */
        token = sql_token_next(&sql);
    } while (token.kind != SQL_END && !sql_token_is_word(token, "AS"));
    *ret_code = SQLITE_OK;
    while (token.kind != SQL_END && !found && *ret_code == SQLITE_OK) {
        found = sql_token_is_name(token) && names_vague(r, token, is_vague, ret_code);
        token = sql_token_next(&sql);
    }
    return found;
}

static struct open_view *open_views(struct schema_read *r)
{
    return (struct open_view *)(void *)r->views.at;
}

/* Mark one more generation of views over vague ones as opaque, and so as vague. */
static int mark_over_vague(struct schema_read *r, bool *is_vague, bool *ret_is_new)
{
    int code = SQLITE_OK;

    *ret_is_new = false;
    for (size_t i = 0; i < r->views.count && code == SQLITE_OK; i++) {
        struct open_view *open = &open_views(r)[i];

        if (!open->text.is_opaque && is_over_vague(r, open->sql, is_vague, &code)) {
            open->text.is_opaque = true;
            is_vague[open->view - r->schema.tables] = true;
            *ret_is_new = true;
        }
    }
    return code;
}

/* Until nothing is added: views may name views in any order. */
static int find_opaque(struct schema_read *r)
{
    size_t size = (r->schema.tables_count + 1) * sizeof(bool);
    bool *is_vague = arena_alloc(&r->scratch, size);
    bool is_new = false;
    int code = SQLITE_OK;

    if (is_vague == NULL) {
        return SQLITE_NOMEM;
    }
    memset(is_vague, 0, size);
    for (size_t i = 0; i < r->views.count; i++) {
        const struct open_view *open = &open_views(r)[i];
        bool is_one = open->text.is_opaque || open->text.subqueries > 0;

        is_vague[open->view - r->schema.tables] = is_one;
        is_new = is_new || is_one;
    }
    while (is_new && code == SQLITE_OK) {
        code = mark_over_vague(r, is_vague, &is_new);
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

/*
 * Where its columns come from, and whether it calls what is volatile. A view whose columns are known but
 * that does not prepare stays: its reader learns the reason.
 */
static int read_meaning(struct schema_read *r, const struct open_view *open)
{
    struct schema_table *view = open->view;
    struct schema_column *columns = (struct schema_column *)(uintptr_t)view->columns;
    char *sql = sqlite3_mprintf("SELECT * FROM main.\"%w\"", view->name);
    sqlite3_stmt *query = NULL;
    int code;

    if (sql == NULL) {
        return SQLITE_NOMEM;
    }
    *r->has_volatile = false;
    code = sqlite3_prepare_v2(r->handle, sql, -1, &query, NULL);
    view->is_volatile = *r->has_volatile;
    if (code == SQLITE_OK && !open->text.is_opaque &&
        (size_t)sqlite3_column_count(query) == view->columns_count) {
        for (size_t i = 0; i < view->columns_count; i++) {
            if (!view_text_is_subquery(&open->text, i, view->columns_count)) {
                set_origin(r, query, (int)i, &columns[i]);
            }
        }
        code = sqlite3_errcode(r->handle) == SQLITE_NOMEM ? SQLITE_NOMEM : SQLITE_OK;
    }
    (void)sqlite3_finalize(query); /* never stepped */
    sqlite3_free(sql);
    return (code & 0xff) == SQLITE_ERROR ? SQLITE_OK : code;
}

int schema_read_origins(struct schema_read *r)
{
    int code = find_opaque(r);

    for (size_t i = 0; i < r->views.count && code == SQLITE_OK; i++) {
        const struct open_view *open = &open_views(r)[i];
        struct schema_column *columns = (struct schema_column *)(uintptr_t)open->view->columns;

        code = read_meaning(r, open);
        for (size_t at = 0; at < open->view->columns_count; at++) {
            forget_affinity(&columns[at]);
        }
    }
    return code;
}
