/*
 * The two sides of a foreign key, as tables or as views of them. Private to handlers/table/.
 *
 * A side is a table, or a view seen as one of its base tables: it has the base's columns under its own
 * names, each perhaps several times, so one key may become several relationships.
 */
#ifndef GANTRY_HANDLERS_TABLE_RELATION_SIDE_H
#define GANTRY_HANDLERS_TABLE_RELATION_SIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "storage/schema.h"

#define SIDES_MAX 64 /* base tables of one view; further ones take no part */

struct side {
    const struct schema_table *table;
    const struct schema_table *base; /* the same, but for a view */
};

struct sides {
    struct side at[SIDES_MAX];
    size_t count;
};

/* A foreign key between two sides: the child, which has the key, and the parent. */
struct link {
    const struct schema_key *key; /* of child.base, to parent.base */
    struct side child;
    struct side parent;
};

/*
 * The columns of one link or two, in all combinations of the names that their sides have for them:
 * the child's columns, the parent's, and the same of the second link. Zeroed it is empty.
 */
struct combination {
    const struct side **sides; /* of each column */
    const char **columns;      /* of the side's base */
    size_t *places;            /* which of its names was chosen */
    const char **names;        /* that name */
    size_t count;
    size_t room;
};

/* As SQLite compares identifiers. */
bool side_is_name(struct str wanted, const char *name);
bool side_is_same_name(const char *a, const char *b);

/* A table's only side, or a view's sides: one for each table that it has columns of. */
void sides_find(const struct schema *schema, const struct schema_table *table, struct sides *ret);

/* Is that column of the base's primary key there, by its first name, and the rest of the key, too? */
bool side_has_in_key(const struct side *side, const char *name);

/*
 * The first one. Borrows links until the last.
 * Return: is there any? Not if a view lacks a column, nor without memory.
 */
bool combination_start(struct combination *c, struct arena *arena, const struct link *links,
                       size_t count, bool *ret_has_memory);

/* Return: false behind the last one. */
bool combination_next(struct combination *c);

#endif
