#include "handlers/table/table.h"

#include "base/mem.h"
#include "handlers/idempotency.h"
#include "handlers/table/answer.h"
#include "handlers/table/table_internal.h"

static void list_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    assert_on_worker();
    table_list(const_container_of(handler, struct table_api, list), call, worker);
}

static void rows_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    assert_on_worker();
    table_read(const_container_of(handler, struct table_api, rows), call, worker);
}

static void write_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    assert_on_worker();
    table_write(const_container_of(handler, struct table_api, write), call, worker);
}

/* As PostgreSQL calls what the method does. */
static const char *command_of(enum method method)
{
    return method == METHOD_PATCH ? "UPDATE" : method == METHOD_DELETE ? "DELETE" : "INSERT";
}

/* A write where nothing may be written. */
static void serve_no_write(const struct handler *handler, struct call *call)
{
    const struct table_api *api = const_container_of(handler, struct table_api, no_write);
    const struct schema *schema = schema_get(api->conf.db);
    struct str name = request_param(&call->request, STR("table"));
    struct fault fault;

    assert_on_loop();
    if (table_find(api, schema, name, &call->arena, &fault) == NULL) {
        table_fail(call, &fault);
    } else {
        (void)fault_set(&fault, &call->arena, 405, "25006",
                        "cannot execute %s in a read-only transaction",
                        command_of(call->request.method)); /* says false */
        fault_hint(&fault, &call->arena,
                   "the database is served read-only: start the service with --write, or set "
                   "database.write");
        table_fail(call, &fault);
        response_header(&call->response, "Allow", "OPTIONS,GET,HEAD");
    }
    schema_unref(schema);
}

/* An options_table_fn. */
static const struct schema_table *find_table(const void *user, struct call *call,
                                             const struct schema *schema, struct str name)
{
    struct fault fault;
    const struct schema_table *table = table_find(user, schema, name, &call->arena, &fault);

    if (table == NULL) {
        table_fail(call, &fault);
    }
    return table;
}

/* An options_query_fn. */
static enum options_query find_query(const void *user, struct call *call, struct str name)
{
    struct fault fault;
    const struct rpc *rpc = table_find_query(user, name, &call->arena, &fault);

    if (rpc == NULL) {
        table_fail(call, &fault);
        return OPTIONS_QUERY_NONE;
    }
    return rpc_is_volatile(rpc) ? OPTIONS_QUERY_WRITES : OPTIONS_QUERY_READS;
}

static void serve_no_query(const struct handler *handler, struct call *call)
{
    const struct table_api *api = const_container_of(handler, struct table_api, no_query);
    struct fault fault = {0};

    assert_on_loop();
    if (table_find_query(api, request_param(&call->request, STR("name")), &call->arena, &fault) ==
        NULL) {
        table_fail(call, &fault);
    }
}

static void serve_no_method(const struct handler *handler, struct call *call)
{
    struct str method = call->request.method_text;
    struct fault fault;

    (void)handler;
    assert_on_loop();
    (void)fault_set(&fault, &call->arena, 405, "PGRST101", "Cannot use the %.*s method on RPC",
                    (int)method.size, method.at); /* says false */
    table_fail(call, &fault);
    response_header(&call->response, "Allow", "GET, HEAD, POST, OPTIONS");
}

static void serve_no_path(const struct handler *handler, struct call *call)
{
    const struct fault fault = {.http_status = 404,
                                .code = "PGRST125",
                                .message = "Invalid path specified in request URL",
                                .hint = "Rows are chosen by filters, such as TABLE?id=eq.1."};

    (void)handler;
    assert_on_loop();
    table_fail(call, &fault);
}

static struct handler inline_handler(const struct table_api *api, handler_serve_fn serve)
{
    return (struct handler){.kind = HANDLER_INLINE,
                            .serve = serve,
                            .decorate = table_decorate,
                            .decoration = &api->conf.cors};
}

static void init_handlers(struct table_api *api)
{
    const struct handler base = {.kind = HANDLER_BLOCKING,
                                 .is_short = true,
                                 .decorate = table_decorate,
                                 .decoration = &api->conf.cors};
    const struct options_conf options = {.cors = &api->conf.cors,
                                         .db = api->conf.db,
                                         .has_writes = api->conf.is_writable,
                                         .find_table = find_table,
                                         .find_query = find_query,
                                         .user = api};

    api->list = base;
    api->list.work = list_work;
    api->rows = base;
    api->rows.work = rows_work;
    api->rows.is_short = api->conf.rows_max != 0; /* else it may be all there is */
    api->write = base;
    api->write.work = write_work;
    api->write.is_short = false;
    idempotency_guard(api->conf.keys, &api->write);
    api->no_write = inline_handler(api, serve_no_write);
    api->no_query = inline_handler(api, serve_no_query);
    api->no_method = inline_handler(api, serve_no_method);
    api->no_path = inline_handler(api, serve_no_path);
    api->queries = NULL;
    api->queries_count = 0;
    options_init(&api->options, &options);
}

enum status table_api_create(const struct table_conf *conf, struct table_api **ret,
                             struct error *err)
{
    struct table_api *api = mem_zalloc(sizeof(*api));
    enum status status;

    if (api == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the tables' API");
    }
    status = etag_key_init(&api->etag_key, err);
    if (status != STATUS_OK) {
        mem_free(api);
        return status;
    }
    api->conf = *conf;
    init_handlers(api);
    *ret = api;
    return STATUS_OK;
}

void table_api_describe(struct table_api *api, table_describe_fn describe, const void *user)
{
    api->describe = describe;
    api->describe_user = user;
}

void table_api_destroy(struct table_api *api)
{
    mem_free(api);
}

const struct handler *table_list_handler(const struct table_api *api)
{
    return &api->list;
}

const struct handler *table_rows_handler(const struct table_api *api)
{
    return &api->rows;
}

const struct handler *table_write_handler(const struct table_api *api)
{
    return api->conf.is_writable ? &api->write : &api->no_write;
}

const struct handler *table_list_options_handler(const struct table_api *api)
{
    return &api->options.root;
}

const struct handler *table_rows_options_handler(const struct table_api *api)
{
    return &api->options.table;
}

void table_set_queries(struct table_api *api, struct rpc *const *queries, size_t count)
{
    api->queries = queries;
    api->queries_count = count;
}

const struct handler *table_no_query_handler(const struct table_api *api)
{
    return &api->no_query;
}

const struct handler *table_no_method_handler(const struct table_api *api)
{
    return &api->no_method;
}

const struct handler *table_no_path_handler(const struct table_api *api)
{
    return &api->no_path;
}

const struct handler *table_query_options_handler(const struct table_api *api)
{
    return &api->options.query;
}
