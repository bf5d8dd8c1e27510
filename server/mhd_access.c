/*
 * The life of a request on the loop.
 *
 * Happy path: request line (a new exchange, the raw target copied), first call (headers copied,
 * guard, route, announced size), body pieces, last call (INLINE handlers answer here; BLOCKING
 * ones are submitted), last call again and again while the work is in flight, or after the
 * connection was suspended and resumed (the answer is queued), completed (the exchange is freed).
 *
 * Failure modes: what the guard refuses is answered on the first call, after which libmicrohttpd
 * closes the connection; other errors of a request without a body wait for the last call, which
 * keeps the connection. What happens between dispatch and answer is in mhd_flight.
 *
 * libmicrohttpd facts relied upon (0.9.75): the handler is called again in the shape of the last
 * call whenever libmicrohttpd is run, until it has queued a response or the connection is suspended,
 * and after a resume; while it waits nothing is read from the connection, but an error on its socket
 * (a reset, urgent data) closes it; a response queued on the first call closes the connection; none
 * can be queued while body pieces arrive; a suspended connection is never closed by libmicrohttpd.
 */
#include "server/mhd_access.h"

#include <string.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "pool/executor.h"
#include "server/access_log.h"
#include "server/guard.h"
#include "server/mhd_answer.h"
#include "server/mhd_flight.h"
#include "server/mhd_head.h"
#include "server/mhd_layout.h"
#include "server/stream.h"
#include "server/tally.h"

#define SMALL_MAX ((size_t)4096)        /* of an INLINE answer that costs nothing: health, say */
#define DROP_MAX  ((size_t)1024 * 1024) /* of a body over the limit, before hanging up */

/* --- the request line and the head -------------------------------------------------------- */

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

void *access_on_request_line(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct loop *loop = cls;
    struct client *client = client_of(connection);
    struct exchange *ex;

    assert_on_loop();
    if (client == NULL) {
        return NULL; /* no memory when it connected */
    }
    ex = exchange_create(&loop->completions, loop->conf.response_max);
    if (ex == NULL) {
        return NULL;
    }
    loop->exchanges_count++;
    ex->connection = connection;
    ex->client = client;
    memcpy(ex->client_address, client->address, sizeof(ex->client_address));
    client->exchange = ex;
    ex->raw_target = uri;
    ex->call.request.target = str_of(uri == NULL ? "" : uri);
    ex->call.request.target.at = arena_copy(&ex->call.arena, ex->call.request.target);
    if (uri != NULL) {
        layout_hide_query(uri);
    }
    ex->begun_ns = clock_now_ns();
    watch_client(&loop->watch, client, CLIENT_HEAD, ex->begun_ns);
    streams_note_request(loop->conf.streams, ex->begun_ns);
    return ex;
}

/* --- finding the route -------------------------------------------------------------------- */

static void answer_options(struct loop *loop, struct exchange *ex) ON_LOOP
{
    char allow[80] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    if (!str_equal(ex->call.request.path, STR("*"))) {
        router_allow(loop->router, &ex->call.request, &ex->call.arena, allow, sizeof(allow));
    }
    call_answer_empty(&ex->call, 204);
    response_header(&ex->call.response, "Allow", "%s", allow);
}

static void refuse_method(struct loop *loop, struct exchange *ex) ON_LOOP
{
    char allow[80];

    router_allow(loop->router, &ex->call.request, &ex->call.arena, allow, sizeof(allow));
    call_fail(&ex->call, PROBLEM_METHOD_NOT_ALLOWED, NULL, "%s is not allowed here, only %s",
              method_name(ex->call.request.method), allow);
    response_header(&ex->call.response, "Allow", "%s", allow);
}

