/*
 * A relationship is a link, or two that meet in a junction. A link is a foreign key between two
 * sides (relation_side.h).
 *
 * Everything that could be meant is enumerated (which is little: the keys between two tables, and
 * the junctions of them), what is_wanted() takes is kept. One is the answer; none and several are
 * faults, which say what there is.
 */
#include "handlers/table/relation_search.h"

#define TRIES_MAX 10000 /* combinations of names that one search looks at: views may have many */

bool relation_is_served(const struct search *s, const struct schema_table *table)
{
    return s->scope->is_served == NULL || s->scope->is_served(s->scope->user, table);
}

/* --- what is wanted ---------------------------------------------------------------------------- */

static bool is_constraint(const struct relation *r, struct str name)
{
    return r->junction == NULL && side_is_name(name, r->name);
}

static bool is_single_column(const struct relation *r, const char *const *columns, struct str name)
{
    return r->junction == NULL && r->from_count == 1 && side_is_name(name, columns[0]);
}

/*
 * A key of a table to itself is two relationships: the table's name means the children, whose column
 * may be the hint; the key's column means the parent.
 */
static bool is_wanted_self(const struct search *s, const struct relation *r, bool is_child)
{
    bool is_named = side_is_name(s->target, r->to->name);

    if (s->hint.at != NULL) {
        return is_named && !is_child &&
               (is_single_column(r, r->to_columns, s->hint) || is_constraint(r, s->hint));
    }
    return is_child ? is_single_column(r, r->from_columns, s->target) : is_named;
}

/* is_child: from has the key. */
static bool is_wanted(const struct search *s, const struct relation *r, bool is_child)
{
    bool is_named = side_is_name(s->target, r->to->name);

    if (r->from == r->to) {
        return is_wanted_self(s, r, is_child);
    }
    if (s->hint.at == NULL) {
        return is_named || (!r->to->is_view && (is_constraint(r, s->target) ||
                                                is_single_column(r, r->from_columns, s->target)));
    }
    return is_named &&
           (is_constraint(r, s->hint) || is_single_column(r, r->from_columns, s->hint) ||
            is_single_column(r, r->to_columns, s->hint) ||
            (r->junction != NULL && side_is_name(s->hint, r->junction->name)));
}

/* --- keeping what was found -------------------------------------------------------------------- */

static const char *const *copy_names(struct search *s, const char *const *names, size_t count)
{
    const char **copy = arena_alloc(s->arena, (count > 0 ? count : 1) * sizeof(*copy));

    if (copy == NULL) {
        s->is_out_of_memory = true;
        return names; /* never read: the search fails */
    }
    memcpy(copy, names, count * sizeof(*copy));
    return copy;
}

/* Keep a relationship whose arrays lie in the combination. */
static void keep(struct search *s, const struct relation *r, const struct schema_key *key,
                 const struct schema_key *second_key)
{
    struct relation *to;

    if (s->count == SEVERAL_MAX) {
        return;
    }
    s->found[s->count] = (struct found){*r, key, second_key};
    to = &s->found[s->count++].r;
    to->from_columns = copy_names(s, r->from_columns, r->from_count);
    to->to_columns = copy_names(s, r->to_columns, r->to_count);
    if (r->junction != NULL) {
        to->junction_from = copy_names(s, r->junction_from, r->from_count);
        to->junction_to = copy_names(s, r->junction_to, r->to_count);
    }
}

/* Go on with combinations? What is many is not looked at to the end. */
static bool goes_on(struct search *s, bool is_one)
{
    return is_one && !s->is_out_of_memory && s->count < SEVERAL_MAX && s->tries++ < TRIES_MAX;
}

static bool first_names(struct search *s, const struct link *links, size_t count)
{
    bool has_memory;
    bool is_one = combination_start(&s->combination, s->arena, links, count, &has_memory);

    s->is_out_of_memory = s->is_out_of_memory || !has_memory;
    return goes_on(s, is_one);
}

static bool next_names(struct search *s)
{
    return goes_on(s, combination_next(&s->combination));
}

/* --- direct relationships ----------------------------------------------------------------------- */

