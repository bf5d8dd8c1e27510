/*
 * An intrusive, circular, doubly linked list. A head and a node are the same struct; a node that
 * is in no list points to itself, so "is it queued?" needs no flag.
 */
#ifndef GANTRY_BASE_LIST_H
#define GANTRY_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l;
    l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

/* A node's own question: is it in a list? */
static inline bool list_is_linked(const struct list *node)
{
    return node->next != node;
}

static inline void list_append(struct list *head, struct list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Harmless for a node that is in no list. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* The oldest node, still linked, or NULL. */
static inline struct list *list_first(struct list *head)
{
    return list_is_empty(head) ? NULL : head->next;
}

/* The oldest node, taken out, or NULL. */
static inline struct list *list_take_first(struct list *head)
{
    struct list *node = list_first(head);

    if (node != NULL) {
        list_remove(node);
    }
    return node;
}

#endif
