/*
 * A JSON value as bytes that sort (memcmp) as PostgreSQL sorts jsonb: null, strings, numbers, false,
 * true, arrays, objects. Strings by their bytes, numbers by their value (1 and 1.0 are one; integers
 * are exact to 64 bits), containers by their size and then part by part; the members of an object in
 * whatever order they were written. Unlike there, an empty array has no place of its own.
 *
 * JSON_KEY_ARRAY: an array as PostgreSQL sorts text[]: part by part, the shorter one first, and NULL
 * behind everything else.
 */
#ifndef GANTRY_STORAGE_JSON_KEY_H
#define GANTRY_STORAGE_JSON_KEY_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "storage/json_compare.h"

enum json_key { JSON_KEY_JSON, JSON_KEY_ARRAY };

/* Appends to out, whose status is the caller's to look at. Return: false: out of memory. */
NODISCARD bool json_key_put(struct buf *out, const struct json_value *value, enum json_key kind);

#endif
