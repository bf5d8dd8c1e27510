#include "handlers/table/table.h"

#include "base/mem.h"
#include "handlers/table/table_internal.h"

static void list_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    assert_on_worker();
    table_list(const_container_of(handler, struct table_api, list), call, worker);
}

static void rows_work(const struct handler *handler, struct call *call, struct worker *worker)
{
    assert_on_worker();
    table_read(const_container_of(handler, struct table_api, rows), call, worker);
}

enum status table_api_create(const struct table_conf *conf, struct table_api **ret,
                             struct error *err)
{
    struct table_api *api = mem_alloc(sizeof(*api));
    enum status status;

    if (api == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the tables' API");
    }
    status = etag_key_init(&api->etag_key, err);
    if (status != STATUS_OK) {
        mem_free(api);
        return status;
    }
    api->conf = *conf;
    api->list = (struct handler){.kind = HANDLER_BLOCKING, .work = list_work, .is_short = true};
    api->rows = (struct handler){
        .kind = HANDLER_BLOCKING, .work = rows_work, .is_short = conf->rows_max != 0};
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
