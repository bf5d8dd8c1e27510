#include "handlers/openapi/route.h"

#include "base/attributes.h"
#include "handlers/openapi/column.h"
#include "handlers/openapi/name.h"
#include "handlers/openapi/parameter.h"
#include "handlers/openapi/path.h"
#include "handlers/openapi/relation.h"

#define SUMMARY_MAX 100 /* bytes of a description that can stand alone */

/* "get": the member of a path's item. */
static struct str member_of(enum method method)
{
    switch (method) {
    case METHOD_POST:
        return STR("post");
    case METHOD_PUT:
        return STR("put");
    case METHOD_PATCH:
        return STR("patch");
    case METHOD_DELETE:
        return STR("delete");
    default:
        return STR("get");
    }
}

/* A short description is the summary; else that is made of two words. */
static void put_words(struct outline *o, const char *description, struct str first,
                      struct str second)
{
    struct str text = description == NULL ? STR("") : str_of(description);
    bool is_summary =
        text.size > 0 && text.size <= SUMMARY_MAX && memchr(text.at, '\n', text.size) == NULL;
    struct buf *b;

    if (is_summary) {
        outline_text(o, STR("summary"), text);
        return;
    }
    b = outline_piece(o);
    buf_append_str(b, first);
    buf_append_char(b, ' ');
    buf_append_str(b, second);
    outline_text(o, STR("summary"), outline_pieced(o));
    if (text.size > 0) {
        outline_text(o, STR("description"), text);
    }
}

static bool has_body(const struct param *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (params[i].in == PARAM_IN_BODY) {
            return true;
        }
    }
    return false;
}

static void put_replayed(struct outline *o)
{
    relation_put_ours(o, STR("Idempotent-Replayed"), "headers", "idempotentReplayed");
}

/* A success, for its content. is_write: of what writes. */
static void open_success(struct outline *o, struct str code, struct str description, bool is_write)
{
    outline_open(o, code);
    outline_text(o, STR("description"), description);
    if (is_write) {
        outline_open(o, STR("headers"));
        put_replayed(o);
        outline_close(o);
    }
}

static void put_done(struct outline *o, bool is_write)
{
    open_success(o, STR("204"), STR("Done."), is_write);
    outline_close(o);
}

static void open_json(struct outline *o, struct str code, struct str description, bool is_write)
{
    open_success(o, code, description, is_write);
    outline_open(o, STR("content"));
    outline_open(o, STR("application/json"));
}

static void close_json(struct outline *o)
{
    outline_close(o);
    outline_close(o);
    outline_close(o);
}

static void put_failures(struct outline *o, bool is_write)
{
    if (is_write) {
        relation_put_ours(o, STR("409"), "responses", "conflict");
        relation_put_ours(o, STR("422"), "responses", "keyReused");
    }
    relation_put_ours(o, STR("4XX"), "responses", "refused");
    relation_put_ours(o, STR("5XX"), "responses", is_write ? "failedWrite" : "failed");
}

/* --- configured routes -------------------------------------------------------------------- */

static void put_success(struct outline *o, const struct openapi_route *route)
{
    struct str code = route->is_created ? STR("201") : STR("200");

    switch (route->result) {
    case OPENAPI_ROWS:
        open_json(o, code, STR("The rows."), route->is_write);
        outline_json(o, STR("schema"), STR("{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"));
        close_json(o);
        break;
    case OPENAPI_ROW:
        open_json(o, code, STR("The row."), route->is_write);
        outline_json(o, STR("schema"), STR("{\"type\":\"object\"}"));
        close_json(o);
        break;
    case OPENAPI_NONE:
        put_done(o, route->is_write);
        break;
    case OPENAPI_ANYTHING:
        open_json(o, code, STR("Done."), route->is_write);
        outline_json(o, STR("schema"), STR("{}"));
        close_json(o);
        break;
    }
}

static void put_parameters(struct outline *o, const struct openapi_route *route,
                           const char *written)
{
    outline_open_array(o, STR("parameters"));
    for (size_t i = 0; i < route->params_count; i++) {
        const struct param *param = &route->params[i];
        struct str name = str_of(param->name);
        if (param->in == PARAM_IN_PATH) {
            parameter_put(o, param, path_param(route->path, written, name), param->in);
        } else if (param->in == PARAM_IN_QUERY) {
            parameter_put(o, param, name, param->in);
        }
    }
    if (route->is_write) {
        relation_put_ours(o, ITEM, "parameters", "idempotencyKey");
    }
    relation_put_ours(o, ITEM, "parameters", "prefer");
    outline_close_array(o);
}

void route_put_operation(struct outline *o, const struct openapi_route *route, const char *written)
{
    struct buf *b;

    outline_open(o, member_of(route->method));
    outline_json(o, STR("tags"), STR("[\"Routes\"]"));
    b = outline_piece(o);
    buf_append_str(b, member_of(route->method));
    path_put_id(b, route->path);
    outline_text(o, STR("operationId"), outline_pieced(o));
    put_words(o, route->description, str_of(method_name(route->method)), str_of(route->path));
    put_parameters(o, route, written);
    if (has_body(route->params, route->params_count)) {
        parameter_put_body(o, route->params, route->params_count, false);
    }
    outline_open(o, STR("responses"));
    put_success(o, route);
    put_failures(o, route->is_write);
    outline_close(o);
    outline_close(o);
}

/* --- named queries ------------------------------------------------------------------------ */

