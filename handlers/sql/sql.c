#include "handlers/sql/sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "handlers/param_names.h"
#include "handlers/sql/media.h"
#include "handlers/sql/params.h"
#include "pool/executor.h"
#include "server/call.h"
#include "storage/slot.h"

struct sql_route {
    struct handler handler;
    enum method method;
    enum query_shape shape;
    bool is_write;
    bool stream;
    size_t stream_size;
    char *sql;
    struct param *params;
    size_t params_count;
    size_t *binding; /* parameter i of the statement is params[binding[i]] */
    size_t binding_count;
    char *texts; /* what the params' names and fallbacks point into */
};

/* --- answering ---------------------------------------------------------------------------- */

static enum status flush(void *user, struct buf *out, struct error *err)
{
    (void)out; /* is the call's */
    assert_on_worker();
    return call_flush(user, err);
}

static void answer(const struct sql_route *route, struct call *call, struct connection *connection,
                   const struct value *values) ON_WORKER MAY_BLOCK
{
    struct query query = {.sql = route->sql,
                          .values = values,
                          .values_count = route->binding_count,
                          .shape = route->shape};
    struct query_result result;
    struct error err = {0};
    enum status status;
    struct buf *body;

    if (route->stream) {
        query.media = media_of(&call->request);
    }
    if (route->stream && call_can_stream(call)) {
        query.flush_bytes = route->stream_size;
        query.flush_next_bytes = CALL_PIECE_SIZE;
        query.flush = flush;
        query.flush_user = call;
    }
    body = call_answer(call, 200, media_type(query.media));
    if (route->stream) {
        response_header_join(&call->response, "Vary", "Accept");
    }
    status = connection_run(connection, &query, call->cancel, body, &result, &err);

    if (status != STATUS_OK) {
        call_fail_error(call, &err);
    } else if (route->shape == QUERY_NONE) {
        call_answer_empty(call, 204);
    } else if (route->shape == QUERY_ROW && result.rows == 0) {
        call_fail(call, PROBLEM_ROW_NOT_FOUND, NULL, "the query found no row");
    } else if (route->is_write && route->method == METHOD_POST) {
        call->response.http_status = 201;
    }
}

static void work(const struct handler *handler, struct call *call, struct worker *worker)
{
    const struct sql_route *route = const_container_of(handler, struct sql_route, handler);
    struct value *values;
    struct value *bound;
    struct connection *connection;
    struct error err;

    assert_on_worker();
    values = arena_alloc(&call->arena, (route->params_count + 1) * sizeof(*values));
    bound = arena_alloc(&call->arena, (route->binding_count + 1) * sizeof(*bound));
    if (values == NULL || bound == NULL) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return;
    }
    if (!params_read(call, route->params, route->params_count, values)) {
        return;
    }
    for (size_t i = 0; i < route->binding_count; i++) {
        bound[i] = values[route->binding[i]];
    }
    if (slot_connection(worker_local(worker), call->cancel, &connection, &err) != STATUS_OK) {
        call_fail_error(call, &err);
        return;
    }
    answer(route, call, connection, bound);
}

/* --- making a route ----------------------------------------------------------------------- */

/* Where the faults of one route go. */
struct faults {
    sql_fault_fn report;
    void *user;
    unsigned count;
};

static void fault(struct faults *f, const char *param, const char *format, ...) PRINTF_LIKE(3, 4);

