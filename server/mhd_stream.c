#include "server/mhd_stream.h"

#include <microhttpd.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "base/log.h"
#include "pool/executor.h"
#include "server/mhd_answer.h"
#include "server/mhd_flight.h"
#include "server/mhd_response.h"
#include "server/stream.h"

#define TURN_BYTES   ((size_t)256 * 1024) /* of all streams, in one turn of the loop */
#define PIECE_MIN    ((size_t)4096)
#define PIECE_BESIDE ((size_t)8192) /* while somebody waits for a short answer */

static struct loop *loop_of(const struct exchange *ex)
{
    return container_of(ex->completions, struct loop, completions);
}

/*
 * libmicrohttpd closes what has been silent for idle_ms. To a slow client that may happen between two
 * writes, since the kernel takes megabytes at a time: while it is sent a stream, send_ms alone counts.
 */
static void set_idle_timeout(const struct loop *loop, const struct exchange *ex,
                             bool has_timeout) ON_LOOP
{
    unsigned idle_s = has_timeout ? (unsigned)((loop->conf.idle_ms + 999) / 1000) : 0;

    (void)MHD_set_connection_option(ex->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                    idle_s); /* fails only for options that it does not know */
}

/* --- going on --------------------------------------------------------------------------------- */

static void note_streams(struct loop *loop, int change) ON_LOOP
{
    unsigned before = atomic_load_explicit(&loop->counters.streams, memory_order_relaxed);

    atomic_store_explicit(&loop->counters.streams, before + (unsigned)change, memory_order_relaxed);
}

/* It is not in flight any more. */
static void land(struct loop *loop, struct exchange *ex) ON_LOOP
{
    exchange_move(ex, EXCHANGE_DONE);
    list_remove(&ex->in_flight_link);
    loop->in_flight_count--;
    atomic_store_explicit(&loop->counters.in_flight, loop->in_flight_count, memory_order_relaxed);
    note_streams(loop, -1);
}

static void resume(struct exchange *ex) ON_LOOP
{
    if (ex->is_suspended) {
        ex->is_suspended = false;
        MHD_resume_connection(ex->connection);
    }
}

/* Return: false if it cannot go on. */
static bool refill(struct loop *loop, struct exchange *ex) ON_LOOP
{
    return stream_refill(ex->call.stream, loop->now_ns) == STATUS_OK;
}

/* Nothing is in the pipe: will anything come? */
static bool is_over(const struct exchange *ex) ON_LOOP
{
    return !ex->is_with_worker && !ex->call.stream->is_refilling &&
           !stream_has_spooled(ex->call.stream);
}

/*
 * How large may a piece be? When many clients are quick at the same time, each turn would take long,
 * and everybody else would wait for it: so they share what a turn may send, and send little while
 * somebody waits for a short answer.
 */
static size_t piece_max(struct loop *loop, size_t max) ON_LOOP
{
    size_t share = TURN_BYTES / (loop->pieces_before + 1);

    loop->pieces++;
    if (loop->lingering > 0 && share > PIECE_BESIDE) {
        share = PIECE_BESIDE;
    }
    share = share < PIECE_MIN ? PIECE_MIN : share;
    return share < max ? share : max;
}

/*
 * libmicrohttpd wants bytes. Suspending after pipe_take has said that it waits is safe: the news is
 * taken on this very thread.
 */
static ssize_t read_stream(void *cls, uint64_t position, char *to, size_t max)
{
    struct exchange *ex = cls;
    struct loop *loop = loop_of(ex);
    size_t n;

    (void)position;
    assert_on_loop();
    loop->has_moved = true;
    if (ex->state != EXCHANGE_STREAMING) {
        return MHD_CONTENT_READER_END_WITH_ERROR; /* it was cut */
    }
    n = pipe_take(&ex->call.stream->pipe, to, piece_max(loop, max));
    if (!refill(loop, ex)) {
        stream_cut(loop, ex, SERVER_CUT_SPOOL);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (n > 0) {
        ex->answer_size += n;
        loop_count_bytes(&loop->counters.streamed, n);
        watch_client(&loop->watch, ex->client, CLIENT_SEND, clock_now_ns());
        loop_expect_more(loop, 1); /* they are written */
        return (ssize_t)n;
    }
    if (is_over(ex)) {
        land(loop, ex);
        set_idle_timeout(loop, ex, true);
        watch_client(&loop->watch, ex->client, CLIENT_SEND, clock_now_ns());
        loop_expect_more(loop, 1); /* the last chunk is written */
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    MHD_suspend_connection(ex->connection);
    ex->is_suspended = true;
    watch_client(&loop->watch, ex->client, CLIENT_ANSWER, loop->now_ns);
    return 0;
}

struct MHD_Response *mhd_stream_response(struct exchange *ex, struct response *r)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, read_stream, ex, NULL);

    /* 0.9.75 ends a chunked answer to HEAD by a last chunk, which the client takes for the next one */
    if (response != NULL && ex->call.request.method == METHOD_HEAD) {
        (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
                                       MHD_RO_END); /* knows it */
    }
    return mhd_response_add_headers(response, r, ex->call.request.id);
}

