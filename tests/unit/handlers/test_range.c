/* Ranges of rows: PostgREST's rules. */
#include "handlers/table/range.h"

#include <stdlib.h>

#include "tests/unit/random.h"
#include "tests/unit/text.h"

#define ALL UINT64_MAX

static const struct {
    enum method method;
    const char *value; /* NULL: no header */
    bool is_refused;
    uint64_t first;
    uint64_t limit;
} headers[] = {
    {METHOD_GET, NULL, false, 0, ALL},
    {METHOD_GET, "0-24", false, 0, 25},
    {METHOD_GET, "25-49", false, 25, 25},
    {METHOD_GET, "25-", false, 25, ALL},
    {METHOD_GET, "0-0", false, 0, 1},
    {METHOD_GET, "items=5-9", false, 5, 5},
    {METHOD_GET, "1-0", true, 0, 0},
    {METHOD_GET, "10-9", true, 0, 0},
    /* malformed ones are ignored */
    {METHOD_GET, "", false, 0, ALL},
    {METHOD_GET, "-", false, 0, ALL},
    {METHOD_GET, "-5", false, 0, ALL},
    {METHOD_GET, "5", false, 0, ALL},
    {METHOD_GET, "a-b", false, 0, ALL},
    {METHOD_GET, "0-b", false, 0, ALL},
    {METHOD_GET, "0-1-2", false, 0, ALL},
    {METHOD_GET, "0 - 1", false, 0, ALL},
    {METHOD_GET, "bytes=0-99", false, 0, ALL},
    {METHOD_GET, "items=", false, 0, ALL},
    {METHOD_GET, "0-4,8-9", false, 0, ALL},
    {METHOD_GET, "+1-2", false, 0, ALL},
    /* numbers of any length */
    {METHOD_GET, "99999999999999999999999-", false, INT64_MAX, ALL},
    {METHOD_GET, "0-99999999999999999999999", false, 0, (uint64_t)INT64_MAX + 1},
    {METHOD_GET, "000000000000000000000000001-2", false, 1, 2},
    /* only GET */
    {METHOD_HEAD, "0-24", false, 0, ALL},
    {METHOD_HEAD, "1-0", false, 0, ALL},
    {METHOD_POST, "0-24", false, 0, ALL},
};

static void of_a_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        const char *value = headers[i].value;
        struct header header = {STR("Range"), str_of(value == NULL ? "" : value)};
        struct request request = {.method = headers[i].method,
                                  .headers = &header,
                                  .headers_count = value == NULL ? 0 : 1};
        struct arena arena;
        struct range range;
        struct fault fault;
        bool is_taken;

        arena_init(&arena, NULL, 0, 65536);
        is_taken = range_read(&request, &arena, &range, &fault);
        if (is_taken == headers[i].is_refused) {
            print_error("\"%s\"\n", value);
        }
        assert_int_equal(is_taken, !headers[i].is_refused);
        if (is_taken) {
            assert_int_equal(range.first, headers[i].first);
            assert_int_equal(range.limit, headers[i].limit);
        } else {
            assert_int_equal(fault.http_status, 416);
            assert_string_equal(fault.code, "PGRST103");
            assert_string_equal(fault.message, "Requested range not satisfiable");
            assert_string_equal(fault.details, "The lower boundary must be lower than or equal to "
                                               "the upper boundary in the Range header.");
        }
        arena_fini(&arena);
    }
}

static const struct {
    struct range_answer answer; /* offset, rows, has_total, total */
    unsigned http_status;
    const char *text;
} answers[] = {
    {{0, 4, false, 0}, 200, "0-3/*"}, {{0, 0, false, 0}, 200, "*/*"},
    {{100, 0, false, 0}, 200, "*/*"}, {{2, 1, false, 0}, 200, "2-2/*"},
    {{0, 4, true, 4}, 200, "0-3/4"},  {{0, 0, true, 0}, 200, "*/0"},
    {{0, 2, true, 4}, 206, "0-1/4"},  {{2, 2, true, 4}, 206, "2-3/4"},
    {{0, 0, true, 4}, 206, "*/4"}, /* limit=0 */
    {{4, 0, true, 4}, 206, "*/4"},    {{5, 0, true, 4}, 416, "*/4"},
    {{100, 0, true, 4}, 416, "*/4"},  {{1, 0, true, 0}, 416, "*/0"},
    {{0, 1, true, 1}, 200, "0-0/1"},  {{INT64_MAX, 0, true, 4}, 416, "*/4"},
};

static void of_an_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
        struct arena arena;
        struct response r;
        struct fault fault;

        arena_init(&arena, NULL, 0, 65536);
        response_init(&r, 100);
        range_note(&answers[i].answer, &r);
        assert_string_equal(response_header_value(&r, "Content-Range"), answers[i].text);
        assert_int_equal(range_status(&answers[i].answer), answers[i].http_status);
        assert_int_equal(range_check(&answers[i].answer, &arena, &fault),
                         answers[i].http_status != 416);
        response_fini(&r);
        arena_fini(&arena);
    }
}

static void beyond_the_end(void **state)
{
    const struct range_answer answer = {100, 0, true, 4};
    struct arena arena;
    struct fault fault;

    (void)state;
    arena_init(&arena, NULL, 0, 65536);
    assert_false(range_check(&answer, &arena, &fault));
    assert_int_equal(fault.http_status, 416);
    assert_string_equal(fault.code, "PGRST103");
    assert_string_equal(fault.message, "Requested range not satisfiable");
    assert_string_equal(fault.details,
                        "An offset of 100 was requested, but there are only 4 rows.");
    arena_fini(&arena);
}

/* Whatever it is, it ends, and nothing beside it is read. */
static void any_bytes_at_all(void **state)
{
    static const char letters[] = "0123456789-items= ,";
    struct random random = {5};

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        size_t n = random_below(&random, 40);
        char *text = malloc(n + 1); /* of its very size, for the sanitizers */
        struct header header = {STR("Range"), {text, n}};
        struct request request = {.method = METHOD_GET, .headers = &header, .headers_count = 1};

        assert_non_null(text);
        for (size_t i = 0; i < n; i++) {
            text[i] = letters[random_below(&random, sizeof(letters) - 1)];
        }
        {
            struct arena arena;
            struct range range;
            struct fault fault;

            arena_init(&arena, NULL, 0, 65536);
            if (range_read(&request, &arena, &range, &fault)) {
                assert_true(range.limit > 0);
            }
            arena_fini(&arena);
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_request),
        cmocka_unit_test(of_an_answer),
        cmocka_unit_test(beyond_the_end),
        cmocka_unit_test(any_bytes_at_all),
    };

    return cmocka_run_group_tests_name("handlers/range", tests, NULL, NULL);
}
