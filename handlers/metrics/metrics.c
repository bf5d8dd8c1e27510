#include "handlers/metrics/metrics.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/invariant.h"
#include "base/log.h"
#include "base/mem.h"
#include "handlers/metrics/exposition.h"
#include "handlers/metrics/process.h"
#include "handlers/metrics/writes.h"
#include "pool/executor.h"
#include "server/call.h"
#include "server/server.h"

#define PAGE_MAX ((size_t)64 * 1024 * 1024) /* whatever limits.response_bytes says */

struct listener {
    const char *name;
    const struct server *server;
};

struct metrics {
    struct handler handler;
    struct metrics_conf conf;
    struct process process;
    struct listener listeners[METRICS_SERVERS_MAX];
    _Atomic size_t listeners_count; /* release/acquire: publishes those before it */
};

/* Everything that goes into one answer. */
struct page {
    const struct metrics *metrics;
    struct exposition to;
    struct executor_stats *pools; /* as many as there are executors */
    size_t listeners_count;
};

/* One family with one sample, without labels. */
static void put_single(struct page *p, const char *name, enum exposition_type type,
                       const char *help, uint64_t value)
{
    exposition_family(&p->to, name, type, help);
    exposition_u64(&p->to, NULL, 0, value);
}

/* --- pools ------------------------------------------------------------------------------------ */

/* type, name, how it is written, what of the figures s, help */
#define POOL_FAMILIES(X)                                                                           \
    X(GAUGE, "gantry_pool_threads", u64, s->threads, "Threads of the pool, as configured.")        \
    X(GAUGE, "gantry_pool_spare_threads", u64, s->spares,                                          \
      "Threads that may take the place of stuck ones, as configured.")                             \
    X(GAUGE, "gantry_pool_queue_limit", u64, s->queue_max, "Requests that may wait.")              \
    X(GAUGE, "gantry_pool_queue_depth", u64, s->queued, "Requests that wait now.")                 \
    X(GAUGE, "gantry_pool_busy_threads", u64, s->running, "Threads that work now.")                \
    X(GAUGE, "gantry_pool_stuck_threads", u64, s->stuck,                                           \
      "Threads whose work was told to end and has not, for a second.")                             \
    X(GAUGE, "gantry_pool_replaced_threads", u64, s->replaced,                                     \
      "Stuck threads that a spare one stands in for.")                                             \
    X(GAUGE, "gantry_pool_overloaded", u64, s->is_overloaded,                                      \
      "1 while requests wait for too long, else 0.")                                               \
    X(GAUGE, "gantry_pool_oldest_wait_seconds", seconds, (uint64_t)s->oldest_wait_ns,              \
      "How long the request that waits longest has waited.")                                       \
    X(GAUGE, "gantry_pool_mean_run_seconds", seconds, (uint64_t)s->mean_run_ns,                    \
      "Mean time that recent requests ran, by which waiting is predicted.")                        \
    X(COUNTER, "gantry_pool_submitted_total", u64, s->submitted, "Requests admitted.")             \
    X(COUNTER, "gantry_pool_batches_total", u64, s->batches, "Times a thread took requests.")      \
    X(COUNTER, "gantry_pool_wakes_total", u64, s->wakes, "Times a sleeping thread was woken.")     \
    X(HISTOGRAM, "gantry_pool_wait_seconds", histogram, &s->wait,                                  \
      "Time in the queue of what a thread took out of it.")                                        \
    X(HISTOGRAM, "gantry_pool_run_seconds", histogram, &s->run, "Time that requests ran.")

static struct exposition_label label_of_pool(const struct page *p, size_t i)
{
    return (struct exposition_label){"pool", str_of(executor_name(p->metrics->conf.executors[i]))};
}

