#include "base/str.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "tests/unit/random.h"
#include "tests/unit/unit.h"

static void equality(void **state)
{
    (void)state;
    assert_true(str_equal(STR(""), (struct str){NULL, 0}));
    assert_true(str_equal(STR("a\0b"), STR("a\0b")));
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
    assert_false(str_equal(STR("a"), STR("A")));
    assert_false(str_equal(STR("a"), STR("ab")));
    assert_true(str_equal_nocase(STR("Content-LENGTH"), STR("content-length")));
    assert_false(str_equal_nocase(STR("content-length"), STR("content-lengthy")));
    assert_false(str_equal_nocase(STR("@"), STR("`"))); /* 0x20 apart, and no letters */
    assert_false(str_equal_nocase(STR("["), STR("{")));
    assert_false(str_equal_nocase(STR("\xC3\x84"), STR("\xC3\xA4"))); /* ASCII only */
}

static void trimming(void **state)
{
    (void)state;
    assert_true(str_equal(str_trim(STR(" \t a b\t ")), STR("a b")));
    assert_true(str_equal(str_trim(STR(" \t ")), STR("")));
    assert_true(str_equal(str_trim(STR("\na\r")), STR("\na\r"))); /* spaces and tabs only */
    assert_int_equal(str_trim((struct str){NULL, 0}).size, 0);
}

static void hexadecimal(void **state)
{
    char text[] = "........";

    (void)state;
    assert_ptr_equal(str_put_hex(text, STR("")), text);
    assert_ptr_equal(str_put_hex(text, STR("\x00\x9f\xff")), text + 6);
    assert_string_equal(text, "009fff..");
}

static bool is_u64(struct str s, uint64_t expected)
{
    uint64_t value = expected + 1;

    return str_to_u64(s, &value) && value == expected;
}

static bool is_i64(struct str s, int64_t expected)
{
    int64_t value = ~expected;

    return str_to_i64(s, &value) && value == expected;
}

static bool is_double(struct str s, double expected)
{
    double value = NAN;

    return str_to_double(s, &value) && value == expected && signbit(value) == signbit(expected);
}

static void whole_numbers(void **state)
{
    (void)state;
    assert_true(is_u64(STR("0"), 0));
    assert_true(is_u64(STR("007"), 7));
    assert_true(is_u64(STR("18446744073709551615"), UINT64_MAX));
    assert_true(is_u64(STR("00000000000000000000000000018446744073709551615"), UINT64_MAX));
    assert_true(is_i64(STR("0"), 0));
    assert_true(is_i64(STR("-0"), 0));
    assert_true(is_i64(STR("-1"), -1));
    assert_true(is_i64(STR("9223372036854775807"), INT64_MAX));
    assert_true(is_i64(STR("-9223372036854775808"), INT64_MIN));
}

static void what_is_no_whole_number(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        " 1",
        "1 ",
        "+1",
        "--1",
        "-",
        "1.0",
        "1e3",
        "0x1",
        "1_0",
        "1,0",
        "\t1",
        "1\n",
        "abc",
        "- 1",
        "/",
        ":",
        "18446744073709551616",
        "18446744073709551620",
        "99999999999999999999",
        "184467440737095516150",
        "-9223372036854775809",
        "-18446744073709551615",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        uint64_t natural = 77;
        int64_t whole = 77;

        assert_false(str_to_u64(str_of(bad[i]), &natural));
        assert_false(str_to_i64(str_of(bad[i]), &whole));
        assert_true(natural == 77 && whole == 77);
    }
    uint64_t natural = 77;
    int64_t whole = 77;
    assert_false(str_to_u64(STR("-1"), &natural));
    assert_false(str_to_u64(STR("1\0"), &natural));
    assert_false(str_to_i64(STR("9223372036854775808"), &whole));
}

static void random_whole_numbers(void **state)
{
    struct random random = {8};

    (void)state;
    for (size_t i = 0; i < 20000; i++) {
        uint64_t value = random_u64(&random) >> random_below(&random, 64);
        char text[32];

        (void)snprintf(text, sizeof(text), "%" PRIu64, value); /* 20 characters fit */
        assert_true(is_u64(str_of(text), value));
        (void)snprintf(text, sizeof(text), "%" PRId64, (int64_t)value); /* 20 characters fit */
        assert_true(is_i64(str_of(text), (int64_t)value));
    }
}

static void doubles(void **state)
{
    (void)state;
    assert_true(is_double(STR("0"), 0));
    assert_true(is_double(STR("-0"), -0.0));
    assert_true(is_double(STR("-1.5e3"), -1500));
    assert_true(is_double(STR("1E+2"), 100));
    assert_true(is_double(STR("0.1"), 0.1));
    assert_true(is_double(STR("007.5"), 7.5)); /* as str_to_i64 takes 007 */
    assert_true(is_double(STR("1.7976931348623157e308"), DBL_MAX));
    assert_true(is_double(STR("5e-324"), 5e-324));
    assert_true(is_double(STR("1e-400"), 0)); /* too small is zero, too big is refused */
    assert_true(is_double((struct str){"12.5garbage", 4}, 12.5));
}

static void what_is_no_double(void **state)
{
    static const char *const bad[] = {
        "",         " ",       " 1",  "1 ",  "+1",  ".5",    "5.",    "-",
        "-.5",      "1e",      "1e+", "1e-", "e5",  "0x1",   "0x1p3", "inf",
        "Infinity", "-inf",    "nan", "NaN", "1,5", "1.5.5", "1e5e5", "1e400",
        "-1e400",   "1.8e308", "--1", "1_0", "\t1", "1\n",   "1e5.5",
    };
    char longest[500];
    double value = 77;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(str_to_double(str_of(bad[i]), &value));
    }
    assert_false(str_to_double(STR("1\0"), &value));
    memset(longest, '0', sizeof(longest));
    assert_false(str_to_double((struct str){longest, 400}, &value));
    assert_false(str_to_double((struct str){longest, 500}, &value));
    assert_true(value == 77);
    assert_true(is_double((struct str){longest, 399}, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality),
        cmocka_unit_test(trimming),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(what_is_no_whole_number),
        cmocka_unit_test(random_whole_numbers),
        cmocka_unit_test(doubles),
        cmocka_unit_test(what_is_no_double),
    };

    return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
