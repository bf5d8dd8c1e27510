/*
 * How often each duration was seen, in buckets whose width grows with the value.
 *
 * Every power of two is cut into 128 equal buckets, so a value read back is at most 1/128 (0.8 %)
 * above the one recorded, from a nanosecond to more than an hour. The maximum is kept exactly.
 */
#ifndef GANTRY_BENCH_HDR_H
#define GANTRY_BENCH_HDR_H

#include <stddef.h>
#include <stdint.h>

#define HDR_SUB_BITS 7
#define HDR_SUB      (1 << HDR_SUB_BITS)
#define HDR_TOP_BIT  41 /* values from 2^42 on count as 2^42 - 1 */
#define HDR_BUCKETS  ((HDR_TOP_BIT - HDR_SUB_BITS + 2) * HDR_SUB)

/* All zero is an empty one. */
struct hdr {
    uint64_t total;
    uint64_t max;
    uint64_t buckets[HDR_BUCKETS]; /* Private */
};

/* What is below zero counts as zero. */
void hdr_add(struct hdr *h, int64_t value);

/* The least value that at least this share (0 to 1) of all is not above; 0 if there is none. */
uint64_t hdr_quantile(const struct hdr *h, double share);

#endif
