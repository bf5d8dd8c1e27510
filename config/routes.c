#include "config/routes.h"

#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "config/option.h"
#include "config/params.h"
#include "config/pattern.h"
#include "config/pools.h"
#include "config/steps.h"

static void read_params(struct config_reader *r, const struct config_place *at, json_t *value,
                        void *into)
{
    struct config_route *route = into;

    config_params_read(r, at, value, "routes[].params.*.", &route->params, &route->params_count);
}

static void read_steps(struct config_reader *r, const struct config_place *at, json_t *value,
                       void *into)
{
    config_steps_read(r, at, value, into);
}

static const struct config_special specials[] = {{"params", read_params}, {"steps", read_steps}};

static const struct config_shape shape = {.owner = CONFIG_OF_config_route,
                                          .prefix = "routes[].",
                                          .specials = specials,
                                          .specials_count = ARRAY_LENGTH(specials)};

static void fini(struct config_route *route)
{
    config_params_fini(route->params, route->params_count);
    config_steps_fini(route);
    config_release(CONFIG_OF_config_route, route);
    *route = (struct config_route){0};
}

void config_routes_fini(struct config *config)
{
    for (size_t i = 0; i < config->routes_count; i++) {
        fini(&config->routes[i]);
    }
    mem_free(config->routes);
}

static bool has(const json_t *object, const char *key)
{
    return json_object_get(object, key) != NULL;
}

/* A handler has its own parameters: what belongs to SQL would be silently ignored. */
static void check_handler(struct config_reader *r, const struct config_place *at,
                          const json_t *value, const struct config_route *route)
{
    static const char *const sql_only[] = {"params", "result", "stream"};
    const char *rest = route->path;
    struct str name;

    for (size_t i = 0; i < ARRAY_LENGTH(sql_only); i++) {
        if (has(value, sql_only[i])) {
            config_problem(r, CONFIG_AT_KEY(at, sql_only[i]),
                           "goes with \"sql\" or \"steps\", not with \"handler\"");
        }
    }
    if (rest != NULL && config_pattern_next(&rest, &name)) {
        config_problem(r, CONFIG_AT_KEY(at, "path"),
                       "has {%.*s}, but only SQL takes parameters from the path", (int)name.size,
                       name.at);
    }
}

/* What a route can be. */
static const char *const kinds[] = {"sql", "steps", "handler"};

/* The kind of the route that stands first in that list from *at on; *at is then behind it. */
static const char *next_kind(const json_t *value, size_t *at)
{
    while (*at < ARRAY_LENGTH(kinds)) {
        const char *kind = kinds[(*at)++];

        if (has(value, kind)) {
            return kind;
        }
    }
    return NULL;
}

/* Return: is it one thing? */
static bool check_kind(struct config_reader *r, const struct config_place *at, const json_t *value,
                       struct config_route *route)
{
    size_t next = 0;
    const char *kind = next_kind(value, &next);
    const char *other = next_kind(value, &next);

    if (kind == NULL) {
        config_problem(r, at, "has none of \"sql\", \"steps\" and \"handler\"; one is needed");
    } else if (other != NULL) {
        config_problem(r, at, "has both \"%s\" and \"%s\"; keep one", kind, other);
    } else if (strcmp(kind, "handler") == 0) {
        check_handler(r, at, value, route);
    } else {
        if (route->sql != NULL || route->steps_count > 0) {
            route->handler = config_copy(r, "sql");
        }
        config_params_check(r, at, route);
    }
    return kind != NULL && other == NULL;
}

static void check_stream(struct config_reader *r, const struct config_place *at,
                         const struct config_route *route)
{
    if (route->stream && route->result != CONFIG_ROWS) {
        config_problem(r, CONFIG_AT_KEY(at, "stream"),
                       "goes with \"result\": \"rows\": there is nothing to stream else");
    }
}

static void check_path(struct config_reader *r, const struct config_place *at,
                       const struct config *config, const struct config_route *route)
{
    const struct config_place *place = CONFIG_AT_KEY(at, "path");
    const char *owned = config_path_reserved(route->path);

    if (owned != NULL) {
        config_problem(r, place, "%s is the service's own", owned);
        return;
    }
    if ((config->tables.enabled || config->rpc_count > 0) &&
        config_path_is_below(route->path, config->tables.prefix)) {
        config_problem(r, place,
                       "%s belongs to the tables; choose another path or another "
                       "\"tables.prefix\"",
                       config->tables.prefix);
        return;
    }
    for (size_t i = 0; i < config->routes_count; i++) {
        const struct config_route *other = &config->routes[i];

        if (route->method != NULL && strcmp(other->path, route->path) == 0 &&
            strcmp(other->method, route->method) == 0) {
            config_problem(r, place, "%s %s is $.routes[%zu] already", route->method, route->path,
                           other->index);
            return;
        }
    }
}

/* A method that is there but not good is not GET either: nothing more is said about it. */
static void drop_bad_method(const json_t *value, struct config_route *route)
{
    const json_t *method = json_object_get(value, "method");

    if (method != NULL &&
        (!json_is_string(method) || strcmp(json_string_value(method), route->method) != 0)) {
        mem_free(route->method);
        route->method = NULL;
    }
}

/* Return: is it whole enough to be kept? */
static bool read_route(struct config_reader *r, const struct config_place *at, json_t *value,
                       const struct config *config, struct config_route *route)
{
    bool is_one_thing;

    if (!config_object_read(r, at, value, &shape, route)) {
        return false;
    }
    drop_bad_method(value, route);
    if (!has(value, "path")) {
        config_problem(r, at, "\"path\" is missing");
    }
    is_one_thing = check_kind(r, at, value, route);
    check_stream(r, at, route);
    if (route->path != NULL) {
        check_path(r, at, config, route);
    }
    if (route->pool != NULL &&
        !config_pools_check(r, CONFIG_AT_KEY(at, "pool"), config, route->pool)) {
        mem_free(route->pool);
        route->pool = NULL;
    }
    return route->method != NULL && route->path != NULL && route->handler != NULL && is_one_thing;
}

void config_routes_read(struct config_reader *r, const struct config_place *at,
                        struct json_t *value, struct config *config)
{
    size_t n = json_array_size(value);

    if (!json_is_array(value)) {
        config_problem_type(r, at, "an array", value);
        return;
    }
    config->routes = mem_zalloc((n + 1) * sizeof(*config->routes));
    if (config->routes == NULL) {
        r->status = STATUS_NOMEM;
        return;
    }
    for (size_t i = 0; i < n && r->status == STATUS_OK; i++) {
        struct config_route *route = &config->routes[config->routes_count];

        route->index = i;
        if (config_defaults(CONFIG_OF_config_route, route) != STATUS_OK) {
            r->status = STATUS_NOMEM;
            fini(route);
        } else if (read_route(r, CONFIG_AT_INDEX(at, i), json_array_get(value, i), config, route)) {
            config->routes_count++;
        } else {
            fini(route);
        }
    }
}
