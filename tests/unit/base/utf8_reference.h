/*
 * UTF-8 the other way round: a reference for tests that knows no table of lead bytes.
 *
 * Every scalar value is encoded once and its bytes marked in three sets, "is a whole sequence" and
 * "begins a longer one", for runs of one, two and three bytes. A decoder is then a lookup.
 */
#ifndef GANTRY_TESTS_UNIT_BASE_UTF8_REFERENCE_H
#define GANTRY_TESTS_UNIT_BASE_UTF8_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REFERENCE_WHOLE = 1, REFERENCE_BEGINS = 2 };

static uint8_t reference_one[1 << 8];
static uint8_t reference_two[1 << 16];
static uint8_t reference_three[1 << 24];

static inline size_t reference_encode(uint32_t c, unsigned char *to)
{
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char mark[] = {0, 0x00, 0xC0, 0xE0, 0xF0};

    for (size_t i = size; i-- > 1;) {
        to[i] = (unsigned char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    to[0] = (unsigned char)(mark[size] | c);
    return size;
}

static inline bool reference_is_scalar(uint32_t c)
{
    return c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
}

static inline void reference_build(void)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        unsigned char s[4] = {0};
        size_t size;

        if (!reference_is_scalar(c)) {
            continue;
        }
        size = reference_encode(c, s);
        reference_one[s[0]] |= size == 1 ? REFERENCE_WHOLE : REFERENCE_BEGINS;
        if (size >= 2) {
            reference_two[s[0] << 8 | s[1]] |= size == 2 ? REFERENCE_WHOLE : REFERENCE_BEGINS;
        }
        if (size >= 3) {
            reference_three[s[0] << 16 | s[1] << 8 | s[2]] |=
                size == 3 ? REFERENCE_WHOLE : REFERENCE_BEGINS;
        }
    }
}

/* As utf8_next(): is what s begins with whole, and how long is it or its maximal subpart? */
static inline bool reference_next(const unsigned char *s, size_t n, size_t *ret_size)
{
    *ret_size = 1;
    if (reference_one[s[0]] != REFERENCE_BEGINS || n < 2) {
        return reference_one[s[0]] == REFERENCE_WHOLE;
    }
    if (reference_two[s[0] << 8 | s[1]] == 0) {
        return false;
    }
    *ret_size = 2;
    if (reference_two[s[0] << 8 | s[1]] == REFERENCE_WHOLE || n < 3) {
        return reference_two[s[0] << 8 | s[1]] == REFERENCE_WHOLE;
    }
    if (reference_three[s[0] << 16 | s[1] << 8 | s[2]] == 0) {
        return false;
    }
    *ret_size = 3;
    if (reference_three[s[0] << 16 | s[1] << 8 | s[2]] == REFERENCE_WHOLE || n < 4) {
        return reference_three[s[0] << 16 | s[1] << 8 | s[2]] == REFERENCE_WHOLE;
    }
    if (s[3] >> 6 != 2) {
        return false;
    }
    *ret_size = 4;
    return true;
}

/* Copy n bytes to where 3 * n fit, ill-formed ones as U+FFFD. Return: how many were written. */
static inline size_t reference_repair(const unsigned char *s, size_t n, unsigned char *to)
{
    size_t written = 0;

    while (n > 0) {
        size_t size;
        bool is_whole = reference_next(s, n, &size);

        if (!is_whole) {
            written += reference_encode(0xFFFD, to + written);
        }
        for (size_t i = 0; is_whole && i < size; i++) {
            to[written++] = s[i];
        }
        s += size;
        n -= size;
    }
    return written;
}

#endif
