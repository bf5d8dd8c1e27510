/*
 * Conditional reads: an ETag that says what was asked, and of which state of the database, so that
 * whoever has that answer already gets 304 without the query being run.
 *
 * It is weak: it names what the rows say, not the bytes, which also depend on the content coding.
 * The hash is keyed by the process, so an ETag means nothing after a restart: one more 200, no harm.
 */
#ifndef GANTRY_HANDLERS_TABLE_ETAG_H
#define GANTRY_HANDLERS_TABLE_ETAG_H

#include <stdint.h>

#include "base/error.h"
#include "base/siphash.h"
#include "server/request.h"

#define ETAG_SIZE (sizeof("W/\"\"") + 2 * SIPHASH_SIZE)

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

#endif
