/*
 * Regular expressions as in PostgreSQL's advanced ones, as far as they are regular.
 *
 *     a . [a-z] [^[:alpha:]] \d \s \w \D \S \W \t \n \u00e9 ...     one character
 *     (re) (?:re) re|re * + ? {m} {m,} {m,n}, also non-greedy       parts
 *     ^ $ \A \Z \m \M \y \Y [[:<:]] [[:>:]]                          places
 *     (?i) (?c) *** ***=                                            at the start
 *
 * Back-references and lookaround are refused: no machine finds them in bounded time. Everything here is
 * found in time proportional to the text times the size of the expression, without recursion and in
 * memory that is known once the expression is read: not so the C library's regexec(), which keeps
 * a state for every character it meets if somebody wants it to.
 */
#ifndef GANTRY_STORAGE_REGEX_H
#define GANTRY_STORAGE_REGEX_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/status.h"
#include "base/str.h"

#define REGEX_PATTERN_MAX 1000      /* bytes */
#define REGEX_DEPTH_MAX   50        /* of parentheses */
#define REGEX_SIZE_MAX    5000      /* instructions; each repetition of a{m,n} has its own */
#define REGEX_STEPS_MAX   100000000 /* of one search: a second or so */

struct regex; /* opaque */

/*
 * Gives: *ret, for regex_destroy. Return: OK, NOMEM, INVALID with PostgreSQL's reason:
 * "parentheses () not balanced".
 */
NODISCARD enum status regex_create(struct str pattern, bool ignores_case, struct regex **ret,
                                   const char **ret_reason);
void regex_destroy(struct regex *regex);

enum regex_result { REGEX_NO, REGEX_YES, REGEX_TOO_MUCH };

/* Does it match anywhere in text? Uses regex's own memory: one thread at a time. */
enum regex_result regex_search(struct regex *regex, struct str text);

#endif
