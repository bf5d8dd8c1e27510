/*
 * One read of a table, from its request to its answer.
 *
 * What is wrong is found in PostgREST's order: the path, the profile, the query string, the range, the
 * table, its columns and embeds, the preferences, the representation, the database. Everything after
 * the query string happens within one snapshot of the database, with the schema of that snapshot.
 */
#include "handlers/table/read.h"
#include "handlers/table/answer.h"
#include "handlers/table/location.h"
#include "handlers/table/table_internal.h"
#include "pool/executor.h"
#include "storage/slot.h"

#define BOUNDED_PIECES 4

/* --- what was asked --------------------------------------------------------------------------- */

bool read_request(struct read *r, bool has_arguments, bool has_body)
{
    const struct parse_conf conf = {.has_arguments = has_arguments};
    struct arena *arena = &r->call->arena;
    const struct request *request = &r->call->request;

    return table_check_profile(r->call, has_body, &r->fault) &&
           parse_query(request->query, &conf, arena, &r->tree, &r->fault) &&
           range_read(request, arena, &r->range, &r->fault) &&
           preferences_read(request, r->api->conf.has_tx_override, arena, &r->preferences,
                            &r->fault);
}

bool read_open(struct read *r, struct worker *worker)
{
    struct cancel *cancel = r->call->cancel;
    struct error err;

    if (slot_connection(worker_local(worker), cancel, &r->connection, &err) != STATUS_OK ||
        connection_read_begin(r->connection, cancel, &r->reading, &err) != STATUS_OK) {
        table_fail_error(r->call, &err);
        return false;
    }
    return true;
}

void read_close(struct read *r)
{
    connection_read_end(r->connection);
}

bool read_plan(struct read *r, const struct plan_source *source)
{
    struct arena *arena = &r->call->arena;
    struct fault unacceptable = {0}; /* comes after the plan's, though it has a word in it */
    bool is_acceptable =
        accept_read(&r->call->request, ACCEPT_ROWS, arena, &r->accept, &unacceptable);
    const struct plan_conf conf = {
        .scope = {.schema = r->reading.schema, .is_served = table_is_served, .user = r->api},
        .has_aggregates = r->api->conf.has_aggregates,
        .rows_max = r->api->conf.rows_max,
    };
    const struct plan_ask ask = {
        .strips_nulls = is_acceptable && r->accept.strips_nulls,
        .wants_count = r->preferences.count != COUNT_UNSAID,
        .range_first = r->range.first,
        .range_limit = r->range.limit,
    };

    if (!plan_read(&conf, source, &r->tree, &ask, arena, &r->plan, &r->fault)) {
        return false;
    }
    if (!is_acceptable) {
        r->fault = unacceptable;
        return false;
    }
    return preferences_check(&r->preferences, arena, &r->fault);
}

/* --- the rows ------------------------------------------------------------------------------------- */

static struct query query_of(const struct read *r, const struct plan_sql *sql)
{
    return (struct query){
        .sql = sql->text,
        .values = sql->values,
        .values_count = sql->values_count,
        .tables = r->plan.tables,
        .tables_count = r->plan.tables_count,
        .is_planned = true,
    };
}

/* Count what the filters let through. Return: as connection_run. */
static enum status count_rows(struct read *r, struct error *err) ON_WORKER MAY_BLOCK
{
    static const struct row_cell cell = {.kind = ROW_CELL_PLAIN};
    struct query query = query_of(r, &r->plan.count);
    struct query_result result;
    struct buf text;
    enum status status;

