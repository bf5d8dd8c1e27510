/*
 * The levels of a request while its parameters come in: the table's own, and those of the embeds
 * that parameters name by their path.
 */
#ifndef GANTRY_HANDLERS_TABLE_PARSE_LEVEL_H
#define GANTRY_HANDLERS_TABLE_PARSE_LEVEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "handlers/table/lexer.h"
#include "handlers/table/sequence.h"
#include "handlers/table/tree.h"

/* One level, still growing. */
struct parse_level {
    struct tree_level level;
    struct sequence conditions; /* struct tree_condition */
};

/* The table's own level. Return: false, with a complaint, without memory. */
NODISCARD bool parse_levels_init(struct parse *parse, struct sequence *levels);

/*
 * The level of that path, made if there is none. l stands where a complaint is to point to.
 * Lends it until the next call. Return: NULL after a complaint.
 */
NODISCARD struct parse_level *parse_levels_find(struct lexer *l, struct sequence *levels,
                                                const struct str *path, size_t path_count);

/* What they have become. */
NODISCARD bool parse_levels_take(struct parse *parse, const struct sequence *levels,
                                 struct tree *ret);

#endif
