/*
 * The productions of the grammar, one file each; only parse*.c sees this.
 *
 * Each reads from where the lexer stands and gives what it read, in the parse's arena. False: it
 * has complained, and *ret is of no use.
 */
#ifndef GANTRY_HANDLERS_TABLE_PARSE_INTERNAL_H
#define GANTRY_HANDLERS_TABLE_PARSE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "handlers/table/fault.h"
#include "handlers/table/lexer.h"
#include "handlers/table/sequence.h"
#include "handlers/table/tree.h"

/* {jsonstep} of a field whose name has been read. */
NODISCARD bool parse_steps(struct lexer *l, struct tree_field *field);

/* name {jsonstep}, blanks around allowed. */
NODISCARD bool parse_field(struct lexer *l, struct tree_field *ret);

/* name { "," name }, all of the text. */
NODISCARD bool parse_names(struct lexer *l, struct sequence *ret);

/* select, all of the text. */
NODISCARD bool parse_select(struct lexer *l, struct sequence *ret);

/* order, all of the text. */
NODISCARD bool parse_order(struct lexer *l, struct sequence *ret);

/*
 * opexpr: fills everything of *ret but kind and field. In logic a value may be quoted and ends
 * before "," and ")"; else it is the rest of the text, and nothing is left of that.
 */
NODISCARD bool parse_operation(struct lexer *l, bool is_in_logic, struct tree_condition *ret);

/* logic of an "and" or "or", all of the text. ret->kind and ret->is_negated are the caller's. */
NODISCARD bool parse_logic(struct lexer *l, struct tree_condition *ret);

/* path name: *ret holds the names (struct str); *ret_is_quoted is about the last one. */
NODISCARD bool parse_path(struct lexer *l, struct sequence *ret, bool *ret_is_quoted);

/* One item, counted as a node. */
NODISCARD bool parse_add(struct lexer *l, struct sequence *s, const void *item, size_t size);

/* Put the complaint into words: always false. */
bool parse_complain(const struct parse *parse, struct fault *fault);

#endif
