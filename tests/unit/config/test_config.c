/*
 * The loader: a good file into the struct, every bad file of bad_files.json into its problems,
 * and both again with every allocation failing in turn, jansson's included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/config.h"

static char file[] = "/tmp/gantry-config-XXXXXX";

struct loaded {
    enum status status;
    struct config config;
    struct problems problems;
    struct error err;
};

static void write_file(const char *text, size_t size)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void load_path(struct loaded *l, const char *path)
{
    *l = (struct loaded){0};
    l->status = config_load(path, &l->config, &l->problems, &l->err);
}

static void load(struct loaded *l, const char *text)
{
    write_file(text, strlen(text));
    load_path(l, file);
}

static void load_good(struct loaded *l, const char *text)
{
    load(l, text);
    for (size_t i = 0; i < l->problems.count; i++) {
        print_error("%s: %s\n", l->problems.list[i].path, l->problems.list[i].text);
    }
    assert_int_equal(l->status, STATUS_OK);
    assert_int_equal(l->problems.count, 0);
}

static void unload(struct loaded *l)
{
    config_fini(&l->config);
    problems_fini(&l->problems);
}

static void assert_problem(const struct loaded *l, size_t i, const char *path, const char *text)
{
    assert_true(i < l->problems.count);
    assert_string_equal(l->problems.list[i].path, path);
    assert_string_equal(l->problems.list[i].text, text);
}

/* The file is refused with one problem, at the root, whose text begins with "FILE:" + text. */
static void assert_refused(const char *json, const char *text)
{
    struct loaded l;

    load(&l, json);
    assert_int_equal(l.status, STATUS_OK);
    assert_int_equal(l.problems.count, 1);
    assert_string_equal(l.problems.list[0].path, "$");
    assert_memory_equal(l.problems.list[0].text, file, strlen(file));
    assert_memory_equal(l.problems.list[0].text + strlen(file), text, strlen(text));
    unload(&l);
}

/* Lends a static text: a file beside this one or elsewhere in the tree. */
static const char *in_tree(const char *name)
{
    static char path[4096];
    const char *slash = strrchr(__FILE__, '/');

    (void)snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - __FILE__), __FILE__, name);
    return path;
}

static void assert_defaults(const struct config *c)
{
    assert_string_equal(c->listen, "127.0.0.1:8080");
    assert_int_equal(c->loops, 0);
    assert_null(c->database.path);
    assert_false(c->database.write);
    assert_int_equal(c->database.synchronous, CONFIG_SYNCHRONOUS_FULL);
    assert_true(c->tables.enabled);
    assert_string_equal(c->tables.prefix, "/api");
    assert_int_equal(c->tables.max_rows, 1000);
    assert_null(c->tables.include);
    assert_null(c->tables.exclude);
    assert_true(c->metrics.enabled);
    assert_int_equal(c->limits.body_bytes, 1048576);
    assert_int_equal(c->limits.response_bytes, 16777216);
    assert_int_equal(c->limits.deadline_ms, 5000);
    assert_int_equal(c->limits.header_ms, 10000);
    assert_int_equal(c->limits.body_ms, 30000);
    assert_int_equal(c->limits.idle_ms, 60000);
    assert_int_equal(c->limits.drain_ms, 10000);
    assert_int_equal(c->limits.connections, 10000);
    assert_int_equal(c->limits.in_flight, 2048);
    assert_int_equal(c->limits.stream_bytes, 262144);
    assert_int_equal(c->limits.stall_ms, 2000);
    assert_int_equal(c->limits.snapshot_ms, 60000);
    assert_int_equal(c->spool.bytes, 1073741824);
    assert_null(c->spool.directory);
    assert_null(c->backup.directory);
    assert_int_equal(c->backup.deadline_ms, 600000);
    assert_true(c->openapi.enabled);
    assert_null(c->openapi.title);
    assert_true(c->docs.enabled);
    assert_null(c->cors.origins);
    assert_false(c->tables.aggregates);
    assert_false(c->tables.tx_override);
    assert_false(c->tables.unfiltered_writes);
    assert_int_equal(c->rpc_count, 0);
    assert_null(c->admin.listen);
    assert_int_equal(c->admin.connections, 64);
    assert_int_equal(c->log.level, CONFIG_LOG_INFO);
    assert_false(c->log.access);
    assert_int_equal(c->pools_count, 1);
    assert_string_equal(c->pools[0].name, "read");
    assert_int_equal(c->pools[0].threads, 4);
    assert_int_equal(c->pools[0].queue, 1024);
    assert_int_equal(c->routes_count, 0);
}

