#include "server/mhd_flight.h"

#include "base/clock.h"
#include "pool/executor.h"
#include "server/mhd_answer.h"
#include "server/mhd_stream.h"
#include "server/prefer.h"

#define RETRY_S_MAX 60
#define GRACE_NS    (20 * NS_PER_MS) /* for running work to say itself what its deadline hit */

/* --- the beginning ------------------------------------------------------------------------- */

/* When would a place be free? When the queue has drained at the rate of late: at least a second. */
static unsigned retry_after_s(struct executor *executor)
{
    int64_t seconds = executor_drain_ns(executor) / NS_PER_S + 1;

    return seconds > RETRY_S_MAX ? RETRY_S_MAX : (unsigned)seconds;
}

static void refuse(struct loop *loop, struct exchange *ex, enum status status) ON_LOOP
{
    struct executor *executor = ex->route->executor;
    const char *pool = executor_name(executor);

    switch (status) {
    case STATUS_BUSY:
        call_fail(&ex->call, PROBLEM_QUEUE_FULL, NULL, "the queue of pool \"%s\" is full", pool);
        break;
    case STATUS_OVERLOADED:
        call_fail(&ex->call, PROBLEM_OVERLOADED, NULL,
                  "pool \"%s\" is overloaded: requests have been waiting too long", pool);
        break;
    case STATUS_DEADLINE:
        loop_count(&loop->counters.deadlines[SERVER_ADMISSION]);
        call_fail(&ex->call, PROBLEM_DEADLINE_ADMISSION, DEADLINE_HINT,
                  "pool \"%s\" is expected to need longer than the deadline allows", pool);
        break;
    default:
        call_fail(&ex->call, PROBLEM_DRAINING, NULL, "the service is shutting down");
        break;
    }
    response_header(&ex->call.response, "Retry-After", "%u", retry_after_s(executor));
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

/* One series of ids for all loops, without asking each other. */
static uint64_t next_id(struct loop *loop) ON_LOOP
{
    loop->flights++;
    return loop->flights * loop->conf.loops + loop->index;
}

void flight_kick(struct loop *loop)
{
    for (unsigned i = 0; i < loop->submitted_count; i++) {
        executor_kick(loop->submitted[i]);
    }
    loop->submitted_count = 0;
}

static void note_submitted(struct loop *loop, struct executor *executor) ON_LOOP
{
    for (unsigned i = 0; i < loop->submitted_count; i++) {
        if (loop->submitted[i] == executor) {
            return;
        }
    }
    if (loop->submitted_count == LOOP_SUBMITTED_MAX) {
        flight_kick(loop);
    }
    loop->submitted[loop->submitted_count++] = executor;
}

/* What the handler has to say before and after. */
static bool admit(struct exchange *ex) ON_LOOP
{
    const struct handler *handler = ex->route->handler;

    return handler->admit == NULL || handler->admit(handler->admission, &ex->call);
}

static void dismiss(struct exchange *ex) ON_LOOP
{
    const struct handler *handler = ex->route->handler;

    if (handler->admit != NULL) {
        handler->dismiss(handler->admission, &ex->call);
    }
}

enum MHD_Result flight_begin(struct loop *loop, struct exchange *ex)
{
    int64_t now_ns = clock_now_ns();
    int64_t deadline_ns = deadline_of(ex, now_ns);
    enum status status;

    if (list_is_linked(&ex->client->leaving_link) && client_is_gone(ex->client)) {
        loop_count(&loop->counters.gone);
        return MHD_NO; /* libmicrohttpd would drop the answer when it resumes the connection */
    }
    if (loop->in_flight_count >= loop->conf.in_flight_max) {
        call_fail(&ex->call, PROBLEM_IN_FLIGHT_FULL, "raise limits.in_flight",
                  "too many requests are in flight");
        response_header(&ex->call.response, "Retry-After", "%u",
                        retry_after_s(ex->route->executor));
        return answer_call(loop, ex);
    }
    if (!admit(ex)) {
        return answer_call(loop, ex);
    }
    exchange_let_stream(ex, loop->conf.streams);
    status = exchange_submit(ex, next_id(loop), deadline_ns, now_ns);
    if (status != STATUS_OK) {
        dismiss(ex);
        refuse(loop, ex, status);
        return answer_call(loop, ex);
    }
    note_submitted(loop, ex->route->executor);
    exchange_move(ex, EXCHANGE_IN_FLIGHT);
    ex->flight_ns = now_ns;
    ex->deadline_ns = deadline_ns;
    loop->lingering++;
    list_append(&loop->in_flight, &ex->in_flight_link);
    loop->in_flight_count++;
    atomic_store_explicit(&loop->counters.in_flight, loop->in_flight_count, memory_order_relaxed);
    watch_client(&loop->watch, ex->client, CLIENT_ANSWER, now_ns);
    if (deadline_ns != 0 && deadline_ns - now_ns < 2 * LOOP_LINGER_NS) {
        watch_begin(&loop->watch, &ex->watched, deadline_ns);
    }
    return MHD_YES;
}

/*
 * Suspending after submitting is safe here, and only because completions are taken on this very
 * thread: nobody can have resumed the connection before it is suspended.
 */
enum MHD_Result flight_visit(struct loop *loop, struct exchange *ex)
{
    if (loop->now_ns - ex->flight_ns >= LOOP_LINGER_NS) {
        MHD_suspend_connection(ex->connection);
        ex->is_suspended = true;
        loop->lingering--;
        if (!ex->is_told) {                        /* else what is watched is its grace */
            watch_end(&loop->watch, &ex->watched); /* if it was near */
            watch_begin(&loop->watch, &ex->watched, ex->deadline_ns);
        }
    }
    return MHD_YES;
}

/* --- the end of a flight ------------------------------------------------------------------ */

void flight_land(struct loop *loop, struct exchange *ex)
{
    watch_end(&loop->watch, &ex->watched);
    list_remove(&ex->in_flight_link);
    loop->in_flight_count--;
    atomic_store_explicit(&loop->counters.in_flight, loop->in_flight_count, memory_order_relaxed);
    if (ex->is_suspended) {
        MHD_resume_connection(ex->connection);
    } else {
        loop->lingering--; /* libmicrohttpd is about to ask again */
    }
}

/* It was never run. */
static void decide_unrun(struct loop *loop, struct exchange *ex, enum task_end end) ON_LOOP
{
    unsigned retry_s = retry_after_s(ex->route->executor);

    switch (end) {
    case TASK_DEADLINE:
        loop_count(&loop->counters.deadlines[SERVER_QUEUE]);
        answer_decide_problem(ex, PROBLEM_DEADLINE_QUEUE,
                              "the deadline passed before a thread was free", NULL, retry_s);
        break;
    case TASK_SHED:
        answer_decide_problem(ex, PROBLEM_SHED, "the request waited too long in an overloaded pool",
                              NULL, retry_s);
        break;
    case TASK_KILLED:
        answer_decide_problem(ex, PROBLEM_CANCELLED_QUEUE, "an operator has cancelled the request",
                              NULL, retry_s);
        break;
    default:
        answer_decide_problem(ex, PROBLEM_DRAINED, "the service is shutting down", NULL, 1);
        break;
    }
}

/*
 * Is there room for the answer? What has changed something is answered in any case: a 503 would ask
 * for it to be done again.
 */
static bool is_kept(struct loop *loop, struct exchange *ex) ON_LOOP
{
    bool is_safe = ex->call.request.method == METHOD_GET || ex->call.request.method == METHOD_HEAD;

    return loop_charge(loop, ex, ex->task_answer_size) || !is_safe;
}

void flight_complete(struct loop *loop, struct exchange *ex)
{
    ex->is_with_worker = false;
    dismiss(ex);
    if (ex->state == EXCHANGE_DONE) { /* somebody else has answered */
        loop_release(loop, ex);
        return;
    }
    if (ex->state == EXCHANGE_STREAMING) {
        stream_on_worked(loop, ex);
        return;
    }
    if (ex->task.end == TASK_DONE && !is_kept(loop, ex)) {
        answer_decide_problem(ex, PROBLEM_ANSWERS_FULL,
                              "too many answers wait for their clients to read",
                              "raise limits.buffered_bytes", 1);
    } else if (ex->task.end == TASK_DONE) {
        struct MHD_Response *answer = ex->task_answer;
        ex->task_answer = NULL;
        ex->answer_size = ex->task_answer_size;
        if (ex->task_answer_status == 504) { /* the work has noticed before the loop did */
            loop_count(&loop->counters.deadlines[SERVER_RUN]);
        }
        answer_decide(ex, answer, ex->task_answer_status);
    } else {
        decide_unrun(loop, ex, ex->task.end);
    }
    flight_land(loop, ex);
}

void flight_end(struct loop *loop, struct exchange *ex, enum flight_end why)
{
    static const enum task_end reasons[] = {TASK_DEADLINE, TASK_GONE, TASK_CLOSED};
    static const enum server_cut cuts[] = {SERVER_CUT_SNAPSHOT, SERVER_CUT_GONE,
                                           SERVER_CUT_DRAINED};
    enum status status;

    if (ex->state == EXCHANGE_STREAMING) {
        stream_cut(loop, ex, cuts[why]);
    }
    if (ex->state != EXCHANGE_IN_FLIGHT) {
        return;
    }
    status = executor_cancel(ex->route->executor, &ex->task, reasons[why]);
    if (status == STATUS_NOT_FOUND) {
        return; /* it is on its way home */
    }
    if (why == FLIGHT_DEADLINE && status == STATUS_BUSY && !ex->is_told) {
        ex->is_told = true;
        watch_begin(&loop->watch, &ex->watched, ex->deadline_ns + GRACE_NS);
        return;
    }
    if (why == FLIGHT_CLIENT_GONE) {
        loop_count(&loop->counters.gone);
        answer_decide(ex, NULL, 0);
    } else if (why == FLIGHT_DEADLINE && status == STATUS_BUSY) {
        loop_count(&loop->counters.deadlines[SERVER_RUN]);
        answer_decide_problem(ex, PROBLEM_DEADLINE_RUN, "the deadline passed while the request ran",
                              DEADLINE_HINT, 0);
    } else {
        decide_unrun(loop, ex, reasons[why]);
    }
    flight_land(loop, ex);
}

void flight_abandon(struct loop *loop, struct exchange *ex)
{
    if (ex->state == EXCHANGE_STREAMING) {
        stream_cut(loop, ex, SERVER_CUT_GONE);
    }
    if (ex->state != EXCHANGE_IN_FLIGHT) {
        return;
    }
    (void)executor_cancel(ex->route->executor, &ex->task, TASK_GONE); /* or it is on its way home */
    loop_count(&loop->counters.gone);
    answer_decide(ex, NULL, 0);
    flight_land(loop, ex);
}
