/*
 * Percent-decoding (RFC 3986) and query strings (the URL standard's form encoding).
 *
 * Everything is decoded exactly once, after the raw text has been split, so "%2F" can never make
 * a new path segment nor "%26" a new parameter.
 */
#ifndef GANTRY_SERVER_URL_H
#define GANTRY_SERVER_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

/* In a query "+" is a space, in a path it is a plus. */
enum url_part { URL_PATH, URL_QUERY };

/*
 * Decode raw. *ret borrows raw when there is nothing to decode, else it lives in the arena.
 * Return: OK; INVALID (a broken escape, a NUL, ill-formed UTF-8); NOMEM.
 */
NODISCARD enum status url_decode(struct str raw, enum url_part part, struct arena *arena,
                                 struct str *ret);

/*
 * Take the next raw "name=value" off rest. Empty pieces ("&&") are skipped; a piece without "="
 * has an empty value.
 * Return: false when rest is exhausted.
 */
bool url_next_pair(struct str *rest, struct str *ret_name, struct str *ret_value);

#endif
