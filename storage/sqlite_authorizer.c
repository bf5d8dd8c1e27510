/*
 * What SQL may not do here, whoever wrote it: reach other files, end our transactions, change how
 * the connection works, load code.
 *
 * SQLite asks while it prepares, and again when it prepares anew after a schema change, so the
 * authorizer stays installed. Statements of our own pass because is_ours is set while they run.
 * The first refusal leaves its reason in c->denied, which then is the error's text.
 *
 * A statement that a plan made (query->tables) may also touch nothing that the plan did not name. That
 * is a second lock on the door: the names in its SQL come from the schema, never from a client.
 */
#include <stdio.h>
#include <string.h>

#include "storage/sqlite_internal.h"

/* PRAGMAs that only read. page_size and data_version are asked for by FTS and R*Tree tables. */
static const struct {
    const char *name;
    bool takes_argument; /* without: an argument would be an assignment */
} pragmas[] = {
    {"schema_version", false},  {"data_version", false}, {"page_size", false},
    {"table_info", true},       {"table_xinfo", true},   {"table_list", true},
    {"index_list", true},       {"index_info", true},    {"index_xinfo", true},
    {"foreign_key_list", true},
};

static bool is_harmless_pragma(const char *name, const char *argument)
{
    for (size_t i = 0; i < ARRAY_LENGTH(pragmas); i++) {
        if (sqlite3_stricmp(pragmas[i].name, name) == 0) {
            return pragmas[i].takes_argument || argument == NULL;
        }
    }
    return false;
}

static int deny(struct connection *c, const char *what, const char *why)
{
    (void)snprintf(c->denied, sizeof(c->denied), "%.60s is not allowed%s", what, why); /* cut */
    return SQLITE_DENY;
}

static bool is_listed(const struct query *q, const char *table)
{
    for (size_t i = 0; i < q->tables_count; i++) {
        if (sqlite3_stricmp(q->tables[i], table) == 0) {
            return true;
        }
    }
    return false;
}

/* Is it a virtual table that may work now? On a writer any may: triggers write to them. */
static bool is_at_work(const struct connection *c, const struct schema_table *table)
{
    return table->table_kind == SCHEMA_VIRTUAL &&
           (c->kind == CONNECTION_WRITER || is_listed(c->query, table->name));
}

/*
 * Is it a table in which a virtual table keeps its content? Their modules read and write them by
 * statements of their own. The schema snapshot knows no such tables, so an ordinary one that is called
 * like that is none.
 */
static bool is_shadow(const struct connection *c, const struct schema *schema, const char *table)
{
    if (schema_find(schema, str_of(table)) != NULL) {
        return false;
    }
    for (size_t i = 0; i < schema->tables_count; i++) {
        size_t size = strlen(schema->tables[i].name);

        if (is_at_work(c, &schema->tables[i]) &&
            sqlite3_strnicmp(schema->tables[i].name, table, (int)size) == 0 && table[size] == '_') {
            return true;
        }
    }
    return false;
}

