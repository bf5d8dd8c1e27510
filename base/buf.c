#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/invariant.h"
#include "base/mem.h"

#define FIRST_CAPACITY 512

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_fini(struct buf *b)
{
    mem_free(b->at);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    buf_truncate(b, 0);
}

void buf_truncate(struct buf *b, size_t size)
{
    invariant(size <= b->size);
    b->size = size;
    b->failure = STATUS_OK;
}

char *buf_reserve_slow(struct buf *b, size_t n)
{
    size_t capacity;
    char *at;

    if (b->failure != STATUS_OK) {
        return NULL;
    }
    if (b->capacity - b->size >= n && b->at != NULL) {
        return b->at + b->size;
    }
    if (n > b->max - b->size) {
        b->failure = STATUS_TOO_BIG;
        return NULL;
    }
    capacity = b->capacity == 0 ? FIRST_CAPACITY : b->capacity * 2;
    if (capacity < b->size + n) {
        capacity = b->size + n;
    }
    if (capacity > b->max) {
        capacity = b->max;
    }
    at = mem_realloc(b->at, capacity == 0 ? 1 : capacity);
    if (at == NULL) {
        b->failure = STATUS_NOMEM;
        return NULL;
    }
    b->at = at;
    b->capacity = capacity;
    return at + b->size;
}

void buf_append_hex(struct buf *b, struct str bytes)
{
    char *to = buf_reserve(b, bytes.size * 2); /* no object has more than half of SIZE_MAX */

    if (to != NULL) {
        (void)str_put_hex(to, bytes);
        buf_commit(b, bytes.size * 2);
    }
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_list again;
    int n;
    char *to;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    invariant(n >= 0);
    to = buf_reserve(b, (size_t)n);
    if (to != NULL) {
        char text[256]; /* vsnprintf insists on a terminator that the buffer has no room for */

        if ((size_t)n < sizeof(text)) {
            (void)vsnprintf(text, sizeof(text), format, again); /* measured above */
            memcpy(to, text, (size_t)n);
        } else {
            char *whole = mem_alloc((size_t)n + 1);
            if (whole == NULL) {
                b->failure = STATUS_NOMEM;
                va_end(again);
                return;
            }
            (void)vsnprintf(whole, (size_t)n + 1, format, again); /* measured above */
            memcpy(to, whole, (size_t)n);
            mem_free(whole);
        }
        buf_commit(b, (size_t)n);
    }
    va_end(again);
}

char *buf_take(struct buf *b, size_t *ret_size)
{
    char *at = b->at;

    *ret_size = b->size;
    buf_init(b, b->max);
    return at;
}
