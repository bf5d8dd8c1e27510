/*
 * Memory that dies together: a request's copies of names, parameters and SQL text.
 *
 * Bump allocation, first from a block the owner provides, then from heap blocks, at most max
 * bytes of those. Nothing is freed singly. Belongs to one thread at a time.
 */
#ifndef GANTRY_BASE_ARENA_H
#define GANTRY_BASE_ARENA_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/str.h"

struct arena_block;

struct arena {
    char *at;                   /* Private: the free part of the current block */
    size_t left;                /* Private */
    struct arena_block *blocks; /* Private: heap blocks, newest first */
    size_t heap_left;           /* Private: bytes the heap may still give */
};

/* Borrows first (size bytes, aligned for anything) until arena_fini. */
void arena_init(struct arena *a, void *first, size_t size, size_t heap_max);

/* Free every heap block. A zeroed arena is fine. */
void arena_fini(struct arena *a);

/* Free what was allocated since the arena was as before says, a copy of it. */
void arena_rewind(struct arena *a, const struct arena *before);

/* size bytes aligned for any type, not cleared. Return: NULL if out of memory or over the bound. */
NODISCARD void *arena_alloc(struct arena *a, size_t size);

/* A terminated copy; s may hold any bytes. NULL as above. */
NODISCARD char *arena_copy(struct arena *a, struct str s);

#endif
