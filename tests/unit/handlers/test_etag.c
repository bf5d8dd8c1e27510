/* ETags: RFC 9110, 8.8.3. */
#include "handlers/table/etag.h"

#include "base/attributes.h"
#include "tests/unit/text.h"

static const struct etag_key key = {"0123456789abcde"};

struct read {
    const char *path;
    const char *query;
    const char *accept; /* NULL: not sent */
    const char *prefer;
    uint64_t version;
};

static void write_of(const struct read *read, enum method method, char *to)
{
    struct header headers[3] = {{STR("If-None-Match"), STR("\"x\"")}};
    struct request request = {.method = method,
                              .path = str_of(read->path),
                              .query = str_of(read->query),
                              .headers = headers,
                              .headers_count = 1};

    if (read->accept != NULL) {
        headers[request.headers_count++] = (struct header){STR("Accept"), str_of(read->accept)};
    }
    if (read->prefer != NULL) {
        headers[request.headers_count++] = (struct header){STR("prefer"), str_of(read->prefer)};
    }
    etag_write(&key, &request, read->version, to);
}

static void its_form(void **state)
{
    const struct read read = {"/api/t", "", NULL, NULL, 1};
    char etag[ETAG_SIZE];
    char again[ETAG_SIZE];

    (void)state;
    write_of(&read, METHOD_GET, etag);
    assert_int_equal(strlen(etag), 36);
    assert_int_equal(strncmp(etag, "W/\"", 3), 0);
    assert_int_equal(strspn(etag + 3, "0123456789abcdef"), 32);
    assert_string_equal(etag + 35, "\"");
    write_of(&read, METHOD_HEAD, again);
    assert_string_equal(etag, again);
}

static void whatever_differs_shows(void **state)
{
    static const struct read reads[] = {
        {"/api/t", "", NULL, NULL, 1},
        {"/api/t", "", NULL, NULL, 2},
        {"/api/u", "", NULL, NULL, 1},
        {"/api/t", "a=eq.1", NULL, NULL, 1},
        {"/api/t", "a=eq.2", NULL, NULL, 1},
        {"/api/ta", "=eq.1", NULL, NULL, 1},
        {"/api/t", "", "text/csv", NULL, 1},
        {"/api/t", "", "", NULL, 1},
        {"/api/t", "", NULL, "text/csv", 1},
        {"/api/t", "", NULL, "count=exact", 1},
        {"/api/t", "", "text/csv", "count=exact", 1},
    };
    char etags[ARRAY_LENGTH(reads)][ETAG_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(reads); i++) {
        write_of(&reads[i], METHOD_GET, etags[i]);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(etags[i], etags[k]);
        }
    }
}

static void keys_differ(void **state)
{
    struct request request = {.path = STR("/api/t"), .query = STR("")};
    struct etag_key keys[2];
    char etags[2][ETAG_SIZE];
    struct error err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(etag_key_init(&keys[i], &err), STATUS_OK);
        etag_write(&keys[i], &request, 1, etags[i]);
    }
    assert_string_not_equal(etags[0], etags[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_form),
        cmocka_unit_test(whatever_differs_shows),
        cmocka_unit_test(keys_differ),
    };

    return cmocka_run_group_tests_name("handlers/etag", tests, NULL, NULL);
}
