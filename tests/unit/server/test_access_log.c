/* Lines as a reader of the log gets them: each must be one whole JSON object, whatever is in it. */
#include "server/access_log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

static const struct access ordinary = {
    .method = {"GET", 3},
    .target = {"/books/7?a=b", 12},
    .route = "/books/{id}",
    .status = 200,
    .bytes = 123456789012,
    .duration_ns = 1234567,
    .pool = "read",
    .queued_ns = 5000000,
    .begun_ns = 5031999,
    .ended_ns = 6000000,
    .client = "192.0.2.7",
    .request_id = "abc-1",
};

/* Log it. Gives the line as text, freed by the caller. */
static char *text_of(const struct access *access, bool is_human)
{
    struct log_conf conf = {.level = LOG_ERROR, .is_human = is_human}; /* not held against it */
    char *text = calloc(1, 8192);
    int fds[2];
    ssize_t n;

    assert_non_null(text);
    assert_int_equal(pipe(fds), 0);
    conf.fd = fds[1];
    assert_int_equal(log_start(&conf, NULL), STATUS_OK);
    access_log(access);
    log_stop();
    close(fds[1]);
    n = read(fds[0], text, 8191);
    close(fds[0]);
    assert_true(n > 0);
    assert_ptr_equal(memchr(text, '\n', (size_t)n), text + n - 1);
    return text;
}

static json_t *line_of(const struct access *access)
{
    char *text = text_of(access, false);
    json_t *line = json_loads(text, 0, NULL);

    free(text);
    assert_true(json_is_object(line));
    assert_string_equal(json_string_value(json_object_get(line, "message")), "request");
    assert_string_equal(json_string_value(json_object_get(line, "level")), "info");
    assert_null(json_object_get(line, "cut"));
    return line;
}

static void assert_is_text(const json_t *line, const char *name, const char *expected)
{
    const char *text = json_string_value(json_object_get(line, name));

    assert_non_null(text);
    assert_string_equal(text, expected);
}

static void assert_is_number(const json_t *line, const char *name, json_int_t expected)
{
    assert_true(json_is_integer(json_object_get(line, name)));
    assert_true(json_integer_value(json_object_get(line, name)) == expected);
}

static void an_ordinary_request(void **state)
{
    json_t *line = line_of(&ordinary);

    (void)state;
    assert_is_text(line, "method", "GET");
    assert_is_text(line, "target", "/books/7?a=b");
    assert_is_text(line, "route", "/books/{id}");
    assert_is_number(line, "status", 200);
    assert_is_number(line, "bytes", 123456789012);
    assert_is_number(line, "duration_us", 1234);
    assert_is_text(line, "pool", "read");
    assert_is_number(line, "queue_us", 31);
    assert_is_number(line, "run_us", 968);
    assert_is_text(line, "client", "192.0.2.7");
    assert_is_text(line, "request_id", "abc-1");
    assert_int_equal(json_object_size(line), 3 + 11);
    json_decref(line);
}

static void what_is_not_there_is_not_said(void **state)
{
    struct access access = ordinary;
    json_t *line;

    (void)state;
    access.route = NULL;
    access.pool = NULL;
    access.begun_ns = 0;
    access.ended_ns = 0;
    access.status = 0;
    access.outcome = "client_gone";
    line = line_of(&access);
    assert_is_text(line, "route", "");
    assert_is_number(line, "status", 0);
    assert_is_text(line, "outcome", "client_gone");
    assert_int_equal(json_object_size(line), 3 + 9);
    json_decref(line);
}

static void people_get_a_line_for_people(void **state)
{
    char *text = text_of(&ordinary, true);

    (void)state;
    assert_string_equal(text + 12,
                        " info  request method=\"GET\" target=\"/books/7?a=b\" "
                        "route=\"/books/{id}\" status=200 bytes=123456789012 duration_us=1234 "
                        "pool=\"read\" queue_us=31 run_us=968 client=\"192.0.2.7\" "
                        "request_id=\"abc-1\"\n");
    free(text);
}

/* The worst of everything at once still is one line that holds every field. */
static void nothing_a_client_sends_breaks_a_line(void **state)
{
    static char bytes[70000];
    static const char *const fills[] = {"\n", "\x01", "\xFF", "\"", "\\", "\x7F", "\xC2\x85", "x"};

    (void)state;
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        struct access access = ordinary;
        json_t *line;
        size_t n = strlen(fills[i]);

        for (size_t at = 0; at < sizeof(bytes) - 2; at++) {
            bytes[at] = fills[i][at % n];
        }
        access.method = (struct str){bytes, 30000};
        access.target = (struct str){bytes, 69998};
        access.route = bytes;
        access.client = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
        access.request_id = "0123456789012345678901234567890123456789012345678901234567890123";
        access.pool = "abcdefghijkl";
        access.duration_ns = INT64_MAX;
        access.bytes = INT64_MAX;
        access.ended_ns = INT64_MAX;
        access.outcome = "client_gone";
        line = line_of(&access);
        assert_int_equal(json_object_size(line), 3 + 13);
        assert_is_number(line, "target_bytes", 69998);
        assert_is_text(line, "outcome", "client_gone");
        json_decref(line);
        free(text_of(&access, true));
    }
}

static void a_target_is_cut_only_if_it_is_very_long(void **state)
{
    static char bytes[3000];
    struct access access = ordinary;
    json_t *line;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    access.target = (struct str){bytes, 2400};
    line = line_of(&access);
    assert_int_equal(strlen(json_string_value(json_object_get(line, "target"))), 2400);
    assert_null(json_object_get(line, "target_bytes"));
    json_decref(line);
    access.target.size = 2401;
    line = line_of(&access);
    assert_int_equal(strlen(json_string_value(json_object_get(line, "target"))), 2400);
    assert_is_number(line, "target_bytes", 2401);
    json_decref(line);
}

/* Whatever it is made of, the line gives it back. */
static void random_targets(void **state)
{
    struct random random = {.state = 1};

    (void)state;
    for (int round = 0; round < 200; round++) {
        char bytes[300];
        struct access access = ordinary;
        json_t *line;

        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (char)(1 + random_below(&random, 127)); /* a target has no NUL */
        }
        access.target = (struct str){bytes, sizeof(bytes)};
        line = line_of(&access);
        assert_memory_equal(json_string_value(json_object_get(line, "target")), bytes,
                            sizeof(bytes));
        json_decref(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_request),
        cmocka_unit_test(what_is_not_there_is_not_said),
        cmocka_unit_test(people_get_a_line_for_people),
        cmocka_unit_test(nothing_a_client_sends_breaks_a_line),
        cmocka_unit_test(a_target_is_cut_only_if_it_is_very_long),
        cmocka_unit_test(random_targets),
    };

    return cmocka_run_group_tests_name("server/access_log", tests, NULL, NULL);
}
