/*
 * Opening one SQLite connection, hardened: the same for readers and the writer but for the few
 * PRAGMAs below.
 *
 * temp_store is MEMORY: sorts and temporary tables then never need a writable directory (a
 * container's root file system may be read-only) and never leave data in one. A huge sort costs
 * memory for as long as its deadline lets it run.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "storage/sqlite_internal.h"

/*
 * SQL comes from the operator or from a plan, so these guard against mistakes. The first five hold
 * while SQLite parses a schema as well, and one view beyond them would make the whole file "malformed":
 * they are SQLite's own defaults, with which the schema was made. Plans keep below them: wide rows are
 * split (ROW_SHAPE_ARGUMENTS_MAX), and a request's filters are bounded before. Of variables a plan needs
 * one for each value of a long in.(): 32766 is what SQLite allows at most by default, too.
 */
static const struct {
    int limit;
    int value;
} limits[] = {
    {SQLITE_LIMIT_SQL_LENGTH, 1000 * 1000},  {SQLITE_LIMIT_COLUMN, 2000},
    {SQLITE_LIMIT_EXPR_DEPTH, 1000},         {SQLITE_LIMIT_COMPOUND_SELECT, 500},
    {SQLITE_LIMIT_FUNCTION_ARG, 127},        {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024}, {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 32766},   {SQLITE_LIMIT_VDBE_OP, 250 * 1000},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 20},        {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static const char pragmas_reader[] = "PRAGMA query_only = 1;"
                                     "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA cell_size_check = 1;"
                                     "PRAGMA wal_autocheckpoint = 0";

/* Checkpoints: sqlite_checkpoint.c. */
static const char pragmas_writer[] = "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA cell_size_check = 1;"
                                     "PRAGMA foreign_keys = 1;"
                                     "PRAGMA journal_size_limit = 67108864";

static const char *const own_sql[OWN_COUNT] = {
    [OWN_BEGIN_READ] = "BEGIN",
    [OWN_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [OWN_COMMIT] = "COMMIT",
    [OWN_ROLLBACK] = "ROLLBACK",
    [OWN_SAVE] = "SAVEPOINT gantry",
    [OWN_RELEASE] = "RELEASE gantry",
    [OWN_PAGE_SIZE] = "PRAGMA page_size",
    [OWN_ROLLBACK_TO] = "ROLLBACK TO gantry",
    [OWN_VERSION] = "PRAGMA schema_version",
};

char *sqlite_literal_path(const char *path)
{
    size_t size = strlen(path) + 1;
    size_t prefix = path[0] == '/' ? 0 : 2;
    char *literal = mem_alloc(size + prefix);

    if (literal != NULL) {
        memcpy(literal, "./", prefix);
        memcpy(literal + prefix, path, size);
    }
    return literal;
}

/* SQLite would say "unable to open database file" to all of these. */
static enum status check_file(const char *file, struct error *err)
{
    struct stat about;

    if (stat(file, &about) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return error_set(err, STATUS_NO_SUCH_FILE, "no such file");
        }
        return error_set(err, STATUS_IO, "cannot look at the file: %s", strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        return error_set(err, STATUS_NOT_A_DATABASE, "a directory, not a database");
    }
    if (!S_ISREG(about.st_mode)) {
        return error_set(err, STATUS_NOT_A_DATABASE, "not a regular file");
    }
    return STATUS_OK;
}

static void harden(sqlite3 *handle, bool is_schema_trusted)
{
    static const int off[] = {
        SQLITE_DBCONFIG_DQS_DDL,
        SQLITE_DBCONFIG_DQS_DML,
        SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER,
        SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
    };

    /* These fail only for an option that the library does not know: then there is nothing to
     * switch, and the minimal version knows all of them. */
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, is_schema_trusted, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(off); i++) {
        (void)sqlite3_db_config(handle, off[i], 0, NULL);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
        (void)sqlite3_limit(handle, limits[i].limit, limits[i].value); /* returns the old one */
    }
    (void)sqlite3_extended_result_codes(handle, 1);
}

/* sqlite3_open_v2 failed, or gave less than was asked for. */
static enum status open_failure(struct connection *c, int code, struct error *err)
{
    if (c->handle == NULL || code == SQLITE_NOMEM) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    if ((code & 0xff) == SQLITE_CANTOPEN) {
        return error_set(err, STATUS_IO, "cannot open the file: %s",
                         strerror(sqlite3_system_errno(c->handle)));
    }
    return sqlite_failure(c, code, err);
}

/*
 * The first look into the file failed. It is there and open, so what cannot be opened is a file
 * beside it: -wal and -shm.
 */
static enum status look_failure(struct connection *c, int code, struct error *err)
{
    bool is_writer = c->kind == CONNECTION_WRITER;

    if (code == SQLITE_READONLY_ROLLBACK) {
        (void)error_set(err, STATUS_READONLY, "another program died in the middle of a write");
        error_hint(err, "open the database once with write access, so that SQLite can roll back");
        return STATUS_READONLY;
    }
    if ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY) {
        enum status status = is_writer ? STATUS_READONLY : STATUS_IO;

        (void)error_set(err, status, "cannot create the -wal and -shm files beside the database");
        error_hint(err, is_writer ? "make the database's directory writable, or serve it read-only"
                                  : "make the database's directory writable, or take the file out "
                                    "of WAL mode first: sqlite3 FILE 'PRAGMA journal_mode=DELETE'");
        return status;
    }
    return sqlite_failure(c, code, err);
}

