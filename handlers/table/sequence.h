/* A list that grows in an arena: how many there will be is known when the last one was read. */
#ifndef GANTRY_HANDLERS_TABLE_SEQUENCE_H
#define GANTRY_HANDLERS_TABLE_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attributes.h"

/* A zeroed one is empty. */
struct sequence {
    void *items; /* NULL: none */
    size_t count;
    size_t capacity; /* Private */
};

/*
 * One more, copied from item, which has the size of all the others. Earlier copies stay in the
 * arena, so the whole costs at most three times what it holds.
 * Return: false without memory, and s is as before.
 */
NODISCARD bool sequence_add(struct sequence *s, struct arena *arena, const void *item, size_t size);

#endif
