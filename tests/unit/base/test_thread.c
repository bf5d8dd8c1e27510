#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/unit.h"

struct seen {
    int nice;
    int policy;
    bool is_deaf; /* to signals */
};

static int nice_of_thread(void)
{
    return getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void *look(void *argument)
{
    struct seen *seen = argument;
    sigset_t blocked;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    seen->is_deaf = sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGPIPE) == 1;
    thread_yield(5);
    seen->nice = nice_of_thread();
    seen->policy = sched_getscheduler(0);
    thread_yield(19); /* there is no more than 19 */
    if (nice_of_thread() != 19) {
        seen->nice = -1;
    }
    return NULL;
}

/* Whoever started this test may have chosen another policy, or been nice: then nothing is asked. */
static void one_thread_yields_and_the_others_do_not(void **state)
{
    int before = nice_of_thread();
    struct seen seen = {0};
    pthread_t thread;

    (void)state;
    assert_int_equal(thread_start(&thread, look, &seen), 0);
    pthread_join(thread, NULL);
    assert_true(seen.is_deaf);
    assert_int_equal(nice_of_thread(), before);
    if (before == 0 && sched_getscheduler(0) == SCHED_OTHER) {
        assert_int_equal(seen.nice, 5);
        assert_true(seen.policy == SCHED_BATCH || seen.policy == SCHED_OTHER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_yields_and_the_others_do_not),
    };

    return cmocka_run_group_tests_name("base/thread", tests, NULL, NULL);
}
