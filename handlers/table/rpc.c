#include "handlers/table/rpc_internal.h"

#include <stdio.h>

#include "base/mem.h"
#include "handlers/idempotency.h"
#include "handlers/table/answer.h"
#include "handlers/table/arguments.h"

/* --- answering -------------------------------------------------------------------------------- */

bool rpc_read_values(const struct rpc *rpc, struct read *r, bool is_get, struct plan_source *source)
{
    struct arena *arena = &r->call->arena;
    struct value *values = arena_alloc(arena, (rpc->conf.params_count + 1) * sizeof(*values));
    struct value *bound = arena_alloc(arena, (rpc->binding_count + 1) * sizeof(*bound));
    struct arguments arguments;
    char function[80];
    bool is_ok;

    if (values == NULL || bound == NULL) {
        return fault_no_memory(&r->fault);
    }
    is_ok = is_get ? arguments_of_tree(&r->tree, arena, &arguments, &r->fault)
                   : arguments_of_body(&r->call->request, arena, &arguments, &r->fault);
    (void)snprintf(function, sizeof(function), TABLE_PROFILE ".%s", rpc->conf.name); /* bounded */
    if (!is_ok || !arguments_bind(&arguments, function, rpc->params, rpc->conf.params_count, arena,
                                  values, &r->fault)) {
        return false;
    }
    for (size_t i = 0; i < rpc->binding_count; i++) {
        bound[i] = values[rpc->binding[i]];
    }
    source->sql = rpc->conf.sql;
    source->values = bound;
    source->values_count = rpc->binding_count;
    return true;
}

static enum row_cell_kind cell_of(enum param_type type)
{
    return type == PARAM_BOOLEAN ? ROW_CELL_BOOLEAN
           : type == PARAM_JSON  ? ROW_CELL_JSON
                                 : ROW_CELL_PLAIN;
}

static const char *join_text(struct arena *arena, const char *before, const char *sql,
                             const char *behind)
{
    char *text = arena_alloc(arena, strlen(before) + strlen(sql) + strlen(behind) + 1);

    if (text != NULL) {
        (void)stpcpy(stpcpy(stpcpy(text, before), sql), behind); /* measured above */
    }
    return text;
}

/* The plan of a query that gives bare values. Return: false with the fault. */
static bool plan_values(const struct rpc *rpc, struct read *r, const struct plan_source *source)
{
    struct arena *arena = &r->call->arena;
    size_t n = source->values_count;
    struct value *values = arena_alloc(arena, (n + 2) * sizeof(*values));
    struct row_cell cell = {.name = str_of(rpc->conf.name), .kind = cell_of(rpc->conf.type)};
    const struct plan_conf conf = {.rows_max = r->api->conf.rows_max};
    const struct plan_ask ask = {.range_first = r->range.first, .range_limit = r->range.limit};
    uint64_t offset = 0;
    uint64_t limit = 1;

    if (!accept_read(&r->call->request, ACCEPT_ROWS, arena, &r->accept, &r->fault) ||
        (!r->is_one &&
         !plan_page(&conf, &ask, &r->tree.levels[0], arena, &offset, &limit, &r->fault))) {
        return false;
    }
    r->plan = (struct plan){
        .rows = {.text = join_text(arena, "SELECT * FROM (", source->sql,
                                   "\n) LIMIT ? OFFSET ?"), /* it may end in a comment */
                 .values = values,
                 .values_count = n + 2},
        .row = row_shape_make(arena, &cell, 1, false, r->accept.media == ACCEPT_JSON),
        .offset = offset,
        .limit = limit,
    };
    if (r->preferences.count != COUNT_UNSAID && r->is_one) { /* one row, whatever it is */
        r->has_total = true;
        r->total = 1;
    } else if (r->preferences.count != COUNT_UNSAID) {
        r->plan.count = (struct plan_sql){
            join_text(arena, "SELECT count(*) FROM (", source->sql, "\n)"), source->values, n};
    }
    if (values == NULL || r->plan.rows.text == NULL || r->plan.row == NULL) {
        return fault_no_memory(&r->fault);
    }
    for (size_t i = 0; i < n; i++) {
        values[i] = source->values[i];
    }
    values[n] =
        (struct value){.type = VALUE_INTEGER, .integer = limit > INT64_MAX ? -1 : (int64_t)limit};
    values[n + 1] = (struct value){.type = VALUE_INTEGER,
                                   .integer = offset > INT64_MAX ? INT64_MAX : (int64_t)offset};
    return preferences_check(&r->preferences, arena, &r->fault);
}

bool rpc_check_preferences(const struct rpc *rpc, struct read *r)
{
    bool is_set = rpc->conf.returns == RPC_ROWS || rpc->conf.returns == RPC_VALUES;

    return is_set || !r->preferences.has_max_affected ||
           fault_set(
               &r->fault, &r->call->arena, 400, "PGRST128",
               "Function must return SETOF or TABLE when max-affected preference is used with "
               "handling=strict");
}

/* Run a query whose result nobody wants. */
static bool run_void(struct read *r, const struct plan_source *source) ON_WORKER MAY_BLOCK
{
    struct query query = {.sql = source->sql,
                          .values = source->values,
                          .values_count = source->values_count,
                          .shape = QUERY_NONE};
    struct query_result result;
    struct error err;

    if (!preferences_check(&r->preferences, &r->call->arena, &r->fault)) {
        return false;
    }
    if (connection_run(r->connection, &query, r->call->cancel, &r->call->response.body, &result,
                       &err) != STATUS_OK) {
        table_fail_error(r->call, &err);
    } else {
        call_answer_empty(r->call, 204);
        preferences_note(&r->preferences, PREFERENCES_OF_READ & ~(unsigned)PREFERENCES_COUNT,
                         &r->call->response);
    }
    return true;
}

