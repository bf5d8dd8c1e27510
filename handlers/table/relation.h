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

struct relation_scope {
    const struct schema *schema;
    relation_served_fn is_served; /* what is not is no target; a junction need not be served */
    const void *user;
};

static inline bool relation_is_to_one(const struct relation *r)
{
    return r->kind == RELATION_MANY_TO_ONE || r->kind == RELATION_ONE_TO_ONE;
}

/*
 * The relationship that "target!hint" means from a table. target: a table or view, a constraint, or a
 * column of from that is a foreign key (the last two only between tables). hint (at == NULL: none): a
 * constraint, a column of the key on either side, or a junction.
 * Return: true; or false with *fault: PGRST200 (none; the nearest name as hint), PGRST201 (several, HTTP 300), or no memory.
 */
bool relation_find(const struct relation_scope *scope, const struct schema_table *from,
                   struct str target, struct str hint, struct arena *arena, struct relation *ret,
                   struct fault *fault);

#endif
