/* What a JSON string says: its escapes made characters. Pure. */
#ifndef GANTRY_HANDLERS_TABLE_JSON_STRING_H
#define GANTRY_HANDLERS_TABLE_JSON_STRING_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "handlers/table/fault.h"

/* A string may be JSON and yet hold what no text can. */
enum json_string {
    JSON_STRING_GOOD,
    JSON_STRING_HAS_NUL,       /* \u0000 */
    JSON_STRING_HAS_SURROGATE, /* half of a pair */
};

/*
 * inside: what stands between the quotes of a string that has been found to be JSON. out: room for
 * inside.size bytes; NULL: the string is only looked at.
 * Return: GOOD, then *ret_size bytes of UTF-8 are written.
 */
enum json_string json_string_decode(struct str inside, char *out, size_t *ret_size);

/*
 * Refuse a string that is not GOOD: 400 22P05 ("unsupported Unicode escape sequence") for a NUL,
 * else PGRST102.
 * Return: false.
 */
bool json_string_refuse(enum json_string why, struct arena *arena, struct fault *fault);

#endif
