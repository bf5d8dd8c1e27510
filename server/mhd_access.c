/*
 * The life of a request on the loop.
 *
 * Happy path: request line (a new exchange, the raw target copied), first call (headers copied,
 * guard, route, announced size), body pieces, last call (INLINE handlers answer here; BLOCKING
 * ones are submitted and the connection suspended), completion (the connection is resumed), last
 * call again (the answer is queued), completed (the exchange is freed).
 *
 * Failure modes: what the guard refuses is answered on the first call, after which libmicrohttpd
 * closes the connection; other errors of a request without a body wait for the last call, which
 * keeps the connection. Deadline, leaving and drain end an exchange in flight (access_end).
 *
 * libmicrohttpd facts relied upon (0.9.75): the handler is called again in the shape of the last
 * call after a resume; a response queued on the first call closes the connection; none can be
 * queued while body pieces arrive; a suspended connection is never closed by libmicrohttpd.
 */
#include "server/mhd_access.h"

#include <string.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/log.h"
#include "pool/executor.h"
#include "server/guard.h"
#include "server/mhd_layout.h"
#include "server/mhd_response.h"
#include "server/prefer.h"

#define DROP_MAX ((size_t)1024 * 1024) /* of a body over the limit, before hanging up */

/* --- counting ----------------------------------------------------------------------------- */

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Charge bytes that ex holds to the loop's budget. Return: false if they do not fit into it. */
static bool charge(struct loop *loop, struct exchange *ex, size_t bytes) ON_LOOP
{
    if (bytes > loop->conf.buffered_max - loop->buffered) {
        return false;
    }
    loop->buffered += bytes;
    ex->charged += bytes;
    return true;
}

static void release(struct loop *loop, struct exchange *ex) ON_LOOP
{
    if (ex->connection == NULL && !ex->is_with_worker) {
        exchange_destroy(ex);
        loop->exchanges_count--;
    }
}

/* --- answering ---------------------------------------------------------------------------- */

/* Queue what has been decided. Return: NO to hang up. */
static enum MHD_Result send_answer(struct loop *loop, struct exchange *ex) ON_LOOP
{
    struct MHD_Response *answer = ex->answer;
    enum MHD_Result result;

    if (answer == NULL) {
        return MHD_NO;
    }
    /* Behind a chunked body libmicrohttpd may have lost its place: its trailers are read loosely. */
    if (loop->is_draining || ex->is_chunked) {
        (void)MHD_add_response_header(answer, "Connection", "close"); /* else the client closes */
    }
    watch_client(&loop->watch, ex->client, CLIENT_SEND, clock_now_ns());
    result = MHD_queue_response(ex->connection, ex->answer_status, answer);
    mhd_response_destroy(answer); /* libmicrohttpd holds its own reference */
    ex->answer = NULL;
    return result;
}

static void decide(struct exchange *ex, struct MHD_Response *answer, unsigned http_status) ON_LOOP
{
    exchange_move(ex, EXCHANGE_DONE);
    ex->answer = answer;
    ex->answer_status = http_status;
}

/* Decide for what the call holds. Context: the loop has the baton. */
static void decide_call(struct exchange *ex) ON_LOOP
{
    unsigned http_status;

    exchange_seal(ex);
    http_status = ex->call.response.http_status;
    decide(ex, mhd_response_create(&ex->call.response, ex->call.request.id), http_status);
}

/* Answer with what the call holds, now. */
static enum MHD_Result answer_call(struct loop *loop, struct exchange *ex) ON_LOOP
{
    decide_call(ex);
    return send_answer(loop, ex);
}

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
    client->exchange = ex;
    ex->raw_target = uri;
    ex->call.request.target = str_of(uri == NULL ? "" : uri);
    ex->call.request.target.at = arena_copy(&ex->call.arena, ex->call.request.target);
    if (uri != NULL) {
        layout_hide_query(uri);
    }
    watch_client(&loop->watch, client, CLIENT_HEAD, clock_now_ns());
    return ex;
}

struct gathering {
    struct exchange *ex;
    struct layout layout;
    bool has_failed;
};

static enum MHD_Result gather_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                     size_t name_size, const char *value, size_t value_size)
{
    struct gathering *g = cls;
    struct request *request = &g->ex->call.request;
    struct header *header = &request->headers[request->headers_count];

    (void)kind;
    layout_header(&g->layout, name, name_size, value, value_size);
    if (request->headers_count == REQUEST_HEADERS_MAX) {
        g->has_failed = true;
        return MHD_NO;
    }
    header->name = (struct str){name, name_size};
    header->value = (struct str){value, value_size};
    if (!str_equal_nocase(header->name, STR("transfer-encoding"))) {
        header->value = str_trim(header->value); /* that one libmicrohttpd takes literally */
    }
    header->name.at = arena_copy(&g->ex->call.arena, header->name);
    header->value.at = arena_copy(&g->ex->call.arena, header->value);
    if (header->name.at == NULL || header->value.at == NULL) {
        g->has_failed = true;
        return MHD_NO;
    }
    request->headers_count++;
    return MHD_YES;
}

