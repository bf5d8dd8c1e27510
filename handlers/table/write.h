/*
 * The steps of a write of a table, which its verbs share: request -> (begin) -> plan -> rows -> answer
 * -> (end). Private to handlers/table/.
 *
 *     write.c          the order of things, and what all verbs check
 *     write_insert.c   POST and PUT: a statement per row of the body
 *     write_change.c   PATCH and DELETE: one statement
 *     write_value.c    from a row of the body to values
 *     write_match.c    If-Match and If-None-Match
 *     write_answer.c   statuses, headers, the representation
 *
 * Functions that return bool return false when the write is to be undone: with the fault, or, where that
 * has no status, with the answer given.
 */
#ifndef GANTRY_HANDLERS_TABLE_WRITE_H
#define GANTRY_HANDLERS_TABLE_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "handlers/table/accept.h"
#include "handlers/table/payload.h"
#include "handlers/table/plan_write.h"
#include "handlers/table/preferences.h"
#include "handlers/table/table_internal.h"
#include "storage/row_set.h"

struct write {
    /* Set by the caller; the rest is zero */
    const struct table_api *api;
    struct call *call;

    /* Filled step by step */
    struct fault fault;
    struct preferences preferences;
    struct accept accept;
    struct tree tree;       /* without limit and offset of the table itself: they choose no rows */
    struct payload payload; /* not of DELETE */
    struct connection *connection;
    struct reading reading;
    const struct schema_table *table;
    struct plan_targets targets; /* not of DELETE */
    struct row_set rows;         /* what the statements returned, if it is to be shown */
    uint64_t affected;           /* rows */
    uint64_t shown;              /* rows of the representation */
    bool has_inserted;           /* at least one row is new */
};

/* Does the client want the rows? Not of its head alone. */
static inline bool write_is_shown(const struct write *w)
{
    return w->preferences.returns == RETURN_REPRESENTATION;
}

/* Has the table a primary key? */
bool write_has_key(const struct schema_table *table);

/* Answer with what a lower layer reported. Return: false. */
bool write_fail_error(struct write *w, const struct error *err);

/* What the planner is told. */
struct plan_conf write_plan_conf(const struct write *w);

/* --- write.c ---------------------------------------------------------------------------------- */

/*
 * What the statements are to return: the rows, if they are shown; something to count, of a view,
 * whose changes SQLite does not count.
 */
bool write_wants_rows(const struct write *w);

/* Run a statement that writes, and count what it did. keeps_rows: what it returns goes to w->rows. */
bool write_run(struct write *w, const struct plan_statement *statement,
               bool keeps_rows) ON_WORKER MAY_BLOCK;

/* --- write_insert.c ----------------------------------------------------------------------------- */

bool write_insert(struct write *w) ON_WORKER MAY_BLOCK;

/* Do the filters of a PUT name the primary key, all of it and nothing else? Return: false with the
 * fault. */
bool write_check_put(struct write *w);
bool write_put(struct write *w) ON_WORKER MAY_BLOCK;

/* --- write_change.c ----------------------------------------------------------------------------- */

bool write_update(struct write *w) ON_WORKER MAY_BLOCK;
bool write_delete(struct write *w) ON_WORKER MAY_BLOCK;

/* --- write_value.c -------------------------------------------------------------------------------- */

/*
 * The payload's next row as the values of the targets. cells: the caller's, one per name. Values are lent
 * by the body and the arena, which may be the row's own.
 */
bool write_next_values(struct write *w, struct payload_cell *cells, struct arena *arena,
                       struct value *values) ON_WORKER MAY_BLOCK;

/* What the column's DEFAULT gives; NULL without one. Lent by the schema or the arena. */
bool write_default_value(struct write *w, const struct schema_column *column, struct arena *arena,
                         struct value *ret) ON_WORKER MAY_BLOCK;

/* --- write_match.c --------------------------------------------------------------------------------- */

/* Do If-Match and If-None-Match, if there, let the write go on? Return: false: 412, among others. */
bool write_check_match(struct write *w) ON_WORKER MAY_BLOCK;

/* --- write_answer.c ------------------------------------------------------------------------------ */

/* Run a plan of w's rows into the answer's body. */
bool write_show_plan(struct write *w, const struct plan *plan) ON_WORKER MAY_BLOCK;

/* The same, of the rows in w->rows. */
bool write_show_rows(struct write *w) ON_WORKER MAY_BLOCK;

/* Would that work? Before anything is written, so that its faults are told first. */
bool write_check_shown(struct write *w);

/* Check what was done against what the client allows, and answer. */
bool write_answer(struct write *w);

#endif
