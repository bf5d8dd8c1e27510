#include "base/arena.h"

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

static bool is_aligned(const void *p)
{
    return (uintptr_t)p % _Alignof(max_align_t) == 0;
}

static void first_the_owners_block_then_the_heap(void **state)
{
    _Alignas(max_align_t) char first[256];
    struct arena a;
    char *p;

    (void)state;
    arena_init(&a, first, sizeof(first), 10000);
    p = arena_alloc(&a, 100);
    assert_ptr_equal(p, first);
    p = arena_alloc(&a, 100);
    assert_true(p >= first + 100 && p + 100 <= first + sizeof(first));
    p = arena_alloc(&a, 100);
    assert_non_null(p);
    assert_true(p + 100 <= first || p >= first + sizeof(first));
    arena_fini(&a);
    arena_fini(&a); /* zeroed now */
}

static void everything_is_aligned_apart_and_kept(void **state)
{
    _Alignas(max_align_t) char first[333];
    struct random random = {12};

    (void)state;
    for (size_t round = 0; round < 50; round++) {
        struct {
            unsigned char *at;
            size_t size;
        } pieces[300];
        struct arena a;

        arena_init(&a, first, sizeof(first), 1 << 20);
        for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
            pieces[i].size = random_below(&random, random_below(&random, 10) == 0 ? 9000 : 90);
            pieces[i].at = arena_alloc(&a, pieces[i].size);
            assert_non_null(pieces[i].at);
            assert_true(is_aligned(pieces[i].at));
            memset(pieces[i].at, (int)(i & 0xFF), pieces[i].size);
        }
        for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
            for (size_t k = 0; k < pieces[i].size; k++) {
                assert_true(pieces[i].at[k] == (i & 0xFF));
            }
        }
        arena_fini(&a);
    }
}

static void the_heap_gives_no_more_than_its_maximum(void **state)
{
    struct arena a;
    size_t given = 0;

    (void)state;
    arena_init(&a, NULL, 0, 10000);
    assert_null(arena_alloc(&a, 10001));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 31));
    assert_null(arena_copy(&a, (struct str){"", SIZE_MAX}));
    while (arena_alloc(&a, 64) != NULL) {
        given += 64;
    }
    assert_true(given <= 10000);
    assert_true(given > 10000 - 64 * 4);
    arena_fini(&a);
    arena_init(&a, NULL, 0, 0);
    assert_null(arena_alloc(&a, 1));
    arena_fini(&a);
}

static void nothing_is_something_too(void **state)
{
    _Alignas(max_align_t) char first[32];
    struct arena a;

    (void)state;
    arena_init(&a, NULL, 0, 1000);
    assert_non_null(arena_alloc(&a, 0)); /* NULL would mean "out of memory" */
    arena_fini(&a);
    arena_init(&a, first, sizeof(first), 0);
    assert_non_null(arena_alloc(&a, 0));
    arena_fini(&a);
}

static void copies_are_terminated(void **state)
{
    struct arena a;
    char *copy;

    (void)state;
    arena_init(&a, NULL, 0, 100000);
    copy = arena_copy(&a, (struct str){NULL, 0});
    assert_string_equal(copy, "");
    copy = arena_copy(&a, (struct str){"a\0bcd", 3});
    assert_memory_equal(copy, "a\0b", 4);
    for (size_t n = 0; n < 200; n++) {
        char text[200];

        memset(text, 'x', sizeof(text));
        copy = arena_copy(&a, (struct str){text, n});
        assert_non_null(copy);
        assert_int_equal(strlen(copy), n);
    }
    arena_fini(&a);
}

/* Back to what it was: in the owner's block, and in one from the heap; with all that the heap may give. */
static void rewound(void **state)
{
    max_align_t first[64];
    struct arena a;

    (void)state;
    arena_init(&a, first, sizeof(first), 100000);
    for (size_t used = 0; used < 20000; used += 5000) {
        struct arena before;
        char *kept = arena_alloc(&a, used + 16);
        void *next;

        assert_non_null(kept);
        memset(kept, 'k', used + 16);
        before = a;
        next = arena_alloc(&a, 100);
        for (int i = 0; i < 5; i++) {
            arena_rewind(&a, &before);
            assert_non_null(arena_alloc(&a, 3000));
            assert_non_null(arena_alloc(&a, 50000));
        }
        arena_rewind(&a, &before);
        if (before.left >= 112) {
            assert_ptr_equal(arena_alloc(&a, 100), next);
        }
        assert_int_equal(kept[used + 15], 'k');
    }
    arena_fini(&a);
}

/* The n-th allocation fails, for every n: NULL, and the arena stays usable. */
static void without_memory(void **state)
{
    bool has_failed = true;

    (void)state;
    for (long n = 1; has_failed; n++) {
        struct arena a;

        has_failed = false;
        arena_init(&a, NULL, 0, 1 << 20);
        mem_fail_after(n);
        for (size_t i = 0; i < 20; i++) {
            char *p = arena_alloc(&a, 3000);

            if (p == NULL) {
                assert_false(has_failed); /* once, and then it goes on */
                has_failed = true;
            } else {
                memset(p, 1, 3000);
            }
        }
        mem_fail_after(-1);
        assert_true(n < 100);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_the_owners_block_then_the_heap),
        cmocka_unit_test(everything_is_aligned_apart_and_kept),
        cmocka_unit_test(the_heap_gives_no_more_than_its_maximum),
        cmocka_unit_test(nothing_is_something_too),
        cmocka_unit_test(copies_are_terminated),
        cmocka_unit_test(rewound),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
