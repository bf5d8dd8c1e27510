/*
 * Names of tables and columns, which may be anything, where OpenAPI lets not anything stand. Each of
 * these can be undone, so no two names become one.
 */
#ifndef GANTRY_HANDLERS_OPENAPI_NAME_H
#define GANTRY_HANDLERS_OPENAPI_NAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Can a client ask for it at all? Only what is UTF-8 and not empty. */
bool name_is_usable(struct str name);

/*
 * A part of a component's key (^[a-zA-Z0-9._-]+$): letters, digits and "_" as they are, every other
 * byte as "-" and two hexadecimal digits. Never holds a ".", which therefore can stand between two.
 */
void name_put_key(struct buf *b, struct str name);

/* A segment of a path: what RFC 3986 calls unreserved as it is, every other byte as "%XX". */
void name_put_segment(struct buf *b, struct str name);

/*
 * The name of a filter's parameter: `name`, or `"na.me"` where the grammar wants quotes; also where
 * a parameter of that name means something else: a column "limit" is filtered by `"limit"=eq.1`.
 */
void name_put_filter(struct buf *b, struct str name);

/*
 * In a description (CommonMark, which may hold HTML): `name`, or with every sign escaped. member: of
 * it, `name.member`; at == NULL: none.
 */
void name_put_prose(struct buf *b, struct str name, struct str member);

/* In the attribute of a tag, between single quotes. */
void name_put_attribute(struct buf *b, struct str name);

#endif
