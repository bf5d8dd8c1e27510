#include "base/histogram.h"

#include "base/clock.h"

const int64_t histogram_bounds_ns[HISTOGRAM_BOUNDS] = {
    NS_PER_MS / 10,   NS_PER_MS / 4,     NS_PER_MS,       5 * NS_PER_MS / 2, 5 * NS_PER_MS,
    10 * NS_PER_MS,   25 * NS_PER_MS,    50 * NS_PER_MS,  75 * NS_PER_MS,    100 * NS_PER_MS,
    250 * NS_PER_MS,  500 * NS_PER_MS,   750 * NS_PER_MS, 1000 * NS_PER_MS,  2500 * NS_PER_MS,
    5000 * NS_PER_MS, 10000 * NS_PER_MS,
};

static unsigned bucket_of(int64_t ns)
{
    unsigned i = 0;

    while (i < HISTOGRAM_BOUNDS && ns > histogram_bounds_ns[i]) {
        i++;
    }
    return i;
}

void histogram_add(struct histogram *h, int64_t ns)
{
    ns = ns < 0 ? 0 : ns;
    h->counts[bucket_of(ns)]++;
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

/* Not an atomic addition: only one thread writes, so nothing can come between. */
static void add_relaxed(_Atomic uint64_t *to, uint64_t n)
{
    atomic_store_explicit(to, atomic_load_explicit(to, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void live_histogram_add(struct live_histogram *h, int64_t ns)
{
    ns = ns < 0 ? 0 : ns;
    add_relaxed(&h->counts[bucket_of(ns)], 1);
    add_relaxed(&h->sum_ns, (uint64_t)ns);
}

void live_histogram_read(const struct live_histogram *h, struct histogram *to)
{
    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        to->counts[i] += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
    }
    to->sum_ns += atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
}
