#include "base/utf8.h"

/* What the second byte may be for a given first byte; the table 3-7 of the Unicode standard. */
static bool lead(unsigned char first, size_t *ret_size, unsigned char *ret_low,
                 unsigned char *ret_high)
{
    *ret_low = 0x80;
    *ret_high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
        *ret_size = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        *ret_size = 3;
        *ret_low = first == 0xE0 ? 0xA0 : 0x80;
        *ret_high = first == 0xED ? 0x9F : 0xBF;
    } else if (first >= 0xF0 && first <= 0xF4) {
        *ret_size = 4;
        *ret_low = first == 0xF0 ? 0x90 : 0x80;
        *ret_high = first == 0xF4 ? 0x8F : 0xBF;
    } else {
        return false;
    }
    return true;
}

bool utf8_next(struct str s, size_t *ret_size)
{
    const unsigned char *p = (const unsigned char *)s.at;
    unsigned char low;
    unsigned char high;
    size_t size;

    *ret_size = 1;
    if (p[0] < 0x80) {
        return true;
    }
    if (!lead(p[0], &size, &low, &high)) {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (i >= s.size || p[i] < low || p[i] > high) {
            *ret_size = i;
            return false;
        }
        low = 0x80;
        high = 0xBF;
    }
    *ret_size = size;
    return true;
}

bool utf8_is_valid(struct str s)
{
    while (s.size > 0) {
        size_t size;
        if (!utf8_next(s, &size)) {
            return false;
        }
        s.at += size;
        s.size -= size;
    }
    return true;
}
