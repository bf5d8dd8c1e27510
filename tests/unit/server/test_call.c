/* Answers: responses, problems, and the calls that make them. All of it is parsed back. */
#include "server/call.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"

static int set_up(void **state)
{
    static struct call call;

    call = (struct call){.request = {.id = "test-1"}};
    response_init(&call.response, 1024 * 1024);
    arena_init(&call.arena, NULL, 0, 1024 * 1024);
    *state = &call;
    return 0;
}

static int tear_down(void **state)
{
    struct call *call = *state;

    response_fini(&call->response);
    arena_fini(&call->arena);
    return 0;
}

static json_t *parse(const struct response *r)
{
    json_error_t error;
    json_t *json =
        json_loadb(r->body.at, r->body.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

    if (json == NULL) {
        fail_msg("%s: %.*s", error.text, (int)r->body.size, r->body.at);
    }
    return json;
}

static void assert_member(const json_t *json, const char *name, const char *expected)
{
    const json_t *member = json_object_get(json, name);

    assert_non_null(member);
    if (expected == NULL) {
        assert_true(json_is_null(member));
    } else {
        assert_true(json_is_string(member));
        assert_string_equal(json_string_value(member), expected);
    }
}

/* --- problems ----------------------------------------------------------------------------- */

static void every_kind_of_problem(void **state)
{
    struct call *call = *state;

    for (int kind = 0; kind <= PROBLEM_DISK_FULL; kind++) {
        unsigned http_status = problem_http_status((enum problem_kind)kind);
        json_t *json;

        call_fail(call, (enum problem_kind)kind, "do it", "it is %s", "so");
        assert_int_equal(call->response.http_status, http_status);
        assert_true(http_status >= 400 && http_status < 600);
        assert_string_equal(call->response.content_type, "application/problem+json");
        json = parse(&call->response);
        assert_int_equal(json_integer_value(json_object_get(json, "status")), http_status);
        assert_true(json_is_string(json_object_get(json, "title")));
        assert_true(json_is_string(json_object_get(json, "code")));
        assert_member(json, "detail", "it is so");
        assert_member(json, "message", "it is so");
        assert_member(json, "details", NULL);
        assert_member(json, "hint", "do it");
        assert_member(json, "request_id", "test-1");
        assert_null(json_object_get(json, "errors"));
        /* What says "not now" says also how far the request came. */
        assert_int_equal(json_is_string(json_object_get(json, "phase")),
                         http_status == 503 || http_status == 504);
        assert_int_equal(json_object_size(json), http_status == 503 || http_status == 504 ? 9 : 8);
        json_decref(json);
    }
}

static void what_is_not_known_is_null(void **state)
{
    struct call *call = *state;
    json_t *json;

    call->request.id[0] = '\0';
    call_fail(call, PROBLEM_NOT_FOUND, "", "%s", "");
    json = parse(&call->response);
    assert_member(json, "hint", NULL);
    assert_member(json, "detail", NULL);
    assert_member(json, "request_id", NULL);
    json_decref(json);
    call_fail(call, PROBLEM_NOT_FOUND, NULL, "x");
    json = parse(&call->response);
    assert_member(json, "hint", NULL);
    json_decref(json);
}

static void every_status_is_some_problem(void **state)
{
    struct call *call = *state;
    struct error err;

    for (int status = STATUS_OK + 1; status <= STATUS_INTERNAL; status++) {
        json_t *json;
        (void)error_set(&err, (enum status)status, "failed");
        error_hint(&err, "repair it");
        call_fail_error(call, &err);
        json = parse(&call->response);
        assert_member(json, "detail", "failed");
        assert_member(json, "hint", "repair it");
        assert_int_equal(call->response.http_status,
                         problem_http_status(problem_of((enum status)status)));
        json_decref(json);
    }
    assert_int_equal(problem_http_status(problem_of(STATUS_INVALID)), 400);
    assert_int_equal(problem_http_status(problem_of(STATUS_NOT_FOUND)), 404);
    assert_int_equal(problem_http_status(problem_of(STATUS_CONSTRAINT)), 409);
    assert_int_equal(problem_http_status(problem_of(STATUS_BUSY)), 503);
    assert_int_equal(problem_http_status(problem_of(STATUS_CLOSED)), 503);
    assert_int_equal(problem_http_status(problem_of(STATUS_LOCKED)), 503);
    assert_int_equal(problem_http_status(problem_of(STATUS_DEADLINE)), 504);
    assert_int_equal(problem_http_status(problem_of(STATUS_FULL)), 507);
    assert_int_equal(problem_http_status(problem_of(STATUS_CORRUPT)), 500);
}

/* Whatever bytes a message holds (names from a client, texts from SQLite), it is JSON. */
static void any_bytes_at_all(void **state)
{
    struct call *call = *state;
    struct random random = {4};

    for (size_t round = 0; round < 5000; round++) {
        char text[600];
        size_t n = random_below(&random, sizeof(text));
        for (size_t i = 0; i < n; i++) {
            text[i] = (char)(1 + random_below(&random, 255));
        }
        text[n] = '\0';
        call_fail(call, PROBLEM_BAD_REQUEST, text, "%s", text);
        json_decref(parse(&call->response));
    }
}

static void a_problem_replaces_what_was_there(void **state)
{
    struct call *call = *state;
    struct buf *body = call_answer(call, 200, "application/json");
    json_t *json;

    response_header(&call->response, "X-Old", "1");
    buf_append_literal(body, "[{\"half\":");
    call_fail(call, PROBLEM_LOCKED, NULL, "x");
    assert_int_equal(call->response.headers_count, 1); /* a 503 says when to come again */
    assert_string_equal(call->response.headers[0].name, "Retry-After");
    json = parse(&call->response);
    json_decref(json);
    body = call_answer(call, 200, "text/plain");
    assert_int_equal(body->size, 0);
    assert_string_equal(call->response.content_type, "text/plain");
    call_answer_empty(call, 204);
    assert_int_equal(call->response.http_status, 204);
    assert_null(call->response.content_type);
}

static void a_problem_without_memory(void **state)
{
    struct call *call = *state;

    mem_fail_after(1);
    call_fail(call, PROBLEM_UNAVAILABLE, NULL, "x");
    mem_fail_after(-1);
    assert_int_equal(call->response.http_status, 503); /* the status line says it all */
    assert_int_equal(call->response.body.size, 0);
    assert_null(call->response.content_type);
    assert_int_equal(buf_status(&call->response.body), STATUS_OK);
}

static void a_problem_in_words_of_its_own(void **state)
{
    struct call *call = *state;
    struct problem_words words = {.http_status = 406,
                                  .code = "PGRST107",
                                  .message = "None of these media types are available: a/b"};
    json_t *json;

    response_header(&call->response, "X-Old", "1");
    call_fail_with(call, &words);
    json = parse(&call->response);
    assert_int_equal(call->response.http_status, 406);
    assert_int_equal(json_integer_value(json_object_get(json, "status")), 406);
    assert_member(json, "title", "Not acceptable");
    assert_member(json, "detail", words.message);
    assert_member(json, "message", words.message);
    assert_member(json, "code", "PGRST107");
    assert_member(json, "details", NULL);
    assert_member(json, "hint", NULL);
    assert_member(json, "request_id", "test-1");
    assert_int_equal(json_object_size(json), 8);
    assert_null(response_header_value(&call->response, "X-Old"));
    assert_string_equal(response_header_value(&call->response, "Proxy-Status"),
                        "gantry; error=PGRST107");
    json_decref(json);
}

static void words_with_more_about_it(void **state)
{
    struct call *call = *state;
    struct problem_words words = {.http_status = 300,
                                  .code = "PGRST201",
                                  .title = "Several",
                                  .message = "m",
                                  .details = "[{\"a\":1}]",
                                  .details_is_json = true,
                                  .hint = "h"};
    json_t *json;

    call_fail_with(call, &words);
    json = parse(&call->response);
    assert_member(json, "title", "Several");
    assert_member(json, "hint", "h");
    assert_int_equal(json_array_size(json_object_get(json, "details")), 1);
    json_decref(json);
    words.details_is_json = false;
    call_fail_with(call, &words);
    json = parse(&call->response);
    assert_member(json, "details", "[{\"a\":1}]");
    json_decref(json);
}

static void words_for_now(void **state)
{
    struct call *call = *state;
    static const unsigned statuses[] = {300, 400, 401, 403, 404, 405, 406,
                                        409, 416, 418, 500, 503, 504, 599};

    for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
        struct problem_words words = {.http_status = statuses[i], .code = "X", .message = "m"};
        json_t *json;

        call_fail_with(call, &words);
        json = parse(&call->response);
        assert_true(json_is_string(json_object_get(json, "title")));
        assert_int_equal(json_is_string(json_object_get(json, "phase")),
                         statuses[i] == 503 || statuses[i] == 504);
        assert_int_equal(response_header_value(&call->response, "Retry-After") != NULL,
                         statuses[i] == 503);
        json_decref(json);
    }
}

