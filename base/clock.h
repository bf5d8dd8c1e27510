/* Time. Deadlines are absolute nanoseconds of the monotonic clock; 0 means "no deadline". */
#ifndef GANTRY_BASE_CLOCK_H
#define GANTRY_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* Monotonic now, in nanoseconds. About 20 ns. */
int64_t clock_now_ns(void);

/*
 * For tests: from now on clock_now_ns says this, on every thread, until it is given another time; 0
 * is the real time again. Whoever sleeps until a deadline still sleeps by the kernel's clock.
 */
void clock_set_for_tests(int64_t now_ns);

#endif
