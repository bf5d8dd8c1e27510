/* Parsers of the ways to write a full-text query, which make one tree. */
#include "base/mem.h"
#include "storage/tsquery_tree.h"

#define ARENA_MAX    ((size_t)1024 * 1024)
#define DISTANCE_MAX 16384 /* PostgreSQL's */

bool tsquery_is_empty(const struct tsquery *query)
{
    return query->root == NULL;
}

void tsquery_destroy(struct tsquery *query)
{
    if (query != NULL) {
        arena_fini(&query->arena);
        mem_free(query);
    }
}

/* --- the tree ------------------------------------------------------------------------------ */

struct parser {
    struct tsquery *query;
    struct str rest;
    unsigned depth;
    enum status status; /* of what failed; OK while nothing did */
    const char *reason;
};

static struct node *fail(struct parser *p, enum status status, const char *reason)
{
    if (p->status == STATUS_OK) {
        p->status = status;
        p->reason = reason;
    }
    return NULL;
}

static struct node *make(struct parser *p, struct node node)
{
    struct node *own = arena_alloc(&p->query->arena, sizeof(*own));

    if (own == NULL) {
        return fail(p, STATUS_NOMEM, "");
    }
    *own = node;
    return own;
}

/* What says nothing is left out: NULL. */
static struct node *join(struct parser *p, enum node_kind kind, struct node *left,
                         struct node *right)
{
    if (left == NULL || right == NULL) {
        return left == NULL ? right : left;
    }
    return make(p, (struct node){.kind = kind, .left = left, .right = right});
}

static struct node *negate(struct parser *p, struct node *node)
{
    return node == NULL ? NULL : make(p, (struct node){.kind = NODE_NOT, .left = node});
}

/* a <-> (b <-> c) is (a <-> b) <-> c: then a phrase's place is that of its last word. */
static struct node *follow(struct parser *p, struct node *left, struct node *right,
                           unsigned distance)
{
    if (left == NULL || right == NULL) {
        return left == NULL ? right : left;
    }
    if (right->kind == NODE_PHRASE) {
        left = follow(p, left, right->left, distance);
        distance = right->distance;
        right = right->right;
    }
    if (left == NULL) {
        return NULL;
    }
    p->query->has_phrases = true;
    return make(
        p, (struct node){.kind = NODE_PHRASE, .left = left, .right = right, .distance = distance});
}

static struct str copy(struct parser *p, struct str text)
{
    char *at = arena_copy(&p->query->arena, text);

    if (at == NULL) {
        (void)fail(p, STATUS_NOMEM, "");
        return (struct str){"", 0};
    }
    return (struct str){at, text.size};
}

static struct node *make_word(struct parser *p, const struct words *w, bool is_prefix)
{
    struct tsquery *query = p->query;
    unsigned place = query->words_count;

    if (place == TSQUERY_WORDS_MAX) {
        return fail(p, STATUS_TOO_BIG, "too many words");
    }
    query->words[place] = (struct query_word){.word = copy(p, (struct str){w->word, w->size}),
                                              .raw = copy(p, w->raw),
                                              .is_prefix = is_prefix};
    query->words_count++;
    return make(p, (struct node){.kind = NODE_WORD, .place = place});
}

/* The words of a piece of text, all of them (AND) or as a phrase. */
static struct node *make_words(struct parser *p, struct str text, enum node_kind kind,
                               bool is_prefix)
{
    struct words w = {.rest = text};
    struct node *all = NULL;
    unsigned distance = 0; /* from the last word that says something */

    while (words_next(&w) && p->status == STATUS_OK) {
        struct node *word;

        distance++;
        if (!words_normalize(&w, p->query->language)) {
            continue;
        }
        word = make_word(p, &w, is_prefix);
        all = kind == NODE_PHRASE ? follow(p, all, word, distance) : join(p, kind, all, word);
        distance = 0;
    }
    return all;
}

/* --- to_tsquery ---------------------------------------------------------------------------- */

static const char syntax_error[] = "syntax error in tsquery";
static const char no_operand[] = "no operand in tsquery";

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip(struct parser *p, size_t size)
{
    p->rest = (struct str){p->rest.at + size, p->rest.size - size};
}

