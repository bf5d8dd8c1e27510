/*
 * What one loop has answered, by route, method and class of status: how often, how long it took,
 * how many bytes. Its loop counts, any thread reads, and neither takes a lock.
 *
 * The figures of a route, method and class are made when the first request of that kind ends, so
 * only what has happened takes memory, and is shown. Without memory for them it goes uncounted.
 *
 * Private to server/.
 */
#ifndef GANTRY_SERVER_TALLY_H
#define GANTRY_SERVER_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/role.h"
#include "base/status.h"
#include "server/server.h"

struct tally; /* opaque */

/* For so many routes, and for what meets none. Gives: *ret. Return: OK, NOMEM. */
NODISCARD enum status tally_create(size_t routes_count, struct tally **ret);
void tally_destroy(struct tally *tally); /* NULL is fine */

/* How a request ended. */
struct tally_end {
    const struct route *route; /* NULL: none was found */
    enum method method;
    unsigned http_status; /* 0: it was not answered */
    int64_t duration_ns;
    uint64_t bytes; /* of the answer's body */
};

void tally_add(struct tally *tally, const struct tally_end *end) ON_LOOP;

/* How many places there are for figures; the same for every tally of as many routes. */
size_t tally_places(const struct tally *tally) ANY_THREAD;

/*
 * Add the figures at a place to *to, and say what they are of.
 * Return: false if there are none.
 */
bool tally_read(const struct tally *tally, size_t place, struct server_series *to) ANY_THREAD;

#endif
