/*
 * How often each duration was seen, in buckets whose width grows with the value.
 *
 * Every power of two is cut into 128 equal buckets, so a value read back is at most 1/128 (0.8 %)
 * above the one recorded, from a nanosecond to more than an hour. The maximum is kept exactly.
 */
#ifndef GANTRY_BENCH_HISTOGRAM_H
#define GANTRY_BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 7
#define HISTOGRAM_SUB      (1 << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_TOP_BIT  41 /* values from 2^42 on count as 2^42 - 1 */
#define HISTOGRAM_BUCKETS  ((HISTOGRAM_TOP_BIT - HISTOGRAM_SUB_BITS + 2) * HISTOGRAM_SUB)

/* All zero is an empty one. */
struct histogram {
    uint64_t total;
    uint64_t max;
    uint64_t buckets[HISTOGRAM_BUCKETS]; /* Private */
};

/* What is below zero counts as zero. */
void histogram_add(struct histogram *h, int64_t value);

/* The least value that at least this share (0 to 1) of all is not above; 0 if there is none. */
uint64_t histogram_quantile(const struct histogram *h, double share);

#endif
