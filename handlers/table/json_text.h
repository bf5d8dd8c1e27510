/*
 * JSON as a client wrote it: checked, and without blanks. Numbers stay digit for digit as
 * they were written, however long they are, so nothing passes through a double. Pure; not recursive.
 */
#ifndef GANTRY_HANDLERS_TABLE_JSON_TEXT_H
#define GANTRY_HANDLERS_TABLE_JSON_TEXT_H

#include <stdbool.h>

#include "base/str.h"

#define JSON_TEXT_DEPTH_MAX 64 /* of nested arrays and objects */

struct json_text_problem {
    const char *expected; /* "string or \"}\""; NULL: what was found is no part of JSON at all */
    struct str found;     /* a piece of the text; size == 0: the text ended */
    bool is_too_deep;
};

/*
 * Copy text to out, which has room for text.size bytes, without the blanks between its tokens.
 * Return: is it JSON (RFC 8259)? Then *ret_size is set, else *ret_problem.
 */
bool json_text_minify(struct str text, char *out, size_t *ret_size,
                      struct json_text_problem *ret_problem);

/*
 * Take the first value off a list of them, minified: what stands between the brackets of an array.
 * Return: false at its end.
 */
bool json_text_next_value(struct str *rest, struct str *ret);

/* Likewise of an object. The name has its quotes. */
bool json_text_next_member(struct str *rest, struct str *ret_name, struct str *ret_value);

#endif
