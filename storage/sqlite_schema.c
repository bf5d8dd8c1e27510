/*
 * Schema snapshots: read through SQLite's table-valued PRAGMAs inside one read transaction, kept
 * in one arena each, counted.
 *
 * A view whose tables are gone, or a virtual table whose module is missing, cannot be described:
 * it is left out, and the rest of the database is served.
 *
 * Threads: the newest snapshot is swapped under the database's mutex; a snapshot never changes.
 * Two connections that notice a change at once both read it; the later swap wins, and if that was
 * the older snapshot the next refresh notices.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "storage/sqlite_internal.h"

#define SNAPSHOT_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define COLUMN_HIDDEN      1 /* table_xinfo: 1 hidden in a virtual table, 2 and 3 generated */

struct snapshot {
    struct schema schema; /* Immutable */
    struct arena arena;   /* Immutable once built: names and arrays */
    _Atomic unsigned references;
};

/* A list that grows while rows are read; moved to the arena when its length is known. */
struct rows {
    char *at;
    size_t count;
    size_t capacity;
};

static const char tables_sql[] = "SELECT name, type = 'view' FROM pragma_table_list"
                                 " WHERE schema = 'main' AND type IN ('table', 'view', 'virtual')"
                                 " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

static const char columns_sql[] =
    "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1, 'main')";

/* --- reading --------------------------------------------------------------------------------- */

static void *rows_add(struct rows *rows, size_t size)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity == 0 ? 16 : rows->capacity * 2;
        char *at = mem_realloc(rows->at, capacity * size);

        if (at == NULL) {
            return NULL;
        }
        rows->at = at;
        rows->capacity = capacity;
    }
    return rows->at + size * rows->count++;
}

static void *rows_move(const struct rows *rows, size_t size, struct arena *arena)
{
    void *at = arena_alloc(arena, (rows->count + 1) * size); /* NULL is out of memory only */

    if (at != NULL && rows->count > 0) {
        memcpy(at, rows->at, rows->count * size);
    }
    return at;
}

/* Return: NULL if out of memory. */
static const char *copy_text(sqlite3_stmt *from, int column, struct arena *arena)
{
    const void *at = sqlite3_column_text(from, column);
    size_t size = (size_t)sqlite3_column_bytes(from, column);

    if (at == NULL && sqlite3_column_type(from, column) != SQLITE_NULL) {
        return NULL;
    }
    return arena_copy(arena, (struct str){at, size});
}

