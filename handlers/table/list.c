#include "base/json_out.h"
#include "handlers/table/answer.h"
#include "handlers/table/read.h"

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

static void put_tables(const struct table_api *api, const struct schema *schema, struct buf *b)
{
    bool is_first = true;

    buf_append_literal(b, "{\"tables\":[");
    for (size_t i = 0; i < schema->tables_count; i++) {
        if (table_is_served(api, &schema->tables[i])) {
            buf_append_str(b, is_first ? STR("") : STR(","));
            put_table(b, &schema->tables[i]);
            is_first = false;
        }
    }
    buf_append_literal(b, "]}");
}

static void list(const struct table_api *api, struct call *call,
                 struct worker *worker) ON_WORKER MAY_BLOCK
{
    struct read r = {.api = api, .call = call};

    if (!read_open(&r, worker)) {
        return;
    }
    put_tables(api, r.reading.schema, call_answer(call, 200, "application/json"));
    read_close(&r);
}

void table_list(const struct table_api *api, struct call *call, struct worker *worker)
{
    struct accept accept;
    struct fault fault;

    if (!accept_read(&call->request, ACCEPT_ROOT, &call->arena, &accept, &fault)) {
        table_fail(call, &fault);
        return;
    }
    if (!call_check_no_query(call)) {
        return;
    }
    if (accept.media == ACCEPT_OPENAPI && api->describe != NULL) {
        api->describe(api->describe_user, call, worker, accept.content_type);
    } else {
        list(api, call, worker);
    }
}
