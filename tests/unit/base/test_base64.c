#include "base/base64.h"

#include "tests/unit/random.h"
#include "tests/unit/unit.h"

static bool decodes(struct str text)
{
    unsigned char to[BASE64_DECODED_MAX(64)];
    size_t size = 77;
    bool is_fine = base64_decode(text, to, &size);

    assert_true(is_fine || size == 77);
    return is_fine;
}

static void the_vectors_of_the_rfc(void **state)
{
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        struct buf b;

        buf_init(&b, 100);
        base64_append(&b, vectors[i][0], strlen(vectors[i][0]));
        assert_true(str_equal(buf_str(&b), str_of(vectors[i][1])));
        assert_int_equal(buf_status(&b), STATUS_OK);
        buf_fini(&b);
    }
}

static void every_length_comes_back(void **state)
{
    struct random random = {64};

    (void)state;
    for (size_t n = 0; n <= 300; n++) {
        unsigned char bytes[300];
        unsigned char back[BASE64_DECODED_MAX(400)];
        size_t size = 0;
        struct buf b;

        for (size_t i = 0; i < n; i++) {
            bytes[i] = (unsigned char)random_u64(&random);
        }
        buf_init(&b, 1000);
        base64_append(&b, bytes, n);
        assert_int_equal(b.size, (n + 2) / 3 * 4);
        assert_true(base64_decode(buf_str(&b), back, &size));
        assert_int_equal(size, n);
        assert_memory_equal(back, bytes, n);
        buf_fini(&b);
    }
}

static void only_one_spelling_is_taken(void **state)
{
    static const char *const bad[] = {
        "Z",     "Zg",    "Zg=",   "Zm9vY",    "Zm9vYg",       "Zm9vYg=",  /* padding */
        "Zh==",  "Zm9=",  "Zv==",  "Zm8+Zm9=",                             /* stray bits */
        " Zg==", "Zg== ", "Zm 9v", "Zm9v\n",   "Zm9v\r\nZm9v",             /* space */
        "====",  "=g==",  "Z===",  "Zg=v",     "Zg==Zg==",     "Zm8=Zm9v", /* pads inside */
        "Zm9-",  "Zm9_",  "Zm9.",  "Zm9\x80",  "Zm9\xFF",                  /* others */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(decodes(str_of(bad[i])));
    }
    assert_false(decodes(STR("Zm9\0")));
    assert_true(decodes(STR("")));
    assert_true(decodes(STR("AA==")));
    assert_true(decodes(STR("+/+/")));
}

static void every_byte_in_every_place(void **state)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        bool is_letter = c != 0 && strchr(letters, (int)c) != NULL;

        for (size_t at = 0; at < 8; at++) {
            char text[] = "AAAAAAAA";

            text[at] = (char)c;
            assert_true(decodes((struct str){text, 8}) == (is_letter || (c == '=' && at == 7)));
        }
    }
}

static void a_full_buffer_takes_nothing(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 7);
    base64_append(&b, "foob", 4);
    assert_int_equal(buf_status(&b), STATUS_TOO_BIG);
    assert_int_equal(b.size, 0);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc),      cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(only_one_spelling_is_taken),  cmocka_unit_test(every_byte_in_every_place),
        cmocka_unit_test(a_full_buffer_takes_nothing),
    };

    return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
