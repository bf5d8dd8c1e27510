/*
 * What the sqlite_*.c files share, and the one header that sees sqlite3.h. Nothing outside
 * storage/ (and its tests) includes it.
 *
 * SQLite's result codes are plain ints called `code`; sqlite_failure() turns one into our words.
 */
#ifndef GANTRY_STORAGE_SQLITE_INTERNAL_H
#define GANTRY_STORAGE_SQLITE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/list.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/row_shape.h"
#include "storage/schema.h"
#include "storage/writes.h"

struct database {
    pthread_mutex_t mu;
    const struct schema *schema; /* Guarded by mu: our reference to the newest snapshot */

    /* Immutable after open */
    char *path; /* as it was given */
    char *file; /* as SQLite gets it: never a special name like ":memory:" */
    bool is_writable;
    bool is_schema_trusted;
    enum database_synchronous synchronous;

    /* Atomic */
    _Atomic bool has_writer;
    _Atomic unsigned connections;    /* open ones, for the claim in database_close */
    _Atomic uint32_t schema_version; /* schema->version, to be seen without mu */
    _Atomic uint64_t generation;     /* grows when a reader sees new content: sqlite_reading.c */
    _Atomic int stopped;             /* enum writes_stop */

    struct writes writes; /* Guarded by mu; but for stop, which is above */
};

/* --- statements (sqlite_statement.c) -------------------------------------------------------- */

#define STATEMENTS_MAX       128u /* per connection; the least recently used one makes room */
#define STATEMENTS_BUCKETS   256u /* a power of two */
/* Bytes that they may take, as SQLite counts them; the one that is used may take more. */
#define STATEMENTS_BYTES_MAX (16u * 1024 * 1024)

struct statement {
    struct list use;        /* in statement_cache.uses */
    struct statement *next; /* in its bucket */
    sqlite3_stmt *handle;
    uint64_t hash;
    /* Its columns by their names, for who brings no shape of his own; see refresh_shape. */
    const struct row_shape *shape; /* in arena; NULL: not known yet */
    struct arena arena;
    int reprepares;  /* SQLITE_STMTSTATUS_REPREPARE when shape was made */
    size_t bytes;    /* counted in statement_cache.bytes */
    size_t out_hint; /* bytes that it is likely to write: some more than the last time */
    size_t sql_size;
    char sql[];
};

struct statement_cache {
    struct list uses; /* oldest first */
    struct statement *buckets[STATEMENTS_BUCKETS];
    unsigned count;
    size_t bytes;    /* of all together, about */
    uint64_t misses; /* statements prepared so far */
};

/* Our own statements, prepared when a connection is opened so that ROLLBACK needs no memory. */
enum own_statement {
    OWN_BEGIN_READ,
    OWN_BEGIN_WRITE,
    OWN_COMMIT,
    OWN_ROLLBACK,
    OWN_SAVE,    /* a savepoint: one change of a group */
    OWN_RELEASE, /* it counts */
    OWN_PAGE_SIZE,
    OWN_ROLLBACK_TO, /* it does not; it is still there */
    OWN_VERSION
};
#define OWN_COUNT (OWN_VERSION + 1)

/*
 * The memory that one statement may take beside what the connection has: SQLite's values, sorts and
 * temporary tables, and what our functions make. A row of many wide values is in memory as a whole.
 */
#define STATEMENT_MEMORY_MAX ((size_t)256 * 1024 * 1024)

#define SQLITE_SHAPE "gantry-shape" /* the type of a VALUE_SHAPE as a bound pointer */
#define SQLITE_ROWS  "gantry-rows"  /* of a VALUE_ROWS */

/* --- SQL functions (sqlite_functions.c) ------------------------------------------------------ */

struct function {
    const char *name;
    int arguments; /* -1: any number */
    void (*run)(sqlite3_context *context, int count, sqlite3_value **values);
    int tag; /* what sets functions apart that share run: function_tag */
};