static int add_column(sqlite3_stmt *from, struct rows *columns, struct arena *arena)
{
    struct schema_column *column;

    if (sqlite3_column_int(from, 4) == COLUMN_HIDDEN) {
        return SQLITE_OK;
    }
    column = rows_add(columns, sizeof(*column));
    if (column == NULL) {
        return SQLITE_NOMEM;
    }
    *column = (struct schema_column){
        .name = copy_text(from, 0, arena),
        .type = copy_text(from, 1, arena),
        .is_not_null = sqlite3_column_int(from, 2) != 0,
        .key_place = (unsigned)sqlite3_column_int(from, 3),
        .is_generated = sqlite3_column_int(from, 4) > COLUMN_HIDDEN,
    };
    return column->name == NULL || column->type == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

/* The columns of one table. SQLITE_ERROR: it cannot be described. */
static int read_columns(sqlite3_stmt *query, struct schema_table *table, struct arena *arena)
{
    struct rows columns = {0};
    int code = sqlite3_bind_text(query, 1, table->name, -1, SQLITE_STATIC);

    while (code == SQLITE_OK) {
        code = sqlite3_step(query);
        if (code == SQLITE_ROW) {
            code = add_column(query, &columns, arena);
        }
    }
    (void)sqlite3_reset(query);          /* repeats the failure of the last step */
    (void)sqlite3_clear_bindings(query); /* cannot fail */
    if (code == SQLITE_DONE) {
        table->columns = rows_move(&columns, sizeof(*table->columns), arena);
        table->columns_count = columns.count;
        code = table->columns == NULL ? SQLITE_NOMEM : SQLITE_OK;
    }
    mem_free(columns.at);
    return code;
}

static int add_table(sqlite3_stmt *list, sqlite3_stmt *query, struct rows *tables,
                     struct arena *arena)
{
    struct schema_table table = {
        .name = copy_text(list, 0, arena),
        .is_view = sqlite3_column_int(list, 1) != 0,
    };
    struct schema_table *place;
    int code = table.name == NULL ? SQLITE_NOMEM : read_columns(query, &table, arena);

    if ((code & 0xff) == SQLITE_ERROR || (code == SQLITE_OK && table.columns_count == 0)) {
        return SQLITE_OK; /* cannot be described: left out */
    }
    if (code != SQLITE_OK) {
        return code;
    }
    place = rows_add(tables, sizeof(*place));
    if (place == NULL) {
        return SQLITE_NOMEM;
    }
    *place = table;
    return SQLITE_OK;
}

static int compare_tables(const void *a, const void *b)
{
    return sqlite3_stricmp(((const struct schema_table *)a)->name,
                           ((const struct schema_table *)b)->name);
}

static int read_tables(sqlite3 *handle, struct snapshot *snapshot)
{
    struct rows tables = {0};
    sqlite3_stmt *list = NULL;
    sqlite3_stmt *query = NULL;
    struct schema_table *moved = NULL;
    int code = sqlite3_prepare_v2(handle, tables_sql, -1, &list, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(handle, columns_sql, -1, &query, NULL);
    }
    while (code == SQLITE_OK) {
        code = sqlite3_step(list);
        if (code == SQLITE_ROW) {
            code = add_table(list, query, &tables, &snapshot->arena);
        }
    }
    if (code == SQLITE_DONE) {
        moved = rows_move(&tables, sizeof(*moved), &snapshot->arena);
        code = moved == NULL ? SQLITE_NOMEM : SQLITE_OK;
    }
    if (moved != NULL) {
        qsort(moved, tables.count, sizeof(*moved), compare_tables);
        snapshot->schema.tables = moved;
        snapshot->schema.tables_count = tables.count;
    }
    (void)sqlite3_finalize(query); /* repeats an old failure, if any */
    (void)sqlite3_finalize(list);
    mem_free(tables.at);
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
        code = read_tables(c->handle, snapshot);
        c->is_ours = false;
    }
    status = code == SQLITE_OK ? STATUS_OK : sqlite_failure(c, code, err);
    if (!is_inside) {
        sqlite_rollback(c); /* nothing was written; SQLite forgets its message here */
    }
    return status;
}

enum status schema_read(struct connection *c, struct error *err)
{
    struct database *db = c->db;
    struct snapshot *snapshot = mem_zalloc(sizeof(*snapshot));
    const struct schema *old;
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
    (void)pthread_mutex_lock(&db->mu); /* a plain mutex: cannot fail */
    old = db->schema;
    db->schema = &snapshot->schema;
    (void)pthread_mutex_unlock(&db->mu);
    schema_unref(old);
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
    return schema_read(c, err);
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

void schema_unref(const struct schema *schema)
{
    /* acq_rel: everybody's reading is over before the last one frees */
    if (schema != NULL &&
        atomic_fetch_sub_explicit(&snapshot_of(schema)->references, 1, memory_order_acq_rel) == 1) {
        snapshot_destroy(snapshot_of(schema));
    }
}

static int compare_name(struct str name, const char *other)
{
    size_t size = strlen(other);
    size_t common = name.size < size ? name.size : size;
    int order = common > 0 ? sqlite3_strnicmp(name.at, other, (int)common) : 0;

    if (order != 0 || name.size == size) {
        return order;
    }
    return name.size < size ? -1 : 1;
}

const struct schema_table *schema_find(const struct schema *schema, struct str name)
{
    size_t from = 0;
    size_t to = schema->tables_count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare_name(name, schema->tables[middle].name);

        if (order == 0) {
            return &schema->tables[middle];
        }
        if (order < 0) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    return NULL;
}
