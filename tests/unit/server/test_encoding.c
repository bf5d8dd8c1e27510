/* Content codings: RFC 9110, 12.5.3 and 8.4. */
#include "server/encoding.h"

#include "base/mem.h"
#include "tests/unit/text.h"

static const struct {
    const char *values[2]; /* one Accept-Encoding header each */
    const char *name;
} cases[] = {
    {{NULL}, "identity"},
    {{""}, "identity"},
    {{"gzip"}, "gzip"},
    {{"GZIP"}, "gzip"},
    {{"x-gzip"}, "gzip"},
    {{"deflate"}, "deflate"},
    {{"gzip, deflate, br"}, "gzip"},
    {{"deflate, gzip"}, "gzip"},
    {{"gzip, deflate, br, zstd"}, "gzip"},
    {{"br"}, "identity"},
    {{"identity"}, "identity"},
    {{"*"}, "gzip"},
    {{"*;q=0"}, "identity"}, /* 406 is not asked for (12.5.3): something is sent */
    {{"identity;q=0"}, "identity"},
    {{"gzip;q=0"}, "identity"},
    {{"gzip;q=0, *"}, "deflate"},
    {{"gzip;q=0, deflate;q=0, *"}, "identity"},
    {{"compress, gzip"}, "gzip"},
    {{"compress;q=0.5, gzip;q=1.0"}, "gzip"},
    {{"gzip;q=1.0, identity; q=0.5, *;q=0"}, "gzip"},
    {{"gzip;q=0.5, deflate"}, "deflate"},
    {{"gzip;q=0.5, identity"}, "identity"},
    {{"gzip, identity"}, "gzip"},
    {{"gzip;q=0.001"}, "gzip"},
    {{"gzip;q=0.2, *;q=0.1"}, "gzip"},
    {{"gzip;q=0.1, *;q=0.2"}, "deflate"},
    {{"gzip;q=0.1, deflate;q=0.1, *;q=0.2"}, "identity"}, /* it is among the others */
    {{"br", "gzip"}, "gzip"},
    {{"gzipped"}, "identity"},
};

static void negotiated(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct header headers[3] = {{STR("Accept"), STR("gzip")}};
        struct request request = {.headers = headers, .headers_count = 1};

        for (size_t k = 0; k < 2 && cases[i].values[k] != NULL; k++) {
            headers[request.headers_count++] =
                (struct header){STR("accept-encoding"), str_of(cases[i].values[k])};
        }
        assert_string_equal(encoding_name(encoding_negotiate(&request)), cases[i].name);
    }
}

static void worthwhile_types(void **state)
{
    static const char *const good[] = {"application/json",
                                       "application/json; charset=utf-8",
                                       "APPLICATION/JSON",
                                       "application/problem+json",
                                       "application/vnd.pgrst.object+json;nulls=stripped",
                                       "application/x-ndjson",
                                       "text/csv",
                                       "text/html; charset=utf-8",
                                       "text/css",
                                       "text/javascript",
                                       "application/javascript",
                                       "image/svg+xml"};
    static const char *const bad[] = {
        "image/png", "application/octet-stream", "application/gzip", "text/", "", "font/woff2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_true(encoding_is_worthwhile(good[i]));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(encoding_is_worthwhile(bad[i]));
    }
    assert_false(encoding_is_worthwhile(NULL));
}

/* --- answers ------------------------------------------------------------------------------ */

static struct response answer(const char *type, size_t size)
{
    struct response r;

    response_init(&r, 1024 * 1024);
    r.http_status = 200;
    r.content_type = type;
    for (size_t i = 0; i < size; i++) {
        buf_append_char(&r.body, "abcdefgh"[i % 8]);
    }
    return r;
}

static void apply(struct response *r, const char *accepted) MAY_BLOCK
{
    struct header header = {STR("Accept-Encoding"), str_of(accepted)};
    struct request request = {.headers = &header, .headers_count = 1};

    encoding_apply(&request, r);
}

static void a_large_answer(void **state)
{
    struct response r = answer("application/json", 4000);

    (void)state;
    response_header(&r, "ETag", "\"abc\"");
    response_header(&r, "Vary", "Accept");
    apply(&r, "gzip");
    assert_string_equal(response_header_value(&r, "Content-Encoding"), "gzip");
    assert_string_equal(response_header_value(&r, "Vary"), "Accept, Accept-Encoding");
    assert_string_equal(response_header_value(&r, "ETag"), "W/\"abc\"");
    assert_true(r.body.size > 0 && r.body.size < 200);
    assert_int_equal((unsigned char)r.body.at[0], 0x1F);
    response_fini(&r);
}

