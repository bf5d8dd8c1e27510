/*
 * Cross-origin requests (the Fetch standard's CORS): which web pages may read answers, and saying so.
 */
#ifndef GANTRY_HANDLERS_CORS_H
#define GANTRY_HANDLERS_CORS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/request.h"
#include "server/response.h"

struct cors {
    const char *const *origins; /* "https://shop.example"; borrowed */
    size_t origins_count;       /* 0: any, but without credentials */
};

/*
 * Add to an answer what its Origin needs to be allowed to read it, and nothing for an origin that may
 * not. With a list, the answer varies by Origin.
 */
void cors_note(const struct cors *cors, const struct request *request, struct response *r);

/* The same as a handler_decorate_fn: cors is a const struct cors *. */
void cors_decorate(const void *cors, const struct request *request, struct response *r);

/*
 * May the page that sends this change something? A browser keeps answers from pages that may not read
 * them, but sends some requests all the same, such as forms. False for an Origin that is not listed, if any
 * are, and is not the service's own (the docs page).
 */
bool cors_may_write(const struct cors *cors, const struct request *request);

/* Does a browser ask, for a page that may, whether it may send a request (a preflight)? */
bool cors_is_preflight(const struct cors *cors, const struct request *request);

/* Add what answers that: any method, and the headers it asks for. cors_note comes beside it. */
void cors_note_preflight(const struct request *request, struct response *r);

#endif
