#include "base/invariant.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void invariant_failed(const char *claim, const char *file, int line)
{
    char text[512];
    int n =
        snprintf(text, sizeof(text), "gantry: broken invariant at %s:%d: %s\n", file, line, claim);

    if (n > 0) {
        size_t size = (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
        ssize_t written = write(STDERR_FILENO, text, size);
        (void)written; /* about to abort: nothing left to do about it */
    }
    abort();
}