/* Return: was a route found? If not, the call holds the answer. */
static bool find_route(struct loop *loop, struct exchange *ex) ON_LOOP
{
    struct request *request = &ex->call.request;
    const struct route *route;

    if (str_equal(request->path, STR("*"))) {
        answer_options(loop, ex);
        return false;
    }
    switch (router_match(loop->router, request, &ex->call.arena, &route)) {
    case ROUTER_FOUND:
        ex->route = route;
        ex->dresser = route->handler;
        return true;
    case ROUTER_NO_METHOD:
        ex->dresser = route->handler; /* a refusal, too, is an answer of that path */
        if (request->method == METHOD_OPTIONS) {
            answer_options(loop, ex);
        } else {
            refuse_method(loop, ex);
        }
        return false;
    case ROUTER_BAD_PATH:
        call_fail(&ex->call, PROBLEM_BAD_REQUEST, NULL,
                  "the path holds a broken escape, a NUL, or bytes that are not UTF-8");
        return false;
    case ROUTER_NO_PATH:
        break;
    }
    call_fail(&ex->call, PROBLEM_NOT_FOUND, loop->conf.not_found_hint,
              "nothing is served at %.200s", request->target.at);
    return false;
}

static void fail_too_large(struct exchange *ex) ON_LOOP
{
    call_fail(&ex->call, PROBLEM_BODY_TOO_LARGE, "send less, or raise limits.body_bytes",
              "the body is larger than %llu bytes", (unsigned long long)ex->route->body_max);
}

static void fail_no_room(struct exchange *ex) ON_LOOP
{
    call_fail(&ex->call, PROBLEM_BUFFERS_FULL, "raise limits.buffered_bytes",
              "there is no room for the body now");
}

static enum MHD_Result begin(struct loop *loop, struct exchange *ex, const char *method,
                             const char *version) ON_LOOP
{
    struct guard_verdict verdict;

    loop_count(&loop->counters.requests);
    if (!head_copy(loop, ex, method, version)) {
        return answer_call(loop, ex);
    }
    verdict = guard_check(&ex->call.request);
    if (verdict.is_refused) {
        call_fail(&ex->call, verdict.kind, NULL, "%s", verdict.detail);
        return answer_call(loop, ex);
    }
    if (!find_route(loop, ex)) {
        if (verdict.has_body) {
            return answer_call(loop, ex);
        }
        exchange_move(ex, EXCHANGE_BODY); /* answered on the last call: keeps the connection */
        return MHD_YES;
    }
    if (verdict.length > ex->route->body_max) {
        fail_too_large(ex);
        return answer_call(loop, ex);
    }
    if (!loop_has_room(loop, verdict.length)) {
        fail_no_room(ex);
        return answer_call(loop, ex);
    }
    buf_init(&ex->body, ex->route->body_max);
    exchange_move(ex, EXCHANGE_BODY);
    if (verdict.has_body) {
        ex->is_chunked = verdict.is_chunked;
        ex->client->has_moved = true;
        loop_expect_more(loop, 1); /* 100 Continue is written, or the body read */
        watch_client(&loop->watch, ex->client, CLIENT_BODY, clock_now_ns());
    }
    return MHD_YES;
}

/* --- the body ----------------------------------------------------------------------------- */

/*
 * A piece beyond the limit is dropped, so that the client gets to read its 413; one that goes on
 * for a megabyte is told on the raw socket and hung up.
 */
static enum MHD_Result take_body(struct loop *loop, struct exchange *ex, const char *piece,
                                 size_t *size) ON_LOOP
{
    ex->client->has_moved = true;
    loop_expect_more(loop, 1);
    if (ex->body_dropped == 0) {
        ex->has_no_room = !loop_charge(loop, ex, *size);
        if (!ex->has_no_room) {
            buf_append(&ex->body, piece, *size);
        }
    }
    if (ex->has_no_room || buf_status(&ex->body) != STATUS_OK) {
        ex->body_dropped += *size;
    }
    *size = 0;
    if (ex->body_dropped > DROP_MAX) {
        client_refuse_body(ex->client, ex->has_no_room);
        exchange_note_raw_answer(ex, ex->has_no_room ? 503 : 413);
        return MHD_NO;
    }
    return MHD_YES;
}

