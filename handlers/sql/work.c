#include "handlers/sql/work.h"

#include "handlers/sql/media.h"
#include "handlers/sql/params.h"
#include "handlers/sql/route.h"
#include "pool/executor.h"
#include "server/call.h"
#include "storage/slot.h"

/* One request at work. */
struct work {
    const struct sql_route *route;
    struct call *call;
    struct connection *connection;
    struct value *values; /* of the params */
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

/* The last step, whose result is the answer. */
static void answer(const struct work *w) ON_WORKER MAY_BLOCK
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
    } else if (route->shape == QUERY_NONE) {
        call_answer_empty(call, 204);
    } else if (route->shape == QUERY_ROW && result.rows == 0) {
        call_fail(call, PROBLEM_ROW_NOT_FOUND, NULL, "the query found no row");
    } else if (route->is_write && route->method == METHOD_POST) {
        call->response.http_status = 201;
    }
}

void sql_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    const struct sql_route *route = const_container_of(handler, struct sql_route, handler);
    struct work w = {.route = route, .call = call};
    struct error err;

    assert_on_worker();
    w.values = arena_alloc(&call->arena, (route->params_count + 1) * sizeof(*w.values));
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
    answer(&w);
}
