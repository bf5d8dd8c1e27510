/* "Did you mean ...?": the known name that is nearest to a mistyped one. */
#ifndef GANTRY_BASE_NEAREST_H
#define GANTRY_BASE_NEAREST_H

#include <stddef.h>

/*
 * The name with the least edit distance (swapping two neighbours is one edit, case
 * does not count), if it is near enough to be
 * meant: at most a third of the wanted name's length, but always one edit, and a prefix counts.
 * Return: one of names (lent), or NULL. Names longer than 63 bytes are never near.
 */
const char *nearest_name(const char *wanted, const char *const *names, size_t n);

#endif
