/*
 * The arguments of a named query, from the query string of a GET or the body of a POST, to the values
 * of its parameters. Private to handlers/table/.
 */
#ifndef GANTRY_HANDLERS_TABLE_ARGUMENTS_H
#define GANTRY_HANDLERS_TABLE_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "handlers/param.h"
#include "handlers/table/fault.h"
#include "handlers/table/tree.h"
#include "server/request.h"

/* What an argument was given as: the text of a URL, or of a JSON value. */
struct argument {
    struct str name;
    struct str text;
    bool is_null;   /* a JSON null */
    bool is_string; /* a JSON string: text are its characters */
};

struct arguments {
    const struct argument *at;
    size_t count;
};

/*
 * Those of a POST: a JSON object, the first of an array of them, a form, or no body at all. Everything
 * lies in the arena.
 * Return: false with *fault: 400 PGRST102, 22P05 (\u0000), or no memory.
 */
bool arguments_of_body(const struct request *request, struct arena *arena, struct arguments *ret,
                       struct fault *fault);

/* Those of a GET: what the parser took for no filter. Return: false with *fault: no memory. */
bool arguments_of_tree(const struct tree *tree, struct arena *arena, struct arguments *ret,
                       struct fault *fault);

/*
 * Give each parameter its value: an argument's (of two with one name the last), or its default.
 * function: "main.NAME", for messages.
 * Return: false with *fault: 404 PGRST202 (one is missing, or unknown), 400 22P02, 22003, 22023 (beyond
 * the bounds that are declared), or no memory.
 */
bool arguments_bind(const struct arguments *arguments, const char *function,
                    const struct param *params, size_t params_count, struct arena *arena,
                    struct value *values, struct fault *fault);

#endif
