/*
 * The arena again, for fuzzing: each piece is an allocation of its own, of exactly the size that was
 * asked for, so that a sanitizer sees the first byte read or written beyond it.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    max_align_t bytes[];
};

void arena_init(struct arena *a, void *first, size_t size, size_t heap_max)
{
    (void)first;
    (void)size;
    *a = (struct arena){.heap_left = heap_max};
}

void arena_fini(struct arena *a)
{
    while (a->blocks != NULL) {
        struct arena_block *next = a->blocks->next;

        free(a->blocks);
        a->blocks = next;
    }
    *a = (struct arena){0};
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_block *block;

    if (size > a->heap_left) {
        return NULL;
    }
    block = malloc(sizeof(*block) + size);
    if (block == NULL) {
        return NULL;
    }
    memset(block->bytes, 0xA5, size); /* not cleared, and never by chance */
    block->next = a->blocks;
    a->blocks = block;
    a->heap_left -= size;
    return block->bytes;
}

char *arena_copy(struct arena *a, struct str s)
{
    char *copy = s.size == SIZE_MAX ? NULL : arena_alloc(a, s.size + 1);

    if (copy != NULL) {
        if (s.size > 0) {
            memcpy(copy, s.at, s.size);
        }
        copy[s.size] = '\0';
    }
    return copy;
}
