/*
 * A response being built, by a worker or by the loop. Belongs to whoever holds the request's
 * baton; turned into libmicrohttpd's own form by mhd_response.
 */
#ifndef GANTRY_SERVER_RESPONSE_H
#define GANTRY_SERVER_RESPONSE_H

#include <stddef.h>

#include "base/buf.h"

#define RESPONSE_HEADERS_MAX 8

struct response_header {
    const char *name; /* static */
    char value[200];
};

struct response {
    unsigned http_status;     /* 0: nothing was answered yet */
    const char *content_type; /* static; NULL: no body */
    struct buf body;
    struct response_header *headers; /* NULL or room for RESPONSE_HEADERS_MAX, lazily made */
    size_t headers_count;
};

/* body_max: bytes; a body that wants more fails with TOO_BIG in its buf. */
void response_init(struct response *r, size_t body_max);
void response_fini(struct response *r);

/* Forget what was built so far, keep the bound. */
void response_reset(struct response *r);

/*
 * Set a header, in place of one of the same name. Control characters in the value become spaces, so nothing can split the response;
 * a value beyond 199 bytes is cut. Beyond RESPONSE_HEADERS_MAX, or without memory, it is dropped.
 */
void response_header(struct response *r, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
