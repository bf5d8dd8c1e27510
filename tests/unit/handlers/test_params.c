#include "handlers/sql/params.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/handlers/fixture.h"

#define PARAMS 8

/* What every test here declares: one of each place, and one of each default. */
static const struct param params[PARAMS] = {
    {.name = "id", .type = PARAM_INTEGER, .in = PARAM_IN_PATH, .max_length = UINT64_MAX},
    {.name = "title", .type = PARAM_STRING, .in = PARAM_IN_BODY, .max_length = 5},
    {.name = "year", .type = PARAM_INTEGER, .in = PARAM_IN_BODY, .has_default = PARAM_DEFAULT_NULL},
    {.name = "pages",
     .type = PARAM_INTEGER,
     .in = PARAM_IN_BODY,
     .has_default = PARAM_DEFAULT_VALUE,
     .fallback = {.type = VALUE_INTEGER, .integer = 100}},
    {.name = "cover",
     .type = PARAM_BLOB,
     .in = PARAM_IN_BODY,
     .has_default = PARAM_DEFAULT_NULL,
     .max_length = UINT64_MAX},
    {.name = "extra", .type = PARAM_JSON, .in = PARAM_IN_BODY, .has_default = PARAM_DEFAULT_NULL},
    {.name = "limit",
     .type = PARAM_INTEGER,
     .in = PARAM_IN_QUERY,
     .has_minimum = true,
     .minimum_integer = 1},
    {.name = "sort",
     .type = PARAM_STRING,
     .in = PARAM_IN_QUERY,
     .max_length = UINT64_MAX,
     .has_default = PARAM_DEFAULT_VALUE,
     .fallback = {.type = VALUE_TEXT, .bytes = {"up", 2}}},
};

enum { ID, TITLE, YEAR, PAGES, COVER, EXTRA, LIMIT, SORT };

static struct fixture f;
static struct value values[PARAMS];

static int set_up(void **state)
{
    (void)state;
    fixture_init(&f);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_fini(&f);
    return 0;
}

#define NO_TYPE "" /* a body without a Content-Type; NULL stands for the right one */

static void give(const char *id, const char *query, const char *type, const char *body)
{
    bool has_type = type == NULL || type[0] != '\0';

    f.call.request.params_count = id == NULL ? 0 : 1;
    f.call.request.params[0] = (struct path_param){STR("id"), str_of(id == NULL ? "" : id)};
    f.call.request.query = str_of(query);
    f.call.request.headers_count = has_type ? 1 : 0;
    f.headers[0] =
        (struct header){STR("Content-Type"), str_of(type == NULL ? "application/json" : type)};
    f.call.request.body = str_of(body);
}

static bool read_first(size_t count)
{
    assert_on_worker();
    return params_read(&f.call, params, count, values);
}

static void assert_taken(const char *id, const char *query, const char *type, const char *body)
{
    give(id, query, type, body);
    if (!read_first(PARAMS)) {
        fail_msg("%.*s", (int)f.call.response.body.size, f.call.response.body.at);
    }
}

static void assert_refused(const char *id, const char *query, const char *body, unsigned status)
{
    give(id, query, NULL, body);
    assert_false(read_first(PARAMS));
    assert_int_equal(f.call.response.http_status, status);
    (void)answer_of(&f); /* it is JSON */
}

