#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE_MAX       19
#define YIELD_SLICE_NS 20000000

/* The kernel's, as sched_setattr(2) has it: its header and <sched.h> do not go together. */
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns;
    uint64_t unused[2];
};

int thread_start(pthread_t *ret, void *(*run)(void *), void *argument)
{
    sigset_t all;
    sigset_t before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(ret, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/* On Linux all of this is the calling thread's own. */
void thread_yield(int nice)
{
    int before = getpriority(PRIO_PROCESS, (id_t)gettid());
    struct attributes a = {.size = sizeof(a),
                           .policy = SCHED_BATCH,
                           .nice = before + nice < NICE_MAX ? before + nice : NICE_MAX,
                           .slice_ns = YIELD_SLICE_NS};
    int policy = sched_getscheduler(0);

    /* Whoever has started us may have chosen another: that is left alone. */
    if (policy == SCHED_OTHER || policy == SCHED_BATCH) {
        if (syscall(SYS_sched_setattr, 0, &a, 0) != 0) {
            (void)setpriority(PRIO_PROCESS, (id_t)gettid(), a.nice); /* or it stays as it is */
        }
    }
}
