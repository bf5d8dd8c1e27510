/*
 * Writing. A change is one or several statements, all of which count or none. Alone it is a
 * transaction: BEGIN IMMEDIATE, the statements, COMMIT, one fsync. In a group all changes share one
 * transaction, that COMMIT and that fsync; each but the first is a savepoint inside of it.
 *
 * What can go wrong inside of a change, what SQLite leaves of it, and what becomes of the group:
 *
 *   constraint, OR FAIL, too big    the statement is undone, or half of it     ROLLBACK TO: as if it
 *                                   is there                                   had never been there
 *   deferred foreign key            RELEASE would succeed and COMMIT fail      asked for before RELEASE
 *                                   for everybody                              (DEFERRED_FKS), the same
 *   OR ROLLBACK, RAISE(ROLLBACK),   SQLite has rolled everything back: it is   the group is lost: its
 *   interrupted, disk full, I/O     in autocommit again                        changes are made again,
 *   COMMIT fails                    the transaction stays open: ROLLBACK       each alone
 *   any of these after the cache    after a ROLLBACK TO the WAL may not be      the group is lost, for
 *   was too small for the group     readable to who opens it next: see          there is no ROLLBACK TO
 *                                   has_spilled
 *   the file is not at its path     (asked before COMMIT)                      ROLLBACK, and never
 *                                                                              write again
 *   fsync fails, the file is        what is on the disk is unknown, also to    ROLLBACK, and never
 *   corrupt                         the kernel                                 write again
 *
 * A change that began the lost transaction and failed has harmed nobody: then the group just goes on.
 * The token is looked at before each statement, inside of them, and a last time before the change counts:
 * before COMMIT, or before it becomes a part of its group. After that nothing interrupts, and nobody is
 * told that it has not happened (cancel_seal).
 *
 * Made after SQLite's own documentation (lang_transaction, lang_savepoint, rescode) and its source: vdbe.c
 * (OP_Savepoint, OP_AutoCommit), vdbeaux.c (sqlite3VdbeHalt), status.c.
 */
#include "base/clock.h"
#include "storage/sqlite_internal.h"

/* What a group holds at most: then its COMMIT takes a few milliseconds, and those behind it wait for
 * no longer than that. */
#define GROUP_CHANGES_MAX 256
#define GROUP_BYTES_MAX   ((size_t)4 * 1024 * 1024)

/* --- transactions ----------------------------------------------------------------------------- */

/*
 * After some failures nothing may be written any more; after others a checkpoint may make room. A virtual table that finds its own content wrong, as
 * FTS5 does if its index does not fit the rows, has nothing to say about the file.
 */
void writer_note_failure(struct connection *c, int code)
{
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        writes_stop(c->db, WRITES_STOPPED_SYNC);
    } else if (code == SQLITE_CORRUPT_VTAB) {
        return;
    } else if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB) {
        writes_stop(c->db, WRITES_STOPPED_CORRUPT);
    } else if ((code & 0xff) == SQLITE_FULL) {
        c->is_full = true;
    }
}

static enum status failure(struct connection *c, int code, struct error *err)
{
    writer_note_failure(c, code);
    return sqlite_failure(c, code, err);
}

/* A schema that was read inside of what has been undone never was. */
static void forget_inner_schema(struct connection *c)
{
    if (c->has_inner_schema) {
        schema_unref(c->schema);
        c->schema = NULL;
        c->has_inner_schema = false;
    }
}

/* It is everybody's now. If the group has changed the schema once more since, nobody will ask for it. */
static void publish_inner_schema(struct connection *c)
{
    if (c->has_inner_schema) {
        schema_publish(c->db, c->schema);
        c->has_inner_schema = false;
    }
}

/*
 * Have pages of the open transaction gone to the WAL already, for want of memory? Then a part of it must not
 * be undone and the rest be committed. When such a page has changed once more, SQLite writes it where it
 * was, and notes the place (iReCksum in wal.c): before the commit the checksums are made anew from there on.
 * A ROLLBACK TO before that place does not take the note back, and what is written next, up to it, never gets
 * any checksums. All is well until somebody has to recover the WAL: then this transaction and those behind it
 * are not there, and what was taken from it by a checkpoint is. (3.40.1; the rollback that undoes a
 * failed statement does the same.)
 */
static bool has_spilled(struct connection *c, bool starts_anew)
{
    int count = 0;
    int most = 0;
    int code =
        sqlite3_db_status(c->handle, SQLITE_DBSTATUS_CACHE_SPILL, &count, &most, starts_anew);

    return code != SQLITE_OK || count > 0;
}

