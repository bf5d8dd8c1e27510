/* Where a table's answer is to be found: Content-Location; and a row: Location. Pure. */
#ifndef GANTRY_HANDLERS_TABLE_LOCATION_H
#define GANTRY_HANDLERS_TABLE_LOCATION_H

#include "base/arena.h"
#include "base/str.h"
#include "storage/row_set.h"
#include "storage/schema.h"

/*
 * The path with its parameters sorted, as they were written: two requests that differ in their order
 * only have the same. Return: NULL without memory.
 */
const char *location_of(struct str path, struct str query, struct arena *arena);

/*
 * The path of a table with the row's primary key: "/api/books?id=eq.5", "...?a=eq.1&b=is.null". rows holds all
 * columns of the table. Return: NULL without memory, or beyond size_max bytes.
 */
const char *location_of_row(struct str path, const struct schema_table *table,
                            const struct row_set *rows, uint64_t row, size_t size_max,
                            struct arena *arena);

#endif
