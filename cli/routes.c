#include "cli/routes.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/openapi_routes.h"
#include "handlers/admin/admin.h"
#include "handlers/admin/backup.h"
#include "handlers/docs/docs.h"
#include "handlers/openapi/openapi.h"
#include "handlers/sleep/sleep.h"
#include "handlers/table/table.h"
#include "server/listener.h"

#define PATH_SIZE 300 /* of a JSON path in a problem */

#define ADMIN_QUERIES "/admin/queries"
#define ADMIN_QUERY   ADMIN_QUERIES "/{id}"
#define ADMIN_BACKUP  "/admin/backup"

/* --- pools by name ------------------------------------------------------------------------ */

/* Return: is there a pool of that name? *ret is NULL when dry. */
bool routes_find_pool(const struct service *s, const char *name, struct executor **ret)
{
    for (size_t i = 0; i < s->executors_count; i++) {
        if (strcmp(s->executor_names[i], name) == 0) {
            *ret = s->executors[i];
            return true;
        }
    }
    return false;
}

/* --- system and tables -------------------------------------------------------------------- */

static enum status add_on(struct service *s, const char *pool, struct router *router,
                          enum method method, const char *path, const struct handler *handler,
                          struct error *err)
{
    struct route route = {.method = method,
                          .pattern = path,
                          .handler = handler,
                          .deadline_ms = s->config->limits.deadline_ms,
                          .body_max = s->config->limits.body_bytes};

    if (handler->kind == HANDLER_BLOCKING) {
        (void)routes_find_pool(s, pool, &route.executor); /* config has checked that it exists */
    }
    return router_add(router, &route, err);
}

static enum status add_own(struct service *s, struct router *router, enum method method,
                           const char *path, const struct handler *handler, struct error *err)
{
    return add_on(s, "read", router, method, path, handler, err); /* always there */
}

/*
 * The system's own routes. Those for clients are on the main listener, those for anybody on both.
 * Those for operators are on the
 * admin listener; without one they are on the main one (and what an operator may do, not only see,
 * is there only if it is on the loopback).
 */
enum audience { FOR_CLIENTS, FOR_ANYBODY, FOR_OPERATORS, FOR_OPERATORS_NEARBY };

static bool is_on_main(const struct service *s, enum audience audience)
{
    switch (audience) {
    case FOR_CLIENTS:
    case FOR_ANYBODY:
        return true;
    case FOR_OPERATORS:
        return s->admin_router == NULL;
    case FOR_OPERATORS_NEARBY:
        break;
    }
    return s->admin_router == NULL && listener_is_loopback(s->config->listen);
}

static enum status add_system(struct service *s, struct error *err)
{
    const struct {
        enum method method;
        const char *path;
        const struct handler *handler;
        enum audience audience;
    } rows[] = {
        {METHOD_GET, "/openapi.json", s->openapi == NULL ? NULL : openapi_handler(s->openapi),
         FOR_CLIENTS},
        {METHOD_GET, "/docs", s->has_docs ? docs_page_handler() : NULL, FOR_CLIENTS},
        {METHOD_GET, "/docs/", s->has_docs ? docs_slash_handler() : NULL, FOR_CLIENTS},
        {METHOD_GET, "/docs/{file}", s->has_docs ? docs_file_handler() : NULL, FOR_CLIENTS},
        {METHOD_GET, "/health", health_live_handler(s->health), FOR_ANYBODY},
        {METHOD_GET, "/livez", health_live_handler(s->health), FOR_ANYBODY},
        {METHOD_GET, "/readyz", health_ready_handler(s->health), FOR_ANYBODY},
        {METHOD_GET, "/startupz", health_startup_handler(s->health), FOR_ANYBODY},
        {METHOD_GET, ADMIN_QUERIES, admin_list_handler(s->admin), FOR_OPERATORS_NEARBY},
        {METHOD_DELETE, ADMIN_QUERY, admin_cancel_handler(s->admin), FOR_OPERATORS_NEARBY},
        {METHOD_GET, "/metrics", s->metrics == NULL ? NULL : metrics_handler(s->metrics),
         FOR_OPERATORS},
    };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < ARRAY_LENGTH(rows) && status == STATUS_OK; i++) {
        if (rows[i].handler == NULL) {
            continue; /* switched off */
        }
        if (is_on_main(s, rows[i].audience)) {
            status = add_own(s, s->router, rows[i].method, rows[i].path, rows[i].handler, err);
        }
        if (status == STATUS_OK && s->admin_router != NULL && rows[i].audience != FOR_CLIENTS) {
            status =
                add_own(s, s->admin_router, rows[i].method, rows[i].path, rows[i].handler, err);
        }
    }
    return status;
}

