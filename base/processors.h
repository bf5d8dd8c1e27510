/*
 * Are the machine's processors busy?
 *
 * Who could do something a moment later at less cost has to know whether anybody would have a use for what
 * that saves: only if the processors have little idle time. Linux tells it in /proc/stat, which is read
 * ten times a second at most, for on a large machine that takes a while. Where it cannot be read they are
 * never busy. It tells of the whole machine: what a container's quota or set of processors leaves is not
 * seen, and work that is nice counts like any other.
 *
 * Belongs to one thread at a time.
 */
#ifndef GANTRY_BASE_PROCESSORS_H
#define GANTRY_BASE_PROCESSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/role.h"

/* Since the machine was started, of all processors, in ticks. */
struct processors_time {
    uint64_t idle;
    uint64_t all;
};

struct processors {
    struct processors_time before; /* Private: at the last look */
    int64_t looked_ns;             /* Private: 0: never */
    bool are_busy;                 /* Private */
};

/*
 * Has less than a fifth of them been idle of late? Between two looks the answer stays as it is; no, if
 * nobody has asked for a second: nothing is known of late.
 *
 * p: zeroed before its first use.
 * now_ns: by base/clock.h.
 */
bool processors_are_busy(struct processors *p, int64_t now_ns) MAY_BLOCK;

/* Read the line "cpu ..." that /proc/stat begins with. Return: false: it is another. */
bool processors_parse(const char *text, struct processors_time *ret);

enum processors_state { PROCESSORS_AS_THEY_ARE, PROCESSORS_BUSY, PROCESSORS_IDLE };

/* For tests: from now on this is the answer, on every thread. */
void processors_set_for_tests(enum processors_state state) ANY_THREAD;

#endif
