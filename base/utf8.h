/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef GANTRY_BASE_UTF8_H
#define GANTRY_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * Look at the sequence that starts at s.at (s.size > 0).
 *
 * Return: is it well-formed? *ret_size is its length, or for an ill-formed one the length of the
 * "maximal subpart" (Unicode 3.9, the rule browsers follow) that one U+FFFD replaces: 1 to 3.
 */
bool utf8_next(struct str s, size_t *ret_size);

/* Is the whole of s well-formed? */
bool utf8_is_valid(struct str s);

#endif
