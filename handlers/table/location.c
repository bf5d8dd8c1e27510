#include "handlers/table/location.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const struct str *left = a;
    const struct str *right = b;
    size_t common = left->size < right->size ? left->size : right->size;
    int order = memcmp(left->at, right->at, common);

    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

/* Split at "&", leaving out what is empty. Return: how many. */
static size_t split(struct str query, struct str *params)
{
    size_t n = 0;

    while (query.size > 0) {
        const char *end = memchr(query.at, '&', query.size);
        size_t size = end == NULL ? query.size : (size_t)(end - query.at);
        size_t taken = end == NULL ? size : size + 1;

        if (size > 0) {
            params[n++] = (struct str){query.at, size};
        }
        query.at += taken;
        query.size -= taken;
    }
    return n;
}

const char *location_of(struct str path, struct str query, struct arena *arena)
{
    char *text = arena_alloc(arena, path.size + query.size + 2);
    struct str *params = arena_alloc(arena, (query.size / 2 + 1) * sizeof(*params));
    char *to = text;
    size_t n;

    if (text == NULL || params == NULL) {
        return NULL;
    }
    n = split(query, params);
    qsort(params, n, sizeof(*params), compare);
    to = mempcpy(to, path.at, path.size);
    for (size_t i = 0; i < n; i++) {
        *to++ = i == 0 ? '?' : '&';
        to = mempcpy(to, params[i].at, params[i].size);
    }
    *to = '\0';
    return text;
}
