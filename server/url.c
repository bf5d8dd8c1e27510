#include "server/url.h"

#include "base/utf8.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool is_plain(struct str raw, enum url_part part)
{
    for (size_t i = 0; i < raw.size; i++) {
        if (raw.at[i] == '%' || (raw.at[i] == '+' && part == URL_QUERY)) {
            return false;
        }
    }
    return true;
}

/* Return: false for a broken escape or a NUL. */
static bool decode_into(struct str raw, enum url_part part, char *to, size_t *ret_size)
{
    size_t size = 0;

    for (size_t i = 0; i < raw.size; i++) {
        char c = raw.at[i];
        if (c == '%') {
            int high = i + 2 < raw.size ? hex(raw.at[i + 1]) : -1;
            int low = i + 2 < raw.size ? hex(raw.at[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                return false;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && part == URL_QUERY) {
            c = ' ';
        }
        to[size++] = c;
    }
    *ret_size = size;
    return true;
}

enum status url_decode(struct str raw, enum url_part part, struct arena *arena, struct str *ret)
{
    struct str decoded = raw;

    if (!is_plain(raw, part)) {
        char *to = arena_alloc(arena, raw.size);
        if (to == NULL) {
            return STATUS_NOMEM;
        }
        decoded.at = to;
        if (!decode_into(raw, part, to, &decoded.size)) {
            return STATUS_INVALID;
        }
    }
    if (!utf8_is_valid(decoded)) {
        return STATUS_INVALID;
    }
    *ret = decoded;
    return STATUS_OK;
}

bool url_next_pair(struct str *rest, struct str *ret_name, struct str *ret_value)
{
    while (rest->size > 0) {
        const char *end = memchr(rest->at, '&', rest->size);
        struct str piece = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
        size_t taken = piece.size + (end == NULL ? 0 : 1);
        const char *equals;

        rest->at += taken;
        rest->size -= taken;
        if (piece.size == 0) {
            continue;
        }
        equals = memchr(piece.at, '=', piece.size);
        if (equals == NULL) {
            *ret_name = piece;
            *ret_value = (struct str){piece.at + piece.size, 0};
        } else {
            ret_name->at = piece.at;
            ret_name->size = (size_t)(equals - piece.at);
            ret_value->at = equals + 1;
            ret_value->size = piece.size - ret_name->size - 1;
        }
        return true;
    }
    return false;
}