/* What SQLite hands back when it calls one. */
struct function_use {
    const struct function *function;
    struct connection *c;
};
#define FUNCTIONS_MAX 16

/* --- connections ----------------------------------------------------------------------------- */

/* What is known of the read transaction that is open: see sqlite_reading.c. */
struct look {
    bool is_done;            /* else version and schema_version are not known yet */
    uint64_t generation;     /* the database's, before the transaction began */
    uint64_t version;        /* of the content, as struct reading gives it */
    uint32_t schema_version; /* PRAGMA schema_version */
};

struct connection {
    struct database *db;
    sqlite3 *handle;
    enum connection_kind kind;
    bool has_slot;         /* counted in db->connections, and for a writer in db->has_writer */
    bool is_ours;          /* SQL of our own runs: the authorizer and the progress handler let it */
    bool is_batch;         /* a reader between connection_batch_begin and _end */
    bool has_flushed;      /* the rows of the statement that runs: some of them */
    bool has_volatile;     /* the authorizer has seen such a function since it was set to false */
    bool is_change;        /* a writer between connection_change_begin and _end */
    bool has_savepoint;    /* of the change that is open: it is not the transaction's first */
    bool is_group;         /* a writer between connection_group_begin and _end */
    bool has_lost_group;   /* the group's transaction is gone, with changes that were kept */
    bool has_inner_schema; /* schema was read inside of a change that is not committed */
    bool has_unmoved;      /* the WAL holds what no checkpoint has moved yet */
    bool is_full;          /* the disk was, since the last checkpoint */
    bool is_hasty;         /* nothing is waited for: another process's lock, a reader's snapshot */
    char denied[160];      /* why the authorizer refused, in words */
    struct cancel *cancel; /* of the request that is served; NULL between */
    const struct query *query; /* that is run; NULL between: what SQL may do depends on it */
    enum status stopped;       /* what made a handler stop the statement; OK if none did */
    int64_t lock_wait_end_ns;  /* bound of the current wait for a lock, if there is no deadline */
    struct function_use functions[FUNCTIONS_MAX]; /* as SQLite knows them */
    unsigned functions_count;
    size_t function_bytes; /* that functions have read since they last looked at the token */
    struct statement_cache cache;
    sqlite3_stmt *own[OWN_COUNT];

    bool is_reading;             /* between connection_read_begin and _end */
    bool has_looked;             /* data_version is known */
    unsigned data_version;       /* of the last look, SQLite's */
    struct look look;            /* of the transaction that is open, if one is */
    const struct schema *schema; /* our reference to that of the last reading; may be NULL */

    struct cancel *change_cancel; /* of the change that is open */
    int64_t page_size;            /* bytes, of a writer; 0: not known yet */
    uint64_t wal_bytes;           /* size of the WAL's file */
    unsigned wal_pages;     /* in the WAL, as SQLite said after the last commit or checkpoint */
    unsigned group_changes; /* kept in the open group */
    size_t group_bytes;     /* of values that were bound in it */
};

/* --- sqlite_library.c ------------------------------------------------------------------------ */

/* What a SQLite code means, without its context. */
enum status sqlite_status(int code);

/*
 * The status and the words for a failed call on c, for clients too: SQLite's message, never a
 * path of ours. c->stopped tells what an interrupted or locked-out statement died of.
 */
enum status sqlite_failure(struct connection *c, int code, struct error *err);

/* SQLite's message, with a hint where there is one to give. Return: status. */
enum status sqlite_words(struct connection *c, enum status status, struct error *err);

/* Where the SQLSTATE of an error that one of our SQL functions raises stands in its text. */
#define SQLSTATE_MARK '\x01'
#define SQLSTATE_SIZE 5

/* The SQLSTATE of what SQLite says when a statement does not prepare; "" if it has none. */
const char *sqlite_prepare_code(const char *message);

/* Before a new piece of work: what stopped or refused the last one is not its story. */
static inline void sqlite_forget_failure(struct connection *c)
{
    c->stopped = STATUS_OK;
    c->denied[0] = '\0';
}

