#include "server/exchange.h"

#include <stdio.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "pool/executor.h"
#include "server/encoding.h"
#include "server/mhd_response.h"
#include "server/prefer.h"
#include "server/stream.h"

#define MAY(state) (1U << EXCHANGE_##state)

static const unsigned allowed[] = {
    [EXCHANGE_NEW] = MAY(BODY) | MAY(DONE),
    [EXCHANGE_BODY] = MAY(READY) | MAY(DONE),
    [EXCHANGE_READY] = MAY(IN_FLIGHT) | MAY(DONE),
    [EXCHANGE_IN_FLIGHT] = MAY(STREAMING) | MAY(DONE),
    [EXCHANGE_STREAMING] = MAY(DONE),
    [EXCHANGE_DONE] = 0,
};

/* Everything but call.request and memory, which are large and filled before they are read. */
static void clear(struct exchange *ex) ON_LOOP
{
    ex->state = EXCHANGE_NEW;
    ex->connection = NULL;
    ex->client = NULL;
    ex->watched = (struct watched){0};
    list_init(&ex->in_flight_link);
    ex->flight_ns = 0;
    ex->deadline_ns = 0;
    ex->is_told = false;
    ex->is_suspended = false;
    ex->body_dropped = 0;
    ex->answer = NULL;
    ex->answer_status = 0;
    ex->answer_size = 0;
    ex->is_answered = false;
    ex->begun_ns = 0;
    ex->charged = 0;
    ex->is_chunked = false;
    ex->has_no_room = false;
    ex->is_with_worker = false;
    ex->raw_target = NULL;
    ex->route = NULL;
    ex->dresser = NULL;
    ex->streams = NULL;
    ex->completion.kind = COMPLETION_TASK;
    ex->applied_wait = (struct str){NULL, 0};
    ex->client_address[0] = '\0';
    ex->task_answer = NULL;
    ex->task_answer_status = 0;
    ex->task_answer_size = 0;
    ex->task.queued_ns = 0; /* never submitted */
    ex->task.begun_ns = 0;
    ex->task.ended_ns = 0;
    ex->call.request.method = METHOD_UNKNOWN;
    ex->call.request.method_text = (struct str){"", 0};
    ex->call.request.headers = NULL;
    ex->call.request.headers_count = 0;
    ex->call.request.params_count = 0;
    ex->call.request.body = (struct str){"", 0};
    ex->call.request.id[0] = '\0';
    ex->call.cancel = &ex->task.cancel;
    ex->call.flush = NULL;
    ex->call.stream = NULL;
    ex->call.is_sent = false;
}

struct exchange *exchange_create(struct completions *completions, size_t response_max)
{
    struct exchange *ex = mem_alloc(sizeof(*ex));

    if (ex == NULL) {
        return NULL;
    }
    clear(ex);
    ex->completions = completions;
    buf_init(&ex->body, 0);
    response_init(&ex->call.response, response_max);
    arena_init(&ex->call.arena, ex->memory, sizeof(ex->memory), EXCHANGE_ARENA_MAX);
    return ex;
}

void exchange_destroy(struct exchange *ex)
{
    invariant(!exchange_is_busy(ex) && !list_is_linked(&ex->in_flight_link));
    stream_destroy(ex->call.stream);
    mhd_response_destroy(ex->answer);
    mhd_response_destroy(ex->task_answer);
    response_fini(&ex->call.response);
    buf_fini(&ex->body);
    arena_fini(&ex->call.arena);
    mem_free(ex);
}

bool exchange_is_busy(const struct exchange *ex)
{
    if (ex->is_with_worker) {
        return true; /* and what the stream is now is not ours to read */
    }
    return ex->call.stream != NULL && ex->call.stream->is_refilling;
}

void exchange_let_stream(struct exchange *ex, struct streams *streams)
{
    if (streams != NULL && str_equal(ex->call.request.version, STR("HTTP/1.1"))) {
        ex->streams = streams;
        ex->call.flush = stream_flush;
    }
}