/* --- parameter problems ------------------------------------------------------------------- */

static void problems_come_together(void **state)
{
    struct call *call = *state;
    struct call_problems p;
    json_t *json;
    json_t *errors;

    call_problems_init(&p);
    assert_false(call_fail_problems(call, &p));
    call_problems_init(&p);
    call_problem(&p, STR("a\"b"), "query", "is %d", 1);
    call_problem(&p, (struct str){"\xFF\0", 2}, "body", "is \"%s\"", "\x01");
    assert_true(call_fail_problems(call, &p));
    json = parse(&call->response);
    assert_int_equal(call->response.http_status, 400);
    assert_member(json, "code", "bad_parameters");
    assert_member(json, "detail", "2 parameters cannot be used: see errors");
    errors = json_object_get(json, "errors");
    assert_int_equal(json_array_size(errors), 2);
    assert_member(json_array_get(errors, 0), "name", "a\"b");
    assert_member(json_array_get(errors, 0), "in", "query");
    assert_member(json_array_get(errors, 0), "message", "is 1");
    assert_member(json_array_get(errors, 1), "in", "body");
    json_decref(json);
}

/* Wherever the bound falls, what is kept is whole and the answer is JSON. */
static void more_problems_than_anybody_reads(void **state)
{
    struct call *call = *state;
    char name[256];

    memset(name, 'n', sizeof(name));
    for (size_t size = 0; size < sizeof(name); size++) {
        struct call_problems p;
        json_t *json;
        json_t *errors;
        call_problems_init(&p);
        for (size_t i = 0; i < 700; i++) {
            call_problem(&p, (struct str){name, i == 0 ? size : 200}, "query", "is wrong");
        }
        assert_int_equal(p.count, 700);
        assert_true(call_fail_problems(call, &p));
        json = parse(&call->response);
        errors = json_object_get(json, "errors");
        assert_true(json_array_size(errors) > 200 && json_array_size(errors) < 700);
        json_decref(json);
    }
}