static void put_rejected(struct page *p)
{
    exposition_family(&p->to, "gantry_pool_rejected_total", EXPOSITION_COUNTER,
                      "Requests refused at admission.");
    for (size_t i = 0; i < p->metrics->conf.executors_count; i++) {
        for (unsigned r = 0; r < EXECUTOR_REFUSALS; r++) {
            const struct exposition_label labels[] = {
                label_of_pool(p, i),
                {"reason", str_of(executor_refusal_name((enum executor_refusal)r))},
            };
            exposition_u64(&p->to, labels, 2, p->pools[i].refused[r]);
        }
    }
}

static void put_cancelled_in(struct page *p, size_t i, const char *state, const uint64_t *counts)
{
    for (unsigned end = TASK_DONE + 1; end < TASK_ENDS; end++) {
        const struct exposition_label labels[] = {
            label_of_pool(p, i),
            {"reason", str_of(task_end_name((enum task_end)end))},
            {"state", str_of(state)},
        };
        exposition_u64(&p->to, labels, 3, counts[end]);
    }
}

static void put_cancelled(struct page *p)
{
    exposition_family(&p->to, "gantry_pool_cancelled_total", EXPOSITION_COUNTER,
                      "Requests that were told to end: those queued never run.");
    for (size_t i = 0; i < p->metrics->conf.executors_count; i++) {
        put_cancelled_in(p, i, "queued", p->pools[i].dropped);
        put_cancelled_in(p, i, "running", p->pools[i].interrupted);
    }
}

/* Names of what is stuck on one pool: of more than these it is enough to know the number. */
struct stuck {
    const char *names[16];
    unsigned counts[16];
    size_t count;
};

static void note_stuck(void *user, const struct task *task, enum executor_sight sight)
{
    struct stuck *stuck = user;
    size_t i = 0;

    if (sight != SIGHT_STUCK) {
        return;
    }
    while (i < stuck->count && stuck->names[i] != task->name) {
        i++;
    }
    if (i == ARRAY_LENGTH(stuck->names)) {
        return;
    }
    if (i == stuck->count) {
        stuck->names[stuck->count++] = task->name;
    }
    stuck->counts[i]++;
}

/* By route, and only where there is something: it should be rare. */
static void put_stuck(struct page *p)
{
    bool has_begun = false;

    for (size_t i = 0; i < p->metrics->conf.executors_count; i++) {
        struct stuck stuck = {.count = 0};

        if (p->pools[i].stuck > 0) {
            executor_visit(p->metrics->conf.executors[i], note_stuck, &stuck);
        }
        if (stuck.count > 0 && !has_begun) {
            exposition_family(&p->to, "gantry_pool_stuck_requests", EXPOSITION_GAUGE,
                              "Requests that were told to end a second or more ago, and run.");
            has_begun = true;
        }
        for (size_t k = 0; k < stuck.count; k++) {
            const struct exposition_label labels[] = {label_of_pool(p, i),
                                                      {"route", str_of(stuck.names[k])}};
            exposition_u64(&p->to, labels, 2, stuck.counts[k]);
        }
    }
}

