/*
 * One write of a table, from its request to its answer.
 *
 * What is wrong is found in PostgREST's order: the path, the profile, the query string, limits, the body,
 * the table, its columns and embeds, what PUT must name, the columns of the body, the preferences, the
 * representation, the database. What needs no schema is found before the change begins, so that a request
 * that is wrong takes nobody's time on the writer but its own.
 *
 * All that a request does is one change: its rows, and the reads that show them. A failure anywhere
 * undoes it, also one of the representation (PGRST116) or of what the client allows (PGRST124).
 *
 * Several requests may be committed together, and if that fails each runs again: so nothing is kept
 * here beyond the call's own arena and response.
 */
#include "handlers/table/write.h"

#include <string.h>

#include "handlers/idempotency.h"
#include "handlers/table/answer.h"
#include "handlers/table/parse.h"
#include "handlers/table/read.h"
#include "pool/executor.h"
#include "storage/slot.h"

bool write_fail_error(struct write *w, const struct error *err)
{
    table_fail_error(w->call, err);
    w->fault = (struct fault){.http_status = 0}; /* the answer was given */
    return false;
}

struct plan_conf write_plan_conf(const struct write *w)
{
    return (struct plan_conf){
        .scope = {.schema = w->reading.schema, .is_served = table_is_served, .user = w->api},
        .has_aggregates = w->api->conf.has_aggregates,
    };
}

bool write_has_key(const struct schema_table *table)
{
    for (size_t i = 0; i < table->columns_count; i++) {
        if (table->columns[i].key_place > 0) {
            return true;
        }
    }
    return false;
}

/* --- what was asked --------------------------------------------------------------------------- */

/* Limits choose no rows of a write, so they are checked and forgotten; PUT is about one row anyway. */
static bool drop_limits(struct write *w)
{
    static const struct plan_conf conf = {.rows_max = 0};
    static const struct plan_ask ask = {.range_limit = UINT64_MAX};
    const struct tree_level *root = &w->tree.levels[0];
    struct tree_level *levels;
    uint64_t offset;
    uint64_t limit;

    if (!root->has_limit && root->offset == 0) {
        return true;
    }
    if (!plan_page(&conf, &ask, root, &w->call->arena, &offset, &limit, &w->fault)) {
        return false;
    }
    if (w->call->request.method == METHOD_PUT) {
        return fault_set(&w->fault, &w->call->arena, 400, "PGRST114",
                         "limit/offset querystring parameters are not allowed for PUT");
    }
    levels = arena_alloc(&w->call->arena, w->tree.levels_count * sizeof(*levels));
    if (levels == NULL) {
        return fault_no_memory(&w->fault);
    }
    memcpy(levels, w->tree.levels, w->tree.levels_count * sizeof(*levels));
    levels[0].has_limit = false;
    levels[0].offset = 0;
    w->tree.levels = levels;
    return true;
}

/* What can be said without the database. */
static bool read_write_request(struct write *w)
{
    static const struct parse_conf conf = {.has_arguments = false};
    const struct request *request = &w->call->request;
    struct arena *arena = &w->call->arena;

    if (!table_check_origin(w->api, w->call, &w->fault) ||
        !table_check_profile(w->call, true, &w->fault) ||
        !parse_query(request->query, &conf, arena, &w->tree, &w->fault)) {
        return false;
    }
    if (request->method == METHOD_PUT) {
        w->tree.has_columns = false; /* it is about the whole row */
    }
    return drop_limits(w) &&
           (request->method == METHOD_DELETE ||
            payload_open(request, &w->tree, arena, &w->payload, &w->fault)) &&
           preferences_read(request, w->api->conf.has_tx_override, arena, &w->preferences,
                            &w->fault);
}

/* --- what can be done to the table ------------------------------------------------------------- */

/* Which of a table's abilities the method needs, in PostgreSQL's words. */
struct ability {
    bool is_there;
    const char *cannot;
    const char *to_enable;
    const char *trigger;
};

static struct ability ability_of(const struct schema_table *table, enum method method)
{
    switch (method) {
    case METHOD_PATCH:
        return (struct ability){table->is_updatable, "update", "updating", "UPDATE"};
    case METHOD_DELETE:
        return (struct ability){table->is_deletable, "delete from", "deleting from", "DELETE"};
    default:
        return (struct ability){table->is_insertable, "insert into", "inserting into", "INSERT"};
    }
}

static bool check_ability(struct write *w)
{
    struct ability ability = ability_of(w->table, w->call->request.method);
    struct arena *arena = &w->call->arena;

    if (ability.is_there) {
        return true;
    }
    if (!w->table->is_view) {
        return fault_set(&w->fault, arena, 405, "55000", "cannot %s table \"%s\"", ability.cannot,
                         w->table->name);
    }
    (void)fault_set(&w->fault, arena, 405, "55000", "cannot %s view \"%s\"", ability.cannot,
                    w->table->name);
    fault_hint(
        &w->fault, arena,
        "To enable %s the view, give it an INSTEAD OF %s trigger; or write to the tables that "
        "it reads",
        ability.to_enable, ability.trigger);
    return false;
}