    query.shape = QUERY_ROW;
    query.row = row_shape_make(&r->call->arena, &cell, 1, false, true);
    if (query.row == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    buf_init(&text, 64);
    status = connection_run(r->connection, &query, r->call->cancel, &text, &result, err);
    if (status == STATUS_OK) {
        r->has_total = str_to_u64(buf_str(&text), &r->total);
    }
    buf_fini(&text);
    return status;
}

/* What the headers say beside the rows. */
static void note_headers(struct read *r)
{
    struct response *response = &r->call->response;
    const struct request *request = &r->call->request;
    const char *location = location_of(request->path, request->query, &r->call->arena);

    table_note_profile(r->call, false);
    if (location != NULL && strlen(location) <= RESPONSE_VALUE_MAX) { /* a part would be another */
        response_header(response, "Content-Location", "%s", location);
    }
    if (r->etag[0] != '\0') {
        response_header(response, "ETag", "%s", r->etag);
        response_header(response, "Cache-Control", "no-cache"); /* keep it, but ask */
    }
    preferences_note(&r->preferences,
                     PREFERENCES_OF_READ | (r->is_query ? (unsigned)PREFERENCES_MAX_AFFECTED : 0),
                     response);
}

static struct range_answer answer_of(const struct read *r, uint64_t rows)
{
    return (struct range_answer){
        .offset = r->plan.offset,
        .rows = rows,
        .has_total = r->has_total,
        .total = r->total,
    };
}

bool read_not_singular(uint64_t rows, struct arena *arena, struct fault *fault)
{
    (void)fault_set(fault, arena, 406, "PGRST116",
                    "Cannot coerce the result to a single JSON object"); /* says false */
    fault_details(fault, arena, "The result contains %llu rows", (unsigned long long)rows);
    return false;
}

bool read_check_affected(struct read *r, uint64_t rows)
{
    if (!r->is_query || !r->preferences.has_max_affected || rows <= r->preferences.max_affected) {
        return true;
    }
    (void)fault_set(&r->fault, &r->call->arena, 400, "PGRST124",
                    "Query result exceeds max-affected preference constraint"); /* says false */
    fault_details(&r->fault, &r->call->arena, "The query affects %llu rows",
                  (unsigned long long)rows);
    return false;
}

/* Return: false with the fault. */
static bool check_singular(struct read *r, uint64_t rows)
{
    return !r->accept.is_singular || rows == 1 || r->is_one ||
           read_not_singular(rows, &r->call->arena, &r->fault);
}

enum query_media read_media_of(enum accept_media media)
{
    return media == ACCEPT_CSV ? QUERY_CSV : media == ACCEPT_NDJSON ? QUERY_LINES : QUERY_JSON;
}

/* How many rows there will be, if that is known: the filters', less what the limits cut off. */
static uint64_t expected_rows(const struct read *r)
{
    uint64_t left = r->total > r->plan.offset ? r->total - r->plan.offset : 0;

    return left < r->plan.limit ? left : r->plan.limit;
}

/*
 * A query_flush_fn: what is there leaves. The first time the head does too: it tells the range only if
 * the rows were counted beforehand.
 */
static enum status flush_rows(void *user, struct buf *out, struct error *err)
{
    struct read *r = user;

