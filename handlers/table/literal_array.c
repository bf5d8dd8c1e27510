/* PostgreSQL's array literals: {a,"b c",NULL}. */
#include "handlers/table/literal.h"

struct splitting {
    struct str whole;
    struct str left;
    struct arena *arena;
    struct fault *fault;
    char
        *out; /* where the next item's characters go: all of them together are fewer than whole's */
    struct str *items;
    size_t count;
};

static bool refuse(const struct splitting *s, const char *details)
{
    (void)fault_set(s->fault, s->arena, 400, "22P02", "malformed array literal: \"%.*s\"",
                    (int)s->whole.size, s->whole.at); /* false, as below */
    fault_details(s->fault, s->arena, "%s", details);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip(struct splitting *s, size_t n)
{
    s->left.at += n;
    s->left.size -= n;
}

static void skip_blanks(struct splitting *s)
{
    while (s->left.size > 0 && is_blank(s->left.at[0])) {
        skip(s, 1);
    }
}

/* The next character, 0 at the end. */
static char peek(const struct splitting *s)
{
    return s->left.size > 0 ? s->left.at[0] : '\0';
}

/* Why an item cannot go on with c, or NULL. */
static const char *objection(char c, bool is_quoted)
{
    if (is_quoted || (c != '{' && c != '"')) {
        return NULL;
    }
    return c == '{' ? "Unexpected \"{\" character." : "Incorrectly quoted array element.";
}

static bool is_end(char c, bool is_quoted)
{
    return is_quoted ? c == '"' : c == ',' || c == '}';
}

/*
 * Read an item up to what ends it: a quote, or for a bare one the punctuation behind it. A backslash
 * makes the next character an ordinary one. *ret_has_escape: there was one.
 */
static bool read_text(struct splitting *s, bool is_quoted, struct str *ret, bool *ret_has_escape)
{
    char *start = s->out;
    char *end = s->out; /* blanks behind it are trimmed: quoted and escaped ones stay */

    *ret_has_escape = false;
    while (s->left.size > 0 && !is_end(peek(s), is_quoted)) {
        bool is_escaped = peek(s) == '\\';
        const char *why = objection(peek(s), is_quoted);
        if (why != NULL) {
            return refuse(s, why);
        }
        if (is_escaped) {
            *ret_has_escape = true;
            skip(s, 1);
        }
        if (s->left.size == 0) {
            break;
        }
        *s->out++ = peek(s);
        if (is_quoted || is_escaped || !is_blank(peek(s))) {
            end = s->out;
        }
        skip(s, 1);
    }
    if (s->left.size == 0) {
        return refuse(s, "Unexpected end of input.");
    }
    *ret = (struct str){start, (size_t)(end - start)};
    return true;
}

static bool read_item(struct splitting *s)
{
    struct str item = {NULL, 0};
    bool is_quoted = peek(s) == '"';
    bool has_escape;

    if (peek(s) == '{') {
        return refuse(s, "Arrays in arrays are not understood here.");
    }
    if (peek(s) == ',' || peek(s) == '}') {
        return refuse(s, peek(s) == ',' ? "Unexpected \",\" character."
                                        : "Unexpected \"}\" character.");
    }
    if (is_quoted) {
        skip(s, 1);
    }
    if (!read_text(s, is_quoted, &item, &has_escape)) {
        return false;
    }
    if (is_quoted) {
        skip(s, 1);
        skip_blanks(s);
    } else if (!has_escape && str_equal_nocase(item, STR("null"))) {
        item = (struct str){NULL, 0};
    }
    s->items[s->count++] = item;
    return true;
}

static bool read_items(struct splitting *s)
{
    skip_blanks(s);
    if (peek(s) == '}') {
        skip(s, 1);
        return true;
    }
    for (;;) {
        char end;
        skip_blanks(s);
        if (!read_item(s)) {
            return false;
        }
        end = peek(s);
        if (end != ',' && end != '}') {
            return refuse(s, s->left.size == 0 ? "Unexpected end of input."
                                               : "Incorrectly quoted array element.");
        }
        skip(s, 1);
        if (end == '}') {
            return true;
        }
    }
}

static size_t count_commas(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.size; i++) {
        n += text.at[i] == ',';
    }
    return n;
}

bool literal_array(struct str text, struct arena *arena, struct literal_items *ret,
                   struct fault *fault)
{
    struct splitting s = {.whole = text, .left = text, .arena = arena, .fault = fault};

    skip_blanks(&s);
    if (peek(&s) != '{') {
        return refuse(&s, "Array value must start with \"{\" or dimension information.");
    }
    skip(&s, 1);
    s.items = arena_alloc(arena, (count_commas(text) + 1) * sizeof(*s.items));
    s.out = arena_alloc(arena, text.size);
    if (s.items == NULL || s.out == NULL) {
        return fault_no_memory(fault);
    }
    if (!read_items(&s)) {
        return false;
    }
    skip_blanks(&s);
    if (s.left.size > 0) {
        return refuse(&s, "Junk after closing right brace.");
    }
    *ret = (struct literal_items){s.items, s.count};
    return true;
}
