/* The If-None-Match header of a request (RFC 9110, 13.1.2). */
#ifndef GANTRY_SERVER_IF_NONE_MATCH_H
#define GANTRY_SERVER_IF_NONE_MATCH_H

#include <stdbool.h>

#include "server/request.h"

/* Is etag, compared weakly, in one of them, or is one "*"? Then the client has the answer. Pure. */
bool if_none_match_has(const struct request *request, const char *etag);

#endif