/* SQLite returns nothing from writing to a virtual table; deleted rows are read before. */
static bool check_returning(struct write *w)
{
    if (w->table->table_kind != SCHEMA_VIRTUAL || !write_is_shown(w) ||
        w->call->request.method == METHOD_DELETE) {
        return true;
    }
    (void)fault_set(&w->fault, &w->call->arena, 400, "PGRST127", "Feature not implemented");
    fault_details(&w->fault, &w->call->arena,
                  "\"%s\" is a virtual table, which cannot show what was written: ask without "
                  "return=representation.",
                  w->table->name);
    return false;
}

/* JSON, sent as what curl says if it is told nothing? */
static bool is_json_as_form(const struct payload *payload)
{
    return payload->kind == PAYLOAD_FORM && payload->names_count == 1 &&
           payload->names[0].size > 0 &&
           (payload->names[0].at[0] == '{' || payload->names[0].at[0] == '[');
}

static bool find_targets(struct write *w)
{
    if (w->call->request.method == METHOD_DELETE ||
        plan_targets(w->table, w->call->request.method != METHOD_PATCH, w->payload.names,
                     w->payload.names_count, &w->call->arena, &w->targets, &w->fault)) {
        return true;
    }
    if (is_json_as_form(&w->payload)) {
        fault_hint(&w->fault, &w->call->arena,
                   "the body was read as a form: for JSON send Content-Type: application/json");
    }
    return false;
}

/* Everything that can be wrong before the first statement runs. */
static bool check(struct write *w)
{
    const struct request *request = &w->call->request;
    struct arena *arena = &w->call->arena;

    w->table = table_find(w->api, w->reading.schema, request_param(request, STR("table")), arena,
                          &w->fault);
    return w->table != NULL && check_ability(w) && write_check_shown(w) &&
           (request->method != METHOD_PUT || write_check_put(w)) && find_targets(w) &&
           preferences_check(&w->preferences, arena, &w->fault) &&
           accept_read(request, ACCEPT_ROWS, arena, &w->accept, &w->fault) && check_returning(w);
}

/* --- statements -------------------------------------------------------------------------------- */

bool write_wants_rows(const struct write *w)
{
    bool is_headed = w->preferences.returns == RETURN_HEADERS_ONLY &&
                     w->call->request.method == METHOD_POST && write_has_key(w->table);

    return w->table->table_kind != SCHEMA_VIRTUAL &&
           (write_is_shown(w) || is_headed || w->table->is_view);
}

bool write_run(struct write *w, const struct plan_statement *statement, bool keeps_rows)
{
    const struct query query = {
        .sql = statement->text,
        .values = statement->values,
        .values_count = statement->values_count,
        .shape = keeps_rows ? QUERY_ROWS : QUERY_NONE,
        .into = keeps_rows ? &w->rows : NULL,
        .tables = statement->tables,
        .tables_count = statement->tables_count,
        .is_planned = true,
    };
    struct query_result result;
    struct error err;

    if (connection_run(w->connection, &query, w->call->cancel, &w->call->response.body, &result,
                       &err) != STATUS_OK) {
        return write_fail_error(w, &err);
    }
    w->affected += w->table->is_view ? result.rows : (uint64_t)result.changes;
    return true;
}

static bool run(struct write *w) ON_WORKER MAY_BLOCK
{
    switch (w->call->request.method) {
    case METHOD_POST:
        return write_insert(w);
    case METHOD_PUT:
        return write_put(w);
    case METHOD_PATCH:
        return write_update(w);
    default:
        return write_delete(w);
    }
}

/* --- one change ---------------------------------------------------------------------------------- */

/* Answer with the fault. A method that the table does not have comes with those it has. */
static void fail(struct write *w)
{
    char allow[OPTIONS_ALLOW_SIZE];

    table_fail(w->call, &w->fault);
    if (w->fault.http_status == 405 && w->table != NULL) {
        options_write_allow(w->table, true, allow);
        response_header(&w->call->response, "Allow", "%s", allow);
    }
}

/* Between the beginning of the change and its end. */
static void change(struct write *w) ON_WORKER MAY_BLOCK
{
    bool is_done = idempotency_find(w->call, w->connection) == IDEMPOTENCY_NEW && check(w) &&
                   write_check_match(w) && run(w) && write_answer(w);
    struct error err;

    if (!is_done && w->fault.http_status != 0) {
        fail(w); /* while the schema that its words lie in is lent */
    }
    if (idempotency_end(w->call, w->connection, is_done, w->preferences.tx == TX_ROLLBACK, &err) !=
        STATUS_OK) {
        (void)write_fail_error(w, &err); /* says false */
    }
}

static void write_table(struct write *w, struct worker *worker) ON_WORKER MAY_BLOCK
{
    struct cancel *cancel = w->call->cancel;
    struct error err;

    if (!read_write_request(w)) {
        fail(w);
        return;
    }
    if (slot_connection(worker_local(worker), cancel, &w->connection, &err) != STATUS_OK ||
        connection_change_begin(w->connection, cancel, &w->reading, &err) != STATUS_OK) {
        (void)write_fail_error(w, &err); /* says false */
        return;
    }
    change(w);
}

void table_write(const struct table_api *api, struct call *call, struct worker *worker)
{
    struct write w = {.api = api, .call = call};

    row_set_init(&w.rows, ROWS_PER_RESPONSE * call->response.body.max);
    write_table(&w, worker);
    row_set_fini(&w.rows);
}
