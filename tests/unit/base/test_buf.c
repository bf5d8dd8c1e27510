#include "base/buf.h"

#include "base/mem.h"
#include "tests/unit/death.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"
#include "tests/unit/unit.h"

static void an_empty_buffer(void **state)
{
    struct buf zeroed = {0};
    struct buf b;
    size_t size = 77;

    (void)state;
    buf_fini(&zeroed);
    buf_init(&b, 100);
    assert_int_equal(buf_str(&b).size, 0);
    assert_null(buf_take(&b, &size));
    assert_int_equal(size, 0);
    buf_append(&b, NULL, 0);
    buf_append_str(&b, (struct str){NULL, 0});
    assert_int_equal(buf_status(&b), STATUS_OK);
    buf_fini(&b);
}

static void it_grows_to_its_maximum_and_no_further(void **state)
{
    struct buf b;

    (void)state;
    for (size_t max = 0; max < 3000; max += 77) {
        buf_init(&b, max);
        for (size_t i = 0; i < max; i++) {
            buf_append_char(&b, (char)i);
        }
        assert_int_equal(buf_status(&b), STATUS_OK);
        assert_int_equal(b.size, max);
        buf_append_char(&b, 'x');
        assert_int_equal(buf_status(&b), STATUS_TOO_BIG);
        assert_int_equal(b.size, max);
        for (size_t i = 0; i < max; i++) {
            assert_true(b.at[i] == (char)i);
        }
        buf_fini(&b);
    }
}

static void a_failure_sticks(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    buf_append_literal(&b, "12345678");
    buf_append_literal(&b, "too much");
    buf_append_literal(&b, "9"); /* would fit, but something is missing before it */
    buf_printf(&b, "%d", 9);
    assert_null(buf_reserve(&b, 1));
    assert_null(buf_reserve(&b, 0));
    assert_int_equal(buf_status(&b), STATUS_TOO_BIG);
    assert_true(str_equal(buf_str(&b), STR("12345678")));
    buf_truncate(&b, 4);
    assert_int_equal(buf_status(&b), STATUS_OK);
    buf_append_literal(&b, "-six-");
    assert_true(str_equal(buf_str(&b), STR("1234-six-")));
    assert_null(buf_reserve(&b, SIZE_MAX));
    assert_int_equal(buf_status(&b), STATUS_TOO_BIG);
    buf_clear(&b);
    assert_int_equal(buf_status(&b), STATUS_OK);
    assert_int_equal(b.size, 0);
    buf_fini(&b);
}

static void room_for_nothing_is_not_a_failure(void **state)
{
    struct buf b;

    (void)state;
    for (size_t max = 0; max < 3; max++) {
        buf_init(&b, max);
        assert_non_null(buf_reserve(&b, 0)); /* NULL would mean "failed" */
        assert_int_equal(buf_status(&b), STATUS_OK);
        for (size_t i = 0; i < max; i++) {
            buf_append_char(&b, 'x');
        }
        assert_non_null(buf_reserve(&b, 0));
        assert_int_equal(buf_status(&b), STATUS_OK);
        buf_fini(&b);
    }
}

static void reserved_room_is_usable(void **state)
{
    struct buf b;
    char *at;

    (void)state;
    buf_init(&b, 100000);
    for (size_t n = 1; n < 400; n++) {
        at = buf_reserve(&b, n);
        assert_non_null(at);
        memset(at, (int)n, n);
        buf_commit(&b, n / 2);
        assert_ptr_equal(at + n / 2, b.at + b.size);
    }
    assert_int_equal(buf_status(&b), STATUS_OK);
    buf_fini(&b);
}

static void printing(void **state)
{
    struct buf b;
    char text[700];

    (void)state;
    memset(text, 't', sizeof(text));
    for (size_t n = 0; n < sizeof(text); n++) { /* both sides of the stack buffer's size */
        buf_init(&b, n + 3);
        buf_printf(&b, "[%.*s]%d", (int)n, text, 7);
        assert_int_equal(buf_status(&b), STATUS_OK);
        assert_int_equal(b.size, n + 3);
        assert_memory_equal(b.at, "[", 1);
        assert_memory_equal(b.at + 1, text, n);
        assert_memory_equal(b.at + 1 + n, "]7", 2);
        buf_fini(&b);
        buf_init(&b, n + 2);
        buf_printf(&b, "[%.*s]%d", (int)n, text, 7);
        assert_int_equal(buf_status(&b), STATUS_TOO_BIG);
        assert_int_equal(b.size, 0);
        buf_fini(&b);
    }
    buf_init(&b, 10);
    buf_printf(&b, "%s", "");
    assert_int_equal(buf_status(&b), STATUS_OK);
    assert_int_equal(b.size, 0);
    buf_fini(&b);
}

