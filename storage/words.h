/*
 * The words of a text, one after the other: runs of letters and digits, in lower case and without the
 * diacritics of Latin letters, as FTS5's tokenizer unicode61 makes them.
 */
#ifndef GANTRY_STORAGE_WORDS_H
#define GANTRY_STORAGE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define WORD_SIZE_MAX 250 /* bytes; what a word has more does not count */

struct words {
    struct str rest; /* set to the text by the caller */
    struct str raw;  /* the word as it was written */
    char word[WORD_SIZE_MAX + 4];
    size_t size;
};

/* Return: is there another word? */
bool words_next(struct words *w);

enum words_language {
    WORDS_SIMPLE,  /* words as they are */
    WORDS_ENGLISH, /* Porter's stems, without the words that say nothing */
};

/* PostgreSQL's name of a text search configuration. Return: false: not one of ours. */
bool words_language_of(struct str name, enum words_language *ret);

/* Turn the word into what is compared in this language. Return: false: it says nothing. */
bool words_normalize(struct words *w, enum words_language language);

#endif
