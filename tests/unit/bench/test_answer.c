#include "bench/answer.h"

#include "base/attributes.h"
#include "tests/unit/unit.h"

static void whole(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: y\r\n\r\nabcHTTP/1.1";
    struct answer answer = {0};

    (void)state;
    assert_int_equal(answer_parse(str_of(text), false, &answer), ANSWER_WHOLE);
    assert_true(str_equal(answer.status, STR("200")));
    assert_true(str_equal(answer.body, STR("abc")));
    assert_int_equal(answer.size, sizeof(text) - 1 - 8);
    assert_false(answer.is_last);
}

static void every_beginning_is_partial(void **state)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                               "content-length:  5\r\n\r\n12345";
    struct answer answer = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        assert_int_equal(answer_parse((struct str){text, i}, false, &answer), ANSWER_PARTIAL);
        assert_null(answer.status.at);
    }
    assert_int_equal(answer_parse(str_of(text), false, &answer), ANSWER_WHOLE);
    assert_true(answer.is_last);
}

static void without_a_body(void **state)
{
    struct answer answer;

    (void)state;
    assert_int_equal(answer_parse(STR("HTTP/1.1 204 No Content\r\n\r\n"), false, &answer),
                     ANSWER_WHOLE);
    assert_int_equal(answer.body.size, 0);
    assert_int_equal(
        answer_parse(STR("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), true, &answer),
        ANSWER_WHOLE);
    assert_int_equal(answer.body.size, 0);
}

static void not_an_answer(void **state)
{
    static const char *const texts[] = {
        "\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: 1\r\nContent-Length: 0\r\n\r\n",
    };
    struct answer answer;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        assert_int_equal(answer_parse(str_of(texts[i]), false, &answer), ANSWER_MALFORMED);
    }
    assert_int_equal(
        answer_parse(STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), false, &answer),
        ANSWER_CODED);
}

static void members(void **state)
{
    static const struct str body = {"{\"status\":503,\"code\":\"queue_full\",\"hint\":null}", 46};

    (void)state;
    assert_true(str_equal(answer_member(body, "code"), STR("queue_full")));
    assert_null(answer_member(body, "phase").at);
    assert_null(answer_member(body, "hint").at);
    assert_null(answer_member((struct str){NULL, 0}, "code").at);
    assert_null(answer_member((struct str){body.at, 30}, "code").at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),          cmocka_unit_test(every_beginning_is_partial),
        cmocka_unit_test(without_a_body), cmocka_unit_test(not_an_answer),
        cmocka_unit_test(members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
