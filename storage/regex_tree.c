/* A parser by recursive descent; its depth is bounded by REGEX_DEPTH_MAX. */
#include "storage/regex_tree.h"

#include "storage/regex.h"

#define REPEAT_MAX 255 /* PostgreSQL's DUPMAX */

struct parser {
    struct arena *arena;
    struct str rest;
    unsigned depth;
    enum status status; /* of what failed; OK while nothing did */
    const char *reason;
};

static void *fail(struct parser *p, const char *reason)
{
    if (p->status == STATUS_OK) {
        p->status = STATUS_INVALID;
        p->reason = reason;
    }
    return NULL;
}

static void *take_memory(struct parser *p, size_t size)
{
    void *at = arena_alloc(p->arena, size);

    if (at == NULL && p->status == STATUS_OK) {
        p->status = STATUS_NOMEM;
    }
    return at;
}

static struct regex_node *make(struct parser *p, enum regex_kind kind)
{
    struct regex_node *node = take_memory(p, sizeof(*node));

    if (node != NULL) {
        *node = (struct regex_node){.kind = kind};
    }
    return node;
}

static bool starts_with(const struct parser *p, const char *text)
{
    size_t size = strlen(text);

    return p->rest.size >= size && memcmp(p->rest.at, text, size) == 0;
}

static bool take(struct parser *p, const char *text)
{
    size_t size = strlen(text);

    if (!starts_with(p, text)) {
        return false;
    }
    p->rest = (struct str){p->rest.at + size, p->rest.size - size};
    return true;
}

static bool is_digit(const struct parser *p)
{
    return p->rest.size > 0 && p->rest.at[0] >= '0' && p->rest.at[0] <= '9';
}

/* --- one character ------------------------------------------------------------------------- */

static struct regex_node *make_char(struct parser *p, uint32_t c)
{
    struct regex_node *node = make(p, REGEX_CHAR);

    if (node != NULL) {
        node->c = c;
    }
    return node;
}

static struct regex_node *make_place(struct parser *p, enum regex_place place)
{
    struct regex_node *node = make(p, REGEX_PLACE);

    if (node != NULL) {
        node->place = place;
    }
    return node;
}

static bool add_item(struct parser *p, struct regex_set *set, struct regex_item item)
{
    struct regex_item *own = take_memory(p, sizeof(*own));

    if (own == NULL) {
        return false;
    }
    *own = item;
    own->next = set->items;
    set->items = own;
    set->items_count++;
    return true;
}

static struct regex_set *make_set(struct parser *p)
{
    struct regex_set *set = take_memory(p, sizeof(*set));

    if (set != NULL) {
        *set = (struct regex_set){.items = NULL};
    }
    return set;
}

static struct regex_node *make_set_node(struct parser *p, const struct regex_set *set)
{
    struct regex_node *node = make(p, REGEX_SET);

