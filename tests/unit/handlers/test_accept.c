/* Accept: RFC 9110, 12.5.1, and what PostgREST's clients send. */
#include "handlers/table/accept.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/random.h"
#include "tests/unit/text.h"

#define J   "application/json; charset=utf-8"
#define O   "application/vnd.pgrst.object+json; charset=utf-8"
#define ON  "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8"
#define AN  "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8"
#define CSV "text/csv; charset=utf-8"
#define ND  "application/x-ndjson; charset=utf-8"
#define OA  "application/openapi+json; charset=utf-8"

struct accept_case {
    const char *values[3]; /* one Accept header each */
    const char *type;      /* NULL: refused */
    const char *listed;    /* what is refused */
};

static const struct accept_case rows[] = {
    {{NULL}, J, NULL},
    {{""}, J, NULL},
    {{"*/*"}, J, NULL},
    {{"*"}, J, NULL},
    {{"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}, J, NULL},
    {{"application/*"}, J, NULL},
    {{"text/*"}, CSV, NULL},
    {{"application/json"}, J, NULL},
    {{"APPLICATION/JSON"}, J, NULL},
    {{"application/json; charset=utf-8"}, J, NULL},
    {{"application/vnd.pgrst.array+json"}, J, NULL},
    {{"application/vnd.pgrst.array"}, J, NULL},
    {{"application/vnd.pgrst.array+json;nulls=stripped"}, AN, NULL},
    {{"application/vnd.pgrst.array;nulls=stripped"}, AN, NULL},
    {{"application/vnd.pgrst.object+json"}, O, NULL},
    {{"application/vnd.pgrst.object"}, O, NULL},
    {{"application/vnd.pgrst.object+json;nulls=stripped"}, ON, NULL},
    {{"Application/Vnd.Pgrst.Object+Json; Nulls=Stripped"}, ON, NULL},
    {{"application/vnd.pgrst.object+json;nulls=kept"}, O, NULL},
    {{"application/json;nulls=stripped"}, J, NULL},
    {{"text/csv"}, CSV, NULL},
    {{"text/csv; header=present"}, CSV, NULL},
    {{"application/x-ndjson"}, ND, NULL},
    {{"text/csv, application/json"}, CSV, NULL},
    {{"text/csv;q=0.5, application/json"}, J, NULL},
    {{"text/csv;q=0.5, application/json;q=0.5"}, CSV, NULL},
    {{"unknown/unknown, text/csv"}, CSV, NULL},
    {{"image/png, */*;q=0.1"}, J, NULL},
    {{"text/html, application/xhtml+xml, */*;q=0.8"}, J, NULL},
    {{"application/json;q=0, */*"}, ND, NULL},
    {{"application/json;q=0, application/x-ndjson"}, ND, NULL},
    {{"image/png", "text/csv"}, CSV, NULL},
    {{"text/csv;q=0.1", "application/json"}, J, NULL},
    {{"unknown/unknown"}, NULL, "unknown/unknown"},
    {{"application/geo+json"}, NULL, "application/geo+json"},
    {{"image/png, image/gif;q=0.5"}, NULL, "image/png, image/gif"},
    {{"image/gif;q=0.5, image/png"}, NULL, "image/png, image/gif"},
    {{"image/png", "image/gif"}, NULL, "image/png, image/gif"},
    {{"application/json;q=0"}, NULL, "application/json"},
    {{"*/*;q=0"}, NULL, "*/*"},
    {{"application/openapi+json"}, NULL, "application/openapi+json"},
    {{"application/vnd.pgrst.plan+text; for=\"application/json\"; options=analyze;"},
     NULL,
     "application/vnd.pgrst.plan+text;for=\"application/json\";options=analyze"},
    {{"text"}, NULL, "text"},
    {{"text/"}, NULL, "text/"},
};

static const struct accept_case root[] = {
    {{NULL}, J, NULL},
    {{"*/*"}, J, NULL},
    {{"application/openapi+json"}, OA, NULL},
    {{"application/json"}, J, NULL},
    {{"text/csv"}, NULL, "text/csv"},
    {{"application/vnd.pgrst.object+json"}, NULL, "application/vnd.pgrst.object+json"},
};

static void check(const struct accept_case *c, enum accept_scope scope)
{
    static const char prefix[] = "None of these media types are available: ";
    struct header headers[4] = {{STR("X-Accept"), STR("image/x")}};
    struct request request = {.headers = headers, .headers_count = 1};
    struct arena arena;
    struct accept accept = {0};
    struct fault fault = {0};
    bool is_taken;

    for (size_t i = 0; i < 3 && c->values[i] != NULL; i++) {
        headers[request.headers_count++] = (struct header){STR("aCCept"), str_of(c->values[i])};
    }
    arena_init(&arena, NULL, 0, 65536);
    is_taken = accept_read(&request, scope, &arena, &accept, &fault);
    if (is_taken != (c->type != NULL)) {
        print_error("%s\n", c->values[0]);
    }
    assert_int_equal(is_taken, c->type != NULL);
    if (is_taken) {
        assert_string_equal(accept.content_type, c->type);
    } else {
        assert_int_equal(fault.http_status, 406);
        assert_string_equal(fault.code, "PGRST107");
        assert_int_equal(strncmp(fault.message, prefix, strlen(prefix)), 0);
        assert_string_equal(fault.message + strlen(prefix), c->listed);
    }
    arena_fini(&arena);
}

static void of_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        check(&rows[i], ACCEPT_ROWS);
    }
}

