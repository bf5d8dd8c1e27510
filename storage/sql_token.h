/*
 * The tokens of SQL text, as SQLite cuts them: enough to find one's way in the CREATE statements
 * that SQLite keeps, which it has already accepted.
 */
#ifndef GANTRY_STORAGE_SQL_TOKEN_H
#define GANTRY_STORAGE_SQL_TOKEN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum sql_token_kind {
    SQL_END,    /* of the text */
    SQL_WORD,   /* a keyword, a name without quotes, a number */
    SQL_QUOTED, /* "name", 'text', `name` or [name]; also one that is not closed */
    SQL_SIGN,   /* any other single character */
};

struct sql_token {
    enum sql_token_kind kind;
    struct str text; /* as written, with its quotes */
};

/*
 * Take the next token off the front of *sql; spaces and comments before it are skipped. At the end
 * it is SQL_END, again and again.
 */
struct sql_token sql_token_next(struct str *sql);

/* Is it that keyword (in capitals)? Quoted text never is. */
bool sql_token_is_word(struct sql_token token, const char *word);

bool sql_token_is_sign(struct sql_token token, char sign);

/* May it be a name? */
bool sql_token_is_name(struct sql_token token);

/* The name it is, without quotes. NULL: out of memory. */
NODISCARD const char *sql_token_name(struct sql_token token, struct arena *arena);

/* sql stands behind an opening parenthesis: go behind the one that closes it. */
void sql_token_skip_group(struct str *sql);

#endif
