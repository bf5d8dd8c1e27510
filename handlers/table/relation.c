#include "handlers/table/relation_search.h"

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

    relation_search_init(&s, scope, from, target, arena);
    s.hint = hint;
    relation_search_run(&s);
    if (s.is_out_of_memory) {
        return fault_no_memory(fault);
    }
    if (s.count == 0) {
        return relation_refuse_none(&s, fault);
    }
    if (s.count > 1) {
        return relation_refuse_several(&s, fault);
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
