/*
 * One connection to a database, with its cache of prepared statements. It belongs to one thread
 * at a time: a worker of a pool (reader) or the one writer thread.
 *
 * connection_run() executes one statement and writes its rows as JSON straight from SQLite's
 * columns. A writer wraps it in one transaction: BEGIN IMMEDIATE, the statement, COMMIT; when it
 * returns OK the change is durable as far as the database's `synchronous` promises.
 */
#ifndef GANTRY_STORAGE_CONNECTION_H
#define GANTRY_STORAGE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/role.h"
#include "pool/cancel.h"
#include "storage/value.h"

struct database;
struct row_set;
struct row_shape;
struct schema;
struct connection; /* opaque */

enum connection_kind { CONNECTION_READER, CONNECTION_WRITER };

/*
 * Gives: *ret, closed with connection_close. A second writer to one database is refused (BUSY).
 * Borrows cancel, which ends a wait for another process's lock; NULL: 5 s.
 * Return: OK, CANCELLED, DEADLINE, NOMEM, NO_SUCH_FILE, LOCKED, READONLY, IO, NOT_A_DATABASE.
 */
NODISCARD enum status connection_open(struct database *db, enum connection_kind kind,
                                      struct cancel *cancel, struct connection **ret,
                                      struct error *err) MAY_BLOCK;

/* NULL is fine. Close the writer after the readers: the last one to close may then move the WAL's
 * content into the database and remove it, which only the writer does. */
void connection_close(struct connection *c) MAY_BLOCK;

/* --- what a statement is, before it runs ------------------------------------------------- */

/* Freed with statement_info_fini. */
struct statement_info {
    bool is_read_only; /* may run on a reader */
    bool is_volatile;  /* may ask for the time or for random numbers, even through a view */
    char **parameters; /* names without the colon, in binding order: [0] is parameter 1 */
    size_t parameters_count;
    char **columns; /* names of the result's columns */
    size_t columns_count;
};

/*
 * Prepare sql and tell what it is; it is not run.
 *
 * Refused with INVALID and a sentence: SQL that does not prepare, more than one statement, none,
 * transaction control, ATTACH, DETACH, PRAGMAs that change anything, a parameter that is not
 * written :name, and two result columns of one name.
 * Gives: *ret.
 */
NODISCARD enum status connection_inspect(struct connection *c, const char *sql,
                                         struct statement_info *ret, struct error *err) MAY_BLOCK;
void statement_info_fini(struct statement_info *info);

/* --- one snapshot for several statements -------------------------------------------------- */

struct reading {
    const struct schema *schema; /* of this very snapshot; lent until connection_read_end */

    /*
     * Of the database's content: while it is the same, in this process, nothing has been changed
     * by anybody. (It may differ though nothing has: each reader notices a change by itself.)
     * Never 0, except: not known, because changes came too fast.
     */
    uint64_t version;
};

/*
 * What runs on this reader from here to connection_read_end sees one snapshot, taken now, and
 * reading->schema describes it: so nothing that another process does to the tables can come between
 * the names that were looked up and the rows that are read. In a batch its snapshot is used; the
 * first reading of a batch that began with a connection_run may go on with a new one.
 * A statement that fails leaves the snapshot as it was, unless SQLite itself ends it (out of memory, a
 * broken file): then what is run before connection_read_end fails with IO.
 * Return: OK; CANCELLED, DEADLINE, LOCKED, IO, CORRUPT, NOMEM: then do not end it.
 */
NODISCARD enum status connection_read_begin(struct connection *c, struct cancel *cancel,
                                            struct reading *ret,
                                            struct error *err) ON_WORKER MAY_BLOCK;
void connection_read_end(struct connection *c) ON_WORKER MAY_BLOCK;

/* --- running one ------------------------------------------------------------------------- */

enum query_media {
    QUERY_JSON,  /* a JSON array of the rows, or the one row */
    QUERY_LINES, /* one JSON object a line, each ended by a newline: application/x-ndjson */
    QUERY_CSV,   /* a line of names, then a line a row; newlines between them, none at the end */
};

/*
 * Take what out holds so far: afterwards it is empty (buf_clear). May wait, for a client that reads
 * slowly. Return: OK; anything else ends the query with that status.
 */
typedef enum status (*query_flush_fn)(void *user, struct buf *out, struct error *err);

enum query_shape {
    QUERY_ROWS, /* [{...},{...}] */
    QUERY_ROW,  /* {...}: the first row; nothing is written if there is none. A read without
                 * rows_max is not stepped further, a write always runs to its end */
    QUERY_NONE, /* rows are stepped through and dropped, nothing is written */
};

struct query {
    const char *sql;            /* borrowed; the key of the statement cache */
    const struct value *values; /* one per parameter of the statement, in binding order */
    size_t values_count;
    enum query_shape shape;
    /* Rows go there as values, and nothing to out: the first if the shape is QUERY_ROW, else all. After a
     * failure it holds what it held before. NULL: to out. Borrowed */
    struct row_set *into;
    uint64_t rows_max; /* more rows than this: TOO_BIG; 0: no bound but out's */

    /* How rows are written. All zero: JSON, members named as the statement's columns, blobs base64 */
    const struct row_shape *row; /* NULL: as the statement's columns are called. Borrowed */
    enum query_media media;

    /*
     * The tables and views it may name; NULL: any. What a listed view reads, and the shadow tables of
     * a listed virtual table, need not be listed; json_each and its like need. Borrowed.
     */
    const char *const *tables;
    size_t tables_count;
    bool is_planned; /* it may call our SQL functions, gantry_*; so may what has tables */

