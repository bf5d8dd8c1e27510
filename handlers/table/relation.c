/*
 * A relationship is a link, or two that meet in a junction. A link is a foreign key between two
 * sides: the child, which has the key, and the parent. A side is a table, or a view seen as one of
 * its base tables: it has the base's columns under its own names, each perhaps several times, so one
 * key may become several relationships.
 *
 * Everything that could be meant is enumerated (which is little: the keys between two tables, and
 * the junctions of them), what is_wanted() takes is kept. One is the answer; none and several are
 * faults, which say what there is.
 */
#include "handlers/table/relation.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/nearest.h"

#define SIDES_MAX   64     /* base tables of one view; further ones take no part */
#define SEVERAL_MAX 64     /* relationships that a fault names; further ones are left out */
#define FAULT_MAX   65536  /* bytes of what a fault says about them */
#define SCHEMA_NAME "main" /* for messages */

struct side {
    const struct schema_table *table;
    const struct schema_table *base; /* the same, but for a view */
};

struct sides {
    struct side at[SIDES_MAX];
    size_t count;
};

struct link {
    const struct schema_key *key; /* of child.base, to parent.base */
    struct side child;
    struct side parent;
};

/*
 * The columns of one link or two, in all combinations of the names that their sides have for them:
 * the child's columns, the parent's, and the same of the second link.
 */
struct combination {
    const struct side **sides; /* of each column */
    const char **columns;      /* of the side's base */
    size_t *places;            /* which of its names was chosen */
    const char **names;        /* that name */
    size_t count;
    size_t room;
};

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
    struct found found[SEVERAL_MAX];
    size_t count;
};

/* --- names ------------------------------------------------------------------------------------ */

/* As SQLite compares identifiers. */
static bool is_name(struct str wanted, const char *name)
{
    /* Mostly they differ at once: no need to know how long the name is. */
    if (wanted.size == 0 || ((wanted.at[0] ^ name[0]) & ~0x20) != 0) {
        return wanted.size == 0 && name[0] == '\0';
    }
    return str_equal_nocase(wanted, str_of(name));
}

static bool is_same_name(const char *a, const char *b)
{
    return ((a[0] ^ b[0]) & ~0x20) == 0 && is_name(str_of(a), b);
}

static bool is_served(const struct search *s, const struct schema_table *table)
{
    return s->scope->is_served == NULL || s->scope->is_served(s->scope->user, table);
}

/* --- sides ------------------------------------------------------------------------------------ */

static bool has_side(const struct sides *sides, const char *base)
{
    for (size_t i = 0; i < sides->count; i++) {
        if (is_same_name(sides->at[i].base->name, base)) {
            return true;
        }
    }
    return false;
}

/* A table's only side, or a view's sides: one for each table that it has columns of. */
static void find_sides(const struct schema *schema, const struct schema_table *table,
                       struct sides *ret)
{
    ret->count = 0;
    if (!table->is_view) {
        ret->at[ret->count++] = (struct side){table, table};
        return;
    }
    for (size_t i = 0; i < table->columns_count && ret->count < SIDES_MAX; i++) {
        const char *origin = table->columns[i].origin_table;
        const struct schema_table *base;
        if (origin == NULL || has_side(ret, origin)) {
            continue;
        }
        base = schema_find(schema, str_of(origin));
        if (base != NULL) {
            ret->at[ret->count++] = (struct side){table, base};
        }
    }
}

/* The side's n-th name of a column of its base, or NULL: it has no more. */
static const char *side_column(const struct side *side, const char *column, size_t n)
{
    if (side->table == side->base) {
        return n == 0 ? column : NULL;
    }
    for (size_t i = 0; i < side->table->columns_count; i++) {
        const struct schema_column *c = &side->table->columns[i];
        if (c->origin_table != NULL && is_same_name(c->origin_column, column) &&
            is_same_name(c->origin_table, side->base->name) && n-- == 0) {
            return c->name;
        }
    }
    return NULL;
}

