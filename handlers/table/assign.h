/*
 * A cell of a body as the value that its column takes, or a clear refusal: SQLite itself would
 * store text in an INTEGER column without a word. Pure.
 */
#ifndef GANTRY_HANDLERS_TABLE_ASSIGN_H
#define GANTRY_HANDLERS_TABLE_ASSIGN_H

#include <stdbool.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "handlers/table/payload.h"
#include "storage/schema.h"
#include "storage/value.h"

/*
 * By the column's kind (schema_kind), as PostgreSQL's json_populate_record does it, and literal.h
 * for texts:
 *
 *     numbers   "7" is fine for an INTEGER, 1.5, 1.0 and true are not; NaN is refused, SQLite has none
 *     BOOLEAN   true, false, 1, 0, and the words of literal.h
 *     TEXT      any scalar's text, as it was written; the JSON text of objects and arrays
 *     JSON      any JSON: the string a is stored as "a", with its quotes; of CSV and forms the text has
 *               to be JSON
 *     ARRAY     a JSON array, perhaps of arrays, or a literal of either kind in a text; its items are
 *               assigned as element
 *     BLOB      "\x..." hex, or the bytes of the text
 *     ANY       what JSON says it is, so "7" stays a text, and booleans are 1 and 0; of CSV and forms
 *               what literal.h takes it for
 *
 * null is NULL everywhere, also for JSON. cell->kind is not MISSING. *ret may lend the cell's text.
 * Return: true; or false with *fault: 22P02, 22003 (beyond 64 bits), 22023, 22P05 (\u0000 in an
 * array's item), 54000 (too many dimensions), or no memory.
 */
bool assign_value(const struct payload_cell *cell, enum payload_kind from,
                  const struct schema_column *column, struct arena *arena, struct value *ret,
                  struct fault *fault);

#endif