static int set_pragmas(struct connection *c)
{
    bool is_writer = c->kind == CONNECTION_WRITER;
    bool is_full = c->db->synchronous == DATABASE_SYNCHRONOUS_FULL;
    int code;

    code = sqlite3_exec(c->handle, is_writer ? pragmas_writer : pragmas_reader, NULL, NULL, NULL);
    if (code == SQLITE_OK && is_writer) {
        code = sqlite3_exec(c->handle,
                            is_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                            NULL, NULL, NULL);
    }
    return code;
}

static int prepare_own(struct connection *c)
{
    int code = SQLITE_OK;

    for (size_t i = 0; i < OWN_COUNT && code == SQLITE_OK; i++) {
        code = sqlite3_prepare_v3(c->handle, own_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &c->own[i],
                                  NULL);
    }
    return code;
}

int sqlite_run_own(struct connection *c, enum own_statement which, int64_t *ret_value)
{
    sqlite3_stmt *own = c->own[which];
    bool was_ours = c->is_ours;
    int code;

    c->is_ours = true;
    code = sqlite3_step(own);
    if (code == SQLITE_ROW && ret_value != NULL) {
        *ret_value = sqlite3_column_int64(own, 0);
    }
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        code = sqlite3_reset(own);
    } else {
        (void)sqlite3_reset(own); /* says the same again */
    }
    c->is_ours = was_ours;
    return code;
}

void sqlite_rollback(struct connection *c)
{
    if (!sqlite3_get_autocommit(c->handle)) {
        int code = sqlite_run_own(c, OWN_ROLLBACK, NULL);
        (void)code; /* the failure before it is the news */
    }
}

/* The handle is open: make it ours. */
static enum status prepare_connection(struct connection *c, struct error *err)
{
    int code;

    harden(c->handle, c->db->is_schema_trusted);
    authorizer_install(c);
    stop_install(c);
    checkpoint_install(c);
    if (c->kind == CONNECTION_READER) {
        /* Who closes last must not checkpoint: that is the writer's alone. */
        (void)sqlite3_db_config(c->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    } else if (sqlite3_db_readonly(c->handle, "main") == 1) {
        (void)error_set(err, STATUS_READONLY, "the file may not be written");
        error_hint(err, "change its permissions, or serve it read-only");
        return STATUS_READONLY;
    }
    c->is_ours = true;
    code = functions_install(c);
    if (code == SQLITE_OK) {
        code = set_pragmas(c);
    }
    if (code == SQLITE_OK) {
        code = prepare_own(c);
    }
    if (code == SQLITE_OK) {
        code = sqlite_run_own(c, OWN_VERSION, NULL);
    }
    c->is_ours = false;
    return code == SQLITE_OK ? STATUS_OK : look_failure(c, code, err);
}

enum status sqlite_open(struct connection *c, struct error *err)
{
    int flags = SQLITE_OPEN_NOMUTEX |
                (c->kind == CONNECTION_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    enum status status = check_file(c->db->file, err);
    int code;

    if (status != STATUS_OK) {
        return status;
    }
    code = sqlite3_open_v2(c->db->file, &c->handle, flags, NULL);
    status = code == SQLITE_OK ? prepare_connection(c, err) : open_failure(c, code, err);
    if (status != STATUS_OK) {
        sqlite_close(c);
    }
    return status;
}

void sqlite_close(struct connection *c)
{
    for (size_t i = 0; i < OWN_COUNT; i++) {
        (void)sqlite3_finalize(c->own[i]); /* repeats an old failure, if any */
        c->own[i] = NULL;
    }
    (void)sqlite3_close_v2(c->handle); /* every statement is finalized: cannot fail */
    c->handle = NULL;
}
