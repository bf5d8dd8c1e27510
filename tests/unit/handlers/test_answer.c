/* Failures of the table API. */
#include "handlers/table/answer.h"

#include <jansson.h>

#include "base/error.h"
#include "tests/unit/text.h"

static int set_up(void **state)
{
    static struct call call;

    call = (struct call){.request = {.id = "test-1"}};
    response_init(&call.response, 65536);
    arena_init(&call.arena, NULL, 0, 65536);
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

static json_t *parse(const struct call *call)
{
    json_t *json = json_loadb(call->response.body.at, call->response.body.size, 0, NULL);

    assert_non_null(json);
    return json;
}

static const char *member(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static void a_fault_is_a_problem(void **state)
{
    struct call *call = *state;
    struct fault fault;
    json_t *json;

    fault_set(&fault, &call->arena, 400, "PGRST100", "failed to parse %s", "filter");
    fault_details(&fault, &call->arena, "unexpected \"%c\"", 'x');
    fault_hint(&fault, &call->arena, "write it %s", "so");
    table_fail(call, &fault);
    json = parse(call);
    assert_int_equal(call->response.http_status, 400);
    assert_string_equal(member(json, "code"), "PGRST100");
    assert_string_equal(member(json, "message"), "failed to parse filter");
    assert_string_equal(member(json, "details"), "unexpected \"x\"");
    assert_string_equal(member(json, "hint"), "write it so");
    assert_string_equal(response_header_value(&call->response, "Proxy-Status"),
                        "gantry; error=PGRST100");
    json_decref(json);
}

static void several_relationships(void **state)
{
    struct call *call = *state;
    const struct fault fault = {.http_status = 300,
                                .code = "PGRST201",
                                .message = "m",
                                .details = "[{\"cardinality\":\"many-to-one\"}]",
                                .is_json = true};
    json_t *json;

    table_fail(call, &fault);
    json = parse(call);
    assert_int_equal(call->response.http_status, 300);
    assert_true(json_is_array(json_object_get(json, "details")));
    json_decref(json);
}

/* PostgREST's documentation: SQLSTATE to HTTP status. */
static void codes_become_http_statuses(void **state)
{
    static const struct {
        const char *code;
        unsigned http_status;
    } cases[] = {
        {"23505", 409}, {"23503", 409}, {"23502", 400}, {"23514", 400}, {"22P02", 400},
        {"22003", 400}, {"2201B", 400}, {"P0001", 400}, {"42703", 400}, {"42P01", 404},
        {"42883", 404}, {"42601", 500}, {"25006", 405}, {"57014", 500}, {"54000", 500},
        {"53100", 507}, {"53200", 503}, {"58030", 500}, {"XX001", 500}, {"42501", 403},
        {"42704", 400}, {"21000", 400}, {"42804", 400},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err;
        struct fault fault;

        (void)error_set(&err, STATUS_INTERNAL, "as SQLite says it");
        error_code(&err, cases[i].code);
        assert_true(fault_of_error(&err, &fault));
        assert_int_equal(fault.http_status, cases[i].http_status);
        assert_string_equal(fault.code, cases[i].code);
        assert_string_equal(fault.message, "as SQLite says it");
    }
}

static void statuses_without_a_code(void **state)
{
    static const struct {
        enum status status;
        unsigned http_status;
        const char *code; /* NULL: it is about the service */
    } cases[] = {
        {STATUS_NOMEM, 503, "53200"},
        {STATUS_INVALID, 400, "22023"},
        {STATUS_NOT_FOUND, 404, "02000"},
        {STATUS_CONFLICT, 409, "23000"},
        {STATUS_CONSTRAINT, 409, "23000"},
        {STATUS_READONLY, 405, "25006"},
        {STATUS_DENIED, 403, "42501"},
        {STATUS_TOO_BIG, 500, "54000"},
        {STATUS_BUSY, 503, NULL},
        {STATUS_OVERLOADED, 503, NULL},
        {STATUS_CLOSED, 503, NULL},
        {STATUS_CANCELLED, 503, NULL},
        {STATUS_DEADLINE, 504, NULL},
        {STATUS_LOCKED, 503, NULL},
        {STATUS_FULL, 507, "53100"},
        {STATUS_IO, 500, "58030"},
        {STATUS_CORRUPT, 500, "XX001"},
        {STATUS_NOT_A_DATABASE, 500, "XX001"},
        {STATUS_NO_SUCH_FILE, 500, "58P01"},
        {STATUS_SCHEMA, 500, "XX000"},
        {STATUS_OS, 500, "58000"},
        {STATUS_INTERNAL, 500, "XX000"},
    };
    struct call *call = *state;

    assert_int_equal(ARRAY_LENGTH(cases), STATUS_INTERNAL); /* every one */
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err;
        struct fault fault;
        json_t *json;

        (void)error_set(&err, cases[i].status, "failed");
        error_hint(&err, "repair it");
        assert_int_equal(fault_of_error(&err, &fault), cases[i].code != NULL);
        table_fail_error(call, &err);
        json = parse(call);
        assert_int_equal(call->response.http_status, cases[i].http_status);
        assert_string_equal(member(json, "message"), "failed");
        assert_string_equal(member(json, "hint"), "repair it");
        if (cases[i].code != NULL) {
            assert_string_equal(member(json, "code"), cases[i].code);
        }
        if (cases[i].http_status == 503) {
            assert_non_null(response_header_value(&call->response, "Retry-After"));
            assert_non_null(member(json, "phase"));
        }
        json_decref(json);
    }
}

static void what_is_about_the_service_stays_so(void **state)
{
    struct call *call = *state;
    struct error err;
    json_t *json;

    (void)error_set(&err, STATUS_DEADLINE, "the deadline passed while the statement ran");
    error_code(&err, "57014");
    table_fail_error(call, &err);
    json = parse(call);
    assert_int_equal(call->response.http_status, 504);
    assert_string_equal(member(json, "code"), "deadline_run");
    json_decref(json);
}

static void limits_have_names(void **state)
{
    struct error err;
    struct fault fault;

    (void)state;
    (void)error_set(&err, STATUS_TOO_BIG, "the result is larger than 5 bytes");
    error_hint(&err, "bytes_max");
    assert_true(fault_of_error(&err, &fault));
    assert_string_equal(fault.hint, "ask for less, or raise limits.response_bytes");
}

static void a_trigger_chooses(void **state)
{
    static const struct {
        const char *text;
        unsigned http_status;
        const char *message;
    } cases[] = {
        {"PT402: pay first", 402, "pay first"},
        {"PT503:later", 503, "later"},
        {"PT200: fine", 400, "PT200: fine"}, /* nothing was done */
        {"PT302: elsewhere", 400, "PT302: elsewhere"},
        {"PT4020: x", 400, "PT4020: x"},
        {"PT40: x", 400, "PT40: x"},
        {"PT402", 400, "PT402"},
        {"PT402:", 402, ""},
        {"no", 400, "no"},
        {"", 400, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err;
        struct fault fault;

        (void)error_set(&err, STATUS_CONSTRAINT, "%s", cases[i].text);
        error_code(&err, "P0001");
        assert_true(fault_of_error(&err, &fault));
        assert_int_equal(fault.http_status, cases[i].http_status);
        assert_string_equal(fault.message, cases[i].message);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fault_is_a_problem),
        TEST(several_relationships),
        TEST(codes_become_http_statuses),
        TEST(statuses_without_a_code),
        TEST(what_is_about_the_service_stays_so),
        TEST(limits_have_names),
        TEST(a_trigger_chooses),
    };

    return cmocka_run_group_tests_name("handlers/answer", tests, NULL, NULL);
}
