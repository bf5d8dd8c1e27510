/*
 * From a syntax tree to SQL: names are looked up in the schema snapshot, values are converted and
 * bound, relationships become correlated subqueries. A pure function of its arguments.
 *
 * Identifiers in the SQL come from the schema alone, never from the client; every value is a bound
 * parameter. The SQL of two requests that differ only in values, limits and offsets is the same text,
 * so it is prepared once (lists of in.() are padded to powers of two for that).
 */
#ifndef GANTRY_HANDLERS_TABLE_PLAN_H
#define GANTRY_HANDLERS_TABLE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "handlers/table/relation.h"
#include "handlers/table/tree.h"
#include "storage/row_shape.h"
#include "storage/value.h"

struct plan_conf {
    struct relation_scope scope;
    bool has_aggregates; /* are aggregate functions allowed? (embed(count) always is) */
    uint64_t rows_max;   /* of the answer; 0: no bound */
};

/* What the request asks for beside its query string. */
struct plan_ask {
    bool strips_nulls;
    bool wants_count;     /* then a second statement counts all rows that the filters let through */
    uint64_t range_first; /* of the Range header; 0 without one */
    uint64_t range_limit; /* rows; UINT64_MAX: to the end, or no header */
};

struct plan_sql {
    const char *text; /* NULL: not wanted */
    const struct value *values;
    size_t values_count;
};

struct plan {
    struct plan_sql rows;  /* the statement whose rows are the answer */
    struct plan_sql count; /* one row, one integer */
    const struct row_shape *row;
    const char *const *tables; /* everything the statements name, for the authorizer; but
                                * not what source->sql names: then there is no telling */
    size_t tables_count;
    uint64_t offset; /* the first row of the answer, counted from 0 */
    uint64_t limit;  /* rows at most, rows_max included; UINT64_MAX: no bound */
    bool is_one_row; /* the whole is aggregated: there is one row, whatever the table holds */
};

/*
 * Where the rows come from: a table or view, or the result of a named query that has the columns of
 * one ("setof TABLE").
 */
struct plan_source {
    const struct schema_table *table;
    const char *sql; /* NULL: the table itself; else a SELECT with :name parameters ... */
    const struct value *values; /* ... bound in the order of their first occurrence */
    size_t values_count;

    /* Of rows in memory: a column of sql that the table has not, which counts them. They come in its
     * order, as far as no other is asked for. NULL: of anything else. */
    const char *place;
    const char *counter; /* with place: a common table in sql, for the authorizer */
};

/*
 * Which rows are asked for: what limit and offset of the root leave of the Range header, and rows_max of
 * that. *ret_limit is UINT64_MAX without a bound.
 * Return: true; or false with *fault: 416 PGRST103 (nothing is left, or the limit is negative).
 */
bool plan_page(const struct plan_conf *conf, const struct plan_ask *ask,
               const struct tree_level *root, struct arena *arena, uint64_t *ret_offset,
               uint64_t *ret_limit, struct fault *fault);

/*
 * Plan a read. Everything lies in the arena; the schema is borrowed for as long as the plan is used.
 * Return: true; or false with *fault: 42703 (no such column; the nearest as hint), PGRST108, PGRST118,
 * PGRST123, PGRST127, PGRST200, PGRST201, PGRST103 (a negative limit), 22P02, 22003, 22023, 42704, 42804
 * (is.true of no boolean), 42803 (order by what is not grouped), 42883 (->> followed by ->, the sum of
 * words), 42601 (a full-text query), 54000, 54001, 54011 (too much for one statement), no memory.
 */
bool plan_read(const struct plan_conf *conf, const struct plan_source *source,
               const struct tree *tree, const struct plan_ask *ask, struct arena *arena,
               struct plan *ret, struct fault *fault);

#endif
