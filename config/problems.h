/*
 * What is wrong with a configuration: a list of JSON paths and sentences, in the order of the file
 * (named queries and routes last, since they build on the rest).
 */
#ifndef GANTRY_CONFIG_PROBLEMS_H
#define GANTRY_CONFIG_PROBLEMS_H

#include <stddef.h>

#include "base/attributes.h"

struct problem {
    char *path; /* "$.routes[3].params.id.type" */
    char *text; /* "unknown type \"interger\"; did you mean \"integer\"?" */
};

struct problems {
    struct problem *list;
    size_t count;
};

/* Zeroed is empty. When memory runs out the problem is printed to standard error instead. */
void problems_add(struct problems *p, const char *path, const char *format, ...) PRINTF_LIKE(3, 4);
void problems_fini(struct problems *p);

#endif
