/*
 * Schema snapshots: read inside one read transaction, kept in one arena each, counted.
 *
 * Threads: the newest snapshot is swapped under the database's mutex; a snapshot never changes.
 * Two connections that notice a change at once both read it; the later swap wins, and if that was
 * the older snapshot the next look notices.
 */
#include "base/arena.h"
#include "base/mem.h"
#include "storage/sqlite_schema_read.h"

#define SNAPSHOT_BYTES_MAX ((size_t)256 * 1024 * 1024)

struct snapshot {
    struct schema schema; /* Immutable */
    struct arena arena;   /* Immutable once built: names and arrays */
    _Atomic unsigned references;
};

static const char texts_sql[] = "SELECT tbl_name, type, sql FROM main.sqlite_schema"
                                " WHERE type IN ('table', 'view', 'trigger')";

/* --- reading --------------------------------------------------------------------------------- */

/* One row of sqlite_schema: what its text adds to the table. */
static int read_text(struct schema_read *r, sqlite3_stmt *from)
{
    const char *name = (const char *)sqlite3_column_text(from, 0);
    const char *type = (const char *)sqlite3_column_text(from, 1);
    const char *sql = (const char *)sqlite3_column_text(from, 2);
    struct schema_table *table = name == NULL ? NULL : schema_read_find(r, name);
    struct str text;

    if (sqlite3_errcode(r->handle) == SQLITE_NOMEM) {
        return SQLITE_NOMEM;
    }
    if (table == NULL || type == NULL || sql == NULL) {
        return SQLITE_OK; /* of one that was left out */
    }
    text = str_of(sql);
    if (strcmp(type, "trigger") == 0) {
        schema_read_trigger(table, text);
        return SQLITE_OK;
    }
    switch (table->table_kind) {
    case SCHEMA_TABLE:
        return schema_read_keys(r, table, text);
    case SCHEMA_VIEW:
        return schema_read_view(r, table, text);
    case SCHEMA_VIRTUAL:
        return schema_read_virtual(r, table, text);
    }
    return SQLITE_OK;
}

