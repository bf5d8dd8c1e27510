/*
 * From what a write asks for to SQL: INSERT with its ON CONFLICT, UPDATE, DELETE, and the read that shows
 * what they did. Pure; the rules of plan.h hold: names come from the schema, values are bound.
 */
#ifndef GANTRY_HANDLERS_TABLE_PLAN_WRITE_H
#define GANTRY_HANDLERS_TABLE_PLAN_WRITE_H

#include <stdbool.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "handlers/table/plan.h"
#include "handlers/table/tree.h"
#include "storage/schema.h"

/* What happens to a row whose key is there already. */
enum plan_conflict { PLAN_CONFLICT_FAILS, PLAN_CONFLICT_MERGES, PLAN_CONFLICT_IGNORES };

struct plan_targets {
    const struct schema_column *const
        *columns; /* those that are set, in the order of their values */
    size_t count;
};

/*
 * The columns that a body or ?columns= names.
 * Return: true; or false with *fault: 400 PGRST204 ("Could not find the 'x' column of 't' in the schema
 * cache", the nearest name as hint), 428C9 (a generated column), 42701 (a name twice), or no memory.
 */
bool plan_targets(const struct schema_table *table, bool is_insert, const struct str *names,
                  size_t names_count, struct arena *arena, struct plan_targets *ret,
                  struct fault *fault);

/*
 * What a write asks for. The columns that its statement returns are those of the table that a row set of
 * all visible columns has: table->columns in their order (plan_shown reads them so).
 */
struct plan_change {
    const struct schema_table *table;
    enum plan_conflict conflict;   /* of an insert */
    const struct str *on_conflict; /* ?on_conflict=: names; none: the primary key */
    size_t on_conflict_count;
    bool wants_rows; /* RETURNING all columns */
};

/* A statement whose first values are the caller's: values[0..targets->count) are NULL until then. They are
 * the plan's own memory, to be written anew for each row. */
struct plan_statement {
    const char *text;
    struct value *values; /* the targets' first, then those of the filters */
    size_t values_count;
    const char *const *tables; /* for the authorizer, as in struct plan */
    size_t tables_count;
};

/*
 * INSERT of one row with these columns; none: INSERT ... DEFAULT VALUES. MERGES updates the columns that are
 * set and not part of the key ("DO UPDATE SET x = excluded.x"; none left: a row that is there is returned as it
 * is, by setting a key column to itself). A table without a key that is asked for MERGES or IGNORES by its
 * primary key just inserts.
 * Return: true; or false with *fault: 42703 (an unknown name in on_conflict), 42P10 (no unique index fits
 * on_conflict: "there is no unique or exclusion constraint matching the ON CONFLICT specification"), no memory.
 */
bool plan_insert(const struct plan_change *change, const struct plan_targets *targets,
                 struct arena *arena, struct plan_statement *ret, struct fault *fault);

/*
 * Does a row with this key exist? One row, one integer: 0 or 1. values are those of the key's columns, in the
 * order of *ret_key (columns of the conflict's target; it may hold a generated one). For the status of an
 * upsert. A table without a key: *ret_key has no columns, and the answer is 0.
 * Return: as plan_insert.
 */
bool plan_exists(const struct plan_change *change, struct arena *arena,
                 struct plan_targets *ret_key, struct plan_statement *ret, struct fault *fault);

/*
 * UPDATE and DELETE of the rows that the filters of the tree's own level let through: its conditions, and
 * "and"/"or"; those of embeds, order, limit and offset do not choose rows. Views: those with an INSTEAD OF
 * trigger (the caller has checked). No targets: no row is changed, but the filters are checked.
 *
 * SQLite returns no rows of a virtual table: wants_rows is then refused. It tells nothing about what a view's
 * trigger does: query_result.changes is 0, so count the rows that are returned.
 * Return: as plan_read; PGRST127 (rows of a virtual table).
 */
bool plan_update(const struct plan_conf *conf, const struct plan_change *change,
                 const struct plan_targets *targets, const struct tree *tree, struct arena *arena,
                 struct plan_statement *ret, struct fault *fault);
bool plan_delete(const struct plan_conf *conf, const struct plan_change *change,
                 const struct tree *tree, struct arena *arena, struct plan_statement *ret,
                 struct fault *fault);

/*
 * A read whose source is the rows of a set (all of table->columns, in their order) instead of the table: for the
 * representation of what was written. The select and the embeds of the tree, its filters on embeds, their order,
 * limit and offset count, and the order of its own level; without one the rows come in the set's order. The
 * filters of its own level do not count (the rows may not meet them any more), nor do its limit and offset, the
 * Range header and rows_max: what was written is shown, all of it.
 * rows is bound as VALUE_ROWS, borrowed; how many there are is bound, too, so plan when they are there. The plan
 * of an empty set tells beforehand whether there is a fault: it does not depend on the rows.
 * Return: as plan_read.
 */
bool plan_shown(const struct plan_conf *conf, const struct schema_table *table,
                const struct row_set *rows, const struct tree *tree, const struct plan_ask *ask,
                struct arena *arena, struct plan *ret, struct fault *fault);

/*
 * The rows of a set (all of table->columns, in their order) as the source of a read, which may choose
 * among them like any other. rows is borrowed for as long as the plan is used.
 * Return: true; or false with *fault: no memory.
 */
bool plan_source_of_rows(const struct plan_conf *conf, const struct schema_table *table,
                         const struct row_set *rows, struct arena *arena, struct plan_source *ret,
                         struct fault *fault);

#endif
