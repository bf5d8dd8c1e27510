/*
 * If-Match and If-None-Match of PATCH, PUT and DELETE: the write happens only if the row still says
 * what its client has seen; or, as with a PUT that is to make a row and replace none, only if there
 * is none. The row is read in the same change that then writes it, so nobody comes in between.
 *
 * An ETag names a row as its GET has shown it. So the row is looked at as the write's own `select` would show
 * it, and whole: a client may ask for less of the answer to its write than it has read.
 */
#include "handlers/table/answer.h"
#include "handlers/table/etag.h"
#include "handlers/table/write.h"

#define ROWS_MAX 2 /* one, or too many */

/* Read what the filters let through, in the shape of tree. Return: false: w's fault, or the answer given. */
static bool read_rows(struct write *w, const struct tree *tree, bool strips_nulls, struct buf *text,
                      uint64_t *ret_rows) ON_WORKER MAY_BLOCK
{
    struct plan_conf conf = write_plan_conf(w);
    const struct plan_source source = {.table = w->table};
    const struct plan_ask ask = {.strips_nulls = strips_nulls, .range_limit = UINT64_MAX};
    struct query query = {.is_planned = true};
    struct query_result result;
    struct plan plan;
    struct error err;

    conf.rows_max = ROWS_MAX;
    if (!plan_read(&conf, &source, tree, &ask, &w->call->arena, &plan, &w->fault)) {
        return false;
    }
    query.sql = plan.rows.text;
    query.values = plan.rows.values;
    query.values_count = plan.rows.values_count;
    query.row = plan.row;
    query.tables = plan.tables;
    query.tables_count = plan.tables_count;
    if (connection_run(w->connection, &query, w->call->cancel, text, &result, &err) != STATUS_OK) {
        return write_fail_error(w, &err);
    }
    *ret_rows = result.rows;
    return true;
}

/* What the conditions say, of the row in each shape that has been looked at. */
struct verdict {
    bool has_row;
    bool is_match;      /* If-Match is met in one of them, or is not there */
    bool is_none_match; /* If-None-Match is met in all of them */
};

/* Return: false: as read_rows. */
static bool look(struct write *w, const struct tree *tree, bool strips_nulls,
                 struct verdict *verdict) ON_WORKER MAY_BLOCK
{
    const struct request *request = &w->call->request;
    struct str row = {NULL, 0};
    uint64_t rows = 0;
    struct buf text;
    bool is_ok;

    buf_init(&text, w->call->response.body.max);
    is_ok = read_rows(w, tree, strips_nulls, &text, &rows);
    if (is_ok) {
        if (rows == 1) { /* without the brackets of the array */
            row = (struct str){text.at + 1, text.size - 2};
        } else if (rows > 1) {
            row = STR(""); /* there is something, but no row has such a tag */
        }
        verdict->has_row = rows > 0;
        verdict->is_match = verdict->is_match || etag_if_match(request, row);
        verdict->is_none_match = verdict->is_none_match && etag_if_none_match(request, row);
    }
    buf_fini(&text);
    return is_ok;
}

/* Would a look at another shape tell nothing more? */
static bool is_decided(const struct write *w, const struct verdict *verdict)
{
    bool has_none_match = request_header(&w->call->request, STR("if-none-match")).at != NULL;

    return !verdict->has_row || !verdict->is_none_match || (verdict->is_match && !has_none_match);
}

/* The same filters, all columns. */
static struct tree whole_of(const struct tree *tree)
{
    static const struct tree_item star = {.kind = TREE_STAR};
    struct tree whole = *tree;

    whole.items = &star;
    whole.items_count = 1;
    whole.levels_count = 1; /* the table's own */
    return whole;
}

static void fail(struct write *w, const struct verdict *verdict)
{
    struct arena *arena = &w->call->arena;

    if (!verdict->is_none_match) {
        (void)fault_set(&w->fault, arena, 412, "precondition_failed",
                        "there is a row, and If-None-Match says that it must not be so");
        fault_hint(&w->fault, arena,
                   "read it, and send its ETag in If-Match if it is to be changed");
    } else {
        (void)fault_set(&w->fault, arena, 412, "precondition_failed",
                        "the row is not what If-Match says: it has changed, or is gone");
        fault_hint(&w->fault, arena, "read it again, and send the ETag of what you have read then");
    }
}

bool write_check_match(struct write *w)
{
    struct tree whole = whole_of(&w->tree);
    struct verdict verdict = {.is_match = false, .is_none_match = true};

    if (w->call->request.method == METHOD_POST || !etag_has_condition(&w->call->request)) {
        return true;
    }
    if (!look(w, &whole, false, &verdict) ||
        (!is_decided(w, &verdict) && !look(w, &w->tree, w->accept.strips_nulls, &verdict))) {
        return false;
    }
    if (!verdict.is_match || !verdict.is_none_match) {
        fail(w, &verdict);
        return false;
    }
    return true;
}
