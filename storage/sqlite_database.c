/*
 * A database file. Opening it opens one connection for a moment: that finds out whether the file
 * can be read (and written), puts a writable one in WAL mode and reads the schema.
 */
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/mem.h"
#include "storage/sqlite_internal.h"

/* Readers and the writer then never wait for each other. The mode stays in the file. */
static enum status set_wal(struct connection *c, struct error *err)
{
    sqlite3_stmt *pragma = NULL;
    bool is_wal = false;
    int code;

    c->is_ours = true;
    code = sqlite3_prepare_v2(c->handle, "PRAGMA main.journal_mode = WAL", -1, &pragma, NULL);
    if (code == SQLITE_OK && sqlite3_step(pragma) == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(pragma, 0);
        is_wal = mode != NULL && strcmp(mode, "wal") == 0;
    }
    if (code == SQLITE_OK) {
        code = sqlite3_finalize(pragma); /* the step's failure, if it failed */
    }
    c->is_ours = false;
    if ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY) {
        (void)error_set(err, STATUS_READONLY, "cannot create files beside the database");
        error_hint(err, "make the database's directory writable, or serve it read-only");
        return STATUS_READONLY;
    }
    if (code != SQLITE_OK) {
        return sqlite_failure(c, code, err);
    }
    if (!is_wal) {
        (void)error_set(err, STATUS_IO, "the file system does not allow WAL mode");
        error_hint(err, "put the database on a local disk, or serve it read-only");
        return STATUS_IO;
    }
    return STATUS_OK;
}

static enum status look_inside(struct database *db, struct error *err)
{
    enum connection_kind kind = db->is_writable ? CONNECTION_WRITER : CONNECTION_READER;
    struct connection *c = NULL;
    enum status status = connection_open(db, kind, NULL, &c, err);

    if (status == STATUS_OK && db->is_writable) {
        status = set_wal(c, err);
    }
    if (status == STATUS_OK) {
        status = schema_read(c, NULL, err);
    }
    connection_close(c);
    return status;
}

/*
 * Where the generations begin: somewhere else in each process, so that a number which a client kept
 * over a restart does not fit by chance. Not 0, and so far below 2^64 that it never becomes 0.
 */
static uint64_t first_generation(void)
{
    uint64_t n;

    if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != (ssize_t)sizeof(n)) {
        n = (uint64_t)clock_now_ns() * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)getpid() << 32;
    }
    return n >> 1 | 1;
}

static enum status create(const struct database_conf *conf, struct database **ret)
{
    struct database *db = mem_zalloc(sizeof(*db));

    if (db == NULL) {
        return STATUS_NOMEM;
    }
    db->is_writable = conf->is_writable;
    db->is_schema_trusted = conf->is_schema_trusted;
    db->synchronous = conf->synchronous;
    atomic_init(&db->generation, first_generation());
    db->path = mem_strdup(conf->path);
    db->file = sqlite_literal_path(conf->path);
    if (db->path == NULL || db->file == NULL || pthread_mutex_init(&db->mu, NULL) != 0) {
        mem_free(db->path);
        mem_free(db->file);
        mem_free(db);
        return STATUS_NOMEM;
    }
    *ret = db;
    return STATUS_OK;
}

/* The sentence for the operator's terminal: with the path, and what to do. */
static enum status open_failure(const char *path, const struct error *cause, struct error *err)
{
    (void)error_set(err, cause->status, "%.200s: %.190s", path, cause->text);
    if (cause->status == STATUS_NO_SUCH_FILE) {
        error_hint(err, "`gantry demo %.160s` makes one with sample data", path);
    } else if (cause->hint[0] != '\0') {
        error_hint(err, "%s", cause->hint);
    }
    return cause->status;
}

enum status database_open(const struct database_conf *conf, struct database **ret,
                          struct error *err)
{
    struct error cause = {0};
    struct database *db = NULL;
    enum status status = create(conf, &db);

    if (status != STATUS_OK) {
        return error_set(err, status, "out of memory");
    }
    status = look_inside(db, &cause);
    if (status != STATUS_OK) {
        database_close(db);
        return open_failure(conf->path, &cause, err);
    }
    *ret = db;
    return STATUS_OK;
}

void database_close(struct database *db)
{
    if (db == NULL) {
        return;
    }
    /* acquire: pairs with the last connection's close */
    invariant(atomic_load_explicit(&db->connections, memory_order_acquire) == 0);
    schema_unref(db->schema);
    (void)pthread_mutex_destroy(&db->mu); /* nobody holds it */
    mem_free(db->path);
    mem_free(db->file);
    mem_free(db);
}

bool database_is_writable(const struct database *db)
{
    return db->is_writable;
}

const char *database_path(const struct database *db)
{
    return db->path;
}