static void problems_without_memory(void **state)
{
    struct call *call = *state;

    for (long n = 1; n < 6; n++) {
        struct call_problems p;
        call_problems_init(&p);
        mem_fail_after(n);
        call_problem(&p, STR("a"), "query", "is wrong");
        assert_true(call_fail_problems(call, &p));
        mem_fail_after(-1);
        assert_int_equal(call->response.http_status, 400);
        if (call->response.body.size > 0) {
            json_decref(parse(&call->response));
        }
    }
}

/* --- the query ---------------------------------------------------------------------------- */

static const char *const names[] = {"limit", "offset", "order"};

/* Return: how many problems, with the answer in call if there are any. */
static unsigned read_query(struct call *call, const char *query, struct str *values)
{
    struct call_problems p;
    unsigned count;

    call->request.query = str_of(query);
    call_problems_init(&p);
    assert_int_equal(call_query(call, names, values, 3, &p), STATUS_OK);
    count = p.count;
    (void)call_fail_problems(call, &p);
    return count;
}

static bool answer_says(const struct call *call, const char *text)
{
    const struct buf *b = &call->response.body;

    return memmem(b->at, b->size, text, strlen(text)) != NULL;
}

static void known_names(void **state)
{
    struct call *call = *state;
    struct str values[3];

    assert_int_equal(read_query(call, "", values), 0);
    assert_null(values[0].at);
    assert_int_equal(read_query(call, "offset=a+b&lim%69t=%31", values), 0);
    assert_text(values[0], "1");
    assert_text(values[1], "a b");
    assert_null(values[2].at);
    assert_int_equal(read_query(call, "limit=&offset", values), 0);
    assert_text(values[0], "");
    assert_non_null(values[0].at); /* given, if empty */
    assert_non_null(values[1].at);
}

