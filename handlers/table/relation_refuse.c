/* No relationship, or several: what there is, in PostgREST's words. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/nearest.h"
#include "handlers/table/relation_search.h"

#define FAULT_MAX   65536  /* bytes of what a fault says about them */
#define SCHEMA_NAME "main" /* for messages */

/* --- none ----------------------------------------------------------------------------------------- */

static bool is_related(const struct search *s, const char *name)
{
    struct search other;

    relation_search_init(&other, s->scope, s->from, str_of(name), s->arena);
    relation_search_run(&other);
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
        if (relation_is_served(s, table)) {
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

bool relation_refuse_none(const struct search *s, struct fault *fault)
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

bool relation_refuse_several(struct search *s, struct fault *fault)
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
