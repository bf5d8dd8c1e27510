#include "handlers/sql/sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "handlers/idempotency.h"
#include "handlers/param_names.h"
#include "handlers/sql/reference.h"
#include "handlers/sql/route.h"
#include "handlers/sql/work.h"
#include "storage/schema.h"

#define SHOWN_SIZE 150 /* of a reference in a fault */

/* A route in the making. */
struct making {
    const struct sql_conf *conf;
    struct sql_route *route;
    sql_fault_fn report;
    void *user;
    size_t step;     /* that is looked at */
    bool is_partial; /* some steps do not prepare: what they use is not known */
    unsigned faults;
};

/* --- faults ------------------------------------------------------------------------------- */

static void report(void *user, const char *param, const char *text)
{
    struct making *m = user;

    m->faults++;
    m->report(m->user, m->step, param, text);
}

static void fault(struct making *m, const char *format, ...) PRINTF_LIKE(2, 3);

/* With the SQL of the step that is looked at. */
static void fault(struct making *m, const char *format, ...)
{
    char text[sizeof(((struct error *)NULL)->text) + sizeof(((struct error *)NULL)->hint) + 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
    va_end(args);
    report(m, NULL, text);
}

/* --- copying ------------------------------------------------------------------------------ */

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
    if (route->params == NULL || route->texts == NULL) {
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

/* What operators are shown. */
static char *join_steps(const struct sql_conf *conf)
{
    size_t size = 1;
    char *joined;
    char *at;

    for (size_t i = 0; i < conf->steps_count; i++) {
        size += (conf->steps[i].sql == NULL ? 0 : strlen(conf->steps[i].sql)) + 2;
    }
    joined = at = mem_alloc(size);
    for (size_t i = 0; joined != NULL && i < conf->steps_count; i++) {
        at = stpcpy(at, i == 0 ? "" : "; ");
        at = stpcpy(at, conf->steps[i].sql == NULL ? "" : conf->steps[i].sql);
    }
    return joined;
}

static enum status copy_steps(struct sql_route *route, const struct sql_conf *conf)
{
    route->steps = mem_zalloc((conf->steps_count + 1) * sizeof(*route->steps));
    route->detail = join_steps(conf);
    if (route->steps == NULL || route->detail == NULL) {
        return STATUS_NOMEM;
    }
    route->steps_count = conf->steps_count;
    for (size_t i = 0; i < conf->steps_count; i++) {
        struct step *step = &route->steps[i];

        step->no_rows = conf->steps[i].no_rows;
        if (conf->steps[i].sql == NULL) {
            continue;
        }
        step->sql = mem_strdup(conf->steps[i].sql);
        if (step->sql == NULL) {
            return STATUS_NOMEM;
        }
        reference_rewrite(step->sql);
    }
    return STATUS_OK;
}

/* --- checking ----------------------------------------------------------------------------- */

/* The version is taken first: should the schema change right now, the infos are looked at again. */
static enum status note_schema(struct sql_route *route, struct database *db)
{
    const struct schema *schema = schema_get(db);

    route->db = db;
    route->checked = mem_alloc(sizeof(*route->checked));
    if (route->checked != NULL) {
        atomic_init(route->checked, schema->version);
    }
    schema_unref(schema);
    return route->checked == NULL ? STATUS_NOMEM : STATUS_OK;
}

/* Return: OK, also with faults; NOMEM. */
static enum status inspect(struct making *m, struct connection *inspector)
{
    struct sql_route *route = m->route;

    for (m->step = 0; m->step < route->steps_count; m->step++) {
        struct step *step = &route->steps[m->step];
        struct error err = {0};
        enum status status;

        if (step->sql == NULL) {
            m->is_partial = true;
            continue;
        }
        status = connection_inspect(inspector, step->sql, &step->info, &err);
        if (status == STATUS_NOMEM) {
            return status;
        }
        if (status != STATUS_OK) {
            fault(m, "%s%s%s", err.text, err.hint[0] == '\0' ? "" : "; ", err.hint);
            m->is_partial = true;
            continue;
        }
        route->is_write = route->is_write || !step->info.is_read_only;
        route->bindings_count += step->info.parameters_count;
        if (step->info.parameters_count > route->binding_max) {
            route->binding_max = step->info.parameters_count;
        }
    }
    return STATUS_OK;
}

/* The place of a value of an earlier step among those of a request. */
static size_t keep(struct sql_route *route, size_t step, size_t column)
{
    size_t i = 0;

    while (i < route->kept_count &&
           (route->kept[i].step != step || route->kept[i].column != column)) {
        i++;
    }
    if (i == route->kept_count) {
        route->kept[route->kept_count++] = (struct kept){step, column};
    }
    return route->params_count + i;
}

/* As it is called, else whatever the case of its letters: "ID" of a table is id to most people. */
static bool find_column(const struct statement_info *info, const char *name, size_t *ret)
{
    for (size_t i = 0; i < info->columns_count; i++) {
        if (strcmp(info->columns[i], name) == 0) {
            *ret = i;
            return true;
        }
    }
    for (size_t i = 0; i < info->columns_count; i++) {
        if (str_equal_nocase(str_of(info->columns[i]), str_of(name))) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static void report_column(struct making *m, const struct step *step, const char *shown,
                          const char *column)
{
    const struct statement_info *info = &step->info;
    const char *near =
        nearest_name(column, (const char *const *)info->columns, info->columns_count);

    if (info->columns_count == 0) {
        fault(m, "the SQL uses :%s, but that step returns no rows; add a RETURNING clause to it",
              shown);
    } else {
        fault(m, "the SQL uses :%s, but that step returns no such column%s%s%s", shown,
              near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
              near == NULL ? "" : "\"?");
    }
}

/* What a reference in the step that is looked at takes. number is from 1; shown: "step1.id". */
static void bind_reference(struct making *m, size_t number, const char *column, const char *shown,
                           size_t *ret)
{
    const struct step *steps = m->route->steps;
    size_t place;

    if (number == 0 || number > m->route->steps_count) {
        fault(m, "the SQL uses :%s, but there is no such step", shown);
    } else if (number > m->step) {
        fault(m, "the SQL uses :%s, but this is step%zu: only earlier steps have rows", shown,
              m->step + 1);
    } else if (steps[number - 1].info.parameters == NULL) {
        return; /* it does not prepare: that is enough */
    } else if (!find_column(&steps[number - 1].info, column, &place)) {
        report_column(m, &steps[number - 1], shown, column);
    } else {
        *ret = keep(m->route, number - 1, place);
    }
}

static void bind_step(struct making *m, const struct param_names *names, struct step *step)
{
    for (size_t i = 0; i < step->info.parameters_count; i++) {
        const char *name = step->info.parameters[i];
        const char *column;
        char shown[SHOWN_SIZE];
        size_t number;

        step->binding[i] = SIZE_MAX; /* what is not found is reported */
        if (reference_read(name, &number, &column)) {
            (void)snprintf(shown, sizeof(shown), "%.*s.%s", (int)(column - name) - 1, name,
                           column); /* cut is fine */
            bind_reference(m, number, column, shown, &step->binding[i]);
        } else {
            (void)param_names_find(names, name, &step->binding[i]);
        }
    }
}

static enum status bind_names(struct making *m)
{
    struct sql_route *route = m->route;
    const struct param_names names = {route->params, route->params_count, report, m};
    size_t *at;

    route->bindings = at = mem_alloc((route->bindings_count + 1) * sizeof(*at));
    route->kept = mem_alloc((route->bindings_count + 1) * sizeof(*route->kept));
    if (at == NULL || route->kept == NULL) {
        return STATUS_NOMEM;
    }
    for (m->step = 0; m->step < route->steps_count; m->step++) {
        struct step *step = &route->steps[m->step];

        step->binding = at;
        at += step->info.parameters_count;
        bind_step(m, &names, step);
    }
    if (!m->is_partial) {
        param_names_check_used(&names, route->bindings, route->bindings_count);
    }
    return STATUS_OK;
}

/* --- what several steps are --------------------------------------------------------------- */

/*
 * One statement is a change, or a snapshot, by itself: unless it is undone for having found nothing.
 * One that returns no row may still have changed something, by a trigger.
 */
static void settle_steps(struct sql_route *route)
{
    route->is_unit = route->steps_count > 1 || (route->is_write && route->shape == QUERY_ROW);
    for (size_t i = 0; i < route->kept_count; i++) {
        route->steps[route->kept[i].step].is_kept = true;
    }
    for (size_t i = 0; i < route->steps_count; i++) {
        struct step *step = &route->steps[i];

        if (step->no_rows == SQL_NO_ROWS_BY_USE) {
            step->no_rows = step->is_kept ? SQL_NO_ROWS_NOT_FOUND : SQL_NO_ROWS_CONTINUE;
        }
        route->is_unit = route->is_unit || step->no_rows != SQL_NO_ROWS_CONTINUE;
    }
}

static void check_method(struct making *m)
{
    bool is_get = m->conf->method == METHOD_GET || m->conf->method == METHOD_HEAD;

    for (m->step = 0; is_get && m->step < m->route->steps_count; m->step++) {
        const struct step *step = &m->route->steps[m->step];

        if (step->info.parameters != NULL && !step->info.is_read_only) {
            fault(m, "the statement writes, but the method is GET; use POST, PUT, PATCH or DELETE");
        }
    }
}

/* What the last step gives is the answer. */
static void check_shape(struct making *m)
{
    const struct sql_conf *conf = m->conf;
    const struct step *last = &m->route->steps[m->route->steps_count - 1];

    m->step = m->route->steps_count - 1;
    if (last->info.parameters == NULL) {
        return; /* nothing is known about it */
    }
    if (conf->shape == QUERY_ROW && last->info.columns_count == 0) {
        fault(m,
              "result is \"row\", but the statement returns none; add a RETURNING clause, or use "
              "\"result\": \"none\"");
    }
    if (conf->stream && (m->route->is_write || conf->shape != QUERY_ROWS)) {
        fault(m, "only the rows of statements that read can be streamed; remove \"stream\", or use "
                 "\"result\": \"rows\"");
    }
}

/* --- making a route ----------------------------------------------------------------------- */

/* Return: OK, also with faults; NOMEM. */
static enum status make(struct making *m, struct connection *inspector)
{
    const struct sql_conf *conf = m->conf;
    struct sql_route *route = m->route;
    enum status status = copy_params(route, conf);

    if (status == STATUS_OK) {
        status = copy_steps(route, conf);
    }
    if (status == STATUS_OK) {
        status = note_schema(route, conf->db);
    }
    if (status == STATUS_OK) {
        status = inspect(m, inspector);
    }
    if (status == STATUS_OK) {
        status = bind_names(m);
    }
    if (status != STATUS_OK) {
        return status;
    }
    route->method = conf->method;
    route->shape = conf->shape;
    route->stream = conf->stream;
    route->stream_size = conf->stream_size;
    settle_steps(route);
    route->handler = (struct handler){.kind = HANDLER_BLOCKING,
                                      .work = sql_work,
                                      .is_short = !route->is_write && !conf->stream,
                                      .detail = route->detail};
    if (route->is_write) {
        idempotency_guard(conf->keys, &route->handler);
    }
    check_method(m);
    check_shape(m);
    return STATUS_OK;
}

enum status sql_route_create(const struct sql_conf *conf, struct connection *inspector,
                             sql_fault_fn on_fault, void *user, struct sql_route **ret,
                             bool *ret_writes)
{
    struct making m = {
        .conf = conf, .route = mem_zalloc(sizeof(*m.route)), .report = on_fault, .user = user};
    enum status status = m.route == NULL ? STATUS_NOMEM : make(&m, inspector);

    if (status == STATUS_OK && (m.faults > 0 || m.is_partial)) {
        status = STATUS_INVALID;
    }
    if (status != STATUS_OK) {
        sql_route_destroy(m.route);
        return status;
    }
    *ret = m.route;
    *ret_writes = m.route->is_write;
    return STATUS_OK;
}

void sql_route_destroy(struct sql_route *route)
{
    if (route == NULL) {
        return;
    }
    for (size_t i = 0; i < route->steps_count; i++) {
        statement_info_fini(&route->steps[i].info);
        mem_free(route->steps[i].sql);
    }
    mem_free(route->steps);
    mem_free(route->params);
    mem_free(route->texts);
    mem_free(route->bindings);
    mem_free(route->kept);
    mem_free(route->checked);
    mem_free(route->detail);
    mem_free(route);
}

const struct handler *sql_route_handler(const struct sql_route *route)
{
    return &route->handler;
}
