/*
 * What the files that read a schema share, without SQLite: how names compare, and lists that grow
 * while rows are read.
 */
#ifndef GANTRY_STORAGE_SCHEMA_BUILD_H
#define GANTRY_STORAGE_SCHEMA_BUILD_H

#include "base/arena.h"
#include "storage/schema.h"

/* As SQLite compares names: bytes, ASCII letters without case. <0, 0, >0. */
int schema_compare_names(struct str a, struct str b);

/* A list of things of one size, moved to an arena when its length is known. Zeroed before use. */
struct schema_list {
    char *at;
    size_t count;
    size_t capacity;
};

/* Room for one more at the end, not cleared. Lends it until the next one; NULL: out of memory. */
NODISCARD void *schema_list_add(struct schema_list *list, size_t size);

/* A copy in arena, never NULL but when out of memory. */
NODISCARD void *schema_list_move(const struct schema_list *list, size_t size, struct arena *arena);

void schema_list_fini(struct schema_list *list);

#endif
