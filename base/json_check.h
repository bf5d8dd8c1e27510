/*
 * Is a text JSON (RFC 8259)? And copying one that is, without what is not needed.
 *
 * Strict: one value with white space around it, well-formed UTF-8, no control characters inside
 * strings, no leading zeros, no NaN, at most JSON_DEPTH_MAX arrays and objects inside each other.
 * Names may repeat and an escape may be half a surrogate pair: the grammar lets them.
 */
#ifndef GANTRY_BASE_JSON_CHECK_H
#define GANTRY_BASE_JSON_CHECK_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/str.h"

#define JSON_DEPTH_MAX 1000

/* What was seen on the way. */
struct json_facts {
    bool has_newlines; /* CR or LF between tokens: inside strings they are escaped */
    bool has_nulls;    /* a null anywhere, so that a member may be null */
    bool is_null;      /* the whole is null */
};

/* Return: is text one JSON value? *ret is written only then; NULL: not wanted. */
NODISCARD bool json_check(struct str text, struct json_facts *ret);

/*
 * Append text, which json_check has found to be JSON, without the white space between its tokens.
 * strips_nulls: without the members of objects that are null, at any depth; arrays keep theirs.
 */
void json_put_minified(struct buf *b, struct str text, bool strips_nulls);

#endif
