/* If-None-Match: RFC 9110, 13.1.2. */
#include "server/entity_tags.h"

#include <stdlib.h>

#include "base/attributes.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

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
        if (if_none_match_has(&request, "W/\"abc\"") != cases[i].is_known) {
            fail_msg("case %zu: %s", i, cases[i].values[0]);
        }
    }
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
        (void)if_none_match_has(&request, "W/\"ab\"");
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_or_not),
        cmocka_unit_test(any_bytes_at_all),
    };

    return cmocka_run_group_tests_name("server/if_none_match", tests, NULL, NULL);
}
