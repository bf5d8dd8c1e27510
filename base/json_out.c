#include "base/json_out.h"

#include <endian.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/utf8.h"

/* 0: as it is; 1: \u00XX; 'x': \x; 2: part of a sequence of several bytes. */
static const unsigned char escape[256] = {
    [0 ... 7] = 1, ['\b'] = 'b',    ['\t'] = 't', ['\n'] = 'n',  [11] = 1,  ['\f'] = 'f',
    ['\r'] = 'r',  [14 ... 31] = 1, ['"'] = '"',  ['\\'] = '\\', [127] = 1, [128 ... 255] = 2,
};

/* U+0080 to U+009F end in a byte of their own number. */
static bool is_c1_control(const char *sequence)
{
    return (unsigned char)sequence[0] == 0xC2 && (unsigned char)sequence[1] < 0xA0;
}

static void put_escaped(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char kind = escape[c];

    if (kind <= 2) {
        char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        buf_append(b, text, sizeof(text));
    } else {
        char text[2] = {'\\', (char)kind};
        buf_append(b, text, sizeof(text));
    }
}

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/*
 * Not 0 if one of the eight bytes at p is escaped or part of a sequence; then the lowest bit that
 * is set is of the first such byte. A byte's high bit tells: it is the byte's own; or that of one
 * less than 0, where a quote or a backslash was taken away; or of a space less than a control; or
 * of DEL and one.
 * What is borrowed and carried on the way disturbs higher bytes only.
 */
static inline uint64_t special_bytes(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    word = le64toh(word); /* the first byte is the lowest */
    return (word | ((word ^ EACH_BYTE('"')) - EACH_BYTE(1)) |
            ((word ^ EACH_BYTE('\\')) - EACH_BYTE(1)) | (word - EACH_BYTE(' ')) |
            (word + EACH_BYTE(1))) &
           EACH_BYTE(0x80);
}

/*
 * How many of the bytes from p on need no second look: neither escaped nor part of a sequence. Eight at
 * a time; the last few of a text are left to the caller.
 */
static inline size_t plain_size(const char *p, const char *end)
{
    const char *from = p;

    while (end - p >= 8) {
        uint64_t special = special_bytes(p);

        if (special != 0) {
            return (size_t)(p - from) + (size_t)__builtin_ctzll(special) / 8;
        }
        p += 8;
    }
    return (size_t)(p - from);
}

/* Is all of it plain? No, if it is shorter than eight bytes. */
static inline bool is_plain(struct str text)
{
    size_t at = 0;

    while (text.size - at >= 8) {
        if (special_bytes(text.at + at) != 0) {
            return false;
        }
        at += 8;
    }
    return at > 0 && special_bytes(text.at + text.size - 8) == 0;
}

/* What is plain needs one copy. */
static void put_plain(struct buf *b, struct str text)
{
    char *to = buf_reserve(b, text.size + 2);

    if (to != NULL) {
        to[0] = '"';
        memcpy(to + 1, text.at, text.size);
        to[1 + text.size] = '"';
        buf_commit(b, text.size + 2);
    }
}

void json_put_string(struct buf *b, struct str text)
{
    const char *p = text.at;
    const char *end = text.at + text.size;
    const char *run = p; /* the start of what can be copied as it is */

    if (is_plain(text)) {
        put_plain(b, text);
        return;
    }
    buf_append_char(b, '"');
    while (p < end) {
        unsigned char kind;
        size_t size = 1;
        bool is_whole;

        p += plain_size(p, end);
        if (p == end) {
            break;
        }
        kind = escape[(unsigned char)*p];
        is_whole = kind != 2 || utf8_next((struct str){p, (size_t)(end - p)}, &size);

        if (kind == 0 || (kind == 2 && is_whole && !is_c1_control(p))) {
            p += size;
            continue;
        }
        buf_append(b, run, (size_t)(p - run));
        if (is_whole) {
            put_escaped(b, (unsigned char)p[size - 1]);
        } else {
            buf_append_literal(b, "\xEF\xBF\xBD");
        }
        p += size;
        run = p;
    }
    if (p > run) {
        buf_append(b, run, (size_t)(p - run));
    }
    buf_append_char(b, '"');
}

void json_put_u64(struct buf *b, uint64_t value)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char text[20];
    size_t at = sizeof(text);

    while (value >= 100) { /* two digits a division */
        at -= 2;
        memcpy(text + at, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(text + at, pairs + value * 2, 2);
    } else {
        text[--at] = (char)('0' + value);
    }
    buf_append(b, text + at, sizeof(text) - at);
}

void json_put_i64(struct buf *b, int64_t value)
{
    if (value < 0) {
        buf_append_char(b, '-');
        json_put_u64(b, 0 - (uint64_t)value);
    } else {
        json_put_u64(b, (uint64_t)value);
    }
}

/*
 * Most doubles in a database are decimals of few places. If an integer below 10^15, divided by a power
 * of ten, is the value, then that quotient is its shortest form: both are exact, so the division
 * rounds once, just as reading the decimal does; and no two decimals of 15 digits are one double.
 * Return: false if the value is no such decimal, or one that %g would write with an exponent.
 */
static bool put_decimal(struct buf *b, double value)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    double size = fabs(value);

    if (size < 1e-4 || size >= 1e9) {
        return false;
    }
    for (size_t places = 0; places < sizeof(powers) / sizeof(powers[0]); places++) {
        uint64_t scaled = (uint64_t)(size * powers[places] + 0.5);

        if ((double)scaled / powers[places] == size) {
            uint64_t power = (uint64_t)powers[places];
            char fraction[8] = ".0";

            if (value < 0) {
                buf_append_char(b, '-');
            }
            json_put_u64(b, scaled / power);
            scaled %= power;
            for (size_t i = places; i > 0; i--) {
                fraction[i] = (char)('0' + scaled % 10);
                scaled /= 10;
            }
            buf_append(b, fraction, places == 0 ? 2 : places + 1);
            return true;
        }
    }
    return false;
}

/*
 * Any decimal of at most 15 digits survives the way through a normal double, so if 15 digits read
 * back as the value they are (without trailing zeros, which %g drops) its shortest form. Subnormal
 * numbers hold fewer digits, so those are tried from one digit up.
 */
void json_put_double(struct buf *b, double value)
{
    char text[32];
    int n = 0;
    int digits = fpclassify(value) == FP_SUBNORMAL ? 1 : 15;

    if (!isfinite(value)) {
        buf_append_literal(b, "null");
        return;
    }
    if (value == 0) { /* also -0.0, which JSON can say but most readers forget */
        buf_append_str(b, signbit(value) ? STR("-0.0") : STR("0.0"));
        return;
    }
    if (put_decimal(b, value)) {
        return;
    }
    for (; digits <= 17; digits++) {
        n = snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    buf_append(b, text, (size_t)n);
    if (strpbrk(text, ".e") == NULL) {
        buf_append_literal(b, ".0"); /* so that 2.0 stays a real for readers that care */
    }
}

void json_put_blob(struct buf *b, const void *bytes, size_t size)
{
    buf_append_char(b, '"');
    base64_append(b, bytes, size);
    buf_append_char(b, '"');
}
