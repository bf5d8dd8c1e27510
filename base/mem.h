/*
 * The heap, with a bound for what a thread takes while it does one piece of work, and a knob for
 * tests: mem_fail_after(n) makes the n-th allocation from now fail, so that every "out of memory"
 * path can be walked.
 */
#ifndef GANTRY_BASE_MEM_H
#define GANTRY_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/* As malloc, calloc, realloc, strdup, free. NULL when out of memory. Context: any thread. */
NODISCARD void *mem_alloc(size_t size);
NODISCARD void *mem_zalloc(size_t size);
NODISCARD void *mem_realloc(void *old, size_t size);
NODISCARD char *mem_strdup(const char *text);
void mem_free(void *memory);

/*
 * From here to mem_unbound() the calling thread's memory may grow by at most that many bytes: an
 * allocation beyond is refused like any that fails. What the thread frees may be taken again, whoever
 * took it. Called again, it counts anew from there.
 */
void mem_bound(size_t bytes);

/* Return: was the bound reached, since it was first set? */
bool mem_unbound(void);

/* Make the n-th allocation from now on fail (1 is the next); -1: never. For tests. */
void mem_fail_after(long n);

#endif