/* A copy takes longer than any other answer. */
static enum status add_backup(struct service *s, struct error *err)
{
    struct route route = {.method = METHOD_POST,
                          .pattern = ADMIN_BACKUP,
                          .handler = admin_backup_handler(s->backup),
                          .deadline_ms = s->config->backup.deadline_ms,
                          .body_max = s->config->limits.body_bytes};
    enum status status = STATUS_OK;

    if (route.handler->kind == HANDLER_BLOCKING) {
        (void)routes_find_pool(s, BACKUP_POOL, &route.executor); /* there if a directory is */
    }
    if (is_on_main(s, FOR_OPERATORS_NEARBY)) {
        status = router_add(s->router, &route, err);
    } else if (s->admin_router != NULL) {
        status = router_add(s->admin_router, &route, err);
    }
    return status;
}

/* Whoever asks in the wrong place, whatever he asks, is told which is the right one. */
static enum status add_elsewhere(struct service *s, struct error *err)
{
    static const char *const paths[] = {ADMIN_QUERIES, ADMIN_QUERY, ADMIN_BACKUP};
    static const enum method methods[] = {METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH,
                                          METHOD_DELETE};
    size_t n = is_on_main(s, FOR_OPERATORS_NEARBY) ? 0 : ARRAY_LENGTH(methods);
    enum status status = STATUS_OK;

    for (size_t i = 0; i < ARRAY_LENGTH(paths) * n && status == STATUS_OK; i++) {
        status =
            add_own(s, s->router, methods[i % n], paths[i / n], admin_elsewhere_handler(), err);
    }
    return status;
}

static enum status add_tables(struct service *s, struct error *err)
{
    enum status status = STATUS_OK;

    if (s->tables == NULL) {
        return STATUS_OK;
    }
    const struct {
        enum method method;
        const char *path; /* behind the prefix */
        const struct handler *handler;
    } rows[] = {
        {METHOD_GET, "", table_list_handler(s->tables)},
        {METHOD_GET, "/", table_list_handler(s->tables)},
        {METHOD_GET, "/{table}", table_rows_handler(s->tables)},
        {METHOD_POST, "/{table}", table_write_handler(s->tables)},
        {METHOD_PUT, "/{table}", table_write_handler(s->tables)},
        {METHOD_PATCH, "/{table}", table_write_handler(s->tables)},
        {METHOD_DELETE, "/{table}", table_write_handler(s->tables)},
        {METHOD_GET, "/{table}/{more}", table_no_path_handler(s->tables)},
        {METHOD_POST, "/{table}/{more}", table_no_path_handler(s->tables)},
        {METHOD_PUT, "/{table}/{more}", table_no_path_handler(s->tables)},
        {METHOD_PATCH, "/{table}/{more}", table_no_path_handler(s->tables)},
        {METHOD_DELETE, "/{table}/{more}", table_no_path_handler(s->tables)},
        {METHOD_OPTIONS, "", table_list_options_handler(s->tables)},
        {METHOD_OPTIONS, "/", table_list_options_handler(s->tables)},
        {METHOD_OPTIONS, "/{table}", table_rows_options_handler(s->tables)},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows) && status == STATUS_OK; i++) {
        char path[PATH_SIZE];

        (void)snprintf(path, sizeof(path), "%s%s", s->config->tables.prefix,
                       rows[i].path); /* the prefix is bounded by config */
        status = add_on(
            s, rows[i].handler == table_write_handler(s->tables) ? "write" : s->config->tables.pool,
            s->router, rows[i].method, path, rows[i].handler, err);
    }
    return status;
}

/* --- one SQL route ------------------------------------------------------------------------ */

enum param_in routes_place_of(const struct config_route *route, const struct config_param *param)
{
    char segment[PATH_SIZE];
    bool is_in_path;

    switch (param->in) {
    case CONFIG_IN_PATH:
        return PARAM_IN_PATH;
    case CONFIG_IN_QUERY:
        return PARAM_IN_QUERY;
    case CONFIG_IN_BODY:
        return PARAM_IN_BODY;
    case CONFIG_IN_DEFAULT:
        break;
    }
    is_in_path =
        (size_t)snprintf(segment, sizeof(segment), "{%s}", param->name) < sizeof(segment) &&
        strstr(route->path, segment) != NULL;
    if (is_in_path) {
        return PARAM_IN_PATH;
    }
    return route->method[0] == 'P' ? PARAM_IN_BODY : PARAM_IN_QUERY; /* POST, PUT, PATCH */
}

/* The default as it is bound. */
static struct value fallback_of(const struct config_param *param)
{
    struct str bytes = {param->default_text, param->default_size};