static struct relation direct_relation(const struct link *link, const char *const *names,
                                       bool is_child)
{
    size_t count = link->key->columns_count;
    const char *const *child = names;
    const char *const *parent = names + count;

    return (struct relation){
        .kind = link->key->is_unique ? RELATION_ONE_TO_ONE
                : is_child           ? RELATION_MANY_TO_ONE
                                     : RELATION_ONE_TO_MANY,
        .from = is_child ? link->child.table : link->parent.table,
        .to = is_child ? link->parent.table : link->child.table,
        .name = link->key->name,
        .from_columns = is_child ? child : parent,
        .from_count = count,
        .to_columns = is_child ? parent : child,
        .to_count = count,
    };
}

static void try_link(struct search *s, const struct link *link, bool is_child)
{
    for (bool is_one = first_names(s, link, 1); is_one; is_one = next_names(s)) {
        struct relation r = direct_relation(link, s->combination.names, is_child);
        if (is_wanted(s, &r, is_child)) {
            keep(s, &r, link->key, NULL);
        }
    }
}

/* The keys of child to parent. is_child: the child is where the search comes from. */
static void try_sides(struct search *s, const struct side *child, const struct side *parent,
                      bool is_child)
{
    for (size_t i = 0; i < child->base->keys_count; i++) {
        const struct link link = {&child->base->keys[i], *child, *parent};
        if (side_is_same_name(link.key->target, parent->base->name)) {
            try_link(s, &link, is_child);
        }
    }
}

static void try_table(struct search *s, const struct sides *to)
{
    for (size_t i = 0; i < s->from_sides.count; i++) {
        for (size_t j = 0; j < to->count; j++) {
            try_sides(s, &s->from_sides.at[i], &to->at[j], true);
            try_sides(s, &to->at[j], &s->from_sides.at[i], false);
        }
    }
}

/* --- junctions ------------------------------------------------------------------------------------ */

static bool are_keyed(const struct sides *junction, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_keyed = false;
        for (size_t j = 0; j < junction->count && !is_keyed; j++) {
            is_keyed = side_has_in_key(&junction->at[j], names[i]);
        }
        if (!is_keyed) {
            return false;
        }
    }
    return true;
}

/* Both links' child is the junction: links[0] leads to from, links[1] to the target. */
static void try_junction_links(struct search *s, const struct sides *junction,
                               const struct link links[2])
{
    size_t n = links[0].key->columns_count;
    size_t m = links[1].key->columns_count;

    for (bool is_one = first_names(s, links, 2); is_one; is_one = next_names(s)) {
        const char *const *names = s->combination.names;
        const struct relation r = {
            .kind = RELATION_MANY_TO_MANY,
            .from = links[0].parent.table,
            .to = links[1].parent.table,
            .name = "", /* made when it is known to be the one */
            .junction = links[0].child.table,
            .junction_from = names,
            .from_columns = names + n,
            .from_count = n,
            .junction_to = names + 2 * n,
            .to_columns = names + 2 * n + m,
            .to_count = m,
        };
        if (is_wanted(s, &r, false) && are_keyed(junction, r.junction_from, n) &&
            are_keyed(junction, r.junction_to, m)) {
            keep(s, &r, links[0].key, links[1].key);
        }
    }
}

/* A key that leads from a side to one of several: the place of the latter, or their count. */
static size_t leads_to(const struct schema_key *key, const struct sides *parents)
{
    for (size_t i = 0; i < parents->count; i++) {
        if (!key->is_unique && side_is_same_name(key->target, parents->at[i].base->name)) {
            return i;
        }
    }
    return parents->count;
}

/* With first as the key that leads to from: all those that lead to the target. */
static void try_second_keys(struct search *s, const struct sides *junction,
                            const struct link *first, const struct sides *to)
{
    for (size_t i = 0; i < junction->count; i++) {
        const struct side *side = &junction->at[i];
        for (size_t j = 0; j < side->base->keys_count; j++) {
            const struct schema_key *key = &side->base->keys[j];
            size_t place = leads_to(key, to);
            if (key != first->key && place < to->count) {
                const struct link links[2] = {*first, {key, *side, to->at[place]}};
                try_junction_links(s, junction, links);
            }
        }
    }
}

