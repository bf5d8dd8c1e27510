/* CORS and OPTIONS: the Fetch standard, and PostgREST's answers. */
#include "handlers/cors.h"

#include <stdio.h>

#include "base/role.h"
#include "handlers/table/answer.h"
#include "handlers/table/options.h"
#include "server/call.h"
#include "tests/unit/text.h"

static const char *const shops[] = {"https://shop.example", "http://localhost:3000"};
static const struct cors any = {NULL, 0};
static const struct cors listed = {shops, 2};

static struct header headers[4];
static struct call call;

static void request(enum method method, const char *origin, const char *wanted_method,
                    const char *wanted_headers)
{
    size_t n = 0;

    response_fini(&call.response);
    response_init(&call.response, 65536);
    if (origin != NULL) {
        headers[n++] = (struct header){STR("Origin"), str_of(origin)};
    }
    if (wanted_method != NULL) {
        headers[n++] = (struct header){STR("Access-Control-Request-Method"), str_of(wanted_method)};
    }
    if (wanted_headers != NULL) {
        headers[n++] =
            (struct header){STR("Access-Control-Request-Headers"), str_of(wanted_headers)};
    }
    call.request.method = method;
    call.request.headers = headers;
    call.request.headers_count = n;
}

static const char *said(const char *name)
{
    return response_header_value(&call.response, name);
}

static int tear_down(void **state)
{
    (void)state;
    response_fini(&call.response);
    return 0;
}

/* --- any answer ----------------------------------------------------------------------------- */

static void anybody(void **state)
{
    (void)state;
    request(METHOD_GET, "https://anywhere.example", NULL, NULL);
    cors_note(&any, &call.request, &call.response);
    assert_string_equal(said("Access-Control-Allow-Origin"), "*");
    assert_null(said("Access-Control-Allow-Credentials"));
    assert_non_null(strstr(said("Access-Control-Expose-Headers"), "Content-Range, "));
    assert_non_null(strstr(said("Access-Control-Expose-Headers"), ", Idempotent-Replayed"));
    assert_null(said("Vary")); /* everybody gets the same */
}

static void no_browser(void **state)
{
    (void)state;
    request(METHOD_GET, NULL, NULL, NULL);
    cors_note(&any, &call.request, &call.response);
    assert_int_equal(call.response.headers_count, 0);
    cors_note(&listed, &call.request, &call.response);
    assert_string_equal(said("Vary"), "Origin"); /* somebody else would get more */
    assert_int_equal(call.response.headers_count, 1);
}

static void those_on_the_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        request(METHOD_GET, shops[i], NULL, NULL);
        response_header(&call.response, "Vary", "Accept");
        cors_note(&listed, &call.request, &call.response);
        assert_string_equal(said("Access-Control-Allow-Origin"), shops[i]);
        assert_string_equal(said("Access-Control-Allow-Credentials"), "true");
        assert_string_equal(said("Vary"), "Accept, Origin");
    }
}

static void those_who_are_not(void **state)
{
    static const char *const others[] = {"https://shop.example.evil",
                                         "http://shop.example",
                                         "null",
                                         "https://shop.example:8443",
                                         "",
                                         "*"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        request(METHOD_GET, others[i], NULL, NULL);
        cors_note(&listed, &call.request, &call.response);
        assert_null(said("Access-Control-Allow-Origin"));
        assert_null(said("Access-Control-Allow-Credentials"));
        assert_string_equal(said("Vary"), "Origin");
    }
}

static void every_answer(void **state)
{
    (void)state;
    request(METHOD_GET, "https://anywhere.example", NULL, NULL);
    table_decorate(&any, &call.request, &call.response);
    assert_string_equal(said("Vary"), "Accept, Prefer, Range");
    assert_string_equal(said("Access-Control-Allow-Origin"), "*");
}

/* --- preflights ----------------------------------------------------------------------------- */

