/*
 * Compressing: the only code that knows zlib. Fast rather than thorough: level 1.
 *
 *     gzip_create -> gzip_feed, again and again -> gzip_feed with GZIP_END -> gzip_destroy
 *
 * A compressor for much takes a quarter of a megabyte. It belongs to one thread at a time.
 */
#ifndef GANTRY_SERVER_GZIP_H
#define GANTRY_SERVER_GZIP_H

#include "base/attributes.h"
#include "base/buf.h"
#include "base/role.h"
#include "base/status.h"
#include "base/str.h"

struct gzip; /* opaque */

enum gzip_format {
    GZIP_GZIP, /* RFC 1952: HTTP's "gzip" */
    GZIP_ZLIB, /* RFC 1950: HTTP's "deflate" */
};

enum gzip_flush {
    GZIP_MORE,  /* keep back what compresses better together with what comes */
    GZIP_FLUSH, /* whoever has the output so far can read all that was fed */
    GZIP_END,   /* that was all */
};

/*
 * Gives: *ret. expected: bytes that will be fed, for what is small needs less memory (and the time to
 * clear it); 0: not known.
 * Return: OK, NOMEM.
 */
NODISCARD enum status gzip_create(enum gzip_format format, size_t expected,
                                  struct gzip **ret) ANY_THREAD;
void gzip_destroy(struct gzip *z) ANY_THREAD; /* NULL is fine */

/*
 * Compress a piece (perhaps an empty one) and append what comes of it to a buffer. After GZIP_END
 * nothing more may be fed. Uses the processor for about 5 ms per megabyte.
 * Return: OK; TOO_BIG or NOMEM (the buffer's): the compressor is then of no more use.
 */
NODISCARD enum status gzip_feed(struct gzip *z, struct str piece, enum gzip_flush flush,
                                struct buf *to) MAY_BLOCK;

#endif
