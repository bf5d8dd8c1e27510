#include "server/guard.h"

#include <stdio.h>

#include "tests/unit/text.h"

#define HEADERS_MAX 8

/* A head as text, lines ended by "\n"; a "@" stands for a NUL. */
struct head {
    char text[600];
    struct header headers[HEADERS_MAX];
    struct request request;
};

static struct str until(char **at, char end)
{
    char *begin = *at;
    char *stop = strchr(begin, end);
    struct str s;

    assert_non_null(stop);
    s = (struct str){begin, (size_t)(stop - begin)};
    *at = stop + 1;
    for (char *p = begin; p < stop; p++) {
        *p = *p == '@' ? '\0' : *p;
    }
    return s;
}

static void head_init(struct head *h, const char *text)
{
    char *at = h->text;

    (void)snprintf(h->text, sizeof(h->text), "%s\n", text);
    h->request = (struct request){.headers = h->headers};
    h->request.method_text = until(&at, ' ');
    h->request.method = method_of(h->request.method_text);
    h->request.target = until(&at, ' ');
    h->request.version = until(&at, '\n');
    while (*at != '\0') {
        struct header *header = &h->headers[h->request.headers_count++];
        assert_true(h->request.headers_count <= HEADERS_MAX);
        header->name = until(&at, ':');
        at += *at == ' ';
        header->value = until(&at, '\n');
    }
}

static struct guard_verdict check(const char *text)
{
    struct head h;

    head_init(&h, text);
    return guard_check(&h.request);
}

/* --- what is legal ------------------------------------------------------------------------ */

struct good {
    const char *text;
    uint64_t length;
    bool has_body;
    bool is_chunked;
};

static const struct good goods[] = {
    {"GET / HTTP/1.1\nHost: h", 0, false, false},
    {"GET / HTTP/1.1\nhOST: h:8080", 0, false, false},
    {"GET / HTTP/1.1\nHost: [::1]:8080", 0, false, false},
    {"GET / HTTP/1.1\nHost:", 0, false, false}, /* RFC 9112, 3.2: empty, but there */
    {"GET / HTTP/1.0", 0, false, false},
    {"GET / HTTP/1.0\nHost: h", 0, false, false},
    {"GET http://h/a HTTP/1.1\nHost: h", 0, false, false},
    {"OPTIONS * HTTP/1.1\nHost: h", 0, false, false},
    {"DELETE /a HTTP/1.1\nHost: h", 0, false, false},
    {"POST / HTTP/1.1\nHost: h", 0, false, false},
    {"POST / HTTP/1.1\nHost: h\nContent-Length: 0", 0, false, false},
    {"POST / HTTP/1.1\nHost: h\nContent-Length: 5", 5, true, false},
    {"POST / HTTP/1.1\nHost: h\ncontent-LENGTH: 05", 5, true, false},
    {"POST / HTTP/1.0\nContent-Length: 5", 5, true, false},
    {"GET / HTTP/1.1\nHost: h\nContent-Length: 5", 5, true, false}, /* odd, but clear */
    {"POST / HTTP/1.1\nHost: h\nContent-Length: 9223372036854775807", INT64_MAX, true, false},
    {"POST / HTTP/1.1\nHost: h\nContent-Length: 9999999999999999999", UINT64_C(9999999999999999999),
     true, false},
    {"POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked", 0, true, true},
    {"POST / HTTP/1.1\nHost: h\ntransfer-encoding: CHUNKED", 0, true, true},
    {"PUT / HTTP/1.1\nHost: h\nContent-Length: 5\nExpect: 100-continue", 5, true, false},
    {"PUT / HTTP/1.1\nHost: h\nContent-Length: 5\nExpect: 100-Continue", 5, true, false},
    {"GET / HTTP/1.0\nHost: h\nExpect: 100-continue", 0, false, false},
    {"GET / HTTP/1.1\nHost: h\nX-Value: tab\there and \xE9\x80\xFF bytes", 0, false, false},
    {"GET / HTTP/1.1\nHost: h\n!#$%&'*+-.^_`|~09azAZ: every token character", 0, false, false},
    {"GET / HTTP/1.1\nHost: h\nX-Empty:", 0, false, false},
    {"GET / HTTP/1.1\nHost: h\nConnection: close\nConnection: close", 0, false, false},
};

