/*
 * `:step2.id` in a step's SQL: the value that the first row of step 2 has in its column id.
 *
 * To SQLite a parameter's name ends at the dot. So the dot becomes a "$", which SQLite takes and no
 * declared parameter has in its name; the text keeps its length, so that places in it stay where they
 * are. Private to handlers/sql/.
 */
#ifndef GANTRY_HANDLERS_SQL_REFERENCE_H
#define GANTRY_HANDLERS_SQL_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Rewrite every reference in sql, in place: outside of quotes and comments. */
void reference_rewrite(char *sql);

/*
 * Is a parameter's name (without its colon) one that reference_rewrite has made?
 * *ret_step is its number, from 1 (0: too large to be one); *ret_column lends a part of name.
 */
bool reference_read(const char *name, size_t *ret_step, const char **ret_column);

#endif
