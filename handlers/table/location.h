/* Where a table's answer is to be found: Content-Location. Pure. */
#ifndef GANTRY_HANDLERS_TABLE_LOCATION_H
#define GANTRY_HANDLERS_TABLE_LOCATION_H

#include "base/arena.h"
#include "base/str.h"

/*
 * The path with its parameters sorted, as they were written: two requests that differ in their order
 * only have the same. Return: NULL without memory.
 */
const char *location_of(struct str path, struct str query, struct arena *arena);

#endif
