/*
 * If-Match: the write happens only if the row is still what its client has seen. The row is read here, in
 * the transaction of the write, so nobody comes in between: lost updates are impossible.
 *
 * What the client has seen depends on what its GET selected. That is tried: the select of the write's own
 * URL, then all columns.
 */
#include "handlers/table/answer.h"
#include "handlers/table/etag.h"
#include "handlers/table/write.h"

static const struct tree_item all_columns = {.kind = TREE_STAR};

/* Read what the filters choose, as JSON. *ret_row: of one row its text; of several ""; of none at == NULL. */
static bool read_row(struct write *w, const struct tree *tree, struct buf *out,
                     struct str *ret_row) ON_WORKER MAY_BLOCK
{
    const struct plan_conf conf = write_plan_conf(w);
    const struct plan_source source = {.table = w->table};
    const struct plan_ask ask = {.range_limit = UINT64_MAX};
    struct query query = {.shape = QUERY_ROW, .rows_max = UINT64_MAX, .is_planned = true};
    struct query_result result;
    struct plan plan;
    struct error err;

    if (!plan_read(&conf, &source, tree, &ask, &w->call->arena, &plan, &w->fault)) {
        return false;
    }
    query.sql = plan.rows.text;
    query.values = plan.rows.values;
    query.values_count = plan.rows.values_count;
    query.row = plan.row;
    query.tables = plan.tables;
    query.tables_count = plan.tables_count;
    buf_clear(out);
    if (connection_run(w->connection, &query, w->call->cancel, out, &result, &err) != STATUS_OK) {
        return write_fail_error(w, &err);
    }
    *ret_row = result.rows == 0 ? (struct str){NULL, 0} : result.rows == 1 ? buf_str(out) : STR("");
    return true;
}

bool write_check_condition(struct write *w)
{
    const struct request *request = &w->call->request;
    struct tree whole = w->tree;
    struct str row;
    struct buf out;
    bool is_ok;

    if (!etag_has_condition(request) || request->method == METHOD_POST) {
        return true;
    }
    whole.items = &all_columns;
    whole.items_count = 1;
    buf_init(&out, w->call->response.body.max);
    is_ok = read_row(w, &w->tree, &out, &row);
    if (is_ok && !etag_if_match(request, row)) {
        is_ok = read_row(w, &whole, &out, &row);
        if (is_ok && !etag_if_match(request, row)) {
            is_ok = false;
            call_fail(w->call, PROBLEM_PRECONDITION_FAILED,
                      "read the row again, and send the ETag of that answer",
                      "the row is not what If-Match says");
            w->fault = (struct fault){.http_status = 0}; /* the answer was given */
        }
    }
    buf_fini(&out);
    return is_ok;
}

void write_note_etag(struct write *w)
{
    struct str row = buf_str(&w->call->response.body);
    char etag[ETAG_SIZE] = "W/\"\"";

    if (w->shown != 1 || w->accept.media != ACCEPT_JSON || w->accept.strips_nulls || row.size < 2) {
        return;
    }
    if (row.at[0] == '[') {
        row = (struct str){row.at + 1, row.size - 2};
    }
    etag_add_row(etag, row);
    response_header(&w->call->response, "ETag", "%s", etag);
}