static void names_that_are_wrong(void **state)
{
    struct call *call = *state;
    struct str values[3];

    assert_int_equal(read_query(call, "limt=1&Offset=2&zzz=3&order=up", values), 3);
    assert_true(answer_says(call, "did you mean \\\"limit\\\"?"));
    assert_true(answer_says(call, "did you mean \\\"offset\\\"?"));
    assert_true(answer_says(call, "{\"name\":\"zzz\",\"in\":\"query\",\"message\":\"unknown "
                                  "parameter\"}"));
    assert_text(values[2], "up"); /* the good one is read all the same */
    assert_int_equal(read_query(call, "limit=1&limit=1&limit", values), 2);
    assert_true(answer_says(call, "given more than once"));
    assert_int_equal(read_query(call, "limit=%&%FF=1&offset=%00", values), 3);
    assert_true(answer_says(call, "holds a broken escape"));
    assert_int_equal(read_query(call, "=1", values), 1);
    assert_int_equal(read_query(call, "limit%00=1", values), 1);
}

static void a_query_without_memory(void **state)
{
    struct call *call = *state;
    struct call_problems p;
    struct str values[3];

    arena_fini(&call->arena);
    arena_init(&call->arena, NULL, 0, 0);
    call->request.query = STR("limit=%31");
    call_problems_init(&p);
    assert_int_equal(call_query(call, names, values, 3, &p), STATUS_NOMEM);
    buf_fini(&p.errors);
}

/* --- headers ------------------------------------------------------------------------------ */

static void headers_cannot_be_split(void **state)
{
    struct call *call = *state;
    struct response *r = &call->response;

    response_header(r, "X-A", "%s", "a\r\nSet-Cookie: b\x01\x7F\tc");
    assert_string_equal(r->headers[0].name, "X-A");
    assert_string_equal(r->headers[0].value, "a  Set-Cookie: b   c");
    for (int c = 1; c < 256; c++) {
        char text[] = {(char)c, '\0'};
        r->headers_count = 0;
        response_header(r, "X-A", "%s", text);
        assert_int_equal(r->headers[0].value[0], (c < ' ' || c == 0x7F) ? ' ' : text[0]);
    }
}

static void headers_have_bounds(void **state)
{
    struct call *call = *state;
    struct response *r = &call->response;
    char names_of[RESPONSE_HEADERS_MAX + 3][8];
    static char text[RESPONSE_VALUE_MAX + 100];

    memset(text, 'x', sizeof(text) - 1);
    for (size_t i = 0; i < ARRAY_LENGTH(names_of); i++) {
        (void)snprintf(names_of[i], sizeof(names_of[i]), "X-%zu", i);
        response_header(r, names_of[i], "%s", "short");
        response_header(r, names_of[i], "%zu", i); /* in place of the first */
    }
    assert_int_equal(r->headers_count, RESPONSE_HEADERS_MAX);
    for (size_t i = 0; i < RESPONSE_HEADERS_MAX; i++) {
        assert_int_equal(strtoul(r->headers[i].value, NULL, 10), i);
    }
    response_header(r, "X-0", "%s", text);
    assert_int_equal(strlen(r->headers[0].value), RESPONSE_VALUE_MAX);
    response_reset(r);
    assert_int_equal(r->headers_count, 0);
    response_header(r, "X-B", "%d", 5);
    assert_string_equal(r->headers[0].value, "5");
}

/* Around the lengths at which a value is kept in another way. */
static void headers_of_every_length(void **state)
{
    struct call *call = *state;
    struct response *r = &call->response;
    char text[600];

    for (size_t size = 0; size < sizeof(text); size++) {
        memset(text, 'a', size);
        text[size] = '\0';
        response_reset(r);
        response_header(r, "X-A", "%s", text);
        response_header(r, "X-B", "%s", "b");
        assert_string_equal(response_header_value(r, "X-A"), text);
        assert_string_equal(response_header_value(r, "X-B"), "b");
    }
}

