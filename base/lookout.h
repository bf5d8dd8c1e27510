/*
 * Looking out for something that is about to come, awake, for a moment.
 *
 * Sleeping and being woken costs more than a short query, above all on a machine with nothing else to
 * do, whose processors go idle. So who expects something within microseconds may look for it
 * instead, and yield the processor between two looks, for whoever brings it may need this very one.
 * (KVM's halt polling does the same, one storey below.)
 *
 * That is a bad bargain where others want the processor for themselves: yielding it then costs a
 * time slice of milliseconds. Who has lost it so does not look out for a tenth of a second, and for
 * twice as long each time it happens again, up to ten seconds.
 *
 * Belongs to one thread at a time.
 */
#ifndef GANTRY_BASE_LOOKOUT_H
#define GANTRY_BASE_LOOKOUT_H

#include <stdbool.h>
#include <stdint.h>

struct lookout {
    int64_t until_ns;    /* Private: no looking out before */
    int64_t penalty_ns;  /* Private: after the next loss */
    int64_t end_ns;      /* Private: of the current one */
    int64_t looked_ns;   /* Private: the last look */
    unsigned looks_left; /* Private: the clock may stand */
};

/* Zeroed before its first use. Is it worth it now? If so, begin one of for_ns. */
bool lookout_begin(struct lookout *l, int64_t now_ns, int64_t for_ns);

/* Between two looks: yield the processor. Return: is there time for another look? */
bool lookout_yield(struct lookout *l);

#endif
