#include "base/mem.h"

#include <string.h>

#include "tests/unit/unit.h"

/* One allocation of each kind. Return: how many succeeded; all are freed. */
static int try_each(void)
{
    void *all[4] = {mem_alloc(10), mem_zalloc(10), mem_realloc(NULL, 10), mem_strdup("text")};
    int fine = 0;

    for (size_t i = 0; i < 4; i++) {
        fine += all[i] != NULL ? 1 : 0;
        mem_free(all[i]);
    }
    return fine;
}

static void the_nth_allocation_fails_once(void **state)
{
    (void)state;
    assert_int_equal(try_each(), 4);
    for (long n = 1; n <= 8; n++) {
        mem_fail_after(n);
        assert_int_equal(try_each(), n <= 4 ? 3 : 4);
        assert_int_equal(try_each(), n <= 4 ? 4 : 3);
        assert_int_equal(try_each(), 4);
    }
    mem_fail_after(1);
    mem_fail_after(-1);
    assert_int_equal(try_each(), 4);
}

static void what_is_given(void **state)
{
    static const char zeroes[100];
    char *p = mem_zalloc(sizeof(zeroes));

    (void)state;
    assert_non_null(p);
    assert_memory_equal(p, zeroes, sizeof(zeroes));
    memset(p, 'x', 100);
    mem_fail_after(1);
    assert_null(mem_realloc(p, 1000)); /* p is still ours */
    mem_fail_after(-1);
    assert_int_equal(p[99], 'x');
    p = mem_realloc(p, 1000);
    assert_non_null(p);
    assert_int_equal(p[99], 'x');
    mem_free(p);
    mem_free(NULL);
    p = mem_strdup("text");
    assert_string_equal(p, "text");
    mem_free(p);
}

static void a_thread_takes_no_more_than_its_bound(void **state)
{
    void *older = mem_alloc(3000);
    void *p;

    (void)state;
    assert_non_null(older);
    mem_bound(10000);
    assert_null(mem_alloc(20000));
    p = mem_alloc(6000);
    assert_non_null(p);
    assert_null(mem_zalloc(6000));
    assert_null(mem_realloc(p, 12000)); /* p is still ours */
    p = mem_realloc(p, 9000);           /* what it had is given back */
    assert_non_null(p);
    mem_free(p);
    p = mem_zalloc(9000);
    assert_non_null(p);
    mem_free(older);
    older = mem_alloc(2500);
    assert_non_null(older);
    assert_true(mem_unbound());
    assert_non_null(p = mem_realloc(p, 100000));
    mem_bound(1000); /* counts from here */
    mem_free(older);
    mem_free(mem_alloc(900));
    assert_false(mem_unbound());
    mem_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_takes_no_more_than_its_bound),
        cmocka_unit_test(the_nth_allocation_fails_once),
        cmocka_unit_test(what_is_given),
    };

    return cmocka_run_group_tests_name("base/mem", tests, NULL, NULL);
}
