#include "base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Relaxed: a countdown for single-threaded tests; in service it is never written. */
static _Atomic long countdown = -1;

#define MEM_BOUND_MAX (INT64_MAX / 2) /* sums of it and sizes do not overflow */

/* What the thread may still take. */
static _Thread_local struct {
    int64_t left; /* more than at first once something older was freed */
    bool is_set;
    bool was_reached;
} bound;

void mem_bound(size_t bytes)
{
    if (!bound.is_set) {
        bound.was_reached = false;
    }
    bound.is_set = true;
    bound.left = bytes > MEM_BOUND_MAX ? MEM_BOUND_MAX : (int64_t)bytes;
}

bool mem_unbound(void)
{
    bound.is_set = false;
    return bound.was_reached;
}

/* freed: what is given back for it. */
static bool is_within_bound(size_t size, size_t freed)
{
    if (!bound.is_set || (size <= INT64_MAX && (int64_t)size <= bound.left + (int64_t)freed)) {
        return true;
    }
    bound.was_reached = true;
    return false;
}

static void *taken(void *memory)
{
    if (bound.is_set) {
        bound.left -= (int64_t)malloc_usable_size(memory);
    }
    return memory;
}

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
    return is_to_fail() || !is_within_bound(size, 0) ? NULL : taken(malloc(size));
}

void *mem_zalloc(size_t size)
{
    return is_to_fail() || !is_within_bound(size, 0) ? NULL : taken(calloc(1, size));
}

void *mem_realloc(void *old, size_t size)
{
    size_t freed = bound.is_set ? malloc_usable_size(old) : 0;
    void *memory;

    if (is_to_fail() || !is_within_bound(size, freed)) {
        return NULL;
    }
    memory = realloc(old, size);
    if (memory == NULL) {
        return NULL;
    }
    bound.left += (int64_t)freed;
    return taken(memory);
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
    if (bound.is_set) {
        bound.left += (int64_t)malloc_usable_size(memory);
    }
    free(memory);
}
