#include "base/heap.h"

#include "base/invariant.h"
#include "base/mem.h"

enum status heap_init(struct heap *h, size_t capacity)
{
    struct heap_node **nodes = mem_zalloc((capacity + 1) * sizeof(struct heap_node *));

    if (nodes == NULL) {
        return STATUS_NOMEM;
    }
    *h = (struct heap){.nodes = nodes, .capacity = capacity};
    return STATUS_OK;
}

void heap_fini(struct heap *h)
{
    mem_free(h->nodes);
    *h = (struct heap){0};
}

static void settle(struct heap *h, size_t i, struct heap_node *node)
{
    h->nodes[i] = node;
    node->place = i + 1;
}

static void sift_up(struct heap *h, size_t i, struct heap_node *node)
{
    while (i > 0 && h->nodes[(i - 1) / 2]->key > node->key) {
        settle(h, i, h->nodes[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    settle(h, i, node);
}

static void sift_down(struct heap *h, size_t i, struct heap_node *node)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->size) {
            break;
        }
        if (child + 1 < h->size && h->nodes[child + 1]->key < h->nodes[child]->key) {
            child++;
        }
        if (h->nodes[child]->key >= node->key) {
            break;
        }
        settle(h, i, h->nodes[child]);
        i = child;
    }
    settle(h, i, node);
}

void heap_put(struct heap *h, struct heap_node *node, int64_t key)
{
    invariant(node->place == 0 && h->size < h->capacity);
    node->key = key;
    h->size++;
    sift_up(h, h->size - 1, node);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    size_t i = node->place;
    struct heap_node *last;

    if (i == 0) {
        return;
    }
    i--;
    invariant(i < h->size && h->nodes[i] == node);
    node->place = 0;
    last = h->nodes[--h->size];
    if (last == node) {
        return;
    }
    if (i > 0 && h->nodes[(i - 1) / 2]->key > last->key) {
        sift_up(h, i, last);
    } else {
        sift_down(h, i, last);
    }
}
