#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_SIZE ((size_t)4096)
#define ALIGNMENT  (_Alignof(max_align_t))

struct arena_block {
    struct arena_block *next;
    size_t size;
    max_align_t bytes[];
};

void arena_init(struct arena *a, void *first, size_t size, size_t heap_max)
{
    *a = (struct arena){.at = first, .left = size, .heap_left = heap_max};
}

void arena_rewind(struct arena *a, const struct arena *before)
{
    struct arena_block *block = a->blocks;

    while (block != before->blocks) {
        struct arena_block *next = block->next;
        mem_free(block);
        block = next;
    }
    *a = *before;
}

void arena_fini(struct arena *a)
{
    static const struct arena none;

    arena_rewind(a, &none);
}

static void *grow(struct arena *a, size_t size)
{
    size_t want = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct arena_block *block;

    if (want > a->heap_left) {
        want = size;
    }
    if (want > a->heap_left) {
        return NULL;
    }
    block = mem_alloc(sizeof(*block) + want);
    if (block == NULL) {
        return NULL;
    }
    block->next = a->blocks;
    block->size = want;
    a->blocks = block;
    a->heap_left -= want;
    a->at = (char *)block->bytes + size;
    a->left = want - size;
    return block->bytes;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *at = a->at;

    if (size > SIZE_MAX - ALIGNMENT) {
        return NULL;
    }
    /* Nothing takes a place too: an arena without a block has no address to give for it. */
    size = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > a->left) {
        return grow(a, size);
    }
    a->at += size;
    a->left -= size;
    return at;
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
