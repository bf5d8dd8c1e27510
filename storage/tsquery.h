/*
 * Full-text queries as in PostgreSQL, in its four ways to write them, and what they find.
 *
 *     FTS     to_tsquery: words with & | ! <-> <N> ( ), 'quoted ones', pre:*
 *     PLAIN   plainto_tsquery: all of the words
 *     PHRASE  phraseto_tsquery: the words one behind the other
 *     WEB     websearch_to_tsquery: words, "phrases", or, -word
 *
 * A part of a query that says nothing (stop words, punctuation) is left out; a query that says nothing
 * finds nothing.
 */
#ifndef GANTRY_STORAGE_TSQUERY_H
#define GANTRY_STORAGE_TSQUERY_H

#include "base/attributes.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "storage/words.h"

#define TSQUERY_WORDS_MAX 256
#define TSQUERY_DEPTH_MAX 50        /* of parentheses */
#define TSQUERY_STEPS_MAX 100000000 /* words of a text times words of a query */

struct tsquery; /* opaque */

enum tsquery_syntax { TSQUERY_FTS, TSQUERY_PLAIN, TSQUERY_PHRASE, TSQUERY_WEB };

/*
 * Gives: *ret, for tsquery_destroy. Return: OK; INVALID, with *ret_reason ("syntax error in tsquery"), in
 * FTS only; TOO_BIG: too many words or parentheses; NOMEM.
 */
NODISCARD enum status tsquery_create(struct str text, enum tsquery_syntax syntax,
                                     enum words_language language, struct tsquery **ret,
                                     const char **ret_reason);
void tsquery_destroy(struct tsquery *query);

/* Does it say nothing? */
bool tsquery_is_empty(const struct tsquery *query);

/* Does it find something in text? Return: OK, TOO_BIG (the text for this query, or the memory). */
NODISCARD enum status tsquery_match(const struct tsquery *query, struct str text, bool *ret);

/*
 * Append the same as an expression for FTS5's MATCH, with every word in quotes. The query is of WORDS_SIMPLE:
 * the index's tokenizer may stem. Return: OK; INVALID: FTS5 has no such thing (what is all negation,
 * distances other than one, "or" inside a phrase).
 */
NODISCARD enum status tsquery_put_fts5(const struct tsquery *query, struct buf *out);

#endif