    if (node != NULL) {
        node->set = set;
    }
    return node;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* min to max hexadecimal digits. */
static bool take_hex(struct parser *p, unsigned min, unsigned max, uint32_t *ret)
{
    uint32_t value = 0;
    unsigned count = 0;

    while (count < max && p->rest.size > 0 && hex_value(p->rest.at[0]) >= 0) {
        value = value << 4 | (uint32_t)hex_value(p->rest.at[0]);
        p->rest = (struct str){p->rest.at + 1, p->rest.size - 1};
        count++;
    }
    *ret = value;
    return count >= min && value <= 0x10FFFF;
}

/* Behind the backslash: the escapes that are one character. Return: false: it is none of them. */
static bool take_char_escape(struct parser *p, uint32_t *ret)
{
    static const char letters[] = "abBefnrtv";
    static const char values[] = "\a\b\\\033\f\n\r\t\v";
    const char *found;
    char c = p->rest.at[0];

    if (take(p, "u")) {
        return take_hex(p, 4, 4, ret) || fail(p, "invalid escape \\ sequence") != NULL;
    }
    if (take(p, "U")) {
        return take_hex(p, 8, 8, ret) || fail(p, "invalid escape \\ sequence") != NULL;
    }
    if (take(p, "x")) {
        return take_hex(p, 1, 8, ret) || fail(p, "invalid escape \\ sequence") != NULL;
    }
    if (take(p, "0")) {
        *ret = 0;
        return true;
    }
    found = strchr(letters, c);
    if (found != NULL && c != '\0') {
        p->rest = (struct str){p->rest.at + 1, p->rest.size - 1};
        *ret = (unsigned char)values[found - letters];
        return true;
    }
    if (c == '_' || !letters_is((unsigned char)c, LETTERS_ALNUM)) {
        *ret = letters_next(&p->rest);
        return true;
    }
    return false;
}

/* Behind the backslash: \d \s \w, and in capitals all but these. */
static bool take_class_escape(struct parser *p, struct regex_item *ret)
{
    static const struct {
        const char *letter;
        enum letters_class class;
        bool is_negated;
    } escapes[] = {
        {"d", LETTERS_DIGIT, false}, {"s", LETTERS_SPACE, false}, {"w", LETTERS_WORD, false},
        {"D", LETTERS_DIGIT, true},  {"S", LETTERS_SPACE, true},  {"W", LETTERS_WORD, true},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(escapes); i++) {
        if (take(p, escapes[i].letter)) {
            *ret = (struct regex_item){
                .is_class = true, .class = escapes[i].class, .is_negated = escapes[i].is_negated};
            return true;
        }
    }
    return false;
}

static struct regex_node *parse_escape(struct parser *p)
{
    static const struct {
        const char *letter;
        enum regex_place place;
    } places[] = {
        {"A", REGEX_PLACE_START},    {"Z", REGEX_PLACE_END},       {"m", REGEX_PLACE_WORD_START},
        {"M", REGEX_PLACE_WORD_END}, {"y", REGEX_PLACE_WORD_EDGE}, {"Y", REGEX_PLACE_NO_EDGE},
    };
    struct regex_item item;
    uint32_t c;

    if (p->rest.size == 0) {
        return fail(p, "invalid escape \\ sequence");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        if (take(p, places[i].letter)) {
            return make_place(p, places[i].place);
        }
    }
    if (take_class_escape(p, &item)) {
        struct regex_set *set = make_set(p);
        return set != NULL && add_item(p, set, item) ? make_set_node(p, set) : NULL;
    }
    if (p->rest.at[0] >= '1' && p->rest.at[0] <= '9') {
        return fail(p, "back-references are not supported");
    }
    if (take_char_escape(p, &c)) {
        return make_char(p, c);
    }
    return fail(p, "invalid escape \\ sequence");
}

/* --- brackets ------------------------------------------------------------------------------ */

/* What stands between "[:" and ":]", for example. Takes both. */
static bool take_named(struct parser *p, const char *open, const char *close, struct str *ret)
{
    const char *end;

    if (!take(p, open)) {
        return false;
    }
    end = memmem(p->rest.at, p->rest.size, close, strlen(close));
    if (end == NULL) {
        (void)fail(p, "brackets [] not balanced");
        return false;
    }
    *ret = (struct str){p->rest.at, (size_t)(end - p->rest.at)};
    p->rest = (struct str){end + strlen(close), p->rest.size - ret->size - strlen(close)};
    return true;
}

/* An end of a range, or a character alone. */
static bool take_element(struct parser *p, uint32_t *ret)
{
    struct str name;

    if (p->rest.size == 0) {
        return fail(p, "brackets [] not balanced") != NULL;
    }
    if (take_named(p, "[.", ".]", &name) ||
        (p->status == STATUS_OK && take_named(p, "[=", "=]", &name))) {
        if (name.size > 0) {
            *ret = letters_next(&name);
            return name.size == 0 || fail(p, "invalid collating element") != NULL;
        }
        return fail(p, "invalid collating element") != NULL;
    }
    if (p->status != STATUS_OK) {
        return false;
    }
    if (take(p, "\\")) {
        return (p->rest.size > 0 && take_char_escape(p, ret)) ||
               fail(p, "invalid escape \\ sequence") != NULL;
    }
    *ret = letters_next(&p->rest);
    return true;
}

static bool take_range(struct parser *p, struct regex_item *ret)
{
    uint32_t first;
    uint32_t last;

    if (!take_element(p, &first)) {
        return false;
    }
    last = first;
    if (starts_with(p, "-") && !starts_with(p, "-]")) {
        (void)take(p, "-"); /* it is there */
        if (!take_element(p, &last)) {
            return false;
        }
        if (last < first) {
            return fail(p, "invalid character range") != NULL;
        }
    }
    *ret = (struct regex_item){.first = first, .last = last};
    return true;
}

/* Whatever an item of a set may be. */
static bool take_item(struct parser *p, struct regex_item *ret)
{
    struct str name;

    if (take_named(p, "[:", ":]", &name)) {
        enum letters_class class;

        if (!letters_class_of(name, &class)) {
            return fail(p, "invalid character class") != NULL;
        }
        *ret = (struct regex_item){.is_class = true, .class = class};
        return true;
    }
    if (p->status != STATUS_OK) {
        return false;
    }
    if (starts_with(p, "\\") && p->rest.size > 1 && strchr("dswDSW", p->rest.at[1]) != NULL &&
        p->rest.at[1] != '\0') {
        (void)take(p, "\\"); /* it is there */
        return take_class_escape(p, ret);
    }
    return take_range(p, ret);
}

/* Behind the [. */
static struct regex_node *parse_brackets(struct parser *p)
{
    struct regex_set *set = make_set(p);
    bool is_first = true;

