/*
 * A cell of a body as the value that its column takes, or a clear refusal: SQLite itself would store text
 * in an INTEGER column without a word. Pure.
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
 * By the column's kind (schema_kind), as PostgreSQL's json_populate_record does it, and literal.h for texts:
 * "7" is fine for an integer, 1.5 is not (22P02), true only for BOOLEAN and TEXT; a number or a boolean into
 * TEXT is its text; objects and arrays into TEXT are their JSON text; any JSON for JSON columns (a string as
 * a JSON string: "a" is stored as "\"a\""; of CSV and forms the text has to be JSON); ARRAY takes a JSON array or
 * an array literal; BLOB "\x..." hex or the bytes of the text; null is NULL everywhere, also for JSON.
 * cell->kind is not MISSING. *ret may lend the cell's text.
 * Return: true; or false with *fault: 22P02, 22003 (beyond 64 bits), 22023, or no memory.
 */
bool assign_value(const struct payload_cell *cell, enum payload_kind from,
                  const struct schema_column *column, struct arena *arena, struct value *ret,
                  struct fault *fault);

#endif