static void skip_blanks(struct parser *p)
{
    while (p->rest.size > 0 && is_blank(p->rest.at[0])) {
        skip(p, 1);
    }
}

static bool take(struct parser *p, char c)
{
    skip_blanks(p);
    if (p->rest.size == 0 || p->rest.at[0] != c) {
        return false;
    }
    skip(p, 1);
    return true;
}

/* An operand's characters into a buffer, without quotes and backslashes. */
static bool take_operand(struct parser *p, struct buf *text)
{
    bool is_quoted = take(p, '\'');
    bool is_closed = !is_quoted;

    while (p->rest.size > 0) {
        char c = p->rest.at[0];

        if (is_quoted ? c == '\'' : is_blank(c) || strchr("&|!()<:", c) != NULL) {
            if (!is_quoted) {
                break;
            }
            skip(p, 1);
            is_closed = p->rest.size == 0 || p->rest.at[0] != '\''; /* '' is a quote */
            if (is_closed) {
                break;
            }
        } else if (c == '\\' && p->rest.size > 1) {
            skip(p, 1);
        }
        buf_append_char(text, p->rest.at[0]);
        skip(p, 1);
    }
    return is_closed && (is_quoted || text->size > 0);
}

/* ":*", and weights, which nothing here has. */
static bool take_flags(struct parser *p, bool *ret_is_prefix)
{
    size_t size = 0;

    *ret_is_prefix = false;
    if (p->rest.size == 0 || p->rest.at[0] != ':') {
        return true;
    }
    skip(p, 1);
    while (p->rest.size > 0 && p->rest.at[0] != '\0' &&
           strchr("*abcdABCD", p->rest.at[0]) != NULL) {
        *ret_is_prefix = *ret_is_prefix || p->rest.at[0] == '*';
        skip(p, 1);
        size++;
    }
    return size > 0;
}

static struct node *parse_word(struct parser *p)
{
    struct buf text;
    struct node *node = NULL;
    bool is_prefix;

    bool is_word;

    buf_init(&text, p->rest.size);
    is_word = take_operand(p, &text) && take_flags(p, &is_prefix);
    if (buf_status(&text) != STATUS_OK) {
        (void)fail(p, STATUS_NOMEM, "");
    } else if (!is_word) {
        (void)fail(p, STATUS_INVALID, syntax_error);
    } else {
        node = make_words(p, buf_str(&text), NODE_PHRASE, is_prefix);
    }
    buf_fini(&text);
    return node;
}

static struct node *parse_or(struct parser *p);

static struct node *parse_operand(struct parser *p)
{
    bool is_negated = false;
    struct node *node;

    while (take(p, '!')) {
        is_negated = !is_negated;
    }
    skip_blanks(p);
    if (p->rest.size == 0) {
        return fail(p, STATUS_INVALID, no_operand);
    }
    if (take(p, '(')) {
        if (p->depth == TSQUERY_DEPTH_MAX) {
            return fail(p, STATUS_TOO_BIG, "too many parentheses");
        }
        p->depth++;
        node = parse_or(p);
        p->depth--;
        if (!take(p, ')')) {
            return fail(p, STATUS_INVALID, syntax_error);
        }
    } else {
        node = parse_word(p);
    }
    return is_negated ? negate(p, node) : node;
}

/* <-> or <N>, if it comes next. */
static bool take_distance(struct parser *p, unsigned *ret)
{
    unsigned distance = 0;
    size_t digits = 0;

    if (!take(p, '<')) {
        return false;
    }
    if (p->rest.size > 0 && p->rest.at[0] == '-') {
        skip(p, 1);
        distance = 1;
    } else {
        for (; p->rest.size > 0 && p->rest.at[0] >= '0' && p->rest.at[0] <= '9'; digits++) {
            if (distance <= DISTANCE_MAX) {
                distance = distance * 10 + (unsigned)(p->rest.at[0] - '0');
            }
            skip(p, 1);
        }
        if (digits == 0) {
            return fail(p, STATUS_INVALID, syntax_error) != NULL;
        }
    }
    if (p->rest.size == 0 || p->rest.at[0] != '>' || distance > DISTANCE_MAX) {
        return fail(p, STATUS_INVALID, syntax_error) != NULL;
    }
    skip(p, 1);
    *ret = distance;
    return true;
}

