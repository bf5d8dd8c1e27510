/*
 * Is a queue overloaded? CoDel's question, as folly asks it for executors: not how long the queue
 * is but whether even its best moment of the last interval was slow. A burst that drains is fine; a
 * standing queue serves nobody.
 *
 * After Nichols and Jacobson, "Controlling Queue Delay" (ACM Queue 10.5, 2012; RFC 8289), in the
 * variant of folly's Codel.cpp: what is older than twice the target is shed while overloaded. Two
 * things are ours. No queue can be better than one task's own service time, so that is the least
 * target (RFC 8289 says the same of one packet's transmission time). And since admission refuses
 * newcomers while the queue is overloaded, the overload lasts as long as it had to.
 *
 * Pure bookkeeping with the time as an argument. Belongs to whoever guards the queue.
 */
#ifndef GANTRY_POOL_CODEL_H
#define GANTRY_POOL_CODEL_H

#include <stdbool.h>
#include <stdint.h>

struct codel {
    int64_t target_ns; /* 0: never overloaded */
    int64_t interval_ns;
    int64_t floor_ns; /* Private: the mean service time */
    int64_t end_ns;   /* Private: of the current interval */
    int64_t least_ns; /* Private: the least delay of the current interval */
    bool has_refused; /* Private: during the current interval */
    bool is_overloaded;
};

/* target_ns: an acceptable standing delay (0: off); interval_ns: how long it takes to be standing. */
void codel_init(struct codel *c, int64_t target_ns, int64_t interval_ns);

/* A task is taken out of the queue, whose oldest has waited oldest_ns; tasks take mean_ns, or 0 as
 * long as none has ended. */
void codel_on_take(struct codel *c, int64_t now_ns, int64_t oldest_ns, int64_t mean_ns);

/* A task was refused because the queue is overloaded. */
void codel_on_refuse(struct codel *c);

/* The delay that is acceptable now. */
int64_t codel_target_ns(const struct codel *c);

/* Overloaded, and the oldest has waited for longer than acceptable: the newest goes first. */
bool codel_is_newest_first(const struct codel *c, int64_t oldest_ns);

/* Overloaded, and this one has waited so long that it is better dropped. */
bool codel_is_stale(const struct codel *c, int64_t waited_ns);

#endif
