/* Numbers for tests that look random and are the same on every run (splitmix64). */
#ifndef GANTRY_TESTS_UNIT_RANDOM_H
#define GANTRY_TESTS_UNIT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state; /* the seed, set by the caller */
};

static inline uint64_t random_u64(struct random *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 to n - 1; n is small, so the bias does not matter. */
static inline size_t random_below(struct random *r, size_t n)
{
    return (size_t)(random_u64(r) % n);
}

#endif