static void fault(struct faults *f, const char *param, const char *format, ...)
{
    char text[sizeof(((struct error *)NULL)->text) + sizeof(((struct error *)NULL)->hint) + 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
    va_end(args);
    f->count++;
    f->report(f->user, param, text);
}

static void report_name(void *user, const char *param, const char *text)
{
    struct faults *f = user;

    f->count++;
    f->report(f->user, param, text);
}

static void bind_names(const struct sql_conf *conf, const struct statement_info *info,
                       size_t *binding, struct faults *f)
{
    const struct param_names names = {conf->params, conf->params_count, report_name, f};

    for (size_t i = 0; i < info->parameters_count; i++) {
        binding[i] = SIZE_MAX;
        (void)param_names_find(&names, info->parameters[i], &binding[i]); /* reports it */
    }
    param_names_check_used(&names, binding, info->parameters_count);
}

static void check_shape(const struct sql_conf *conf, const struct statement_info *info,
                        struct faults *f)
{
    if (!info->is_read_only && (conf->method == METHOD_GET || conf->method == METHOD_HEAD)) {
        fault(f, NULL,
              "the statement writes, but the method is GET; use POST, PUT, PATCH or DELETE");
    }
    if (conf->shape == QUERY_ROW && info->columns_count == 0) {
        fault(f, NULL,
              "result is \"row\", but the statement returns none; add a RETURNING clause, or use "
              "\"result\": \"none\"");
    }
}

static void check_stream(const struct sql_conf *conf, const struct statement_info *info,
                         struct faults *f)
{
    if (conf->stream && (!info->is_read_only || conf->shape != QUERY_ROWS)) {
        fault(f, NULL,
              "only the rows of a statement that reads can be streamed; remove \"stream\", or use "
              "\"result\": \"rows\"");
    }
}

static bool owns_bytes(const struct param *param)
{
    return param->has_default == PARAM_DEFAULT_VALUE &&
           (param->fallback.type == VALUE_TEXT || param->fallback.type == VALUE_BLOB);
}

/* Names and fallbacks go into one block. */
static enum status copy_params(struct sql_route *route, const struct sql_conf *conf)
{
    size_t size = 1;
    char *at;

    for (size_t i = 0; i < conf->params_count; i++) {
        size += strlen(conf->params[i].name) + 1;
        size += owns_bytes(&conf->params[i]) ? conf->params[i].fallback.bytes.size : 0;
    }
    route->params = mem_alloc((conf->params_count + 1) * sizeof(*route->params));
    route->texts = at = mem_alloc(size);
    route->sql = mem_strdup(conf->sql);
    if (route->params == NULL || route->texts == NULL || route->sql == NULL) {
        return STATUS_NOMEM;
    }
    route->params_count = conf->params_count;
    for (size_t i = 0; i < conf->params_count; i++) {
        struct param *param = &route->params[i];
        *param = conf->params[i];
        param->name = at;
        at = stpcpy(at, conf->params[i].name) + 1;
        if (owns_bytes(param) && param->fallback.bytes.size > 0) {
            memcpy(at, param->fallback.bytes.at, param->fallback.bytes.size);
            param->fallback.bytes.at = at;
            at += param->fallback.bytes.size;
        }
    }
    return STATUS_OK;
}

static enum status fill(struct sql_route *route, const struct sql_conf *conf,
                        const struct statement_info *info, struct faults *f)
{
    route->handler = (struct handler){
        .kind = HANDLER_BLOCKING, .work = work, .is_short = info->is_read_only && !conf->stream};
    route->stream = conf->stream;
    route->stream_size = conf->stream_size;
    route->method = conf->method;
    route->shape = conf->shape;
    route->is_write = !info->is_read_only;
    route->binding_count = info->parameters_count;
    route->binding = mem_alloc((info->parameters_count + 1) * sizeof(*route->binding));
    if (route->binding == NULL || copy_params(route, conf) != STATUS_OK) {
        return STATUS_NOMEM;
    }
    route->handler.detail = route->sql;
    check_shape(conf, info, f);
    check_stream(conf, info, f);
    bind_names(conf, info, route->binding, f);
    return f->count == 0 ? STATUS_OK : STATUS_INVALID;
}

enum status sql_route_create(const struct sql_conf *conf, struct connection *inspector,
                             sql_fault_fn on_fault, void *user, struct sql_route **ret,
                             bool *ret_writes)
{
    struct faults f = {.report = on_fault, .user = user};
    struct statement_info info;
    struct sql_route *route;
    struct error err = {0};
    enum status status = connection_inspect(inspector, conf->sql, &info, &err);

    if (status != STATUS_OK) {
        fault(&f, NULL, "%s%s%s", err.text, err.hint[0] == '\0' ? "" : "; ", err.hint);
        return status == STATUS_NOMEM ? status : STATUS_INVALID;
    }
    route = mem_zalloc(sizeof(*route));
    status = route == NULL ? STATUS_NOMEM : fill(route, conf, &info, &f);
    statement_info_fini(&info);
    if (status != STATUS_OK) {
        sql_route_destroy(route);
        return status;
    }
    *ret = route;
    *ret_writes = route->is_write;
    return STATUS_OK;
}

void sql_route_destroy(struct sql_route *route)
{
    if (route != NULL) {
        mem_free(route->sql);
        mem_free(route->params);
        mem_free(route->texts);
        mem_free(route->binding);
        mem_free(route);
    }
}

const struct handler *sql_route_handler(const struct sql_route *route)
{
    return &route->handler;
}
