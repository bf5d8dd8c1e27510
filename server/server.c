#include <unistd.h>

#include "base/mem.h"
#include "server/listener.h"
#include "server/mhd_loop.h"
#include "server/server.h"
#include "server/stream.h"
#include "server/tally.h"
#include "server/watchdog.h"

#define LOOPS_MAX 64

struct server {
    unsigned loops_count;
    struct loop *loops[LOOPS_MAX];
    struct watchdog watchdog;
    struct streams *streams; /* NULL: no answer leaves in pieces */
    char address[LISTENER_NAME_SIZE];
};

/* Each loop has its share, at least one. */
static unsigned share(unsigned whole, unsigned loops)
{
    return (whole + loops - 1) / loops;
}

static enum status create_loops(struct server *server, const struct server_conf *conf,
                                const struct router *router, const int *fds, struct error *err)
{
    struct server_conf part = *conf;

    part.streams = server->streams;
    part.connections = share(conf->connections, conf->loops);
    part.in_flight_max = share(conf->in_flight_max, conf->loops);
    part.buffered_max = conf->buffered_max / conf->loops;
    while (server->loops_count < conf->loops) {
        unsigned i = server->loops_count;
        enum status status = loop_create(&part, router, i, fds[i], &server->loops[i], err);
        if (status != STATUS_OK) {
            return status;
        }
        server->loops_count++;
    }
    return STATUS_OK;
}

static enum status create_streams(struct server *server, const struct server_conf *conf,
                                  struct error *err)
{
    struct streams_conf streams = {.stall_ms = conf->stall_ms,
                                   .snapshot_ms = conf->snapshot_ms,
                                   .spool_directory = conf->spool_directory,
                                   .spool_bytes = conf->spool_bytes,
                                   .max = conf->in_flight_max};

    return conf->snapshot_ms == 0 ? STATUS_OK : streams_create(&streams, &server->streams, err);
}

enum status server_create(const struct server_conf *conf, const struct router *router,
                          struct server **ret, struct error *err)
{
    struct server *server = mem_zalloc(sizeof(*server));
    int fds[LOOPS_MAX];
    enum status status;

    if (server == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the server");
    }
    status = listener_open(conf->listen, conf->loops, fds, server->address, err);
    if (status != STATUS_OK) {
        mem_free(server);
        return status;
    }
    status = create_streams(server, conf, err);
    if (status == STATUS_OK) {
        status = create_loops(server, conf, router, fds, err);
    }
    if (status != STATUS_OK) {
        for (unsigned i = server->loops_count; i < conf->loops; i++) {
            (void)close(fds[i]); /* nothing was written to it */
        }
        server_destroy(server);
        return status;
    }
    *ret = server;
    return STATUS_OK;
}

enum status server_start(struct server *server, struct error *err)
{
    enum status status = STATUS_OK;

    for (unsigned i = 0; i < server->loops_count && status == STATUS_OK; i++) {
        watchdog_add(&server->watchdog, &server->loops[i]->pulse);
        status = loop_start(server->loops[i], err);
    }
    return status == STATUS_OK ? watchdog_start(&server->watchdog, err) : status;
}

const char *server_address(const struct server *server)
{
    return server->address;
}

void server_drain(struct server *server, int64_t deadline_ns)
{
    for (unsigned i = 0; i < server->loops_count; i++) {
        loop_drain(server->loops[i], deadline_ns);
    }
    for (unsigned i = 0; i < server->loops_count; i++) {
        loop_await_drained(server->loops[i]);
    }
}

void server_stop(struct server *server)
{
    if (server != NULL) {
        streams_stop(server->streams);
    }
    for (unsigned i = 0; server != NULL && i < server->loops_count; i++) {
        loop_stop(server->loops[i]);
    }
}

void server_destroy(struct server *server)
{
    if (server == NULL) {
        return;
    }
    watchdog_stop(&server->watchdog);
    server_stop(server); /* all loops before one is freed: they read each other's figures */
    for (unsigned i = 0; i < server->loops_count; i++) {
        loop_destroy(server->loops[i]);
    }
    streams_destroy(server->streams);
    mem_free(server);
}

/* --- figures ---------------------------------------------------------------------------------- */

unsigned server_loops(const struct server *server)
{
    return server->loops_count;
}

void server_loop_stats(const struct server *server, unsigned loop, struct server_stats *ret)
{
    const struct loop_counters *c = &server->loops[loop]->counters;

    *ret = (struct server_stats){
        .connections = atomic_load_explicit(&c->connections, memory_order_relaxed),
        .in_flight = atomic_load_explicit(&c->in_flight, memory_order_relaxed),
        .buffered = atomic_load_explicit(&c->buffered, memory_order_relaxed),
        .requests = atomic_load_explicit(&c->requests, memory_order_relaxed),
        .gone = atomic_load_explicit(&c->gone, memory_order_relaxed),
        .streams = atomic_load_explicit(&c->streams, memory_order_relaxed),
        .streamed = atomic_load_explicit(&c->streamed, memory_order_relaxed),
        .stalls = atomic_load_explicit(&c->stalls, memory_order_relaxed),
        .stall_max_ns = atomic_load_explicit(&c->stall_max_ns, memory_order_relaxed),
    };
    for (unsigned i = 0; i < SERVER_PHASES; i++) {
        ret->deadlines[i] = atomic_load_explicit(&c->deadlines[i], memory_order_relaxed);
    }
    for (unsigned i = 0; i < SERVER_CUTS; i++) {
        ret->cuts[i] = atomic_load_explicit(&c->cuts[i], memory_order_relaxed);
    }
}

void server_stats(const struct server *server, struct server_stats *ret)
{
    struct server_stats one;

    *ret = (struct server_stats){0};
    for (unsigned i = 0; i < server->loops_count; i++) {
        server_loop_stats(server, i, &one);
        ret->connections += one.connections;
        ret->in_flight += one.in_flight;
        ret->buffered += one.buffered;
        ret->requests += one.requests;
        ret->gone += one.gone;
        ret->streams += one.streams;
        ret->streamed += one.streamed;
        ret->stalls += one.stalls;
        ret->stall_max_ns =
            ret->stall_max_ns > one.stall_max_ns ? ret->stall_max_ns : one.stall_max_ns;
        for (unsigned p = 0; p < SERVER_PHASES; p++) {
            ret->deadlines[p] += one.deadlines[p];
        }
        for (unsigned p = 0; p < SERVER_CUTS; p++) {
            ret->cuts[p] += one.cuts[p];
        }
    }
}

bool server_stream_stats(const struct server *server, struct server_stream_stats *ret)
{
    const struct streams *s = server->streams;

    if (s == NULL) {
        return false;
    }
    *ret = (struct server_stream_stats){
        .stalls = atomic_load_explicit(&s->stalls, memory_order_relaxed),
        .spools = atomic_load_explicit(&s->spools, memory_order_relaxed),
        .spooled_bytes = spool_store_bytes(&s->store),
    };
    return true;
}

size_t server_places(const struct server *server)
{
    return server->loops[0]->tally == NULL ? 0 : tally_places(server->loops[0]->tally);
}

bool server_series(const struct server *server, size_t place, struct server_series *ret)
{
    struct server_series sum = {.route = NULL};
    bool is_there = false;

    for (unsigned i = 0; i < server->loops_count; i++) {
        is_there = tally_read(server->loops[i]->tally, place, &sum) || is_there;
    }
    if (is_there) {
        *ret = sum;
    }
    return is_there;
}
