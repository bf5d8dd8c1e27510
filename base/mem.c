#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Relaxed: a countdown for single-threaded tests; in service it is never written. */
static _Atomic long countdown = -1;

static bool is_to_fail(void)
{
    if (__builtin_expect(atomic_load_explicit(&countdown, memory_order_relaxed) < 0, 1)) {
        return false;
    }
    return atomic_fetch_sub_explicit(&countdown, 1, memory_order_relaxed) == 1;
}

void mem_fail_after(long n)
{
    atomic_store_explicit(&countdown, n, memory_order_relaxed);
}

void *mem_alloc(size_t size)
{
    return is_to_fail() ? NULL : malloc(size);
}

void *mem_zalloc(size_t size)
{
    return is_to_fail() ? NULL : calloc(1, size);
}

void *mem_realloc(void *old, size_t size)
{
    return is_to_fail() ? NULL : realloc(old, size);
}

char *mem_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mem_alloc(size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void mem_free(void *memory)
{
    free(memory);
}