static int read_texts(struct schema_read *r)
{
    sqlite3_stmt *list = NULL;
    int code = sqlite3_prepare_v2(r->handle, texts_sql, -1, &list, NULL);

    while (code == SQLITE_OK) {
        code = sqlite3_step(list);
        if (code == SQLITE_ROW) {
            code = read_text(r, list);
        }
    }
    (void)sqlite3_finalize(list); /* repeats an old failure, if any */
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int read_all(struct connection *c, struct snapshot *snapshot)
{
    struct schema_read r = {
        .handle = c->handle, .has_volatile = &c->has_volatile, .arena = &snapshot->arena};
    int code;

    arena_init(&r.scratch, NULL, 0, SNAPSHOT_BYTES_MAX);
    code = schema_read_tables(&r);
    if (code == SQLITE_OK) {
        code = read_texts(&r);
    }
    if (code == SQLITE_OK) {
        code = schema_read_origins(&r);
    }
    (void)sqlite3_finalize(r.keys); /* these repeat an old failure, if any */
    (void)sqlite3_finalize(r.uniques);
    schema_list_fini(&r.views);
    arena_fini(&r.scratch);
    snapshot->schema.tables = r.schema.tables;
    snapshot->schema.tables_count = r.schema.tables_count;
    return code;
}

/* --- snapshots ------------------------------------------------------------------------------- */

static void snapshot_destroy(struct snapshot *snapshot)
{
    if (snapshot != NULL) {
        arena_fini(&snapshot->arena);
        mem_free(snapshot);
    }
}

/* Everybody but this file sees a snapshot as constant; its count is the one thing that moves. */
static struct snapshot *snapshot_of(const struct schema *schema)
{
    return (struct snapshot *)((uintptr_t)schema - offsetof(struct snapshot, schema));
}

static enum status read_snapshot(struct connection *c, struct snapshot *snapshot, struct error *err)
{
    bool is_inside = !sqlite3_get_autocommit(c->handle); /* of a batch */
    int64_t version = 0;
    int code = is_inside ? SQLITE_OK : sqlite_run_own(c, OWN_BEGIN_READ, NULL);
    enum status status;

    if (code != SQLITE_OK) {
        return sqlite_failure(c, code, err);
    }
    code = sqlite_run_own(c, OWN_VERSION, &version);
    if (code == SQLITE_OK) {
        snapshot->schema.version = (uint32_t)version;
        c->is_ours = true;
        code = read_all(c, snapshot);
        c->is_ours = false;
    }
    status = code == SQLITE_OK ? STATUS_OK : sqlite_failure(c, code, err);
    if (!is_inside) {
        sqlite_rollback(c); /* nothing was written; SQLite forgets its message here */
    }
    return status;
}

void schema_publish(struct database *db, const struct schema *schema)
{
    const struct schema *old;

    schema_ref(schema);
    (void)pthread_mutex_lock(&db->mu); /* a plain mutex: cannot fail */
    old = db->schema;
    db->schema = schema;
    /* relaxed: only compared; whoever acts on it takes the mutex */
    atomic_store_explicit(&db->schema_version, schema->version, memory_order_relaxed);
    (void)pthread_mutex_unlock(&db->mu);
    schema_unref(old);
}

enum status schema_load(struct connection *c, const struct schema **ret, struct error *err)
{
    struct snapshot *snapshot = mem_zalloc(sizeof(*snapshot));
    enum status status;

    if (snapshot == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    arena_init(&snapshot->arena, NULL, 0, SNAPSHOT_BYTES_MAX);
    atomic_init(&snapshot->references, 1);
    sqlite_forget_failure(c);
    status = read_snapshot(c, snapshot, err);
    if (status != STATUS_OK) {
        snapshot_destroy(snapshot);
        return status;
    }
    *ret = &snapshot->schema;
    return STATUS_OK;
}

enum status schema_read(struct connection *c, const struct schema **ret, struct error *err)
{
    const struct schema *schema;
    enum status status = schema_load(c, &schema, err);

    if (status != STATUS_OK) {
        return status;
    }
    schema_publish(c->db, schema);
    if (ret == NULL) {
        schema_unref(schema);
    } else {
        *ret = schema;
    }
    return STATUS_OK;
}

static enum status refresh_schema(struct connection *c, struct error *err)
{
    int64_t version = 0;
    enum status status;
    uint32_t known;
    int code;

    sqlite_forget_failure(c);
    status = reader_enter(c, err);
    if (status != STATUS_OK) {
        return status;
    }
    code = sqlite_run_own(c, OWN_VERSION, &version);
    if (code != SQLITE_OK) {
        return sqlite_failure(c, code, err);
    }
    (void)pthread_mutex_lock(&c->db->mu); /* a plain mutex: cannot fail */
    known = c->db->schema->version;
    (void)pthread_mutex_unlock(&c->db->mu);
    if (known == (uint32_t)version) {
        return STATUS_OK;
    }
    reader_leave(c); /* a batch sees what was when it began: another may have seen more since */
    return schema_read(c, NULL, err);
}

enum status connection_refresh_schema(struct connection *c, struct cancel *cancel,
                                      struct error *err)
{
    enum status status;

    c->cancel = cancel;
    status = refresh_schema(c, err);
    c->cancel = NULL;
    return status;
}

const struct schema *schema_get(struct database *db)
{
    const struct schema *schema;

    (void)pthread_mutex_lock(&db->mu); /* a plain mutex: cannot fail */
    schema = db->schema;
    /* relaxed: the database's own reference keeps it alive meanwhile */
    atomic_fetch_add_explicit(&snapshot_of(schema)->references, 1, memory_order_relaxed);
    (void)pthread_mutex_unlock(&db->mu);
    return schema;
}

void schema_ref(const struct schema *schema)
{
    /* relaxed: the caller's reference keeps it alive meanwhile */
    atomic_fetch_add_explicit(&snapshot_of(schema)->references, 1, memory_order_relaxed);
}

void schema_unref(const struct schema *schema)
{
    /* acq_rel: everybody's reading is over before the last one frees */
    if (schema != NULL &&
        atomic_fetch_sub_explicit(&snapshot_of(schema)->references, 1, memory_order_acq_rel) == 1) {
        snapshot_destroy(snapshot_of(schema));
    }
}