static void test_init_gives_the_defaults(void **state)
{
    struct config c;

    (void)state;
    assert_int_equal(config_init(&c), STATUS_OK);
    assert_defaults(&c);
    config_fini(&c);
    config_fini(&c); /* a zeroed struct is fine */
}

static void test_empty_file_gives_the_defaults(void **state)
{
    struct loaded l;

    (void)state;
    load_good(&l, "{\"database\": {}, \"tables\": {}, \"limits\": {}, \"admin\": {}, "
                  "\"pools\": {}, \"routes\": []}");
    assert_defaults(&l.config);
    unload(&l);
}

static const char good[] =
    "{\"$schema\": \"gantry.schema.json\", \"listen\": \"[::1]:0\", \"loops\": 64,"
    " \"database\": {\"path\": \"shop.db\", \"write\": true, \"synchronous\": \"normal\"},"
    " \"tables\": {\"enabled\": false, \"prefix\": \"/data/v1\", \"max_rows\": 7,"
    "              \"include\": [\"books\", \"authors\"]},"
    " \"routes\": ["
    "  {\"path\": \"/books/{id}\", \"sql\": \"SELECT :id\", \"result\": \"row\","
    "   \"description\": \"One book.\", \"pool\": \"reports\", \"deadline_ms\": 30000,"
    "   \"params\": {\"id\": {\"type\": \"integer\", \"minimum\": -1, \"maximum\": "
    "9007199254740993,"
    "                         \"in\": \"path\", \"default\": null, \"description\": \"Which.\"}}},"
    "  {\"method\": \"POST\", \"path\": \"/books/{id}\", \"sql\": \"INSERT\", \"result\": \"none\","
    "   \"body_bytes\": 99, \"params\": {"
    "     \"id\": {\"type\": \"integer\"},"
    "     \"i\": {\"type\": \"integer\", \"default\": -9223372036854775808, \"in\": \"query\"},"
    "     \"n\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 1.5, \"default\": 1},"
    "     \"s\": {\"type\": \"string\", \"min_length\": 2, \"max_length\": 2, \"default\": "
    "\"h\u00e9\"},"
    "     \"b\": {\"type\": \"boolean\", \"default\": true, \"in\": \"body\"},"
    "     \"x\": {\"type\": \"blob\", \"max_length\": 3, \"default\": \"AAEC\"},"
    "     \"j\": {\"type\": \"json\", \"default\": {\"a\": [1, null]}}}},"
    "  {\"path\": \"/\", \"handler\": \"sleep\"},"
    "  {\"path\": \"/api/mine\", \"sql\": \"SELECT 1\", \"stream\": true},"
    "  {\"path\": \"/both\", \"steps\": [{\"sql\": \"SELECT 1\", \"no_rows\": \"conflict\"},"
    "                                 {\"sql\": \"SELECT 2\"}]}],"
    " \"pools\": {\"reports\": {\"threads\": 256, \"queue\": 0}, \"read\": {\"threads\": 1},"
    "             \"write\": {\"queue\": 3}},"
    " \"limits\": {\"body_bytes\": 0, \"response_bytes\": 1024, \"deadline_ms\": 1, \"header_ms\": "
    "2,"
    "              \"body_ms\": 3, \"idle_ms\": 4, \"drain_ms\": 0, \"connections\": 1000000,"
    "              \"in_flight\": 100000, \"stream_bytes\": 1024, \"stall_ms\": 5, "
    "\"snapshot_ms\": 6},"
    " \"spool\": {\"bytes\": 0, \"directory\": \"/var/spool/gantry\"},"
    " \"openapi\": {\"enabled\": false, \"title\": \"Shop\"}, \"docs\": {\"enabled\": false},"
    " \"cors\": {\"origins\": [\"https://shop.example\", \"http://localhost:3000\"]},"
    " \"admin\": {\"listen\": \"localhost:9090\", \"connections\": 10000},"
    " \"backup\": {\"directory\": \"/var/backups\", \"deadline_ms\": 86400000},"
    " \"log\": {\"level\": \"error\", \"access\": true}}";

