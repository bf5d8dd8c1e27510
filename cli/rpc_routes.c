#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/openapi_routes.h"
#include "cli/routes.h"
#include "handlers/table/rpc.h"
#include "handlers/table/table.h"

#define PATH_SIZE 400 /* of a JSON path in a problem, and of a route's */

/* Where the faults of one query go. */
struct fault_place {
    struct problems *problems;
    size_t index;
};

static void add_fault(void *user, enum rpc_fault what, const char *param, const char *text)
{
    const struct fault_place *place = user;
    char path[PATH_SIZE];

    if (what == RPC_FAULT_PARAM) {
        (void)snprintf(path, sizeof(path), "$.rpc[%zu].params.%s", place->index,
                       param); /* names are bounded by config */
    } else {
        (void)snprintf(path, sizeof(path), "$.rpc[%zu].%s", place->index,
                       what == RPC_FAULT_SQL ? "sql" : "returns"); /* fits */
    }
    problems_add(place->problems, path, "%s", text);
}

_Static_assert((int)CONFIG_RETURNS_SCALAR == (int)RPC_SCALAR &&
                   (int)CONFIG_RETURNS_VALUES == (int)RPC_VALUES &&
                   (int)CONFIG_RETURNS_ROWS == (int)RPC_ROWS &&
                   (int)CONFIG_RETURNS_ROW == (int)RPC_ROW &&
                   (int)CONFIG_RETURNS_VOID == (int)RPC_VOID,
               "config and handlers/table must number what a query returns alike");

/* Return: OK; INVALID with the problems; NOMEM. */
static enum status create_query(struct service *s, const struct config_rpc *conf,
                                struct problems *problems)
{
    struct fault_place place = {problems, conf->index};
    struct param *params = mem_alloc((conf->params_count + 1) * sizeof(*params));
    const struct rpc_conf rpc = {
        .name = conf->name,
        .sql = conf->sql,
        .returns = (enum rpc_returns)conf->returns_kind, /* the two lists are the same */
        .type = (enum param_type)conf->returns_type,
        .table = conf->returns_table,
        .is_volatile = conf->volatility == CONFIG_VOLATILE,
        .params = params,
        .params_count = conf->params_count,
    };
    enum status status;

    if (params == NULL) {
        return STATUS_NOMEM;
    }
    for (size_t i = 0; i < conf->params_count; i++) {
        params[i] = routes_param_of(&conf->params[i], PARAM_IN_QUERY);
    }
    status =
        rpc_create(&rpc, s->tables, s->inspector, add_fault, &place, &s->queries[s->queries_count]);
    mem_free(params);
    s->queries_count += status == STATUS_OK ? 1 : 0;
    return status;
}

/* One that writes runs on the writer, and nowhere else. */
static const char *pool_of(const struct service *s, const struct config_rpc *conf,
                           const struct handler *handler)
{
    const struct rpc *rpc = s->queries[s->queries_count - 1]; /* the one that conf has become */

    if (rpc_writes(rpc) && handler == rpc_post_handler(rpc)) {
        return "write";
    }
    return conf->pool != NULL ? conf->pool : s->config->tables.pool;
}

static enum status add_route(struct service *s, const struct config_rpc *conf, enum method method,
                             const char *name, const struct handler *handler, struct error *err)
{
    char path[PATH_SIZE];
    struct route route = {
        .method = method,
        .pattern = path,
        .handler = handler,
        .deadline_ms = conf != NULL && conf->deadline_ms != 0 ? conf->deadline_ms
                                                              : s->config->limits.deadline_ms,
        .body_max = s->config->limits.body_bytes,
    };

    (void)snprintf(path, sizeof(path), "%s/rpc/%s", s->config->tables.prefix, name); /* bounded */
    if (handler->kind == HANDLER_BLOCKING) {
        (void)routes_find_pool(s, pool_of(s, conf, handler),
                               &route.executor); /* config has checked that it exists */
    }
    return router_add(s->router, &route, err);
}

/* All that a name below rpc/ answers. conf: NULL for a name that is no query's. */
static enum status add_name(struct service *s, const struct config_rpc *conf, const char *name,
                            const struct handler *get, const struct handler *post,
                            struct error *err)
{
    const struct {
        enum method method;
        const struct handler *handler;
    } rows[] = {
        {METHOD_GET, get},
        {METHOD_POST, post},
        {METHOD_OPTIONS, table_query_options_handler(s->tables)},
        {METHOD_PUT, table_no_method_handler(s->tables)},
        {METHOD_PATCH, table_no_method_handler(s->tables)},
        {METHOD_DELETE, table_no_method_handler(s->tables)},
    };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < ARRAY_LENGTH(rows) && status == STATUS_OK; i++) {
        status = add_route(s, conf, rows[i].method, name, rows[i].handler, err);
    }
    return status;
}

static enum status add_query(struct service *s, const struct config_rpc *conf,
                             struct problems *problems, struct error *err)
{
    enum status status = create_query(s, conf, problems);
    const struct rpc *rpc;
    char path[PATH_SIZE];

    if (status == STATUS_INVALID) {
        return STATUS_OK; /* said in problems */
    }
    if (status != STATUS_OK) {
        return error_set(err, status, "no memory for the named queries");
    }
    rpc = s->queries[s->queries_count - 1];
    if (rpc_writes(rpc) && conf->pool != NULL) {
        (void)snprintf(path, sizeof(path), "$.rpc[%zu].pool", conf->index); /* fits */
        problems_add(problems, path,
                     "the statement writes, and so runs on the pool \"write\": leave this out");
    }
    if (s->openapi_routes != NULL) {
        openapi_routes_note_query(s->openapi_routes, s->config, conf, rpc_writes(rpc));
    }
    return add_name(s, conf, conf->name, rpc_get_handler(rpc), rpc_post_handler(rpc), err);
}

/* Other names are told which there are. */
static enum status add_others(struct service *s, struct error *err)
{
    const struct handler *none = table_no_query_handler(s->tables);

    return add_name(s, NULL, "{name}", none, none, err);
}

enum status rpc_routes_add(struct service *s, struct problems *problems, struct error *err)
{
    const struct config *config = s->config;
    enum status status = STATUS_OK;

    if (s->tables == NULL) {
        if (config->rpc_count > 0) {
            problems_add(problems, "$.rpc",
                         s->db == NULL ? "named queries need a database: set database.path"
                                       : "named queries are part of the tables' API, which is "
                                         "switched off by tables.enabled");
        }
        return STATUS_OK;
    }
    s->queries = mem_zalloc((config->rpc_count + 1) * sizeof(*s->queries));
    if (s->queries == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the named queries");
    }
    for (size_t i = 0; i < config->rpc_count && status == STATUS_OK; i++) {
        status = add_query(s, &config->rpc[i], problems, err);
    }
    table_set_queries(s->tables, s->queries, s->queries_count);
    return status == STATUS_OK ? add_others(s, err) : status;
}
