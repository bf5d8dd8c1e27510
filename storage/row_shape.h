/*
 * How the columns of a result become the members of a JSON object (or the fields of a CSV line).
 *
 * A shape is made once per request, in its arena, and used in two places: by the row writer for the
 * columns of the statement, and inside the statement by SQL functions of ours, which get it as a
 * bound pointer (VALUE_SHAPE) and write embedded rows with the very same code:
 *
 *     gantry_row(?shape, a, b, ...)    {"a":...,"b":...} of the arguments behind the shape
 *     gantry_rows(?shape, a, b, ...)   an aggregate: [{...},{...}], "[]" of no rows
 *     gantry_sorted(n, ?shape, ...)    the same, in the order of the n-th value, an integer that
 *                                      need not be shown; -n: descending
 *     gantry_part(?shape, a, b, ...)   "a":...,"b":... for more columns than a function may take
 *
 * SQLite's own json_object() would refuse blobs, cut doubles to 15 digits and write Inf bare.
 */
#ifndef GANTRY_STORAGE_ROW_SHAPE_H
#define GANTRY_STORAGE_ROW_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

#define ROW_SHAPE_ARGUMENTS_MAX 120 /* columns of one gantry_row, _rows, ...; SQLite takes 127 */

enum row_cell_kind {
    ROW_CELL_PLAIN,   /* by storage class; a blob is "\\x" and lower-case hex, Inf is "Infinity" */
    ROW_CELL_BASE64,  /* the same, but a blob is base64 and Inf is null: the SQL routes */
    ROW_CELL_BOOLEAN, /* 0 is false, any other integer true; what is no integer as PLAIN */
    ROW_CELL_JSON,    /* text that is valid JSON as it is, on one line; anything else as PLAIN */
    ROW_CELL_RAW,     /* text that is known to be JSON: of gantry_row, gantry_rows */
    ROW_CELL_PART,    /* text of gantry_part: several members with their names */
};

struct row_cell {
    struct str name; /* as it is shown; ignored for a PART and in a bare shape */
    enum row_cell_kind kind;
};

struct row_shape {
    const struct row_cell *cells;
    size_t cells_count;
    bool
        strips_nulls; /* leave out members that are null, also inside JSON values (not of arrays) */
    bool is_bare;     /* one cell: its value alone stands for the row, as in [1,2,3] */

    /* Made by row_shape_make: what stands before each value, `,"name":`; a writer puts a brace in the
     * place of the comma where nothing stands before it. */
    const struct str *lead;
};

/*
 * Make a shape. Copies cells but not the names' bytes, which have to live as long as the arena.
 * Return: NULL without memory.
 */
const struct row_shape *row_shape_make(struct arena *arena, const struct row_cell *cells,
                                       size_t count, bool strips_nulls, bool is_bare);

#endif
