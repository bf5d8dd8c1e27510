/*
 * Writing CSV (RFC 4180) by appending to a buffer. Commas and line ends are the caller's.
 *
 * Quoted as PostgreSQL quotes the fields of a row: the empty text, so that it differs from NULL, which
 * is nothing at all, and whatever holds a comma, a quote, a backslash, a parenthesis or white space.
 */
#ifndef GANTRY_BASE_CSV_OUT_H
#define GANTRY_BASE_CSV_OUT_H

#include "base/buf.h"
#include "base/str.h"

/* One field; quotes in it are doubled, ill-formed UTF-8 becomes U+FFFD. */
void csv_put_field(struct buf *b, struct str text);

#endif