bool rpc_answer(const struct rpc *rpc, struct read *r, struct plan_source *source)
{
    switch (rpc->conf.returns) {
    case RPC_VOID:
        return run_void(r, source);
    case RPC_SCALAR:
    case RPC_VALUES:
        return plan_values(rpc, r, source) && read_answer(r);
    case RPC_ROWS:
    case RPC_ROW:
        break;
    }
    source->table = schema_find(r->reading.schema, str_of(rpc->conf.table));
    if (source->table == NULL) {
        return fault_set(&r->fault, &r->call->arena, 404, "42P01", "there is no table %s any more",
                         rpc->conf.table);
    }
    return read_plan(r, source) && read_answer(r);
}

struct read rpc_read_init(const struct rpc *rpc, struct call *call)
{
    return (struct read){.api = rpc->api,
                         .call = call,
                         .is_one = rpc->conf.returns == RPC_SCALAR || rpc->conf.returns == RPC_ROW,
                         .is_query = true};
}

static void answer(const struct rpc *rpc, struct call *call, struct worker *worker,
                   bool is_get) ON_WORKER MAY_BLOCK
{
    struct read r = rpc_read_init(rpc, call);
    struct plan_source source = {0};

    if (!read_request(&r, is_get, !is_get) || !rpc_read_values(rpc, &r, is_get, &source) ||
        !rpc_check_preferences(rpc, &r)) {
        table_fail(call, &r.fault);
        return;
    }
    if (!read_open(&r, worker)) {
        return;
    }
    r.is_whole = r.preferences.has_max_affected;
    r.is_repeatable =
        is_get && !rpc->has_volatile && r.reading.schema->version == rpc->schema_version;
    if (!rpc_answer(rpc, &r, &source)) {
        table_fail(call, &r.fault);
    }
    read_close(&r);
}

static void get_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    const struct rpc *rpc = const_container_of(handler, struct rpc, get);
    struct fault fault;

    assert_on_worker();
    if (!rpc->conf.is_volatile) {
        answer(rpc, call, worker, true);
        return;
    }
    (void)fault_set(&fault, &call->arena, 405, "25006",
                    "cannot execute %s in a read-only transaction", rpc->conf.name); /* false */
    fault_hint(&fault, &call->arena,
               "call it by POST, or declare it \"stable\" if it changes nothing");
    table_fail(call, &fault);
}

static void post_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    assert_on_worker();
    answer(const_container_of(handler, struct rpc, post), call, worker, false);
}

static void write_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    assert_on_worker();
    rpc_write(const_container_of(handler, struct rpc, post), call, worker);
}

/* --- life --------------------------------------------------------------------------------------- */

static void init_handlers(struct rpc *rpc)
{
    const struct handler base = {.kind = HANDLER_BLOCKING,
                                 .is_short = rpc->api->conf.rows_max != 0,
                                 .decorate = table_decorate,
                                 .decoration = &rpc->api->conf.cors,
                                 .detail = rpc->conf.sql};

    rpc->get = base;
    rpc->get.work = get_work;
    rpc->post = base;
    rpc->post.work = rpc->writes ? write_work : post_work;
    rpc->post.is_short = base.is_short && !rpc->writes;
    if (rpc->writes) {
        idempotency_guard(rpc->api->conf.keys, &rpc->post);
    }
}

static enum status fill(struct rpc *rpc, const struct rpc_conf *conf, struct connection *inspector,
                        rpc_fault_fn on_fault, void *user)
{
    enum status status;

    rpc->conf = *conf;
    rpc->params = mem_alloc((conf->params_count + 1) * sizeof(*rpc->params));
    if (rpc->params == NULL) {
        return STATUS_NOMEM;
    }
    for (size_t i = 0; i < conf->params_count; i++) {
        rpc->params[i] = conf->params[i];
    }
    rpc->conf.params = rpc->params;
    status = rpc_check(rpc, inspector, on_fault, user);
    init_handlers(rpc);
    return status;
}

enum status rpc_create(const struct rpc_conf *conf, const struct table_api *api,
                       struct connection *inspector, rpc_fault_fn on_fault, void *user,
                       struct rpc **ret)
{
    struct rpc *rpc = mem_zalloc(sizeof(*rpc));
    enum status status;

    if (rpc == NULL) {
        return STATUS_NOMEM;
    }
    rpc->api = api;
    status = fill(rpc, conf, inspector, on_fault, user);
    if (status != STATUS_OK) {
        rpc_destroy(rpc);
        return status;
    }
    *ret = rpc;
    return STATUS_OK;
}

void rpc_destroy(struct rpc *rpc)
{
    if (rpc != NULL) {
        for (size_t i = 0; i < rpc->columns_count; i++) {
            mem_free(rpc->columns[i]);
        }
        mem_free(rpc->columns);
        mem_free(rpc->params);
        mem_free(rpc->binding);
        mem_free(rpc);
    }
}

const struct handler *rpc_get_handler(const struct rpc *rpc)
{
    return &rpc->get;
}

const struct handler *rpc_post_handler(const struct rpc *rpc)
{
    return &rpc->post;
}

const char *rpc_name(const struct rpc *rpc)
{
    return rpc->conf.name;
}

bool rpc_is_volatile(const struct rpc *rpc)
{
    return rpc->conf.is_volatile;
}

bool rpc_writes(const struct rpc *rpc)
{
    return rpc->writes;
}
