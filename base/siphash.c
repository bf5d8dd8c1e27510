#include "base/siphash.h"

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* Little-endian, whatever the machine is. */
static uint64_t read_word(const unsigned char *at)
{
    uint64_t word = 0;

    for (unsigned i = 0; i < 8; i++) {
        word |= (uint64_t)at[i] << (8 * i);
    }
    return word;
}

static void write_word(unsigned char *at, uint64_t word)
{
    for (unsigned i = 0; i < 8; i++) {
        at[i] = (unsigned char)(word >> (8 * i));
    }
}

static void mix(uint64_t v[4], unsigned rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void take_word(struct siphash *h, uint64_t word)
{
    h->v[3] ^= word;
    mix(h->v, 2);
    h->v[0] ^= word;
}

void siphash_begin(struct siphash *h, const unsigned char key[SIPHASH_KEY_SIZE])
{
    uint64_t k0 = read_word(key);
    uint64_t k1 = read_word(key + 8);

    h->v[0] = k0 ^ UINT64_C(0x736f6d6570736575);
    h->v[1] = k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee; /* of the variant with 128 bits */
    h->v[2] = k0 ^ UINT64_C(0x6c7967656e657261);
    h->v[3] = k1 ^ UINT64_C(0x7465646279746573);
    h->pending = 0;
    h->size = 0;
}

void siphash_feed(struct siphash *h, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;

    while (n > 0) {
        if (h->size % 8 == 0 && n >= 8) {
            take_word(h, read_word(at));
            h->size += 8;
            at += 8;
            n -= 8;
            continue;
        }
        h->pending |= (uint64_t)*at << (8 * (h->size % 8));
        h->size++;
        at++;
        n--;
        if (h->size % 8 == 0) {
            take_word(h, h->pending);
            h->pending = 0;
        }
    }
}

void siphash_end(struct siphash *h, unsigned char ret[SIPHASH_SIZE])
{
    take_word(h, h->pending | h->size << 56);
    h->v[2] ^= 0xee;
    mix(h->v, 4);
    write_word(ret, h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3]);
    h->v[1] ^= 0xdd;
    mix(h->v, 4);
    write_word(ret + 8, h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3]);
}
