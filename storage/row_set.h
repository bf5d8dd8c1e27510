/*
 * Rows as values, in memory: what a statement returned (INSERT ... RETURNING), kept so that another one
 * can work with them: show them in the shape that a client asked for, or insert what belongs to them.
 *
 *     query.into = &set; connection_run(...)            rows go into the set, in their order
 *     a parameter of type VALUE_ROWS, and in the SQL    gantry_value(:rows, i, j): row i, column j, from 0
 *
 * so that a set is a table to SQL:
 *
 *     WITH RECURSIVE n(i) AS (SELECT 0 WHERE :count > 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
 *     SELECT gantry_value(:rows, i, 0) AS "id", gantry_value(:rows, i, 1) AS "name" FROM n
 *
 * Several statements may add to one set; all have the same number of columns. Not shared between threads.
 */
#ifndef GANTRY_STORAGE_ROW_SET_H
#define GANTRY_STORAGE_ROW_SET_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "storage/value.h"

struct row_set {
    struct value *cells; /* row by row; texts and blobs lie in the arena */
    size_t columns;      /* of each row; 0: no row has come yet */
    uint64_t rows;
    size_t cells_capacity; /* Private, as is all that follows */
    size_t bytes;          /* of the cells in use and of their texts */
    size_t bytes_max;
    struct arena arena;
};

/*
 * bytes_max: of all together, values (24 bytes each) and texts; beyond it adding fails with TOO_BIG. For
 * room to grow it may take about as much again.
 */
void row_set_init(struct row_set *set, size_t bytes_max);
void row_set_fini(struct row_set *set); /* a zeroed one is fine */

/* Forget the rows. */
void row_set_clear(struct row_set *set);

/* Forget all but the first rows, of which there are so many. Their texts' memory is free with a clear. */
void row_set_truncate(struct row_set *set, uint64_t rows);

/*
 * Copies the values. On failure the set is as it was.
 * Return: OK, NOMEM, TOO_BIG, INTERNAL (another number of columns, or a shape or a set among the values).
 */
NODISCARD enum status row_set_add(struct row_set *set, const struct value *values, size_t count);

/* Lends, until the set is cleared. row < set->rows, column < set->columns. */
static inline const struct value *row_set_at(const struct row_set *set, uint64_t row, size_t column)
{
    return &set->cells[row * set->columns + column];
}

#endif
