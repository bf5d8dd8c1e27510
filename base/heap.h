/*
 * A binary min-heap of deadlines, intrusive: each node knows its place, so any node can leave in
 * O(log n). Capacity is fixed, so putting never allocates.
 */
#ifndef GANTRY_BASE_HEAP_H
#define GANTRY_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/status.h"

struct heap_node {
    int64_t key;  /* set by heap_put */
    size_t place; /* Private: 1-based; 0 is "in no heap" */
};

struct heap {
    struct heap_node **nodes;
    size_t size;
    size_t capacity;
};

/* Return: OK, NOMEM. */
NODISCARD enum status heap_init(struct heap *h, size_t capacity);
void heap_fini(struct heap *h);

/* The node must be in no heap and the heap not full. Borrows node until it is removed. */
void heap_put(struct heap *h, struct heap_node *node, int64_t key);

/* Harmless for a node that is in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);

/* The node with the least key, or NULL. */
static inline struct heap_node *heap_first(const struct heap *h)
{
    return h->size == 0 ? NULL : h->nodes[0];
}

#endif
