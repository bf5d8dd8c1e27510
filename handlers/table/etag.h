/*
 * Conditional requests. An ETag has one part or two:
 *
 *     W/"VERSION"        what was asked, and of which state of the database: whoever has that answer
 *                        already gets 304 without the query being run
 *     W/"VERSION-ROW"    the answer is one row, as JSON: and what the row says. A write with If-Match
 *                        happens only if the row still says that, whatever else has changed; one
 *                        with If-None-Match only if it does not
 *
 * It is weak: it names what the rows say, not the bytes, which also depend on the content coding. RFC 9110
 * wants If-Match compared strongly, so that it cannot pass when the content differs; ROW is a hash of that
 * content before any coding, so comparing it alone is as strong as that.
 *
 * VERSION is keyed by the process, so it means nothing after a restart: one more 200, no harm. ROW stays.
 */
#ifndef GANTRY_HANDLERS_TABLE_ETAG_H
#define GANTRY_HANDLERS_TABLE_ETAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/siphash.h"
#include "server/request.h"

#define ETAG_SIZE (sizeof("W/\"-\"") + 4 * SIPHASH_SIZE)

struct etag_key {
    unsigned char bytes[SIPHASH_KEY_SIZE];
};

/* A random key. Return: OK, OS. */
NODISCARD enum status etag_key_init(struct etag_key *key, struct error *err);

/*
 * The ETag of a read: of the path and the query as they were written, of the headers that choose what
 * is shown (Accept, Accept-Profile, Prefer, Range), and of the version of the data. GET and HEAD have
 * the same. Pure.
 */
void etag_write(const struct etag_key *key, const struct request *request, uint64_t version,
                char to[ETAG_SIZE]);

/* Add ROW to what etag_write has written: of the object that is the answer, as JSON. Pure. */
void etag_add_row(char etag[ETAG_SIZE], struct str row);

/* Does If-None-Match hold this very answer: VERSION, or ROW if etag has one? Pure. */
bool etag_is_known(const struct request *request, const char *etag);

/*
 * Does If-Match let a write go on? row: as it is now, like etag_add_row's; at == NULL: there is none. True
 * without the header. Pure.
 */
bool etag_if_match(const struct request *request, struct str row);

/* The same of If-None-Match: of "*" only where there is no row. Pure. */
bool etag_if_none_match(const struct request *request, struct str row);

/* Has the request an If-Match or an If-None-Match? */
bool etag_has_condition(const struct request *request);

#endif