static void put_pools(struct page *p)
{
    size_t count = p->metrics->conf.executors_count;

    for (size_t i = 0; i < count; i++) {
        executor_stats(p->metrics->conf.executors[i], &p->pools[i]);
    }
#define PUT_FAMILY(type, name, form, figure, help)                                                 \
    exposition_family(&p->to, name, EXPOSITION_##type, help);                                      \
    for (size_t i = 0; i < count; i++) {                                                           \
        const struct executor_stats *s = &p->pools[i];                                             \
        const struct exposition_label pool = label_of_pool(p, i);                                  \
        exposition_##form(&p->to, &pool, 1, figure);                                               \
    }
    POOL_FAMILIES(PUT_FAMILY)
#undef PUT_FAMILY
    put_rejected(p);
    put_cancelled(p);
    put_stuck(p);
}

/* --- loops ------------------------------------------------------------------------------------ */

#define LOOP_FAMILIES(X)                                                                           \
    X(GAUGE, "gantry_loop_connections", u64, s.connections, "Connections open now.")               \
    X(GAUGE, "gantry_loop_in_flight", u64, s.in_flight,                                            \
      "Requests that wait or run on a pool now, and whose answer is awaited.")                     \
    X(GAUGE, "gantry_loop_buffered_bytes", u64, s.buffered,                                        \
      "Bytes of request bodies and unsent answers, as far as limits.buffered_bytes counts them.")  \
    X(COUNTER, "gantry_loop_requests_total", u64, s.requests, "Heads of requests taken.")          \
    X(COUNTER, "gantry_loop_stalls_total", u64, s.stalls,                                          \
      "Times the loop was busy for too long to look at its sockets.")                              \
    X(GAUGE, "gantry_loop_stall_seconds_max", seconds, (uint64_t)s.stall_max_ns,                   \
      "The longest of these times.")

/* The figures of one loop, and its labels; text has room for its number. */
static struct server_stats read_loop(const struct listener *listener, unsigned loop, char text[12],
                                     struct exposition_label labels[2])
{
    struct server_stats stats;

    (void)snprintf(text, 12, "%u", loop); /* fits */
    labels[0] = (struct exposition_label){"listener", str_of(listener->name)};
    labels[1] = (struct exposition_label){"loop", str_of(text)};
    server_loop_stats(listener->server, loop, &stats);
    return stats;
}

static void put_loops(struct page *p)
{
    const struct metrics *m = p->metrics;

#define PUT_FAMILY(type, name, form, figure, help)                                                 \
    exposition_family(&p->to, name, EXPOSITION_##type, help);                                      \
    for (size_t l = 0; l < p->listeners_count; l++) {                                              \
        for (unsigned i = 0; i < server_loops(m->listeners[l].server); i++) {                      \
            struct exposition_label labels[2];                                                     \
            char text[12];                                                                         \
            const struct server_stats s = read_loop(&m->listeners[l], i, text, labels);            \
            exposition_##form(&p->to, labels, 2, figure);                                          \
        }                                                                                          \
    }
    LOOP_FAMILIES(PUT_FAMILY)
#undef PUT_FAMILY
}

/* --- streams ---------------------------------------------------------------------------------- */

/* s: of all loops of a listener; t: what their streams share */
#define STREAM_FAMILIES(X)                                                                         \
    X(GAUGE, "gantry_stream_open", s.streams, "Answers that leave in pieces now.")                 \
    X(COUNTER, "gantry_stream_bytes_total", s.streamed, "Bytes of them, sent so far.")             \
    X(COUNTER, "gantry_stream_stalls_total", t.stalls,                                             \
      "Times a client was too slow for the work to wait for it any longer.")                       \
    X(COUNTER, "gantry_stream_spools_total", t.spools, "Of these, how many were spooled.")         \
    X(GAUGE, "gantry_stream_spooled_bytes", t.spooled_bytes, "Bytes in temporary files now.")

static void put_cuts(struct page *p)
{
    exposition_family(&p->to, "gantry_stream_cuts_total", EXPOSITION_COUNTER,
                      "Answers that left in pieces and were broken off.");
    for (size_t l = 0; l < p->listeners_count; l++) {
        const struct listener *listener = &p->metrics->listeners[l];
        struct server_stream_stats shared;
        struct server_stats stats;

        server_stats(listener->server, &stats);
        for (unsigned i = 0; i < SERVER_CUTS && server_stream_stats(listener->server, &shared);
             i++) {
            const struct exposition_label labels[] = {{"listener", str_of(listener->name)},
                                                      {"reason", str_of(server_cut_name(i))}};
            exposition_u64(&p->to, labels, 2, stats.cuts[i]);
        }
    }
}

static void put_streams(struct page *p)
{
#define PUT_FAMILY(type, family, figure, help)                                                     \
    exposition_family(&p->to, family, EXPOSITION_##type, help);                                    \
    for (size_t l = 0; l < p->listeners_count; l++) {                                              \
        const struct listener *listener = &p->metrics->listeners[l];                               \
        const struct exposition_label label = {"listener", str_of(listener->name)};                \
        struct server_stats s;                                                                     \
        struct server_stream_stats t;                                                              \
        server_stats(listener->server, &s);                                                        \
        if (server_stream_stats(listener->server, &t)) {                                           \
            exposition_u64(&p->to, &label, 1, figure);                                             \
        }                                                                                          \
    }
    STREAM_FAMILIES(PUT_FAMILY)
#undef PUT_FAMILY
    put_cuts(p);
}

/* --- requests --------------------------------------------------------------------------------- */

static void put_deadlines(struct page *p)
{
    static const char *const phases[SERVER_PHASES] = {"admission", "queue", "run"};

    exposition_family(&p->to, "gantry_http_deadline_total", EXPOSITION_COUNTER,
                      "Requests answered 503 or 504 because of their deadline, by where it found "
                      "them.");
    for (size_t l = 0; l < p->listeners_count; l++) {
        const struct listener *listener = &p->metrics->listeners[l];
        struct server_stats stats;

        server_stats(listener->server, &stats);
        for (unsigned i = 0; i < SERVER_PHASES; i++) {
            const struct exposition_label labels[] = {{"listener", str_of(listener->name)},
                                                      {"phase", str_of(phases[i])}};
            exposition_u64(&p->to, labels, 2, stats.deadlines[i]);
        }
    }
}

enum request_figure { REQUESTS, UNANSWERED, DURATION, BYTES };

static void put_series(struct page *p, const char *listener, const struct server_series *s,
                       enum request_figure figure)
{
    static const char *const codes[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const struct exposition_label labels[] = {
        {"listener", str_of(listener)},
        {"method", str_of(method_name(s->method))},
        {"route", str_of(s->route == NULL ? "" : s->route->pattern)},
        {"code", str_of(codes[s->class])},
    };

    if ((figure == UNANSWERED) != (s->class == SERVER_UNANSWERED)) {
        return;
    }
    switch (figure) {
    case REQUESTS:
        exposition_u64(&p->to, labels, 4, histogram_count(&s->duration));
        break;
    case UNANSWERED:
        exposition_u64(&p->to, labels, 3, histogram_count(&s->duration));
        break;
    case DURATION:
        exposition_histogram(&p->to, labels, 4, &s->duration);
        break;
    case BYTES:
        exposition_u64(&p->to, labels, 4, s->bytes);
        break;
    }
}

static void put_each_series(struct page *p, enum request_figure figure)
{
    for (size_t l = 0; l < p->listeners_count; l++) {
        const struct listener *listener = &p->metrics->listeners[l];
        size_t places = server_places(listener->server);
        for (size_t i = 0; i < places; i++) {
            struct server_series series;
            if (server_series(listener->server, i, &series)) {
                put_series(p, listener->name, &series, figure);
            }
        }
    }
}

static void put_requests(struct page *p)
{
    exposition_family(&p->to, "gantry_http_requests_total", EXPOSITION_COUNTER,
                      "Requests answered, by the class of the status.");
    put_each_series(p, REQUESTS);
    exposition_family(&p->to, "gantry_http_requests_unanswered_total", EXPOSITION_COUNTER,
                      "Requests whose client was gone before there was an answer.");
    put_each_series(p, UNANSWERED);
    exposition_family(&p->to, "gantry_http_request_duration_seconds", EXPOSITION_HISTOGRAM,
                      "Time from the request line to the last byte of the answer.");
    put_each_series(p, DURATION);
    exposition_family(&p->to, "gantry_http_response_bytes_total", EXPOSITION_COUNTER,
                      "Bytes of bodies of answers that were sent to their end.");
    put_each_series(p, BYTES);
    put_deadlines(p);
}

/* --- build and process ------------------------------------------------------------------------ */

static void put_build(struct page *p)
{
    const struct metrics_conf *conf = &p->metrics->conf;
    const struct exposition_label labels[] = {{"version", str_of(conf->version)},
                                              {"sqlite", str_of(conf->database)},
                                              {"libmicrohttpd", str_of(conf->http_library)}};

    exposition_family(&p->to, "gantry_build_info", EXPOSITION_GAUGE,
                      "Always 1; the versions are in the labels.");
    exposition_u64(&p->to, labels, 3, 1);
}

static void put_process(struct page *p)
{
    struct process_figures f;

    process_read(&p->metrics->process, &f);
    exposition_family(&p->to, "gantry_process_cpu_seconds_total", EXPOSITION_COUNTER,
                      "Processor time used, as itself and in the kernel.");
    exposition_seconds(&p->to, NULL, 0, f.cpu_ns);
    exposition_family(&p->to, "gantry_process_start_time_seconds", EXPOSITION_GAUGE,
                      "When it was started, since 1970.");
    exposition_seconds(&p->to, NULL, 0, f.started_ns);
    if (f.has_stat) {
        put_single(p, "gantry_process_threads", EXPOSITION_GAUGE, "Threads of the process.",
                   f.threads);
        put_single(p, "gantry_process_virtual_memory_bytes", EXPOSITION_GAUGE,
                   "Address space in use.", f.virtual_bytes);
        put_single(p, "gantry_process_resident_memory_bytes", EXPOSITION_GAUGE,
                   "Memory that is in RAM.", f.resident_bytes);
    }
    if (f.max_fds != 0) {
        put_single(p, "gantry_process_max_fds", EXPOSITION_GAUGE, "Descriptors that may be open.",
                   f.max_fds);
    }
    if (f.open_fds != 0) {
        put_single(p, "gantry_process_open_fds", EXPOSITION_GAUGE,
                   "Descriptors that are open, if the kernel tells.", f.open_fds);
    }
    put_single(p, "gantry_log_lines_lost_total", EXPOSITION_COUNTER,
               "Lines of the log that were dropped because it could not be written.", log_lost());
}

/* --- answering -------------------------------------------------------------------------------- */

static void serve(const struct handler *handler, struct call *call)
{
    const struct metrics *metrics = const_container_of(handler, struct metrics, handler);
    struct page page = {.metrics = metrics};
    size_t pools_size = metrics->conf.executors_count * sizeof(*page.pools);

    assert_on_loop();
    page.pools = mem_alloc(pools_size + 1);
    if (page.pools == NULL) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return;
    }
    page.to.to = call_answer(call, 200, "text/plain; version=0.0.4; charset=utf-8");
    buf_fini(page.to.to);
    buf_init(page.to.to, PAGE_MAX);
    response_header(&call->response, "Cache-Control", "no-store");
    page.listeners_count = atomic_load_explicit(&metrics->listeners_count, memory_order_acquire);
    put_build(&page);
    put_process(&page);
    put_pools(&page);
    put_loops(&page);
    put_streams(&page);
    if (metrics->conf.db != NULL) {
        writes_put(&page.to, metrics->conf.db);
    }
    put_requests(&page);
    mem_free(page.pools);
}

/* --- life ------------------------------------------------------------------------------------- */

enum status metrics_create(const struct metrics_conf *conf, struct metrics **ret)
{
    struct metrics *metrics = mem_zalloc(sizeof(*metrics));

    if (metrics == NULL) {
        return STATUS_NOMEM;
    }
    metrics->handler = (struct handler){.kind = HANDLER_INLINE, .serve = serve};
    metrics->conf = *conf;
    process_open(&metrics->process);
    *ret = metrics;
    return STATUS_OK;
}

void metrics_destroy(struct metrics *metrics)
{
    if (metrics != NULL) {
        process_close(&metrics->process);
        mem_free(metrics);
    }
}

void metrics_add_server(struct metrics *metrics, const char *listener, const struct server *server)
{
    size_t count = atomic_load_explicit(&metrics->listeners_count, memory_order_relaxed);

    invariant(count < METRICS_SERVERS_MAX);
    metrics->listeners[count] = (struct listener){listener, server};
    atomic_store_explicit(&metrics->listeners_count, count + 1, memory_order_release);
}

const struct handler *metrics_handler(const struct metrics *metrics)
{
    return &metrics->handler;
}
