/*
 * What a loop watches over time: deadlines of requests in flight, and clients that dawdle.
 *
 * Most requests are done within a millisecond or two and must not pay for a timer or for watching
 * their socket. So a request that is dispatched joins a queue in the order of arrival, and only
 * what is still in flight WATCH_YOUNG_MS later is looked at: its deadline goes into a heap and its
 * socket into epoll. (A deadline nearer than that goes into the heap at once.)
 *
 * Pure bookkeeping with the time as an argument: no clock, no system call. Loop-owned.
 */
#ifndef GANTRY_SERVER_WATCH_H
#define GANTRY_SERVER_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "server/client.h"

#define WATCH_YOUNG_MS 5

/* A request in flight; embedded in its exchange. */
struct watched {
    struct list young;    /* Private */
    struct heap_node due; /* Private */
    int64_t begun_ns;     /* Private */
    int64_t deadline_ns;  /* 0: none */
};

struct watch {
    struct list young;
    struct heap due;
    struct list phases[CLIENT_PHASES_LIMITED];
    int64_t limits_ns[CLIENT_PHASES_LIMITED];
};

struct watch_conf {
    unsigned in_flight_max; /* requests watched at one time */
    uint64_t header_ms;
    uint64_t body_ms;
    uint64_t idle_ms;
};

/* Return: OK, NOMEM. */
NODISCARD enum status watch_init(struct watch *w, const struct watch_conf *conf);
void watch_fini(struct watch *w);

/* A request begins its flight, or is over (harmless if it was not watched). */
void watch_begin(struct watch *w, struct watched *request, int64_t deadline_ns, int64_t now_ns);
void watch_end(struct watch *w, struct watched *request);

/* The next request that has stopped being young: its socket is now worth watching. Or NULL. */
struct watched *watch_next_grown(struct watch *w, int64_t now_ns);

/* The next request whose deadline has passed, no longer watched. Or NULL. */
struct watched *watch_next_due(struct watch *w, int64_t now_ns);

/* A client enters a phase, or leaves for good. */
void watch_client(struct watch *w, struct client *client, enum client_phase phase, int64_t now_ns);
void watch_client_end(struct client *client);

/* The next client that has been too long in its phase, now without a limit. Or NULL. */
struct client *watch_next_late(struct watch *w, int64_t now_ns);

/* When is there something to do? INT64_MAX: never. */
int64_t watch_next_ns(const struct watch *w);

#endif
