/*
 * One connection: opening, closing, and running one statement on it. Reading and writing differ
 * in sqlite_reader.c and sqlite_writer.c; the rows are written in sqlite_rows.c.
 *
 * A connection belongs to one thread at a time, so nothing here is locked. SQLite's callbacks
 * (authorizer, progress, busy) run on that thread, below these functions.
 */
#include "base/mem.h"
#include "storage/row_set.h"
#include "storage/sqlite_internal.h"

/* Count the connection; there is one writer. */
static enum status take_slot(struct connection *c, struct error *err)
{
    bool is_free = false;

    if (c->kind == CONNECTION_WRITER) {
        if (!c->db->is_writable) {
            return error_set(err, STATUS_READONLY, "the database is served read-only");
        }
        /* acquire: what the last writer did to the connection's file is over */
        if (!atomic_compare_exchange_strong_explicit(&c->db->has_writer, &is_free, true,
                                                     memory_order_acquire, memory_order_relaxed)) {
            return error_set(err, STATUS_BUSY, "the database has a writer already");
        }
    }
    atomic_fetch_add_explicit(&c->db->connections, 1, memory_order_relaxed); /* only a count */
    c->has_slot = true;
    return STATUS_OK;
}

static void give_slot_back(struct connection *c)
{
    if (!c->has_slot) {
        return;
    }
    /* release: pairs with database_close, which must see the last connection gone */
    atomic_fetch_sub_explicit(&c->db->connections, 1, memory_order_release);
    if (c->kind == CONNECTION_WRITER) {
        atomic_store_explicit(&c->db->has_writer, false, memory_order_release);
    }
}

enum status connection_open(struct database *db, enum connection_kind kind, struct cancel *cancel,
                            struct connection **ret, struct error *err)
{
    struct connection *c = mem_zalloc(sizeof(*c));
    enum status status;

    if (c == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    c->db = db;
    c->kind = kind;
    statement_cache_init(&c->cache);
    status = take_slot(c, err);
    if (status == STATUS_OK) {
        c->cancel = cancel;
        status = sqlite_open(c, err);
        c->cancel = NULL;
    }
    if (status != STATUS_OK) {
        connection_close(c);
        return status;
    }
    *ret = c;
    return STATUS_OK;
}

void connection_close(struct connection *c)
{
    if (c == NULL) {
        return;
    }
    statement_cache_fini(&c->cache);
    sqlite_close(c);
    schema_unref(c->schema);
    give_slot_back(c);
    mem_free(c);
}

static enum status run_statement(struct connection *c, struct statement *s, const struct query *q,
                                 struct buf *out, struct query_result *result, struct error *err)
{
    enum status status = statement_bind(c, s, q, err);

    if (status != STATUS_OK) {
        return status;
    }
    if (sqlite3_stmt_readonly(s->handle)) { /* asked each time: it may have been prepared anew */
        return reader_run(c, s, q, out, result, err);
    }
    if (c->kind == CONNECTION_READER) {
        (void)error_set(err, STATUS_READONLY, "the statement writes, this connection only reads");
        error_code(err, "25006");
        return STATUS_READONLY;
    }
    return writer_run(c, s, q, out, result, err);
}

/* It is not the machine that has no memory: asking again would not help. */
static enum status memory_failure(struct error *err)
{
    (void)error_set(err, STATUS_TOO_BIG, "the statement takes more than %zu bytes of memory",
                    STATEMENT_MEMORY_MAX);
    error_hint(err, "memory_max");
    error_code(err, "54000");
    return STATUS_TOO_BIG;
}

enum status connection_run(struct connection *c, const struct query *q, struct cancel *cancel,
                           struct buf *out, struct query_result *ret, struct error *err)
{
    size_t size_before = out->size;
    uint64_t rows_before = q->into == NULL ? 0 : q->into->rows;
    struct query_result result = {0};
    struct statement *s = NULL;
    enum status status = buf_status(out);

    if (status != STATUS_OK) {
        return error_set(err, status, "%s", status_text(status));
    }
    c->cancel = cancel;
    c->query = q;
    c->has_flushed = false;
    sqlite_forget_failure(c);
    mem_bound(STATEMENT_MEMORY_MAX);
    status = stop_check(c, err);
    if (status == STATUS_OK) {
        status = reader_enter(c, err);
    }
    if (status == STATUS_OK) {
        status = statement_cache_get(c, q->sql, &s, err);
    }
    if (status == STATUS_OK) {
        status = run_statement(c, s, q, out, &result, err);
        statement_release(s);
    }
    c->cancel = NULL;
    c->query = NULL;
    if (mem_unbound() && status == STATUS_NOMEM) {
        status = memory_failure(err);
    }
    if (status != STATUS_OK) {
        buf_truncate(out, c->has_flushed ? 0 : size_before);
        if (q->into != NULL) {
            row_set_truncate(q->into, rows_before);
        }
        return status;
    }
    *ret = result;
    return STATUS_OK;
}
