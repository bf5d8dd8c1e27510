/*
 * Reading: one statement in autocommit. It sees one snapshot of the file from its first step to
 * its last, and holds nobody up.
 */
#include "storage/sqlite_internal.h"

enum status reader_run(struct connection *c, struct statement *s, const struct query *q,
                       struct buf *out, struct query_result *result, struct error *err)
{
    enum status status = rows_write(c, s, q, out, result, err);

    (void)sqlite3_reset(s->handle); /* ends the snapshot; repeats the failure of the last step */
    return status;
}