    /* Between two rows: first when out holds flush_bytes, then whenever it holds flush_next_bytes, or
     * more. flush NULL: never */
    size_t flush_bytes;
    size_t flush_next_bytes;
    query_flush_fn flush;
    void *flush_user;
};

struct query_result {
    uint64_t rows;      /* result rows */
    int64_t changes;    /* rows inserted, updated or deleted by the statement itself */
    int64_t last_rowid; /* of the last insert on this connection */
};

/*
 * Run one statement to its end and append its result to out.
 *
 * Borrows everything until return. cancel may be NULL: then only a wait for a lock is bounded (5 s).
 * cancel is looked at every thousand or so virtual machine steps, between rows, and while
 * waiting for another process's lock; it carries the deadline. On failure out is as it was
 * before (empty if it was flushed), the transaction is rolled back, and nothing has changed in the
 * database.
 *
 * Return: OK; CANCELLED; DEADLINE; LOCKED (another process held the lock until the deadline);
 * CONSTRAINT (with SQLite's message); READONLY (a write on a reader); TOO_BIG (the maximum of out or into,
 * rows_max, or SQLite's 64 MiB for one value; hint "bytes_max", "rows_max", "value_bytes_max";
 * or the memory that one statement may take, hint "memory_max");
 * SCHEMA (does not prepare any more); FULL; IO (after a failed fsync: for every further write);
 * CORRUPT; INVALID (a value a function refused, or SQL that is not allowed here); NOMEM;
 * INTERNAL (values_count is not the number of parameters).
 */
NODISCARD enum status connection_run(struct connection *c, const struct query *q,
                                     struct cancel *cancel, struct buf *out,
                                     struct query_result *ret,
                                     struct error *err) ON_WORKER MAY_BLOCK;

/* --- one change of several statements ------------------------------------------------------- */

/*
 * What is run on this writer from here to connection_change_end is one change: all of it happens, or
 * nothing. Inside a group it is a savepoint of the group's transaction, else a transaction of its own
 * (BEGIN IMMEDIATE: *ret describes the very schema it will write to; version is 0). A writing statement
 * outside of any change is one by itself.
 *
 * A statement that fails leaves what the others did; then end the change with keep false, and answer
 * with that statement's failure.
 * cancel bounds the wait for another process's lock, and is used by connection_change_end; NULL: 5 s.
 * Return: OK; CANCELLED, DEADLINE, LOCKED, IO, CORRUPT, FULL, NOMEM, READONLY: then do not end it.
 */
NODISCARD enum status connection_change_begin(struct connection *c, struct cancel *cancel,
                                              struct reading *ret,
                                              struct error *err) ON_WORKER MAY_BLOCK;

/*
 * keep: what was done counts, and is durable once this returns OK; in a group: once the group has ended
 * well, before which nobody is answered (pool/executor.h sees to that).
 * Otherwise it is undone, and the result is OK.
 * Return, and then nothing has changed: CONSTRAINT (a deferred foreign key), FULL, IO, CORRUPT, CANCELLED,
 * DEADLINE, INTERNAL (a statement ended the transaction).
 */
NODISCARD enum status connection_change_end(struct connection *c, bool keep,
                                            struct error *err) ON_WORKER MAY_BLOCK;

/*
 * Would it count, as far as can be said without doing it? For a change that is to be undone all the same.
 * Return: OK; CONSTRAINT (a deferred foreign key), INTERNAL (a statement ended the transaction).
 */
NODISCARD enum status connection_change_check(struct connection *c,
                                              struct error *err) ON_WORKER MAY_BLOCK;

/* --- group commit ------------------------------------------------------------------------------ */

/*
 * The changes from here to connection_group_end are committed together: one transaction, one fsync. It
 * begins with the first change. See sqlite_writer.c for what one change can do to the others.
 */
void connection_group_begin(struct connection *c) ON_WORKER;

/* No further change should be made in it: it is large, or lost. */
bool connection_group_is_full(const struct connection *c) ON_WORKER;

/*
 * COMMIT. Return: true: every change that was kept is durable, as far as `synchronous` promises. False:
 * all of them are undone, whatever their connection_change_end said: make each again, outside of a group.
 */
NODISCARD bool connection_group_end(struct connection *c) ON_WORKER MAY_BLOCK;

/*
 * Between two groups, or changes: checkpoint if it is time to (sqlite_checkpoint.c). is_waited_for: the next
 * one is there already; is_idle: none has come for a while.
 */
void connection_rest(struct connection *c, bool is_idle, bool is_waited_for) ON_WORKER MAY_BLOCK;

/* --- batches of reads ---------------------------------------------------------------------------- */

/*
 * What is run on this reader from here to connection_batch_end() sees one snapshot, taken when the
 * first statement runs: then SQLite locks and looks for changes once, which costs as much as two
 * point reads. A failing statement does not harm the others. Keep batches short: the snapshot holds
 * back the checkpoint.
 */
void connection_batch_begin(struct connection *c) ON_WORKER;
void connection_batch_end(struct connection *c) ON_WORKER MAY_BLOCK;

/*
 * Compare the file's schema version with the newest snapshot and read a new snapshot if another
 * process (or our writer) has changed the schema since. Cheap when nothing changed. cancel is looked
 * at while waiting for another process's lock; NULL: 5 s.
 */
NODISCARD enum status connection_refresh_schema(struct connection *c, struct cancel *cancel,
                                                struct error *err) ON_WORKER MAY_BLOCK;

#endif
