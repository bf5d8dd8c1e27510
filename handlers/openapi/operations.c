#include "handlers/openapi/operations.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "handlers/openapi/name.h"
#include "handlers/openapi/path.h"
#include "handlers/openapi/relation.h"
#include "handlers/openapi/route.h"

#define PATHS_MAX ((size_t)64 * 1024 * 1024) /* bytes of all paths */

/* One of route, query and table is there; with a query table may be, too. */
struct operation {
    const char *shape; /* the path as OpenAPI writes it, without the names of its parameters */
    enum method method;
    size_t place; /* in the order of adding: what comes first is what answers */
    const struct openapi_route *route;
    const struct openapi_query *query;
    const struct schema_table *table;
};

struct operations {
    const struct openapi_conf *conf;
    struct arena arena;
    struct buf path; /* to make one in */
    struct operation *list;
    size_t count;
};

/* --- gathering ---------------------------------------------------------------------------- */

static bool is_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_nocase(str_of(name), str_of(names[i]))) {
            return true;
        }
    }
    return false;
}

bool operations_have(const struct openapi_conf *conf, const struct schema_table *table)
{
    if (!conf->has_tables || !name_is_usable(str_of(table->name))) {
        return false;
    }
    if (conf->include != NULL && !is_in(table->name, conf->include, conf->include_count)) {
        return false;
    }
    return !is_in(table->name, conf->exclude, conf->exclude_count);
}

/* Add one whose path stands in ops->path. Return: false without memory. */
static bool add(struct operations *ops, struct operation operation)
{
    operation.shape =
        buf_status(&ops->path) == STATUS_OK ? arena_copy(&ops->arena, buf_str(&ops->path)) : NULL;
    operation.place = ops->count;
    if (operation.shape == NULL) {
        return false;
    }
    ops->list[ops->count++] = operation;
    return true;
}

static bool add_route(struct operations *ops, const struct openapi_route *route)
{
    buf_clear(&ops->path);
    path_put(&ops->path, route->path, true);
    return add(ops, (struct operation){.method = route->method, .route = route});
}

static const enum method methods[] = {METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH,
                                      METHOD_DELETE};

#define METHODS_MAX (sizeof(methods) / sizeof(methods[0]))

static void put_prefix(struct operations *ops)
{
    buf_clear(&ops->path);
    path_put(&ops->path, ops->conf->prefix, true);
}

static bool add_table(struct operations *ops, const struct schema_table *table)
{
    bool is_ok = true;

    put_prefix(ops);
    buf_append_char(&ops->path, '/');
    name_put_segment(&ops->path, str_of(table->name));
    for (size_t i = 0; i < METHODS_MAX && is_ok; i++) {
        if (relation_answers(ops->conf, table, methods[i])) {
            is_ok = add(ops, (struct operation){.method = methods[i], .table = table});
        }
    }
    return is_ok;
}

static bool add_query(struct operations *ops, const struct openapi_query *query,
                      const struct schema *schema)
{
    bool is_of_table =
        query->returns == OPENAPI_RETURNS_TABLE_ROW || query->returns == OPENAPI_RETURNS_TABLE_ROWS;
    struct operation operation = {.method = METHOD_POST, .query = query};

    if (schema != NULL && is_of_table) {
        operation.table = schema_find(schema, str_of(query->of));
    }
    if (operation.table != NULL && !operations_have(ops->conf, operation.table)) {
        operation.table = NULL; /* it has no components */
    }
    put_prefix(ops);
    buf_append_literal(&ops->path, "/rpc/");
    name_put_segment(&ops->path, str_of(query->name));
    if (!add(ops, operation)) {
        return false;
    }
    operation.method = METHOD_GET;
    return query->is_volatile || add(ops, operation);
}

static bool add_all(struct operations *ops, const struct schema *schema)
{
    const struct openapi_conf *conf = ops->conf;
    bool is_ok = true;

    for (size_t i = 0; i < conf->routes_count && is_ok; i++) {
        is_ok = add_route(ops, &conf->routes[i]);
    }
    for (size_t i = 0; i < conf->queries_count && is_ok; i++) {
        is_ok = add_query(ops, &conf->queries[i], schema);
    }
    for (size_t i = 0; schema != NULL && i < schema->tables_count && is_ok; i++) {
        if (operations_have(conf, &schema->tables[i])) {
            is_ok = add_table(ops, &schema->tables[i]);
        }
    }
    return is_ok;
}

/* --- writing ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const struct operation *x = a;
    const struct operation *y = b;
    int order = strcmp(x->shape, y->shape);

    if (order == 0 && x->method != y->method) {
        order = x->method < y->method ? -1 : 1;
    }
    if (order == 0 && x->place != y->place) {
        order = x->place < y->place ? -1 : 1;
    }
    return order;
}

/* path: how its item is written, if that is a route's. */
static void put_one(struct outline *o, const struct operations *ops,
                    const struct operation *operation, const char *path)
{
    if (operation->route != NULL) {
        route_put_operation(o, operation->route, path);
    } else if (operation->query != NULL) {
        route_put_query(o, operation->query, operation->method, operation->table);
    } else {
        relation_put_operation(o, ops->conf, operation->table, operation->method);
    }
}

/* The item that begins with list[from]. Return: where the next one begins. */
static size_t put_item(struct outline *o, const struct operations *ops, size_t from)
{
    const struct operation *first = &ops->list[from];
    const char *path = first->route == NULL ? first->shape : first->route->path;
    size_t i = from;

    if (first->route == NULL) {
        outline_open(o, str_of(first->shape)); /* it has no parameters */
    } else {
        path_put(outline_piece(o), path, false);
        outline_open(o, outline_pieced(o));
    }
    for (; i < ops->count && strcmp(ops->list[i].shape, first->shape) == 0; i++) {
        if (i == from || ops->list[i].method != ops->list[i - 1].method) {
            put_one(o, ops, &ops->list[i], path);
        }
    }
    outline_close(o);
    return i;
}

/* --- all of it ---------------------------------------------------------------------------- */

enum status operations_put(struct outline *o, const struct openapi_conf *conf,
                           const struct schema *schema)
{
    struct operations ops = {.conf = conf};
    size_t most = conf->routes_count + 2 * conf->queries_count +
                  (schema == NULL ? 0 : METHODS_MAX * schema->tables_count);
    bool is_ok;

    ops.list = mem_alloc((most + 1) * sizeof(*ops.list));
    if (ops.list == NULL) {
        return STATUS_NOMEM;
    }
    arena_init(&ops.arena, NULL, 0, PATHS_MAX);
    buf_init(&ops.path, PATHS_MAX);
    is_ok = add_all(&ops, schema);
    if (is_ok) {
        qsort(ops.list, ops.count, sizeof(*ops.list), compare);
        for (size_t i = 0; i < ops.count;) {
            i = put_item(o, &ops, i);
        }
    }
    buf_fini(&ops.path);
    arena_fini(&ops.arena);
    mem_free(ops.list);
    return is_ok ? STATUS_OK : STATUS_NOMEM;
}
