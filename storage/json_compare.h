/*
 * JSON values compared as PostgreSQL compares jsonb: members in any order, arrays as sets, numbers by
 * their value (1 and 1.0 are one; integers are exact to 64 bits).
 */
#ifndef GANTRY_STORAGE_JSON_COMPARE_H
#define GANTRY_STORAGE_JSON_COMPARE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/str.h"

#define JSON_STEPS_MAX 20000000 /* values compared before it gives up: about a second */

struct json_value; /* opaque */

/* Gives: freed with json_value_destroy. NULL: no JSON, or out of memory. */
NODISCARD struct json_value *json_value_create(struct str text);
void json_value_destroy(struct json_value *value);

enum json_result { JSON_NO, JSON_YES, JSON_TOO_MUCH };

/*
 * a @> b. An object contains b if it has all b's members, and what they are contains what b's are; an
 * array, if each of b's elements is in it or contained in an element; and an array contains a bare value
 * that is one of its elements, but only as a whole, not further inside.
 */
enum json_result json_contains(const struct json_value *a, const struct json_value *b);

/* Are both arrays? */
bool json_is_arrays(const struct json_value *a, const struct json_value *b);

/* Have two arrays an element in common? Nulls are none. */
enum json_result json_overlaps(const struct json_value *a, const struct json_value *b);

#endif
