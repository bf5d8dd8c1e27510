/*
 * Rows as JSON, lines of JSON or CSV, straight from SQLite's columns into the response buffer: no
 * tree, no copy. Or as values into a row set (q->into), which has nothing to do with shapes.
 *
 * A row is written behind a shape (row_shape.h): the query's own, or one that is made of the columns'
 * names once per statement. A schema change makes SQLite prepare the statement anew inside the first
 * sqlite3_step(), and a `SELECT *` then may have other columns: so that shape is looked after once
 * that step is done, and made again if need be.
 */
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/row_set.h"
#include "storage/sqlite_internal.h"

#define ROWS_BETWEEN_CLOCKS 32
#define OUT_HINT_MAX        ((size_t)64 * 1024) /* beyond it, few doublings are left to be saved */

/* cells: room for every column. */
static enum status name_cells(struct statement *s, struct row_cell *cells, int count)
{
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(s->handle, i);
        char *copy = name == NULL ? NULL : arena_copy(&s->arena, str_of(name));

        if (copy == NULL) {
            return STATUS_NOMEM;
        }
        cells[i] = (struct row_cell){.name = str_of(copy), .kind = ROW_CELL_BASE64};
    }
    return STATUS_OK;
}

/* After the first step: the shape of the columns, which may have changed. */
static enum status refresh_shape(struct statement *s)
{
    size_t count = (size_t)sqlite3_column_count(s->handle);
    int reprepares = sqlite3_stmt_status(s->handle, SQLITE_STMTSTATUS_REPREPARE, 0);
    struct row_cell *cells;

    if (s->shape != NULL && s->shape->cells_count == count && s->reprepares == reprepares) {
        return STATUS_OK;
    }
    s->shape = NULL;
    arena_fini(&s->arena);
    arena_init(&s->arena, NULL, 0, SIZE_MAX);
    cells = arena_alloc(&s->arena, count * sizeof(*cells));
    if (cells == NULL || name_cells(s, cells, (int)count) != STATUS_OK) {
        return STATUS_NOMEM;
    }
    s->shape = row_shape_make(&s->arena, cells, count, false, false);
    s->reprepares = reprepares;
    return s->shape == NULL ? STATUS_NOMEM : STATUS_OK;
}

/* bytes_max: of what the row was written to. */
static enum status row_failure(enum status status, size_t bytes_max, struct error *err)
{
    if (status != STATUS_TOO_BIG) {
        return error_set(err, status, "%s", status_text(status));
    }
    (void)error_set(err, status, "the result is larger than %zu bytes", bytes_max);
    error_hint(err, "bytes_max");
    return status;
}

/* One statement at work. */
struct writing {
    struct connection *c;
    struct statement *s;
    const struct query *q;
    bool has_begun;                /* the first step is done */
    const struct row_shape *shape; /* from then on; not for a set */
    struct value *values;          /* likewise, for a set: room for one row */
    struct buf *out;
    struct query_result *result;
};

/* Without columns there will be no rows. */
static enum status begin_set(struct writing *w, struct error *err)
{
    size_t count = (size_t)sqlite3_column_count(w->s->handle);

    w->values = mem_alloc(count * sizeof(*w->values));
    return w->values == NULL && count > 0 ? error_set(err, STATUS_NOMEM, "out of memory")
                                          : STATUS_OK;
}

/* The first step is done: what the columns are is known now. CSV has a line of names before all. */
static enum status begin_rows(struct writing *w, struct error *err)
{
    enum status status = STATUS_OK;

    if (w->q->into != NULL) {
        return begin_set(w, err);
    }
    if (w->q->row == NULL) {
        status = refresh_shape(w->s);
        w->shape = w->s->shape;
    } else if (w->q->row->cells_count != (size_t)sqlite3_column_count(w->s->handle)) {
        return error_set(err, STATUS_INTERNAL, "the shape has %zu cells, the statement %d columns",
                         w->q->row->cells_count, sqlite3_column_count(w->s->handle));
    } else {
        w->shape = w->q->row;
    }
    if (status == STATUS_OK && w->q->media == QUERY_CSV && w->q->shape != QUERY_NONE) {
        status = row_put_header(w->out, w->shape);
    }
    return status == STATUS_OK ? STATUS_OK : row_failure(status, w->out->max, err);
}

/* Lends, until the next step. */
static enum status value_of(sqlite3_value *from, struct value *ret)
{
    switch (sqlite3_value_type(from)) {
    case SQLITE_INTEGER:
        *ret = (struct value){.type = VALUE_INTEGER, .integer = sqlite3_value_int64(from)};
        return STATUS_OK;
    case SQLITE_FLOAT:
        *ret = (struct value){.type = VALUE_REAL, .real = sqlite3_value_double(from)};
        return STATUS_OK;
    case SQLITE_TEXT:
        ret->type = VALUE_TEXT;
        return sqlite_text_of(from, &ret->bytes) ? STATUS_OK : STATUS_NOMEM;
    case SQLITE_BLOB:
        ret->type = VALUE_BLOB;
        return sqlite_blob_of(from, &ret->bytes) ? STATUS_OK : STATUS_NOMEM;
    default:
        *ret = (struct value){.type = VALUE_NULL};
        return STATUS_OK;
    }
}

