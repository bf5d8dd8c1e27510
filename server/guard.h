/*
 * The framing guard: is this head safe to act upon?
 *
 * libmicrohttpd 0.9.75 lets pass what newer parsers refuse (a request with both Content-Length and
 * Transfer-Encoding, two lengths, unknown codings it then waits for, names with spaces), and each
 * of those is a way to smuggle a second request past a proxy in front. A refused head is answered
 * and its connection closed, so that nothing behind it is ever read as a request.
 */
#ifndef GANTRY_SERVER_GUARD_H
#define GANTRY_SERVER_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "server/problem.h"
#include "server/request.h"

struct guard_verdict {
    bool is_refused;
    enum problem_kind kind;
    const char *detail; /* static */
    bool has_body;      /* a body was announced: chunked, or a length above 0 */
    bool is_chunked;
    uint64_t length; /* announced; 0 when chunked */
};

/* Pure: looks at method, version, target and headers; fills path and query of the request. */
struct guard_verdict guard_check(struct request *request);

#endif
