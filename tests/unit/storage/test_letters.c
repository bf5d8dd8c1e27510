/* Expectations from the Unicode character database. */
#include "storage/letters.h"

#include "tests/unit/text.h"

static void test_next(void **state)
{
    struct str text = STR("a\xC3\xA9\xE6\x9D\xB1\xF0\x9F\x98\x80\xFF\xC3");

    (void)state;
    assert_int_equal(letters_next(&text), 'a');
    assert_int_equal(letters_next(&text), 0xE9);
    assert_int_equal(letters_next(&text), 0x6771);
    assert_int_equal(letters_next(&text), 0x1F600);
    assert_int_equal(letters_next(&text), 0x1100FF); /* no UTF-8: one byte each */
    assert_int_equal(letters_next(&text), 0x1100C3);
    assert_int_equal(text.size, 0);
}

static void test_case(void **state)
{
    static const uint32_t pairs[][2] = {
        {'A', 'a'},
        {'Z', 'z'},
        {0xC4, 0xE4},
        /* Ä */ {0x178, 0xFF}, /* Ÿ */
        {0x100, 0x101},
        /* Ā */ {0x3A3, 0x3C3},
        /* Σ */ {0x416, 0x436}, /* Ж */
        {0x1E9E, 0xDF},
        /* ẞ */ {0x10400, 0x10428} /* Deseret */
    };
    (void)state;

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_int_equal(letters_lower(pairs[i][0]), pairs[i][1]);
        assert_int_equal(letters_lower(pairs[i][1]), pairs[i][1]);
        assert_true(letters_is(pairs[i][0], LETTERS_UPPER));
        assert_true(letters_is(pairs[i][1], LETTERS_LOWER));
    }
    assert_int_equal(letters_upper('a'), 'A');
    assert_int_equal(letters_upper(0xE4), 0xC4);
    assert_int_equal(letters_lower('['), '[');
    assert_int_equal(letters_lower(0x1100C4), 0x1100C4);
}

static void test_classes(void **state)
{
    enum letters_class class;

    (void)state;
    assert_true(letters_is(0x6771, LETTERS_ALPHA));
    assert_true(letters_is('7', LETTERS_ALNUM) && !letters_is('7', LETTERS_ALPHA));
    assert_true(letters_is('_', LETTERS_WORD) && !letters_is('_', LETTERS_ALNUM));
    assert_true(letters_is(0x2003, LETTERS_SPACE)); /* em space */
    assert_false(letters_is(0x1F600, LETTERS_ALNUM));
    assert_false(letters_is(0x1100C4, LETTERS_PRINT));
    assert_true(letters_class_of(STR("xdigit"), &class) && class == LETTERS_XDIGIT);
    assert_true(letters_class_of(STR("word"), &class) && class == LETTERS_WORD);
    assert_false(letters_class_of(STR("ALPHA"), &class));
}

static void test_plain(void **state)
{
    (void)state;
    assert_int_equal(letters_plain(0xC9), 'e');   /* É */
    assert_int_equal(letters_plain(0xFC), 'u');   /* ü */
    assert_int_equal(letters_plain(0x17D), 'z');  /* Ž */
    assert_int_equal(letters_plain(0x1EC7), 'e'); /* ệ: two of them */
    assert_int_equal(letters_plain(0xDF), 0xDF);  /* ß has none */
    assert_int_equal(letters_plain(0xD8), 0xF8);  /* nor has Ø, whose stroke is a part of it */
    assert_int_equal(letters_plain(0x416), 0x436);
    assert_int_equal(letters_plain(0x301), 0); /* combining acute */
    assert_int_equal(letters_plain('Q'), 'q');
}

static void test_put(void **state)
{
    static const uint32_t points[] = {0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
    (void)state;

    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        char bytes[4];
        struct str text = {bytes, letters_put(bytes, points[i])};

        assert_int_equal(letters_next(&text), points[i]);
        assert_int_equal(text.size, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),  cmocka_unit_test(test_case), cmocka_unit_test(test_classes),
        cmocka_unit_test(test_plain), cmocka_unit_test(test_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
