/*
 * opexpr: an operator and what it compares with.
 *
 *     opexpr = ["not."] op
 *     op     = "in.(" listitem { "," listitem } ")"
 *            | "is." ( null | not_null | true | false | unknown )         (any letter case)
 *            | ( eq | gt | gte | lt | lte | like | ilike | match | imatch ) ["(any)" | "(all)"] "." value
 *            | ( fts | plfts | phfts | wfts ) [ "(" language ")" ] "." value
 *            | ( isdistinct | neq | cs | cd | ov | sl | sr | nxr | nxl | adj ) "." value
 *
 * The value of a filter is the rest of the parameter, quotes and all; only in lists and in logic
 * are quotes taken off. What looks quoted and goes on behind the closing quote is not: c"d, "a"b.
 *
 * What looks quoted is read twice when it is none, but never three times: a quote that opens an item
 * closes the one that was looked at before.
 */
#include "handlers/table/parse_internal.h"

static const struct str operators[] = {
#define OPERATOR_TEXT(name, text) {text, sizeof(text) - 1},
    TREE_OPERATOR_LIST(OPERATOR_TEXT)
#undef OPERATOR_TEXT
};

static bool has_quantifier(enum tree_operator op)
{
    return op <= TREE_IMATCH && op != TREE_NEQ;
}

static bool has_language(enum tree_operator op)
{
    return op >= TREE_FTS;
}

/* --- values ------------------------------------------------------------------------------------- */

static bool is_at_item_end(char c)
{
    return c == ',' || c == ')' || c == '\0';
}

/* Is the next a quoted text, with nothing between it and the next item? */
static bool is_quoted_item(const struct lexer *l, size_t *ret_size)
{
    return lexer_is_quoted(l, ret_size) && is_at_item_end(lexer_peek(l, *ret_size));
}

/* chars except , and ) */
static struct str bare_item(struct lexer *l)
{
    size_t size = 0;

    while (!is_at_item_end(lexer_peek(l, size))) {
        size++;
    }
    return lexer_slice(l, size);
}

/* "{" no braces "}": the bytes of it that come next, or 0. */
static size_t braces_size(const struct lexer *l)
{
    size_t size = 1;

    if (lexer_peek(l, 0) != '{') {
        return 0;
    }
    while (lexer_peek(l, size) != '{' && lexer_peek(l, size) != '}') {
        if (lexer_peek(l, size) == '\0') {
            return 0;
        }
        size++;
    }
    return lexer_peek(l, size) == '}' ? size + 1 : 0;
}

static bool parse_item_text(struct lexer *l, struct str *ret)
{
    size_t size;

    if (is_quoted_item(l, &size)) {
        return lexer_unquote(l, size, ret);
    }
    *ret = bare_item(l);
    return true;
}

static bool parse_value(struct lexer *l, bool is_in_logic, struct tree_condition *ret)
{
    size_t braces;

    if (!lexer_need(l, ".", "delimiter (.)")) {
        return false;
    }
    if (!is_in_logic) {
        ret->value = lexer_slice(l, l->text.size - l->at);
        return true;
    }
    braces = braces_size(l);
    if (braces > 0) {
        ret->value = lexer_slice(l, braces);
        return true;
    }
    return parse_item_text(l, &ret->value);
}

/* --- operators of their own --------------------------------------------------------------------- */

static bool parse_list(struct lexer *l, struct tree_condition *ret)
{
    struct sequence list = {0};
    struct str item;

    if (!lexer_need(l, ".", "delimiter (.)")) {
        return false;
    }
    lexer_skip_blanks(l);
    if (!lexer_need(l, "(", "\"(\"")) {
        return false;
    }
    lexer_skip_blanks(l);
    if (!lexer_take(l, ")")) {
        do {
            if (!parse_item_text(l, &item) || !parse_add(l, &list, &item, sizeof(item))) {
                return false;
            }
        } while (lexer_take(l, ","));
        if (!lexer_need(l, ")", "\",\" or \")\"")) {
            return false;
        }
    }
    ret->list = list.items;
    ret->list_count = list.count;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The run of ASCII letters and "_" that comes next. */
static struct str take_letters(struct lexer *l)
{
    size_t size = 0;

    while (is_letter(lexer_peek(l, size))) {
        size++;
    }
    return lexer_slice(l, size);
}

static bool parse_is(struct lexer *l, struct tree_condition *ret)
{
    static const struct str texts[] = {
        [TREE_IS_NULL] = {"null", 4},       [TREE_IS_NOT_NULL] = {"not_null", 8},
        [TREE_IS_TRUE] = {"true", 4},       [TREE_IS_FALSE] = {"false", 5},
        [TREE_IS_UNKNOWN] = {"unknown", 7},
    };
    struct lexer ahead;
    struct str word;

    if (!lexer_need(l, ".", "delimiter (.)")) {
        return false;
    }
    ahead = *l;
    word = take_letters(&ahead);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        if (str_equal_nocase(word, texts[i])) {
            ret->is = (enum tree_is)i;
            *l = ahead;
            return true;
        }
    }
    return lexer_fail(l, "null, not_null, true, false or unknown");
}

/* [ "(any)" | "(all)" ] */
static bool parse_quantifier(struct lexer *l, struct tree_condition *ret)
{
    if (!lexer_take(l, "(")) {
        return true;
    }
    if (lexer_take(l, "any")) {
        ret->quantifier = TREE_ANY;
    } else if (lexer_take(l, "all")) {
        ret->quantifier = TREE_ALL;
    } else {
        return lexer_fail(l, "\"any\" or \"all\"");
    }
    return lexer_need(l, ")", "\")\"");
}

/* [ "(" language ")" ] */
static bool parse_language(struct lexer *l, struct tree_condition *ret)
{
    if (!lexer_take(l, "(")) {
        return true;
    }
    return lexer_identifier(l, &ret->language) && lexer_need(l, ")", "\")\"");
}

/* --- all of them -------------------------------------------------------------------------------- */

/* The operator that comes next, a whole word. */
static bool parse_operator(struct lexer *l, bool is_negated, enum tree_operator *ret)
{
    struct lexer before = *l;
    struct str word = lexer_word(l);

    for (size_t i = 0; i < ARRAY_LENGTH(operators); i++) {
        if (str_equal(word, operators[i])) {
            *ret = (enum tree_operator)i;
            return true;
        }
    }
    *l = before;
    (void)lexer_fail(l, is_negated ? "operator (eq, gt, ...)"
                                   : "\"not\" or operator (eq, gt, ...)"); /* always false */
    l->parse->complaint.word = word;
    return false;
}

bool parse_operation(struct lexer *l, bool is_in_logic, struct tree_condition *ret)
{
    ret->is_negated = lexer_take(l, "not.");
    if (!parse_operator(l, ret->is_negated, &ret->op)) {
        return false;
    }
    if (ret->op == TREE_IN) {
        return parse_list(l, ret);
    }
    if (ret->op == TREE_IS) {
        return parse_is(l, ret);
    }
    if (has_quantifier(ret->op) && !parse_quantifier(l, ret)) {
        return false;
    }
    if (has_language(ret->op) && !parse_language(l, ret)) {
        return false;
    }
    return parse_value(l, is_in_logic, ret);
}
