/*
 * SipHash-2-4 with 128 bits of output (Aumasson and Bernstein): without the key nobody can find two
 * inputs with one hash, so clients cannot make them collide.
 */
#ifndef GANTRY_BASE_SIPHASH_H
#define GANTRY_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_SIZE 16
#define SIPHASH_SIZE     16

struct siphash {
    uint64_t v[4];    /* Private */
    uint64_t pending; /* Private: bytes that do not make a word yet */
    uint64_t size;    /* Private: bytes so far */
};

void siphash_begin(struct siphash *h, const unsigned char key[SIPHASH_KEY_SIZE]);
void siphash_feed(struct siphash *h, const void *bytes, size_t n);
void siphash_end(struct siphash *h, unsigned char ret[SIPHASH_SIZE]);

#endif
