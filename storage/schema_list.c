#include "base/mem.h"
#include "storage/schema_build.h"

void *schema_list_add(struct schema_list *list, size_t size)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        char *at = mem_realloc(list->at, capacity * size);

        if (at == NULL) {
            return NULL;
        }
        list->at = at;
        list->capacity = capacity;
    }
    return list->at + size * list->count++;
}

void *schema_list_move(const struct schema_list *list, size_t size, struct arena *arena)
{
    void *at = arena_alloc(arena, (list->count + 1) * size); /* NULL is out of memory only */

    if (at != NULL && list->count > 0) {
        memcpy(at, list->at, list->count * size);
    }
    return at;
}

void schema_list_fini(struct schema_list *list)
{
    mem_free(list->at);
    *list = (struct schema_list){.count = 0};
}
