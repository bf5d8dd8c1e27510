/* Everything written is read back: strings and numbers by jansson, doubles also by strtod. */
#include "base/json_out.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/mem.h"
#include "tests/unit/base/utf8_reference.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

/* Parse all of b. Return: NULL if it is not JSON. */
static json_t *parse(const struct buf *b)
{
    return json_loadb(b->at, b->size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static bool has_raw_control(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool is_c1 = c == 0xC2 && i + 1 < s.size && (unsigned char)s.at[i + 1] < 0xA0;

        if (c < 0x20 || c == 0x7F || is_c1) {
            return true;
        }
    }
    return false;
}

/* Does n bytes as a JSON string read back as the reference repairs them? */
static bool survives(const unsigned char *bytes, size_t n)
{
    static unsigned char expected[3 * 256];
    size_t expected_size = reference_repair(bytes, n, expected);
    struct buf b;
    json_t *value;
    bool is_fine;

    buf_init(&b, 1 << 20);
    json_put_string(&b, (struct str){(const char *)bytes, n});
    value = parse(&b);
    is_fine = buf_status(&b) == STATUS_OK && json_is_string(value) &&
              json_string_length(value) == expected_size &&
              memcmp(json_string_value(value), expected, expected_size) == 0 &&
              !has_raw_control(buf_str(&b));
    json_decref(value);
    buf_fini(&b);
    return is_fine;
}

static void assert_written(struct buf *b, const char *expected)
{
    assert_int_equal(buf_status(b), STATUS_OK);
    assert_int_equal(b->size, strlen(expected));
    assert_memory_equal(b->at, expected, b->size);
    buf_clear(b);
}

static void strings_of_every_single_byte(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const unsigned char alone[1] = {(unsigned char)c};
        const unsigned char between[3] = {'a', (unsigned char)c, 'z'};

        assert_true(survives(alone, 1));
        assert_true(survives(between, 3));
    }
}