static enum status begin_transaction(struct connection *c, struct error *err)
{
    int code = c->page_size == 0 ? sqlite_run_own(c, OWN_PAGE_SIZE, &c->page_size) : SQLITE_OK;

    if (code == SQLITE_OK) {
        code = sqlite_run_own(c, OWN_BEGIN_WRITE, NULL);
    }
    (void)has_spilled(c, true); /* from here on it counts */
    c->look.is_done = false;
    return code == SQLITE_OK ? STATUS_OK : failure(c, code, err);
}

/*
 * Has the file been moved, replaced or removed? Then what is written to it is not what anybody will find at its
 * path, and must not be acknowledged.
 */
static enum status check_place(struct connection *c, struct error *err)
{
    int has_moved = 0;
    int code = sqlite3_file_control(c->handle, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);

    if (code == SQLITE_OK && has_moved) { /* a VFS that cannot say: NOTFOUND */
        writes_stop(c->db, WRITES_STOPPED_MOVED);
    }
    return writes_check(c->db, err);
}

/* Afterwards no transaction is open. */
static enum status commit_transaction(struct connection *c, struct error *err)
{
    int64_t begun_ns = clock_now_ns();
    enum status place = check_place(c, err);
    int code;

    if (place != STATUS_OK) {
        sqlite_rollback(c);
        forget_inner_schema(c);
        return place;
    }
    code = sqlite_run_own(c, OWN_COMMIT, NULL);
    if (code != SQLITE_OK) {
        enum status status = failure(c, code, err); /* before SQLite has other words */
        sqlite_rollback(c);
        forget_inner_schema(c);
        return status;
    }
    publish_inner_schema(c);
    writes_note_commit(c->db, c->is_group ? c->group_changes : 1, clock_now_ns() - begun_ns);
    return STATUS_OK;
}

/* --- changes ------------------------------------------------------------------------------------ */

/* The first change needs no savepoint: without it nothing is left to keep. */
static enum status save(struct connection *c, struct error *err)
{
    int code = sqlite_run_own(c, OWN_SAVE, NULL);

    c->has_savepoint = code == SQLITE_OK;
    return code == SQLITE_OK ? STATUS_OK : failure(c, code, err);
}

static enum status enter(struct connection *c, struct error *err)
{
    enum status status = writes_check(c->db, err);

    if (status != STATUS_OK) {
        return status;
    }
    if (c->has_lost_group) {
        return error_set(err, STATUS_INTERNAL, "the group is lost");
    }
    if (sqlite3_get_autocommit(c->handle)) {
        status = begin_transaction(c, err);
    } else {
        status = save(c, err);
    }
    if (status == STATUS_OK) {
        c->is_change = true;
    }
    return status;
}

/* Return: is the rest of the transaction as it was before the change? */
static bool roll_back_to(struct connection *c)
{
    return c->has_savepoint && !sqlite3_get_autocommit(c->handle) && !has_spilled(c, false) &&
           sqlite_run_own(c, OWN_ROLLBACK_TO, NULL) == SQLITE_OK &&
           sqlite_run_own(c, OWN_RELEASE, NULL) == SQLITE_OK;
}

/* The change has not happened. */
static void undo(struct connection *c)
{
    if (!roll_back_to(c)) {
        sqlite_rollback(c);
        c->has_lost_group = c->is_group && c->group_changes > 0;
    }
    c->is_change = false;
    c->has_savepoint = false;
    forget_inner_schema(c);
}

/* Would COMMIT fail because of it? */
static enum status check_references(struct connection *c, struct error *err)
{
    int now = 0;
    int most = 0;
    int code = sqlite3_db_status(c->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &most, 0);

    if (code != SQLITE_OK) {
        return failure(c, code, err);
    }
    if (now == 0) {
        return STATUS_OK;
    }
    (void)error_set(err, STATUS_CONSTRAINT, "FOREIGN KEY constraint failed");
    error_code(err, "23503");
    return STATUS_CONSTRAINT;
}

/* Can the change be kept at all? */
static enum status check_change(struct connection *c, struct error *err)
{
    if (sqlite3_get_autocommit(c->handle)) {
        return error_set(err, STATUS_INTERNAL, "the statement ended its transaction");
    }
    return check_references(c, err);
}

static enum status release(struct connection *c, struct error *err)
{
    int code = c->has_savepoint ? sqlite_run_own(c, OWN_RELEASE, NULL) : SQLITE_OK;

    if (code != SQLITE_OK) {
        return failure(c, code, err);
    }
    c->has_savepoint = false;
    return STATUS_OK;
}

static enum status keep(struct connection *c, struct error *err)
{
    enum status status = check_change(c, err);

