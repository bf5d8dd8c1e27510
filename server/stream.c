#include "server/stream.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/mem.h"
#include "pool/executor.h"
#include "server/encoding.h"
#include "server/exchange.h"
#include "server/gzip.h"
#include "server/mhd_response.h"
#include "server/mhd_stream.h"

#define SPOOL_THREADS 2
#define PLACE_WAIT_NS (100 * NS_PER_MS) /* for the client, before it is looked again for a place */
#define GLANCE_NS     (50 * NS_PER_MS)  /* likewise, before it is looked who waits for the thread */
#define REFILL_SIZE   (STREAM_PIPE_SIZE / 2)
#define PACKED_MORE   ((size_t)64 * 1024)

/* Requests that came so long ago, or less, are company. */
#define COMPANY_NS (20 * NS_PER_MS)
#define NOTE_NS    (5 * NS_PER_MS) /* so often one is noted */

/* Whoever spools rests this many times as long as it has worked, in naps that end soon. */
#define REST_RATIO  4
#define REST_MAX_NS (20 * NS_PER_MS)

/* --- shared --------------------------------------------------------------------------------- */

/* A directory that was named has to be of use; the usual one may be missing, as in a container. */
static enum status try_directory(struct streams *streams, const struct streams_conf *conf,
                                 struct error *err)
{
    struct spool *spool;
    enum status status = STATUS_OK;

    if (conf->spool_directory != NULL) {
        status = spool_create(&streams->store, &spool, err);
        if (status == STATUS_OK) {
            spool_destroy(spool);
        }
    }
    return status;
}

static enum status open_spools(struct streams *streams, const struct streams_conf *conf,
                               struct error *err)
{
    struct executor_conf executor = {
        .name = "spool", .threads = SPOOL_THREADS, .queue_max = 2 * conf->max};
    enum status status;

    if (spool_store_init(&streams->store, conf->spool_directory, conf->spool_bytes) != STATUS_OK) {
        return error_set(err, STATUS_NOMEM, "no memory for spools");
    }
    status = try_directory(streams, conf, err);
    return status == STATUS_OK ? executor_create(&executor, &streams->executor, err) : status;
}

enum status streams_create(const struct streams_conf *conf, struct streams **ret, struct error *err)
{
    struct streams *streams = mem_zalloc(sizeof(*streams));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    enum status status = STATUS_OK;

    if (streams == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for streams");
    }
    (void)pthread_mutex_init(&streams->mu, NULL); /* cannot fail in glibc */
    list_init(&streams->orphans);
    streams->stall_ns = (int64_t)conf->stall_ms * NS_PER_MS;
    streams->spooling_max = processors >= 4 ? (unsigned)processors / 2 : 1;
    streams->snapshot_ns = (int64_t)conf->snapshot_ms * NS_PER_MS;
    if (conf->spool_bytes > 0) {
        status = open_spools(streams, conf, err);
    }
    if (status != STATUS_OK) {
        streams_destroy(streams);
        return status;
    }
    *ret = streams;
    return STATUS_OK;
}

void streams_note_request(struct streams *streams, int64_t now_ns)
{
    if (streams != NULL &&
        now_ns - atomic_load_explicit(&streams->request_ns, memory_order_relaxed) >= NOTE_NS) {
        atomic_store_explicit(&streams->request_ns, now_ns, memory_order_relaxed);
    }
}

static void end_packing(struct stream *s)
{
    gzip_destroy(s->gzip);
    s->gzip = NULL;
    buf_fini(&s->packed);
}

/* Free the memory of a stream, and close its spool if it has one. */
static void bury(struct stream *s)
{
    mhd_response_destroy(s->response);
    end_packing(s);
    pipe_fini(&s->pipe);
    spool_destroy(atomic_load_explicit(&s->spool, memory_order_relaxed));
    mem_free(s);
}

static void bury_orphans(struct streams *streams)
{
    struct list *link;

    do {
        pthread_mutex_lock(&streams->mu);
        link = list_take_first(&streams->orphans);
        pthread_mutex_unlock(&streams->mu);
        if (link != NULL) {
            bury(container_of(link, struct stream, orphan_link));
        }
    } while (link != NULL);
}

void streams_stop(struct streams *streams)
{
    if (streams != NULL && streams->executor != NULL) {
        executor_stop(streams->executor);
    }
}