    if (set == NULL) {
        return NULL;
    }
    if (take(p, "[:<:]]")) {
        return make_place(p, REGEX_PLACE_WORD_START);
    }
    if (take(p, "[:>:]]")) {
        return make_place(p, REGEX_PLACE_WORD_END);
    }
    set->is_negated = take(p, "^");
    while (is_first || !take(p, "]")) {
        struct regex_item item;

        is_first = false;
        if (!take_item(p, &item) || !add_item(p, set, item)) {
            return NULL;
        }
    }
    return make_set_node(p, set);
}

/* --- what atoms make up -------------------------------------------------------------------- */

static struct regex_node *parse_alternatives(struct parser *p);

/* Behind the (. */
static struct regex_node *parse_group(struct parser *p)
{
    struct regex_node *node;

    if (starts_with(p, "?") && !take(p, "?:")) {
        return fail(p, "lookahead, lookbehind and embedded options are not supported");
    }
    if (p->depth == REGEX_DEPTH_MAX) {
        return fail(p, "regular expression is too complex");
    }
    p->depth++;
    node = parse_alternatives(p);
    p->depth--;
    if (node != NULL && !take(p, ")")) {
        return fail(p, "parentheses () not balanced");
    }
    return node;
}

static bool starts_repeat(const struct parser *p)
{
    return starts_with(p, "*") || starts_with(p, "+") || starts_with(p, "?") ||
           (p->rest.size > 1 && p->rest.at[0] == '{' && p->rest.at[1] >= '0' &&
            p->rest.at[1] <= '9');
}

static struct regex_node *parse_atom(struct parser *p)
{
    if (starts_repeat(p)) {
        return fail(p, "quantifier operand invalid");
    }
    if (take(p, "(")) {
        return parse_group(p);
    }
    if (take(p, "[")) {
        return parse_brackets(p);
    }
    if (take(p, "\\")) {
        return parse_escape(p);
    }
    if (take(p, ".")) {
        return make(p, REGEX_ANY);
    }
    if (take(p, "^")) {
        return make_place(p, REGEX_PLACE_START);
    }
    if (take(p, "$")) {
        return make_place(p, REGEX_PLACE_END);
    }
    return make_char(p, letters_next(&p->rest));
}

static bool take_count(struct parser *p, int *ret)
{
    int count = 0;

    while (is_digit(p)) {
        count = count * 10 + (p->rest.at[0] - '0');
        p->rest = (struct str){p->rest.at + 1, p->rest.size - 1};
        if (count > REPEAT_MAX) {
            return fail(p, "invalid repetition count(s)") != NULL;
        }
    }
    *ret = count;
    return true;
}

/* {m} {m,} {m,n}, behind the brace. */
static bool take_bounds(struct parser *p, int *ret_min, int *ret_max)
{
    if (!take_count(p, ret_min)) {
        return false;
    }
    *ret_max = *ret_min;
    if (take(p, ",")) {
        *ret_max = REGEX_UNBOUNDED;
        if (is_digit(p) && !take_count(p, ret_max)) {
            return false;
        }
    }
    if (!take(p, "}")) {
        return fail(p, "braces {} not balanced") != NULL;
    }
    if (*ret_max != REGEX_UNBOUNDED && *ret_max < *ret_min) {
        return fail(p, "invalid repetition count(s)") != NULL;
    }
    return true;
}

static struct regex_node *parse_repeat(struct parser *p, struct regex_node *atom)
{
    struct regex_node *node;
    int min = 0;
    int max = REGEX_UNBOUNDED;

