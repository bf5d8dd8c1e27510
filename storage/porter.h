/* The stem of an English word: M. F. Porter, "An algorithm for suffix stripping" (1980). */
#ifndef GANTRY_STORAGE_PORTER_H
#define GANTRY_STORAGE_PORTER_H

#include <stddef.h>

/*
 * Cut word, size bytes, back to its stem, in place. A word that is not all of a to z is left alone.
 * Return: the size of the stem, never more than before.
 */
size_t porter_stem(char *word, size_t size);

#endif