void exchange_move(struct exchange *ex, enum exchange_state to)
{
    invariant((allowed[ex->state] & 1U << to) != 0);
    ex->state = to;
}

void exchange_note_raw_answer(struct exchange *ex, unsigned http_status)
{
    if (!ex->is_answered) {
        ex->answer_status = http_status;
        ex->is_answered = true;
    }
}

void exchange_dress(const struct exchange *ex, struct response *r)
{
    if (ex->applied_wait.size > 0) {
        char wait[sizeof("wait=") + PREFER_WAIT_MAX];

        (void)snprintf(wait, sizeof(wait), "wait=%.*s", (int)ex->applied_wait.size,
                       ex->applied_wait.at);                 /* fits: prefer_wait takes no more */
        response_header_join(r, "Preference-Applied", wait); /* beside the handler's own */
    }
    if (ex->dresser != NULL && ex->dresser->decorate != NULL) {
        ex->dresser->decorate(ex->dresser->decoration, &ex->call.request, r);
    }
}

void exchange_seal(struct exchange *ex)
{
    struct call *call = &ex->call;
    enum status status = buf_status(&call->response.body);

    if (status == STATUS_TOO_BIG) {
        call_fail(call, PROBLEM_RESULT_TOO_LARGE, "ask for less, or raise limits.response_bytes",
                  "the result is larger than %zu bytes", call->response.body.max);
    } else if (status != STATUS_OK) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
    } else if (call->response.http_status == 0) {
        call_fail(call, PROBLEM_INTERNAL, NULL, "the handler gave no answer");
    }
    exchange_dress(ex, &call->response);
}

/* --- on the worker ------------------------------------------------------------------------ */

/* If it runs again, what it did before does not count (pool/executor_group.c). */
static void begin_anew(struct exchange *ex) ON_WORKER
{
    if (ex->call.response.http_status == 0) {
        ex->arena_before = ex->call.arena;
        return;
    }
    mhd_response_destroy(ex->task_answer);
    ex->task_answer = NULL;
    response_reset(&ex->call.response);
    arena_rewind(&ex->call.arena, &ex->arena_before);
}

static void work(struct task *task, struct worker *worker)
{
    struct exchange *ex = container_of(task, struct exchange, task);
    const struct handler *handler = ex->route->handler;

    assert_on_worker();
    begin_anew(ex);
    handler->work(handler, &ex->call, worker);
    if (ex->call.is_sent) {
        stream_finish(ex);
        return;
    }
    exchange_seal(ex);
    encoding_apply(&ex->call.request, &ex->call.response);
    ex->task_answer_status = ex->call.response.http_status;
    ex->task_answer_size = response_size(&ex->call.response);
    ex->task_answer = mhd_response_create(&ex->call.response, ex->call.request.id);
}

static struct exchange *exchange_of(struct list *link)
{
    return container_of(link, struct exchange, task.link);
}

/* Take those of one loop off the list and hand them over together. */
static void hand_over(struct completions *to, struct list *tasks)
{
    struct completion *newest = NULL;
    struct completion *oldest = NULL;
    struct list *l = tasks->next;

    while (l != tasks) {
        struct exchange *ex = exchange_of(l);
        l = l->next;
        if (ex->completions == to) {
            list_remove(&ex->task.link);
            ex->completion.next = newest;
            newest = &ex->completion;
            oldest = oldest == NULL ? newest : oldest;
        }
    }
    completions_push_chain(to, newest, oldest); /* the last touch */
}

static void finish(struct list *tasks)
{
    while (!list_is_empty(tasks)) {
        hand_over(exchange_of(list_first(tasks))->completions, tasks);
    }
}

enum status exchange_submit(struct exchange *ex, uint64_t id, int64_t deadline_ns, int64_t now_ns)
{
    enum status status;

    task_init(&ex->task, work, finish, deadline_ns);
    ex->task.id = id;
    ex->task.name = ex->route->pattern;
    ex->task.is_short = ex->route->handler->is_short;
    status = executor_submit(ex->route->executor, &ex->task, now_ns);
    ex->is_with_worker = status == STATUS_OK;
    return status;
}
