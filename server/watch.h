/*
 * What a loop watches over time: deadlines of requests in flight, and clients that dawdle.
 *
 * Deadlines differ, so they lie in a heap; a request that is done before costs it two short walks.
 * The limit of a client's phase is the same for all clients in it, so each phase is a queue in the
 * order of arrival, and only its head can be late.
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

/* The deadline of a request in flight; embedded in its exchange, zeroed before its first use. */
struct watched {
    struct heap_node due; /* Private */
};

struct watch {
    struct heap due;
    struct list phases[CLIENT_PHASES_LIMITED];
    int64_t limits_ns[CLIENT_PHASES_LIMITED];
};

struct watch_conf {
    unsigned in_flight_max; /* requests watched at one time */
    uint64_t header_ms;
    uint64_t body_ms;
    uint64_t send_ms;
};

/* Return: OK, NOMEM. */
NODISCARD enum status watch_init(struct watch *w, const struct watch_conf *conf);
void watch_fini(struct watch *w);

/* Watch a deadline (absolute; 0: there is none), or no longer (harmless if it is not watched). */
void watch_begin(struct watch *w, struct watched *request, int64_t deadline_ns);
void watch_end(struct watch *w, struct watched *request);

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
