#include "server/prefer.h"

#define WAIT_S_MAX 86400.0

static bool read_wait(struct str preference, struct str *ret_wait, uint64_t *ret_ms)
{
    static const struct str prefix = {"wait=", 5};
    struct str number;
    double seconds;

    if (preference.size <= prefix.size ||
        !str_equal_nocase((struct str){preference.at, prefix.size}, prefix)) {
        return false;
    }
    number = (struct str){preference.at + prefix.size, preference.size - prefix.size};
    if (number.size > PREFER_WAIT_MAX || !str_to_double(number, &seconds) || seconds < 0 ||
        seconds > WAIT_S_MAX) {
        return false;
    }
    *ret_wait = number;
    *ret_ms = seconds * 1000 < 1 ? 1 : (uint64_t)(seconds * 1000);
    return true;
}

bool prefer_is_wait(struct str preference)
{
    struct str wait;
    uint64_t ms;

    return read_wait(preference, &wait, &ms);
}

bool prefer_wait(const struct request *request, struct str *ret_wait, uint64_t *ret_ms)
{
    for (size_t i = 0; i < request->headers_count; i++) {
        struct str rest = request->headers[i].value;

        if (!str_equal_nocase(request->headers[i].name, STR("prefer"))) {
            continue;
        }
        while (rest.size > 0) {
            const char *comma = memchr(rest.at, ',', rest.size);
            size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.at);
            if (read_wait(str_trim((struct str){rest.at, size}), ret_wait, ret_ms)) {
                return true;
            }
            size += comma == NULL ? 0 : 1;
            rest.at += size;
            rest.size -= size;
        }
    }
    return false;
}