static void which_are_preflights(void **state)
{
    (void)state;
    request(METHOD_OPTIONS, "https://shop.example", "POST", NULL);
    assert_true(cors_is_preflight(&any, &call.request));
    assert_true(cors_is_preflight(&listed, &call.request));
    request(METHOD_OPTIONS, "https://other.example", "POST", NULL);
    assert_true(cors_is_preflight(&any, &call.request));
    assert_false(cors_is_preflight(&listed, &call.request));
    request(METHOD_OPTIONS, NULL, "POST", NULL);
    assert_false(cors_is_preflight(&any, &call.request));
    request(METHOD_OPTIONS, "https://shop.example", NULL, NULL);
    assert_false(cors_is_preflight(&any, &call.request));
    request(METHOD_GET, "https://shop.example", "POST", NULL);
    assert_false(cors_is_preflight(&any, &call.request));
}

static void what_a_preflight_says(void **state)
{
    (void)state;
    request(METHOD_OPTIONS, "https://shop.example", "POST", "apikey, x-client-info");
    cors_note_preflight(&call.request, &call.response);
    assert_string_equal(said("Access-Control-Allow-Methods"),
                        "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD");
    assert_string_equal(said("Access-Control-Allow-Headers"),
                        "Authorization, apikey, x-client-info, Accept, Accept-Language, "
                        "Content-Language");
    assert_string_equal(said("Access-Control-Max-Age"), "86400");
}

static void headers_that_are_none(void **state)
{
    static const char *const wanted[] = {NULL, "", "a: b", "a\x01", "a(b)", "\"a\""};
    static char beyond[5000];

    (void)state;
    memset(beyond, 'a', sizeof(beyond) - 1);
    for (size_t i = 0; i <= ARRAY_LENGTH(wanted); i++) {
        request(METHOD_OPTIONS, "https://shop.example", "GET",
                i < ARRAY_LENGTH(wanted) ? wanted[i] : beyond);
        cors_note_preflight(&call.request, &call.response);
        assert_string_equal(said("Access-Control-Allow-Headers"),
                            "Authorization, Accept, Accept-Language, Content-Language");
    }
}

/* --- OPTIONS -------------------------------------------------------------------------------- */

static const struct schema_column key_columns[] = {{.name = "id", .key_place = 1}};
static const struct schema_column bare_columns[] = {{.name = "n"}};

