#include "base/nearest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_SIZE 63

static int lower(char c)
{
    return tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Levenshtein distance by the usual dynamic programme, one row at a time. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t row[NAME_MAX_SIZE + 1];

    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t above = row[j];
            size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + change);
            diagonal = above;
        }
    }
    return row[b_size];
}

const char *nearest_name(const char *wanted, const char *const *names, size_t n)
{
    size_t size = strlen(wanted);
    size_t best = size / 3 > 1 ? size / 3 : 1;
    const char *found = NULL;

    if (size == 0 || size > NAME_MAX_SIZE) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        size_t name_size = strlen(names[i]);
        size_t d;

        if (name_size > NAME_MAX_SIZE) {
            continue;
        }
        d = distance(wanted, size, names[i], name_size);
        if (d <= best && (found == NULL || d < best)) {
            best = d;
            found = names[i];
        }
    }
    for (size_t i = 0; found == NULL && size >= 3 && i < n; i++) {
        if (strncasecmp(names[i], wanted, size) == 0 && strlen(names[i]) <= NAME_MAX_SIZE) {
            found = names[i];
        }
    }
    return found;
}
