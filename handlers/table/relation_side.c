#include "handlers/table/relation_side.h"

bool side_is_name(struct str wanted, const char *name)
{
    /* Mostly they differ at once: no need to know how long the name is. */
    if (wanted.size == 0 || ((wanted.at[0] ^ name[0]) & ~0x20) != 0) {
        return wanted.size == 0 && name[0] == '\0';
    }
    return str_equal_nocase(wanted, str_of(name));
}

bool side_is_same_name(const char *a, const char *b)
{
    return ((a[0] ^ b[0]) & ~0x20) == 0 && side_is_name(str_of(a), b);
}

static bool has_side(const struct sides *sides, const char *base)
{
    for (size_t i = 0; i < sides->count; i++) {
        if (side_is_same_name(sides->at[i].base->name, base)) {
            return true;
        }
    }
    return false;
}

void sides_find(const struct schema *schema, const struct schema_table *table, struct sides *ret)
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
        if (c->origin_table != NULL && side_is_same_name(c->origin_column, column) &&
            side_is_same_name(c->origin_table, side->base->name) && n-- == 0) {
            return c->name;
        }
    }
    return NULL;
}

bool side_has_in_key(const struct side *side, const char *name)
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
        is_in_it = is_in_it || side_is_same_name(shown, name);
    }
    return is_in_it;
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

bool combination_start(struct combination *c, struct arena *arena, const struct link *links,
                       size_t count, bool *ret_has_memory)
{
    size_t room = 0;

    for (size_t i = 0; i < count; i++) {
        room += 2 * links[i].key->columns_count;
    }
    *ret_has_memory = combination_reserve(c, arena, room);
    if (!*ret_has_memory) {
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

/* Counts up like an odometer. */
bool combination_next(struct combination *c)
{
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
