/* Compressing, checked by decompressing with zlib itself. */
#include "server/gzip.h"

#include <zlib.h>

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"

/* What comes out of the bytes; is_whole: does the stream say that it has ended? */
static struct buf expand(struct str bytes, bool *ret_is_whole)
{
    z_stream z = {0};
    struct buf out;
    int code = Z_OK;

    buf_init(&out, SIZE_MAX / 2);
    assert_int_equal(inflateInit2(&z, 15 + 32), Z_OK); /* either format */
    z.next_in = (unsigned char *)(uintptr_t)bytes.at;
    z.avail_in = (unsigned)bytes.size;
    do {
        char *at = buf_reserve(&out, 65536);

        assert_non_null(at);
        z.next_out = (unsigned char *)at;
        z.avail_out = 65536;
        code = inflate(&z, Z_NO_FLUSH);
        assert_true(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR);
        buf_commit(&out, 65536 - z.avail_out);
    } while (code == Z_OK);
    *ret_is_whole = code == Z_STREAM_END && z.avail_in == 0;
    assert_int_equal(inflateEnd(&z), Z_OK);
    return out;
}

static struct buf some_json(size_t rows)
{
    struct random random = {11};
    struct buf b;

    buf_init(&b, SIZE_MAX / 2);
    buf_append_literal(&b, "[");
    for (size_t i = 0; i < rows; i++) {
        buf_printf(&b, "{\"id\":%zu,\"name\":\"item %u\"},", i,
                   (unsigned)random_below(&random, 100000));
    }
    buf_append_literal(&b, "{}]");
    return b;
}

static void there_and_back(void **state)
{
    static const size_t rows[] = {0, 1, 10, 1000, 100000};

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(rows); i++) {
        enum gzip_format format = i % 2 == 0 ? GZIP_GZIP : GZIP_ZLIB;
        struct buf json = some_json(rows[i / 2]);
        struct buf small;
        struct buf back;
        struct gzip *z;
        bool is_whole;

        buf_init(&small, SIZE_MAX / 2);
        assert_int_equal(gzip_create(format, i % 3 == 0 ? 0 : json.size, &z), STATUS_OK);
        assert_int_equal(gzip_feed(z, buf_str(&json), GZIP_END, &small), STATUS_OK);
        gzip_destroy(z);
        if (rows[i / 2] >= 1000) {
            assert_true(small.size < json.size / 3);
        }
        if (format == GZIP_GZIP) {
            assert_int_equal((unsigned char)small.at[0], 0x1F);
        } else {
            assert_int_equal(small.at[0] & 0x0F,
                             8); /* RFC 1950: the method; the rest says how large */
        }
        back = expand(buf_str(&small), &is_whole);
        assert_true(is_whole);
        assert_true(str_equal(buf_str(&back), buf_str(&json)));
        buf_fini(&back);
        buf_fini(&small);
        buf_fini(&json);
    }
}

/* As a stream is made: pieces, flushed now and then, taken away as they come. */
static void piece_by_piece(void **state)
{
    struct buf json = some_json(20000);
    struct random random = {12};
    struct buf piece;
    struct buf all;
    struct buf back;
    struct gzip *z;
    size_t at = 0;
    bool is_whole;

    (void)state;
    buf_init(&all, SIZE_MAX / 2);
    buf_init(&piece, 1024 * 1024);
    assert_int_equal(gzip_create(GZIP_GZIP, 0, &z), STATUS_OK);
    while (at < json.size) {
        size_t n = random_below(&random, 20000);
        bool is_flushed = random_below(&random, 4) == 0;

        n = n < json.size - at ? n : json.size - at;
        buf_clear(&piece);
        assert_int_equal(gzip_feed(z, (struct str){json.at + at, n},
                                   is_flushed ? GZIP_FLUSH : GZIP_MORE, &piece),
                         STATUS_OK);
        buf_append_str(&all, buf_str(&piece));
        at += n;
        if (is_flushed) { /* all that was fed can be read, and the end has not come */
            back = expand(buf_str(&all), &is_whole);
            assert_false(is_whole);
            assert_int_equal(back.size, at);
            buf_fini(&back);
        }
    }
    buf_clear(&piece);
    assert_int_equal(gzip_feed(z, STR(""), GZIP_END, &piece), STATUS_OK);
    buf_append_str(&all, buf_str(&piece));
    gzip_destroy(z);
    back = expand(buf_str(&all), &is_whole);
    assert_true(is_whole);
    assert_true(str_equal(buf_str(&back), buf_str(&json)));
    buf_fini(&back);
    buf_fini(&piece);
    buf_fini(&all);
    buf_fini(&json);
}

static void a_buffer_that_is_full(void **state)
{
    struct buf json = some_json(1000);

    (void)state;
    for (size_t max = 0; max < 200; max += 7) {
        struct buf small;
        struct gzip *z;

        buf_init(&small, max);
        assert_int_equal(gzip_create(GZIP_GZIP, 0, &z), STATUS_OK);
        assert_int_equal(gzip_feed(z, buf_str(&json), GZIP_END, &small), STATUS_TOO_BIG);
        gzip_destroy(z);
        buf_fini(&small);
    }
    buf_fini(&json);
}

static void without_memory(void **state)
{
    struct buf json = some_json(1000);
    struct gzip *const untouched = (struct gzip *)&json;
    bool was_refused = true;

    (void)state;
    for (long n = 1; was_refused; n++) {
        struct gzip *z = untouched;
        struct buf small;

        buf_init(&small, SIZE_MAX / 2);
        mem_fail_after(n);
        was_refused = gzip_create(GZIP_GZIP, 0, &z) != STATUS_OK;
        if (was_refused) {
            assert_ptr_equal(z, untouched);
        } else {
            was_refused = gzip_feed(z, buf_str(&json), GZIP_END, &small) != STATUS_OK;
            gzip_destroy(z);
        }
        mem_fail_after(-1);
        buf_fini(&small);
        assert_true(n < 50);
    }
    buf_fini(&json);
    gzip_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(piece_by_piece),
        cmocka_unit_test(a_buffer_that_is_full),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests_name("server/gzip", tests, NULL, NULL);
}