static void try_junction(struct search *s, const struct sides *junction, const struct sides *to)
{
    for (size_t i = 0; i < junction->count; i++) {
        const struct side *side = &junction->at[i];
        for (size_t j = 0; j < side->base->keys_count; j++) {
            const struct schema_key *key = &side->base->keys[j];
            size_t place = leads_to(key, &s->from_sides);
            if (place < s->from_sides.count) {
                const struct link first = {key, *side, s->from_sides.at[place]};
                try_second_keys(s, junction, &first, to);
            }
        }
    }
}

/* Could it be a junction at all? Most tables have one key, or a primary key of one column. */
static bool may_be_junction(const struct search *s, const struct schema_table *table)
{
    if (!table->is_view && (table->keys_count < 2 || table->uniques_count == 0 ||
                            table->uniques[0].columns_count < 2)) {
        return false;
    }
    return relation_is_served(s, table) != s->with_hidden_junctions;
}

static void try_junctions(struct search *s, const struct sides *to)
{
    for (size_t i = 0; i < s->scope->schema->tables_count; i++) {
        const struct schema_table *table = &s->scope->schema->tables[i];
        struct sides junction;
        if (may_be_junction(s, table)) {
            sides_find(s->scope->schema, table, &junction);
            try_junction(s, &junction, to);
        }
    }
}

/* --- targets that are constraints or columns ---------------------------------------------------- */

/* The keys of from, but those to named: what leads there has been looked at. */
static void try_own_keys(struct search *s, const struct schema_table *named)
{
    for (size_t i = 0; i < s->from_sides.count; i++) {
        const struct side *side = &s->from_sides.at[i];
        for (size_t j = 0; j < side->base->keys_count; j++) {
            const struct schema_key *key = &side->base->keys[j];
            const struct schema_table *parent = schema_find(s->scope->schema, str_of(key->target));
            if (parent != NULL && parent != named && relation_is_served(s, parent)) {
                const struct link link = {key, *side, {parent, parent}};
                try_link(s, &link, true);
            }
        }
    }
}

/* The keys of other tables to from, but of named. */
static void try_others_keys(struct search *s, const struct schema_table *named)
{
    bool is_column = schema_find_column(s->from, s->target) != NULL;

    for (size_t i = 0; i < s->scope->schema->tables_count; i++) {
        const struct schema_table *child = &s->scope->schema->tables[i];
        for (size_t j = 0; j < child->keys_count && child != named && child != s->from; j++) {
            const struct schema_key *key = &child->keys[j];
            if (!is_column && !side_is_name(s->target, key->name)) {
                continue;
            }
            for (size_t k = 0; k < s->from_sides.count; k++) {
                const struct link link = {key, {child, child}, s->from_sides.at[k]};
                if (side_is_same_name(key->target, link.parent.base->name) &&
                    relation_is_served(s, child)) {
                    try_link(s, &link, false);
                }
            }
        }
    }
}

/* --- the search ----------------------------------------------------------------------------------- */

/* Not all of it is cleared: it is large. */
void relation_search_init(struct search *s, const struct relation_scope *scope,
                          const struct schema_table *from, struct str target, struct arena *arena)
{
    s->scope = scope;
    s->from = from;
    s->target = target;
    s->hint = (struct str){NULL, 0};
    s->arena = arena;
    s->with_hidden_junctions = false;
    s->is_out_of_memory = false;
    s->combination = (struct combination){.room = 0};
    s->count = 0;
    s->tries = 0;
}

static void search_by_name(struct search *s, const struct schema_table *named)
{
    struct sides to;

    sides_find(s->scope->schema, named, &to);
    if (!s->with_hidden_junctions) {
        try_table(s, &to);
    }
    if (named != s->from) {
        try_junctions(s, &to);
    }
}

void relation_search_run(struct search *s)
{
    const struct schema_table *named = schema_find(s->scope->schema, s->target);

    if (named != NULL && !relation_is_served(s, named)) {
        named = NULL;
    }
    sides_find(s->scope->schema, s->from, &s->from_sides);
    if (named != NULL) {
        search_by_name(s, named);
    }
    if (s->hint.at == NULL) {
        try_own_keys(s, named);
        try_others_keys(s, named);
    }
    if (s->count == 0 && named != NULL && s->scope->is_served != NULL) {
        s->with_hidden_junctions = true;
        search_by_name(s, named);
    }
}