    if (!starts_repeat(p)) {
        return atom;
    }
    if (atom->kind == REGEX_PLACE) {
        return fail(p, "quantifier operand invalid");
    }
    if (take(p, "+")) {
        min = 1;
    } else if (take(p, "?")) {
        max = 1;
    } else if (!take(p, "*")) {
        (void)take(p, "{"); /* it is there */
        if (!take_bounds(p, &min, &max)) {
            return NULL;
        }
    }
    (void)take(p, "?"); /* non-greedy: finds the same texts */
    if (starts_repeat(p)) {
        return fail(p, "quantifier operand invalid");
    }
    node = make(p, REGEX_REPEAT);
    if (node != NULL) {
        node->child = atom;
        node->min = min;
        node->max = max;
    }
    return node;
}

static struct regex_node *parse_sequence(struct parser *p)
{
    struct regex_node *sequence = make(p, REGEX_SEQUENCE);
    struct regex_node **end;

    if (sequence == NULL) {
        return NULL;
    }
    end = &sequence->child;
    while (p->rest.size > 0 && !starts_with(p, "|") && !starts_with(p, ")")) {
        struct regex_node *node = parse_atom(p);

        if (node != NULL) {
            node = parse_repeat(p, node);
        }
        if (node == NULL) {
            return NULL;
        }
        *end = node;
        end = &node->next;
    }
    return sequence;
}

static struct regex_node *parse_alternatives(struct parser *p)
{
    struct regex_node *alternatives = make(p, REGEX_ALTERNATIVE);
    struct regex_node **end;

    if (alternatives == NULL) {
        return NULL;
    }
    end = &alternatives->child;
    do {
        *end = parse_sequence(p);
        if (*end == NULL) {
            return NULL;
        }
        end = &(*end)->next;
    } while (take(p, "|"));
    return alternatives;
}

/* ***= makes all that follows literal. */
static struct regex_node *parse_literal(struct parser *p)
{
    struct regex_node *sequence = make(p, REGEX_SEQUENCE);
    struct regex_node **end = sequence == NULL ? NULL : &sequence->child;

    while (sequence != NULL && p->rest.size > 0) {
        *end = make_char(p, letters_next(&p->rest));
        if (*end == NULL) {
            return NULL;
        }
        end = &(*end)->next;
    }
    return sequence;
}

static struct regex_node *parse_whole(struct parser *p, bool *ret_ignores_case)
{
    struct regex_node *node;

    if (take(p, "***=")) {
        return parse_literal(p);
    }
    (void)take(p, "***:"); /* "advanced", which this is anyway */
    if (take(p, "(?i)")) {
        *ret_ignores_case = true;
    } else if (take(p, "(?c)")) {
        *ret_ignores_case = false;
    }
    node = parse_alternatives(p);
    if (node != NULL && p->rest.size > 0) {
        return fail(p, "parentheses () not balanced");
    }
    return node;
}

enum status regex_parse(struct arena *arena, struct str pattern, bool *ret_ignores_case,
                        struct regex_node **ret, const char **ret_reason)
{
    struct parser p = {.arena = arena, .rest = pattern};
    struct regex_node *node = parse_whole(&p, ret_ignores_case);

    if (p.status != STATUS_OK) {
        *ret_reason = p.reason;
        return p.status;
    }
    *ret = node;
    return STATUS_OK;
}
