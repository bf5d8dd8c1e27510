/*
 * An open-loop load: requests are due on a schedule that no answer can delay.
 *
 * Happy path: a request becomes due, takes an idle connection (or opens one, while there are fewer
 * than the maximum), is sent, is answered, and its latency is counted from the moment it was due.
 * If no connection is to be had it waits in line, and that time counts as well: a server that
 * stalls delays everything that was due meanwhile, as it would delay real clients.
 *
 * Some requests are abandoned: their client is gone, at a random moment after it sent, by FIN and
 * by RST in turn; early moments come more often (the cube of a uniform share), since most answers
 * are fast. Some have a deadline, "Prefer: wait=", which runs from the moment of sending,
 * since the server cannot know of it before.
 *
 * A request fails if its connection does, or if what comes back is no answer. Nothing is repeated.
 *
 * Threads: one, in epoll; it sleeps in ppoll, which counts in nanoseconds.
 */
#ifndef GANTRY_BENCH_LOAD_H
#define GANTRY_BENCH_LOAD_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"
#include "bench/mix.h"
#include "bench/tally.h"

struct load_conf {
    struct sockaddr_storage address;
    socklen_t address_size;
    const char *host;      /* borrowed: for the Host header */
    const struct mix *mix; /* borrowed */
    double rate;           /* requests per second */
    bool is_poisson;       /* exponential gaps instead of equal ones */
    bool is_closed;        /* no schedule: each connection sends when it has its answer */
    double warmup_s;       /* before the measured window */
    double duration_s;     /* of the measured window */
    double grace_s;        /* to wait for the last answers */
    unsigned connections;
    unsigned connections_max;
    uint64_t wait_min_ms; /* 0: no deadlines */
    uint64_t wait_max_ms;
    double abandon_share;
    uint64_t abandon_ms_max;
    uint64_t id_min;
    uint64_t id_max;
    uint64_t seed;
};

struct load_stats {
    uint64_t opened;    /* connections, over the whole run */
    unsigned open_peak; /* at the same time */
};

/*
 * Run it all. The tally is inited and has its has_timeline set; its times are set here.
 *
 * Context: blocks for as long as the load lasts.
 * Return: OK, NOMEM, OS. A server that does not answer is no error but what is counted.
 */
NODISCARD enum status load_run(const struct load_conf *conf, struct tally *tally,
                               struct load_stats *ret, struct error *err);

#endif