/* However often a header is set, what all of them take has a bound; what is too much is dropped. */
static void headers_have_a_bound_together(void **state)
{
    struct call *call = *state;
    struct response *r = &call->response;
    static char text[RESPONSE_VALUE_MAX];

    memset(text, 'x', sizeof(text) - 1);
    response_header(r, "X-A", "%s", "first");
    for (size_t i = 0; i < 100; i++) {
        response_header(r, "X-B", "%s", text);
    }
    assert_string_equal(response_header_value(r, "X-A"), "first");
    assert_string_equal(response_header_value(r, "X-B"), text);
}

static void headers_that_are_lists(void **state)
{
    struct call *call = *state;
    struct response *r = &call->response;

    assert_null(response_header_value(r, "Vary"));
    response_header_join(r, "Vary", "Accept");
    assert_string_equal(response_header_value(r, "Vary"), "Accept");
    response_header_join(r, "Vary", "Accept-Encoding");
    response_header_join(r, "Vary", "accept");
    response_header_join(r, "Vary", "Prefer");
    response_header_join(r, "Vary", "Accept-Encoding");
    assert_string_equal(response_header_value(r, "Vary"), "Accept, Accept-Encoding, Prefer");
    assert_int_equal(r->headers_count, 1);
}

static void headers_without_memory(void **state)
{
    struct call *call = *state;
    struct response *r = &call->response;
    static char text[2000];

    mem_fail_after(1);
    response_header(r, "X-A", "1");
    mem_fail_after(-1);
    assert_int_equal(r->headers_count, 0);
    response_header(r, "X-A", "1");
    memset(text, 'x', sizeof(text) - 1);
    mem_fail_after(1);
    response_header(r, "X-A", "%s", text);
    response_header(r, "X-B", "%s", "short");
    mem_fail_after(-1);
    assert_string_equal(response_header_value(r, "X-A"), "1"); /* as it was */
    assert_string_equal(response_header_value(r, "X-B"), "short");
}

/* --- in pieces ---------------------------------------------------------------------------------- */

static enum status take_it(struct call *call, struct error *err)
{
    (void)err;
    call->is_sent = true;
    buf_clear(&call->response.body);
    return STATUS_OK;
}

static void once_the_head_has_left_nothing_replaces_the_answer(void **state)
{
    struct call *call = *state;
    struct error err = {.status = STATUS_INTERNAL, .text = "late"};

    assert_on_worker();
    assert_false(call_can_stream(call));
    call->flush = take_it;
    assert_true(call_can_stream(call));
    buf_append_literal(call_answer(call, 200, "text/plain"), "one");
    assert_int_equal(call_flush(call, NULL), STATUS_OK);
    buf_append_literal(&call->response.body, "two");
    call_fail(call, PROBLEM_INTERNAL, NULL, "too late");
    call_fail_error(call, &err);
    assert_int_equal(call->response.http_status, 200);
    assert_text(buf_str(&call->response.body), "two");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_problem),
        TEST(what_is_not_known_is_null),
        TEST(every_status_is_some_problem),
        TEST(any_bytes_at_all),
        TEST(a_problem_replaces_what_was_there),
        TEST(a_problem_without_memory),
        TEST(a_problem_in_words_of_its_own),
        TEST(words_with_more_about_it),
        TEST(words_for_now),
        TEST(problems_come_together),
        TEST(more_problems_than_anybody_reads),
        TEST(problems_without_memory),
        TEST(known_names),
        TEST(names_that_are_wrong),
        TEST(a_query_without_memory),
        TEST(headers_cannot_be_split),
        TEST(headers_have_bounds),
        TEST(headers_of_every_length),
        TEST(headers_have_a_bound_together),
        TEST(headers_that_are_lists),
        TEST(headers_without_memory),
        TEST(once_the_head_has_left_nothing_replaces_the_answer),
    };

    role_set_worker("test");
    return cmocka_run_group_tests_name("server/call", tests, NULL, NULL);
}
