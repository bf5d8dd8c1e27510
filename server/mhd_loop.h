/*
 * One loop: a libmicrohttpd daemon driven by a thread of ours.
 *
 * libmicrohttpd could run its own thread, but then nothing of ours could run on it. The loop waits
 * in an epoll of its own for four things: the listening socket, libmicrohttpd's epoll descriptor, the
 * eventfd by which workers hand back their tasks, and every client's leaving (its socket, for
 * EPOLLRDHUP alone: one system call per connection, none per request). So suspending, resuming,
 * deadlines and answers all happen on one thread and need no lock.
 *
 * Private to server/.
 */
#ifndef GANTRY_SERVER_MHD_LOOP_H
#define GANTRY_SERVER_MHD_LOOP_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/lookout.h"
#include "base/role.h"
#include "server/completions.h"
#include "server/exchange.h"
#include "server/mhd_accept.h"
#include "server/server.h"
#include "server/watch.h"
#include "server/watchdog.h"

struct MHD_Daemon;
struct tally;

#define LOOP_LINGER_NS     NS_PER_MS /* then a connection in flight is suspended */
#define LOOP_SUBMITTED_MAX 8         /* executors that are kicked together */
#define LOOP_BARREN_TURNS  256       /* in a row, before libmicrohttpd has to wait */

enum loop_command { LOOP_RUN, LOOP_DRAIN, LOOP_FINISH };

/* Counters that other threads may read: relaxed, each its own truth. */
struct loop_counters {
    _Atomic unsigned connections; /* of which libmicrohttpd knows: the limit goes by it */
    _Atomic unsigned in_flight;
    _Atomic uint64_t requests;
    _Atomic uint64_t gone;
    _Atomic uint64_t buffered;
    _Atomic uint64_t deadlines[SERVER_PHASES];
    _Atomic unsigned streams;  /* open now */
    _Atomic uint64_t streamed; /* bytes */
    _Atomic uint64_t cuts[SERVER_CUTS];
    _Atomic uint64_t stalls; /* turns of WATCHDOG_STALL_NS or more */
    _Atomic int64_t stall_max_ns;
};

struct loop {
    /* Immutable after loop_create */
    struct server_conf conf; /* with this loop's share of the limits */
    const struct router *router;
    unsigned index;
    int epoll_fd;
    int wake_fd;
    struct MHD_Daemon *daemon;
    struct completions completions;

    /* Loop-owned */
    struct acceptor acceptor LOOP_OWNED;
    struct watch watch LOOP_OWNED;
    struct list clients LOOP_OWNED;
    struct list leaving LOOP_OWNED; /* clients that have closed their side */
    struct list in_flight LOOP_OWNED;
    unsigned in_flight_count LOOP_OWNED;
    uint64_t flights LOOP_OWNED;                               /* begun so far, or tried to */
    struct executor *submitted[LOOP_SUBMITTED_MAX] LOOP_OWNED; /* to be kicked */
    unsigned submitted_count LOOP_OWNED;
    struct lookout lookout LOOP_OWNED;
    unsigned lingering LOOP_OWNED; /* in flight, and not suspended */
    int64_t now_ns LOOP_OWNED;     /* when this turn's waiting ended */
    unsigned more LOOP_OWNED; /* turns to come in which libmicrohttpd is run at once: see below */
    uint64_t buffered LOOP_OWNED;        /* bytes charged to exchanges: conf.buffered_max */
    unsigned exchanges_count LOOP_OWNED; /* alive, for the final reckoning */
    uint64_t id_state LOOP_OWNED;        /* of the request ids */
    bool is_draining LOOP_OWNED;
    unsigned pieces LOOP_OWNED;        /* of streams, given to libmicrohttpd during this turn */
    unsigned pieces_before LOOP_OWNED; /* during the turn before */
    bool has_moved LOOP_OWNED;         /* something has happened during this turn */
    bool is_asked_again LOOP_OWNED;    /* libmicrohttpd wants to be run again at once */
    int64_t next_look_ns LOOP_OWNED;   /* for clients that are stuck */
    unsigned barren LOOP_OWNED;        /* turns in a row in which nothing has */

    /* From the main thread */
    _Atomic int command; /* enum loop_command; release/acquire: publishes what follows */
    _Atomic int64_t drain_until_ns;
    sem_t drained;
    bool is_started; /* main thread only */
    pthread_t thread;

    struct pulse pulse; /* for the watchdog */
    struct loop_counters counters;
    struct tally *tally; /* NULL: requests are not counted by route */
};

/* --- for the other files of the loop --------------------------------------------------------- */

/* One more. Only the loop writes its counters, so this need not be an atomic addition. */
static inline void loop_count(_Atomic uint64_t *counter) ON_LOOP
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static inline void loop_count_bytes(_Atomic uint64_t *counter, size_t n) ON_LOOP
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/*
 * libmicrohttpd goes on by itself, when it is run so many times again, with what has just happened.
 * It says so (a timeout of 0) as well, but also for those who linger, for whom nothing goes on.
 */
static inline void loop_expect_more(struct loop *loop, unsigned turns) ON_LOOP
{
    loop->more = loop->more < turns ? turns : loop->more;
}

/* Wait for something to happen, at most until until_ns, and do what there is to do. */
void loop_turn(struct loop *loop, int64_t until_ns) ON_LOOP;

/* Do so many bytes more fit into the loop's budget of what is buffered? */
static inline bool loop_has_room(const struct loop *loop, uint64_t bytes) ON_LOOP
{
    return bytes <= loop->conf.buffered_max - loop->buffered;
}

/* Charge bytes that ex holds to the loop's budget. Return: false if they do not fit into it. */
bool loop_charge(struct loop *loop, struct exchange *ex, size_t bytes) ON_LOOP;

/* Give back what ex was charged. */
void loop_discharge(struct loop *loop, struct exchange *ex) ON_LOOP;

/* Free ex once both libmicrohttpd and the worker are done with it. */
void loop_release(struct loop *loop, struct exchange *ex) ON_LOOP;

/* --- for server.c ----------------------------------------------------------------------------- */

/* Takes listen_fd on OK. Return: OK, OS, NOMEM. */
NODISCARD enum status loop_create(const struct server_conf *conf, const struct router *router,
                                  unsigned index, int listen_fd, struct loop **ret,
                                  struct error *err) MAY_BLOCK;

/* Return: OK, OS. */
NODISCARD enum status loop_start(struct loop *loop, struct error *err) MAY_BLOCK;

/* Tell the loop to drain; wait with loop_await_drained. */
void loop_drain(struct loop *loop, int64_t until_ns) ANY_THREAD;
void loop_await_drained(struct loop *loop) MAY_BLOCK;

/* End the thread of a drained loop. */
void loop_stop(struct loop *loop) MAY_BLOCK;

/* Stop it first if need be, and free everything. NULL is fine. */
void loop_destroy(struct loop *loop) MAY_BLOCK;

#endif
