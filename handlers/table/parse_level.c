#include "handlers/table/parse_level.h"

#include "handlers/table/parse.h"

bool parse_levels_init(struct parse *parse, struct sequence *levels)
{
    const struct parse_level root = {0};

    return sequence_add(levels, parse->arena, &root, sizeof(root)) ? true : parse_no_memory(parse);
}

static bool is_path_of(const struct tree_level *level, const struct str *path, size_t count)
{
    if (level->path_count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(level->path[i], path[i])) {
            return false;
        }
    }
    return true;
}

struct parse_level *parse_levels_find(struct lexer *l, struct sequence *levels,
                                      const struct str *path, size_t path_count)
{
    struct parse_level *all = levels->items;
    const struct parse_level made = {.level = {.path = path, .path_count = path_count}};

    for (size_t i = 0; i < levels->count; i++) {
        if (is_path_of(&all[i].level, path, path_count)) {
            return &all[i];
        }
    }
    if (path_count > PARSE_DEPTH_MAX) {
        (void)lexer_fail_as(l, COMPLAINT_TOO_DEEP); /* always false */
        return NULL;
    }
    if (levels->count == PARSE_LEVELS_MAX) {
        (void)lexer_fail_as(l, COMPLAINT_TOO_MANY_LEVELS); /* always false */
        return NULL;
    }
    if (!sequence_add(levels, l->parse->arena, &made, sizeof(made))) {
        (void)parse_no_memory(l->parse); /* always false */
        return NULL;
    }
    all = levels->items;
    return &all[levels->count - 1];
}

bool parse_levels_take(struct parse *parse, const struct sequence *levels, struct tree *ret)
{
    const struct parse_level *from = levels->items;
    struct tree_level *to = arena_alloc(parse->arena, levels->count * sizeof(*to));

    if (to == NULL) {
        return parse_no_memory(parse);
    }
    for (size_t i = 0; i < levels->count; i++) {
        to[i] = from[i].level;
        to[i].conditions = from[i].conditions.items;
        to[i].conditions_count = from[i].conditions.count;
    }
    ret->levels = to;
    ret->levels_count = levels->count;
    return true;
}
