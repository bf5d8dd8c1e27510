#include "server/weighted.h"

/* Take what stands before the next separator that is not in a quoted string, and the separator. */
static struct str cut(struct str *rest, char separator)
{
    struct str piece = {rest->at, 0};
    bool is_quoted = false;

    while (piece.size < rest->size) {
        char c = rest->at[piece.size];

        if (c == separator && !is_quoted) {
            break;
        }
        if (c == '\\' && is_quoted && piece.size + 1 < rest->size) {
            piece.size++; /* what it escapes */
        } else if (c == '"') {
            is_quoted = !is_quoted;
        }
        piece.size++;
    }
    rest->at += piece.size;
    rest->size -= piece.size;
    if (rest->size > 0) {
        rest->at++;
        rest->size--;
    }
    return str_trim(piece);
}

/* "0.5" as 500; also ".5", which is sent though it is not allowed. Return: false if it is no weight. */
static bool read_weight(struct str text, unsigned *ret)
{
    unsigned weight = 0;
    unsigned unit = 1000;
    size_t at = 0;

    if (text.size == 0 || text.size > 8) {
        return false;
    }
    if (text.at[0] == '0' || text.at[0] == '1') {
        weight = text.at[0] == '1' ? 1000 : 0;
        at++;
    }
    if (at < text.size && text.at[at] != '.') {
        return false;
    }
    for (at++; at < text.size; at++) {
        if (text.at[at] < '0' || text.at[at] > '9') {
            return false;
        }
        unit /= 10;
        weight += unit * (unsigned)(text.at[at] - '0');
    }
    *ret = weight > 1000 ? 1000 : weight;
    return true;
}

bool weighted_next_param(struct str *params, struct str *ret_name, struct str *ret_value)
{
    while (params->size > 0) {
        struct str pair = cut(params, ';');
        const char *equals = pair.size == 0 ? NULL : memchr(pair.at, '=', pair.size);

        if (pair.size == 0) {
            continue;
        }
        if (equals == NULL) {
            *ret_name = pair;
            *ret_value = (struct str){pair.at + pair.size, 0};
        } else {
            size_t n = (size_t)(equals - pair.at);
            *ret_name = str_trim((struct str){pair.at, n});
            *ret_value = str_trim((struct str){equals + 1, pair.size - n - 1});
        }
        return true;
    }
    return false;
}

bool weighted_next(struct str *rest, struct weighted *ret)
{
    while (rest->size > 0) {
        struct str element = cut(rest, ',');
        struct str params = element;
        struct str name;
        struct str value;

        if (element.size == 0) {
            continue;
        }
        ret->value = cut(&params, ';');
        ret->params = str_trim(params);
        ret->weight = 1000;
        while (weighted_next_param(&params, &name, &value)) {
            if (str_equal_nocase(name, STR("q"))) {
                (void)read_weight(value, &ret->weight); /* what cannot be read counts in full */
            }
        }
        return true;
    }
    return false;
}
