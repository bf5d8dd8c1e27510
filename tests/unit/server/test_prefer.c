#include "server/prefer.h"

#include "tests/unit/text.h"

#define VALUES_MAX 4

struct prefer_case {
    const char *values[VALUES_MAX]; /* one Prefer header each */
    const char *wait;               /* NULL: none */
    uint64_t ms;
};

static const struct prefer_case cases[] = {
    {{NULL}, NULL, 0},
    {{""}, NULL, 0},
    {{"wait=10"}, "10", 10000},
    {{"WAIT=10"}, "10", 10000},
    {{"wait=0.5"}, "0.5", 500},
    {{"wait=0.0004"}, "0.0004", 1},
    {{"wait=0"}, "0", 1}, /* at least one, for 0 would be none */
    {{"wait=86400"}, "86400", 86400000},
    {{"wait=1e1"}, "1e1", 10000},
    {{" wait=10 "}, "10", 10000},
    {{"return=minimal, wait=10"}, "10", 10000},
    {{"wait=10,return=minimal"}, "10", 10000},
    {{"\twait=10\t,\trespond-async"}, "10", 10000},
    {{",,wait=10"}, "10", 10000},
    {{"return=minimal", "wait=10"}, "10", 10000},
    {{"wait=10, wait=20"}, "10", 10000},
    {{"wait=10", "wait=20"}, "10", 10000},
    {{"wait=soon, wait=20"}, "20", 20000}, /* what cannot be read is not there */
    {{"wait"}, NULL, 0},
    {{"wait="}, NULL, 0},
    {{"wait=,"}, NULL, 0},
    {{"wait=-1"}, NULL, 0},
    {{"wait=86400.1"}, NULL, 0},
    {{"wait=1e400"}, NULL, 0},
    {{"wait=nan"}, NULL, 0},
    {{"wait=inf"}, NULL, 0},
    {{"wait=0x10"}, NULL, 0},
    {{"wait=10s"}, NULL, 0},
    {{"wait=1 0"}, NULL, 0},
    {{"wait=10.00000000000000000000000000000"}, "10.00000000000000000000000000000", 10000},
    {{"wait=10.000000000000000000000000000000"}, NULL, 0}, /* 33 characters are too many */
    {{"waits=10"}, NULL, 0},
    {{"await=10"}, NULL, 0},
    {{"x-wait=10"}, NULL, 0},
    {{"wait =10"}, NULL, 0},
    {{"wait:10"}, NULL, 0},
    {{"respond-async"}, NULL, 0},
};

static void all_of_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct header headers[VALUES_MAX + 1] = {{STR("Wait"), STR("wait=99")}};
        struct request request = {.headers = headers, .headers_count = 1};
        struct str wait = STR("untouched");
        uint64_t ms = 77;
        bool has_wait;

        for (size_t k = 0; k < VALUES_MAX && cases[i].values[k] != NULL; k++) {
            headers[request.headers_count++] = (struct header){
                k % 2 == 0 ? STR("Prefer") : STR("prefer"), str_of(cases[i].values[k])};
        }
        has_wait = prefer_wait(&request, &wait, &ms);
        if (has_wait != (cases[i].wait != NULL)) {
            print_error("case %zu: \"%s\"\n", i, cases[i].values[0]);
        }
        assert_int_equal(has_wait, cases[i].wait != NULL);
        assert_text(wait, has_wait ? cases[i].wait : "untouched");
        assert_int_equal(ms, has_wait ? cases[i].ms : 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_them),
    };

    return cmocka_run_group_tests_name("server/prefer", tests, NULL, NULL);
}