static void strings_of_every_two_bytes(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (unsigned i = 0; i < 1u << 16; i++) {
        const unsigned char s[2] = {(unsigned char)(i >> 8), (unsigned char)i};

        wrong += survives(s, 2) ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

static void strings_are_escaped_as_short_as_json_allows(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    json_put_string(&b, STR("\b\f\n\r\t\"\\/"));
    assert_written(&b, "\"\\b\\f\\n\\r\\t\\\"\\\\/\"");
    json_put_string(&b, STR("\0\x01\x1F\x7F"));
    assert_written(&b, "\"\\u0000\\u0001\\u001f\\u007f\"");
    json_put_string(&b, STR("\xC2\x80 \xC2\x9B \xC2\x9F \xC2\xA0"));
    assert_written(&b, "\"\\u0080 \\u009b \\u009f \xC2\xA0\"");
    json_put_string(&b, (struct str){NULL, 0});
    assert_written(&b, "\"\"");
    json_put_string(&b, STR("\xE2\x82\xAC \xF0\x9F\x98\x80"));
    assert_written(&b, "\"\xE2\x82\xAC \xF0\x9F\x98\x80\"");
    json_put_string(&b, STR("\xE2\x82|\xF0\x9F\x98\xFF"));
    assert_written(&b, "\"\xEF\xBF\xBD|\xEF\xBF\xBD\xEF\xBF\xBD\"");
    buf_fini(&b);
}

/* Bytes as hostile as they come: text, controls, whole sequences, broken ones, noise. */
static size_t random_bytes(struct random *r, unsigned char *to, size_t room)
{
    size_t n = 0;
    size_t wanted = random_below(r, room - 4);

    while (n < wanted) {
        uint32_t c = (uint32_t)random_below(r, 0x110000);

        switch (random_below(r, 5)) {
        case 0:
            to[n++] = (unsigned char)(' ' + random_below(r, 95));
            break;
        case 1:
            to[n++] = (unsigned char)random_below(r, 32);
            break;
        case 2:
            n += reference_encode(c, to + n); /* surrogates too: those are ill-formed */
            break;
        case 3:
            (void)reference_encode(c, to + n); /* only its beginning: the next piece cuts it */
            n++;
            break;
        default:
            to[n++] = (unsigned char)random_below(r, 256);
        }
    }
    return n;
}

static void strings_of_random_bytes(void **state)
{
    struct random random = {1};
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < 30000; i++) {
        unsigned char bytes[100];
        size_t n = random_bytes(&random, bytes, sizeof(bytes));

        wrong += survives(bytes, n) ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

static void integers(void **state)
{
    static const int64_t special[] = {0,   1,         -1,        9,         10,
                                      -10, INT64_MAX, INT64_MIN, INT32_MAX, INT64_MIN + 1};
    struct random random = {2};
    struct buf b;
    char text[32];

    (void)state;
    buf_init(&b, 1000);
    for (size_t i = 0; i < 20000; i++) {
        int64_t value = (int64_t)random_u64(&random) >> random_below(&random, 64);
        json_t *back;

        if (i < ARRAY_LENGTH(special)) {
            value = special[i];
        }
        json_put_i64(&b, value);
        back = parse(&b);
        assert_true(json_is_integer(back));
        assert_true(json_integer_value(back) == value);
        json_decref(back);
        (void)snprintf(text, sizeof(text), "%" PRId64, value); /* 20 characters fit */
        assert_written(&b, text);
        json_put_u64(&b, (uint64_t)value);
        (void)snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)value); /* 20 characters fit */
        assert_written(&b, text);
    }
    buf_fini(&b);
}

/* Is value written as JSON that reads back as the same double, and as a real, not an integer? */
static bool is_exact(double value)
{
    struct buf b;
    json_t *back;
    char text[64] = "";
    double again;
    bool is_fine;

    buf_init(&b, sizeof(text) - 1);
    json_put_double(&b, value);
    back = parse(&b);
    if (buf_status(&b) == STATUS_OK) {
        memcpy(text, b.at, b.size);
    }
    if (!isfinite(value)) {
        is_fine = json_is_null(back);
    } else {
        again = strtod(text, NULL);
        is_fine = memcmp(&again, &value, sizeof(value)) == 0 && json_is_real(back) &&
                  json_real_value(back) == value;
    }
    json_decref(back);
    buf_fini(&b);
    return is_fine;
}

static void doubles_of_random_bits_read_back(void **state)
{
    struct random random = {3};
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < 200000; i++) {
        uint64_t bits = random_u64(&random);
        double value;

        memcpy(&value, &bits, sizeof(value));
        wrong += is_exact(value) ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

static void doubles_of_few_digits_stay_short(void **state)
{
    struct random random = {5};

    (void)state;
    for (size_t i = 0; i < 20000; i++) {
        char text[64];
        int64_t cents = (int64_t)random_below(&random, 2000000000) - 1000000000;
        struct buf b;
        double value;

        (void)snprintf(text, sizeof(text), "%.2f", (double)cents / 100); /* 12 characters fit */
        value = strtod(text, NULL);
        buf_init(&b, 100);
        json_put_double(&b, value);
        assert_true(b.size <= strlen(text));
        assert_true(is_exact(value));
        buf_fini(&b);
    }
}

/* The double that is step places after a positive one. */
static double neighbour(double value, int step)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    bits += (uint64_t)(int64_t)step;
    memcpy(&value, &bits, sizeof(bits));
    return value;
}

/* What is written must be what printf and strtod between them find to be the shortest form. */
static void assert_shortest(double value)
{
    char text[40];
    struct buf b;

    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text) - 2, "%.*g", digits, value); /* fits */
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    if (strpbrk(text, ".e") == NULL) {
        (void)strcat(text, ".0");
    }
    buf_init(&b, 100);
    json_put_double(&b, value);
    buf_append_char(&b, '\0');
    assert_string_equal(b.at, text);
    buf_fini(&b);
}