    if (status == STATUS_OK) {
        status = stop_seal(c, err);
    }
    if (status == STATUS_OK) {
        status = c->is_group ? release(c, err) : commit_transaction(c, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    c->is_change = false;
    c->group_changes += c->is_group ? 1 : 0;
    return STATUS_OK;
}

static enum status leave(struct connection *c, struct error *err)
{
    enum status status = keep(c, err);

    if (status != STATUS_OK) {
        undo(c);
    }
    return status;
}

static enum status begin_change(struct connection *c, struct reading *ret, struct error *err)
{
    enum status status;

    sqlite_forget_failure(c);
    status = stop_check(c, err);
    if (status == STATUS_OK) {
        status = enter(c, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = reading_find_schema(c, err);
    if (status != STATUS_OK) {
        undo(c);
        return status;
    }
    *ret = (struct reading){.schema = c->schema, .version = 0};
    return STATUS_OK;
}

enum status connection_change_begin(struct connection *c, struct cancel *cancel,
                                    struct reading *ret, struct error *err)
{
    enum status status;

    c->cancel = cancel;
    status = begin_change(c, ret, err);
    c->cancel = NULL;
    c->change_cancel = cancel;
    return status;
}

enum status connection_change_check(struct connection *c, struct error *err)
{
    sqlite_forget_failure(c);
    return check_change(c, err);
}

enum status connection_change_end(struct connection *c, bool keep_it, struct error *err)
{
    enum status status = STATUS_OK;

    c->cancel = c->change_cancel;
    c->change_cancel = NULL;
    sqlite_forget_failure(c);
    if (keep_it) {
        status = leave(c, err);
    } else {
        undo(c);
    }
    c->cancel = NULL;
    return status;
}

/* --- one statement ------------------------------------------------------------------------------ */

static enum status run_inside(struct connection *c, struct statement *s, const struct query *q,
                              struct buf *out, struct query_result *result, struct error *err)
{
    int64_t total = sqlite3_total_changes64(c->handle);
    enum status status = rows_write(c, s, q, out, result, err);

    if (status != STATUS_OK) {
        writer_note_failure(c, sqlite3_extended_errcode(c->handle));
    }
    (void)sqlite3_reset(s->handle); /* repeats the failure of the last step */
    if (status != STATUS_OK) {
        return status;
    }
    /* changes64 keeps the number of an earlier statement if this one is no INSERT, UPDATE, ... */
    if (sqlite3_total_changes64(c->handle) != total) {
        result->changes = sqlite3_changes64(c->handle);
    }
    result->last_rowid = sqlite3_last_insert_rowid(c->handle);
    return STATUS_OK;
}

static size_t bytes_of(const struct query *q)
{
    size_t bytes = 0;

    for (size_t i = 0; i < q->values_count; i++) {
        const struct value *v = &q->values[i];
        bytes += v->type == VALUE_TEXT || v->type == VALUE_BLOB ? v->bytes.size : sizeof(*v);
    }
    return bytes;
}

enum status writer_run(struct connection *c, struct statement *s, const struct query *q,
                       struct buf *out, struct query_result *result, struct error *err)
{
    bool is_whole = !c->is_change; /* the statement is a change by itself */
    enum status status = is_whole ? enter(c, err) : STATUS_OK;

    if (status != STATUS_OK) {
        return status;
    }
    if (sqlite3_get_autocommit(c->handle)) {
        return error_set(err, STATUS_INTERNAL, "an earlier failure ended the transaction");
    }
    c->group_bytes += bytes_of(q);
    status = run_inside(c, s, q, out, result, err);
    if (status != STATUS_OK && has_spilled(c, false)) {
        sqlite_rollback(c); /* SQLite has undone the statement: none of the rest may be committed */
    }
    if (!is_whole) {
        return status;
    }
    if (status == STATUS_OK) {
        return leave(c, err);
    }
    undo(c);
    return status;
}

/* --- groups ----------------------------------------------------------------------------------- */

void connection_group_begin(struct connection *c)
{
    c->is_group = true;
    c->has_lost_group = false;
    c->group_changes = 0;
    c->group_bytes = 0;
}

bool connection_group_is_full(const struct connection *c)
{
    return c->has_lost_group || c->group_changes >= GROUP_CHANGES_MAX ||
           c->group_bytes >= GROUP_BYTES_MAX;
}

bool connection_group_end(struct connection *c)
{
    bool is_kept = !c->has_lost_group;
    struct error err;

    if (is_kept && !sqlite3_get_autocommit(c->handle)) {
        is_kept = commit_transaction(c, &err) == STATUS_OK; /* each will find out by itself why */
    }
    if (!is_kept) {
        writes_note_lost_group(c->db);
    }
    c->is_group = false;
    c->has_lost_group = false;
    return is_kept;
}
