#include "cli/openapi_routes.h"

#include <string.h>

#include "base/mem.h"
#include "cli/routes.h"

struct openapi_routes {
    struct openapi_route *list;
    struct openapi_query *queries;
    struct param *params; /* of all of them, one behind the other */
};

/* What sleep takes: it says so in its README only. */
static const struct param sleep_params[] = {
    {.name = "ms",
     .description = "Milliseconds to hold a thread.",
     .type = PARAM_INTEGER,
     .in = PARAM_IN_QUERY,
     .has_minimum = true,
     .has_maximum = true,
     .maximum_integer = 3600000,
     .max_length = UINT64_MAX},
};

static enum openapi_result result_of(enum config_result result)
{
    return result == CONFIG_ROW ? OPENAPI_ROW : result == CONFIG_NONE ? OPENAPI_NONE : OPENAPI_ROWS;
}

/* params has room for the route's parameters. */
static struct openapi_route route_of(const struct config_route *conf, struct param *params)
{
    struct openapi_route route = {.method = method_of(str_of(conf->method)),
                                  .path = conf->path,
                                  .description = conf->description,
                                  .result = result_of(conf->result),
                                  .params = params,
                                  .params_count = conf->params_count};

    if (strcmp(conf->handler, "sql") != 0) { /* sleep, the only handler there is */
        route.result = OPENAPI_ANYTHING;
        route.params = sleep_params;
        route.params_count = 1;
        return route;
    }
    for (size_t i = 0; i < conf->params_count; i++) {
        params[i] = routes_param_of(&conf->params[i], routes_place_of(conf, &conf->params[i]));
    }
    return route;
}

/* A type of a scalar as a column's would be declared. */
static const char *declared_type(enum config_type type)
{
    static const char *const types[] = {
        [CONFIG_INTEGER] = "INTEGER", [CONFIG_NUMBER] = "REAL", [CONFIG_STRING] = "TEXT",
        [CONFIG_BOOLEAN] = "BOOLEAN", [CONFIG_BLOB] = "BLOB",   [CONFIG_JSON] = "JSON"};

    return types[type];
}

static enum openapi_returns returns_of(enum config_returns returns)
{
    switch (returns) {
    case CONFIG_RETURNS_SCALAR:
        return OPENAPI_RETURNS_SCALAR;
    case CONFIG_RETURNS_VALUES:
        return OPENAPI_RETURNS_SCALARS;
    case CONFIG_RETURNS_ROWS:
        return OPENAPI_RETURNS_TABLE_ROWS;
    case CONFIG_RETURNS_ROW:
        return OPENAPI_RETURNS_TABLE_ROW;
    case CONFIG_RETURNS_VOID:
        break;
    }
    return OPENAPI_RETURNS_NOTHING;
}

/* params has room for the query's parameters. */
static struct openapi_query query_of(const struct config_rpc *conf, struct param *params)
{
    for (size_t i = 0; i < conf->params_count; i++) {
        params[i] = routes_param_of(&conf->params[i], PARAM_IN_QUERY);
    }
    return (struct openapi_query){
        .name = conf->name,
        .description = conf->description,
        .returns = returns_of(conf->returns_kind),
        .of = conf->returns_table != NULL ? conf->returns_table : declared_type(conf->returns_type),
        .is_volatile = conf->volatility == CONFIG_VOLATILE,
        .params = params,
        .params_count = conf->params_count};
}

static size_t count_params(const struct config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->routes_count; i++) {
        count += config->routes[i].params_count;
    }
    for (size_t i = 0; i < config->rpc_count; i++) {
        count += config->rpc[i].params_count;
    }
    return count;
}

enum status openapi_routes_create(const struct config *config, struct openapi_routes **ret)
{
    struct openapi_routes *routes = mem_zalloc(sizeof(*routes));
    struct param *params;

    if (routes == NULL) {
        return STATUS_NOMEM;
    }
    routes->list = mem_zalloc((config->routes_count + 1) * sizeof(*routes->list));
    routes->queries = mem_zalloc((config->rpc_count + 1) * sizeof(*routes->queries));
    routes->params = params = mem_zalloc((count_params(config) + 1) * sizeof(*routes->params));
    if (routes->list == NULL || routes->queries == NULL || params == NULL) {
        openapi_routes_destroy(routes);
        return STATUS_NOMEM;
    }
    for (size_t i = 0; i < config->routes_count; i++) {
        routes->list[i] = route_of(&config->routes[i], params);
        params += config->routes[i].params_count;
    }
    for (size_t i = 0; i < config->rpc_count; i++) {
        routes->queries[i] = query_of(&config->rpc[i], params);
        params += config->rpc[i].params_count;
    }
    *ret = routes;
    return STATUS_OK;
}

void openapi_routes_destroy(struct openapi_routes *routes)
{
    if (routes != NULL) {
        mem_free(routes->list);
        mem_free(routes->queries);
        mem_free(routes->params);
        mem_free(routes);
    }
}

const struct openapi_route *openapi_routes_list(const struct openapi_routes *routes)
{
    return routes->list;
}

const struct openapi_query *openapi_routes_queries(const struct openapi_routes *routes)
{
    return routes->queries;
}

void openapi_routes_note(struct openapi_routes *routes, const struct config *config,
                         const struct config_route *route, bool writes)
{
    struct openapi_route *known = &routes->list[route - config->routes];

    known->is_created = writes && known->method == METHOD_POST;
    known->is_write = writes;
}

void openapi_routes_note_query(struct openapi_routes *routes, const struct config *config,
                               const struct config_rpc *query, bool writes)
{
    routes->queries[query - config->rpc].is_write = writes;
}