static struct node *parse_phrase(struct parser *p)
{
    struct node *node = parse_operand(p);
    unsigned distance;

    while (p->status == STATUS_OK && take_distance(p, &distance)) {
        node = follow(p, node, parse_operand(p), distance);
    }
    return node;
}

static struct node *parse_and(struct parser *p)
{
    struct node *node = parse_phrase(p);

    while (p->status == STATUS_OK && take(p, '&')) {
        node = join(p, NODE_AND, node, parse_phrase(p));
    }
    return node;
}

static struct node *parse_or(struct parser *p)
{
    struct node *node = parse_and(p);

    while (p->status == STATUS_OK && take(p, '|')) {
        node = join(p, NODE_OR, node, parse_and(p));
    }
    return node;
}

static struct node *parse_fts(struct parser *p)
{
    struct node *node;

    skip_blanks(p);
    if (p->rest.size == 0) {
        return NULL;
    }
    node = parse_or(p);
    skip_blanks(p);
    if (p->rest.size > 0) {
        return fail(p, STATUS_INVALID, syntax_error);
    }
    return node;
}

/* --- websearch_to_tsquery ------------------------------------------------------------------ */

/* A phrase in quotes, or what stands there up to the next blank or quote. */
static struct node *parse_web_operand(struct parser *p)
{
    bool is_quoted = take(p, '"');
    struct node *node;
    size_t size = 0;

    while (size < p->rest.size &&
           (is_quoted ? p->rest.at[size] != '"'
                      : !is_blank(p->rest.at[size]) && p->rest.at[size] != '"')) {
        size++;
    }
    node = make_words(p, (struct str){p->rest.at, size}, NODE_PHRASE, false);
    skip(p, size);
    if (is_quoted && p->rest.size > 0) {
        skip(p, 1);
    }
    return node;
}

/* "or" between two things. */
static bool take_or(struct parser *p)
{
    struct str rest = p->rest;

    if (rest.size < 4 || !str_equal_nocase((struct str){rest.at, 2}, STR("or")) ||
        !is_blank(rest.at[2])) {
        return false;
    }
    skip(p, 2);
    skip_blanks(p);
    if (p->rest.size == 0) { /* nothing follows: a word */
        p->rest = rest;
        return false;
    }
    return true;
}

static struct node *parse_web(struct parser *p)
{
    struct node *all = NULL; /* what stands before the last "or" */
    struct node *group = NULL;
    bool is_first = true;

    for (skip_blanks(p); p->rest.size > 0 && p->status == STATUS_OK; skip_blanks(p)) {
        bool is_negated = false;
        struct node *node;

        if (!is_first && take_or(p)) {
            all = join(p, NODE_OR, all, group);
            group = NULL;
        }
        is_first = false;
        while (p->rest.size > 1 && p->rest.at[0] == '-') {
            is_negated = true;
            skip(p, 1);
        }
        node = parse_web_operand(p);
        group = join(p, NODE_AND, group, is_negated ? negate(p, node) : node);
    }
    return join(p, NODE_OR, all, group);
}

enum status tsquery_create(struct str text, enum tsquery_syntax syntax,
                           enum words_language language, struct tsquery **ret,
                           const char **ret_reason)
{
    struct tsquery *query = mem_zalloc(sizeof(*query));
    struct parser p = {.query = query, .rest = text};

    if (query == NULL) {
        return STATUS_NOMEM;
    }
    arena_init(&query->arena, NULL, 0, ARENA_MAX);
    query->language = language;
    switch (syntax) {
    case TSQUERY_FTS:
        query->root = parse_fts(&p);
        break;
    case TSQUERY_PLAIN:
        query->root = make_words(&p, text, NODE_AND, false);
        break;
    case TSQUERY_PHRASE:
        query->root = make_words(&p, text, NODE_PHRASE, false);
        break;
    case TSQUERY_WEB:
        query->root = parse_web(&p);
        break;
    }
    if (p.status != STATUS_OK) {
        *ret_reason = p.reason;
        tsquery_destroy(query);
        return p.status;
    }
    *ret = query;
    return STATUS_OK;
}