static void test_good_file_sets_the_options(void **state)
{
    struct loaded l;
    const struct config *c = &l.config;

    (void)state;
    load_good(&l, good);
    assert_string_equal(c->listen, "[::1]:0");
    assert_int_equal(c->loops, 64);
    assert_string_equal(c->database.path, "shop.db");
    assert_true(c->database.write);
    assert_int_equal(c->database.synchronous, CONFIG_SYNCHRONOUS_NORMAL);
    assert_false(c->tables.enabled);
    assert_string_equal(c->tables.prefix, "/data/v1");
    assert_int_equal(c->tables.max_rows, 7);
    assert_int_equal(c->tables.include_count, 2);
    assert_string_equal(c->tables.include[1], "authors");
    assert_null(c->tables.exclude);
    assert_int_equal(c->log.level, CONFIG_LOG_ERROR);
    assert_true(c->log.access);
    assert_int_equal(c->limits.body_bytes, 0);
    assert_int_equal(c->limits.response_bytes, 1024);
    assert_int_equal(c->limits.deadline_ms, 1);
    assert_int_equal(c->limits.header_ms, 2);
    assert_int_equal(c->limits.body_ms, 3);
    assert_int_equal(c->limits.idle_ms, 4);
    assert_int_equal(c->limits.drain_ms, 0);
    assert_int_equal(c->limits.connections, 1000000);
    assert_int_equal(c->limits.in_flight, 100000);
    assert_string_equal(c->admin.listen, "localhost:9090");
    assert_int_equal(c->admin.connections, 10000);
    assert_string_equal(c->backup.directory, "/var/backups");
    assert_int_equal(c->backup.deadline_ms, 86400000);
    assert_int_equal(c->limits.stream_bytes, 1024);
    assert_int_equal(c->limits.stall_ms, 5);
    assert_int_equal(c->limits.snapshot_ms, 6);
    assert_int_equal(c->spool.bytes, 0);
    assert_string_equal(c->spool.directory, "/var/spool/gantry");
    assert_false(c->openapi.enabled);
    assert_string_equal(c->openapi.title, "Shop");
    assert_false(c->docs.enabled);
    assert_int_equal(c->cors.origins_count, 2);
    assert_string_equal(c->cors.origins[1], "http://localhost:3000");
    unload(&l);
}

static void test_pools_keep_read_first(void **state)
{
    struct loaded l;
    const struct config_pool *pools;

    (void)state;
    load_good(&l, good);
    pools = l.config.pools;
    assert_int_equal(l.config.pools_count, 3);
    assert_string_equal(pools[0].name, "read");
    assert_int_equal(pools[0].threads, 1);
    assert_int_equal(pools[0].queue, 1024);
    assert_string_equal(pools[1].name, "reports");
    assert_int_equal(pools[1].threads, 256);
    assert_int_equal(pools[1].queue, 0);
    assert_string_equal(pools[2].name, "write");
    assert_int_equal(pools[2].threads, 1);
    assert_int_equal(pools[2].queue, 3);
    unload(&l);
}

static void test_good_file_sets_the_routes(void **state)
{
    struct loaded l;
    const struct config_route *routes;

    (void)state;
    load_good(&l, good);
    routes = l.config.routes;
    assert_int_equal(l.config.routes_count, 5);
    assert_string_equal(routes[0].method, "GET");
    assert_string_equal(routes[0].path, "/books/{id}");
    assert_string_equal(routes[0].handler, "sql");
    assert_string_equal(routes[0].sql, "SELECT :id");
    assert_string_equal(routes[0].pool, "reports");
    assert_int_equal(routes[0].deadline_ms, 30000);
    assert_int_equal(routes[0].body_bytes, 0);
    assert_int_equal(routes[0].result, CONFIG_ROW);
    assert_string_equal(routes[1].method, "POST");
    assert_int_equal(routes[1].result, CONFIG_NONE);
    assert_int_equal(routes[1].body_bytes, 99);
    assert_null(routes[1].pool);
    assert_int_equal(routes[1].deadline_ms, 0);
    assert_string_equal(routes[2].handler, "sleep");
    assert_null(routes[2].sql);
    assert_int_equal(routes[2].index, 2);
    assert_int_equal(routes[3].result, CONFIG_ROWS);
    assert_string_equal(routes[0].description, "One book.");
    assert_null(routes[1].description);
    assert_false(routes[0].stream);
    assert_true(routes[3].stream);
    assert_int_equal(routes[3].steps_count, 0);
    assert_string_equal(routes[4].handler, "sql");
    assert_null(routes[4].sql);
    assert_int_equal(routes[4].steps_count, 2);
    assert_string_equal(routes[4].steps[0].sql, "SELECT 1");
    assert_int_equal(routes[4].steps[0].no_rows, CONFIG_NO_ROWS_CONFLICT);
    assert_string_equal(routes[4].steps[1].sql, "SELECT 2");
    assert_int_equal(routes[4].steps[1].no_rows, CONFIG_NO_ROWS_DEFAULT);
    unload(&l);
}