    if (param->has_default != CONFIG_DEFAULT_VALUE) {
        return (struct value){.type = VALUE_NULL};
    }
    switch (param->type) {
    case CONFIG_INTEGER:
    case CONFIG_BOOLEAN:
        return (struct value){.type = VALUE_INTEGER, .integer = param->default_integer};
    case CONFIG_NUMBER:
        return (struct value){.type = VALUE_REAL, .real = param->default_number};
    case CONFIG_STRING:
    case CONFIG_JSON:
        return (struct value){.type = VALUE_TEXT, .bytes = bytes};
    case CONFIG_BLOB:
        break;
    }
    return (struct value){.type = VALUE_BLOB, .bytes = bytes};
}

struct param routes_param_of(const struct config_param *p, enum param_in in)
{
    return (struct param){
        .name = p->name,
        .description = p->description,
        .type = (enum param_type)p->type, /* the two lists are the same; see the assertion below */
        .in = in,
        .has_default = (enum param_default)p->has_default,
        .fallback = fallback_of(p),
        .has_minimum = p->has_minimum,
        .has_maximum = p->has_maximum,
        .minimum_integer = p->minimum_integer,
        .maximum_integer = p->maximum_integer,
        .minimum_number = p->minimum_number,
        .maximum_number = p->maximum_number,
        .min_length = p->min_length,
        .max_length = p->max_length,
    };
}

_Static_assert((int)CONFIG_JSON == (int)PARAM_JSON && (int)CONFIG_BLOB == (int)PARAM_BLOB &&
                   (int)CONFIG_STRING == (int)PARAM_STRING &&
                   (int)CONFIG_NUMBER == (int)PARAM_NUMBER &&
                   (int)CONFIG_BOOLEAN == (int)PARAM_BOOLEAN &&
                   (int)CONFIG_DEFAULT_VALUE == (int)PARAM_DEFAULT_VALUE &&
                   (int)CONFIG_DEFAULT_NULL == (int)PARAM_DEFAULT_NULL,
               "config and handlers/param.h must number their types alike");

static enum query_shape shape_of(enum config_result result)
{
    return result == CONFIG_ROW ? QUERY_ROW : result == CONFIG_NONE ? QUERY_NONE : QUERY_ROWS;
}

/* Where the faults of one route go. */
struct fault_place {
    struct problems *problems;
    const struct config_route *route;
};

static void add_fault(void *user, size_t step, const char *param, const char *text)
{
    const struct fault_place *place = user;
    char path[PATH_SIZE];

    if (param != NULL) {
        (void)snprintf(path, sizeof(path), "$.routes[%zu].params.%s", place->route->index,
                       param); /* names are bounded by config */
    } else if (place->route->sql != NULL) {
        (void)snprintf(path, sizeof(path), "$.routes[%zu].sql", place->route->index); /* fits */
    } else {
        (void)snprintf(path, sizeof(path), "$.routes[%zu].steps[%zu].sql", place->route->index,
                       step); /* fits */
    }
    problems_add(place->problems, path, "%s", text);
}

static enum sql_no_rows no_rows_of(enum config_no_rows no_rows)
{
    switch (no_rows) {
    case CONFIG_NO_ROWS_NOT_FOUND:
        return SQL_NO_ROWS_NOT_FOUND;
    case CONFIG_NO_ROWS_CONFLICT:
        return SQL_NO_ROWS_CONFLICT;
    case CONFIG_NO_ROWS_CONTINUE:
        return SQL_NO_ROWS_CONTINUE;
    case CONFIG_NO_ROWS_DEFAULT:
        break;
    }
    return SQL_NO_ROWS_BY_USE;
}

_Static_assert(CONFIG_STEPS_MAX == SQL_STEPS_MAX, "config bounds what handlers/sql is given");

/* "sql" is the only step. steps has room for SQL_STEPS_MAX. Return: how many. */
static size_t steps_of(const struct config_route *route, struct sql_step *steps)
{
    if (route->sql != NULL) {
        steps[0] = (struct sql_step){.sql = route->sql};
        return 1;
    }
    for (size_t i = 0; i < route->steps_count; i++) {
        steps[i] = (struct sql_step){.sql = route->steps[i].sql,
                                     .no_rows = no_rows_of(route->steps[i].no_rows)};
    }
    return route->steps_count;
}

