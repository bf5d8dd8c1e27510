#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_SIZE 63

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/*
 * Optimal string alignment: Levenshtein's distance in which swapping two neighbours ("sevre") is
 * one edit (Damerau 1964), by the usual dynamic programme, keeping three rows.
 */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][NAME_MAX_SIZE + 1];

    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            bool is_swap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
            size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            if (is_swap && rows[(i + 1) % 3][j - 2] + 1 < row[j]) {
                row[j] = rows[(i + 1) % 3][j - 2] + 1;
            }
        }
    }
    return rows[a_size % 3][b_size];
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

        if (name_size > NAME_MAX_SIZE || name_size > size + best || size > name_size + best) {
            continue; /* their sizes alone differ by more edits than that */
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
