#include "server/url.h"

#include <stdio.h>

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, 1024 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct str decode(struct str raw, enum url_part part)
{
    struct str ret = STR("untouched");

    assert_int_equal(url_decode(raw, part, &arena, &ret), STATUS_OK);
    return ret;
}

static void decoding(void **state)
{
    (void)state;
    assert_text(decode(STR(""), URL_PATH), "");
    assert_text(decode((struct str){NULL, 0}, URL_PATH), "");
    assert_text(decode(STR("a%20b"), URL_PATH), "a b");
    assert_text(decode(STR("%41"), URL_PATH), "A");
    assert_text(decode(STR("%41%42%43"), URL_QUERY), "ABC");
    assert_text(decode(STR("%c3%A9"), URL_PATH), "\xC3\xA9");
    assert_text(decode(STR("\xC3%a9"), URL_PATH), "\xC3\xA9"); /* half raw, half escaped */
    assert_text(decode(STR("%F0%9F%8F%97"), URL_PATH), "\xF0\x9F\x8F\x97");
    assert_text(decode(STR("%2F%2f%26%3D"), URL_PATH), "//&=");
    assert_text(decode(STR("%01%7f"), URL_PATH), "\x01\x7F");
}

static void once_only(void **state)
{
    (void)state;
    assert_text(decode(STR("%2541"), URL_PATH), "%41");
    assert_text(decode(STR("%252F"), URL_PATH), "%2F");
    assert_text(decode(STR("%2500"), URL_PATH), "%00");
}

static void a_plus_is_a_space_in_a_query_only(void **state)
{
    (void)state;
    assert_text(decode(STR("a+b"), URL_PATH), "a+b");
    assert_text(decode(STR("a+b"), URL_QUERY), "a b");
    assert_text(decode(STR("%2B+%2b"), URL_QUERY), "+ +");
    assert_text(decode(STR("%2B+"), URL_PATH), "++");
}

static void what_is_plain_is_borrowed(void **state)
{
    struct str raw = STR("caf\xC3\xA9-_.~!*'()");

    (void)state;
    assert_ptr_equal(decode(raw, URL_PATH).at, raw.at);
    assert_ptr_equal(decode(raw, URL_QUERY).at, raw.at);
    assert_int_equal(decode(STR("a+b"), URL_PATH).size, 3);
}

static void what_does_not_decode(void **state)
{
    static const struct str bad[] = {
        {"%", 1},
        {"%4", 2},
        {"a%", 2},
        {"a%4", 3},
        {"%%41", 4},
        {"%4G", 3},
        {"%G4", 3},
        {"% 41", 4},
        {"%-1", 3},
        {"%+1", 3},
        {"%0x", 3},
        {"%00", 3},
        {"a%00b", 5},
        {"%FF", 3},
        {"%C3", 3},
        {"%C3(", 4},
        {"%C0%80", 6},
        {"%C1%81", 6},
        {"%E0%80%AF", 9},
        {"%ED%A0%80", 9},
        {"%F4%90%80%80", 12},
        {"%F8%88%80%80%80", 15},
        {"\xFF", 1},
        {"a\xC3", 2},
        {"a\xC3+", 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct str ret = STR("untouched");
        assert_int_equal(url_decode(bad[i], URL_PATH, &arena, &ret), STATUS_INVALID);
        assert_int_equal(url_decode(bad[i], URL_QUERY, &arena, &ret), STATUS_INVALID);
        assert_text(ret, "untouched");
    }
}

/* The escape must lie inside of what was given, whatever stands behind it. */
static void it_never_looks_beyond_the_end(void **state)
{
    static const char text[] = "abc%41";
    struct str ret;

    (void)state;
    for (size_t size = 0; size <= 6; size++) {
        char *exact = mem_alloc(size + 1); /* so that the address sanitizer sees it */
        memcpy(exact, text, size);
        exact = mem_realloc(exact, size == 0 ? 1 : size);
        assert_int_equal(url_decode((struct str){exact, size}, URL_PATH, &arena, &ret),
                         size == 4 || size == 5 ? STATUS_INVALID : STATUS_OK);
        mem_free(exact);
    }
}

static void no_memory(void **state)
{
    struct arena none;
    struct str ret = STR("untouched");

    (void)state;
    arena_init(&none, NULL, 0, 0);
    assert_int_equal(url_decode(STR("%41"), URL_PATH, &none, &ret), STATUS_NOMEM);
    assert_text(ret, "untouched");
    assert_int_equal(url_decode(STR("plain"), URL_PATH, &none, &ret), STATUS_OK);
    arena_fini(&none);
}

/* Whatever bytes there are: escaped and decoded they are the same, if they are text. */
static void round_trip(void **state)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    struct random random = {5};

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        char bytes[12];
        char raw[36];
        size_t n = random_below(&random, sizeof(bytes));
        size_t size = 0;
        struct str ret;
        for (size_t i = 0; i < n; i++) {
            unsigned char c = (unsigned char)(1 + random_below(&random, 127));
            bytes[i] = (char)c;
            if (c == '%' || c == '+' || random_below(&random, 2) == 0) {
                size_t low = c & 15;
                raw[size++] = '%';
                raw[size++] = hex[c >> 4];
                raw[size++] = hex[low >= 10 && random_below(&random, 2) == 0 ? low + 6 : low];
            } else {
                raw[size++] = (char)c;
            }
        }
        assert_int_equal(url_decode((struct str){raw, size}, URL_QUERY, &arena, &ret), STATUS_OK);
        assert_int_equal(ret.size, n);
        assert_memory_equal(ret.at, bytes, n);
        arena_fini(&arena);
        arena_init(&arena, NULL, 0, 1024);
    }
}

/* --- pairs -------------------------------------------------------------------------------- */

/* The pairs of a query as "name=value;" each. */
static void assert_pairs(const char *query, const char *expected)
{
    struct str rest = str_of(query);
    struct str name;
    struct str value;
    char seen[200] = "";
    size_t at = 0;

    while (url_next_pair(&rest, &name, &value)) {
        assert_non_null(value.at); /* given, even if empty */
        at += (size_t)snprintf(seen + at, sizeof(seen) - at, "%.*s=%.*s;", (int)name.size, name.at,
                               (int)value.size, value.at);
    }
    assert_string_equal(seen, expected);
    assert_int_equal(rest.size, 0);
}

static void pairs(void **state)
{
    (void)state;
    assert_pairs("", "");
    assert_pairs("&", "");
    assert_pairs("&&&", "");
    assert_pairs("a=1", "a=1;");
    assert_pairs("a=1&b=2", "a=1;b=2;");
    assert_pairs("&a=1&&b=2&", "a=1;b=2;");
    assert_pairs("a", "a=;");
    assert_pairs("a&b", "a=;b=;");
    assert_pairs("a=", "a=;");
    assert_pairs("=", "=;");
    assert_pairs("=v", "=v;");
    assert_pairs("a=b=c", "a=b=c;");
    assert_pairs("a==", "a==;");
    assert_pairs("a;b=1", "a;b=1;"); /* ";" does not separate */
    assert_pairs("a=1?b=2", "a=1?b=2;");
    assert_pairs("a%26b=%3D&c", "a%26b=%3D;c=;"); /* raw: decoded afterwards */
    assert_pairs("a=1&a=2", "a=1;a=2;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(decoding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(once_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_plus_is_a_space_in_a_query_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_plain_is_borrowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_decode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_never_looks_beyond_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(round_trip, set_up, tear_down),
        cmocka_unit_test(pairs),
    };

    return cmocka_run_group_tests_name("server/url", tests, NULL, NULL);
}