static const struct config_param *param_of(const struct config_route *route, const char *name)
{
    for (size_t i = 0; i < route->params_count; i++) {
        if (strcmp(route->params[i].name, name) == 0) {
            return &route->params[i];
        }
    }
    fail_msg("no parameter %s", name);
    return NULL;
}

static void test_good_file_sets_the_parameters(void **state)
{
    struct loaded l;
    const struct config_param *p;

    (void)state;
    load_good(&l, good);
    p = param_of(&l.config.routes[0], "id");
    assert_int_equal(p->in, CONFIG_IN_PATH);
    assert_int_equal(p->has_default, CONFIG_DEFAULT_NULL);
    assert_true(p->has_minimum && p->has_maximum);
    assert_true(p->minimum_integer == -1 && p->maximum_integer == 9007199254740993);
    assert_string_equal(p->description, "Which.");
    p = param_of(&l.config.routes[1], "id");
    assert_int_equal(p->in, CONFIG_IN_DEFAULT);
    assert_int_equal(p->has_default, CONFIG_REQUIRED);
    assert_false(p->has_minimum || p->has_maximum);
    assert_int_equal(p->min_length, 0);
    assert_true(p->max_length == UINT64_MAX);
    unload(&l);
}

static void test_defaults_of_every_type(void **state)
{
    struct loaded l;
    const struct config_route *route;
    const struct config_param *p;

    (void)state;
    load_good(&l, good);
    route = &l.config.routes[1];
    p = param_of(route, "i");
    assert_int_equal(p->in, CONFIG_IN_QUERY);
    assert_int_equal(p->has_default, CONFIG_DEFAULT_VALUE);
    assert_true(p->default_integer == INT64_MIN);
    p = param_of(route, "n");
    assert_int_equal(p->type, CONFIG_NUMBER);
    assert_true(p->minimum_number == 0 && p->maximum_number == 1.5 && p->default_number == 1);
    p = param_of(route, "s");
    assert_int_equal(p->type, CONFIG_STRING);
    assert_int_equal(p->min_length, 2); /* characters: two, in three bytes */
    assert_string_equal(p->default_text, "h\xc3\xa9");
    p = param_of(route, "b");
    assert_int_equal(p->in, CONFIG_IN_BODY);
    assert_int_equal(p->default_integer, 1);
    p = param_of(route, "x");
    assert_int_equal(p->type, CONFIG_BLOB);
    assert_int_equal(p->default_size, 3);
    assert_memory_equal(p->default_text, "\0\1\2", 3);
    p = param_of(route, "j");
    assert_int_equal(p->type, CONFIG_JSON);
    assert_string_equal(p->default_text, "{\"a\":[1,null]}");
    unload(&l);
}

static void test_no_bound_and_no_origins(void **state)
{
    struct loaded l;

    (void)state;
    load_good(&l,
              "{\"tables\": {\"max_rows\": 0, \"aggregates\": true}, \"cors\": {\"origins\": []}}");
    assert_int_equal(l.config.tables.max_rows, 0);
    assert_true(l.config.tables.aggregates);
    assert_int_equal(l.config.cors.origins_count, 0);
    unload(&l);
}

/* --- named queries ---------------------------------------------------------------------------- */

static const char queries[] =
    "{\"pools\": {\"reports\": {}}, \"rpc\": ["
    "  {\"name\": \"between\", \"sql\": \"SELECT :a\", \"returns\": \"setof books\","
    "   \"volatility\": \"stable\", \"pool\": \"reports\", \"deadline_ms\": 7,"
    "   \"description\": \"Books.\", \"params\": {"
    "     \"a\": {\"type\": \"integer\", \"minimum\": 1, \"description\": \"First.\"},"
    "     \"b\": {\"type\": \"string\", \"max_length\": 3, \"default\": \"abc\"}}},"
    "  {\"name\": \"_1\", \"sql\": \"SELECT 1\", \"returns\": \"scalar integer\","
    "   \"volatility\": \"immutable\"},"
    "  {\"name\": \"tags\", \"sql\": \"SELECT 1\", \"returns\": \"setof json\"},"
    "  {\"name\": \"one\", \"sql\": \"SELECT 1\", \"returns\": \"row order items\"},"
    "  {\"name\": \"clear\", \"sql\": \"DELETE\", \"returns\": \"void\"},"
    "  {\"name\": \"many\", \"sql\": \"SELECT 1\", \"returns\": \"setof integers\"}]}";