static void legal(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(goods); i++) {
        struct guard_verdict v = check(goods[i].text);
        if (v.is_refused) {
            print_error("%s\n-> %s\n", goods[i].text, v.detail);
        }
        assert_false(v.is_refused);
        assert_int_equal(v.has_body, goods[i].has_body);
        assert_int_equal(v.is_chunked, goods[i].is_chunked);
        assert_int_equal(v.length, goods[i].length);
    }
}

/* --- what is not -------------------------------------------------------------------------- */

struct bad {
    enum problem_kind kind;
    const char *text;
};

static const struct bad bads[] = {
    /* one length too many, or none that can be read */
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5\nContent-Length: 5"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5\nContent-Length: 6"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5\ncontent-length:"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5, 5"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length:"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: +5"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: -5"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 0x5"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5.0"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 1e3"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5 "},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5 5"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: five"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5@"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: 5, 5, 5, 5, 5, 5, 5, 5, 5"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length: not a number, and not short"},
    {PROBLEM_BODY_TOO_LARGE, "POST / HTTP/1.1\nHost: h\nContent-Length: 18446744073709551615"},
    {PROBLEM_BODY_TOO_LARGE, "POST / HTTP/1.1\nHost: h\nContent-Length: 18446744073709551616"},
    {PROBLEM_BODY_TOO_LARGE, "POST / HTTP/1.1\nHost: h\nContent-Length: 99999999999999999999999"},
    /* codings */
    {PROBLEM_BAD_REQUEST,
     "POST / HTTP/1.1\nHost: h\nContent-Length: 5\nTransfer-Encoding: chunked"},
    {PROBLEM_BAD_REQUEST,
     "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\nContent-Length: 0"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: gzip\nContent-Length: 5"},
    {PROBLEM_BAD_REQUEST,
     "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked"},
    {PROBLEM_BAD_REQUEST,
     "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: identity\nTransfer-Encoding: chunked"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.0\nTransfer-Encoding: chunked"},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: gzip"},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: gzip, chunked"},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked, chunked"},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked, identity"},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: identity"},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: xchunked"},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked;q=1"},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: \"chunked\""},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked "},
    {PROBLEM_NOT_IMPLEMENTED, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding:"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: \vchunked"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked@"},
    /* names that other parsers read otherwise */
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nContent-Length : 5"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nTransfer-Encoding\t: chunked"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\n Transfer-Encoding: chunked"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nTransfer Encoding: chunked"},
    {PROBLEM_BAD_REQUEST, "POST / HTTP/1.1\nHost: h\nTransfer\xADZ: chunked"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\n: empty"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX@Y: z"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX/Y: z"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX\"Y: z"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX(Y): z"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX\x7F: z"},
    /* values that hold what must not be there */
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX: a\rContent-Length"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX: a@b"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX: a\x7F"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nX: a\x1B[2J"},
    /* Host */
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1"},
    {PROBLEM_BAD_REQUEST, "GET http://h/ HTTP/1.1"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nHost: h"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nhost: g"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.0\nHost: h\nHost: h"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h/path"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h, g"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h g"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: user@h"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: http://h"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h?x"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h#x"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: <h>"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\xC3\xA9"},
    /* versions */
    {PROBLEM_VERSION, "GET / HTTP/1.2\nHost: h"},
    {PROBLEM_VERSION, "GET / HTTP/2.0\nHost: h"},
    {PROBLEM_VERSION, "GET / HTTP/0.9\nHost: h"},
    {PROBLEM_VERSION, "GET / HTTP/1.10\nHost: h"},
    {PROBLEM_VERSION, "GET / HTTP/1.1x\nHost: h"},
    {PROBLEM_VERSION, "GET / http/1.1\nHost: h"},
    {PROBLEM_VERSION, "GET /  HTTP/1.1\nHost: h"},
    {PROBLEM_VERSION, "GET / \nHost: h"},
    {PROBLEM_VERSION, "GET / HTTP/1.1@\nHost: h"},
    {PROBLEM_VERSION, "PRI * HTTP/2.0"},
    /* methods and targets */
    {PROBLEM_BAD_REQUEST, " / HTTP/1.1\nHost: h"},
    {PROBLEM_BAD_REQUEST, "G@T / HTTP/1.1\nHost: h"},
    {PROBLEM_BAD_REQUEST, "GET\t / HTTP/1.1\nHost: h"},
    {PROBLEM_BAD_REQUEST, "(GET) / HTTP/1.1\nHost: h"},
    {PROBLEM_NOT_IMPLEMENTED, "get / HTTP/1.1\nHost: h"},
    {PROBLEM_NOT_IMPLEMENTED, "BREW /pot HTTP/1.1\nHost: h"},
    {PROBLEM_NOT_IMPLEMENTED, "CONNECT h:80 HTTP/1.1\nHost: h"},
    {PROBLEM_NOT_IMPLEMENTED, "TRACE / HTTP/1.1\nHost: h"},
    {PROBLEM_BAD_REQUEST, "GET * HTTP/1.1\nHost: h"},
    {PROBLEM_BAD_REQUEST, "GET  HTTP/1.1\nHost: h"},
    {PROBLEM_BAD_REQUEST, "GET h:80 HTTP/1.1\nHost: h"},
    {PROBLEM_BAD_REQUEST, "GET /a@b HTTP/1.1\nHost: h"},
    {PROBLEM_BAD_REQUEST, "GET /a#b HTTP/1.1\nHost: h"},
    /* expectations */
    {PROBLEM_EXPECTATION_FAILED, "PUT / HTTP/1.1\nHost: h\nContent-Length: 5\nExpect: a miracle"},
    {PROBLEM_BAD_REQUEST, "GET / HTTP/1.1\nHost: h\nExpect: 100-continue"},
    {PROBLEM_BAD_REQUEST, "PUT / HTTP/1.1\nHost: h\nContent-Length: 0\nExpect: 100-continue"},
    {PROBLEM_EXPECTATION_FAILED,
     "PUT / HTTP/1.1\nHost: h\nContent-Length: 5\nExpect: 100-continues"},
    {PROBLEM_EXPECTATION_FAILED,
     "PUT / HTTP/1.1\nHost: h\nContent-Length: 5\nExpect: a miracle\nExpect: 100-continue"},
    {PROBLEM_EXPECTATION_FAILED,
     "PUT / HTTP/1.1\nHost: h\nContent-Length: 5\nExpect: 100-continue\nExpect: a miracle"},
};

