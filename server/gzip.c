#include "server/gzip.h"

#define ZLIB_CONST
#include <zlib.h>

#include "base/invariant.h"
#include "base/mem.h"

#define LEVEL        1  /* by measurement: docs/tables.md, Compression */
#define WINDOW_MIN   10 /* bits of the window, in which repetitions are found */
#define WINDOW_MAX   15
#define GZIP_BIT     16 /* added to them: a gzip header instead of zlib's */
#define MEMORY(bits) ((bits) > 14 ? 8 : (bits)-6) /* zlib's memLevel that goes with a window */
#define ROOM         ((size_t)16 * 1024)          /* asked of the buffer at a time */

struct gzip {
    z_stream z;
};

static void *allocate(void *opaque, unsigned count, unsigned size)
{
    (void)opaque;
    return mem_alloc((size_t)count * size);
}

static void release(void *opaque, void *memory)
{
    (void)opaque;
    mem_free(memory);
}

/* The window that holds all of it. */
static int window_for(size_t expected)
{
    int bits = WINDOW_MIN;

    if (expected == 0) {
        return WINDOW_MAX;
    }
    while (bits < WINDOW_MAX && (size_t)1 << bits < expected) {
        bits++;
    }
    return bits;
}

enum status gzip_create(enum gzip_format format, size_t expected, struct gzip **ret)
{
    struct gzip *z = mem_zalloc(sizeof(*z));
    int bits = window_for(expected);
    int header = format == GZIP_GZIP ? GZIP_BIT : 0;

    if (z == NULL) {
        return STATUS_NOMEM;
    }
    z->z.zalloc = allocate;
    z->z.zfree = release;
    if (deflateInit2(&z->z, LEVEL, Z_DEFLATED, bits + header, MEMORY(bits), Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        mem_free(z);
        return STATUS_NOMEM;
    }
    *ret = z;
    return STATUS_OK;
}

void gzip_destroy(struct gzip *z)
{
    if (z != NULL) {
        (void)deflateEnd(&z->z); /* complains if it was not at its end */
        mem_free(z);
    }
}

/* Compress until zlib leaves room in the buffer: then it has nothing more to say. */
static enum status run(struct gzip *z, int flush, struct buf *to)
{
    for (;;) {
        size_t left = to->max - to->size;
        size_t room = left < ROOM ? left : ROOM;
        char *at;
        int code;

        if (room == 0) {
            return STATUS_TOO_BIG;
        }
        at = buf_reserve(to, room);
        if (at == NULL) {
            return buf_status(to);
        }
        z->z.next_out = (unsigned char *)at;
        z->z.avail_out = (unsigned)room;
        code = deflate(&z->z, flush);
        invariant(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR);
        buf_commit(to, room - z->z.avail_out);
        if (code == Z_STREAM_END || (flush != Z_FINISH && z->z.avail_out > 0)) {
            return STATUS_OK;
        }
    }
}

enum status gzip_feed(struct gzip *z, struct str piece, enum gzip_flush flush, struct buf *to)
{
    static const int flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};

    while (piece.size > UINT32_MAX / 2) { /* zlib counts in unsigned int */
        struct str first = {piece.at, UINT32_MAX / 2};
        enum status status = gzip_feed(z, first, GZIP_MORE, to);

        if (status != STATUS_OK) {
            return status;
        }
        piece.at += first.size;
        piece.size -= first.size;
    }
    z->z.next_in = (const unsigned char *)piece.at;
    z->z.avail_in = (unsigned)piece.size;
    return run(z, flushes[flush], to);
}