static void test_good_file_sets_the_named_queries(void **state)
{
    struct loaded l;
    const struct config_rpc *rpc;

    (void)state;
    load_good(&l, queries);
    rpc = l.config.rpc;
    assert_int_equal(l.config.rpc_count, 6);
    assert_string_equal(rpc[0].name, "between");
    assert_string_equal(rpc[0].sql, "SELECT :a");
    assert_string_equal(rpc[0].returns, "setof books");
    assert_int_equal(rpc[0].returns_kind, CONFIG_RETURNS_ROWS);
    assert_string_equal(rpc[0].returns_table, "books");
    assert_int_equal(rpc[0].volatility, CONFIG_STABLE);
    assert_string_equal(rpc[0].pool, "reports");
    assert_int_equal(rpc[0].deadline_ms, 7);
    assert_string_equal(rpc[0].description, "Books.");
    assert_int_equal(rpc[0].params_count, 2);
    assert_string_equal(rpc[0].params[0].name, "a");
    assert_string_equal(rpc[0].params[0].description, "First.");
    assert_int_equal(rpc[0].params[0].minimum_integer, 1);
    assert_string_equal(rpc[0].params[1].default_text, "abc");
    assert_int_equal(rpc[1].returns_kind, CONFIG_RETURNS_SCALAR);
    assert_int_equal(rpc[1].returns_type, CONFIG_INTEGER);
    assert_int_equal(rpc[1].volatility, CONFIG_IMMUTABLE);
    assert_int_equal(rpc[1].deadline_ms, 0);
    assert_null(rpc[1].pool);
    assert_int_equal(rpc[2].returns_kind, CONFIG_RETURNS_VALUES);
    assert_int_equal(rpc[2].returns_type, CONFIG_JSON);
    assert_null(rpc[2].returns_table);
    assert_int_equal(rpc[2].volatility, CONFIG_VOLATILE);
    assert_int_equal(rpc[3].returns_kind, CONFIG_RETURNS_ROW);
    assert_string_equal(rpc[3].returns_table, "order items");
    assert_int_equal(rpc[4].returns_kind, CONFIG_RETURNS_VOID);
    assert_int_equal(rpc[5].returns_kind, CONFIG_RETURNS_ROWS);
    assert_string_equal(rpc[5].returns_table, "integers");
    assert_int_equal(rpc[5].index, 5);
    unload(&l);
}

static void test_an_empty_list_of_tables_is_a_list(void **state)
{
    struct loaded l;

    (void)state;
    load_good(&l, "{\"tables\": {\"include\": []}}");
    assert_non_null(l.config.tables.include);
    assert_int_equal(l.config.tables.include_count, 0);
    unload(&l);
}

static void test_the_examples_are_good(void **state)
{
    static const char *const names[] = {"../../../config/example.json",
                                        "../../../config/write-example.json"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        struct loaded l;

        load_path(&l, in_tree(names[i]));
        assert_int_equal(l.status, STATUS_OK);
        assert_int_equal(l.problems.count, 0);
        assert_true(l.config.routes_count >= 3);
        unload(&l);
    }
}

static void check_bad_file(const json_t *bad)
{
    const json_t *problems = json_object_get(bad, "problems");
    char *text = json_dumps(json_object_get(bad, "file"), JSON_COMPACT);
    struct loaded l;

    assert_non_null(text);
    load(&l, text);
    free(text);
    assert_int_equal(l.status, STATUS_OK);
    for (size_t i = 0; i < json_array_size(problems); i++) {
        const json_t *problem = json_array_get(problems, i);

        assert_problem(&l, i, json_string_value(json_array_get(problem, 0)),
                       json_string_value(json_array_get(problem, 1)));
    }
    assert_int_equal(l.problems.count, json_array_size(problems));
    unload(&l);
}

