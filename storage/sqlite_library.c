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

/* --- SQLSTATEs --- PostgreSQL's names for failures, which clients test for ----------------- */

const char *sqlite_prepare_code(const char *message)
{
    static const struct {
        const char *start;
        const char *code;
    } codes[] = {
        {"no such column", "42703"},
        {"ambiguous column", "42702"},
        {"no such table", "42P01"},
        {"no such function", "42883"},
        {"wrong number of arguments to function", "42883"},
        {"misuse of aggregate", "42803"},
        {"near \"", "42601"},
        {"incomplete input", "42601"},
        {"unrecognized token", "42601"},
        /* while it runs */
        {"malformed JSON", "22P02"},
        {"integer overflow", "22003"},
        {"fts5: syntax error", "42601"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        if (strncmp(message, codes[i].start, strlen(codes[i].start)) == 0) {
            return codes[i].code;
        }
    }
    return "";
}

static const char *constraint_code(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return "23505";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return "23503";
    case SQLITE_CONSTRAINT_NOTNULL:
        return "23502";
    case SQLITE_CONSTRAINT_CHECK:
        return "23514";
    case SQLITE_CONSTRAINT_DATATYPE:
        return "22P02";
    case SQLITE_CONSTRAINT_TRIGGER:
        return "P0001";
    default:
        return "23000";
    }
}

static const char *sqlstate(int code, const char *message)
{
    if (code == SQLITE_IOERR_NOMEM) {
        return "53200";
    }
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return constraint_code(code);
    case SQLITE_MISMATCH:
        return "22P02";
    case SQLITE_ERROR:
        return sqlite_prepare_code(message);
    case SQLITE_AUTH:
        return "42501";
    case SQLITE_READONLY:
        return "25006";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return "55P03";
    case SQLITE_INTERRUPT:
        return "57014";
    case SQLITE_TOOBIG:
        return "54000";
    case SQLITE_FULL:
        return "53100";
    case SQLITE_NOMEM:
        return "53200";
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return "58030";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "XX001";
    default:
        return "";
    }
}

/*
 * What one of our functions raises: mark, SQLSTATE, mark, words. No text of SQLite's starts so, and a
 * user's text never starts one of ours.
 */
static bool marked_failure(const char *message, enum status status, struct error *err)
{
    char code[SQLSTATE_SIZE + 1];

    if (message[0] != SQLSTATE_MARK || strlen(message) < SQLSTATE_SIZE + 2) {
        return false;
    }
    memcpy(code, message + 1, SQLSTATE_SIZE);
    code[SQLSTATE_SIZE] = '\0';
    (void)error_set(err, status, "%s", message + SQLSTATE_SIZE + 2);
    error_code(err, code);
    return true;
}

/* --- words --------------------------------------------------------------------------------- */

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

enum status sqlite_words(struct connection *c, enum status status, struct error *err)
{
    (void)error_set(err, status, "%s", sqlite3_errmsg(c->handle));
    if (err != NULL && strstr(err->text, "unsafe use of ") != NULL) {
        error_hint(err, "the database's schema calls it: set database.trusted_schema if you trust "
                        "where the file comes from");
    }
    return status;
}

/* Fills err, but for the code of most. */
static enum status words_for(struct connection *c, int code, struct error *err)
{
    enum status status = sqlite_status(code);

    if (c->denied[0] != '\0' && status == STATUS_INVALID) {
        (void)error_set(err, status, "%s", c->denied);
        error_code(err, "42501");
        return status;
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
    if (code == SQLITE_ERROR && marked_failure(sqlite3_errmsg(c->handle), status, err)) {
        return status;
    }
    return sqlite_words(c, status, err);
}

enum status sqlite_failure(struct connection *c, int code, struct error *err)
{
    enum status status = words_for(c, code, err);

    if (err != NULL && err->code[0] == '\0') {
        error_code(err, sqlstate(code, err->text));
    }
    return status;
}

const char *database_library_version(void)
{
    return sqlite3_libversion();
}
