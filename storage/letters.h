/*
 * What characters are: case, classes, diacritics, by Unicode, whatever the process's locale is.
 *
 * The knowledge is the C library's (its locale C.UTF-8); where it has no such locale, only ASCII letters
 * are known.
 */
#ifndef GANTRY_STORAGE_LETTERS_H
#define GANTRY_STORAGE_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum letters_class {
    LETTERS_ALNUM,
    LETTERS_ALPHA,
    LETTERS_BLANK,
    LETTERS_CNTRL,
    LETTERS_DIGIT,
    LETTERS_GRAPH,
    LETTERS_LOWER,
    LETTERS_PRINT,
    LETTERS_PUNCT,
    LETTERS_SPACE,
    LETTERS_UPPER,
    LETTERS_XDIGIT,
    LETTERS_WORD, /* ALNUM and the underscore */
};
#define LETTERS_CLASSES (LETTERS_WORD + 1)

/*
 * Take the first character of *s, which is not empty. A byte that is no UTF-8 is a character of its own,
 * above all others.
 */
uint32_t letters_next(struct str *s);

uint32_t letters_lower(uint32_t c);
uint32_t letters_upper(uint32_t c);
bool letters_is(uint32_t c, enum letters_class which);

/* The class of a name, as in [:alpha:]. Return: false if there is none. */
bool letters_class_of(struct str name, enum letters_class *ret);

/*
 * Lower case, and a Latin letter without its diacritics: "É" is "e". 0: a diacritic that stands alone
 * (combining), which is nothing.
 */
uint32_t letters_plain(uint32_t c);

/* Write c, of well-formed text, as UTF-8. Return: its size, 1 to 4. */
unsigned letters_put(char to[4], uint32_t c);

#endif