static void a_weak_etag_stays(void **state)
{
    struct response r = answer("application/json", 4000);

    (void)state;
    response_header(&r, "ETag", "W/\"abc\"");
    apply(&r, "deflate");
    assert_string_equal(response_header_value(&r, "Content-Encoding"), "deflate");
    assert_string_equal(response_header_value(&r, "ETag"), "W/\"abc\"");
    response_fini(&r);
}

static void what_is_left_alone(void **state)
{
    struct response r = answer("application/json", ENCODING_BYTES_MIN - 1);

    (void)state;
    apply(&r, "gzip");
    assert_int_equal(r.body.size, ENCODING_BYTES_MIN - 1);
    assert_int_equal(r.headers_count, 0);
    response_fini(&r);
    r = answer("image/png", 4000);
    apply(&r, "gzip");
    assert_int_equal(r.body.size, 4000);
    assert_int_equal(r.headers_count, 0);
    response_fini(&r);
    r = answer("application/json", 4000);
    response_header(&r, "Content-Encoding", "br");
    apply(&r, "gzip");
    assert_int_equal(r.body.size, 4000);
    assert_int_equal(r.headers_count, 1);
    response_fini(&r);
    r = answer("application/json", 4000); /* it would have been another for somebody else */
    apply(&r, "br");
    assert_int_equal(r.body.size, 4000);
    assert_null(response_header_value(&r, "Content-Encoding"));
    assert_string_equal(response_header_value(&r, "Vary"), "Accept-Encoding");
    response_fini(&r);
}

static void what_was_not_modified(void **state)
{
    struct response r;

    (void)state;
    response_init(&r, 100);
    r.http_status = 304;
    apply(&r, "gzip");
    assert_string_equal(response_header_value(&r, "Vary"), "Accept-Encoding");
    response_fini(&r);
}

/* What leaves in pieces is decided before its size is known. */
static void in_pieces(void **state)
{
    struct header header = {STR("Accept-Encoding"), STR("gzip")};
    struct request request = {.headers = &header, .headers_count = 1};
    struct response r = answer("application/x-ndjson", 0);

    (void)state;
    response_header(&r, "ETag", "\"abc\"");
    assert_int_equal(encoding_begin(&request, &r), ENCODING_GZIP);
    assert_string_equal(response_header_value(&r, "Content-Encoding"), "gzip");
    assert_string_equal(response_header_value(&r, "Vary"), "Accept-Encoding");
    assert_string_equal(response_header_value(&r, "ETag"), "W/\"abc\"");
    assert_int_equal(encoding_begin(&request, &r), ENCODING_IDENTITY); /* not twice */
    response_reset(&r);
    request.headers_count = 0;
    r.content_type = "text/csv";
    assert_int_equal(encoding_begin(&request, &r), ENCODING_IDENTITY);
    assert_string_equal(response_header_value(&r, "Vary"), "Accept-Encoding");
    assert_null(response_header_value(&r, "Content-Encoding"));
    response_fini(&r);
    request.headers_count = 1;
    for (long n = 1; n < 4; n++) { /* what could not be said is not done */
        enum encoding encoding;

        r = answer("text/csv", 0);
        mem_fail_after(n);
        encoding = encoding_begin(&request, &r);
        mem_fail_after(-1);
        assert_int_equal(encoding != ENCODING_IDENTITY,
                         response_header_value(&r, "Content-Encoding") != NULL);
        response_fini(&r);
    }
}

/* Bytes without any pattern do not become smaller. */
static void what_does_not_compress(void **state)
{
    struct response r = answer("text/plain", 4096);
    uint64_t x = 88172645463325252U;

    (void)state;
    for (size_t i = 0; i < 4096; i++) { /* xorshift64 */
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        r.body.at[i] = (char)(x >> 32);
    }
    apply(&r, "gzip");
    assert_int_equal(r.body.size, 4096);
    assert_null(response_header_value(&r, "Content-Encoding"));
    response_fini(&r);
}

static void without_memory(void **state)
{
    (void)state;
    for (long n = 1; n < 12; n++) {
        struct response r = answer("application/json", 4000);

        mem_fail_after(n);
        apply(&r, "gzip");
        mem_fail_after(-1);
        assert_int_equal(r.body.size < 4000, response_header_value(&r, "Content-Encoding") != NULL);
        response_fini(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negotiated),         cmocka_unit_test(worthwhile_types),
        cmocka_unit_test(a_large_answer),     cmocka_unit_test(a_weak_etag_stays),
        cmocka_unit_test(what_is_left_alone), cmocka_unit_test(what_was_not_modified),
        cmocka_unit_test(in_pieces),          cmocka_unit_test(what_does_not_compress),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests_name("server/encoding", tests, NULL, NULL);
}
