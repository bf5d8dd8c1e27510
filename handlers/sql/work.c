/*
 * One request: its parameters, then the steps, whose last one's result is the answer.
 *
 * The happy path of several steps: begin a change (or a reading, if none writes), run each, keep of its
 * first row what later ones use, end well. Whatever goes wrong in between is the answer, and the change
 * is undone. A single step needs none of it.
 *
 * On the writer this may run a second time for the same request, after its group was lost: everything
 * here lives in the request's arena or on the stack.
 */
#include "handlers/sql/work.h"

#include <string.h>

#include "handlers/idempotency.h"
#include "handlers/sql/media.h"
#include "handlers/sql/params.h"
#include "handlers/sql/route.h"
#include "pool/executor.h"
#include "server/call.h"
#include "storage/row_set.h"
#include "storage/schema.h"
#include "storage/slot.h"

/* One request at work. */
struct work {
    const struct sql_route *route;
    struct call *call;
    struct connection *connection;
    struct value *values; /* of the params, then those that are kept of steps */
    struct value *bound;  /* room for those of any one step */
};

static struct query query_of(const struct work *w, const struct step *step, enum query_shape shape)
{
    for (size_t i = 0; i < step->info.parameters_count; i++) {
        w->bound[i] = w->values[step->binding[i]];
    }
    return (struct query){.sql = step->sql,
                          .values = w->bound,
                          .values_count = step->info.parameters_count,
                          .shape = shape};
}

/* Has the step found, or changed, what it has to? Return: if not, false with the answer given. */
static bool check_rows(const struct work *w, size_t number, const struct query_result *result)
{
    const struct step *step = &w->route->steps[number];
    bool has_rows = step->info.columns_count > 0 ? result->rows > 0 : result->changes > 0;

    if (has_rows || step->no_rows == SQL_NO_ROWS_CONTINUE) {
        return true;
    }
    call_fail(w->call,
              step->no_rows == SQL_NO_ROWS_CONFLICT ? PROBLEM_CONFLICT : PROBLEM_ROW_NOT_FOUND,
              NULL, "step %zu of the route %s no row; nothing has been changed", number + 1,
              step->info.is_read_only ? "found" : "changed");
    return false;
}

/* --- the last step ------------------------------------------------------------------------ */

static enum status flush(void *user, struct buf *out, struct error *err)
{
    (void)out; /* is the call's */
    assert_on_worker();
    return call_flush(user, err);
}

static void stream(const struct work *w, struct query *query)
{
    query->media = media_of(&w->call->request);
    if (call_can_stream(w->call)) {
        query->flush_bytes = w->route->stream_size;
        query->flush_next_bytes = CALL_PIECE_SIZE;
        query->flush = flush;
        query->flush_user = w->call;
    }
}

/* Give the answer. Return: is it a good one? */
static bool run_last(const struct work *w) ON_WORKER MAY_BLOCK;

static bool run_last(const struct work *w)
{
    const struct sql_route *route = w->route;
    struct call *call = w->call;
    struct query query = query_of(w, &route->steps[route->steps_count - 1], route->shape);
    struct query_result result;
    struct error err = {0};
    enum status status;
    struct buf *body;

    if (route->stream) {
        stream(w, &query);
    }
    body = call_answer(call, 200, media_type(query.media));
    if (route->stream) {
        response_header_join(&call->response, "Vary", "Accept");
    }
    status = connection_run(w->connection, &query, call->cancel, body, &result, &err);

    if (status != STATUS_OK) {
        call_fail_error(call, &err);
        return false;
    }
    if (!check_rows(w, route->steps_count - 1, &result)) {
        return false;
    }
    if (route->shape == QUERY_ROW && result.rows == 0) {
        call_fail(call, PROBLEM_ROW_NOT_FOUND, NULL, "the query found no row");
        return false;
    }
    if (route->shape == QUERY_NONE) {
        call_answer_empty(call, 204);
    } else if (route->is_write && route->method == METHOD_POST) {
        call->response.http_status = 201;
    }
    return true;
}

/* --- all of them -------------------------------------------------------------------------- */

/* What later steps use of the first row; NULL where there is none. */
static bool keep_values(const struct work *w, size_t step, const struct row_set *set)
{
    const struct sql_route *route = w->route;

    for (size_t i = 0; i < route->kept_count; i++) {
        struct value *value = &w->values[route->params_count + i];

        if (route->kept[i].step != step) {
            continue;
        }
        *value = (struct value){.type = VALUE_NULL};
        if (set->rows > 0) {
            *value = *row_set_at(set, 0, route->kept[i].column);
        }
        if (value->type == VALUE_TEXT || value->type == VALUE_BLOB) {
            value->bytes.at = arena_copy(&w->call->arena, value->bytes);
            if (value->bytes.at == NULL) {
                call_fail(w->call, PROBLEM_RESULT_TOO_LARGE, NULL,
                          "step %zu returns a value that is too large for a later step", step + 1);
                return false;
            }
        }
    }
    return true;
}

/* One that is not the last. Return: go on? Else the answer is given. */
static bool run_step(const struct work *w, size_t number) ON_WORKER MAY_BLOCK;