/* --- dispatch ----------------------------------------------------------------------------- */

/* A list or a page of figures may be large, and its client may not read it. */
static void charge_answer(struct loop *loop, struct exchange *ex) ON_LOOP
{
    size_t size = ex->call.response.body.size;

    if (size > SMALL_MAX && !loop_charge(loop, ex, size)) {
        call_fail(&ex->call, PROBLEM_ANSWERS_FULL, "raise limits.buffered_bytes",
                  "too many answers wait for their clients to read");
        response_header(&ex->call.response, "Retry-After", "1");
    }
}

static enum MHD_Result dispatch(struct loop *loop, struct exchange *ex) ON_LOOP
{
    const struct handler *handler;

    exchange_move(ex, EXCHANGE_READY);
    if (ex->route == NULL) {
        return answer_call(loop, ex); /* find_route has left the answer in the call */
    }
    if (ex->has_no_room) {
        fail_no_room(ex);
        return answer_call(loop, ex);
    }
    if (buf_status(&ex->body) == STATUS_TOO_BIG) {
        fail_too_large(ex);
        return answer_call(loop, ex);
    }
    if (buf_status(&ex->body) != STATUS_OK) {
        call_fail(&ex->call, PROBLEM_UNAVAILABLE, NULL, "out of memory for the body");
        return answer_call(loop, ex);
    }
    if (ex->body.size > 0) {
        ex->call.request.body = buf_str(&ex->body);
    }
    handler = ex->route->handler;
    if (handler->kind == HANDLER_BLOCKING) {
        return flight_begin(loop, ex);
    }
    cancel_init(ex->call.cancel, 0);
    pulse_serve(&loop->pulse, ex->route);
    handler->serve(handler, &ex->call);
    pulse_serve(&loop->pulse, NULL);
    charge_answer(loop, ex);
    return answer_call(loop, ex);
}

enum MHD_Result access_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload_data,
                                  size_t *upload_data_size, void **con_cls)
{
    struct loop *loop = cls;
    struct exchange *ex = *con_cls;

    (void)connection;
    (void)url; /* decoded in place, possibly cut by a NUL: never used */
    assert_on_loop();
    if (ex == NULL) {
        return MHD_NO; /* no memory at the request line */
    }
    if (ex->state == EXCHANGE_IN_FLIGHT) {
        return flight_visit(loop, ex);
    }
    loop->has_moved = true;
    switch (ex->state) {
    case EXCHANGE_NEW:
        return begin(loop, ex, method, version);
    case EXCHANGE_BODY:
        if (*upload_data_size > 0) {
            return take_body(loop, ex, upload_data, upload_data_size);
        }
        return dispatch(loop, ex);
    case EXCHANGE_STREAMING:
    case EXCHANGE_DONE:
        return answer_send(loop, ex);
    case EXCHANGE_READY:
    case EXCHANGE_IN_FLIGHT:
        break;
    }
    invariant(!"libmicrohttpd called for a request that is being dispatched");
    return MHD_NO;
}

/*
 * What we had not answered yet, and libmicrohttpd ended "with error" while it was reading, it has
 * refused by itself: with a 400 or, as far as it goes, another of the 400s. Clients that go away have
 * codes of their own.
 */
static bool is_refused(const struct exchange *ex, enum MHD_RequestTerminationCode code) ON_LOOP
{
    bool is_reading = ex->state == EXCHANGE_NEW || ex->state == EXCHANGE_BODY;

    return !ex->is_answered && is_reading && code == MHD_REQUEST_TERMINATED_WITH_ERROR;
}