static enum status keep_row(struct writing *w, struct error *err)
{
    struct row_set *set = w->q->into;
    size_t count = (size_t)sqlite3_column_count(w->s->handle);
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = value_of(sqlite3_column_value(w->s->handle, (int)i), &w->values[i]);
    }
    if (status == STATUS_OK) {
        status = row_set_add(set, w->values, count);
    }
    if (status == STATUS_INTERNAL) {
        return error_set(err, status, "the rows of the set have %zu columns, the statement %zu",
                         set->columns, count);
    }
    return status == STATUS_OK ? STATUS_OK : row_failure(status, set->bytes_max, err);
}

static enum status put_row(struct writing *w)
{
    struct row_values from = {.handle = w->s->handle};
    enum status status;

    switch (w->q->media) {
    case QUERY_LINES:
        status = row_put_json(w->out, w->shape, &from);
        buf_append_char(w->out, '\n');
        return status == STATUS_OK ? buf_status(w->out) : status;
    case QUERY_CSV:
        buf_append_char(w->out, '\n');
        return row_put_csv(w->out, w->shape, &from);
    case QUERY_JSON:
        break;
    }
    if (w->result->rows > 0) {
        buf_append_char(w->out, ',');
    }
    return row_put_json(w->out, w->shape, &from);
}

static enum status flush_rows(struct writing *w, struct error *err)
{
    size_t enough = w->c->has_flushed ? w->q->flush_next_bytes : w->q->flush_bytes;
    enum status status;

    if (w->q->flush == NULL || w->out->size < enough) {
        return STATUS_OK;
    }
    w->c->has_flushed = true;
    mem_bound(SIZE_MAX); /* the buffer goes to the loop, which frees it */
    status = w->q->flush(w->q->flush_user, w->out, err);
    mem_bound(STATEMENT_MEMORY_MAX);
    return status;
}

static enum status take_row(struct writing *w, struct error *err)
{
    const struct query *q = w->q;
    uint64_t rows_before = w->result->rows;
    enum status status;

    if (q->rows_max != 0 && rows_before >= q->rows_max) {
        (void)error_set(err, STATUS_TOO_BIG, "more than %llu rows",
                        (unsigned long long)q->rows_max);
        error_hint(err, "rows_max");
        return STATUS_TOO_BIG;
    }
    if (q->shape == QUERY_ROW && rows_before > 0) {
        return STATUS_OK;
    }
    if (q->into != NULL) {
        return keep_row(w, err);
    }
    if (q->shape == QUERY_NONE) {
        return STATUS_OK;
    }
    status = put_row(w);
    return status == STATUS_OK ? flush_rows(w, err) : row_failure(status, w->out->max, err);
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
            error_code(err, sqlite_prepare_code(sqlite3_errmsg(c->handle)));
        }
    }
    return status;
}

/* A reader need not look for a second row that nobody counts. */
static bool is_enough(const struct statement *s, const struct query *q)
{
    return q->shape == QUERY_ROW && q->rows_max == 0 && sqlite3_stmt_readonly(s->handle);
}

static enum status step_all(struct writing *w, struct error *err)
{
    struct connection *c = w->c;

    for (;;) {
        int code = sqlite3_step(w->s->handle);
        enum status status = STATUS_OK;

        if (code != SQLITE_ROW && code != SQLITE_DONE) {
            return step_failure(c, w->s, code, w->result->rows, err);
        }
        if (!w->has_begun) {
            w->has_begun = true;
            status = begin_rows(w, err);
        }
        if (code == SQLITE_DONE || status != STATUS_OK) {
            return status;
        }
        status = take_row(w, err);
        if (status != STATUS_OK) {
            return status;
        }
        w->result->rows++;
        if (is_enough(w->s, w->q)) {
            return STATUS_OK;
        }
        /* The flag costs nothing; the clock does, and the progress handler reads it too. */
        if (w->result->rows % ROWS_BETWEEN_CLOCKS == 0 ||
            (c->cancel != NULL && cancel_is_set(c->cancel))) {
            status = stop_check(c, err);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
}

/*
 * Room for as much as the statement wrote last time, so that a long answer is not copied each time
 * the buffer doubles. Where the buffer may not grow so far, what is written will tell.
 */
static void reserve_likely(const struct statement *s, struct buf *out)
{
    if (s->out_hint < out->max - out->size) {
        (void)buf_reserve(out, s->out_hint);
    }
}

static void note_size(struct statement *s, size_t size)
{
    size += size / 8;
    s->out_hint = size < OUT_HINT_MAX ? size : OUT_HINT_MAX;
}

static enum status write_out(struct writing *w, struct error *err)
{
    bool is_array = w->q->shape == QUERY_ROWS && w->q->media == QUERY_JSON;
    struct buf *out = w->out;
    size_t start = out->size;
    enum status status;

    reserve_likely(w->s, out);
    if (is_array) {
        buf_append_char(out, '[');
    }
    status = step_all(w, err);
    if (status == STATUS_OK && is_array) {
        buf_append_char(out, ']');
        status = buf_status(out);
        if (status != STATUS_OK) {
            return row_failure(status, out->max, err);
        }
    }
    if (status == STATUS_OK && !w->c->has_flushed) {
        note_size(w->s, out->size - start);
    }
    return status;
}

static enum status write_into(struct writing *w, struct error *err)
{
    enum status status = step_all(w, err);

    mem_free(w->values);
    return status;
}

enum status rows_write(struct connection *c, struct statement *s, const struct query *q,
                       struct buf *out, struct query_result *result, struct error *err)
{
    struct writing w = {.c = c, .s = s, .q = q, .out = out, .result = result};

    return q->into != NULL ? write_into(&w, err) : write_out(&w, err);
}