static bool run_step(const struct work *w, size_t number)
{
    struct query query = query_of(w, &w->route->steps[number], QUERY_ROW);
    struct query_result result;
    struct error err = {0};
    struct row_set set;
    enum status status;
    bool is_good;

    row_set_init(&set, w->call->response.body.max);
    query.into = &set;
    status = connection_run(w->connection, &query, w->call->cancel, &w->call->response.body,
                            &result, &err);
    if (status != STATUS_OK) {
        call_fail_error(w->call, &err);
    }
    is_good = status == STATUS_OK && check_rows(w, number, &result) && keep_values(w, number, &set);
    row_set_fini(&set);
    return is_good;
}

static bool run_steps(const struct work *w) ON_WORKER MAY_BLOCK;

static bool run_steps(const struct work *w)
{
    for (size_t i = 0; i + 1 < w->route->steps_count; i++) {
        if (!run_step(w, i)) {
            return false;
        }
    }
    return run_last(w);
}

/* --- as a unit ---------------------------------------------------------------------------- */

static bool has_columns(const struct statement_info *info, const struct statement_info *known)
{
    if (info->columns_count != known->columns_count) {
        return false;
    }
    for (size_t i = 0; i < info->columns_count; i++) {
        if (strcmp(info->columns[i], known->columns[i]) != 0) {
            return false;
        }
    }
    return true;
}

static enum status check_step(const struct work *w, size_t number, struct error *err) MAY_BLOCK;

static enum status check_step(const struct work *w, size_t number, struct error *err)
{
    const struct step *step = &w->route->steps[number];
    struct statement_info info;
    enum status status = connection_inspect(w->connection, step->sql, &info, err);

    if (status != STATUS_OK) {
        return status;
    }
    if (!has_columns(&info, &step->info)) {
        status =
            error_set(err, STATUS_SCHEMA,
                      "step %zu does not return the columns that it did at the start", number + 1);
        error_hint(err, "name them in its SQL, or start the service again");
    }
    statement_info_fini(&info);
    return status;
}

/*
 * Need not be looked at again, if it is the newest that everybody sees. (What a change has done to
 * it by now may still be undone, and then its number be another's.)
 */
static void note_checked(const struct sql_route *route, uint32_t version)
{
    const struct schema *newest = schema_get(route->db);

    if (newest->version == version) {
        /* relaxed: the number alone says all */
        atomic_store_explicit(route->checked, version, memory_order_relaxed);
    }
    schema_unref(newest);
}

/*
 * Values are kept by their column's place, and what SELECT * or RETURNING * gives depends on the schema.
 * Where that is not the one of last time, see whether the places are still the same.
 * Return: if not, false with the answer given.
 */
static bool check_columns(const struct work *w, const struct schema *schema) ON_WORKER MAY_BLOCK;

static bool check_columns(const struct work *w, const struct schema *schema)
{
    const struct sql_route *route = w->route;
    struct error err = {0};

    if (atomic_load_explicit(route->checked, memory_order_relaxed) == schema->version) {
        return true;
    }
    for (size_t i = 0; i < route->steps_count; i++) {
        if (route->steps[i].is_kept && check_step(w, i, &err) != STATUS_OK) {
            call_fail_error(w->call, &err);
            return false;
        }
    }
    note_checked(route, schema->version);
    return true;
}

static void run_change(const struct work *w) ON_WORKER MAY_BLOCK;

static void run_change(const struct work *w)
{
    struct reading reading;
    struct error err = {0};
    bool is_good;

    if (connection_change_begin(w->connection, w->call->cancel, &reading, &err) != STATUS_OK) {
        call_fail_error(w->call, &err);
        return;
    }
    is_good = idempotency_find(w->call, w->connection) == IDEMPOTENCY_NEW &&
              check_columns(w, reading.schema) && run_steps(w);
    if (idempotency_end(w->call, w->connection, is_good, false, &err) != STATUS_OK) {
        call_fail_error(w->call, &err);
    }
}

static void run_reading(const struct work *w) ON_WORKER MAY_BLOCK;

static void run_reading(const struct work *w)
{
    struct reading reading;
    struct error err = {0};

    if (connection_read_begin(w->connection, w->call->cancel, &reading, &err) != STATUS_OK) {
        call_fail_error(w->call, &err);
        return;
    }
    if (check_columns(w, reading.schema)) {
        (void)run_steps(w); /* there is nothing to undo */
    }
    connection_read_end(w->connection);
}

void sql_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    const struct sql_route *route = const_container_of(handler, struct sql_route, handler);
    struct work w = {.route = route, .call = call};
    struct error err;

    assert_on_worker();
    w.values = arena_alloc(&call->arena,
                           (route->params_count + route->kept_count + 1) * sizeof(*w.values));
    w.bound = arena_alloc(&call->arena, (route->binding_max + 1) * sizeof(*w.bound));
    if (w.values == NULL || w.bound == NULL) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return;
    }
    if (!params_read(call, route->params, route->params_count, w.values)) {
        return;
    }
    if (slot_connection(worker_local(worker), call->cancel, &w.connection, &err) != STATUS_OK) {
        call_fail_error(call, &err);
        return;
    }
    if (!route->is_unit && !(route->is_write && idempotency_is_asked(call))) {
        (void)run_last(&w); /* it is a change, or sees a snapshot, by itself */
    } else if (route->is_write) {
        run_change(&w);
    } else {
        run_reading(&w);
    }
}