    (void)out; /* is the call's */
    assert_on_worker();
    if (!r->has_left) {
        struct range_answer answer = answer_of(r, expected_rows(r));

        r->has_left = true;
        if (r->has_total) {
            r->call->response.http_status = range_status(&answer);
            range_note(&answer, &r->call->response);
        }
        note_headers(r);
    }
    return call_flush(r->call, err);
}

/*
 * How much leaves together. What is bounded in rows is rarely large, and whole it can say which rows it
 * holds: so it gets some room before it leaves in pieces.
 */
static size_t piece_of(const struct read *r)
{
    size_t piece = r->api->conf.stream_bytes;

    return r->plan.limit == UINT64_MAX ? piece : BOUNDED_PIECES * piece;
}

/* The client has this very answer already. */
static void answer_not_modified(struct read *r)
{
    call_answer_empty(r->call, 304);
    note_headers(r);
}

/*
 * The ETag of one row says what is in it. Return: has the client that already, though something else has
 * changed?
 */
static bool note_row(struct read *r, const struct query_result *result, const struct buf *body)
{
    struct str row = buf_str(body);

    if (r->etag[0] == '\0' || result->rows != 1 || r->accept.media != ACCEPT_JSON || row.size < 2) {
        return false;
    }
    if (row.at[0] == '[') {
        row = (struct str){row.at + 1, row.size - 2};
    }
    etag_add_row(r->etag, row);
    return etag_is_known(&r->call->request, r->etag);
}

/* Run the plan and answer. Return: false with the fault. */
static bool answer_rows(struct read *r) ON_WORKER MAY_BLOCK
{
    struct query query = query_of(r, &r->plan.rows);
    struct query_result result;
    struct range_answer answer;
    struct error err;
    struct buf *body;

    if (r->plan.count.text != NULL && count_rows(r, &err) != STATUS_OK) {
        table_fail_error(r->call, &err);
        return true;
    }
    answer = answer_of(r, 0);
    if (!range_check(&answer, &r->call->arena, &r->fault)) {
        table_fail(r->call, &r->fault);
        range_note(&answer, &r->call->response); /* how many there are */
        return true;
    }
    query.shape = r->accept.is_singular || r->is_one ? QUERY_ROW : QUERY_ROWS;
    query.rows_max = r->accept.is_singular ? UINT64_MAX : 0; /* step on, to count them */
    query.media = read_media_of(r->accept.media);
    query.row = r->plan.row;
    if (!r->accept.is_singular && !r->is_whole && call_can_stream(r->call)) {
        query.flush_bytes = piece_of(r);
        query.flush_next_bytes = CALL_PIECE_SIZE;
        query.flush = flush_rows;
        query.flush_user = r;
    }
    body = call_answer(r->call, 200, r->accept.content_type);
    if (connection_run(r->connection, &query, r->call->cancel, body, &result, &err) != STATUS_OK) {
        table_fail_error(r->call, &err);
        return true;
    }
    if (r->has_left) {
        return true;
    }
    if (!check_singular(r, result.rows) || !read_check_affected(r, result.rows)) {
        return false;
    }
    if (r->is_one && result.rows == 0 && query.media == QUERY_JSON) {
        buf_append_literal(body, "null");
    }
    if (note_row(r, &result, body)) {
        answer_not_modified(r);
        return true;
    }
    answer = answer_of(r, result.rows);
    r->call->response.http_status = range_status(&answer);
    range_note(&answer, &r->call->response);
    note_headers(r);
    return true;
}

/* While the data is the same, is the answer? */
static bool is_repeatable(const struct read *r)
{
    for (size_t i = 0; i < r->plan.tables_count; i++) {
        const struct schema_table *table =
            schema_find(r->reading.schema, str_of(r->plan.tables[i]));

        if (table == NULL || table->is_volatile) {
            return false;
        }
    }
    return r->is_repeatable;
}

bool read_answer(struct read *r)
{
    if (r->reading.version != 0 && is_repeatable(r)) { /* it is known which state this is */
        etag_write(&r->api->etag_key, &r->call->request, r->reading.version, r->etag);
    }
    if (r->etag[0] != '\0' && etag_is_known(&r->call->request, r->etag)) {
        answer_not_modified(r);
        return true;
    }
    return answer_rows(r);
}

/* Return: false with the fault. */
static bool read_table(struct read *r) ON_WORKER MAY_BLOCK
{
    struct str name = request_param(&r->call->request, STR("table"));
    const struct plan_source source = {
        .table = table_find(r->api, r->reading.schema, name, &r->call->arena, &r->fault)};

    return source.table != NULL && read_plan(r, &source) && read_answer(r);
}

void table_read(const struct table_api *api, struct call *call, struct worker *worker)
{
    struct read r = {.api = api, .call = call, .is_repeatable = true};

    if (!read_request(&r, false, false)) {
        table_fail(call, &r.fault);
        return;
    }
    if (!read_open(&r, worker)) {
        return;
    }
    if (!read_table(&r)) {
        table_fail(call, &r.fault);
    }
    read_close(&r);
}