static void of_the_root(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(root); i++) {
        check(&root[i], ACCEPT_ROOT);
    }
}

static struct accept read_one(const char *value)
{
    struct header header = {STR("Accept"), str_of(value)};
    struct request request = {.headers = &header, .headers_count = 1};
    struct accept accept = {0};

    assert_true(accept_read(&request, ACCEPT_ROWS, NULL, &accept, NULL));
    return accept;
}

static void what_it_means(void **state)
{
    struct accept a;

    (void)state;
    a = read_one("application/vnd.pgrst.object+json;nulls=stripped");
    assert_true(a.media == ACCEPT_JSON && a.is_singular && a.strips_nulls);
    a = read_one("application/vnd.pgrst.object");
    assert_true(a.media == ACCEPT_JSON && a.is_singular && !a.strips_nulls);
    a = read_one("application/vnd.pgrst.array;nulls=stripped");
    assert_true(a.media == ACCEPT_JSON && !a.is_singular && a.strips_nulls);
    a = read_one("*/*");
    assert_true(a.media == ACCEPT_JSON && !a.is_singular && !a.strips_nulls);
    assert_int_equal(read_one("text/csv").media, ACCEPT_CSV);
    assert_int_equal(read_one("application/x-ndjson").media, ACCEPT_NDJSON);
}

/* As many as a request can hold. */
static void a_long_list(void **state)
{
    static char value[30000];
    struct header header = {STR("Accept"), {value, 0}};
    struct request request = {.headers = &header, .headers_count = 1};
    struct arena arena;
    struct accept accept;
    struct fault fault;

    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        header.value.size += (size_t)sprintf(value + header.value.size, "image/x%zu,", i);
    }
    arena_init(&arena, NULL, 0, 65536);
    assert_false(accept_read(&request, ACCEPT_ROWS, &arena, &accept, &fault));
    assert_int_equal(fault.http_status, 406);
    arena_fini(&arena);
    arena_init(&arena, NULL, 0, 0);
    assert_false(accept_read(&request, ACCEPT_ROWS, &arena, &accept, &fault));
    assert_int_equal(fault.http_status, 503);
}

/* Whatever it is, it ends, and nothing beside it is read. */
static void any_bytes_at_all(void **state)
{
    static const char letters[] = "application/json,;q=0.*+textcsv\" ";
    struct random random = {5};

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        size_t n = random_below(&random, 40);
        char *text = malloc(n + 1); /* of its very size, for the sanitizers */
        struct header header = {STR("Accept"), {text, n}};
        struct request request = {.method = METHOD_GET, .headers = &header, .headers_count = 1};

        assert_non_null(text);
        for (size_t i = 0; i < n; i++) {
            text[i] = letters[random_below(&random, sizeof(letters) - 1)];
        }
        {
            struct arena arena;
            struct accept accept;
            struct fault fault;

            arena_init(&arena, NULL, 0, 65536);
            if (accept_read(&request, ACCEPT_ROWS, &arena, &accept, &fault)) {
                assert_non_null(accept.content_type);
            } else {
                assert_int_equal(fault.http_status, 406);
            }
            arena_fini(&arena);
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_rows),          cmocka_unit_test(of_the_root),
        cmocka_unit_test(what_it_means),    cmocka_unit_test(a_long_list),
        cmocka_unit_test(any_bytes_at_all),
    };

    return cmocka_run_group_tests_name("handlers/accept", tests, NULL, NULL);
}
