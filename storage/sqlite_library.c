/*
 * SQLite as a library: how it is set up for the whole process, and what its result codes mean in
 * our words.
 *
 * Memory comes from mem_*, so the tests' failing allocations reach into SQLite too. Statistics are
 * off because they cost a global mutex per allocation. Memory-mapped I/O is off for good: an I/O
 * error would be a SIGBUS. URIs are off, so a path is a path.
 */
#include <malloc.h>
#include <string.h>

#include "base/mem.h"
#include "storage/sqlite_internal.h"

#define VERSION_MIN      3037000 /* STRICT, table_list, changes64 */
#define VERSION_MIN_TEXT "3.37"

static void *memory_alloc(int size)
{
    return mem_alloc((size_t)size);
}

static void *memory_realloc(void *old, int size)
{
    return mem_realloc(old, (size_t)size);
}

static int memory_size(void *at)
{
    return (int)malloc_usable_size(at);
}

static int memory_roundup(int size)
{
    return (size + 7) & ~7;
}

static int memory_init(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void memory_shutdown(void *unused)
{
    (void)unused;
}

static const struct sqlite3_mem_methods memory_methods = {
    .xMalloc = memory_alloc,
    .xFree = mem_free,
    .xRealloc = memory_realloc,
    .xSize = memory_size,
    .xRoundup = memory_roundup,
    .xInit = memory_init,
    .xShutdown = memory_shutdown,
};

enum status database_library_init(struct error *err)
{
    static bool is_done; /* before any thread is started, so plain */
    int code;

    if (is_done) {
        return STATUS_OK;
    }
    if (sqlite3_libversion_number() < VERSION_MIN) {
        return error_set(err, STATUS_INTERNAL, "SQLite %s is too old: %s or newer is needed",
                         sqlite3_libversion(), VERSION_MIN_TEXT);
    }
    if (sqlite3_threadsafe() == 0) {
        return error_set(err, STATUS_INTERNAL, "this SQLite was built without threads");
    }
    code = sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    if (code == SQLITE_OK) {
        code = sqlite3_config(SQLITE_CONFIG_MALLOC, &memory_methods);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_config(SQLITE_CONFIG_URI, 0);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_config(SQLITE_CONFIG_LOG, NULL, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_config(SQLITE_CONFIG_MMAP_SIZE, (sqlite3_int64)0, (sqlite3_int64)0);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_initialize();
    }
    if (code != SQLITE_OK) {
        return error_set(err, STATUS_INTERNAL, "SQLite does not start: %s", sqlite3_errstr(code));
    }
    is_done = true;
    return STATUS_OK;
}

enum status sqlite_status(int code)
{
    switch (code) { /* where the extended code says more than the primary one */
    case SQLITE_IOERR_NOMEM:
        return STATUS_NOMEM;
    case SQLITE_READONLY_DBMOVED: /* the file was replaced under us */
        return STATUS_IO;
    default:
        break;
    }
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STATUS_OK;
    case SQLITE_NOMEM:
        return STATUS_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return STATUS_LOCKED;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: /* a text as rowid: a STRICT table would say CONSTRAINT */
        return STATUS_CONSTRAINT;
    case SQLITE_READONLY:
        return STATUS_READONLY;
    case SQLITE_TOOBIG:
        return STATUS_TOO_BIG;
    case SQLITE_SCHEMA:
        return STATUS_SCHEMA;
    case SQLITE_FULL:
        return STATUS_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_NOLFS:
        return STATUS_IO;
    case SQLITE_CORRUPT:
        return STATUS_CORRUPT;
    case SQLITE_NOTADB:
        return STATUS_NOT_A_DATABASE;
    case SQLITE_INTERRUPT:
        return STATUS_CANCELLED;
    case SQLITE_ERROR:
    case SQLITE_AUTH:
        return STATUS_INVALID;
    default:
        return STATUS_INTERNAL;
    }
}

/* A statement ended by one of our handlers: the words depend on which, and on why. */
static enum status stopped_failure(struct connection *c, enum status status, struct error *err)
{
    if (c->stopped == STATUS_CANCELLED) {
        return error_set(err, STATUS_CANCELLED, "cancelled");
    }
    if (status == STATUS_LOCKED) {
        (void)error_set(err, STATUS_LOCKED, "the database is locked by another process");
        error_hint(err, "try again; if it stays locked, end the other process's transaction");
        return STATUS_LOCKED;
    }
    if (c->stopped == STATUS_DEADLINE) {
        return error_set(err, STATUS_DEADLINE, "the deadline passed while the statement ran");
    }
    return error_set(err, STATUS_CANCELLED, "interrupted");
}

enum status sqlite_failure(struct connection *c, int code, struct error *err)
{
    enum status status = sqlite_status(code);

    if (c->denied[0] != '\0' && status == STATUS_INVALID) {
        return error_set(err, status, "%s", c->denied);
    }
    switch (status) {
    case STATUS_LOCKED:
    case STATUS_CANCELLED:
        return stopped_failure(c, status, err);
    case STATUS_NOMEM:
        return error_set(err, status, "out of memory");
    case STATUS_TOO_BIG:
        (void)error_set(err, status, "%s", sqlite3_errmsg(c->handle));
        error_hint(err, "value_bytes_max");
        return status;
    default:
        break;
    }
    (void)error_set(err, status, "%s", sqlite3_errmsg(c->handle));
    if (err != NULL && strstr(err->text, "unsafe use of ") != NULL) {
        error_hint(err, "the database's schema calls it: set database.trusted_schema if you trust "
                        "where the file comes from");
    }
    return status;
}

const char *database_library_version(void)
{
    return sqlite3_libversion();
}
