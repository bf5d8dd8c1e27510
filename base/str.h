/* A borrowed piece of text: pointer and length, not terminated, never owned. */
#ifndef GANTRY_BASE_STR_H
#define GANTRY_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"

struct str {
    const char *at;
    size_t size;
};

#define STR(literal) ((struct str){literal, sizeof(literal) - 1})

static inline struct str str_of(const char *text)
{
    return (struct str){text, strlen(text)};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* ASCII letters compare without case. */
bool str_equal_nocase(struct str a, struct str b);

/* Without spaces and tabs at both ends. */
struct str str_trim(struct str s);

/* Write bytes as hexadecimal digits, two each, in lower case. Return: the place behind them. */
char *str_put_hex(char *to, struct str bytes);

/*
 * A whole decimal number, all of s, no sign; leading zeros are fine.
 * Return: false if it is not, or does not fit.
 */
bool str_to_u64(struct str s, uint64_t *ret);

/* A whole decimal number with an optional minus sign. */
bool str_to_i64(struct str s, int64_t *ret);

/*
 * A decimal number as JSON writes one ("-1.5e3"), finite. Leading zeros are accepted, as above.
 * What is too small for a double is zero; more than 399 characters are refused.
 */
bool str_to_double(struct str s, double *ret);

#endif
