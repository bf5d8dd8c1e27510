/*
 * What SQL may not do here, whoever wrote it: reach other files, end our transactions, change how
 * the connection works, load code.
 *
 * SQLite asks while it prepares, and again when it prepares anew after a schema change, so the
 * authorizer stays installed. Statements of our own pass because is_ours is set while they run.
 * The first refusal leaves its reason in c->denied, which then is the error's text.
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

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    struct connection *c = context;
    char what[64];

    (void)database;
    (void)trigger;
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
        if (sqlite3_stricmp(second, "load_extension") == 0 ||
            sqlite3_stricmp(second, "fts3_tokenizer") == 0) {
            (void)snprintf(what, sizeof(what), "%s()", second); /* fits */
            return deny(c, what, "");
        }
        return SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

void authorizer_install(struct connection *c)
{
    (void)sqlite3_set_authorizer(c->handle, authorize, c); /* fails only without a handle */
}