static void taking(void **state)
{
    struct buf b;
    size_t size = 0;
    char *bytes;

    (void)state;
    buf_init(&b, 10);
    buf_append_literal(&b, "a\0b");
    bytes = buf_take(&b, &size);
    assert_int_equal(size, 3);
    assert_memory_equal(bytes, "a\0b", 3);
    mem_free(bytes);
    assert_int_equal(b.size, 0);
    buf_append_literal(&b, "again");
    assert_int_equal(buf_status(&b), STATUS_OK);
    assert_int_equal(b.max, 10);
    buf_fini(&b);
    assert_null(b.at);
    buf_fini(&b);
}

/* The n-th allocation fails, for every n: what is there stays, what follows is ignored. */
static void without_memory(void **state)
{
    enum status status = STATUS_NOMEM;
    char text[300];

    (void)state;
    memset(text, 't', sizeof(text));
    for (long n = 1; status != STATUS_OK; n++) {
        struct buf b;
        size_t i;

        buf_init(&b, 1 << 20);
        mem_fail_after(n);
        for (i = 0; i < 20 && buf_status(&b) == STATUS_OK; i++) {
            buf_append(&b, text, sizeof(text));
            buf_printf(&b, "%.*s", (int)sizeof(text), text);
        }
        status = buf_status(&b);
        buf_append_char(&b, 'x');
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || (status == STATUS_NOMEM && buf_status(&b) == status));
        assert_int_equal(b.size % sizeof(text), status == STATUS_OK ? 1 : 0);
        assert_true(n < 100);
        buf_fini(&b);
    }
}

static void against_a_model(void **state)
{
    struct random random = {11};
    char model[5000];
    size_t size = 0;
    bool has_failed = false;
    struct buf b;

    (void)state;
    buf_init(&b, sizeof(model));
    for (size_t i = 0; i < 50000; i++) {
        char piece[200];
        size_t n = random_below(&random, sizeof(piece));

        if (random_below(&random, 40) == 0) {
            size = random_below(&random, size + 1);
            buf_truncate(&b, size);
            has_failed = false;
            continue;
        }
        memset(piece, (int)random_below(&random, 256), n);
        buf_append(&b, piece, n);
        has_failed = has_failed || size + n > sizeof(model);
        if (!has_failed) {
            memcpy(model + size, piece, n);
            size += n;
        }
        assert_int_equal(buf_status(&b), has_failed ? STATUS_TOO_BIG : STATUS_OK);
        assert_int_equal(b.size, size);
        assert_memory_equal(b.at, model, size);
    }
    buf_fini(&b);
}

static void truncate_beyond_the_end(void)
{
    struct buf b;

    buf_init(&b, 10);
    buf_truncate(&b, 1);
}

static void bytes_as_digits(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 5);
    buf_append_hex(&b, (struct str){NULL, 0});
    buf_append_hex(&b, STR("\x00\xaf"));
    assert_text(buf_str(&b), "00af");
    buf_append_hex(&b, STR("1"));
    assert_int_equal(buf_status(&b), STATUS_TOO_BIG);
    assert_text(buf_str(&b), "00af"); /* all or nothing */
    buf_fini(&b);
}

static void truncating_forward_is_a_bug(void **state)
{
    (void)state;
    assert_true(death_by_abort(truncate_beyond_the_end));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer),
        cmocka_unit_test(it_grows_to_its_maximum_and_no_further),
        cmocka_unit_test(a_failure_sticks),
        cmocka_unit_test(room_for_nothing_is_not_a_failure),
        cmocka_unit_test(reserved_room_is_usable),
        cmocka_unit_test(printing),
        cmocka_unit_test(bytes_as_digits),
        cmocka_unit_test(taking),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(against_a_model),
        cmocka_unit_test(truncating_forward_is_a_bug),
    };

    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
