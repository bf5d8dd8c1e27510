#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

/* Relaxed: a time that stands for itself. */
static _Atomic int64_t set_ns;

int64_t clock_now_ns(void)
{
    int64_t set = atomic_load_explicit(&set_ns, memory_order_relaxed);
    struct timespec t;

    if (__builtin_expect(set != 0, 0)) {
        return set;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail with this clock */
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

void clock_set_for_tests(int64_t now_ns)
{
    atomic_store_explicit(&set_ns, now_ns, memory_order_relaxed);
}
