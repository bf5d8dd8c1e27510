/*
 * The HTTP front end: one listening socket and one thread per loop.
 *
 * A loop accepts, parses, guards, routes, gathers bodies, answers INLINE handlers, submits BLOCKING
 * ones to their executors and sends what they hand back. It never waits for anything but its epoll.
 *
 * Order of life: server_create, server_start, server_drain, executor_stop for every executor that
 * routes use (so that late work comes home), server_stop, server_destroy.
 */
#ifndef GANTRY_SERVER_SERVER_H
#define GANTRY_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/histogram.h"
#include "base/role.h"
#include "server/router.h"

struct server; /* opaque */

struct streams;

struct server_conf {
    const char *thread_name;     /* static; NULL: "gy-loop-N" */
    const char *listen;          /* "ADDR:PORT"; borrowed for the call */
    unsigned loops;              /* 1..64 */
    unsigned connections;        /* at most, over all loops */
    bool has_reserve;            /* accept a few when the process is out of descriptors */
    unsigned in_flight_max;      /* suspended requests at most, over all loops */
    uint64_t response_max;       /* bytes of one answer */
    uint64_t header_ms;          /* from connect or request line to the end of the head */
    uint64_t body_ms;            /* from the head to the end of the body */
    uint64_t send_ms;            /* from the first byte of an answer to the last; of one that leaves
                                   in pieces: without any of them being taken */
    uint64_t idle_ms;            /* between two requests; rounded up to seconds */
    uint64_t buffered_max;       /* bytes of bodies and unsent answers, over all loops */
    bool logs_access;            /* a line of the log for each request? See access_log.h */
    bool has_tally;              /* count requests by route? See server_series */
    uint64_t snapshot_ms;        /* for the work on an answer that leaves in pieces; 0: none does */
    uint64_t stall_ms;           /* that such work waits for its client in one go */
    uint64_t spool_bytes;        /* of all that is spooled; 0: nothing is, the answer is cut */
    const char *spool_directory; /* NULL: $TMPDIR, or /var/tmp; borrowed for the call */
    struct streams *streams;     /* Private: made of these by server_create */
    const char *not_found_hint;  /* of a 404; borrowed until server_destroy; may be NULL */
};

/*
 * Bind the sockets. Borrows router until server_destroy.
 * Return: OK; INVALID (listen), OS, NOMEM.
 */
NODISCARD enum status server_create(const struct server_conf *conf, const struct router *router,
                                    struct server **ret, struct error *err) MAY_BLOCK;

/* Start the loops. Return: OK, OS. */
NODISCARD enum status server_start(struct server *server, struct error *err) MAY_BLOCK;

/* Lends "127.0.0.1:8080", with the port that was bound. */
const char *server_address(const struct server *server) ANY_THREAD;

/*
 * Stop listening and answer what has been accepted; what is not done by deadline_ns (absolute,
 * monotonic) is answered 503. Returns when every client has its answer and is gone, or shortly
 * after the deadline.
 */
void server_drain(struct server *server, int64_t deadline_ns) MAY_BLOCK;

/* End the threads of a drained server. The executors must have been stopped. NULL is fine. */
void server_stop(struct server *server) MAY_BLOCK;

/* Stop it first if need be, and free everything. NULL is fine. */
void server_destroy(struct server *server) MAY_BLOCK;

/* Lends the version of libmicrohttpd. */
const char *server_library_version(void) ANY_THREAD;

/* --- figures ---------------------------------------------------------------------------------- */

/* In which phase did a deadline pass? */
enum server_phase { SERVER_ADMISSION, SERVER_QUEUE, SERVER_RUN };
#define SERVER_PHASES 3

/*  why an answer that leaves in pieces was cut   its name in metrics and messages */
#define SERVER_CUT_LIST(X)                                                                         \
    X(GONE, "client_gone")                                                                         \
    X(SLOW, "send_ms")         /* the client has taken nothing for so long */                      \
    X(FAILED, "failed")        /* the work has */                                                  \
    X(CANCELLED, "cancelled")  /* by an operator, or because the executor stops */                 \
    X(SNAPSHOT, "snapshot_ms") /* the work took longer */                                          \
    X(STALLED, "stall_ms")     /* the client reads too slowly, and nothing is spooled */           \
    X(SPOOL, "spool")          /* it cannot be written, or holds too much */                       \
    X(DRAINED, "shutdown")

enum server_cut {
#define SERVER_CUT_ENUM(name, text) SERVER_CUT_##name,
    SERVER_CUT_LIST(SERVER_CUT_ENUM)
#undef SERVER_CUT_ENUM
};

#define SERVER_CUTS (SERVER_CUT_DRAINED + 1)

/* Lends a static name: "client_gone". */
const char *server_cut_name(enum server_cut cut) ANY_THREAD;

struct server_stats {
    unsigned connections;
    unsigned in_flight;
    uint64_t buffered;                 /* bytes of bodies and unsent answers, now */
    uint64_t requests;                 /* heads taken */
    uint64_t gone;                     /* clients that left before their answer */
    uint64_t deadlines[SERVER_PHASES]; /* answered because a deadline had passed */
    unsigned streams;                  /* answers that leave in pieces, now */
    uint64_t streamed;                 /* bytes of them */
    uint64_t cuts[SERVER_CUTS];
    uint64_t stalls;      /* turns of the loop that took too long */
    int64_t stall_max_ns; /* the longest of them */
};

/* What the streams of all loops share. */
struct server_stream_stats {
    uint64_t stalls;        /* how often a client was too slow */
    uint64_t spools;        /* of which so many were spooled */
    uint64_t spooled_bytes; /* in spools, now */
};

/* Return: false if answers do not leave in pieces. */
bool server_stream_stats(const struct server *server, struct server_stream_stats *ret) ANY_THREAD;

unsigned server_loops(const struct server *server) ANY_THREAD;

/* The figures of one loop, each read without a lock. */
void server_loop_stats(const struct server *server, unsigned loop,
                       struct server_stats *ret) ANY_THREAD;

/* Sums over the loops; stall_max_ns is the greatest. */
void server_stats(const struct server *server, struct server_stats *ret) ANY_THREAD;

/* Classes of status. UNANSWERED: the client was gone, or was sent away without a word. */
enum server_class {
    SERVER_UNANSWERED,
    SERVER_1XX,
    SERVER_2XX,
    SERVER_3XX,
    SERVER_4XX,
    SERVER_5XX,
};

/* Requests of one route, method and class of status. */
struct server_series {
    const struct route *route; /* NULL: what met no route; lent for the router's life */
    enum method method;
    enum server_class class;
    struct histogram duration; /* from the request line to the last byte of the answer */
    uint64_t bytes;            /* of the answers' bodies */
};

/*
 * The series, summed over the loops, without a lock: for (i = 0; i < server_places(); i++).
 * Return: how many places; 0 without conf.has_tally. And: is there anything at that place?
 */
size_t server_places(const struct server *server) ANY_THREAD;
bool server_series(const struct server *server, size_t place, struct server_series *ret) ANY_THREAD;

#endif