/* --- cutting ---------------------------------------------------------------------------------- */

static const char *name_of(enum server_cut why)
{
    static const char *const names[] = {
#define CUT_NAME(name, text) text,
        SERVER_CUT_LIST(CUT_NAME)
#undef CUT_NAME
    };

    return names[why];
}

const char *server_cut_name(enum server_cut cut)
{
    return name_of(cut);
}

/* Clients that go away are no news; everything else is. */
static void log_cut(const struct exchange *ex, enum server_cut why, const struct error *err) ON_LOOP
{
    if (why != SERVER_CUT_GONE) {
        log_event(LOG_WARN, "a stream was cut", LOG_STR("reason", name_of(why)),
                  LOG_STR("error", err == NULL ? "" : err->text),
                  LOG_STR("hint", err == NULL ? "" : err->hint),
                  LOG_STR("route", ex->route->pattern), LOG_INT("bytes", (int64_t)ex->answer_size),
                  LOG_STR("request_id", ex->call.request.id));
    }
}

static enum task_end end_of(enum server_cut why)
{
    return why == SERVER_CUT_DRAINED ? TASK_CLOSED : TASK_GONE;
}

static void cut(struct loop *loop, struct exchange *ex, enum server_cut why,
                const struct error *err) ON_LOOP
{
    land(loop, ex);
    loop_count(&loop->counters.cuts[why]);
    log_cut(ex, why, err);
    if (ex->is_with_worker) { /* it may be on its way home */
        (void)executor_cancel(ex->route->executor, &ex->task, end_of(why));
    }
    mhd_response_destroy(ex->answer); /* if it was not queued yet: hang up */
    ex->answer = NULL;
    if (ex->is_suspended) {
        resume(ex); /* libmicrohttpd asks for more, and hears of it */
    } else if (ex->is_answered) {
        client_hang_up(ex->client); /* it waits for the client to take what it has */
    }
}

void stream_cut(struct loop *loop, struct exchange *ex, enum server_cut why)
{
    cut(loop, ex, why, NULL);
}

/* --- news ------------------------------------------------------------------------------------- */

/* There is, or may be, something to send, or it is over. */
static void go_on(struct loop *loop, struct exchange *ex) ON_LOOP
{
    if (refill(loop, ex)) {
        resume(ex);
    } else {
        stream_cut(loop, ex, SERVER_CUT_SPOOL);
    }
}

/* The first piece is there: take leave of the deadline, and have the head sent. */
static void open_stream(struct loop *loop, struct exchange *ex) ON_LOOP
{
    struct stream *s = ex->call.stream;

    watch_end(&loop->watch, &ex->watched);
    exchange_move(ex, EXCHANGE_STREAMING);
    note_streams(loop, 1);
    set_idle_timeout(loop, ex, false);
    ex->answer = s->response;
    ex->answer_status = s->http_status;
    s->response = NULL;
    if (ex->is_suspended) {
        resume(ex);
    } else {
        loop->lingering--; /* libmicrohttpd is about to ask again */
    }
}

/* It is not to be opened: decide for something else, as for any flight. */
static void refuse(struct loop *loop, struct exchange *ex) ON_LOOP
{
    (void)executor_cancel(ex->route->executor, &ex->task, TASK_GONE); /* or it is over */
    if (ex->is_told) {
        loop_count(&loop->counters.deadlines[SERVER_RUN]);
        answer_decide_problem(ex, PROBLEM_DEADLINE_RUN, "the deadline passed while the request ran",
                              DEADLINE_HINT, 0);
    } else {
        answer_decide_problem(ex, PROBLEM_ANSWERS_FULL,
                              "too many answers wait for their clients to read",
                              "raise limits.buffered_bytes", 1);
    }
    flight_land(loop, ex);
}

void stream_on_news(struct loop *loop, struct exchange *ex)
{
    completion_look(&ex->call.stream->news);
    if (ex->state == EXCHANGE_STREAMING) {
        go_on(loop, ex);
    } else if (ex->state == EXCHANGE_IN_FLIGHT) {
        if (ex->is_told || !loop_charge(loop, ex, STREAM_PIPE_SIZE)) {
            refuse(loop, ex);
        } else {
            open_stream(loop, ex);
        }
    } /* else somebody has decided otherwise, and told the worker */
}

void stream_on_refilled(struct loop *loop, struct exchange *ex)
{
    struct stream *s = ex->call.stream;

    s->is_refilling = false;
    if (ex->state != EXCHANGE_STREAMING) {
        loop_release(loop, ex);
    } else if (s->has_refill_failed) {
        cut(loop, ex, SERVER_CUT_SPOOL, &s->refill_failure);
    } else {
        go_on(loop, ex);
    }
}

void stream_on_worked(struct loop *loop, struct exchange *ex)
{
    const struct stream *s = ex->call.stream;

    if (s->is_failed) {
        cut(loop, ex, s->why, &s->failure);
    } else {
        go_on(loop, ex);
    }
}
