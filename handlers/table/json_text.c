#include "handlers/table/json_text.h"

#include <string.h>

/* --- tokens ------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_word(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (c & 0x80) != 0;
}

/* Skip digits from i on. Return: the place behind them. */
static size_t skip_digits(struct str s, size_t i)
{
    while (i < s.size && is_digit(s.at[i])) {
        i++;
    }
    return i;
}

/* The size of the number that s begins with; 0: there is none. */
static size_t number_size(struct str s)
{
    size_t i = s.at[0] == '-' ? 1 : 0;
    size_t end = skip_digits(s, i);

    if (end == i || (s.at[i] == '0' && end > i + 1)) {
        return 0;
    }
    i = end;
    if (i < s.size && s.at[i] == '.') {
        end = skip_digits(s, i + 1);
        if (end == i + 1) {
            return 0;
        }
        i = end;
    }
    if (i < s.size && (s.at[i] | 0x20) == 'e') {
        i++;
        if (i < s.size && (s.at[i] == '-' || s.at[i] == '+')) {
            i++;
        }
        end = skip_digits(s, i);
        if (end == i) {
            return 0;
        }
        i = end;
    }
    return i;
}

/* The size of the escape that s begins with, behind its backslash; 0: there is none. */
static size_t escape_size(struct str s)
{
    if (s.size == 0 || s.at[0] == '\0' || strchr("\"\\/bfnrtu", s.at[0]) == NULL) {
        return 0;
    }
    if (s.at[0] != 'u') {
        return 1;
    }
    for (size_t i = 1; i <= 4; i++) {
        if (i >= s.size || !is_hex(s.at[i])) {
            return 0;
        }
    }
    return 5;
}

/* The size of the string that s begins with, quotes included; 0: it is not one, or has no end. */
static size_t string_size(struct str s)
{
    for (size_t i = 1; i < s.size; i++) {
        if (s.at[i] == '"') {
            return i + 1;
        }
        if ((unsigned char)s.at[i] < 0x20) {
            return 0;
        }
        if (s.at[i] == '\\') {
            size_t size = escape_size((struct str){s.at + i + 1, s.size - i - 1});
            if (size == 0) {
                return 0;
            }
            i += size;
        }
    }
    return 0;
}

static size_t word_size(struct str s)
{
    size_t i = 0;

    while (i < s.size && is_word(s.at[i])) {
        i++;
    }
    return i;
}

struct token {
    char kind; /* a punctuator itself, '"', '0' (a number), 'w' (true, false, null), '?', 0: end */
    struct str text;
};

static bool is_literal_name(struct str word)
{
    return str_equal(word, STR("true")) || str_equal(word, STR("false")) ||
           str_equal(word, STR("null"));
}

/* The token that s (not empty, no blank first) begins with. */
static struct token token_of(struct str s)
{
    size_t size;

    if (strchr("{}[]:,", s.at[0]) != NULL && s.at[0] != '\0') {
        return (struct token){s.at[0], {s.at, 1}};
    }
    if (s.at[0] == '"') {
        size = string_size(s);
        return size > 0 ? (struct token){'"', {s.at, size}} : (struct token){'?', s};
    }
    size = s.at[0] == '-' || is_digit(s.at[0]) ? number_size(s) : 0;
    if (size > 0 && (size == s.size || !is_word(s.at[size]))) {
        return (struct token){'0', {s.at, size}};
    }
    size = word_size(s);
    if (size > 0 && is_literal_name((struct str){s.at, size})) {
        return (struct token){'w', {s.at, size}};
    }
    return (struct token){'?', {s.at, size > 0 ? size : 1}};
}

static struct token next_token(struct str *left)
{
    struct token token = {0, {left->at, 0}};

    while (left->size > 0 && is_blank(left->at[0])) {
        left->at++;
        left->size--;
    }
    if (left->size > 0) {
        token = token_of(*left);
        left->at += token.text.size;
        left->size -= token.text.size;
    }
    return token;
}

/* --- grammar ------------------------------------------------------------------------------------ */

enum awaited {
    AWAIT_VALUE,
    AWAIT_ELEMENT, /* or the end of an array that has none yet */
    AWAIT_MEMBER,  /* or the end of an object that has none yet */
    AWAIT_NAME,
    AWAIT_COLON,
    AWAIT_MORE, /* or the end of what we are in */
    AWAIT_END,
};

struct reading {
    enum awaited awaited;
    unsigned depth;
    char open[JSON_TEXT_DEPTH_MAX]; /* '[' or '{' */
};

