#include "bench/mix.h"

#include "tests/unit/unit.h"

/* The bytes of the only request of a mix, for the id 42. */
static void assert_bytes(const char *line, uint64_t wait_ms, const char *bytes)
{
    struct mix m = {0};
    struct buf scratch;
    struct buf to;

    buf_init(&scratch, 10000);
    buf_init(&to, 10000);
    assert_int_equal(mix_add(&m, line, NULL), STATUS_OK);
    mix_put(&m.items[0], 42, wait_ms, "h:1", &scratch, &to);
    assert_true(str_equal(buf_str(&to), str_of(bytes)));
    buf_fini(&scratch);
    buf_fini(&to);
    mix_fini(&m);
}

static void requests(void **state)
{
    (void)state;
    assert_bytes("/health", 0, "GET /health HTTP/1.1\r\nHost: h:1\r\n\r\n");
    assert_bytes(" 3 /b/{id}/{id}x => {id}", 1005,
                 "GET /b/42/42x HTTP/1.1\r\nHost: h:1\r\nPrefer: wait=1.005\r\n\r\n");
    assert_bytes("2 POST /notes {\"n\": {id}} => no", 0,
                 "POST /notes HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\n"
                 "Content-Length: 9\r\n\r\n{\"n\": 42}");
}

static void what_is_no_request(void **state)
{
    struct mix m = {0};
    struct error err;

    (void)state;
    assert_int_equal(mix_add(&m, "", &err), STATUS_OK);
    assert_int_equal(mix_add(&m, "# /health", &err), STATUS_OK);
    assert_int_equal(m.count, 0);
    assert_int_equal(mix_add(&m, "health", &err), STATUS_INVALID);
    assert_int_equal(mix_add(&m, "3", &err), STATUS_INVALID);
    assert_int_equal(mix_add(&m, "GET => x", &err), STATUS_INVALID);
    assert_int_equal(mix_add_file(&m, "/nowhere/at/all", &err), STATUS_NO_SUCH_FILE);
    assert_int_equal(m.count, 0);
    mix_fini(&m);
}

static void weights(void **state)
{
    struct mix m = {0};

    (void)state;
    assert_int_equal(mix_add(&m, "1 /a", NULL), STATUS_OK);
    assert_int_equal(mix_add(&m, "0 /b", NULL), STATUS_OK);
    assert_int_equal(mix_add(&m, "2 /c", NULL), STATUS_OK);
    assert_int_equal(m.weights, 3);
    assert_ptr_equal(mix_pick(&m, 0), &m.items[0]);
    assert_ptr_equal(mix_pick(&m, 1), &m.items[2]);
    assert_ptr_equal(mix_pick(&m, 2), &m.items[2]);
    mix_fini(&m);
}

static void expectations(void **state)
{
    struct mix m = {0};
    struct buf scratch;

    (void)state;
    buf_init(&scratch, 1000);
    assert_int_equal(mix_add(&m, "/a/{id}", NULL), STATUS_OK);
    assert_int_equal(mix_add(&m, "/b", NULL), STATUS_OK);
    assert_int_equal(mix_add(&m, "/c/{id} => own", NULL), STATUS_OK);
    mix_expect(&m, "\"id\":{id},");
    assert_true(mix_is_expected(&m.items[0], 4, STR("{\"id\":4,\"a\":1}"), &scratch));
    assert_false(mix_is_expected(&m.items[0], 4, STR("{\"id\":41,\"a\":1}"), &scratch));
    assert_false(mix_is_expected(&m.items[0], 4, STR(""), &scratch));
    assert_true(mix_is_expected(&m.items[1], 4, STR(""), &scratch));
    assert_true(mix_is_expected(&m.items[2], 4, STR("owner"), &scratch));
    buf_fini(&scratch);
    mix_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(what_is_no_request),
        cmocka_unit_test(weights),
        cmocka_unit_test(expectations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
