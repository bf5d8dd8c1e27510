#include "handlers/table/json_string.h"

static bool is_high(unsigned c)
{
    return c >= 0xD800 && c <= 0xDBFF;
}

static bool is_low(unsigned c)
{
    return c >= 0xDC00 && c <= 0xDFFF;
}

/* Four hexadecimal digits. */
static unsigned hex_of(const char *digits)
{
    unsigned value = 0;

    for (size_t i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)digits[i];
        value = value << 4 | (c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - 'a' + 10);
    }
    return value;
}

/* Return: how many bytes have been written: 1 to 4, never more than the escape had. */
static size_t put_utf8(unsigned c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* The character that stands behind "\u". *ret_size: what the escape takes from there. */
static enum json_string read_unicode(struct str s, unsigned *ret, size_t *ret_size)
{
    unsigned low;

    *ret = hex_of(s.at);
    *ret_size = 4;
    if (*ret == 0) {
        return JSON_STRING_HAS_NUL;
    }
    if (is_low(*ret)) {
        return JSON_STRING_HAS_SURROGATE;
    }
    if (!is_high(*ret)) {
        return JSON_STRING_GOOD;
    }
    if (s.size < 10 || s.at[4] != '\\' || s.at[5] != 'u') {
        return JSON_STRING_HAS_SURROGATE;
    }
    low = hex_of(s.at + 6);
    if (!is_low(low)) {
        return JSON_STRING_HAS_SURROGATE;
    }
    *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
    *ret_size = 10;
    return JSON_STRING_GOOD;
}

/* What a backslash and c stand for. */
static char escaped(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c; /* a quote, a slash, a backslash */
    }
}

enum json_string json_string_decode(struct str inside, char *out, size_t *ret_size)
{
    char character[4];
    size_t written = 0;

    for (size_t i = 0; i < inside.size;) {
        size_t size = 1;

        character[0] = inside.at[i++];
        if (character[0] == '\\') {
            character[0] = escaped(inside.at[i++]);
            if (inside.at[i - 1] == 'u') {
                struct str digits = {inside.at + i, inside.size - i};
                unsigned c;
                size_t taken;
                enum json_string outcome = read_unicode(digits, &c, &taken);
                if (outcome != JSON_STRING_GOOD) {
                    return outcome;
                }
                size = put_utf8(c, character);
                i += taken;
            }
        }
        if (out != NULL) {
            memcpy(out + written, character, size);
        }
        written += size;
    }
    *ret_size = written;
    return JSON_STRING_GOOD;
}

bool json_string_refuse(enum json_string why, struct arena *arena, struct fault *fault)
{
    if (why == JSON_STRING_HAS_SURROGATE) {
        return fault_set(fault, arena, 400, "PGRST102", "Empty or invalid json");
    }
    (void)fault_set(fault, arena, 400, "22P05", "unsupported Unicode escape sequence"); /* false */
    fault_details(fault, arena, "\\u0000 cannot be converted to text.");
    return false;
}
