/*
 * The query string of a table request, from raw bytes to a syntax tree. A pure function: no
 * schema, no database, no clock.
 *
 * The lexer decodes one parameter at a time (form encoding: "+" is a space); the parser is
 * recursive descent, bounded in depth and in the number of nodes.
 */
#ifndef GANTRY_HANDLERS_TABLE_PARSE_H
#define GANTRY_HANDLERS_TABLE_PARSE_H

#include <stdbool.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "handlers/table/tree.h"

#define PARSE_DEPTH_MAX  32   /* embeds in embeds, and/or in and/or */
#define PARSE_NODES_MAX  4096 /* items, conditions, list entries, order, names, steps, arguments */
#define PARSE_LEVELS_MAX 256  /* embeds that parameters name, and the table itself */

struct parse_conf {
    bool has_arguments; /* a parameter that is no filter is an argument (GET of a named query) */
};

/*
 * Parse the raw query: what stands behind the "?", perhaps nothing. *ret lies in arena.
 * Return: true; or false with *fault: PGRST100 (what does not parse, where, and why; bytes that are
 * not UTF-8 or hold a NUL; too deep or too much), or no memory.
 */
bool parse_query(struct str query, const struct parse_conf *conf, struct arena *arena,
                 struct tree *ret, struct fault *fault);

#endif