/* Is it the table that an FTS5 table indexes (content=)? It reads the rows that it finds there. */
static bool is_indexed(const struct connection *c, const struct schema *schema, const char *table)
{
    for (size_t i = 0; i < schema->tables_count; i++) {
        const struct schema_table *index = &schema->tables[i];

        if (index->is_fts && index->fts_content != NULL && is_at_work(c, index) &&
            sqlite3_stricmp(index->fts_content, table) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Do foreign keys lead there? SQLite looks for the parents of what is written and for the children of
 * what is gone, whom ON DELETE and ON UPDATE may change in turn; and it does not say that it does so for
 * a key. Where triggers and keys work together it may have come from a table that is not listed: so any
 * table counts that has a key, or is read for one.
 */
static bool is_tied(const struct connection *c, const struct schema *schema, int action,
                    const char *name)
{
    const struct schema_table *table = schema_find(schema, str_of(name));

    if (c->kind != CONNECTION_WRITER || table == NULL || action == SQLITE_INSERT) {
        return false;
    }
    if (table->keys_count > 0) {
        return true;
    }
    for (size_t i = 0; i < schema->tables_count && action == SQLITE_READ; i++) {
        for (size_t k = 0; k < schema->tables[i].keys_count; k++) {
            if (sqlite3_stricmp(schema->tables[i].keys[k].target, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool has_view(const struct query *q, const struct schema *schema)
{
    for (size_t i = 0; i < q->tables_count; i++) {
        const struct schema_table *table = schema_find(schema, str_of(q->tables[i]));

        if (table != NULL && table->is_view) {
            return true;
        }
    }
    return false;
}

/* Is it a view or a trigger that asks, which were made by who made the schema? within may also be the
 * name that the plan's own SQL gives to a subquery. Only a writer fires triggers. */
static bool is_of_schema(struct connection *c, const struct schema *schema, const char *within)
{
    const struct schema_table *table;

    if (within == NULL || c->kind == CONNECTION_WRITER) {
        return within != NULL;
    }
    table = schema_find(schema, str_of(within));
    return table != NULL && table->is_view;
}

/* The schema that a plan is made for: a change may have found one that nobody else knows. Gives. */
static const struct schema *schema_of_plans(struct connection *c)
{
    if (!c->has_inner_schema) {
        return schema_get(c->db);
    }
    schema_ref(c->schema);
    return c->schema;
}

/*
 * A table that the plan did not list: perhaps because it did not have to. Without a column it is asked
 * for where nothing but its rowid or the number of its rows counts, and then SQLite does not say that
 * it is a view that asks.
 */
static bool is_implied(struct connection *c, int action, const char *table, const char *column,
                       const char *within)
{
    const struct schema *schema = schema_of_plans(c);
    bool is_nameless = column != NULL && column[0] == '\0';
    bool is_implied =
        schema != NULL && (is_of_schema(c, schema, within) || is_shadow(c, schema, table) ||
                           is_indexed(c, schema, table) || is_tied(c, schema, action, table) ||
                           (is_nameless && has_view(c->query, schema)));

    schema_unref(schema);
    return is_implied;
}

/* A virtual table is declared by writing a row to sqlite_master: SQLite keeps everybody else away. */
static bool is_declaration(int action, const char *table, const char *column)
{
    return sqlite3_stricmp(table, "sqlite_master") == 0 &&
           (action != SQLITE_READ || sqlite3_stricmp(column, "ROWID") == 0);
}

static int authorize_table(struct connection *c, int action, const char *table, const char *column,
                           const char *within)
{
    char what[64];

    if (c->query == NULL || c->query->tables == NULL || is_listed(c->query, table) ||
        is_declaration(action, table, column) || is_implied(c, action, table, column, within)) {
        return SQLITE_OK;
    }
    (void)snprintf(what, sizeof(what), "\"%s\"", table); /* cut is fine */
    return deny(c, what, ": the plan did not name it");
}

/*
 * Does the function depend on more than its arguments and what is stored? Of those of date and time it
 * is not told whether they look at the clock, so it is said of all.
 */
static bool is_volatile(const char *name)
{
    static const char *const names[] = {
        "changes",  "current_date", "current_time", "current_timestamp", "date",
        "datetime", "julianday",    "random",       "randomblob",        "last_insert_rowid",
        "strftime", "time",         "timediff",     "total_changes",     "unixepoch",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (sqlite3_stricmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int authorize_function(struct connection *c, const char *name)
{
    bool is_planned = c->query != NULL && (c->query->tables != NULL || c->query->is_planned);
    char what[64];

    if (sqlite3_stricmp(name, "load_extension") == 0 ||
        sqlite3_stricmp(name, "fts3_tokenizer") == 0 ||
        (!is_planned && sqlite3_strnicmp(name, "gantry_", 7) == 0)) {
        (void)snprintf(what, sizeof(what), "%s()", name); /* cut is fine */
        return deny(c, what, "");
    }
    return SQLITE_OK;
}

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *within)
{
    struct connection *c = context;
    char what[64];

    (void)database;
    if (action == SQLITE_FUNCTION && is_volatile(second)) {
        c->has_volatile = true;
    }
    if (c->is_ours) {
        return SQLITE_OK;
    }
    switch (action) {
    case SQLITE_ATTACH:
        return deny(c, "ATTACH", ": a connection sees one file only");
    case SQLITE_DETACH:
        return deny(c, "DETACH", ": a connection sees one file only");
    case SQLITE_TRANSACTION:
        return deny(c, first, ": every statement runs in a transaction of its own");
    case SQLITE_SAVEPOINT:
        return deny(c, "SAVEPOINT", ": every statement runs in a transaction of its own");
    case SQLITE_PRAGMA:
        if (is_harmless_pragma(first, second)) {
            return SQLITE_OK;
        }
        (void)snprintf(what, sizeof(what), "PRAGMA %s", first); /* cut is fine */
        return deny(c, what, ": only PRAGMAs that read the schema are");
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
        return deny(c, "TEMP", ": it would exist on one connection only");
    case SQLITE_FUNCTION:
        return authorize_function(c, second);
    case SQLITE_READ:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        return authorize_table(c, action, first, second, within);
    default:
        return SQLITE_OK;
    }
}

void authorizer_install(struct connection *c)
{
    (void)sqlite3_set_authorizer(c->handle, authorize, c); /* fails only without a handle */
}
