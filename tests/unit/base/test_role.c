#include "base/role.h"

#include <pthread.h>
#include <string.h>

#include "base/invariant.h"
#include "tests/unit/death.h"
#include "tests/unit/unit.h"

static void break_an_invariant(void)
{
    invariant(1 + 1 == 3);
}

static void keep_an_invariant(void)
{
    invariant(1 + 1 == 2);
}

static void claim_loop_as_nobody(void)
{
    assert_on_loop();
}

static void claim_worker_as_nobody(void)
{
    assert_on_worker();
}

static void claim_loop_as_worker(void)
{
    role_set_worker("w");
    assert_on_loop();
}

static void claim_worker_as_loop(void)
{
    role_set_loop("l");
    assert_on_worker();
}

static void claim_loop_as_loop(void)
{
    role_set_loop("l");
    assert_on_loop();
}

static void claim_worker_as_worker(void)
{
    role_set_worker("w");
    assert_on_worker();
}

static void *be_a_loop(void *unused)
{
    role_set_loop("l");
    return unused;
}

static void claim_the_role_of_another_thread(void)
{
    pthread_t other;

    if (pthread_create(&other, NULL, be_a_loop, NULL) == 0) {
        pthread_join(other, NULL);
        assert_on_loop();
    }
}

static void only_a_broken_invariant_aborts(void **state)
{
    (void)state;
    assert_true(death_by_abort(break_an_invariant));
    assert_false(death_by_abort(keep_an_invariant));
}

static void only_the_right_role_passes(void **state)
{
    (void)state;
    assert_true(death_by_abort(claim_loop_as_nobody));
    assert_true(death_by_abort(claim_worker_as_nobody));
    assert_true(death_by_abort(claim_loop_as_worker));
    assert_true(death_by_abort(claim_worker_as_loop));
    assert_false(death_by_abort(claim_loop_as_loop));
    assert_false(death_by_abort(claim_worker_as_worker));
}

static void a_role_is_its_threads_own(void **state)
{
    (void)state;
    assert_true(death_by_abort(claim_the_role_of_another_thread));
}

static void *name_myself(void *name)
{
    role_set_worker("gy-a-name-far-too-long");
    if (pthread_getname_np(pthread_self(), name, 16) != 0) {
        memset(name, 0, 16);
    }
    assert_on_worker();
    return NULL;
}

static void the_threads_name_is_cut_to_what_the_kernel_keeps(void **state)
{
    char name[16] = "";
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, name_myself, name), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(name, "gy-a-name-far-t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_broken_invariant_aborts),
        cmocka_unit_test(only_the_right_role_passes),
        cmocka_unit_test(a_role_is_its_threads_own),
        cmocka_unit_test(the_threads_name_is_cut_to_what_the_kernel_keeps),
    };

    return cmocka_run_group_tests_name("base/role", tests, NULL, NULL);
}