static void illegal(void **state)
{
    bool has_failed = false;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bads); i++) {
        struct guard_verdict v = check(bads[i].text);
        if (!v.is_refused || v.kind != bads[i].kind) {
            print_error("%s\n-> %s\n", bads[i].text, v.is_refused ? v.detail : "accepted");
            has_failed = true;
        } else {
            assert_non_null(v.detail);
            assert_true(problem_http_status(v.kind) >= 400);
        }
    }
    assert_false(has_failed);
}

/* The guard splits the target on the way. */
static void the_target_is_split(void **state)
{
    struct head h;

    (void)state;
    head_init(&h, "GET http://h/a%20b?c=d HTTP/1.1\nHost: h");
    assert_false(guard_check(&h.request).is_refused);
    assert_text(h.request.path, "/a%20b");
    assert_text(h.request.query, "c=d");
}

/* Every byte in every place where a control character could hide. */
static void no_control_character_anywhere(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool is_control = (c < ' ' && c != '\t') || c == 0x7F;
        struct header headers[] = {{STR("Host"), STR("h")}, {STR("X"), {&byte, 1}}};
        struct request request = {.method = METHOD_GET,
                                  .method_text = STR("GET"),
                                  .target = STR("/"),
                                  .version = STR("HTTP/1.1"),
                                  .headers = headers,
                                  .headers_count = 2};
        assert_int_equal(guard_check(&request).is_refused, is_control);
        headers[1] = (struct header){{&byte, 1}, STR("x")};
        if (is_control || c == ' ' || c == '\t' || c >= 128) {
            assert_true(guard_check(&request).is_refused);
        }
        headers[1] = (struct header){STR("X"), STR("x")};
        headers[0].value = (struct str){&byte, 1};
        if (is_control || c == ' ' || c == '\t' || c == ',' || c == '/' || c == '@') {
            assert_true(guard_check(&request).is_refused);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legal),
        cmocka_unit_test(illegal),
        cmocka_unit_test(the_target_is_split),
        cmocka_unit_test(no_control_character_anywhere),
    };

    return cmocka_run_group_tests_name("server/guard", tests, NULL, NULL);
}