static void put_headers_of_query(struct outline *o, const struct openapi_query *query)
{
    outline_open(o, STR("headers"));
    relation_put_ours(o, STR("Content-Range"), "headers", "contentRange");
    relation_put_ours(o, STR("Preference-Applied"), "headers", "preferenceApplied");
    if (query->is_write) {
        put_replayed(o);
    }
    outline_close(o);
}

static bool is_of_rows(const struct openapi_query *query)
{
    return query->returns == OPENAPI_RETURNS_TABLE_ROW ||
           query->returns == OPENAPI_RETURNS_TABLE_ROWS;
}

static bool is_list(const struct openapi_query *query)
{
    return query->returns == OPENAPI_RETURNS_TABLE_ROWS ||
           query->returns == OPENAPI_RETURNS_SCALARS;
}

/* What it gives, if that is not rows of a table that is there. */
static void put_values(struct outline *o, const struct openapi_query *query)
{
    struct str name = is_list(query) ? STR("items") : STR("schema");

    outline_open(o, STR("content"));
    outline_open(o, STR("application/json"));
    if (is_list(query)) {
        outline_open(o, STR("schema"));
        outline_text(o, STR("type"), STR("array"));
    }
    if (is_of_rows(query)) { /* of a table that is not there any more */
        outline_json(o, name, STR("{\"type\":\"object\"}"));
    } else {
        column_put_type(o, name, query->of);
    }
    if (is_list(query)) {
        outline_close(o);
    }
    outline_close(o);
    outline_close(o);
}

static void put_returned(struct outline *o, const struct openapi_query *query,
                         const struct schema_table *table, struct str code)
{
    outline_open(o, code);
    outline_text(o, STR("description"), STR("What it gives."));
    put_headers_of_query(o, query);
    if (is_of_rows(query) && table != NULL) {
        relation_put_content(o, table, !is_list(query));
    } else {
        put_values(o, query);
    }
    outline_close(o);
}

static void put_query_success(struct outline *o, const struct openapi_query *query,
                              const struct schema_table *table)
{
    if (query->returns == OPENAPI_RETURNS_NOTHING) {
        put_done(o, query->is_write);
        return;
    }
    put_returned(o, query, table, STR("200"));
    if (is_list(query)) {
        put_returned(o, query, table, STR("206"));
    }
}

static bool is_param(const struct openapi_query *query, struct str name)
{
    for (size_t i = 0; i < query->params_count; i++) {
        if (str_equal(name, str_of(query->params[i].name))) {
            return true;
        }
    }
    return false;
}

/* What works on the rows of a table, but for what an argument of that name hides. */
static void put_table_parameters(struct outline *o, const struct openapi_query *query,
                                 bool has_arguments, const struct schema_table *table)
{
    static const char *const ours[] = {"select", "order", "limit", "offset", "and", "or"};

    for (size_t i = 0; i < ARRAY_LENGTH(ours); i++) {
        if (!has_arguments || !is_param(query, str_of(ours[i]))) {
            relation_put_ours(o, ITEM, "parameters", ours[i]);
        }
    }
    for (size_t i = 0; i < table->columns_count; i++) {
        if (!has_arguments || !is_param(query, str_of(table->columns[i].name))) {
            relation_put_filter(o, table, &table->columns[i]);
        }
    }
    relation_put_ours(o, ITEM, "parameters", "range");
}

bool route_writes_list(const struct openapi_query *query)
{
    return query->is_write && is_list(query);
}

/* Which of the headers Prefer. */
static const char *prefer_of(const struct openapi_query *query, bool is_of_table)
{
    if (route_writes_list(query)) {
        return "preferCall";
    }
    return is_of_table ? "preferRead" : "prefer";
}

static void put_query_parameters(struct outline *o, const struct openapi_query *query,
                                 enum method method, const struct schema_table *table)
{
    bool has_arguments = method == METHOD_GET;
    bool is_of_table = table != NULL && query->returns == OPENAPI_RETURNS_TABLE_ROWS;

    outline_open_array(o, STR("parameters"));
    for (size_t i = 0; has_arguments && i < query->params_count; i++) {
        parameter_put(o, &query->params[i], str_of(query->params[i].name), PARAM_IN_QUERY);
    }
    if (is_of_table) {
        put_table_parameters(o, query, has_arguments, table);
    }
    if (query->is_write) {
        relation_put_ours(o, ITEM, "parameters", "idempotencyKey");
    }
    relation_put_ours(o, ITEM, "parameters", prefer_of(query, is_of_table));
    outline_close_array(o);
}

void route_put_query(struct outline *o, const struct openapi_query *query, enum method method,
                     const struct schema_table *table)
{
    struct buf *b;

    outline_open(o, member_of(method));
    outline_json(o, STR("tags"), STR("[\"Named queries\"]"));
    b = outline_piece(o);
    buf_append_str(b, method == METHOD_GET ? STR("query.") : STR("call."));
    name_put_key(b, str_of(query->name));
    outline_text(o, STR("operationId"), outline_pieced(o));
    put_words(o, query->description, STR("Call"), str_of(query->name));
    put_query_parameters(o, query, method, table);
    if (method == METHOD_POST) {
        parameter_put_body(o, query->params, query->params_count, true);
    }
    outline_open(o, STR("responses"));
    put_query_success(o, query, table);
    put_failures(o, query->is_write);
    outline_close(o);
    outline_close(o);
}
