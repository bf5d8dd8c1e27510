/*
 * The heap, with a knob for tests: mem_fail_after(n) makes the n-th allocation from now fail,
 * so that every "out of memory" path can be walked.
 */
#ifndef GANTRY_BASE_MEM_H
#define GANTRY_BASE_MEM_H

#include <stddef.h>

#include "base/attributes.h"

/* As malloc, calloc, realloc, strdup, free. NULL when out of memory. Context: any thread. */
NODISCARD void *mem_alloc(size_t size);
NODISCARD void *mem_zalloc(size_t size);
NODISCARD void *mem_realloc(void *old, size_t size);
NODISCARD char *mem_strdup(const char *text);
void mem_free(void *memory);

/* Make the n-th allocation from now on fail (1 is the next); -1: never. For tests. */
void mem_fail_after(long n);

#endif