static void what_a_table_allows(void **state)
{
    const struct {
        struct schema_table table;
        bool has_writes;
        const char *allow;
    } cases[] = {
        {{.columns = key_columns,
          .columns_count = 1,
          .is_insertable = true,
          .is_updatable = true,
          .is_deletable = true},
         true,
         "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"},
        {{.columns = bare_columns,
          .columns_count = 1,
          .is_insertable = true,
          .is_updatable = true,
          .is_deletable = true},
         true,
         "OPTIONS,GET,HEAD,POST,PATCH,DELETE"},
        {{.columns = key_columns,
          .columns_count = 1,
          .is_insertable = true,
          .is_updatable = true,
          .is_deletable = true},
         false,
         "OPTIONS,GET,HEAD"},
        {{.columns = bare_columns, .columns_count = 1}, true, "OPTIONS,GET,HEAD"},
        {{.columns = bare_columns, .columns_count = 1, .is_deletable = true},
         true,
         "OPTIONS,GET,HEAD,DELETE"},
        {{.columns = bare_columns, .columns_count = 1, .is_insertable = true},
         true,
         "OPTIONS,GET,HEAD,POST"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char allow[OPTIONS_ALLOW_SIZE];

        options_write_allow(&cases[i].table, cases[i].has_writes, allow);
        assert_string_equal(allow, cases[i].allow);
    }
}

static void who_may_write(void **state)
{
    static const struct {
        const struct cors *cors;
        const char *origin;
        const char *host;
        bool may;
    } cases[] = {
        {&any, NULL, NULL, true},
        {&any, "https://anywhere.example", NULL, true},
        {&listed, NULL, "x", true},
        {&listed, "https://shop.example", "x", true},
        {&listed, "https://evil.example", "x", false},
        {&listed, "http://127.0.0.1:80", "127.0.0.1:80", true},
        {&listed, "http://127.0.0.1:81", "127.0.0.1:80", false},
        {&listed, "127.0.0.1:80", "127.0.0.1:80", false},
        {&listed, "null", "x", false},
        {&listed, "http://", "", false},
        {&listed, "http://", NULL, false},
        {&listed, "", "x", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        request(METHOD_POST, cases[i].origin, NULL, NULL);
        if (cases[i].host != NULL) {
            headers[call.request.headers_count++] =
                (struct header){STR("Host"), str_of(cases[i].host)};
        }
        assert_int_equal(cors_may_write(cases[i].cors, &call.request), cases[i].may);
    }
}

static enum options_query find_query(const void *user, struct call *asked, struct str name)
{
    (void)user;
    if (str_equal(name, STR("adds"))) {
        return OPTIONS_QUERY_WRITES;
    }
    if (str_equal(name, STR("reads"))) {
        return OPTIONS_QUERY_READS;
    }
    call_fail(asked, PROBLEM_NOT_FOUND, NULL, "no");
    return OPTIONS_QUERY_NONE;
}

static void serve(const struct handler *handler, const char *name)
{
    static char path[100];

    (void)snprintf(path, sizeof(path), "/api/rpc/%s", name); /* short ones only */
    call.request.path = str_of(path);
    call.request.params[0].value = str_of(name);
    call.request.params_count = 1;
    handler->serve(handler, &call);
    handler->decorate(handler->decoration, &call.request, &call.response);
}

static void named_queries_and_the_root(void **state)
{
    const struct options_conf conf = {.cors = &any, .find_query = find_query};
    struct options options;

    (void)state;
    options_init(&options, &conf);
    assert_int_equal(options.root.kind, HANDLER_INLINE);
    request(METHOD_OPTIONS, NULL, NULL, NULL);
    serve(&options.root, "");
    assert_int_equal(call.response.http_status, 200);
    assert_int_equal(call.response.body.size, 0);
    assert_string_equal(said("Allow"), "OPTIONS,GET,HEAD");
    assert_string_equal(said("Access-Control-Allow-Origin"), "*");
    request(METHOD_OPTIONS, NULL, NULL, NULL);
    serve(&options.query, "reads");
    assert_string_equal(said("Allow"), "OPTIONS,GET,HEAD,POST");
    request(METHOD_OPTIONS, NULL, NULL, NULL);
    serve(&options.query, "adds");
    assert_string_equal(said("Allow"), "OPTIONS,POST");
    request(METHOD_OPTIONS, "https://shop.example", NULL, NULL);
    serve(&options.query, "other");
    assert_int_equal(call.response.http_status, 404);
    assert_string_equal(said("Access-Control-Allow-Origin"), "*"); /* the page may read why */
}

/* Without a database: it is not asked. */
static void a_preflight_asks_nobody(void **state)
{
    const struct options_conf conf = {.cors = &listed};
    struct options options;

    (void)state;
    options_init(&options, &conf);
    for (size_t i = 0; i < 3; i++) {
        const struct handler *const handlers[] = {&options.root, &options.table, &options.query};

        request(METHOD_OPTIONS, "https://shop.example", "GET", NULL);
        serve(handlers[i], "whatever");
        assert_int_equal(call.response.http_status, 200);
        assert_string_equal(said("Access-Control-Allow-Origin"), "https://shop.example");
        assert_non_null(said("Access-Control-Allow-Methods"));
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(anybody),
        TEST(no_browser),
        TEST(those_on_the_list),
        TEST(those_who_are_not),
        TEST(every_answer),
        TEST(who_may_write),
        TEST(which_are_preflights),
        TEST(what_a_preflight_says),
        TEST(headers_that_are_none),
        TEST(what_a_table_allows),
        TEST(named_queries_and_the_root),
        TEST(a_preflight_asks_nobody),
    };

    role_set_loop("gy-loop-test");
    return cmocka_run_group_tests_name("handlers/cors", tests, NULL, NULL);
}
