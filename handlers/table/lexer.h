/*
 * A cursor over the decoded text of one parameter, and what every production reads with it: marks,
 * blanks, names, quoted texts.
 *
 * All that can fail returns false after a complaint: what was wrong, and where. It is kept as it is
 * and put into words once, at the end, because not every complaint is heard: with arguments in the
 * query a text that is no filter is no mistake.
 *
 * Texts are valid UTF-8 without NUL, so bytes do for characters: every byte from 0x80 on belongs to
 * a letter.
 */
#ifndef GANTRY_HANDLERS_TABLE_LEXER_H
#define GANTRY_HANDLERS_TABLE_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/str.h"

enum complaint_kind {
    COMPLAINT_NONE,
    COMPLAINT_SYNTAX, /* the one that may mean: so it is an argument */
    COMPLAINT_TOO_DEEP,
    COMPLAINT_TOO_MANY,
    COMPLAINT_TOO_MANY_LEVELS,
    COMPLAINT_BYTES, /* not UTF-8, or a NUL; at is the parameter's place in the raw query */
    COMPLAINT_NO_MEMORY,
};

struct complaint {
    enum complaint_kind kind;
    const char *what;      /* "select parameter" */
    struct str text;       /* all of it */
    size_t at;             /* bytes before the place */
    const char *expecting; /* SYNTAX: what would have done */
    struct str word;       /* SYNTAX: what stands where an operator should; at == NULL: none */
};

/* One parse: what all its parameters share. */
struct parse {
    struct arena *arena;
    size_t nodes; /* made so far: PARSE_NODES_MAX at most */
    struct complaint complaint;
};

struct lexer {
    struct parse *parse;
    const char *what; /* static: for the complaint */
    struct str text;  /* text.at is never NULL */
    size_t at;        /* bytes read */
};

/* What is expected where a name stands. */
#define LEXER_NAME "field name (* or [a..z0..9_$])"

/* --- complaints: always false ------------------------------------------------------------------- */

bool lexer_fail(struct lexer *l, const char *expecting);
bool lexer_fail_as(struct lexer *l, enum complaint_kind kind);
bool parse_no_memory(struct parse *parse);

/* --- counting ----------------------------------------------------------------------------------- */

/* One more node. Return: false if that is one too many. */
NODISCARD bool lexer_count_node(struct lexer *l);

/* --- looking ------------------------------------------------------------------------------------ */

static inline bool lexer_is_at_end(const struct lexer *l)
{
    return l->at == l->text.size;
}

/* The next byte, or the one that many further; NUL (which is in no text) at the end. */
static inline char lexer_peek(const struct lexer *l, size_t further)
{
    return further < l->text.size - l->at ? l->text.at[l->at + further] : '\0';
}

/* Does mark come next? */
bool lexer_is_next(const struct lexer *l, const char *mark);

/* --- reading ------------------------------------------------------------------------------------ */

/* Over mark, if it comes next. */
bool lexer_take(struct lexer *l, const char *mark);

/* Over mark, which must come next. */
NODISCARD bool lexer_need(struct lexer *l, const char *mark, const char *expecting);

/* Nothing may be left, after blanks. */
NODISCARD bool lexer_need_end(struct lexer *l, const char *expecting);

/* Over spaces and tabs. */
void lexer_skip_blanks(struct lexer *l);

/* Lends the run of lower-case ASCII letters that comes next; perhaps none. */
struct str lexer_word(struct lexer *l);

/* name = quoted | chunk { "-" chunk }; *ret_is_quoted may be NULL. */
NODISCARD bool lexer_name(struct lexer *l, struct str *ret, bool *ret_is_quoted);

/* key = quoted | what is no ( - : . , > ), joined by "-" */
NODISCARD bool lexer_key(struct lexer *l, struct str *ret);

/* 1*( letter | digit | "_" | " " | "$" ), trimmed: a type, a language */
NODISCARD bool lexer_identifier(struct lexer *l, struct str *ret);

/*
 * Is the next a quoted text that is closed? *ret_size: its bytes, quotes included; else 0. Reads
 * nothing, so that the caller may take what begins with a quote for something else.
 */
bool lexer_is_quoted(const struct lexer *l, size_t *ret_size);

/* A quoted text of that many bytes, quotes included, decoded. */
NODISCARD bool lexer_unquote(struct lexer *l, size_t size, struct str *ret);

/* Lends that many bytes and moves over them. */
struct str lexer_slice(struct lexer *l, size_t size);

#endif
