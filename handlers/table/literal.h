/*
 * Values as clients write them in a URL, converted to what the column holds, before anything is
 * compared: SQLite would silently compare text with integers. Pure.
 */
#ifndef GANTRY_HANDLERS_TABLE_LITERAL_H
#define GANTRY_HANDLERS_TABLE_LITERAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "storage/schema.h"
#include "storage/value.h"

/*
 * Read text as a value of that kind. element counts for an ARRAY only. type is the declared type, for
 * the message. INTEGER: 64 bits; BOOLEAN: true t yes y on 1, false f no n off 0 and their prefixes,
 * any case, as 1 and 0; BLOB: "\x" and hex, else the bytes as they are; JSON: minified text; ARRAY: a PostgreSQL literal {a,"b c"} or a JSON
 * array, as JSON text; TEXT: as it is; ANY: as it is, or as a number if it reads as one.
 * Return: true; or false with *fault: 22P02 (invalid input syntax for type integer: "abc"), 22003
 * (out of range), or no memory.
 */
bool literal_read(struct str text, enum schema_kind kind, enum schema_kind element,
                  const char *type, struct arena *arena, struct value *ret, struct fault *fault);

/* An item of an array literal; at == NULL: an unquoted NULL. */
struct literal_items {
    const struct str *at;
    size_t count;
};

/*
 * Split a one-dimensional PostgreSQL array literal: {a,"b c",NULL,"\"q\""}.
 * Return: true; or false with *fault: 22P02 (malformed array literal: "...", with details), or no memory.
 */
bool literal_array(struct str text, struct arena *arena, struct literal_items *ret,
                   struct fault *fault);

/*
 * The type a cast names, PostgreSQL's or SQLite's: "int4", "text", "double precision", "numeric(10,2)".
 * Return: false with *fault: 42704 (type "x" does not exist; the nearest name as hint), or no memory.
 */
bool literal_type(struct str name, struct arena *arena, enum schema_kind *ret, struct fault *fault);

#endif