static void doubles_are_written_as_printf_would(void **state)
{
    struct random random = {11};

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
        double value = (double)random_below(&random, UINT64_C(1) << (i % 54)) / powers[i % 10];

        if (value != 0) {
            assert_shortest(random_below(&random, 2) == 0 ? value : -value);
            assert_shortest(neighbour(value, -1));
            assert_shortest(neighbour(value, 1));
        }
    }
}

static void doubles_that_are_special(void **state)
{
    static const struct {
        double value;
        const char *text;
    } special[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-17, "-17.0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e21, "1e+21"},
        {1e-7, "1e-07"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {9007199254740992.0, "9007199254740992.0"},
        {-9007199254740994.0, "-9007199254740994.0"},
        {123456789012345.0, "123456789012345.0"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    for (size_t i = 0; i < ARRAY_LENGTH(special); i++) {
        json_put_double(&b, special[i].value);
        assert_written(&b, special[i].text);
        assert_true(is_exact(special[i].value));
    }
    buf_fini(&b);
}

static void doubles_around_every_power_of_two(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (int e = -1074; e <= 1023; e++) {
        double value = ldexp(1, e);

        wrong += is_exact(value) ? 0 : 1;
        wrong += is_exact(-neighbour(value, -1)) ? 0 : 1;
        wrong += is_exact(neighbour(value, 1)) ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

static void blobs(void **state)
{
    struct random random = {6};

    (void)state;
    for (size_t n = 0; n < 200; n++) {
        unsigned char bytes[200];
        unsigned char back[BASE64_DECODED_MAX(300)];
        size_t size = 0;
        struct buf b;
        json_t *value;

        for (size_t i = 0; i < n; i++) {
            bytes[i] = (unsigned char)random_below(&random, 256);
        }
        buf_init(&b, 1000);
        json_put_blob(&b, n == 0 ? NULL : bytes, n);
        value = parse(&b);
        assert_true(json_is_string(value));
        assert_true(base64_decode(str_of(json_string_value(value)), back, &size));
        assert_int_equal(size, n);
        assert_memory_equal(back, bytes, n);
        json_decref(value);
        buf_fini(&b);
    }
}

/* Whatever the bound, what is written is within it and a cut is reported. */
static void a_full_buffer_is_a_failure(void **state)
{
    const struct str text = STR("plain \"quoted\" \x01 \xFF \xE2\x82\xAC end");
    struct buf whole;

    (void)state;
    buf_init(&whole, 1000);
    json_put_string(&whole, text);
    for (size_t max = 0; max <= whole.size; max++) {
        struct buf b;

        buf_init(&b, max);
        json_put_string(&b, text);
        assert_int_equal(buf_status(&b), max < whole.size ? STATUS_TOO_BIG : STATUS_OK);
        assert_true(b.size <= max);
        buf_fini(&b);
    }
    buf_fini(&whole);
}

static void no_memory_is_a_failure(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    mem_fail_after(1);
    json_put_string(&b, STR("text"));
    json_put_i64(&b, 1);
    json_put_double(&b, 0.5);
    json_put_blob(&b, "x", 1);
    mem_fail_after(-1);
    assert_int_equal(buf_status(&b), STATUS_NOMEM);
    assert_int_equal(b.size, 0);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_of_every_single_byte),
        cmocka_unit_test(strings_of_every_two_bytes),
        cmocka_unit_test(strings_are_escaped_as_short_as_json_allows),
        cmocka_unit_test(strings_of_random_bytes),
        cmocka_unit_test(integers),
        cmocka_unit_test(doubles_of_random_bits_read_back),
        cmocka_unit_test(doubles_of_few_digits_stay_short),
        cmocka_unit_test(doubles_are_written_as_printf_would),
        cmocka_unit_test(doubles_that_are_special),
        cmocka_unit_test(doubles_around_every_power_of_two),
        cmocka_unit_test(blobs),
        cmocka_unit_test(a_full_buffer_is_a_failure),
        cmocka_unit_test(no_memory_is_a_failure),
    };

    reference_build();
    return cmocka_run_group_tests_name("base/json_out", tests, NULL, NULL);
}