void streams_destroy(struct streams *streams)
{
    if (streams == NULL) {
        return;
    }
    executor_destroy(streams->executor);
    bury_orphans(streams);
    spool_store_fini(&streams->store);
    pthread_mutex_destroy(&streams->mu);
    mem_free(streams);
}

/* --- the worker's side ------------------------------------------------------------------------ */

static enum server_cut reason_of(const struct cancel *cancel)
{
    switch (cancel_check(cancel)) {
    case STATUS_CANCELLED:
        return SERVER_CUT_CANCELLED;
    case STATUS_DEADLINE:
        return SERVER_CUT_SNAPSHOT;
    default:
        return SERVER_CUT_FAILED;
    }
}

static void fail(struct stream *s, enum server_cut why, const struct error *err)
{
    if (!s->is_failed) {
        s->is_failed = true;
        s->why = why;
        s->failure = *err;
    }
}

void stream_fail(struct stream *s, const struct cancel *cancel, const char *text)
{
    struct error err;

    (void)error_set(&err, STATUS_INTERNAL, "%s", text);
    fail(s, reason_of(cancel), &err);
}

/*
 * Context: whoever has put something into the pipe. The pipe tells a reader that waits, and the loop may
 * have begun to wait again while earlier news still lie there: it goes on for other reasons, too.
 */
static void on_news(void *user)
{
    struct stream *s = user;

    completions_push_once(s->to, &s->news);
}

/* If the client asks for it: pieces are compressed on their way. Return: OK, NOMEM. */
static enum status begin_packing(struct stream *s, struct call *call) ON_WORKER
{
    enum encoding encoding = encoding_begin(&call->request, &call->response);

    if (encoding == ENCODING_IDENTITY) {
        return STATUS_OK;
    }
    /* What does not compress grows by a little: deflate's stored blocks. */
    buf_init(&s->packed, call->response.body.max + call->response.body.max / 64 + PACKED_MORE);
    return gzip_create(encoding == ENCODING_GZIP ? GZIP_GZIP : GZIP_ZLIB, 0, &s->gzip);
}