/* What libmicrohttpd refuses gets a 400 or another of the 400s. */
static unsigned status_of(const struct exchange *ex, enum MHD_RequestTerminationCode code) ON_LOOP
{
    if (ex->is_answered) {
        return ex->answer_status;
    }
    return is_refused(ex, code) ? 400 : 0;
}

/* Bytes of a body that was sent whole. */
static size_t bytes_of(const struct exchange *ex, enum MHD_RequestTerminationCode code) ON_LOOP
{
    bool has_body = ex->is_answered && ex->call.request.method != METHOD_HEAD &&
                    code == MHD_REQUEST_TERMINATED_COMPLETED_OK;

    return has_body ? ex->answer_size : 0;
}

static void count(struct loop *loop, const struct exchange *ex,
                  enum MHD_RequestTerminationCode code, int64_t now_ns) ON_LOOP
{
    const struct tally_end end = {
        .route = ex->route,
        .method = ex->call.request.method,
        .http_status = status_of(ex, code),
        .duration_ns = now_ns - ex->begun_ns,
        .bytes = bytes_of(ex, code),
    };

    tally_add(loop->tally, &end);
}

/* What docs/configuration.md says about these words has to be true. */
static const char *outcome_of(const struct exchange *ex,
                              enum MHD_RequestTerminationCode code) ON_LOOP
{
    if (ex->is_answered) {
        return code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? NULL : "cut_off";
    }
    if (ex->state == EXCHANGE_NEW) {
        return "incomplete";
    }
    return is_refused(ex, code) ? "unreadable" : "client_gone";
}

static void write_access(const struct exchange *ex, enum MHD_RequestTerminationCode code,
                         int64_t now_ns) ON_LOOP
{
    const struct request *request = &ex->call.request;
    const struct route *route = ex->route;
    bool is_home = !ex->is_with_worker; /* else its task is not ours to read */
    const struct access access = {
        .method = request->method_text,
        .target = request->target,
        .route = route == NULL ? NULL : route->pattern,
        .status = status_of(ex, code),
        .bytes = bytes_of(ex, code),
        .duration_ns = now_ns - ex->begun_ns,
        .pool = route == NULL || route->executor == NULL ? NULL : executor_name(route->executor),
        .queued_ns = is_home ? ex->task.queued_ns : 0,
        .begun_ns = is_home ? ex->task.begun_ns : 0,
        .ended_ns = is_home ? ex->task.ended_ns : 0,
        .client = ex->client->address,
        .request_id = request->id,
        .outcome = outcome_of(ex, code),
    };

    access_log(&access);
}

/* libmicrohttpd is done with it. */
static void part(struct loop *loop, struct exchange *ex) ON_LOOP
{
    flight_abandon(loop, ex); /* if it is in flight: an error on the socket */
    loop_discharge(loop, ex);
    ex->client->exchange = NULL;
    ex->client = NULL;
    ex->connection = NULL;
    loop_release(loop, ex);
}

void access_on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code)
{
    struct loop *loop = cls;
    struct exchange *ex = *con_cls;
    int64_t now_ns;

    (void)connection;
    assert_on_loop();
    loop->has_moved = true;
    loop_expect_more(loop, 1); /* the next request may be there already */
    if (ex == NULL) {
        return;
    }
    *con_cls = NULL;
    now_ns = clock_now_ns();
    watch_client(&loop->watch, ex->client, CLIENT_IDLE, now_ns);
    ex->client->bytes_seen = 0;
    if (loop->tally != NULL) {
        count(loop, ex, code, now_ns);
    }
    if (loop->conf.logs_access) {
        write_access(ex, code, now_ns);
    }
    part(loop, ex);
}

void access_on_closed(struct loop *loop, struct client *client)
{
    struct exchange *ex = client->exchange;

    if (ex == NULL) {
        return;
    }
    if (loop->conf.logs_access) {
        write_access(ex, MHD_REQUEST_TERMINATED_CLIENT_ABORT, clock_now_ns());
    }
    part(loop, ex);
}
