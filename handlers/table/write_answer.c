/* The answer to a write: its status, its headers, and the rows in the shape that was asked for. */
#include <stdio.h>

#include "handlers/table/answer.h"
#include "handlers/table/etag.h"
#include "handlers/table/location.h"
#include "handlers/table/read.h"
#include "handlers/table/write.h"

/* --- the representation ---------------------------------------------------------------------------- */

bool write_show_plan(struct write *w, const struct plan *plan)
{
    struct query query = {
        .sql = plan->rows.text,
        .values = plan->rows.values,
        .values_count = plan->rows.values_count,
        .shape = w->accept.is_singular ? QUERY_ROW : QUERY_ROWS,
        .rows_max = w->accept.is_singular ? UINT64_MAX : 0, /* step on, to count them */
        .media = read_media_of(w->accept.media),
        .row = plan->row,
        .tables = plan->tables,
        .tables_count = plan->tables_count,
        .is_planned = true,
    };
    struct query_result result;
    struct error err;
    struct buf *body = call_answer(w->call, 200, w->accept.content_type);

    if (connection_run(w->connection, &query, w->call->cancel, body, &result, &err) != STATUS_OK) {
        return write_fail_error(w, &err);
    }
    w->shown = result.rows;
    return true;
}

static bool plan_rows(struct write *w, const struct row_set *rows, struct plan *ret)
{
    const struct plan_conf conf = write_plan_conf(w);
    const struct plan_ask ask = {.strips_nulls = w->accept.strips_nulls, .range_limit = UINT64_MAX};

    return plan_shown(&conf, w->table, rows, &w->tree, &ask, &w->call->arena, ret, &w->fault);
}

bool write_show_rows(struct write *w)
{
    struct plan plan;

    return plan_rows(w, &w->rows, &plan) && write_show_plan(w, &plan);
}

/* All columns and nothing else: nothing is wrong with that. */
static bool is_plain(const struct tree *tree)
{
    return tree->items_count == 1 && tree->items[0].kind == TREE_STAR && tree->levels_count == 1 &&
           tree->levels[0].order_count == 0;
}

bool write_check_shown(struct write *w)
{
    static const struct row_set none = {.rows = 0};
    struct plan plan;

    return is_plain(&w->tree) || plan_rows(w, &none, &plan);
}

/* --- what the client allows ------------------------------------------------------------------------- */

/* What a client takes for the result: the rows it sees, or those it would. */
static uint64_t result_rows(const struct write *w)
{
    return write_is_shown(w) ? w->shown : w->affected;
}

static bool check_affected(struct write *w)
{
    enum method method = w->call->request.method;
    bool is_bounded =
        w->preferences.has_max_affected && (method == METHOD_PATCH || method == METHOD_DELETE);

    if (!is_bounded || w->affected <= w->preferences.max_affected) {
        return true;
    }
    (void)fault_set(&w->fault, &w->call->arena, 400, "PGRST124",
                    "Query result exceeds max-affected preference constraint"); /* says false */
    fault_details(&w->fault, &w->call->arena, "The query affects %llu rows",
                  (unsigned long long)w->affected);
    return false;
}

/* --- headers ------------------------------------------------------------------------------------------ */

#define KINDS_OF_WRITE                                                                             \
    (PREFERENCES_RETURN | PREFERENCES_COUNT | PREFERENCES_TX | PREFERENCES_HANDLING |              \
     PREFERENCES_TIMEZONE)

static void note_preferences(struct write *w)
{
    unsigned kinds = KINDS_OF_WRITE;

    switch (w->call->request.method) {
    case METHOD_POST:
        kinds |= PREFERENCES_MISSING;
        if (write_has_key(w->table) || w->tree.on_conflict_count > 0) {
            kinds |= PREFERENCES_RESOLUTION;
        }
        break;
    case METHOD_PATCH:
        kinds |= PREFERENCES_MISSING | PREFERENCES_MAX_AFFECTED;
        break;
    case METHOD_DELETE:
        kinds |= PREFERENCES_MAX_AFFECTED;
        break;
    default:
        break;
    }
    preferences_note(&w->preferences, kinds, &w->call->response);
}

/* Only PATCH says which rows: PostgREST has it so. PUT says nothing. */
static void note_range(struct write *w)
{
    enum method method = w->call->request.method;
    uint64_t rows = result_rows(w);
    char range[30] = "*";
    char total[30] = "*";

    if (method == METHOD_PUT) {
        return;
    }
    if (method == METHOD_PATCH && rows > 0) {
        (void)snprintf(range, sizeof(range), "0-%llu", (unsigned long long)rows - 1); /* fits */
    }
    if (w->preferences.count != COUNT_UNSAID) {
        (void)snprintf(total, sizeof(total), "%llu", (unsigned long long)rows); /* fits */
    }
    response_header(&w->call->response, "Content-Range", "%s/%s", range, total);
}

/* Where the one row that was made is to be found. */
static void note_location(struct write *w)
{
    const char *location;

    if (w->preferences.returns != RETURN_HEADERS_ONLY || w->call->request.method != METHOD_POST ||
        w->rows.rows != 1 || !write_has_key(w->table)) {
        return;
    }
    location = location_of_row(w->call->request.path, w->table, &w->rows, 0, RESPONSE_VALUE_MAX,
                               &w->call->arena);
    if (location != NULL) {
        response_header(&w->call->response, "Location", "%s", location);
    }
}

/*
 * Of a representation of one row, for the If-Match of the next write. Not of PUT, where it would say that the
 * row is what was sent, to the byte (RFC 9110, 9.3.4), nor of what is gone.
 */
static void note_etag(struct write *w)
{
    enum method method = w->call->request.method;
    struct str row = buf_str(&w->call->response.body);
    char etag[ETAG_SIZE] = "W/\"\"";

    if ((method != METHOD_POST && method != METHOD_PATCH) || w->shown != 1 ||
        w->accept.media != ACCEPT_JSON || w->accept.strips_nulls || row.size < 2) {
        return;
    }
    if (row.at[0] == '[') {
        row = (struct str){row.at + 1, row.size - 2};
    }
    etag_add_row(etag, row);
    response_header(&w->call->response, "ETag", "%s", etag);
}

/* --- statuses ------------------------------------------------------------------------------------------ */

static unsigned status_of(const struct write *w)
{
    switch (w->call->request.method) {
    case METHOD_POST:
        return w->preferences.resolution == RESOLUTION_MERGE && !w->has_inserted &&
                       (write_has_key(w->table) || w->tree.on_conflict_count > 0)
                   ? 200
                   : 201;
    case METHOD_PUT:
        return !write_is_shown(w) ? 204 : w->has_inserted ? 201 : 200;
    default:
        return write_is_shown(w) ? 200 : 204;
    }
}

bool write_answer(struct write *w)
{
    if (w->accept.is_singular && w->call->request.method != METHOD_PUT && result_rows(w) != 1) {
        return read_not_singular(result_rows(w), &w->call->arena, &w->fault);
    }
    if (!check_affected(w)) {
        return false;
    }
    if (write_is_shown(w)) {
        w->call->response.http_status = status_of(w);
        note_etag(w);
    } else {
        call_answer_empty(w->call, status_of(w));
    }
    table_note_profile(w->call, true);
    note_range(w);
    note_preferences(w);
    note_location(w);
    return true;
}
