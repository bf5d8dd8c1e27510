#include "base/str.h"

#include <math.h>
#include <stdlib.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool str_equal_nocase(struct str a, struct str b)
{
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (lower(a.at[i]) != lower(b.at[i])) {
            return false;
        }
    }
    return true;
}

struct str str_trim(struct str s)
{
    while (s.size > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
        s.at++;
        s.size--;
    }
    while (s.size > 0 && (s.at[s.size - 1] == ' ' || s.at[s.size - 1] == '\t')) {
        s.size--;
    }
    return s;
}

char *str_put_hex(char *to, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char c = (unsigned char)bytes.at[i];

        *to++ = digits[c >> 4];
        *to++ = digits[c & 15];
    }
    return to;
}

bool str_to_u64(struct str s, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.size == 0) {
        return false;
    }
    for (size_t i = 0; i < s.size; i++) {
        unsigned digit = (unsigned)(s.at[i] - '0');
        if (!is_digit(s.at[i]) || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

bool str_to_i64(struct str s, int64_t *ret)
{
    bool is_negative = s.size > 0 && s.at[0] == '-';
    uint64_t magnitude;

    if (is_negative) {
        s.at++;
        s.size--;
    }
    if (!str_to_u64(s, &magnitude)) {
        return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + (is_negative ? 1 : 0)) {
        return false;
    }
    *ret = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* JSON's grammar, but for leading zeros: -? digits frac? exp?; strtod alone would take "0x1", "inf" and leading spaces. */
static bool is_json_number(struct str s)
{
    size_t i = 0;

    if (i < s.size && s.at[i] == '-') {
        i++;
    }
    if (i >= s.size || !is_digit(s.at[i])) {
        return false;
    }
    while (i < s.size && is_digit(s.at[i])) {
        i++;
    }
    if (i < s.size && s.at[i] == '.') {
        i++;
        if (i >= s.size || !is_digit(s.at[i])) {
            return false;
        }
        while (i < s.size && is_digit(s.at[i])) {
            i++;
        }
    }
    if (i < s.size && lower(s.at[i]) == 'e') {
        i++;
        if (i < s.size && (s.at[i] == '-' || s.at[i] == '+')) {
            i++;
        }
        if (i >= s.size || !is_digit(s.at[i])) {
            return false;
        }
        while (i < s.size && is_digit(s.at[i])) {
            i++;
        }
    }
    return i == s.size;
}

bool str_to_double(struct str s, double *ret)
{
    char text[400]; /* longer than any double that matters; longer input is refused */
    double value;

    if (s.size >= sizeof(text) || !is_json_number(s)) {
        return false;
    }
    memcpy(text, s.at, s.size);
    text[s.size] = '\0';
    value = strtod(text, NULL);
    if (!isfinite(value)) {
        return false;
    }
    *ret = value;
    return true;
}
