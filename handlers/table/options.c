#include "handlers/table/options.h"

#include <string.h>

#include "handlers/table/answer.h"

static bool has_key(const struct schema_table *table)
{
    for (size_t i = 0; i < table->columns_count; i++) {
        if (table->columns[i].key_place > 0) {
            return true;
        }
    }
    return false;
}

void options_write_allow(const struct schema_table *table, bool has_writes,
                         char to[OPTIONS_ALLOW_SIZE])
{
    char *at = stpcpy(to, "OPTIONS,GET,HEAD"); /* OPTIONS_ALLOW_SIZE is all of them together */

    if (has_writes && table->is_insertable) {
        at = stpcpy(at, ",POST");
    }
    if (has_writes && table->is_insertable && table->is_updatable && has_key(table)) {
        at = stpcpy(at, ",PUT");
    }
    if (has_writes && table->is_updatable) {
        at = stpcpy(at, ",PATCH");
    }
    if (has_writes && table->is_deletable) {
        (void)stpcpy(at, ",DELETE");
    }
}

static void answer(const struct options *options, struct call *call, const char *allow)
{
    call_answer_empty(call, 200);
    response_header(&call->response, "Allow", "%s", allow);
    if (options->conf.cors->origins_count == 0) { /* to whom it does not matter who asks */
        response_header(&call->response, "Access-Control-Allow-Origin", "*");
    }
}

/* Return: was it one? */
static bool answer_preflight(const struct options *options, struct call *call)
{
    if (!cors_is_preflight(options->conf.cors, &call->request)) {
        return false;
    }
    call_answer_empty(call, 200);
    cors_note_preflight(&call->request, &call->response);
    return true;
}

static void serve_root(const struct handler *handler, struct call *call)
{
    const struct options *options = const_container_of(handler, struct options, root);

    assert_on_loop();
    if (!answer_preflight(options, call)) {
        answer(options, call, "OPTIONS,GET,HEAD");
    }
}

static void serve_table(const struct handler *handler, struct call *call)
{
    const struct options *options = const_container_of(handler, struct options, table);
    const struct schema *schema;
    const struct schema_table *table;
    char allow[OPTIONS_ALLOW_SIZE];

    assert_on_loop();
    if (answer_preflight(options, call)) {
        return;
    }
    schema = schema_get(options->conf.db);
    table =
        options->conf.find_table(options->conf.user, call, schema, call->request.params[0].value);
    if (table != NULL) {
        options_write_allow(table, options->conf.has_writes, allow);
        answer(options, call, allow);
    }
    schema_unref(schema);
}

/* The query's name: its routes are literal, so it is no parameter of theirs. */
static struct str last_segment(struct str path)
{
    const char *slash = path.size == 0 ? NULL : memrchr(path.at, '/', path.size);
    size_t before = slash == NULL ? 0 : (size_t)(slash - path.at) + 1;

    return (struct str){path.at + before, path.size - before};
}

static void serve_query(const struct handler *handler, struct call *call)
{
    const struct options *options = const_container_of(handler, struct options, query);

    assert_on_loop();
    if (answer_preflight(options, call)) {
        return;
    }
    switch (options->conf.find_query(options->conf.user, call, last_segment(call->request.path))) {
    case OPTIONS_QUERY_NONE:
        break;
    case OPTIONS_QUERY_READS:
        answer(options, call, "OPTIONS,GET,HEAD,POST");
        break;
    case OPTIONS_QUERY_WRITES:
        answer(options, call, "OPTIONS,POST");
        break;
    }
}

void options_init(struct options *options, const struct options_conf *conf)
{
    const struct handler base = {
        .kind = HANDLER_INLINE, .decorate = table_decorate, .decoration = conf->cors};

    options->conf = *conf;
    options->root = base;
    options->root.serve = serve_root;
    options->table = base;
    options->table.serve = serve_table;
    options->query = base;
    options->query.serve = serve_query;
}
