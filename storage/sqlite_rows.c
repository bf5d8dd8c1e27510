/*
 * Rows as JSON, straight from SQLite's columns into the response buffer: no tree, no copy.
 *
 * The pieces `{"name":` and `,"name":` are made once per statement. A schema change makes SQLite
 * prepare the statement anew inside the first sqlite3_step(), and a `SELECT *` then may have other
 * columns: so the pieces are looked after once that step is done, and made again if need be.
 */
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/sqlite_internal.h"

#define ROWS_BETWEEN_CLOCKS 32

static enum status write_names(struct statement *s, int count)
{
    size_t *ends = mem_realloc(s->name_ends, ((size_t)count + 1) * sizeof(*ends));

    if (ends == NULL) {
        return STATUS_NOMEM;
    }
    s->name_ends = ends;
    buf_clear(&s->names);
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(s->handle, i);

        if (name == NULL) {
            return STATUS_NOMEM;
        }
        buf_append_char(&s->names, i == 0 ? '{' : ',');
        json_put_string(&s->names, str_of(name));
        buf_append_char(&s->names, ':');
        ends[i] = s->names.size;
    }
    return buf_status(&s->names);
}

/* After the first step: do the prepared names still fit? */
static enum status refresh_names(struct statement *s)
{
    int count = sqlite3_column_count(s->handle);
    int reprepares = sqlite3_stmt_status(s->handle, SQLITE_STMTSTATUS_REPREPARE, 0);
    enum status status;

    if (s->columns_count == count && s->reprepares == reprepares) {
        return STATUS_OK;
    }
    s->columns_count = -1;
    status = write_names(s, count);
    if (status == STATUS_OK) {
        s->columns_count = count;
        s->reprepares = reprepares;
    }
    return status;
}

/* The type is asked for first: reading a value as another type would convert it. */
static enum status put_column(struct buf *out, sqlite3_stmt *handle, int i)
{
    const void *at;
    size_t size;

    switch (sqlite3_column_type(handle, i)) {
    case SQLITE_INTEGER:
        json_put_i64(out, sqlite3_column_int64(handle, i));
        return STATUS_OK;
    case SQLITE_FLOAT:
        json_put_double(out, sqlite3_column_double(handle, i));
        return STATUS_OK;
    case SQLITE_TEXT:
        at = sqlite3_column_text(handle, i);
        if (at == NULL) { /* SQLite found no memory to convert it */
            return STATUS_NOMEM;
        }
        size = (size_t)sqlite3_column_bytes(handle, i);
        json_put_string(out, (struct str){at, size});
        return STATUS_OK;
    case SQLITE_BLOB:
        at = sqlite3_column_blob(handle, i);
        size = (size_t)sqlite3_column_bytes(handle, i);
        if (at == NULL && size > 0) {
            return STATUS_NOMEM;
        }
        json_put_blob(out, at, size);
        return STATUS_OK;
    default:
        buf_append_literal(out, "null");
        return STATUS_OK;
    }
}

static enum status put_row(struct buf *out, const struct statement *s)
{
    size_t from = 0;

    for (int i = 0; i < s->columns_count; i++) {
        enum status status;

        buf_append(out, s->names.at + from, s->name_ends[i] - from);
        from = s->name_ends[i];
        status = put_column(out, s->handle, i);
        if (status != STATUS_OK) {
            return status;
        }
    }
    buf_append_char(out, '}');
    return buf_status(out);
}

static enum status row_failure(enum status status, const struct buf *out, struct error *err)
{
    if (status != STATUS_TOO_BIG) {
        return error_set(err, status, "%s", status_text(status));
    }
    (void)error_set(err, status, "the result is larger than %zu bytes", out->max);
    error_hint(err, "bytes_max");
    return status;
}

static enum status take_row(struct statement *s, const struct query *q, struct buf *out,
                            uint64_t rows_before, struct error *err)
{
    enum status status = STATUS_OK;

    if (q->rows_max != 0 && rows_before >= q->rows_max) {
        (void)error_set(err, STATUS_TOO_BIG, "more than %llu rows",
                        (unsigned long long)q->rows_max);
        error_hint(err, "rows_max");
        return STATUS_TOO_BIG;
    }
    if (q->shape == QUERY_NONE || (q->shape == QUERY_ROW && rows_before > 0)) {
        return STATUS_OK;
    }
    if (rows_before == 0) {
        status = refresh_names(s);
    } else {
        buf_append_char(out, ',');
    }
    if (status == STATUS_OK) {
        status = put_row(out, s);
    }
    return status == STATUS_OK ? STATUS_OK : row_failure(status, out, err);
}

/*
 * A statement that failed before its first row may just not fit the schema any more: then it does
 * not prepare either. (SQLite tells both by the same code.)
 */
static enum status step_failure(struct connection *c, struct statement *s, int code, uint64_t rows,
                                struct error *err)
{
    enum status status = sqlite_failure(c, code, err);
    sqlite3_stmt *again = NULL;

    if ((code & 0xff) != SQLITE_ERROR || rows > 0) {
        return status;
    }
    code = sqlite3_prepare_v3(c->handle, s->sql, -1, 0, &again, NULL);
    (void)sqlite3_finalize(again); /* never stepped */
    if ((code & 0xff) == SQLITE_ERROR) {
        status = STATUS_SCHEMA;
        if (err != NULL) {
            err->status = status;
        }
    }
    return status;
}

/* A reader need not look for a second row that nobody counts. */
static bool is_enough(const struct statement *s, const struct query *q)
{
    return q->shape == QUERY_ROW && q->rows_max == 0 && sqlite3_stmt_readonly(s->handle);
}

static enum status step_all(struct connection *c, struct statement *s, const struct query *q,
                            struct buf *out, struct query_result *result, struct error *err)
{
    for (;;) {
        int code = sqlite3_step(s->handle);
        enum status status;

        if (code == SQLITE_DONE) {
            return STATUS_OK;
        }
        if (code != SQLITE_ROW) {
            return step_failure(c, s, code, result->rows, err);
        }
        status = take_row(s, q, out, result->rows, err);
        if (status != STATUS_OK) {
            return status;
        }
        result->rows++;
        if (is_enough(s, q)) {
            return STATUS_OK;
        }
        /* The flag costs nothing; the clock does, and the progress handler reads it too. */
        if (result->rows % ROWS_BETWEEN_CLOCKS == 0 ||
            (c->cancel != NULL && cancel_is_set(c->cancel))) {
            status = stop_check(c, err);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
}

enum status rows_write(struct connection *c, struct statement *s, const struct query *q,
                       struct buf *out, struct query_result *result, struct error *err)
{
    enum status status;

    if (q->shape == QUERY_ROWS) {
        buf_append_char(out, '[');
    }
    status = step_all(c, s, q, out, result, err);
    if (status == STATUS_OK && q->shape == QUERY_ROWS) {
        buf_append_char(out, ']');
        status = buf_status(out);
        if (status != STATUS_OK) {
            return row_failure(status, out, err);
        }
    }
    return status;
}
