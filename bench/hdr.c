#include "bench/hdr.h"

#include <math.h>

static size_t bucket_of(uint64_t value)
{
    unsigned top;

    if (value < HDR_SUB) {
        return (size_t)value;
    }
    top = 63 - (unsigned)__builtin_clzll(value);
    if (top > HDR_TOP_BIT) {
        return HDR_BUCKETS - 1;
    }
    return (size_t)(top - HDR_SUB_BITS + 1) * HDR_SUB +
           ((value >> (top - HDR_SUB_BITS)) & (HDR_SUB - 1));
}

/* The largest value that falls into the bucket. */
static uint64_t bucket_end(size_t bucket)
{
    size_t power = bucket / HDR_SUB;

    if (power == 0) {
        return bucket;
    }
    return ((HDR_SUB + bucket % HDR_SUB + UINT64_C(1)) << (power - 1)) - 1;
}

void hdr_add(struct hdr *h, int64_t value)
{
    uint64_t v = value < 0 ? 0 : (uint64_t)value;

    h->total++;
    h->buckets[bucket_of(v)]++;
    if (v > h->max) {
        h->max = v;
    }
}

uint64_t hdr_quantile(const struct hdr *h, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)h->total);
    uint64_t seen = 0;

    if (h->total == 0) {
        return 0;
    }
    for (size_t i = 0; i < HDR_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= rank && seen > 0) {
            return bucket_end(i) < h->max ? bucket_end(i) : h->max;
        }
    }
    return h->max;
}