static bool is_in_object(const struct reading *r)
{
    return r->depth > 0 && r->open[r->depth - 1] == '{';
}

static const char *expected(const struct reading *r)
{
    static const char *const texts[] = {
        [AWAIT_VALUE] = "JSON value",
        [AWAIT_ELEMENT] = "array element or \"]\"",
        [AWAIT_MEMBER] = "string or \"}\"",
        [AWAIT_NAME] = "string",
        [AWAIT_COLON] = "\":\"",
        [AWAIT_MORE] = "\",\" or \"]\"",
        [AWAIT_END] = "end of input",
    };

    return r->awaited == AWAIT_MORE && is_in_object(r) ? "\",\" or \"}\"" : texts[r->awaited];
}

static void have_value(struct reading *r)
{
    r->awaited = r->depth == 0 ? AWAIT_END : AWAIT_MORE;
}

/* Go into an array or object; the caller has checked the depth. */
static void go_in(struct reading *r, char kind)
{
    r->open[r->depth++] = kind;
    r->awaited = kind == '[' ? AWAIT_ELEMENT : AWAIT_MEMBER;
}

static bool take_value(struct reading *r, char kind)
{
    if (kind == '"' || kind == '0' || kind == 'w') {
        have_value(r);
        return true;
    }
    if (kind == '[' || kind == '{') {
        go_in(r, kind);
        return true;
    }
    return false;
}

static bool take_close(struct reading *r, char kind)
{
    if (r->depth == 0 || kind != (is_in_object(r) ? '}' : ']')) {
        return false;
    }
    r->depth--;
    have_value(r);
    return true;
}

static bool take_exactly(struct reading *r, char kind, char wanted, enum awaited next)
{
    if (kind != wanted) {
        return false;
    }
    r->awaited = next;
    return true;
}

/* Is a token of that kind what may come now? Then it has come. */
static bool take(struct reading *r, char kind)
{
    switch (r->awaited) {
    case AWAIT_VALUE:
        return take_value(r, kind);
    case AWAIT_ELEMENT:
        return take_close(r, kind) || take_value(r, kind);
    case AWAIT_MEMBER:
        return take_close(r, kind) || take_exactly(r, kind, '"', AWAIT_COLON);
    case AWAIT_NAME:
        return take_exactly(r, kind, '"', AWAIT_COLON);
    case AWAIT_COLON:
        return take_exactly(r, kind, ':', AWAIT_VALUE);
    case AWAIT_MORE:
        return take_close(r, kind) ||
               take_exactly(r, kind, ',', is_in_object(r) ? AWAIT_NAME : AWAIT_VALUE);
    case AWAIT_END:
        return kind == 0;
    }
    return false;
}

bool json_text_minify(struct str text, char *out, size_t *ret_size,
                      struct json_text_problem *ret_problem)
{
    struct reading r = {.awaited = AWAIT_VALUE};
    size_t size = 0;

    for (;;) {
        struct token token = next_token(&text);
        bool is_deeper = token.kind == '[' || token.kind == '{';
        if (is_deeper && r.depth == JSON_TEXT_DEPTH_MAX) {
            *ret_problem = (struct json_text_problem){.is_too_deep = true, .found = token.text};
            return false;
        }
        if (!take(&r, token.kind)) {
            *ret_problem = (struct json_text_problem){
                .expected = token.kind == '?' ? NULL : expected(&r), .found = token.text};
            return false;
        }
        if (token.kind == 0) {
            *ret_size = size;
            return true;
        }
        memcpy(out + size, token.text.at, token.text.size);
        size += token.text.size;
    }
}

/* --- taking apart ------------------------------------------------------------------------------- */

bool json_text_next_value(struct str *rest, struct str *ret)
{
    unsigned depth = 0;

    if (rest->size > 0 && rest->at[0] == ',') {
        rest->at++;
        rest->size--;
    }
    if (rest->size == 0) {
        return false;
    }
    ret->at = rest->at;
    do {
        char kind = next_token(rest).kind;

        depth += kind == '[' || kind == '{';
        depth -= kind == ']' || kind == '}';
    } while (depth > 0);
    ret->size = (size_t)(rest->at - ret->at);
    return true;
}

bool json_text_next_member(struct str *rest, struct str *ret_name, struct str *ret_value)
{
    if (!json_text_next_value(rest, ret_name)) {
        return false;
    }
    (void)next_token(rest); /* the colon */
    return json_text_next_value(rest, ret_value);
}
