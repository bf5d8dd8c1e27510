#include "base/nearest.h"
#include "handlers/table/table_internal.h"

static bool is_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_nocase(str_of(name), str_of(names[i]))) {
            return true;
        }
    }
    return false;
}

bool table_is_served(const void *api, const struct schema_table *table)
{
    const struct table_conf *conf = &((const struct table_api *)api)->conf;

    if (conf->include != NULL && !is_in(table->name, conf->include, conf->include_count)) {
        return false;
    }
    return !is_in(table->name, conf->exclude, conf->exclude_count);
}

static const char *nearest_table(const struct table_api *api, const struct schema *schema,
                                 struct str name, struct arena *arena)
{
    const char **names = arena_alloc(arena, (schema->tables_count + 1) * sizeof(*names));
    const char *wanted = arena_copy(arena, name);
    size_t n = 0;

    if (names == NULL || wanted == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < schema->tables_count; i++) {
        if (table_is_served(api, &schema->tables[i])) {
            names[n++] = schema->tables[i].name;
        }
    }
    return nearest_name(wanted, names, n);
}

const struct schema_table *table_find(const struct table_api *api, const struct schema *schema,
                                      struct str name, struct arena *arena, struct fault *fault)
{
    const struct schema_table *table = schema_find(schema, name);
    const char *near;

    if (table != NULL && table_is_served(api, table)) {
        return table;
    }
    near = nearest_table(api, schema, name, arena);
    (void)fault_set(fault, arena, 404, "PGRST205",
                    "Could not find the table '" TABLE_PROFILE ".%.*s' in the schema cache",
                    (int)(name.size < 200 ? name.size : 200), name.at); /* says false */
    if (near != NULL) {
        fault_hint(fault, arena, "Perhaps you meant the table '" TABLE_PROFILE ".%s'", near);
    }
    return NULL;
}

static struct str profile_of(const struct call *call, bool has_body)
{
    return request_header(&call->request,
                          has_body ? STR("Content-Profile") : STR("Accept-Profile"));
}

const struct rpc *table_find_query(const struct table_api *api, struct str name,
                                   struct arena *arena, struct fault *fault)
{
    const char **names = arena_alloc(arena, (api->queries_count + 1) * sizeof(*names));
    const char *wanted = arena_copy(arena, name);
    const char *near = NULL;

    for (size_t i = 0; i < api->queries_count; i++) {
        if (str_equal(name, str_of(rpc_name(api->queries[i])))) {
            return api->queries[i];
        }
        if (names != NULL) {
            names[i] = rpc_name(api->queries[i]);
        }
    }
    if (names != NULL && wanted != NULL) {
        near = nearest_name(wanted, names, api->queries_count);
    }
    (void)fault_set(fault, arena, 404, "PGRST202",
                    "Could not find the function " TABLE_PROFILE ".%.*s in the schema cache",
                    (int)(name.size < 200 ? name.size : 200), name.at); /* says false */
    if (near != NULL) {
        fault_hint(fault, arena, "Perhaps you meant to call the function " TABLE_PROFILE ".%s",
                   near);
    }
    return NULL;
}

bool table_check_profile(struct call *call, bool has_body, struct fault *fault)
{
    struct str profile = profile_of(call, has_body);

    if (profile.at == NULL) {
        return true;
    }
    if (!str_equal(profile, STR(TABLE_PROFILE)) && !str_equal(profile, STR("public"))) {
        (void)fault_set(fault, &call->arena, 406, "PGRST106", "Invalid schema: %.*s",
                        (int)(profile.size < 200 ? profile.size : 200), profile.at); /* false */
        fault_hint(fault, &call->arena,
                   "Only the following schemas are exposed: " TABLE_PROFILE ", public");
        return false;
    }
    return true;
}

bool table_check_origin(const struct table_api *api, const struct call *call, struct fault *fault)
{
    if (cors_may_write(&api->conf.cors, &call->request)) {
        return true;
    }
    *fault = (struct fault){.http_status = 403,
                            .code = "42501",
                            .message = "pages of this origin may not write",
                            .hint = "cors.origins in the configuration lists those that may"};
    return false;
}

void table_note_profile(struct call *call, bool has_body)
{
    struct str profile = profile_of(call, has_body);

    if (profile.at != NULL) {
        response_header(&call->response, "Content-Profile", "%.*s", (int)profile.size, profile.at);
    }
}
