#include "handlers/table/table.h"

#include <stdio.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "pool/executor.h"
#include "server/call.h"
#include "storage/connection.h"
#include "storage/schema.h"
#include "storage/slot.h"

struct table_api {
    struct handler list;
    struct handler rows;
    struct table_conf conf;
};

static bool is_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_nocase(str_of(name), str_of(names[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_served(const struct table_api *api, const struct schema_table *table)
{
    const struct table_conf *conf = &api->conf;

    if (conf->include != NULL && !is_in(table->name, conf->include, conf->include_count)) {
        return false;
    }
    return !is_in(table->name, conf->exclude, conf->exclude_count);
}

/*
 * The worker's connection and a schema that is not older than this moment.
 * Return: NULL with the answer given; else give it to schema_unref.
 */
static const struct schema *fresh_schema(const struct table_api *api, struct call *call,
                                         struct worker *worker,
                                         struct connection **ret) ON_WORKER MAY_BLOCK
{
    struct error err;

    if (slot_connection(worker_local(worker), call->cancel, ret, &err) != STATUS_OK ||
        connection_refresh_schema(*ret, call->cancel, &err) != STATUS_OK) {
        call_fail_error(call, &err);
        return NULL;
    }
    return schema_get(api->conf.db);
}

/* --- the list ----------------------------------------------------------------------------- */

static void put_column(struct buf *b, const struct schema_column *column)
{
    buf_append_literal(b, "{\"name\":");
    json_put_string(b, str_of(column->name));
    buf_append_literal(b, ",\"type\":");
    json_put_string(b, str_of(column->type));
    buf_append_str(b, column->is_not_null ? STR(",\"not_null\":true") : STR(",\"not_null\":false"));
    buf_append_str(b, column->key_place > 0 ? STR(",\"primary_key\":true}")
                                            : STR(",\"primary_key\":false}"));
}

static void put_table(struct buf *b, const struct schema_table *table)
{
    buf_append_literal(b, "{\"name\":");
    json_put_string(b, str_of(table->name));
    buf_append_str(b, table->is_view ? STR(",\"type\":\"view\"") : STR(",\"type\":\"table\""));
    buf_append_literal(b, ",\"columns\":[");
    for (size_t i = 0; i < table->columns_count; i++) {
        buf_append_str(b, i == 0 ? STR("") : STR(","));
        put_column(b, &table->columns[i]);
    }
    buf_append_literal(b, "]}");
}

/* Read the query string against names. Return: false with the answer given. */
static bool read_query(struct call *call, const char *const *names, struct str *values, size_t n,
                       struct call_problems *problems)
{
    call_problems_init(problems);
    if (call_query(call, names, values, n, problems) != STATUS_OK) {
        buf_fini(&problems->errors);
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    return true;
}

static void list_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    const struct table_api *api = const_container_of(handler, struct table_api, list);
    struct call_problems problems;
    struct connection *connection;
    const struct schema *schema;
    struct buf *body;
    bool is_first = true;

    assert_on_worker();
    if (!read_query(call, NULL, NULL, 0, &problems) || call_fail_problems(call, &problems)) {
        return;
    }
    schema = fresh_schema(api, call, worker, &connection);
    if (schema == NULL) {
        return;
    }
    body = call_answer(call, 200, "application/json");
    buf_append_literal(body, "{\"tables\":[");
    for (size_t i = 0; i < schema->tables_count; i++) {
        if (is_served(api, &schema->tables[i])) {
            buf_append_str(body, is_first ? STR("") : STR(","));
            put_table(body, &schema->tables[i]);
            is_first = false;
        }
    }
    buf_append_literal(body, "]}");
    schema_unref(schema);
}

/* --- rows --------------------------------------------------------------------------------- */

static void fail_unknown(const struct table_api *api, struct call *call,
                         const struct schema *schema, struct str name)
{
    const char **names = arena_alloc(&call->arena, (schema->tables_count + 1) * sizeof(*names));
    const char *wanted = arena_copy(&call->arena, name);
    const char *near = NULL;
    char hint[150] = "";
    size_t n = 0;

    if (names != NULL && wanted != NULL) {
        for (size_t i = 0; i < schema->tables_count; i++) {
            if (is_served(api, &schema->tables[i])) {
                names[n++] = schema->tables[i].name;
            }
        }
        near = nearest_name(wanted, names, n);
    }
    if (near != NULL) {
        (void)snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near); /* cut is fine */
    }
    call_fail(call, PROBLEM_NOT_FOUND, hint, "there is no table or view \"%.*s\"",
              (int)(name.size < 100 ? name.size : 100), name.at);
}

/* SELECT * FROM "name" LIMIT :limit OFFSET :offset. The name comes from the schema. */
static const char *select_text(struct arena *arena, const char *name)
{
    static const char head[] = "SELECT * FROM \"";
    static const char tail[] = "\" LIMIT :limit OFFSET :offset";
    char *text = arena_alloc(arena, sizeof(head) + 2 * strlen(name) + sizeof(tail));
    char *to;

    if (text == NULL) {
        return NULL;
    }
    to = stpcpy(text, head);
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"') {
            *to++ = '"';
        }
        *to++ = *p;
    }
    (void)stpcpy(to, tail); /* measured above */
    return text;
}

