#include "base/histogram.h"

#include "base/clock.h"

const int64_t histogram_bounds_ns[HISTOGRAM_BOUNDS] = {
    NS_PER_MS / 10,   NS_PER_MS / 4,     NS_PER_MS,       5 * NS_PER_MS / 2, 5 * NS_PER_MS,
    10 * NS_PER_MS,   25 * NS_PER_MS,    50 * NS_PER_MS,  75 * NS_PER_MS,    100 * NS_PER_MS,
    250 * NS_PER_MS,  500 * NS_PER_MS,   750 * NS_PER_MS, 1000 * NS_PER_MS,  2500 * NS_PER_MS,
    5000 * NS_PER_MS, 10000 * NS_PER_MS,
};

void histogram_add(struct histogram *h, int64_t ns)
{
    unsigned i = 0;

    ns = ns < 0 ? 0 : ns;
    while (i < HISTOGRAM_BOUNDS && ns > histogram_bounds_ns[i]) {
        i++;
    }
    h->counts[i]++;
    h->sum_ns += (uint64_t)ns;
}

void histogram_merge(struct histogram *h, const struct histogram *from)
{
    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        h->counts[i] += from->counts[i];
    }
    h->sum_ns += from->sum_ns;
}

uint64_t histogram_count(const struct histogram *h)
{
    uint64_t count = 0;

    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        count += h->counts[i];
    }
    return count;
}