/* --- sqlite_open.c --------------------------------------------------------------------------- */

/* The path as SQLite takes it literally. Gives: freed with mem_free; NULL: out of memory. */
NODISCARD char *sqlite_literal_path(const char *path);

/* Open c->handle, harden it, set its PRAGMAs, prepare its own statements. On failure close it. */
NODISCARD enum status sqlite_open(struct connection *c, struct error *err) MAY_BLOCK;

/* Harmless for a connection that is not open. Its cached statements must be gone. */
void sqlite_close(struct connection *c) MAY_BLOCK;

/* Run one of our own statements to its end. *ret_value (may be NULL): its first integer. */
NODISCARD int sqlite_run_own(struct connection *c, enum own_statement which, int64_t *ret_value);

/* End the open transaction, if there is one. */
void sqlite_rollback(struct connection *c);

/* --- sqlite_authorizer.c, sqlite_stop.c ----------------------------------------------------- */

void authorizer_install(struct connection *c);

/* Install the progress and busy handlers: how a running or waiting statement is stopped. */
void stop_install(struct connection *c);

/* Look at the token, between rows for example. Return: OK, CANCELLED, DEADLINE, with words. */
NODISCARD enum status stop_check(struct connection *c, struct error *err);

/* The same a last time: from here on nobody can cancel it, and so say that it was not done. */
NODISCARD enum status stop_seal(struct connection *c, struct error *err);

/* --- sqlite_statement.c ---------------------------------------------------------------------- */

void statement_cache_init(struct statement_cache *cache);
void statement_cache_fini(struct statement_cache *cache);

/* Lends *ret until the next statement_cache_get; give it back with statement_release. */
NODISCARD enum status statement_cache_get(struct connection *c, const char *sql,
                                          struct statement **ret, struct error *err);

/* Forget its position and its values: the caller's text and blobs are borrowed no longer. */
void statement_release(struct statement *s);

/*
 * Prepare exactly one statement.
 * Return: OK, SCHEMA (a mistake in it, or the schema does not fit it), INVALID (not allowed here),
 * or as sqlite_failure.
 */
NODISCARD enum status sqlite_prepare_one(struct connection *c, const char *sql, unsigned flags,
                                         sqlite3_stmt **ret, struct error *err);

NODISCARD enum status statement_bind(struct connection *c, struct statement *s,
                                     const struct query *q, struct error *err);

/* --- sqlite_cell.c --------------------------------------------------------------------------- */

/* The bytes of a text or a blob. Lends. Return: false if SQLite found no memory to convert it. */
NODISCARD bool sqlite_text_of(sqlite3_value *value, struct str *ret);
NODISCARD bool sqlite_blob_of(sqlite3_value *value, struct str *ret);

/* Where the values of a row come from: the statement's row, or an array. */
struct row_values {
    sqlite3_stmt *handle; /* NULL: values */
    sqlite3_value **values;
};

/*
 * Append a row, of which there are shape->cells_count values: an object or the bare value, the
 * members alone, a line of CSV (no line end), the line of names.
 * Return: OK, NOMEM, TOO_BIG.
 */
NODISCARD enum status row_put_json(struct buf *out, const struct row_shape *shape,
                                   const struct row_values *from);
NODISCARD enum status row_put_part(struct buf *out, const struct row_shape *shape,
                                   const struct row_values *from);
NODISCARD enum status row_put_csv(struct buf *out, const struct row_shape *shape,
                                  const struct row_values *from);
NODISCARD enum status row_put_header(struct buf *out, const struct row_shape *shape);

/* --- sqlite_rows.c --------------------------------------------------------------------------- */

/*
 * Step s to its end and write its rows; what q->shape puts around them too. Leaves the statement
 * where it stopped. Adds to result->rows.
 */
NODISCARD enum status rows_write(struct connection *c, struct statement *s, const struct query *q,
                                 struct buf *out, struct query_result *result, struct error *err);

/* --- sqlite_functions*.c --------------------------------------------------------------------- */