static int64_t smaller_ns(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum status begin(struct exchange *ex, struct error *err) ON_WORKER
{
    struct call *call = &ex->call;
    struct stream *s = mem_zalloc(sizeof(*s));
    int64_t now_ns = clock_now_ns();

    if (s == NULL || pipe_init(&s->pipe, STREAM_PIPE_SIZE, on_news, s) != STATUS_OK) {
        mem_free(s);
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    exchange_dress(ex, &call->response);
    if (begin_packing(s, call) != STATUS_OK) {
        bury(s);
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    s->streams = ex->streams;
    s->exchange = ex;
    s->to = ex->completions;
    s->news.kind = COMPLETION_NEWS;
    s->refilled.kind = COMPLETION_REFILL;
    list_init(&s->orphan_link);
    s->http_status = call->response.http_status;
    s->response = mhd_stream_response(ex, &call->response);
    if (s->response == NULL) {
        bury(s);
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    s->patience = (struct pipe_patience){.stall_ns = smaller_ns(GLANCE_NS, s->streams->stall_ns),
                                         .end_ns = now_ns + s->streams->snapshot_ns / 2};
    s->hurry_ns = now_ns + s->streams->snapshot_ns / 4 * 3;
    cancel_extend(call->cancel, now_ns + s->streams->snapshot_ns);
    call->stream = s;
    call->is_sent = true;
    return STATUS_OK;
}

/* Does somebody wait for a thread of this pool? */
static bool is_pool_wanted(const struct stream *s) ON_WORKER
{
    struct executor_stats stats;

    executor_stats(s->exchange->route->executor, &stats);
    return stats.queued > 0;
}

/*
 * The pipe has been full for a glance, and put bytes have gone into it before. While nobody else needs
 * the thread, a client has stall_ns for half of a pipe; else a spool takes what it leaves at once.
 */
static bool may_wait_on(struct stream *s, size_t put) ON_WORKER
{
    int64_t now_ns = clock_now_ns();

    s->waited_put += put;
    if (s->waiting_since_ns == 0 || s->waited_put >= STREAM_PIPE_SIZE / 2) {
        s->waiting_since_ns = now_ns - s->patience.stall_ns;
        s->waited_put = 0;
    }
    return now_ns < s->patience.end_ns && s->patience.end_ns != INT64_MAX &&
           now_ns - s->waiting_since_ns < s->streams->stall_ns &&
           (s->streams->executor == NULL || !is_pool_wanted(s));
}

/* A place among those that spool. */
static bool take_place(struct stream *s) ON_WORKER
{
    struct streams *all = s->streams;
    unsigned before = atomic_fetch_add_explicit(&all->spooling, 1, memory_order_relaxed);

    s->is_spooling = before < all->spooling_max;
    if (!s->is_spooling) {
        atomic_fetch_sub_explicit(&all->spooling, 1, memory_order_relaxed);
    }
    return s->is_spooling;
}

static void give_place_back(struct stream *s) ON_WORKER
{
    if (s->is_spooling) {
        s->is_spooling = false;
        atomic_fetch_sub_explicit(&s->streams->spooling, 1, memory_order_relaxed);
    }
}

/* The client reads too slowly: from here on everything is spooled. */
static enum status begin_spool(struct stream *s, struct error *err) ON_WORKER MAY_BLOCK
{
    struct spool *spool;
    enum status status;

    if (s->streams->executor == NULL) {
        (void)error_set(err, STATUS_FULL, "the client reads too slowly, and nothing is spooled");
        error_hint(err, "spool.bytes is 0");
        fail(s, SERVER_CUT_STALLED, err);
        return STATUS_FULL;
    }
    if (!take_place(s)) {
        return STATUS_BUSY;
    }
    status = spool_create(&s->streams->store, &spool, err);
    if (status != STATUS_OK) {
        fail(s, SERVER_CUT_SPOOL, err);
        return status;
    }
    atomic_fetch_add_explicit(&s->streams->spools, 1, memory_order_relaxed);
    s->working_since_ns = clock_now_ns();
    atomic_store_explicit(&s->spool, spool, memory_order_release);
    return STATUS_OK;
}

/*
 * The client has not taken enough in time. Return: OK: go on, with a spool, or without one until there
 * is a place for it.
 */
static enum status stall(struct stream *s, struct error *err) ON_WORKER MAY_BLOCK
{
    enum status status;

    if (!s->has_stalled) {
        s->has_stalled = true;
        atomic_fetch_add_explicit(&s->streams->stalls, 1, memory_order_relaxed);
    }
    status = begin_spool(s, err);
    if (status != STATUS_BUSY) {
        return status;
    }
    s->patience.end_ns = INT64_MAX; /* the token's deadline bounds it */
    s->patience.stall_ns = PLACE_WAIT_NS;
    return STATUS_OK;
}

static enum status fail_by_token(struct stream *s, const struct cancel *cancel, enum status status,
                                 struct error *err)
{
    (void)error_set(err, status, "%s",
                    status == STATUS_DEADLINE ? "it took longer than limits.snapshot_ms"
                                              : status_text(status));
    fail(s, reason_of(cancel), err);
    return status;
}

static void nap(int64_t ns) ON_WORKER MAY_BLOCK
{
    struct timespec time = {.tv_nsec = ns};

    (void)nanosleep(&time, NULL); /* cut short: less of a rest */
}

/*
 * Others want the processor, too. A kernel lets a thread that wakes up have it at once only if that is
 * fair, which it may be by a hair, and looks again at its next tick, milliseconds later, or when a
 * thread sleeps: so this one sleeps, as short as can be, after each piece, while requests come.
 */
static void give_way(const struct stream *s) ON_WORKER MAY_BLOCK
{
    int64_t noted_ns = atomic_load_explicit(&s->streams->request_ns, memory_order_relaxed);

    if (clock_now_ns() - noted_ns < COMPANY_NS) {
        nap(1);
    }
}

/*
 * A spool is filled for somebody who is in no hurry. Done at full speed, it takes a processor and the
 * disk from those who are: so the worker rests most of the time, until others need its thread or its
 * snapshot gets old.
 */
static void rest(struct stream *s) ON_WORKER MAY_BLOCK
{
    int64_t now_ns = clock_now_ns();

    if (now_ns < s->hurry_ns && !is_pool_wanted(s)) {
        nap(smaller_ns((now_ns - s->working_since_ns) * REST_RATIO, REST_MAX_NS));
        now_ns = clock_now_ns();
    }
    s->working_since_ns = now_ns;
}

static enum status append(struct stream *s, const char *bytes, size_t size,
                          const struct cancel *cancel, struct error *err) ON_WORKER MAY_BLOCK
{
    enum status status = cancel_check(cancel);

    if (status != STATUS_OK) {
        return fail_by_token(s, cancel, status, err);
    }
    status = spool_append(atomic_load_explicit(&s->spool, memory_order_relaxed), bytes, size, err);
    if (status != STATUS_OK) {
        fail(s, SERVER_CUT_SPOOL, err);
        return status;
    }
    pipe_tell(&s->pipe); /* the loop may have emptied it and wait for more */
    rest(s);
    return STATUS_OK;
}

/* Send bytes on, one way or the other. What fails here has failed for good. */
static enum status send(struct stream *s, const char *bytes, size_t size, struct cancel *cancel,
                        struct error *err) ON_WORKER MAY_BLOCK
{
    enum status status;

    if (s->is_failed) {
        *err = s->failure;
        return err->status;
    }
    while (atomic_load_explicit(&s->spool, memory_order_relaxed) == NULL) {
        size_t n;

        status = pipe_put(&s->pipe, bytes, size, cancel, &s->patience, &n);
        bytes += n;
        size -= n;
        if (status == STATUS_OK) {
            give_way(s);
            return STATUS_OK;
        }
        if (status != STATUS_BUSY) {
            return fail_by_token(s, cancel, status, err);
        }
        if (may_wait_on(s, n)) {
            continue;
        }
        status = stall(s, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return append(s, bytes, size, cancel, err);
}

/* A HEAD is answered with the head that the GET would get, and the work is over. */
static enum status end_head(struct exchange *ex, struct error *err) ON_WORKER
{
    struct response *r = &ex->call.response;

    if (!ex->call.is_sent) {
        exchange_dress(ex, r);
        (void)encoding_begin(&ex->call.request, r); /* for the head */
        ex->task_answer_status = r->http_status;
        ex->task_answer_size = 0;
        ex->task_answer = mhd_stream_response(ex, r); /* NULL: hang up, for want of memory */
        ex->call.is_sent = true;
    }
    return error_set(err, STATUS_CANCELLED, "HEAD wants no body");
}

/* Send what the body holds, compressed if that was agreed. */
static enum status send_body(struct stream *s, struct call *call, enum gzip_flush flush,
                             struct error *err) ON_WORKER MAY_BLOCK
{
    struct str piece = buf_str(&call->response.body);
    enum status status;

    if (s->gzip != NULL && !s->is_failed) {
        buf_clear(&s->packed);
        status = gzip_feed(s->gzip, piece, flush, &s->packed);
        if (status != STATUS_OK) {
            (void)error_set(err, status, "compressing: %s", status_text(status));
            fail(s, SERVER_CUT_FAILED, err);
            return status;
        }
        piece = buf_str(&s->packed);
    }
    return send(s, piece.at, piece.size, call->cancel, err);
}

static enum status flush_body(struct exchange *ex, enum gzip_flush flush,
                              struct error *err) ON_WORKER MAY_BLOCK
{
    struct call *call = &ex->call;
    struct buf *body = &call->response.body;
    enum status status = buf_status(body);

    if (status != STATUS_OK) {
        return error_set(err, status, "a piece of the answer is larger than %zu bytes", body->max);
    }
    if (call->stream == NULL) {
        status = begin(ex, err);
    }
    if (status == STATUS_OK) {
        status = send_body(call->stream, call, flush, err);
    }
    if (status == STATUS_OK) {
        buf_clear(body);
    }
    return status;
}

enum status stream_flush(struct call *call, struct error *err)
{
    struct exchange *ex = container_of(call, struct exchange, call);
    struct error own;

    err = err == NULL ? &own : err;
    if (call->request.method == METHOD_HEAD && buf_status(&call->response.body) == STATUS_OK) {
        return end_head(ex, err);
    }
    return flush_body(ex, GZIP_FLUSH, err);
}

void stream_finish(struct exchange *ex)
{
    struct call *call = &ex->call;
    struct stream *s = call->stream;
    struct error err;
    enum status status = STATUS_OK;

    if (s == NULL) {
        return; /* HEAD */
    }
    if (!s->is_failed && (call->response.body.size > 0 || s->gzip != NULL ||
                          buf_status(&call->response.body) != STATUS_OK)) {
        status = flush_body(ex, GZIP_END, &err);
    }
    if (status != STATUS_OK) { /* that of the buffer: the others know already */
        fail(s, SERVER_CUT_FAILED, &err);
    }
    end_packing(s);
    give_place_back(s);
}

/* --- refilling ------------------------------------------------------------------------------ */

bool stream_has_spooled(const struct stream *s)
{
    const struct spool *spool = atomic_load_explicit(&s->spool, memory_order_acquire);

    return spool != NULL && spool_size(spool) > s->refilled_bytes;
}

static void work_refill(struct task *task, struct worker *worker)
{
    static const struct pipe_patience none = {0};
    struct stream *s = container_of(task, struct stream, refill);
    const struct spool *spool = atomic_load_explicit(&s->spool, memory_order_acquire);
    uint64_t unread = spool_size(spool) - s->refilled_bytes;
    size_t size = pipe_room(&s->pipe);
    size_t put = 0;
    char *piece;

    (void)worker;
    assert_on_worker();
    size = size < REFILL_SIZE ? size : REFILL_SIZE;
    size = unread < size ? (size_t)unread : size;
    piece = mem_alloc(size + 1);
    s->has_refill_failed = true;
    if (piece == NULL) {
        (void)error_set(&s->refill_failure, STATUS_NOMEM, "out of memory");
        return;
    }
    if (spool_read(spool, s->refilled_bytes, piece, size, &s->refill_failure) == STATUS_OK) {
        (void)pipe_put(&s->pipe, piece, size, &task->cancel, &none, &put); /* there is room */
        s->refilled_bytes += put;
        s->has_refill_failed = false;
    }
    mem_free(piece);
}

static void finish_refill(struct list *tasks)
{
    struct list *link;

    while ((link = list_take_first(tasks)) != NULL) {
        struct stream *s = container_of(link, struct stream, refill.link);

        if (s->refill.end != TASK_DONE) {
            s->has_refill_failed = true;
            (void)error_set(&s->refill_failure, STATUS_CLOSED, "shutting down");
        }
        completions_push(s->to, &s->refilled); /* the last touch */
    }
}

enum status stream_refill(struct stream *s, int64_t now_ns)
{
    struct executor *executor = s->streams->executor;
    enum status status;

    if (s->is_refilling || !stream_has_spooled(s) || pipe_room(&s->pipe) < REFILL_SIZE) {
        return STATUS_OK;
    }
    task_init(&s->refill, work_refill, finish_refill, 0);
    s->refill.name = "refill";
    s->is_refilling = true;
    status = executor_submit(executor, &s->refill, now_ns);
    if (status != STATUS_OK) {
        s->is_refilling = false;
        return status;
    }
    executor_kick(executor);
    return STATUS_OK;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void work_burial(struct task *task, struct worker *worker)
{
    (void)task;
    (void)worker;
    assert_on_worker();
}

static void finish_burial(struct list *tasks)
{
    struct list *link;

    while ((link = list_take_first(tasks)) != NULL) {
        struct stream *s = container_of(link, struct stream, refill.link);
        struct streams *streams = s->streams;

        bury(s);
        bury_orphans(streams);
    }
}

void stream_destroy(struct stream *s)
{
    struct executor *executor;

    if (s == NULL) {
        return;
    }
    invariant(!s->is_refilling);
    if (atomic_load_explicit(&s->spool, memory_order_acquire) == NULL) {
        mhd_response_destroy(s->response);
        end_packing(s);
        pipe_fini(&s->pipe);
        mem_free(s);
        return;
    }
    executor = s->streams->executor;
    task_init(&s->refill, work_burial, finish_burial, 0);
    s->refill.name = "close";
    if (executor_submit(executor, &s->refill, clock_now_ns()) == STATUS_OK) {
        executor_kick(executor);
        return;
    }
    pthread_mutex_lock(&s->streams->mu); /* full, or stopped: whoever comes next, or the end */
    list_append(&s->streams->orphans, &s->orphan_link);
    pthread_mutex_unlock(&s->streams->mu);
}