static void test_every_bad_file_is_refused(void **state)
{
    json_t *all = json_load_file(in_tree("bad_files.json"), JSON_REJECT_DUPLICATES, NULL);

    (void)state;
    assert_true(json_array_size(all) > 100);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *bad = json_array_get(all, i);

        print_message("    %s\n", json_string_value(json_object_get(bad, "what")));
        check_bad_file(bad);
    }
    json_decref(all);
}

static void test_a_bad_file_is_still_filled(void **state)
{
    struct loaded l;

    (void)state;
    load(&l,
         "{\"loops\": 99, \"limits\": {\"idle_ms\": \"x\", \"body_ms\": 9}, \"routes\": ["
         "{\"path\": \"no\", \"sql\": \"SELECT 1\"},"
         "{\"path\": \"/yes\", \"sql\": \"SELECT 1\", \"pool\": \"none\", \"deadline_ms\": 0}]}");
    assert_int_equal(l.status, STATUS_OK);
    assert_int_equal(l.problems.count, 5);
    assert_int_equal(l.config.loops, 0);
    assert_int_equal(l.config.limits.idle_ms, 60000);
    assert_int_equal(l.config.limits.body_ms, 9);
    assert_int_equal(l.config.routes_count, 1); /* one without a usable path is left out */
    assert_int_equal(l.config.routes[0].index, 1);
    assert_string_equal(l.config.routes[0].path, "/yes");
    assert_null(l.config.routes[0].pool);
    unload(&l);
}

static void test_what_is_no_json_says_where(void **state)
{
    (void)state;
    assert_refused("{\"listen\":\n  oops}", ":2:6: ");
    assert_refused("{\"a\": 1,\n \"a\": 2}", ":2:4: duplicate object key");
    assert_refused("{\"loops\": 1} x", ":1:14: end of file expected");
    assert_refused("{\"loops\": 9223372036854775808}", ":1:");
    assert_refused("{\"listen\": \"\xff\"}", ":1:");
    assert_refused("", ":1:0: ");
}

static void test_the_root_must_be_an_object(void **state)
{
    struct loaded l;

    (void)state;
    load(&l, "[]");
    assert_problem(&l, 0, "$", "expected an object, got an array");
    unload(&l);
    load(&l, "7");
    assert_problem(&l, 0, "$", "expected an object, got an integer");
    assert_defaults(&l.config);
    unload(&l);
}

static void test_a_file_has_at_most_4_mib(void **state)
{
    const size_t most = (size_t)4 * 1024 * 1024;
    char *text = mem_alloc(most + 1);
    struct loaded l;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', most + 1);
    memcpy(text, "{}", 2);
    write_file(text, most);
    load_path(&l, file);
    assert_int_equal(l.status, STATUS_OK);
    assert_int_equal(l.problems.count, 0);
    unload(&l);
    write_file(text, most + 1);
    load_path(&l, file);
    assert_int_equal(l.status, STATUS_OK);
    assert_int_equal(l.problems.count, 1);
    assert_string_equal(l.problems.list[0].path, "$");
    assert_non_null(strstr(l.problems.list[0].text, "larger than 4 MiB"));
    assert_defaults(&l.config);
    unload(&l);
    mem_free(text);
}

static void test_files_that_cannot_be_read(void **state)
{
    struct loaded l;

    (void)state;
    load_path(&l, "/nonexistent/gantry.json");
    assert_int_equal(l.status, STATUS_NO_SUCH_FILE);
    assert_string_equal(l.err.text, "/nonexistent/gantry.json: No such file or directory");
    unload(&l);
    load_path(&l, "/");
    assert_int_equal(l.status, STATUS_IO);
    assert_string_equal(l.err.text, "/: Is a directory");
    unload(&l);
}

/* A text of the file appears in messages escaped and cut. */
static void test_messages_are_fit_for_a_terminal(void **state)
{
    struct loaded l;

    (void)state;
    load(&l, "{\"loops\\u001b[31m\": 1, "
             "\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff\": 1}");
    assert_int_equal(l.problems.count, 2);
    assert_string_equal(l.problems.list[0].path, "$[\"loops\\u001b[31m\"]");
    assert_null(strchr(l.problems.list[0].text, 0x1b));
    assert_string_equal(l.problems.list[1].path,
                        "$[\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee\"...]");
    unload(&l);
}

