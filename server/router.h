/*
 * From method and raw path to a route.
 *
 * Patterns are segments, each a literal or "{name}"; a literal wins over a parameter. The path is
 * split raw and each segment decoded once. Two routes conflict if one method and one path could
 * mean both; that is found when routes are added. Built on the main thread, immutable afterwards.
 */
#ifndef GANTRY_SERVER_ROUTER_H
#define GANTRY_SERVER_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "server/handler.h"
#include "server/method.h"
#include "server/request.h"

struct executor;
struct router; /* opaque */

struct route {
    enum method method;
    const char *pattern;           /* copied */
    const struct handler *handler; /* borrowed for the router's life */
    struct executor *executor;     /* BLOCKING: where it runs; borrowed likewise */
    uint64_t deadline_ms;          /* counted from the moment the request is complete; 0: none */
    uint64_t body_max;             /* bytes */
    size_t index;                  /* set by router_add: 0, 1, ... in the order of adding */
};

NODISCARD enum status router_create(struct router **ret);
void router_destroy(struct router *router); /* NULL is fine */

/* Return: OK; INVALID (the pattern), CONFLICT (with which), NOMEM. */
NODISCARD enum status router_add(struct router *router, const struct route *route,
                                 struct error *err);

/* How many routes there are. */
size_t router_count(const struct router *router) ANY_THREAD;

enum router_outcome { ROUTER_FOUND, ROUTER_NO_PATH, ROUTER_NO_METHOD, ROUTER_BAD_PATH };

/*
 * Find the route of request (its method and path) and fill its params. HEAD finds GET.
 *
 * Return: FOUND with *ret; NO_PATH; NO_METHOD (the path exists: *ret is a route of it, of another
 * method; ask router_allow); BAD_PATH (a segment that does not decode).
 */
enum router_outcome router_match(const struct router *router, struct request *request,
                                 struct arena *arena, const struct route **ret) ANY_THREAD;

/* The value of Allow for a path that exists: "GET, HEAD, OPTIONS". to has room for size bytes. */
void router_allow(const struct router *router, struct request *request, struct arena *arena,
                  char *to, size_t size) ANY_THREAD;

#endif