/* Make our SQL functions known to c. Return: a code of SQLite's. */
NODISCARD int functions_install(struct connection *c);

NODISCARD int functions_install_rows(struct connection *c); /* gantry_row and its sisters */
NODISCARD int functions_install_text(
    struct connection *c); /* gantry_like, _ilike, _match, _imatch */
NODISCARD int functions_install_cast(struct connection *c); /* gantry_cast */
NODISCARD int functions_install_json(
    struct connection *c); /* gantry_contains, _overlaps, _json_key */
NODISCARD int functions_install_fts(struct connection *c);   /* gantry_fts, gantry_fts5 */
NODISCARD int functions_install_value(struct connection *c); /* gantry_value */

/* A scalar function that a plan may call: a pure one of its arguments. functions are static. */
NODISCARD int functions_add(struct connection *c, const struct function *functions, size_t count);
int function_tag(sqlite3_context *context);

/* Fail with an SQLSTATE and words, in which control characters become question marks. */
void function_raise(sqlite3_context *context, const char *code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/*
 * value, which is not NULL, as text. Lends *ret until the function returns. After much text it looks at
 * the token, as the progress handler does too seldom for functions that work long.
 * Return: false: an error is set.
 */
NODISCARD bool function_text(sqlite3_context *context, sqlite3_value *value, struct str *ret);

/* --- sqlite_reader.c, sqlite_writer.c -------------------------------------------------------- */

NODISCARD enum status reader_run(struct connection *c, struct statement *s, const struct query *q,
                                 struct buf *out, struct query_result *result, struct error *err);

/* In a batch: open the one transaction if this is its first statement. Else: nothing. IO: the
 * transaction of a reading is gone. */
NODISCARD enum status reader_enter(struct connection *c, struct error *err);

/* End that transaction, if it is open; the next statement of the batch opens another. */
void reader_leave(struct connection *c);

NODISCARD enum status writer_run(struct connection *c, struct statement *s, const struct query *q,
                                 struct buf *out, struct query_result *result, struct error *err);

/* After some failures nothing may be written any more. code: any of SQLite's. */
void writer_note_failure(struct connection *c, int code);

/* --- sqlite_checkpoint.c --------------------------------------------------------------------- */

/* From here on the writer's commits do not checkpoint: connection_rest does. */
void checkpoint_install(struct connection *c);

/* --- sqlite_writes.c ---------------------------------------------------------------------------- */

/* The writer has committed, or checkpointed, or spoilt a group. */
void writes_note_commit(struct database *db, unsigned changes, int64_t ns);
void writes_note_checkpoint(struct database *db, bool is_done, int64_t ns);
void writes_note_wal(struct database *db, uint64_t pages, uint64_t bytes);
void writes_note_lost_group(struct database *db);

/* From now on writes_check says IO. */
void writes_stop(struct database *db, enum writes_stop why);
NODISCARD enum status writes_check(const struct database *db, struct error *err);

/* --- sqlite_reading.c ------------------------------------------------------------------------ */

/*
 * In a write transaction: c->schema becomes the schema as it is here. What is read for that is not
 * published, since the transaction itself may have changed it: see has_inner_schema.
 */
NODISCARD enum status reading_find_schema(struct connection *c, struct error *err);

/* BEGIN, for a reader. A SQLite code. */
NODISCARD int reading_open(struct connection *c);

/* --- sqlite_schema.c ------------------------------------------------------------------------- */

/* Read the schema, in the open transaction if there is one, into a new snapshot. Gives: *ret, a
 * reference. */
NODISCARD enum status schema_load(struct connection *c, const struct schema **ret,
                                  struct error *err) MAY_BLOCK;

/* The same, and make it the database's newest; so nobody's uncommitted change may be in it.
 * ret may be NULL. */
NODISCARD enum status schema_read(struct connection *c, const struct schema **ret,
                                  struct error *err) MAY_BLOCK;

/* Make it the newest, with a reference of the database's own. */
void schema_publish(struct database *db, const struct schema *schema);

#endif
