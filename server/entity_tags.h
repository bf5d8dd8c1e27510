/* The entity-tags of If-None-Match and If-Match (RFC 9110, 8.8.3 and 13.1). Pure. */
#ifndef GANTRY_SERVER_ENTITY_TAGS_H
#define GANTRY_SERVER_ENTITY_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/request.h"

/* A walk over all headers of a name. Zero but for the first two. */
struct entity_tags {
    const struct request *request;
    struct str header; /* its name */
    size_t at;         /* Private */
    struct str rest;   /* Private */
};

/*
 * The next tag, with its quotes and without the W/ of a weak one; or "*". What is no tag ends its header.
 * Return: false when there are none left.
 */
bool entity_tags_next(struct entity_tags *tags, struct str *ret);

/* Is etag, compared weakly, in If-None-Match, or is that "*"? Then the client has the answer. */
bool if_none_match_has(const struct request *request, const char *etag);

#endif