/* Return: OK; INVALID with the problems; NOMEM. */
static enum status create_sql(struct service *s, const struct config_route *route,
                              struct problems *problems, const struct handler **ret,
                              bool *ret_writes)
{
    struct fault_place place = {problems, route};
    struct sql_step steps[SQL_STEPS_MAX];
    struct param *params;
    struct sql_conf conf = {.db = s->db,
                            .method = method_of(str_of(route->method)),
                            .steps = steps,
                            .steps_count = steps_of(route, steps),
                            .shape = shape_of(route->result),
                            .stream = route->stream,
                            .stream_size = s->config->limits.stream_bytes,
                            .params_count = route->params_count};
    struct sql_route **made = &s->sql_routes[s->sql_routes_count];
    enum status status;

    if (s->db == NULL) {
        add_fault(&place, 0, NULL, "a SQL route needs a database: set database.path");
        return STATUS_INVALID;
    }
    conf.keys = s->keys;
    conf.params = params = mem_alloc((route->params_count + 1) * sizeof(*params));
    if (params == NULL) {
        return STATUS_NOMEM;
    }
    for (size_t i = 0; i < route->params_count; i++) {
        params[i] = routes_param_of(&route->params[i], routes_place_of(route, &route->params[i]));
    }
    status = sql_route_create(&conf, s->inspector, add_fault, &place, made, ret_writes);
    mem_free(params);
    if (status == STATUS_OK) {
        s->sql_routes_count++;
        *ret = sql_route_handler(*made);
    }
    return status;
}

/* --- any configured route ----------------------------------------------------------------- */

/* Where it runs. Return: false with a problem. */
static bool choose_pool(const struct service *s, const struct config_route *conf, bool writes,
                        struct problems *problems, struct executor **ret)
{
    const char *name = conf->pool != NULL ? conf->pool : writes ? "write" : "read";
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "$.routes[%zu].%s", conf->index,
                   !writes || s->config->database.write ? "pool"
                   : conf->sql != NULL                  ? "sql"
                                                        : "steps"); /* fits */
    if (writes && !s->config->database.write) {
        problems_add(problems, path,
                     "the statement writes, but the database is served read-only; set "
                     "database.write, or start with --write");
        return false;
    }
    if (writes != (strcmp(name, "write") == 0)) {
        problems_add(problems, path,
                     writes ? "a statement that writes runs on the pool \"write\" and on no other"
                            : "the pool \"write\" is for statements that write");
        return false;
    }
    return routes_find_pool(s, name, ret); /* config has checked that it exists */
}

/* The shape of the configuration was checked before: is this place already in the list? */
static bool is_said(const struct problems *problems, const char *path)
{
    for (size_t i = 0; i < problems->count; i++) {
        if (strcmp(problems->list[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static enum status add_configured(struct service *s, const struct config_route *conf,
                                  struct problems *problems, struct error *err)
{
    struct route route = {
        .method = method_of(str_of(conf->method)),
        .pattern = conf->path,
        .deadline_ms = conf->deadline_ms != 0 ? conf->deadline_ms : s->config->limits.deadline_ms,
        .body_max = conf->body_bytes != 0 ? conf->body_bytes : s->config->limits.body_bytes,
    };
    bool writes = false;
    char path[PATH_SIZE];
    enum status status = STATUS_OK;

    if (strcmp(conf->handler, "sql") == 0) {
        status = create_sql(s, conf, problems, &route.handler, &writes);
    } else {
        route.handler = sleep_handler(); /* the only other there is: config has checked the name */
    }
    if (status == STATUS_NOMEM) {
        return error_set(err, status, "no memory for the routes");
    }
    if (status != STATUS_OK || !choose_pool(s, conf, writes, problems, &route.executor)) {
        return STATUS_OK; /* said in problems */
    }
    if (s->openapi_routes != NULL) {
        openapi_routes_note(s->openapi_routes, s->config, conf, writes);
    }
    status = router_add(s->router, &route, err);
    if (status == STATUS_CONFLICT || status == STATUS_INVALID) {
        (void)snprintf(path, sizeof(path), "$.routes[%zu].path", conf->index); /* fits */
        if (!is_said(problems, path)) {
            problems_add(problems, path, "%s", err->text);
        }
        return STATUS_OK;
    }
    return status;
}

enum status routes_add(struct service *s, struct problems *problems, struct error *err)
{
    enum status status = add_system(s, err);

    s->sql_routes = mem_zalloc((s->config->routes_count + 1) * sizeof(struct sql_route *));
    if (s->sql_routes == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the routes");
    }
    if (status == STATUS_OK) {
        status = add_backup(s, err);
    }
    if (status == STATUS_OK) {
        status = add_elsewhere(s, err);
    }
    if (status == STATUS_OK) {
        status = add_tables(s, err);
    }
    if (status == STATUS_OK) {
        status = rpc_routes_add(s, problems, err);
    }
    for (size_t i = 0; i < s->config->routes_count && status == STATUS_OK; i++) {
        status = add_configured(s, &s->config->routes[i], problems, err);
    }
    return status;
}
