/* What relation.c searches for, and finds. Private to handlers/table/. */
#ifndef GANTRY_HANDLERS_TABLE_RELATION_SEARCH_H
#define GANTRY_HANDLERS_TABLE_RELATION_SEARCH_H

#include "handlers/table/relation.h"
#include "handlers/table/relation_side.h"

#define SEVERAL_MAX 64 /* relationships that a fault names; further ones are left out */

struct found {
    struct relation r;
    const struct schema_key *key;        /* of a junction: the one to from */
    const struct schema_key *second_key; /* of a junction: the one to the target; else NULL */
};

struct search {
    const struct relation_scope *scope;
    const struct schema_table *from;
    struct str target;
    struct str hint;
    struct arena *arena;
    struct sides from_sides;
    bool with_hidden_junctions;
    bool is_out_of_memory;
    struct combination combination; /* of the links that are being looked at */
    unsigned tries;                 /* combinations so far */
    struct found found[SEVERAL_MAX];
    size_t count;
};

/* Without a hint; nothing found yet. */
void relation_search_init(struct search *s, const struct relation_scope *scope,
                          const struct schema_table *from, struct str target, struct arena *arena);

/* Fill found. Junctions that clients do not see count only where nothing else was meant. */
void relation_search_run(struct search *s);

bool relation_is_served(const struct search *s, const struct schema_table *table);

/* --- relation_refuse.c: what is said of none, or of several. Return: false ---------------------- */

bool relation_refuse_none(const struct search *s, struct fault *fault);
bool relation_refuse_several(struct search *s, struct fault *fault);

#endif
