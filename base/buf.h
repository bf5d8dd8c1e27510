/*
 * A growable run of bytes with a maximum.
 *
 * Appending never fails loudly in the middle of a value: the first append that does not fit (or
 * finds no memory) marks the buffer as failed and everything after it is ignored, so a writer
 * checks once, at the end, with buf_status().
 */
#ifndef GANTRY_BASE_BUF_H
#define GANTRY_BASE_BUF_H

#include <stddef.h>
#include <string.h>

#include "base/attributes.h"
#include "base/status.h"
#include "base/str.h"

struct buf {
    char *at;
    size_t size;
    size_t capacity;     /* Private */
    size_t max;          /* Immutable after init */
    enum status failure; /* Private: OK, TOO_BIG or NOMEM */
};

/* An empty buffer that may grow to max bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t max);

/* Free the bytes. The buffer is then as after buf_init. A zeroed buffer is fine. */
void buf_fini(struct buf *b);

/* Keep the memory, forget the bytes and the failure. */
void buf_clear(struct buf *b);

/* Cut back to size bytes (at most what is there) and forget the failure. */
void buf_truncate(struct buf *b, size_t size);

/*
 * Room for at least n more bytes.
 * Lends: the place to write to until the next call; follow with buf_commit.
 * Return: NULL if the buffer has failed, now or before.
 */
NODISCARD char *buf_reserve_slow(struct buf *b, size_t n);

static inline char *buf_reserve(struct buf *b, size_t n)
{
    /* More than n, not just n: no room for nothing at all (at is NULL) must take the slow way. */
    if (__builtin_expect(b->capacity - b->size > n && b->failure == STATUS_OK, 1)) {
        return b->at + b->size;
    }
    return buf_reserve_slow(b, n);
}

static inline void buf_commit(struct buf *b, size_t n)
{
    b->size += n;
}

static inline void buf_append(struct buf *b, const void *bytes, size_t n)
{
    char *to = buf_reserve(b, n);

    if (to != NULL && n > 0) {
        memcpy(to, bytes, n);
        b->size += n;
    }
}

static inline void buf_append_str(struct buf *b, struct str s)
{
    buf_append(b, s.at, s.size);
}

static inline void buf_append_char(struct buf *b, char c)
{
    buf_append(b, &c, 1);
}

#define buf_append_literal(b, literal) buf_append((b), (literal), sizeof(literal) - 1)

/* Each byte as two hexadecimal digits. */
void buf_append_hex(struct buf *b, struct str bytes);

void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* OK, TOO_BIG (max reached) or NOMEM: did everything appended so far fit? */
static inline enum status buf_status(const struct buf *b)
{
    return b->failure;
}

/*
 * Give away the bytes: the caller frees them with mem_free. The buffer is then empty.
 * Return: NULL if nothing was ever appended.
 */
NODISCARD char *buf_take(struct buf *b, size_t *ret_size);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->at, b->size};
}

#endif
