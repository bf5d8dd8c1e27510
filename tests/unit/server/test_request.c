#include "server/request.h"

#include "tests/unit/text.h"

struct target_case {
    struct str target;
    const char *path; /* NULL: refused */
    const char *query;
};

#define TARGET(literal)                                                                            \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void check_target(enum method method, const struct target_case *c)
{
    struct request request = {.method = method, .target = c->target};
    bool is_good = request_split_target(&request);

    if (is_good != (c->path != NULL)) {
        print_error("target \"%.*s\"\n", (int)c->target.size, c->target.at);
    }
    assert_int_equal(is_good, c->path != NULL);
    if (is_good) {
        assert_text(request.path, c->path);
        assert_text(request.query, c->query);
        assert_non_null(request.query.at);
    }
}

static void origin_form(void **state)
{
    static const struct target_case cases[] = {
        {TARGET("/"), "/", ""},
        {TARGET("/a/b"), "/a/b", ""},
        {TARGET("/a?"), "/a", ""},
        {TARGET("/a?x=1&y=2"), "/a", "x=1&y=2"},
        {TARGET("/?"), "/", ""},
        {TARGET("/a?b?c"), "/a", "b?c"},
        {TARGET("/a%20b%3Fc"), "/a%20b%3Fc", ""}, /* raw */
        {TARGET("//a//b/"), "//a//b/", ""},
        {TARGET("/../etc"), "/../etc", ""},
        {TARGET("/caf\xC3\xA9"), "/caf\xC3\xA9", ""},
        {TARGET("/http://x/"), "/http://x/", ""},
        {TARGET("/a\\b;c"), "/a\\b;c", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        check_target(METHOD_GET, &cases[i]);
        check_target(METHOD_OPTIONS, &cases[i]);
    }
}

static void absolute_form(void **state)
{
    static const struct target_case cases[] = {
        {TARGET("http://h"), "/", ""},
        {TARGET("http://h/"), "/", ""},
        {TARGET("http://h?x=1"), "/", "x=1"},
        {TARGET("http://h?"), "/", ""},
        {TARGET("http://h:80/a/b?c"), "/a/b", "c"},
        {TARGET("HTTP://H/a"), "/a", ""},
        {TARGET("https://h/a"), "/a", ""},
        {TARGET("HttpS://[::1]:8/a"), "/a", ""},
        {TARGET("http://h/a?http://g/b"), "/a", "http://g/b"},
        {TARGET("http://h?/a"), "/", "/a"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        check_target(METHOD_GET, &cases[i]);
    }
}

static void the_asterisk(void **state)
{
    static const struct target_case good = {TARGET("*"), "*", ""};
    static const struct target_case bad[] = {
        {TARGET("*?x"), NULL, NULL}, {TARGET("**"), NULL, NULL}, {TARGET("*/"), NULL, NULL}};
    static const struct target_case not_for_get = {TARGET("*"), NULL, NULL};

    (void)state;
    check_target(METHOD_OPTIONS, &good);
    check_target(METHOD_GET, &not_for_get);
    check_target(METHOD_HEAD, &not_for_get);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        check_target(METHOD_OPTIONS, &bad[i]);
    }
}

static void refused(void **state)
{
    static const struct target_case cases[] = {
        {TARGET(""), NULL, NULL},
        {TARGET("a"), NULL, NULL},
        {TARGET("?a"), NULL, NULL},
        {TARGET("h:80"), NULL, NULL}, /* authority-form is for CONNECT */
        {TARGET("http:/h/a"), NULL, NULL},
        {TARGET("http://"), NULL, NULL},
        {TARGET("http:///a"), NULL, NULL},
        {TARGET("http://?x"), NULL, NULL},
        {TARGET("https://"), NULL, NULL},
        {TARGET("https:///"), NULL, NULL},
        {TARGET("ftp://h/a"), NULL, NULL},
        {TARGET("file:///etc"), NULL, NULL},
        {TARGET("httpx://h/a"), NULL, NULL},
        {TARGET("/a b"), NULL, NULL},
        {TARGET("/a\tb"), NULL, NULL},
        {TARGET("/a#b"), NULL, NULL},
        {TARGET("/a?b#c"), NULL, NULL},
        {TARGET("http://h#/a"), NULL, NULL},
        {TARGET("/a\r\nX: y"), NULL, NULL},
        {TARGET("/a\0b"), NULL, NULL},
        {TARGET("/\x7F"), NULL, NULL},
        {TARGET("/\x01"), NULL, NULL},
        {TARGET(" /"), NULL, NULL},
        {TARGET("/ "), NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        check_target(METHOD_GET, &cases[i]);
        check_target(METHOD_OPTIONS, &cases[i]);
    }
}

static void headers(void **state)
{
    struct header list[] = {{STR("Host"), STR("h")},
                            {STR("X-A"), STR("first")},
                            {STR("x-a"), STR("second")},
                            {STR("X-Empty"), STR("")}};
    struct request request = {.headers = list, .headers_count = 4};

    (void)state;
    assert_text(request_header(&request, STR("host")), "h");
    assert_text(request_header(&request, STR("HOST")), "h");
    assert_text(request_header(&request, STR("x-A")), "first");
    assert_text(request_header(&request, STR("x-empty")), "");
    assert_non_null(request_header(&request, STR("x-empty")).at);
    assert_null(request_header(&request, STR("x-b")).at);
    assert_null(request_header(&request, STR("hos")).at);
    assert_null(request_header(&request, STR("")).at);
    request.headers_count = 0;
    assert_null(request_header(&request, STR("host")).at);
}

static void media_types(void **state)
{
    static const char *const cases[][2] = {
        {"text/csv", "text/csv"}, {" Text/CSV ; header=present", "Text/CSV"}, {"", ""}, {";x", ""},
        {"a/b;c;d", "a/b"},
    };
    struct request none = {.headers_count = 0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct header header = {STR("content-type"), str_of(cases[i][0])};
        struct request request = {.headers = &header, .headers_count = 1};
        assert_text(request_media_type(&request), cases[i][1]);
    }
    assert_int_equal(request_media_type(&none).size, 0);
}

static void params(void **state)
{
    struct request request = {.params_count = 2};

    (void)state;
    request.params[0] = (struct path_param){STR("id"), STR("7")};
    request.params[1] = (struct path_param){STR("Id"), STR("8")};
    assert_text(request_param(&request, STR("id")), "7");
    assert_text(request_param(&request, STR("Id")), "8"); /* case matters */
    assert_null(request_param(&request, STR("ID")).at);
    assert_null(request_param(&request, STR("i")).at);
}

static void ids(void **state)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    char longest[REQUEST_ID_MAX + 1];

    (void)state;
    for (int c = 0; c < 256; c++) {
        char text = (char)c;
        assert_int_equal(request_id_is_sane((struct str){&text, 1}),
                         c != 0 && strchr(all, c) != NULL);
    }
    memset(longest, 'x', sizeof(longest));
    assert_true(request_id_is_sane((struct str){longest, REQUEST_ID_MAX}));
    assert_false(request_id_is_sane((struct str){longest, REQUEST_ID_MAX + 1}));
    assert_false(request_id_is_sane(STR("")));
    assert_false(request_id_is_sane((struct str){NULL, 0}));
    assert_false(request_id_is_sane(STR("a\r\nSet-Cookie: b")));
    assert_true(request_id_is_sane(STR("3f2504e0-4f89-11d3-9a0c-0305e82c3301")));
}

static void methods(void **state)
{
    (void)state;
    for (enum method m = METHOD_GET; m < METHOD_UNKNOWN; m++) {
        assert_int_equal(method_of(str_of(method_name(m))), m);
    }
    assert_int_equal(METHODS_COUNT, 9);
    assert_string_equal(method_name(METHOD_UNKNOWN), "");
    assert_int_equal(method_of(STR("")), METHOD_UNKNOWN);
    assert_int_equal(method_of(STR("get")), METHOD_UNKNOWN); /* RFC 9110, 9.1 */
    assert_int_equal(method_of(STR("GETS")), METHOD_UNKNOWN);
    assert_int_equal(method_of(STR("GE")), METHOD_UNKNOWN);
    assert_int_equal(method_of((struct str){"GET\0", 4}), METHOD_UNKNOWN);
    assert_int_equal(method_of(STR("PROPFIND")), METHOD_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origin_form),  cmocka_unit_test(absolute_form),
        cmocka_unit_test(the_asterisk), cmocka_unit_test(refused),
        cmocka_unit_test(headers),      cmocka_unit_test(media_types),
        cmocka_unit_test(params),       cmocka_unit_test(ids),
        cmocka_unit_test(methods),
    };

    return cmocka_run_group_tests_name("server/request", tests, NULL, NULL);
}