/* Is that column of the base's primary key there, by its first name, and the rest of the key, too? */
static bool is_in_primary_key(const struct side *side, const char *name)
{
    bool is_in_it = false;

    for (size_t i = 0; i < side->base->columns_count; i++) {
        const struct schema_column *c = &side->base->columns[i];
        const char *shown;
        if (c->key_place == 0) {
            continue;
        }
        shown = side_column(side, c->name, 0);
        if (shown == NULL) {
            return false;
        }
        is_in_it = is_in_it || is_same_name(shown, name);
    }
    return is_in_it;
}

/* --- what is wanted --------------------------------------------------------------------------- */

static bool is_constraint(const struct relation *r, struct str name)
{
    return r->junction == NULL && is_name(name, r->name);
}

static bool is_single_column(const struct relation *r, const char *const *columns, struct str name)
{
    return r->junction == NULL && r->from_count == 1 && is_name(name, columns[0]);
}

/*
 * A key of a table to itself is two relationships: the table's name means the children, whose column
 * may be the hint; the key's column means the parent.
 */
static bool is_wanted_self(const struct search *s, const struct relation *r, bool is_child)
{
    bool is_named = is_name(s->target, r->to->name);

    if (s->hint.at != NULL) {
        return is_named && !is_child &&
               (is_single_column(r, r->to_columns, s->hint) || is_constraint(r, s->hint));
    }
    return is_child ? is_single_column(r, r->from_columns, s->target) : is_named;
}

/* is_child: from has the key. */
static bool is_wanted(const struct search *s, const struct relation *r, bool is_child)
{
    bool is_named = is_name(s->target, r->to->name);

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
            (r->junction != NULL && is_name(s->hint, r->junction->name)));
}

/* --- names for a link's columns ----------------------------------------------------------------- */

/* Room for that many columns. Return: false without memory. */
static bool combination_reserve(struct combination *c, struct arena *arena, size_t room)
{
    if (room <= c->room) {
        return true;
    }
    c->sides = arena_alloc(arena, room * sizeof(const struct side *));
    c->columns = arena_alloc(arena, room * sizeof(*c->columns));
    c->places = arena_alloc(arena, room * sizeof(*c->places));
    c->names = arena_alloc(arena, room * sizeof(*c->names));
    c->room = 0;
    if (c->sides == NULL || c->columns == NULL || c->places == NULL || c->names == NULL) {
        return false;
    }
    c->room = room;
    return true;
}

static void combination_add(struct combination *c, const struct side *side,
                            const char *const *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        c->sides[c->count] = side;
        c->columns[c->count++] = columns[i];
    }
}

