/*
 * A response being built, by a worker or by the loop. Belongs to whoever holds the request's
 * baton; turned into libmicrohttpd's own form by mhd_response.
 */
#ifndef GANTRY_SERVER_RESPONSE_H
#define GANTRY_SERVER_RESPONSE_H

#include <stddef.h>

#include "base/buf.h"

#define RESPONSE_HEADERS_MAX 24
#define RESPONSE_VALUE_MAX   ((size_t)8 * 1024) /* bytes of a header's value */

struct response_header {
    const char *name;  /* static */
    const char *value; /* lies in the store */
};

struct response_store; /* room for the headers, and for what they say */

struct response {
    unsigned http_status;     /* 0: nothing was answered yet */
    const char *content_type; /* static; NULL: no body */
    struct buf body;
    struct str
        lent; /* instead of body: bytes that stay for the life of the process, so that they are
                        neither copied nor charged to a budget; at == NULL: none */
    struct response_header *headers; /* NULL until there was one */
    size_t headers_count;
    struct response_store *store; /* Private: lazily made */
};

/* Bytes of what is sent. */
static inline size_t response_size(const struct response *r)
{
    return r->lent.at != NULL ? r->lent.size : r->body.size;
}

/* body_max: bytes; a body that wants more fails with TOO_BIG in its buf. */
void response_init(struct response *r, size_t body_max);
void response_fini(struct response *r);

/* Forget what was built so far, keep the bound. */
void response_reset(struct response *r);

/*
 * Set a header, in place of one of the same name. Control characters in the value become spaces, so
 * nothing can split the response; a value beyond RESPONSE_VALUE_MAX is cut. Beyond
 * RESPONSE_HEADERS_MAX, or without memory, it is dropped.
 */
void response_header(struct response *r, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

/*
 * Add an item to a header that is a list ("Vary"), made if it is not there yet. An item that is in
 * it already (in any case) is not added again.
 */
void response_header_join(struct response *r, const char *name, const char *item);

/* Lends the value of a header until it is set again, or NULL. name is spelled as it was set. */
const char *response_header_value(const struct response *r, const char *name);

#endif