/* Return: false with the problem in the call. */
static bool gather_headers(struct exchange *ex, struct gathering *g) ON_LOOP
{
    struct request *request = &ex->call.request;
    int n = MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, NULL, NULL);

    if (n > REQUEST_HEADERS_MAX) {
        call_fail(&ex->call, PROBLEM_HEADERS_TOO_LARGE, NULL, "more than %d headers",
                  REQUEST_HEADERS_MAX);
        return false;
    }
    request->headers = arena_alloc(&ex->call.arena, ((size_t)n + 1) * sizeof(struct header));
    if (request->headers != NULL) {
        (void)MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, gather_header,
                                          g); /* counts what it was given; g knows */
    }
    if (request->headers == NULL || g->has_failed) {
        request->headers_count = 0;
        call_fail(&ex->call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    return true;
}

/* SplitMix64 (Steele, Lea, Flood 2014), seeded from the kernel: unique, not secret. */
static uint64_t next_id(struct loop *loop) ON_LOOP
{
    uint64_t z = loop->id_state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void identify(struct loop *loop, struct request *request) ON_LOOP
{
    static const char hex[] = "0123456789abcdef";
    struct str given = request_header(request, STR("x-request-id"));
    uint64_t id;

    if (request_id_is_sane(given)) {
        memcpy(request->id, given.at, given.size);
        request->id[given.size] = '\0';
        return;
    }
    id = next_id(loop);
    for (unsigned i = 0; i < 16; i++) {
        request->id[i] = hex[id >> (60 - 4 * i) & 15];
    }
    request->id[16] = '\0';
}

/* Of the request line and the headers, in bytes as they were received. */
static size_t head_size(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info == NULL ? 0 : info->header_size;
}

/*
 * Copy the head out of libmicrohttpd's memory, looking at how it lies there.
 * Return: false with the problem in the call.
 */
static bool copy_head(struct loop *loop, struct exchange *ex, const char *method,
                      const char *version) ON_LOOP
{
    struct request *request = &ex->call.request;
    struct arena *arena = &ex->call.arena;
    struct gathering g = {.ex = ex};
    bool is_copied;

    layout_begin(&g.layout, method, head_size(ex->connection),
                 (struct str){ex->raw_target, request->target.size}, version);
    ex->raw_target = NULL;
    request->method_text = (struct str){arena_copy(arena, str_of(method)), strlen(method)};
    request->version = (struct str){arena_copy(arena, str_of(version)), strlen(version)};
    if (request->target.at == NULL || request->method_text.at == NULL ||
        request->version.at == NULL) {
        call_fail(&ex->call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    request->method = method_of(request->method_text);
    is_copied = gather_headers(ex, &g);
    identify(loop, request);
    if (is_copied && !layout_end(&g.layout)) {
        call_fail(&ex->call, PROBLEM_BAD_REQUEST, NULL,
                  "the head holds a NUL, a bare line feed, a folded line or a header without a "
                  "name");
        return false;
    }
    return is_copied;
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

    if (str_equal(request->path, STR("*"))) {
        answer_options(loop, ex);
        return false;
    }
    switch (router_match(loop->router, request, &ex->call.arena, &ex->route)) {
    case ROUTER_FOUND:
        return true;
    case ROUTER_NO_METHOD:
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

static enum MHD_Result begin(struct loop *loop, struct exchange *ex, const char *method,
                             const char *version) ON_LOOP
{
    struct guard_verdict verdict;

    count(&loop->counters.requests);
    if (!copy_head(loop, ex, method, version)) {
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
        call_fail(&ex->call, PROBLEM_BODY_TOO_LARGE, "send less, or raise limits.body_bytes",
                  "the body is larger than %llu bytes", (unsigned long long)ex->route->body_max);
        return answer_call(loop, ex);
    }
    buf_init(&ex->body, ex->route->body_max);
    exchange_move(ex, EXCHANGE_BODY);
    if (verdict.has_body) {
        ex->is_chunked = verdict.is_chunked;
        ex->client->is_chunked = verdict.is_chunked;
        ex->client->has_moved = true;
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
    if (ex->body_dropped == 0 && !charge(loop, ex, *size)) {
        ex->has_no_room = true;
        ex->body_dropped = *size;
    } else if (ex->body_dropped == 0) {
        buf_append(&ex->body, piece, *size);
    }
    if (buf_status(&ex->body) != STATUS_OK) {
        ex->body_dropped += *size;
    }
    *size = 0;
    if (ex->body_dropped > DROP_MAX) {
        client_refuse_body(ex->client);
        return MHD_NO;
    }
    return MHD_YES;
}

/* --- dispatch ----------------------------------------------------------------------------- */

/* When would a place be free? From what the pool has measured: waiting tasks x mean run / threads. */
static unsigned retry_after_s(struct executor *executor)
{
    struct executor_stats s;
    uint64_t mean_ns;
    uint64_t seconds;

    executor_stats(executor, &s);
    mean_ns = s.completed == 0 ? 0 : s.run_ns_sum / s.completed;
    seconds = (s.queued + 1) * mean_ns / s.threads / NS_PER_S + 1;
    return seconds > 60 ? 60 : (unsigned)seconds;
}

static void refuse_busy(struct exchange *ex, enum status status) ON_LOOP
{
    const char *pool = executor_name(ex->route->executor);

    if (status == STATUS_BUSY) {
        call_fail(&ex->call, PROBLEM_QUEUE_FULL, NULL, "the queue of pool \"%s\" is full", pool);
    } else {
        call_fail(&ex->call, PROBLEM_DRAINING, NULL, "the service is shutting down");
    }
    response_header(&ex->call.response, "Retry-After", "%u", retry_after_s(ex->route->executor));
}

/* The smaller of the route's deadline and the client's wish. */
static int64_t deadline_of(struct exchange *ex, int64_t now_ns) ON_LOOP
{
    uint64_t ms = ex->route->deadline_ms;
    uint64_t wished_ms;
    struct str wait;

    if (prefer_wait(&ex->call.request, &wait, &wished_ms)) {
        ex->applied_wait = wait;
        ms = ms == 0 || wished_ms < ms ? wished_ms : ms;
    }
    return ms == 0 ? 0 : now_ns + (int64_t)ms * NS_PER_MS;
}

static enum MHD_Result submit(struct loop *loop, struct exchange *ex) ON_LOOP
{
    int64_t now_ns = clock_now_ns();
    int64_t deadline_ns = deadline_of(ex, now_ns);
    enum status status;

    if (list_is_linked(&ex->client->leaving_link) && client_is_gone(ex->client)) {
        count(&loop->counters.gone);
        return MHD_NO; /* libmicrohttpd would drop the answer when it resumes the connection */
    }
    if (loop->in_flight_count >= loop->conf.in_flight_max) {
        call_fail(&ex->call, PROBLEM_IN_FLIGHT_FULL, "raise limits.in_flight",
                  "too many requests are in flight");
        response_header(&ex->call.response, "Retry-After", "%u",
                        retry_after_s(ex->route->executor));
        return answer_call(loop, ex);
    }
    status = exchange_submit(ex, deadline_ns);
    if (status != STATUS_OK) {
        refuse_busy(ex, status);
        return answer_call(loop, ex);
    }
    /*
     * Submitting before suspending is safe here, and only because completions are taken on this
     * very thread: nobody can resume the connection before it is suspended.
     */
    exchange_move(ex, EXCHANGE_IN_FLIGHT);
    MHD_suspend_connection(ex->connection);
    list_append(&loop->in_flight, &ex->in_flight_link);
    loop->in_flight_count++;
    atomic_store_explicit(&loop->counters.in_flight, loop->in_flight_count, memory_order_relaxed);
    watch_client(&loop->watch, ex->client, CLIENT_ANSWER, now_ns);
    watch_begin(&loop->watch, &ex->watched, deadline_ns);
    return MHD_YES;
}

static enum MHD_Result dispatch(struct loop *loop, struct exchange *ex) ON_LOOP
{
    const struct handler *handler;

    exchange_move(ex, EXCHANGE_READY);
    if (ex->route == NULL) {
        return answer_call(loop, ex); /* find_route has left the answer in the call */
    }
    if (ex->has_no_room) {
        call_fail(&ex->call, PROBLEM_BUFFERS_FULL, "raise limits.buffered_bytes",
                  "there is no room for the body now");
        return answer_call(loop, ex);
    }
    if (buf_status(&ex->body) == STATUS_TOO_BIG) {
        call_fail(&ex->call, PROBLEM_BODY_TOO_LARGE, "send less, or raise limits.body_bytes",
                  "the body is larger than %llu bytes", (unsigned long long)ex->route->body_max);
        response_header(&ex->call.response, "Connection", "close");
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
        return submit(loop, ex);
    }
    cancel_init(ex->call.cancel, 0);
    handler->serve(handler, &ex->call);
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
    loop->has_moved = true;
    if (ex == NULL) {
        return MHD_NO; /* no memory at the request line */
    }
    switch (ex->state) {
    case EXCHANGE_NEW:
        return begin(loop, ex, method, version);
    case EXCHANGE_BODY:
        if (*upload_data_size > 0) {
            return take_body(loop, ex, upload_data, upload_data_size);
        }
        return dispatch(loop, ex);
    case EXCHANGE_DONE:
        return send_answer(loop, ex);
    case EXCHANGE_READY:
    case EXCHANGE_IN_FLIGHT:
        break;
    }
    invariant(!"libmicrohttpd called for a request in flight");
    return MHD_NO;
}

/* libmicrohttpd is done with it. */
static void part(struct loop *loop, struct exchange *ex) ON_LOOP
{
    invariant(ex->state != EXCHANGE_IN_FLIGHT);
    loop->buffered -= ex->charged;
    ex->charged = 0;
    ex->client->exchange = NULL;
    ex->client = NULL;
    ex->connection = NULL;
    release(loop, ex);
}

void access_on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code)
{
    struct loop *loop = cls;
    struct exchange *ex = *con_cls;

    (void)connection;
    (void)code;
    assert_on_loop();
    loop->has_moved = true;
    if (ex == NULL) {
        return;
    }
    *con_cls = NULL;
    watch_client(&loop->watch, ex->client, CLIENT_IDLE, clock_now_ns());
    ex->client->bytes_seen = 0;
    part(loop, ex);
}

void access_on_closed(struct loop *loop, struct client *client)
{
    if (client->exchange != NULL) {
        part(loop, client->exchange);
    }
}

/* --- the end of a flight ------------------------------------------------------------------ */

static void land(struct loop *loop, struct exchange *ex) ON_LOOP
{
    watch_end(&loop->watch, &ex->watched);
    list_remove(&ex->in_flight_link);
    loop->in_flight_count--;
    atomic_store_explicit(&loop->counters.in_flight, loop->in_flight_count, memory_order_relaxed);
    MHD_resume_connection(ex->connection);
}

/* A problem made outside the call, which may still be a worker's. */
static void decide_problem(struct exchange *ex, enum problem_kind kind, const char *detail,
                           const char *hint, unsigned retry_s) ON_LOOP
{
    struct response r;
    struct MHD_Response *answer;

    response_init(&r, (size_t)64 * 1024);
    problem_write(&r, kind, ex->call.request.id, detail, hint, NULL);
    exchange_note_preference(ex, &r);
    if (retry_s > 0) {
        response_header(&r, "Retry-After", "%u", retry_s);
    }
    answer = mhd_response_create(&r, ex->call.request.id);
    response_fini(&r);
    decide(ex, answer, problem_http_status(kind));
}

static void decide_unrun(struct loop *loop, struct exchange *ex, enum status outcome) ON_LOOP
{
    if (outcome == STATUS_DEADLINE) {
        count(&loop->counters.deadline);
        decide_problem(ex, PROBLEM_DEADLINE_QUEUE, "the deadline passed before a thread was free",
                       NULL, retry_after_s(ex->route->executor));
    } else {
        decide_problem(ex, PROBLEM_DRAINING, "the service is shutting down", NULL, 1);
    }
}

void access_complete(struct loop *loop, struct exchange *ex)
{
    ex->is_with_worker = false;
    if (ex->state == EXCHANGE_DONE) { /* somebody else has answered */
        release(loop, ex);
        return;
    }
    if (ex->outcome == STATUS_OK && !charge(loop, ex, ex->task_answer_size)) {
        decide_problem(ex, PROBLEM_BUFFERS_FULL, "too many answers wait for their clients to read",
                       "raise limits.buffered_bytes", 1);
    } else if (ex->outcome == STATUS_OK) {
        struct MHD_Response *answer = ex->task_answer;
        ex->task_answer = NULL;
        decide(ex, answer, ex->task_answer_status);
    } else {
        decide_unrun(loop, ex, ex->outcome);
    }
    land(loop, ex);
}

void access_end(struct loop *loop, struct exchange *ex, enum access_end why)
{
    static const enum status reasons[] = {STATUS_DEADLINE, STATUS_CANCELLED, STATUS_CLOSED};
    enum status status;

    if (ex->state != EXCHANGE_IN_FLIGHT) {
        return;
    }
    status = executor_cancel(ex->route->executor, &ex->task, reasons[why]);
    if (status == STATUS_NOT_FOUND) {
        return; /* it is on its way home */
    }
    if (why == ACCESS_CLIENT_GONE) {
        count(&loop->counters.gone);
        decide(ex, NULL, 0);
    } else if (why == ACCESS_DEADLINE && status == STATUS_BUSY) {
        count(&loop->counters.deadline);
        decide_problem(ex, PROBLEM_DEADLINE_RUN, "the deadline passed while the request ran",
                       DEADLINE_HINT, 0);
    } else {
        decide_unrun(loop, ex, reasons[why]);
    }
    land(loop, ex);
}
