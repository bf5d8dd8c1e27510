/*
 * Durations, counted in fixed buckets: what Prometheus calls a histogram.
 *
 * The bounds are OTel's for HTTP requests with three finer ones below, since we are faster. Adding
 * is a few comparisons and no allocation; whoever owns the histogram sees to it that one thread at
 * a time adds.
 */
#ifndef GANTRY_BASE_HISTOGRAM_H
#define GANTRY_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS 17

struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* not cumulative; the last is "longer than all" */
    uint64_t sum_ns;
};

/* The upper bounds, inclusive, in nanoseconds, rising. */
extern const int64_t histogram_bounds_ns[HISTOGRAM_BOUNDS];

/* A negative duration counts as zero. */
void histogram_add(struct histogram *h, int64_t ns);

/* Add all of from. */
void histogram_merge(struct histogram *h, const struct histogram *from);

/* How many durations there are. */
uint64_t histogram_count(const struct histogram *h);

/*
 * A histogram that any thread may read, without a lock, while the one thread that owns it adds. Each
 * figure is its own truth: what is being added just then may be in the counts and not in the sum.
 */
struct live_histogram {
    _Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1];
    _Atomic uint64_t sum_ns;
};

/* Context: the owning thread. */
void live_histogram_add(struct live_histogram *h, int64_t ns);

/* Add what is there now to *to. Context: any thread. */
void live_histogram_read(const struct live_histogram *h, struct histogram *to);

#endif
