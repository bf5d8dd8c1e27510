#include "base/lookout.h"

#include <sched.h>

#include "base/clock.h"

#define LOOKS_MAX      200
#define LOST_NS        (NS_PER_MS / 2) /* a yield that takes longer has cost a time slice */
#define PENALTY_NS     (NS_PER_S / 10)
#define PENALTY_NS_MAX (10 * NS_PER_S)
#define FORGIVE_SHIFT  6 /* each look that goes well takes a 64th off the penalty */

bool lookout_begin(struct lookout *l, int64_t now_ns, int64_t for_ns)
{
    if (now_ns < l->until_ns) {
        return false;
    }
    l->end_ns = now_ns + for_ns;
    l->looked_ns = now_ns;
    l->looks_left = LOOKS_MAX;
    return true;
}

static void lose(struct lookout *l, int64_t now_ns)
{
    int64_t twice_ns = 2 * l->penalty_ns;

    l->penalty_ns = twice_ns < PENALTY_NS ? PENALTY_NS : twice_ns;
    l->penalty_ns = l->penalty_ns < PENALTY_NS_MAX ? l->penalty_ns : PENALTY_NS_MAX;
    l->until_ns = now_ns + l->penalty_ns;
}

bool lookout_yield(struct lookout *l)
{
    int64_t now_ns;

    (void)sched_yield(); /* cannot fail on Linux */
    now_ns = clock_now_ns();
    if (now_ns - l->looked_ns > LOST_NS) {
        lose(l, now_ns);
        return false;
    }
    l->penalty_ns -= l->penalty_ns >> FORGIVE_SHIFT;
    l->looked_ns = now_ns;
    l->looks_left--;
    return now_ns < l->end_ns && l->looks_left > 0;
}
