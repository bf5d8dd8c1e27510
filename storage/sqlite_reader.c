/*
 * Reading: one statement in autocommit, or several in one read transaction. It sees one snapshot of
 * the file from its first step to its last, and holds nobody up.
 *
 * A statement that fails or is stopped leaves a read transaction as it was, unless SQLite itself ends
 * it (out of memory, a broken file): the next statement then opens another.
 */
#include "storage/sqlite_internal.h"

enum status reader_run(struct connection *c, struct statement *s, const struct query *q,
                       struct buf *out, struct query_result *result, struct error *err)
{
    enum status status = rows_write(c, s, q, out, result, err);

    (void)sqlite3_reset(s->handle); /* ends the snapshot; repeats the failure of the last step */
    return status;
}

void connection_batch_begin(struct connection *c)
{
    c->is_batch = c->kind == CONNECTION_READER;
}

enum status reader_enter(struct connection *c, struct error *err)
{
    int code;

    if (!sqlite3_get_autocommit(c->handle)) {
        return STATUS_OK;
    }
    if (c->is_reading) { /* what comes now would see another */
        return error_set(err, STATUS_IO, "the snapshot was lost by an earlier failure");
    }
    if (!c->is_batch) {
        return STATUS_OK;
    }
    code = reading_open(c);
    return code == SQLITE_OK ? STATUS_OK : sqlite_failure(c, code, err);
}

void reader_leave(struct connection *c)
{
    if (c->is_batch && !sqlite3_get_autocommit(c->handle) &&
        sqlite_run_own(c, OWN_COMMIT, NULL) != SQLITE_OK) {
        sqlite_rollback(c);
    }
}

void connection_batch_end(struct connection *c)
{
    reader_leave(c);
    c->is_batch = false;
}
