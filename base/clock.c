#include "base/clock.h"

#include <time.h>

int64_t clock_now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail with this clock */
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

double clock_wall_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t); /* cannot fail with this clock */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