static void assert_detail(const char *text)
{
    const char *detail = json_string_value(json_object_get(answer_of(&f), "detail"));

    if (strstr(detail, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", detail, text);
    }
}

static void assert_problem(const char *name, const char *message)
{
    const char *actual = problem_with(&f, name);

    if (actual == NULL) {
        fail_msg("nothing is said of \"%s\"", name);
    }
    assert_string_equal(actual, message);
}

/* --- from everywhere ---------------------------------------------------------------------- */

static void from_path_query_and_body(void **state)
{
    (void)state;
    assert_taken("7", "limit=3&sort=d%6Fwn", "application/json",
                 "{\"title\": \"caf\\u00e9\", \"year\": 1999, \"pages\": 5, \"cover\": \"AAEC\","
                 " \"extra\": {\"a\": [1]}}");
    assert_true(values[ID].type == VALUE_INTEGER && values[ID].integer == 7);
    assert_text(values[TITLE].bytes, "caf\xC3\xA9");
    assert_true(values[YEAR].type == VALUE_INTEGER && values[YEAR].integer == 1999);
    assert_true(values[PAGES].type == VALUE_INTEGER && values[PAGES].integer == 5);
    assert_int_equal(values[COVER].type, VALUE_BLOB);
    assert_memory_equal(values[COVER].bytes.at, "\0\1\2", 3);
    assert_int_equal(values[EXTRA].type, VALUE_TEXT);
    assert_text(values[EXTRA].bytes, "{\"a\":[1]}");
    assert_true(values[LIMIT].type == VALUE_INTEGER && values[LIMIT].integer == 3);
    assert_text(values[SORT].bytes, "down");
}

static void defaults(void **state)
{
    (void)state;
    assert_taken("7", "limit=3", NULL, "{\"title\": \"x\"}");
    assert_int_equal(values[YEAR].type, VALUE_NULL);
    assert_true(values[PAGES].type == VALUE_INTEGER && values[PAGES].integer == 100);
    assert_int_equal(values[COVER].type, VALUE_NULL);
    assert_int_equal(values[EXTRA].type, VALUE_NULL);
    assert_text(values[SORT].bytes, "up");
}

static void nulls(void **state)
{
    (void)state;
    assert_taken("7", "limit=3", NULL,
                 "{\"title\": \"x\", \"year\": null, \"cover\": null, \"extra\": null}");
    assert_int_equal(values[YEAR].type, VALUE_NULL);
    assert_int_equal(values[COVER].type, VALUE_NULL);
    assert_text(values[EXTRA].bytes, "null"); /* JSON's own */
    assert_refused("7", "limit=3", "{\"title\": null, \"pages\": null}", 400);
    assert_int_equal(problems_count(&f), 2);
    assert_problem("title", "must not be null"); /* required, and a default that is a value */
    assert_problem("pages", "must not be null");
}

/* Nothing points into what is gone when the statement runs. */
static void values_outlive_the_parsed_body(void **state)
{
    char body[] = "{\"title\": \"abc\", \"cover\": \"AAEC\", \"extra\": [1]}";

    (void)state;
    assert_taken("7", "limit=3", NULL, body);
    memset(body, '~', sizeof(body) - 1);
    assert_text(values[TITLE].bytes, "abc");
    assert_memory_equal(values[COVER].bytes.at, "\0\1\2", 3);
    assert_text(values[EXTRA].bytes, "[1]");
}

/* --- problems ----------------------------------------------------------------------------- */

static void all_problems_at_once(void **state)
{
    (void)state;
    assert_refused("seven", "limit=0&srt=up&sort=%",
                   "{\"titl\": \"x\", \"title\": \"longer\", \"year\": \"1999\", \"pages\": 1.5,"
                   " \"cover\": \"?\", \"qqqqqq\": 1}",
                   400);
    assert_int_equal(problems_count(&f), 10);
    assert_problem("id", "must be an integer, of at most 64 bits");
    assert_problem("limit", "must be at least 1");
    assert_problem("srt", "unknown parameter; did you mean \"sort\"?");
    assert_problem("sort", "holds a broken escape, a NUL, or is not UTF-8");
    assert_problem("titl", "unknown parameter; did you mean \"title\"?");
    assert_problem("title", "must have at most 5 characters");
    assert_problem("year", "must be an integer, not a string");
    assert_problem("pages", "must be an integer");
    assert_problem("cover", "must be base64 with padding");
    assert_problem("qqqqqq", "unknown parameter");
}

static void what_is_required(void **state)
{
    static const char *const empty[] = {"", "{}", " { } "};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(empty); i++) {
        assert_refused(NULL, "", empty[i], 400);
        assert_int_equal(problems_count(&f), 3);
        assert_problem("id", "is required");
        assert_problem("limit", "is required");
        assert_problem("title", "is required");
    }
}

static void twice(void **state)
{
    (void)state;
    assert_refused("7", "limit=1&limit=2", "{\"title\": \"x\"}", 400);
    assert_problem("limit", "given more than once");
    assert_refused("7", "limit=1", "{\"title\": \"x\", \"title\": \"y\"}", 400);
    assert_detail("duplicate");
}

static void in_the_wrong_place(void **state)
{
    (void)state;
    assert_refused("7", "limit=1&title=x", "{\"title\": \"x\", \"limit\": 1, \"id\": 7}", 400);
    assert_int_equal(problems_count(&f), 3);
    assert_problem("title", "unknown parameter");
}

/* --- bodies ------------------------------------------------------------------------------- */

