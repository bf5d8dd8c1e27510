/*
 * Is a queue overloaded? CoDel's question, as folly asks it for executors: not how long the queue
 * is but whether even its best moment of the last interval was slow. A burst that drains is fine; a
 * standing queue serves nobody.
 *
 * After Nichols and Jacobson, "Controlling Queue Delay" (ACM Queue 10.5, 2012; RFC 8289) and folly's
 * Codel.cpp: while the queue is overloaded, what has waited for an interval is dropped, and the
 * newest are taken first (adaptive LIFO: Maurer, "Fail at Scale", ACM Queue 13.8, 2015). Ours are:
 *
 *   - no queue can be better than one task's own run time, so that is the least target (RFC 8289
 *     says the same of one packet's transmission time);
 *   - once something had to be dropped, newcomers who would have to wait for longer than the target
 *     are refused at once, which is cheaper for everybody, until nobody has to be any more.
 *
 * So a queue that stands a little, as one of many clients who each wait for their answer does, is
 * left alone: nothing happens before somebody has waited for half an interval. (With folly's two targets,
 * 10 ms, sixty clients who each wait for an answer of a third of a millisecond were mostly refused.)
 *
 * Pure bookkeeping with the time as an argument. Belongs to whoever guards the queue.
 */
#ifndef GANTRY_POOL_CODEL_H
#define GANTRY_POOL_CODEL_H

#include <stdbool.h>
#include <stdint.h>

struct codel {
    /* Private */
    int64_t target_ns; /* 0: never overloaded */
    int64_t interval_ns;
    int64_t floor_ns;  /* the mean run time */
    int64_t end_ns;    /* of the current interval */
    int64_t least_ns;  /* the least delay of the current interval */
    bool has_given_up; /* on a task, during the current interval: dropped or refused */
    bool is_refusing;
    bool is_overloaded; /* at the last take */
};

/* target_ns: an acceptable standing delay (0: off); interval_ns: how long it takes to be standing. */
void codel_init(struct codel *c, int64_t target_ns, int64_t interval_ns);

/*
 * A task is taken out of the queue, whose oldest has waited oldest_ns; tasks take mean_ns, or 0 as
 * long as none has ended.
 */
void codel_on_take(struct codel *c, int64_t now_ns, int64_t oldest_ns, int64_t mean_ns);

/* Is it overloaded now? Nothing taken for an interval: no more. */
bool codel_is_overloaded(const struct codel *c, int64_t now_ns);

/* Is a newcomer refused who would have to wait for wait_ns? Counts it, if so. */
bool codel_refuses(struct codel *c, int64_t wait_ns);

/* Is a task dropped that has waited for waited_ns? Counts it, if so. */
bool codel_drops(struct codel *c, int64_t waited_ns);

/* Does the newest go first, now that the oldest has waited for oldest_ns? */
bool codel_is_newest_first(const struct codel *c, int64_t oldest_ns);

#endif
