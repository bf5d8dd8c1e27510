/*
 * Walking the parsed file: where we are, and what is wrong there.
 *
 * A place is a chain of stack frames from a value up to the root, so knowing the JSON path of
 * every value costs nothing until there is a problem to report.
 */
#ifndef GANTRY_CONFIG_READER_H
#define GANTRY_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/status.h"
#include "config/problems.h"

struct json_t; /* jansson's */

struct config_reader {
    struct problems *problems; /* borrowed */
    enum status status;        /* OK until memory runs out, then NOMEM */
    char quoted[320];          /* Private: see config_quote */
};

struct config_place {
    const struct config_place *up; /* NULL: the root */
    const char *key;               /* NULL: the index counts */
    size_t index;
};

#define CONFIG_AT_KEY(above, name) (&(const struct config_place){.up = (above), .key = (name)})
#define CONFIG_AT_INDEX(above, i)  (&(const struct config_place){.up = (above), .index = (i)})

/* Report a problem at a place. */
void config_problem(struct config_reader *r, const struct config_place *at, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Report "expected an integer, got a string". wanted is with its article. */
void config_problem_type(struct config_reader *r, const struct config_place *at, const char *wanted,
                         const struct json_t *got);

/*
 * Text of the file made fit for a message: in quotes, escaped, cut when long.
 * Lends: until the next call.
 */
const char *config_quote(struct config_reader *r, const char *text);

/*
 * Report "unknown type \"interger\"; did you mean \"integer\"?", or the known names if none is
 * near. Names belong to the program or have passed config_is_name.
 */
void config_problem_unknown(struct config_reader *r, const struct config_place *at,
                            const char *what, const char *wanted, const char *const *names,
                            size_t n);

/* Is this a name of SQL and of path segments? Letters, digits, "_"; no digit first; at most 63. */
bool config_is_name(const char *text, size_t size);

/* A copy, freed with mem_free; NULL after noting that memory ran out. */
NODISCARD char *config_copy(struct config_reader *r, const char *text);

#endif