static void content_types(void **state)
{
    static const char *const good[] = {NULL,
                                       "application/json",
                                       "APPLICATION/JSON",
                                       "application/json; charset=utf-8",
                                       "application/json;charset=utf-8",
                                       "application/json ; x=y",
                                       "application/vnd.api+json",
                                       "application/merge-patch+JSON; x"};
    static const char *const bad[] = {"",
                                      "text/plain",
                                      "application/x-www-form-urlencoded",
                                      "multipart/form-data; boundary=application/json",
                                      "json",
                                      "+json",
                                      "application/jsonp",
                                      "application/json, text/plain",
                                      ";application/json"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_taken("7", "limit=1", good[i], "{\"title\": \"x\"}");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        give("7", "limit=1", bad[i], "{\"title\": \"x\"}");
        assert_false(read_first(PARAMS));
        assert_int_equal(f.call.response.http_status, 415);
        assert_non_null(json_object_get(answer_of(&f), "hint"));
    }
    give("7", "limit=1", "text/plain", ""); /* of nothing: does not matter */
    assert_false(read_first(PARAMS));
    assert_int_equal(f.call.response.http_status, 400);
}

static void what_is_not_a_json_object(void **state)
{
    static const char *const bad[] = {"[]",
                                      "7",
                                      "\"x\"",
                                      "null",
                                      "{",
                                      "{\"title\"",
                                      "{'title': 1}",
                                      "{} x",
                                      "{}}",
                                      "\xFF",
                                      "{\"a\": \"\xFF\"}",
                                      "\xEF\xBB\xBF{}",
                                      " ",
                                      "{\"title\": \"a\\u0000b\"}",
                                      "{\"title\": 01}",
                                      "{\"year\": 9223372036854775808}",
                                      "title=x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_refused("7", "limit=1", bad[i], 400);
        assert_detail("the body ");
    }
}

/* {"extra": [[[...]]]} with as many brackets; in a string they do not count. */
static void nest(char *body, size_t depth, bool is_in_string)
{
    const char *quote = is_in_string ? "\\\"" : "";
    char *at = body;

    at += sprintf(at, "{\"title\": \"x\", \"extra\": %s", is_in_string ? "\"" : "");
    at = stpcpy(at, quote);
    memset(at, '[', depth);
    memset(at + depth, ']', depth);
    at = stpcpy(at + 2 * depth, quote);
    (void)strcpy(at, is_in_string ? "\"}" : "}");
}

static void depth_has_a_limit(void **state)
{
    static char body[300000];

    (void)state;
    nest(body, 63, false); /* and the object itself */
    assert_taken("7", "limit=1", NULL, body);
    nest(body, 64, false);
    assert_refused("7", "limit=1", body, 400);
    assert_detail("nested deeper than 64");
    nest(body, 100000, false);
    assert_refused("7", "limit=1", body, 400);
    assert_detail("nested deeper than 64");
    nest(body, 1000, true);
    assert_taken("7", "limit=1", NULL, body);
    memset(body, '[', 100000);
    body[100000] = '\0';
    assert_refused("7", "limit=1", body, 400);
    assert_detail("nested deeper than 64");
}

static void a_body_where_none_is_taken(void **state)
{
    (void)state;
    give("7", "", NULL, "{}");
    assert_false(read_first(1));
    assert_int_equal(f.call.response.http_status, 400);
    assert_problem("body", "this route takes no body");
    give("7", "", NULL, "");
    assert_true(read_first(1));
    give("7", "x=1", NULL, "");
    assert_false(read_first(1)); /* nor a query */
    assert_problem("x", "unknown parameter");
    give(NULL, "", NULL, "");
    assert_true(read_first(0));
}

static void no_memory(void **state)
{
    (void)state;
    arena_fini(&f.call.arena);
    arena_init(&f.call.arena, NULL, 0, 0);
    assert_refused("7", "limit=1", "{\"title\": \"x\"}", 503);
    for (size_t room = 0; room < 400; room += 8) { /* wherever it ends, there is an answer */
        _Alignas(max_align_t) char memory[400];
        arena_init(&f.call.arena, memory, room, 0);
        give("%37", "limit=%31&sort=%41", NULL,
             "{\"title\": \"x\", \"cover\": \"AAEC\", \"extra\": [1]}");
        if (!read_first(PARAMS)) {
            assert_true(f.call.response.http_status == 400 || f.call.response.http_status == 503);
            (void)answer_of(&f);
        }
    }
    arena_init(&f.call.arena, NULL, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(from_path_query_and_body),
        TEST(defaults),
        TEST(nulls),
        TEST(values_outlive_the_parsed_body),
        TEST(all_problems_at_once),
        TEST(what_is_required),
        TEST(twice),
        TEST(in_the_wrong_place),
        TEST(content_types),
        TEST(what_is_not_a_json_object),
        TEST(depth_has_a_limit),
        TEST(a_body_where_none_is_taken),
        TEST(no_memory),
    };

    role_set_worker("test");
    return cmocka_run_group_tests_name("handlers/params", tests, NULL, NULL);
}
