#include "handlers/table/sequence.h"

#include <string.h>

bool sequence_add(struct sequence *s, struct arena *arena, const void *item, size_t size)
{
    if (s->count == s->capacity) {
        size_t capacity = s->capacity == 0 ? 1 : s->capacity * 2;
        void *items = arena_alloc(arena, capacity * size);

        if (items == NULL) {
            return false;
        }
        if (s->count > 0) {
            memcpy(items, s->items, s->count * size);
        }
        s->items = items;
        s->capacity = capacity;
    }
    memcpy((char *)s->items + s->count * size, item, size);
    s->count++;
    return true;
}