/* Return: false with the answer given. */
static bool read_page(const struct table_api *api, struct call *call, struct value *values)
{
    static const char *const names[] = {"limit", "offset"};
    struct call_problems problems;
    struct str texts[2];
    uint64_t page[2] = {api->conf.rows_max, 0};

    if (!read_query(call, names, texts, 2, &problems)) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        if (texts[i].at != NULL && (!str_to_u64(texts[i], &page[i]) || page[i] > INT64_MAX)) {
            call_problem(&problems, str_of(names[i]), "query", "must be a whole number from 0 on");
        }
    }
    if (page[0] > api->conf.rows_max) {
        page[0] = api->conf.rows_max;
    }
    for (size_t i = 0; i < 2; i++) {
        values[i] = (struct value){.type = VALUE_INTEGER, .integer = (int64_t)page[i]};
    }
    return !call_fail_problems(call, &problems);
}

static void select_rows(const struct table_api *api, struct call *call,
                        struct connection *connection,
                        const struct schema_table *table) ON_WORKER MAY_BLOCK
{
    struct value values[2];
    struct query query = {.values = values, .values_count = 2, .shape = QUERY_ROWS};
    struct query_result result;
    struct error err;
    struct buf *body;

    if (!read_page(api, call, values)) {
        return;
    }
    query.sql = select_text(&call->arena, table->name);
    if (query.sql == NULL) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return;
    }
    body = call_answer(call, 200, "application/json");
    if (connection_run(connection, &query, call->cancel, body, &result, &err) != STATUS_OK) {
        call_fail_error(call, &err);
    }
}

static void rows_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    const struct table_api *api = const_container_of(handler, struct table_api, rows);
    struct str name = request_param(&call->request, STR("table"));
    struct connection *connection;
    const struct schema *schema;
    const struct schema_table *table;

    assert_on_worker();
    schema = fresh_schema(api, call, worker, &connection);
    if (schema == NULL) {
        return;
    }
    table = schema_find(schema, name);
    if (table == NULL || !is_served(api, table)) {
        fail_unknown(api, call, schema, name);
    } else {
        select_rows(api, call, connection, table);
    }
    schema_unref(schema);
}

/* --- life --------------------------------------------------------------------------------- */

enum status table_api_create(const struct table_conf *conf, struct table_api **ret)
{
    struct table_api *api = mem_alloc(sizeof(*api));

    if (api == NULL) {
        return STATUS_NOMEM;
    }
    api->conf = *conf;
    api->list = (struct handler){.kind = HANDLER_BLOCKING, .work = list_work, .is_short = true};
    api->rows = (struct handler){.kind = HANDLER_BLOCKING, .work = rows_work, .is_short = true};
    *ret = api;
    return STATUS_OK;
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
