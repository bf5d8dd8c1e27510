/*
 * Relationships: how the rows of one table or view belong to those of another, found through foreign
 * keys. Pure: a function of the schema snapshot and the names that a client wrote.
 *
 * A view's columns that are columns of a base table, unchanged, take over that column's keys, in both
 * directions. A table whose primary key holds two foreign keys is a junction of what they point at.
 */
#ifndef GANTRY_HANDLERS_TABLE_RELATION_H
#define GANTRY_HANDLERS_TABLE_RELATION_H

#include <stdbool.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "storage/schema.h"

enum relation_kind {
    RELATION_MANY_TO_ONE,  /* from has the key: one row or none */
    RELATION_ONE_TO_ONE,   /* either side has it, and it is unique: one row or none */
    RELATION_ONE_TO_MANY,  /* to has the key: rows */
    RELATION_MANY_TO_MANY, /* a junction has both keys: rows */
};

/* from_columns[i] = to_columns[i]; with a junction from_columns[i] = junction_from[i] and
 * junction_to[j] = to_columns[j]. Names are lent by the schema; arrays lie in the arena. */
struct relation {
    enum relation_kind kind;
    const struct schema_table *from;
    const struct schema_table *to;
    const char *name; /* of the constraint; of a junction's: both, "a and b" */
    const char *const *from_columns;
    size_t from_count;
    const char *const *to_columns;
    size_t to_count;
    const struct schema_table *junction; /* NULL: none */
    const char *const *junction_from;
    const char *const *junction_to;
};

/* May clients see that table? */
typedef bool (*relation_served_fn)(const void *user, const struct schema_table *table);

/* What is not served is no target. A junction need not be, but counts only if nothing else is meant. */
struct relation_scope {
    const struct schema *schema;
    relation_served_fn is_served; /* NULL: all of them */
    const void *user;
};

static inline bool relation_is_to_one(const struct relation *r)
{
    return r->kind == RELATION_MANY_TO_ONE || r->kind == RELATION_ONE_TO_ONE;
}

/*
 * The relationship that "target!hint" means from a table or view. target: a table or view, a
 * constraint, or a column of from that is a foreign key or what one points at (the last two only where
 * the other side is a table). hint (at == NULL: none): a constraint, the single column of a key on
 * either side, or a junction. To itself: by its name to the children (hint: the constraint or the
 * children's column), by the key's column to the parent. Names compare as SQLite compares them.
 *
 * Where a view has a column twice, each way to name a key's columns is a relationship.
 * Return: true; or false with *fault: PGRST200 (none; the nearest name as hint), PGRST201 (several, HTTP
 * 300: at most 64 are named), or no memory.
 */
bool relation_find(const struct relation_scope *scope, const struct schema_table *from,
                   struct str target, struct str hint, struct arena *arena, struct relation *ret,
                   struct fault *fault);

#endif
