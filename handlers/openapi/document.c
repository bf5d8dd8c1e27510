#include "handlers/openapi/document.h"

#include "handlers/openapi/operations.h"
#include "handlers/openapi/outline.h"
#include "handlers/openapi/path.h"
#include "handlers/openapi/relation.h"
#include "handlers/openapi/route.h"
#include "openapi_admin_paths.h"
#include "openapi_call_parameters.h"
#include "openapi_docs_paths.h"
#include "openapi_headers.h"
#include "openapi_metrics_paths.h"
#include "openapi_parameters.h"
#include "openapi_responses.h"
#include "openapi_schemas.h"
#include "openapi_service_paths.h"
#include "openapi_wait_parameters.h"
#include "openapi_write_headers.h"
#include "openapi_write_parameters.h"
#include "openapi_write_responses.h"

#define EMBEDDED(name) ((struct str){name, name##_size})

static void put_info(struct outline *o, const struct openapi_conf *conf)
{
    outline_open(o, STR("info"));
    outline_text(o, STR("title"), str_of(conf->title));
    outline_text(o, STR("version"), str_of(conf->version));
    outline_text(
        o, STR("description"),
        STR("What goes wrong is answered as `application/problem+json`, which says what it was "
            "and, where that is known, what to do about it."));
    outline_close(o);
    outline_json(o, STR("security"), STR("[]"));
}

static void put_tag(struct outline *o, struct str name, struct str description)
{
    outline_open(o, ITEM);
    outline_text(o, STR("name"), name);
    outline_text(o, STR("description"), description);
    outline_close(o);
}

static void put_tags(struct outline *o, const struct openapi_conf *conf)
{
    outline_open_array(o, STR("tags"));
    if (conf->has_tables) {
        put_tag(o, STR("Tables"),
                STR("Filter by `column=operator.value`, such as `price=gte.10`; `not.` negates. "
                    "The grammar is PostgREST's."));
        put_tag(o, STR("Views"),
                conf->is_writable ? STR("Are read as tables are, and written where they have "
                                        "`INSTEAD OF` triggers.")
                                  : STR("Are read as tables are."));
    }
    if (conf->queries_count > 0) {
        put_tag(o, STR("Named queries"), STR("SQL of the configuration, called by its name."));
    }
    if (conf->routes_count > 0) {
        put_tag(o, STR("Routes"), STR("SQL of the configuration, at paths of its own."));
    }
    put_tag(o, STR("Service"), STR("Its health and what it tells about itself."));
    outline_close_array(o);
}

/* The list of tables, which is at PREFIX. */
static void put_list(struct outline *o, const struct openapi_conf *conf)
{
    path_put(outline_piece(o), conf->prefix, false);
    outline_open(o, outline_pieced(o));
    outline_open(o, STR("get"));
    outline_json(o, STR("tags"), STR("[\"Service\"]"));
    outline_text(o, STR("operationId"), STR("service.tables"));
    outline_text(o, STR("summary"), STR("What tables there are; or this document"));
    outline_open(o, STR("responses"));
    outline_json(o, STR("200"),
                 STR("{\"description\":\"The tables and views with their columns; for `Accept: "
                     "application/openapi+json` this document.\",\"content\":{\"application/json\":"
                     "{\"schema\":{\"type\":\"object\"}},\"application/openapi+json\":{\"schema\":"
                     "{\"type\":\"object\"}}}}"));
    relation_put_ours(o, STR("4XX"), "responses", "refused");
    relation_put_ours(o, STR("5XX"), "responses", "failed");
    outline_close(o);
    outline_close(o);
    outline_close(o);
}

static enum status put_paths(struct outline *o, const struct openapi_conf *conf,
                             const struct schema *schema)
{
    enum status status;

    outline_open(o, STR("paths"));
    status = operations_put(o, conf, schema);
    if (conf->has_tables) {
        put_list(o, conf);
    }
    outline_members(o, EMBEDDED(openapi_service_paths));
    if (conf->has_docs) {
        outline_members(o, EMBEDDED(openapi_docs_paths));
    }
    if (conf->has_metrics) {
        outline_members(o, EMBEDDED(openapi_metrics_paths));
    }
    if (conf->has_admin) {
        outline_members(o, EMBEDDED(openapi_admin_paths));
    }
    outline_close(o);
    return status;
}

static bool has_calls(const struct openapi_conf *conf)
{
    for (size_t i = 0; i < conf->queries_count; i++) {
        if (route_writes_list(&conf->queries[i])) {
            return true;
        }
    }
    return false;
}

/* All parameters; tables_count: 0 without a schema, here and below. */
static void put_parameters(struct outline *o, const struct openapi_conf *conf,
                           const struct schema *schema, size_t tables_count)
{
    outline_open(o, STR("parameters"));
    outline_members(o, EMBEDDED(openapi_parameters));
    if (conf->is_writable) {
        outline_members(o, EMBEDDED(openapi_write_parameters));
    }
    if (has_calls(conf)) {
        outline_members(o, EMBEDDED(openapi_call_parameters));
    }
    if (conf->routes_count + conf->queries_count > 0) {
        outline_members(o, EMBEDDED(openapi_wait_parameters));
    }
    for (size_t i = 0; i < tables_count; i++) {
        if (operations_have(conf, &schema->tables[i])) {
            relation_put_parameters(o, conf, &schema->tables[i]);
        }
    }
    outline_close(o);
}

static void put_responses(struct outline *o, const struct openapi_conf *conf,
                          const struct schema *schema, size_t tables_count)
{
    outline_open(o, STR("responses"));
    outline_members(o, EMBEDDED(openapi_responses));
    if (conf->is_writable) {
        outline_members(o, EMBEDDED(openapi_write_responses));
    }
    for (size_t i = 0; i < tables_count; i++) {
        if (operations_have(conf, &schema->tables[i])) {
            relation_put_responses(o, conf, &schema->tables[i]);
        }
    }
    outline_close(o);
    outline_open(o, STR("headers"));
    outline_members(o, EMBEDDED(openapi_headers));
    if (conf->is_writable) {
        outline_members(o, EMBEDDED(openapi_write_headers));
    }
    outline_close(o);
}

static void put_components(struct outline *o, const struct openapi_conf *conf,
                           const struct schema *schema)
{
    size_t tables_count = schema == NULL ? 0 : schema->tables_count;

    outline_open(o, STR("components"));
    outline_open(o, STR("schemas"));
    outline_members(o, EMBEDDED(openapi_schemas));
    for (size_t i = 0; i < tables_count; i++) {
        if (operations_have(conf, &schema->tables[i])) {
            relation_put_schemas(o, conf, schema, &schema->tables[i]);
        }
    }
    outline_close(o);
    put_parameters(o, conf, schema, tables_count);
    put_responses(o, conf, schema, tables_count);
    outline_close(o);
}

enum status document_write(const struct openapi_conf *conf, const struct schema *schema,
                           struct buf *b)
{
    struct outline o;
    enum status status;
    enum status fitted;

    outline_begin(&o, b, true);
    put_info(&o, conf);
    put_tags(&o, conf);
    status = put_paths(&o, conf, schema);
    put_components(&o, conf, schema);
    outline_close(&o);
    fitted = outline_end(&o);
    return status != STATUS_OK ? status : fitted;
}
