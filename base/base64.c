#include "base/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_append(struct buf *b, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    size_t size = (n + 2) / 3 * 4;
    char *to = buf_reserve(b, size);

    if (to == NULL) {
        return;
    }
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t group = (uint32_t)p[i] << 16;
        group |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)p[i + 2] : 0;
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[group >> 12 & 63];
        *to++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *to++ = left > 2 ? alphabet[group & 63] : '=';
    }
    buf_commit(b, size);
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct str text, unsigned char *to, size_t *ret_size)
{
    size_t size = 0;

    if (text.size % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < text.size; i += 4) {
        bool is_last = i + 4 == text.size;
        size_t pad = 0;
        uint32_t group = 0;

        if (is_last && text.at[i + 3] == '=') {
            pad = text.at[i + 2] == '=' ? 2 : 1;
        }
        for (size_t k = 0; k < 4; k++) {
            int value = k < 4 - pad ? value_of(text.at[i + k]) : 0;
            if (value < 0) {
                return false;
            }
            group = group << 6 | (uint32_t)value;
        }
        if ((pad == 1 && (group & 0xFF) != 0) || (pad == 2 && (group & 0xFFFF) != 0)) {
            return false;
        }
        to[size++] = (unsigned char)(group >> 16);
        if (pad < 2) {
            to[size++] = (unsigned char)(group >> 8);
        }
        if (pad < 1) {
            to[size++] = (unsigned char)group;
        }
    }
    *ret_size = size;
    return true;
}
