#include "base/utf8.h"

#include "tests/unit/base/utf8_reference.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

static bool agrees(const unsigned char *s, size_t n)
{
    size_t size = 99;
    size_t expected_size;
    bool expected = reference_next(s, n, &expected_size);
    bool is_whole = utf8_next((struct str){(const char *)s, n}, &size);

    return is_whole == expected && size == expected_size;
}

static void every_run_of_up_to_three_bytes(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (uint32_t i = 0; i < 1u << 24; i++) {
        const unsigned char s[3] = {(unsigned char)(i >> 16), (unsigned char)(i >> 8),
                                    (unsigned char)i};

        wrong += agrees(s, 3) ? 0 : 1;
        if (s[2] == 0) {
            wrong += agrees(s, 2) ? 0 : 1;
        }
        if (s[1] == 0 && s[2] == 0) {
            wrong += agrees(s, 1) ? 0 : 1;
        }
    }
    assert_int_equal(wrong, 0);
}

static void every_scalar_value_is_valid(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        unsigned char s[4];
        size_t n = reference_is_scalar(c) ? reference_encode(c, s) : 0;

        if (n > 0 && !utf8_is_valid((struct str){(const char *)s, n})) {
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void sampled_runs_of_four_bytes(void **state)
{
    struct random random = {4};
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < 2000000; i++) {
        uint64_t bits = random_u64(&random);
        unsigned char s[4] = {(unsigned char)(0xEF + bits % 8), (unsigned char)(bits >> 8),
                              (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};

        if ((bits >> 32 & 3) != 0) { /* mostly continuation bytes, or few would be well-formed */
            s[2] = (unsigned char)(0x80 | (s[2] & 0x3F));
            s[3] = (unsigned char)(0x80 | (s[3] & 0x3F));
        }
        wrong += agrees(s, 4) ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

static void the_classic_attacks_are_refused(void **state)
{
    static const char *const bad[] = {
        "\x80",
        "\xC0\xAF",
        "\xC1\xBF",
        "\xE0\x80\xAF",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x80\x80\xAF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC3",
        "\xE2\x82",
        "\xF0\x9F\x98",
        "fine until \xC3(",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(utf8_is_valid(str_of(bad[i])));
    }
    assert_true(utf8_is_valid(STR("")));
    assert_true(utf8_is_valid((struct str){NULL, 0}));
    assert_true(utf8_is_valid(STR("a\0b")));
    assert_true(utf8_is_valid(STR("na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_of_up_to_three_bytes),
        cmocka_unit_test(every_scalar_value_is_valid),
        cmocka_unit_test(sampled_runs_of_four_bytes),
        cmocka_unit_test(the_classic_attacks_are_refused),
    };

    reference_build();
    return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
