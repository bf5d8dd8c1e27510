/*
 * A named query whose statement writes: its rows (RETURNING) are kept, and read from there in the shape
 * that was asked for; SQLite cannot read from an INSERT. Statement and read are one change, which an
 * answer that fails undoes: a preference that is not met, a wrong filter, more than one row for
 * a single object.
 */
#include "handlers/idempotency.h"
#include "handlers/table/answer.h"
#include "handlers/table/plan_write.h"
#include "handlers/table/rpc_internal.h"
#include "pool/executor.h"
#include "storage/row_set.h"
#include "storage/slot.h"

/* --- the rows ------------------------------------------------------------------------------------- */

/* Bring the columns into the table's order, and drop what is not the table's. */
static void arrange(struct row_set *rows, const size_t *places, struct value *row, size_t count)
{
    for (uint64_t i = 0; i < rows->rows; i++) {
        for (size_t k = 0; k < count; k++) {
            row[k] = *row_set_at(rows, i, places[k]);
        }
        for (size_t k = 0; k < count; k++) { /* never beyond row i: there are no fewer columns */
            rows->cells[i * count + k] = row[k];
        }
    }
    rows->columns = count;
}

static bool find_column(const struct rpc *rpc, const char *name, size_t *ret)
{
    for (size_t i = 0; i < rpc->columns_count; i++) {
        if (str_equal_nocase(str_of(rpc->columns[i]), str_of(name))) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* The rows as a source with the columns of the table. Return: false with the fault. */
static bool source_of_table(const struct rpc *rpc, struct read *r, struct row_set *rows,
                            struct plan_source *ret)
{
    const struct plan_conf conf = {
        .scope = {.schema = r->reading.schema, .is_served = table_is_served, .user = r->api}};
    const struct schema_table *table = schema_find(r->reading.schema, str_of(rpc->conf.table));
    struct arena *arena = &r->call->arena;
    size_t count = table == NULL ? 0 : table->columns_count;
    size_t *places = arena_alloc(arena, (count + 1) * sizeof(*places));
    struct value *row = arena_alloc(arena, (count + 1) * sizeof(*row));
    bool is_found = table != NULL && (rows->rows == 0 || rows->columns == rpc->columns_count);

    if (places == NULL || row == NULL) {
        return fault_no_memory(&r->fault);
    }
    for (size_t i = 0; i < count && is_found; i++) {
        is_found = find_column(rpc, table->columns[i].name, &places[i]);
    }
    if (!is_found) { /* the schema has changed since the start */
        return fault_set(&r->fault, arena, 500, "XX000",
                         "the result of %s is not what %s looks like any more", rpc->conf.name,
                         rpc->conf.table);
    }
    arrange(rows, places, row, count);
    return plan_source_of_rows(&conf, table, rows, arena, ret, &r->fault);
}

/* The rows as a source of bare values. Return: false with the fault. */
static bool source_of_values(struct read *r, const struct row_set *rows, struct plan_source *ret)
{
    struct value *values = arena_alloc(&r->call->arena, 2 * sizeof(*values));

    if (values == NULL) {
        return fault_no_memory(&r->fault);
    }
    values[0] = (struct value){.type = VALUE_INTEGER, .integer = (int64_t)rows->rows};
    values[1] = (struct value){.type = VALUE_ROWS, .rows = rows};
    ret->sql = "WITH RECURSIVE n(i) AS (SELECT 0 WHERE :count > 0 UNION ALL SELECT i + 1 FROM n "
               "WHERE i + 1 < :count) SELECT gantry_value(:rows, i, 0) FROM n";
    ret->values = values;
    ret->values_count = 2;
    return true;
}

/* --- the change ----------------------------------------------------------------------------------- */

/* Run the statement. Return: false: with the answer given. */
static bool run_statement(struct read *r, const struct plan_source *source,
                          struct row_set *rows) ON_WORKER MAY_BLOCK
{
    const struct query query = {.sql = source->sql,
                                .values = source->values,
                                .values_count = source->values_count,
                                .into = rows};
    struct query_result result;
    struct error err;

    if (connection_run(r->connection, &query, r->call->cancel, &r->call->response.body, &result,
                       &err) != STATUS_OK) {
        table_fail_error(r->call, &err);
        return false;
    }
    return true;
}

/* Return: false with the fault. Without one an answer was given. */
static bool run(const struct rpc *rpc, struct read *r, struct plan_source *source,
                struct row_set *rows) ON_WORKER MAY_BLOCK
{
    if (rpc->conf.returns == RPC_VOID) {
        return rpc_answer(rpc, r, source);
    }
    if (!run_statement(r, source, rows)) {
        return true;
    }
    *source = (struct plan_source){.table = NULL};
    if (rpc->conf.returns == RPC_SCALAR || rpc->conf.returns == RPC_VALUES) {
        return read_check_affected(r, rows->rows) && source_of_values(r, rows, source) &&
               rpc_answer(rpc, r, source);
    }
    return read_check_affected(r, rows->rows) && source_of_table(rpc, r, rows, source) &&
           rpc_answer(rpc, r, source);
}

/* Between the beginning of the change and its end. */
static void change(const struct rpc *rpc, struct read *r, struct plan_source *source,
                   struct row_set *rows) ON_WORKER MAY_BLOCK
{
    bool is_new = idempotency_find(r->call, r->connection) == IDEMPOTENCY_NEW;
    struct error err;
    bool is_done;

    if (is_new && !run(rpc, r, source, rows)) {
        table_fail(r->call, &r->fault);
    }
    is_done = is_new && r->call->response.http_status < 300;
    if (idempotency_end(r->call, r->connection, is_done, r->preferences.tx == TX_ROLLBACK, &err) !=
        STATUS_OK) {
        table_fail_error(r->call, &err);
    }
}

void rpc_write(const struct rpc *rpc, struct call *call, struct worker *worker)
{
    struct read r = rpc_read_init(rpc, call);
    struct cancel *cancel = call->cancel;
    struct plan_source source = {.table = NULL};
    struct row_set rows;
    struct error err;

    r.is_whole = true;
    if (!table_check_origin(rpc->api, call, &r.fault) || !read_request(&r, false, true) ||
        !rpc_read_values(rpc, &r, false, &source) || !rpc_check_preferences(rpc, &r)) {
        table_fail(call, &r.fault);
        return;
    }
    if (slot_connection(worker_local(worker), cancel, &r.connection, &err) != STATUS_OK ||
        connection_change_begin(r.connection, cancel, &r.reading, &err) != STATUS_OK) {
        table_fail_error(call, &err);
        return;
    }
    row_set_init(&rows, ROWS_PER_RESPONSE * call->response.body.max);
    change(rpc, &r, &source, &rows);
    row_set_fini(&rows);
}
