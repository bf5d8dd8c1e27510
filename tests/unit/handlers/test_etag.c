/* ETags and If-None-Match: RFC 9110, 8.8.3 and 13.1.2. */
#include "handlers/table/etag.h"

#include <stdlib.h>

#include "tests/unit/random.h"
#include "tests/unit/text.h"

static const struct etag_key key = {"0123456789abcde"};

static const struct {
    const char *values[2]; /* one If-None-Match header each */
    bool is_known;         /* is W/"abc" among them? */
} cases[] = {
    {{NULL}, false},
    {{""}, false},
    {{"*"}, true},
    {{" * "}, true},
    {{"W/\"abc\""}, true},
    {{"\"abc\""}, true}, /* weakly the same */
    {{"\"abd\""}, false},
    {{"\"ABC\""}, false},
    {{"w/\"abc\""}, false}, /* the mark has one case */
    {{"\"x\", \"y\", W/\"abc\""}, true},
    {{"\"x\",\"abc\",\"y\""}, true},
    {{",, \"x\" ,, \"abc\""}, true},
    {{"\"x,\", \"abc\""}, true},
    {{"\"x, \\\", \"abc\""}, true}, /* a backslash is a character like others here */
    {{"\"abc"}, false},
    {{"abc"}, false},
    {{"abc, \"abc\""}, false}, /* what does not parse ends it */
    {{"\"\""}, false},
    {{"W/"}, false},
    {{"\"x\"", "\"abc\""}, true},
    {{"\"abc\"", "\"x\""}, true},
    {{"\"x\", *"}, false}, /* only alone */
};

static void known_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct header headers[3] = {{STR("If-Match"), STR("*")}};
        struct request request = {.headers = headers, .headers_count = 1};

        for (size_t k = 0; k < 2 && cases[i].values[k] != NULL; k++) {
            headers[request.headers_count++] =
                (struct header){STR("if-none-match"), str_of(cases[i].values[k])};
        }
        if (etag_is_known(&request, "W/\"abc\"") != cases[i].is_known) {
            fail_msg("case %zu: %s", i, cases[i].values[0]);
        }
    }
}

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

/* Whatever it is, it ends, and nothing beside it is read. */
static void any_bytes_at_all(void **state)
{
    static const char letters[] = "W/\",* \tab\\";
    struct random random = {5};

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        size_t n = random_below(&random, 40);
        char *text = malloc(n + 1); /* of its very size, for the sanitizers */
        struct header header = {STR("If-None-Match"), {text, n}};
        struct request request = {.method = METHOD_GET, .headers = &header, .headers_count = 1};

        assert_non_null(text);
        for (size_t i = 0; i < n; i++) {
            text[i] = letters[random_below(&random, sizeof(letters) - 1)];
        }
        (void)etag_is_known(&request, "W/\"ab\"");
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_or_not),           cmocka_unit_test(its_form),
        cmocka_unit_test(whatever_differs_shows), cmocka_unit_test(keys_differ),
        cmocka_unit_test(any_bytes_at_all),
    };

    return cmocka_run_group_tests_name("handlers/etag", tests, NULL, NULL);
}
