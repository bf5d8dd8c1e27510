/*
 * Writing: BEGIN IMMEDIATE, the statement, COMMIT; then the answer.
 *
 * The three steps are functions of their own because a batch may come to hold several requests,
 * each inside a savepoint, for one COMMIT and one fsync.
 *
 * What can go wrong inside, and what is left of it:
 *
 *   constraint, full disk, ...     the statement is undone        ROLLBACK
 *   OR ROLLBACK, RAISE(ROLLBACK)   SQLite has rolled back         nothing to do: autocommit is on
 *   cancelled, deadline            SQLite has rolled back         the same
 *   deferred foreign key           COMMIT fails, transaction open ROLLBACK
 *   fsync fails                    what is on the disk is unknown ROLLBACK, and never write again
 *
 * The token is looked at a last time before COMMIT; after that nothing interrupts.
 */
#include "storage/sqlite_internal.h"

static enum status begin_batch(struct connection *c, struct error *err)
{
    int code;

    if (c->has_lost_sync) {
        return error_set(err, STATUS_IO, "an earlier write could not be synced to the disk");
    }
    code = sqlite_run_own(c, OWN_BEGIN_WRITE, NULL);
    return code == SQLITE_OK ? STATUS_OK : sqlite_failure(c, code, err);
}

/* One request inside the batch. */
static enum status run_inside(struct connection *c, struct statement *s, const struct query *q,
                              struct buf *out, struct query_result *result, struct error *err)
{
    int64_t total = sqlite3_total_changes64(c->handle);
    enum status status = rows_write(c, s, q, out, result, err);

    (void)sqlite3_reset(s->handle); /* repeats the failure of the last step */
    if (status != STATUS_OK) {
        return status;
    }
    if (sqlite3_get_autocommit(c->handle)) {
        return error_set(err, STATUS_INTERNAL, "the statement ended its transaction");
    }
    /* changes64 keeps the number of an earlier statement if this one is no INSERT, UPDATE, ... */
    if (sqlite3_total_changes64(c->handle) != total) {
        result->changes = sqlite3_changes64(c->handle);
    }
    result->last_rowid = sqlite3_last_insert_rowid(c->handle);
    return STATUS_OK;
}

static enum status commit_batch(struct connection *c, struct error *err)
{
    int code = sqlite_run_own(c, OWN_COMMIT, NULL);

    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        c->has_lost_sync = true;
    }
    return code == SQLITE_OK ? STATUS_OK : sqlite_failure(c, code, err);
}

enum status writer_run(struct connection *c, struct statement *s, const struct query *q,
                       struct buf *out, struct query_result *result, struct error *err)
{
    enum status status = begin_batch(c, err);

    if (status != STATUS_OK) {
        return status;
    }
    status = run_inside(c, s, q, out, result, err);
    if (status == STATUS_OK) {
        status = stop_check(c, err);
    }
    if (status == STATUS_OK) {
        status = commit_batch(c, err);
    }
    if (status != STATUS_OK) {
        sqlite_rollback(c);
    }
    return status;
}