/* Borrows links until the last combination. Return: is there any? Not if a view lacks a column. */
static bool combination_start(struct search *s, const struct link *links, size_t count)
{
    struct combination *c = &s->combination;
    size_t room = 0;

    for (size_t i = 0; i < count; i++) {
        room += 2 * links[i].key->columns_count;
    }
    if (!combination_reserve(c, s->arena, room)) {
        s->is_out_of_memory = true;
        return false;
    }
    c->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct schema_key *key = links[i].key;
        combination_add(c, &links[i].child, key->columns, key->columns_count);
        combination_add(c, &links[i].parent, key->target_columns, key->columns_count);
    }
    for (size_t i = 0; i < c->count; i++) {
        c->places[i] = 0;
        c->names[i] = side_column(c->sides[i], c->columns[i], 0);
        if (c->names[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* The next one, counting up like an odometer. Return: false behind the last one. */
static bool combination_next(struct search *s)
{
    struct combination *c = &s->combination;

    if (s->count == SEVERAL_MAX || s->is_out_of_memory) {
        return false;
    }
    for (size_t i = c->count; i > 0; i--) {
        size_t at = i - 1;
        const char *name = side_column(c->sides[at], c->columns[at], c->places[at] + 1);
        if (name != NULL) {
            c->places[at]++;
            c->names[at] = name;
            return true;
        }
        c->places[at] = 0;
        c->names[at] = side_column(c->sides[at], c->columns[at], 0);
    }
    return false;
}

/* --- keeping what was found --------------------------------------------------------------------- */

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
    for (bool is_one = combination_start(s, link, 1); is_one; is_one = combination_next(s)) {
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
        if (is_same_name(link.key->target, parent->base->name)) {
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
            is_keyed = is_in_primary_key(&junction->at[j], names[i]);
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

    for (bool is_one = combination_start(s, links, 2); is_one; is_one = combination_next(s)) {
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
        if (!key->is_unique && is_same_name(key->target, parents->at[i].base->name)) {
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
    return is_served(s, table) != s->with_hidden_junctions;
}

static void try_junctions(struct search *s, const struct sides *to)
{
    for (size_t i = 0; i < s->scope->schema->tables_count; i++) {
        const struct schema_table *table = &s->scope->schema->tables[i];
        struct sides junction;
        if (may_be_junction(s, table)) {
            find_sides(s->scope->schema, table, &junction);
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
            if (parent != NULL && parent != named && is_served(s, parent)) {
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
            if (!is_column && !is_name(s->target, key->name)) {
                continue;
            }
            for (size_t k = 0; k < s->from_sides.count; k++) {
                const struct link link = {key, {child, child}, s->from_sides.at[k]};
                if (is_same_name(key->target, link.parent.base->name) && is_served(s, child)) {
                    try_link(s, &link, false);
                }
            }
        }
    }
}

/* --- the search ----------------------------------------------------------------------------------- */

/* Without a hint; nothing found yet. Not all of it is cleared: it is large. */
static void search_init(struct search *s, const struct relation_scope *scope,
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
}

static void search_by_name(struct search *s, const struct schema_table *named)
{
    struct sides to;

    find_sides(s->scope->schema, named, &to);
    if (!s->with_hidden_junctions) {
        try_table(s, &to);
    }
    if (named != s->from) {
        try_junctions(s, &to);
    }
}

/* Fill found. Junctions that clients do not see count only where nothing else was meant. */
static void search_all(struct search *s)
{
    const struct schema_table *named = schema_find(s->scope->schema, s->target);

    if (named != NULL && !is_served(s, named)) {
        named = NULL;
    }
    find_sides(s->scope->schema, s->from, &s->from_sides);
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

/* --- none ----------------------------------------------------------------------------------------- */

static bool is_related(const struct search *s, const char *name)
{
    struct search other;

    search_init(&other, s->scope, s->from, str_of(name), s->arena);
    search_all(&other);
    return other.count > 0;
}

/*
 * The related table whose name is nearest to the target's, or NULL. The nearest names are looked at,
 * whether they are related: to find out whom from is related to at all would take a while.
 */
static const char *nearest_related(const struct search *s)
{
    size_t count = 0;
    const char *target = arena_copy(s->arena, s->target);
    const char **names =
        arena_alloc(s->arena, (s->scope->schema->tables_count + 1) * sizeof(*names));

    if (target == NULL || names == NULL || is_related(s, target)) {
        return NULL; /* related, but not by this hint */
    }
    for (size_t i = 0; i < s->scope->schema->tables_count; i++) {
        const struct schema_table *table = &s->scope->schema->tables[i];
        if (is_served(s, table)) {
            names[count++] = table->name;
        }
    }
    for (int tries = 0; tries < 4; tries++) {
        const char *nearest = nearest_name(target, names, count);
        if (nearest == NULL || is_related(s, nearest)) {
            return nearest;
        }
        for (size_t i = 0; i < count; i++) {
            if (names[i] == nearest) {
                names[i] = names[--count];
            }
        }
    }
    return NULL;
}

static bool refuse_none(const struct search *s, struct fault *fault)
{
    const char *nearest = nearest_related(s);
    int size = (int)s->target.size;

    (void)fault_set(fault, s->arena, 400, "PGRST200",
                    "Could not find a relationship between '%s' and '%.*s' in the schema cache",
                    s->from->name, size, s->target.at); /* false, as below */
    fault_details(fault, s->arena,
                  "Searched for a foreign key relationship between '%s' and '%.*s'%s%.*s%s in the "
                  "schema '" SCHEMA_NAME "', but no matches were found.",
                  s->from->name, size, s->target.at, s->hint.at != NULL ? " using the hint '" : "",
                  (int)s->hint.size, s->hint.at != NULL ? s->hint.at : "",
                  s->hint.at != NULL ? "'" : "");
    if (nearest != NULL) {
        fault_hint(fault, s->arena, "Perhaps you meant '%s' instead of '%.*s'.", nearest, size,
                   s->target.at);
    }
    return false;
}

/* --- several -------------------------------------------------------------------------------------- */

/* In the order in which PostgREST names them. */
static int compare_kinds(const struct relation *a, const struct relation *b)
{
    static const int order[] = {
        [RELATION_ONE_TO_MANY] = 0,
        [RELATION_MANY_TO_ONE] = 1,
        [RELATION_ONE_TO_ONE] = 2,
        [RELATION_MANY_TO_MANY] = 3,
    };

    return order[a->kind] - order[b->kind];
}

static int compare_columns(const char *const *a, const char *const *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int order = strcmp(a[i], b[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static int compare_found(const void *x, const void *y)
{
    const struct found *f = x;
    const struct found *g = y;
    const struct relation *a = &f->r;
    const struct relation *b = &g->r;
    int order = strcmp(a->to->name, b->to->name);

    order = order != 0 ? order : compare_kinds(a, b);
    if (order == 0 && a->junction != NULL) {
        order = strcmp(a->junction->name, b->junction->name);
    }
    order = order != 0 ? order : strcmp(f->key->name, g->key->name);
    if (order == 0 && a->junction != NULL) {
        order = strcmp(f->second_key->name, g->second_key->name);
    }
    if (order == 0 && a->from_count == b->from_count) {
        order = compare_columns(a->from_columns, b->from_columns, a->from_count);
    }
    if (order == 0 && a->to_count == b->to_count) {
        order = compare_columns(a->to_columns, b->to_columns, a->to_count);
    }
    return order;
}

/* name(a, b) */
static void put_columns(struct buf *b, struct str name, const char *const *columns, size_t count)
{
    buf_append_str(b, name);
    for (size_t i = 0; i < count; i++) {
        buf_append_str(b, i == 0 ? STR("(") : STR(", "));
        buf_append_str(b, str_of(columns[i]));
    }
    buf_append_char(b, ')');
}

/* "key using a(x) and b(y)", or "junction using key(x) and second_key(y)" */
static void put_relationship(struct buf *b, const struct found *f)
{
    const struct relation *r = &f->r;
    bool is_direct = r->junction == NULL;

    buf_append_str(b, str_of(is_direct ? f->key->name : r->junction->name));
    buf_append_literal(b, " using ");
    put_columns(b, str_of(is_direct ? r->from->name : f->key->name),
                is_direct ? r->from_columns : r->junction_from, r->from_count);
    buf_append_literal(b, " and ");
    put_columns(b, str_of(is_direct ? r->to->name : f->second_key->name),
                is_direct ? r->to_columns : r->junction_to, r->to_count);
}

static void put_found(struct buf *b, const struct found *f, struct buf *text)
{
    static const char *const cardinalities[] = {
        [RELATION_ONE_TO_MANY] = "one-to-many",
        [RELATION_MANY_TO_ONE] = "many-to-one",
        [RELATION_ONE_TO_ONE] = "one-to-one",
        [RELATION_MANY_TO_MANY] = "many-to-many",
    };

    buf_append_literal(b, "{\"cardinality\":");
    json_put_string(b, str_of(cardinalities[f->r.kind]));
    buf_clear(text);
    buf_append_str(text, str_of(f->r.from->name));
    buf_append_literal(text, " with ");
    buf_append_str(text, str_of(f->r.to->name));
    buf_append_literal(b, ",\"embedding\":");
    json_put_string(b, buf_str(text));
    buf_clear(text);
    put_relationship(text, f);
    buf_append_literal(b, ",\"relationship\":");
    json_put_string(b, buf_str(text));
    buf_append_char(b, '}');
}

/* The details of PGRST201 as JSON. */
static void put_all_found(struct buf *b, const struct search *s, struct buf *text)
{
    buf_append_char(b, '[');
    for (size_t i = 0; i < s->count; i++) {
        if (i > 0) {
            buf_append_char(b, ',');
        }
        put_found(b, &s->found[i], text);
    }
    buf_append_char(b, ']');
}

/* 'b!cons1', 'b!junction' */
static void put_choices(struct buf *b, const struct search *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct found *f = &s->found[i];
        buf_append_str(b, i > 0 ? STR(", '") : STR("'"));
        buf_append_str(b, str_of(f->r.to->name));
        buf_append_char(b, '!');
        buf_append_str(b, str_of(f->r.junction == NULL ? f->key->name : f->r.junction->name));
        buf_append_char(b, '\'');
    }
}

static bool refuse_several(struct search *s, struct fault *fault)
{
    int size = (int)s->target.size;
    struct buf details;
    struct buf text;

    qsort(s->found, s->count, sizeof(s->found[0]), compare_found);
    (void)fault_set(fault, s->arena, 300, "PGRST201",
                    "Could not embed because more than one relationship was found for '%s' and "
                    "'%.*s'",
                    s->from->name, size, s->target.at); /* false, as below */
    buf_init(&details, FAULT_MAX);
    buf_init(&text, FAULT_MAX);
    put_all_found(&details, s, &text);
    if (buf_status(&details) == STATUS_OK && buf_status(&text) == STATUS_OK) {
        fault_details(fault, s->arena, "%.*s", (int)details.size, details.at);
        fault->is_json = fault->details != NULL;
    }
    buf_clear(&text);
    put_choices(&text, s);
    if (buf_status(&text) == STATUS_OK) {
        fault_hint(fault, s->arena,
                   "Try changing '%.*s' to one of the following: %.*s. Find the desired "
                   "relationship in the 'details' key.",
                   size, s->target.at, (int)text.size, text.at);
    }
    buf_fini(&details);
    buf_fini(&text);
    return false;
}

/* --- one ------------------------------------------------------------------------------------------ */

/* "a and b"; NULL without memory. */
static const char *both_names(struct arena *arena, const char *a, const char *b)
{
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    char *text = arena_alloc(arena, a_size + 5 + b_size + 1);

    if (text != NULL) {
        memcpy(text, a, a_size);
        memcpy(text + a_size, " and ", 5);
        memcpy(text + a_size + 5, b, b_size + 1);
    }
    return text;
}

bool relation_find(const struct relation_scope *scope, const struct schema_table *from,
                   struct str target, struct str hint, struct arena *arena, struct relation *ret,
                   struct fault *fault)
{
    struct search s;
    struct found *only = &s.found[0];

    search_init(&s, scope, from, target, arena);
    s.hint = hint;
    search_all(&s);
    if (s.is_out_of_memory) {
        return fault_no_memory(fault);
    }
    if (s.count == 0) {
        return refuse_none(&s, fault);
    }
    if (s.count > 1) {
        return refuse_several(&s, fault);
    }
    if (only->r.junction != NULL) {
        only->r.name = both_names(arena, only->key->name, only->second_key->name);
        if (only->r.name == NULL) {
            return fault_no_memory(fault);
        }
    }
    *ret = only->r;
    return true;
}
