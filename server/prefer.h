/* The Prefer header (RFC 7240), as far as the front end itself understands it. */
#ifndef GANTRY_SERVER_PREFER_H
#define GANTRY_SERVER_PREFER_H

#include <stdbool.h>
#include <stdint.h>

#include "server/request.h"

#define PREFER_WAIT_MAX 32 /* characters of N: what is longer cannot be read */

/*
 * Does the client ask for an answer within "wait=N" seconds (decimals allowed)? A preference that
 * cannot be read is ignored, as the RFC asks; the first one counts.
 * Return: true with *ret_wait (N as it was written; borrowed) and *ret_ms, at least 1.
 */
bool prefer_wait(const struct request *request, struct str *ret_wait, uint64_t *ret_ms);

/* Is that one preference a "wait=N" which can be read? */
bool prefer_is_wait(struct str preference);

#endif