/* Did the n-th allocation fail already, after mem_fail_after(n)? Ends the countdown. */
static bool has_failed(long n)
{
    bool is_pending = false;

    for (long i = 0; i < n && !is_pending; i++) {
        void *probe = mem_alloc(1);
        is_pending = probe == NULL;
        mem_free(probe);
    }
    mem_fail_after(-1);
    return !is_pending;
}

/*
 * Load text with the n-th allocation failing, n = 1.., until none fails any more. is_ours: only
 * our own allocations count, and each must end in NOMEM. jansson, when it is short of memory, may
 * report bad syntax or lose the end of a token: then it is enough that nothing leaks or crashes.
 */
static long torture(const char *text, size_t problems, bool is_ours)
{
    write_file(text, strlen(text));
    for (long n = 1; n < 100000; n++) {
        struct loaded l;

        mem_fail_after(n);
        load_path(&l, file);
        if (!has_failed(n)) {
            assert_int_equal(l.status, STATUS_OK);
            assert_int_equal(l.problems.count, problems);
            unload(&l);
            return n - 1;
        }
        assert_true(!is_ours || l.status == STATUS_NOMEM);
        unload(&l);
    }
    fail_msg("never succeeded");
    return 0;
}

static void test_torture(void **state)
{
    static const char bad[] =
        "{\"lopps\": 1, \"zzzz\": 2, \"limits\": 7, \"pools\": {\"reports\": {\"queue\": -1}}, "
        "\"routes\": [{\"path\": \"/x/{y}\", \"sql\": \"SELECT 1\", \"pool\": \"report\", "
        "\"params\": {\"z\": {\"type\": \"blob\", \"default\": \"a\"}}}, "
        "{\"path\": \"/y\", \"steps\": [{\"sql\": \"SELECT 1\"}, {\"sql\": 1}]}]}";
    int standard_error = dup(STDERR_FILENO);

    (void)state;
    assert_true(standard_error >= 0);
    assert_non_null(freopen("/dev/null", "w", stderr)); /* problems that found no memory */
    for (int is_ours = 0; is_ours <= 1; is_ours++) {
        json_set_alloc_funcs(is_ours ? malloc : mem_alloc, is_ours ? free : mem_free);
        print_message("    %ld allocations\n", torture(good, 0, is_ours));
        print_message("    %ld allocations\n", torture(bad, 8, is_ours));
    }
    /* Not with jansson's: 2.14 writes behind the end of a string's token that it could not grow. */
    print_message("    %ld allocations\n", torture(queries, 0, true));
    (void)fflush(stderr); /* to /dev/null */
    assert_true(dup2(standard_error, fileno(stderr)) >= 0);
    (void)close(standard_error); /* a duplicate */
}

static void test_torture_of_init(void **state)
{
    struct config c = {0};
    enum status status = STATUS_NOMEM;

    (void)state;
    for (long n = 1; status != STATUS_OK; n++) {
        mem_fail_after(n);
        status = config_init(&c);
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || (status == STATUS_NOMEM && c.listen == NULL));
    }
    config_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_gives_the_defaults),
        cmocka_unit_test(test_empty_file_gives_the_defaults),
        cmocka_unit_test(test_good_file_sets_the_options),
        cmocka_unit_test(test_pools_keep_read_first),
        cmocka_unit_test(test_good_file_sets_the_routes),
        cmocka_unit_test(test_good_file_sets_the_parameters),
        cmocka_unit_test(test_defaults_of_every_type),
        cmocka_unit_test(test_no_bound_and_no_origins),
        cmocka_unit_test(test_good_file_sets_the_named_queries),
        cmocka_unit_test(test_an_empty_list_of_tables_is_a_list),
        cmocka_unit_test(test_the_examples_are_good),
        cmocka_unit_test(test_every_bad_file_is_refused),
        cmocka_unit_test(test_a_bad_file_is_still_filled),
        cmocka_unit_test(test_what_is_no_json_says_where),
        cmocka_unit_test(test_the_root_must_be_an_object),
        cmocka_unit_test(test_a_file_has_at_most_4_mib),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_messages_are_fit_for_a_terminal),
        cmocka_unit_test(test_torture),
        cmocka_unit_test(test_torture_of_init),
    };
    int fd = mkstemp(file);
    int failed;

    if (fd < 0) {
        return 1;
    }
    (void)close(fd); /* only the name is wanted */
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(file); /* it is in /tmp */
    return failed;
}
