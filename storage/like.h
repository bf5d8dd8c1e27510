/*
 * LIKE and ILIKE as in PostgreSQL: % is any text, _ any character, a backslash makes the next one
 * literal. Not as in SQLite, whose LIKE ignores the case of ASCII letters and no others.
 */
#ifndef GANTRY_STORAGE_LIKE_H
#define GANTRY_STORAGE_LIKE_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Comparisons before it gives up, half a second or so. At worst it takes as many as the text is long times the
 * longest piece of the pattern between two %.
 */
#define LIKE_STEPS_MAX 100000000

enum like_result { LIKE_NO, LIKE_YES, LIKE_TOO_MUCH };

/* A pattern must not end with a single backslash. */
bool like_is_pattern(struct str pattern);

enum like_result like_match(struct str text, struct str pattern, bool ignores_case);

#endif
