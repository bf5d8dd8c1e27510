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
 * Read text as a value of that kind. element counts for an ARRAY only; type is the declared type and
 * chooses between names in messages ("bigint" or "integer"). Without blanks at both ends:
 *
 *     INTEGER   64 bits, perhaps with a sign; 1.5 is none
 *     REAL      a decimal number or Infinity, -Infinity, NaN in any case. SQLite knows no NaN: it is
 *               bound as NULL and so matches nothing
 *     NUMERIC   the same, but what fits 64 bits stays an integer
 *     BOOLEAN   true t yes y on 1, false f no n off 0 and their prefixes, any case, as 1 and 0
 *     JSON      minified text, numbers as they were written; nested at most JSON_TEXT_DEPTH_MAX deep
 *     ARRAY     a PostgreSQL literal {a,"b c",NULL}, whose items are read as element, or a JSON array
 *               (as it is, but minified), as JSON text
 *
 * and as they are, with all blanks:
 *
 *     BLOB      "\x" and hex (blanks between bytes are fine), else the bytes themselves
 *     TEXT      the text, also where the declared type is a date
 *     ANY       a number if it is written as JSON writes one ("7", "-0.5", not "007"), else the text
 *
 * *ret may lend text's bytes.
 * Return: true; or false with *fault: 22P02 (invalid input syntax for type integer: "abc"), 22003
 * (value "..." is out of range for type bigint), 22023 (hex digits), or no memory.
 */
bool literal_read(struct str text, enum schema_kind kind, enum schema_kind element,
                  const char *type, struct arena *arena, struct value *ret, struct fault *fault);

/* An item of an array literal; at == NULL: an unquoted NULL. */
struct literal_items {
    const struct str *at;
    size_t count;
};

/*
 * Split a one-dimensional PostgreSQL array literal: {a,"b c",NULL,"\"q\""}. Items lie
 * in the arena.
 * Return: true; or false with *fault: 22P02 (malformed array literal: "...", with details), or no memory.
 */
bool literal_array(struct str text, struct arena *arena, struct literal_items *ret,
                   struct fault *fault);

/*
 * The type a cast names, PostgreSQL's or SQLite's, in any case: "int4", "text", "double precision",
 * "varchar(20)", "numeric(10,2)", "timestamp with time zone". Dates and uuids are TEXT.
 * Return: true; or false with *fault: 42704 (type "x" does not exist; the nearest name as hint), or no
 * memory.
 */
bool literal_type(struct str name, struct arena *arena, enum schema_kind *ret, struct fault *fault);

#endif
