/*
 * PATCH and DELETE: the rows that the filters let through, by one statement.
 *
 * What was updated is shown from the values that the statement returned. Deleted rows are, too, but
 * where rows of other tables are shown beside them these are read before anything is deleted: they
 * show the state before, as in PostgreSQL, and a foreign key may be about to delete them as well.
 */
#include <string.h>

#include "handlers/table/write.h"

/* Return: false with the fault: nothing chooses the rows, and all of them is more than is allowed. */
static bool check_filtered(struct write *w, const char *verb)
{
    if (w->tree.levels[0].conditions_count > 0 || w->api->conf.has_unfiltered_writes) {
        return true;
    }
    (void)fault_set(&w->fault, &w->call->arena, 400, "21000", "%s requires a WHERE clause", verb);
    fault_hint(&w->fault, &w->call->arena,
               "add a filter, such as ?id=eq.1; or let all rows of a table be written at once by "
               "tables.unfiltered_writes");
    return false;
}

static struct plan_change change_of(const struct write *w, bool wants_rows)
{
    return (struct plan_change){.table = w->table, .wants_rows = wants_rows};
}

bool write_update(struct write *w)
{
    struct plan_conf conf = write_plan_conf(w);
    struct plan_change change = change_of(w, write_wants_rows(w));
    struct arena *arena = &w->call->arena;
    struct plan_statement statement;
    struct payload_cell *cells;

    if (w->payload.rows > 0 && w->targets.count > 0) { /* else nothing is to be changed */
        cells = arena_alloc(arena, (w->payload.names_count + 1) * sizeof(*cells));
        if (cells == NULL) {
            return fault_no_memory(&w->fault);
        }
        if (!plan_update(&conf, &change, &w->targets, &w->tree, arena, &statement, &w->fault) ||
            !check_filtered(w, "UPDATE") || !write_next_values(w, cells, arena, statement.values) ||
            !write_run(w, &statement, write_is_shown(w))) {
            return false;
        }
    }
    return !write_is_shown(w) || write_show_rows(w);
}

/* --- deleting ------------------------------------------------------------------------------------ */

static bool has_embeds(const struct tree *tree)
{
    for (size_t i = 0; i < tree->items_count; i++) {
        if (tree->items[i].kind == TREE_EMBED || tree->items[i].kind == TREE_SPREAD) {
            return true;
        }
    }
    return false;
}

/* Show the rows that are about to be deleted. */
static bool show_before(struct write *w) ON_WORKER MAY_BLOCK
{
    const struct plan_conf conf = write_plan_conf(w);
    const struct plan_source source = {.table = w->table};
    const struct plan_ask ask = {.strips_nulls = w->accept.strips_nulls, .range_limit = UINT64_MAX};
    struct plan plan;

    return plan_read(&conf, &source, &w->tree, &ask, &w->call->arena, &plan, &w->fault) &&
           write_show_plan(w, &plan);
}

static bool refers_to_itself(const struct schema_table *table)
{
    for (size_t i = 0; i < table->keys_count; i++) {
        if (strcmp(table->keys[i].target, table->name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Do the rows have to be read before? Of those that a foreign key takes along before the statement comes
 * to them SQLite says nothing, though the filters choose them.
 */
static bool is_read_before(const struct write *w)
{
    bool is_counted = w->preferences.count != COUNT_UNSAID || w->preferences.has_max_affected;

    if (refers_to_itself(w->table) && (is_counted || write_is_shown(w))) {
        return true;
    }
    return write_is_shown(w) && (has_embeds(&w->tree) || w->table->table_kind == SCHEMA_VIRTUAL);
}

bool write_delete(struct write *w)
{
    struct plan_conf conf = write_plan_conf(w);
    bool is_before = is_read_before(w);
    bool is_behind = write_is_shown(w) && !is_before;
    struct plan_change change = change_of(w, is_before ? w->table->is_view : write_wants_rows(w));
    struct plan_statement statement;

    if (!plan_delete(&conf, &change, &w->tree, &w->call->arena, &statement, &w->fault) ||
        !check_filtered(w, "DELETE") || (is_before && !show_before(w)) ||
        !write_run(w, &statement, is_behind)) {
        return false;
    }
    if (is_before && refers_to_itself(w->table)) {
        w->affected = w->shown;
    }
    return !is_behind || write_show_rows(w);
}
