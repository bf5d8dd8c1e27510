/*
 * The parameters of a query string, each handed to its production.
 *
 * A parameter is split at its first "=", both halves are decoded, and the key's last word tells
 * what the value is: select, columns and on_conflict (the first of each counts), order, limit,
 * offset, and, or; any other key is a column with a filter. Keys name the embed they are about by
 * its path: "album.artist.order".
 *
 * Each byte is read a few times at most, whatever the query holds.
 */
#include "handlers/table/parse.h"

#include <string.h>

#include "base/utf8.h"
#include "handlers/table/parse_internal.h"
#include "handlers/table/parse_level.h"

/* What has been read so far. */
struct draft {
    struct parse parse;
    bool has_arguments;
    bool has_select;
    bool has_columns;
    bool has_on_conflict;
    struct sequence select;      /* struct tree_item */
    struct sequence columns;     /* struct str */
    struct sequence on_conflict; /* struct str */
    struct sequence arguments;   /* struct tree_argument */
    struct sequence levels;      /* struct parse_level */
};

/* One parameter, decoded. */
struct parameter {
    struct str key;
    struct str value;
};

/* --- form encoding ------------------------------------------------------------------------------ */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "+" is a space; a "%" without two hexadecimal digits is just that. */
static bool decode(struct draft *d, struct str raw, size_t at, struct str *ret)
{
    char *text = arena_alloc(d->parse.arena, raw.size);
    size_t n = 0;

    if (text == NULL) {
        return parse_no_memory(&d->parse);
    }
    for (size_t i = 0; i < raw.size; i++) {
        bool is_escape = raw.at[i] == '%' && raw.size - i > 2 && hex_value(raw.at[i + 1]) >= 0 &&
                         hex_value(raw.at[i + 2]) >= 0;

        if (is_escape) {
            text[n++] = (char)(hex_value(raw.at[i + 1]) * 16 + hex_value(raw.at[i + 2]));
            i += 2;
        } else {
            text[n++] = raw.at[i] == '+' ? ' ' : raw.at[i];
        }
    }
    *ret = (struct str){text, n};
    if (memchr(text, '\0', n) != NULL || !utf8_is_valid(*ret)) {
        d->parse.complaint = (struct complaint){.kind = COMPLAINT_BYTES, .at = at};
        return false;
    }
    return true;
}

/* --- keys --------------------------------------------------------------------------------------- */

enum word { WORD_COLUMN, WORD_ORDER, WORD_LIMIT, WORD_OFFSET, WORD_AND, WORD_OR };

static struct lexer lexer_over(struct draft *d, const char *what, struct str text)
{
    return (struct lexer){.parse = &d->parse, .what = what, .text = text};
}

/* What follows the last dot, or all of it. */
static enum word last_word(struct str key, size_t *ret_at)
{
    static const struct str words[] = {
        [WORD_ORDER] = {"order", 5}, [WORD_LIMIT] = {"limit", 5}, [WORD_OFFSET] = {"offset", 6},
        [WORD_AND] = {"and", 3},     [WORD_OR] = {"or", 2},
    };
    size_t at = key.size;

    while (at > 0 && key.at[at - 1] != '.') {
        at--;
    }
    *ret_at = at;
    for (size_t i = WORD_ORDER; i < ARRAY_LENGTH(words); i++) {
        if (str_equal((struct str){key.at + at, key.size - at}, words[i])) {
            return (enum word)i;
        }
    }
    return WORD_COLUMN;
}

/* The path before a reserved word that stands at word_at: { name "." }. */
static bool read_path(struct lexer *l, size_t word_at, struct sequence *ret, bool *ret_is_quoted)
{
    struct str key = l->text;

    *ret_is_quoted = false;
    if (word_at == 0) {
        return true;
    }
    l->text.size = word_at - 1; /* without the dot */
    if (!parse_path(l, ret, ret_is_quoted) || !lexer_need_end(l, "delimiter (.)")) {
        l->parse->complaint.text = key;
        return false;
    }
    return true;
}

static struct parse_level *find_level(struct draft *d, struct lexer *key,
                                      const struct sequence *path)
{
    return parse_levels_find(key, &d->levels, path->items, path->count);
}

/* --- values ------------------------------------------------------------------------------------- */

/* A whole number, perhaps between blanks; what is too large saturates. */
static bool read_integer(struct str text, int64_t *ret)
{
    bool is_negative;
    int64_t n = 0;

    text = str_trim(text);
    is_negative = text.size > 0 && text.at[0] == '-';
    if (text.size == (is_negative ? 1 : 0)) {
        return false;
    }
    for (size_t i = is_negative ? 1 : 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, text.at[i] - '0', &n)) {
            n = INT64_MAX;
        }
    }
    *ret = is_negative ? -n : n;
    return true;
}

static void set_limit(struct parse_level *level, enum word word, struct str value)
{
    int64_t n;

    if (!read_integer(value, &n)) {
        return;
    }
    if (word == WORD_OFFSET) {
        level->level.offset = n < 0 ? 0 : n;
    } else {
        level->level.limit = n;
        level->level.has_limit = true;
    }
}

static bool set_order(struct draft *d, struct parse_level *level, struct str value)
{
    struct lexer l = lexer_over(d, "order", value);
    struct sequence terms;

    if (!parse_order(&l, &terms)) {
        return false;
    }
    level->level.order = terms.items;
    level->level.order_count = terms.count;
    return true;
}

static bool add_condition(struct lexer *l, struct parse_level *level,
                          const struct tree_condition *condition)
{
    return parse_add(l, &level->conditions, condition, sizeof(*condition));
}

/* --- parameters --------------------------------------------------------------------------------- */

/* order, limit, offset: *ret_is_key tells whether the key was one. */
static bool read_level(struct draft *d, const struct parameter *p, enum word word, size_t word_at,
                       bool *ret_is_key)
{
    struct lexer key = lexer_over(d, "tree path", p->key);
    struct sequence path = {0};
    struct parse_level *level;
    bool is_quoted;

    *ret_is_key = read_path(&key, word_at, &path, &is_quoted);
    level = *ret_is_key ? find_level(d, &key, &path) : NULL;
    if (level == NULL) {
        return false;
    }
    if (word == WORD_ORDER) {
        return set_order(d, level, p->value);
    }
    set_limit(level, word, p->value);
    return true;
}

/* path ["not."] ("and" | "or") */
static bool read_logic(struct draft *d, const struct parameter *p, enum word word, size_t word_at,
                       bool *ret_is_key)
{
    struct lexer key = lexer_over(d, "logic path", p->key);
    struct lexer value = lexer_over(d, "logic tree", p->value);
    struct tree_condition condition = {.kind = word == WORD_AND ? TREE_AND : TREE_OR};
    struct sequence path = {0};
    struct parse_level *level;
    bool is_quoted;

    *ret_is_key = read_path(&key, word_at, &path, &is_quoted);
    if (!*ret_is_key) {
        return false;
    }
    if (path.count > 0 && !is_quoted) {
        const struct str *names = path.items;

        condition.is_negated = str_equal(names[path.count - 1], STR("not"));
        path.count -= condition.is_negated ? 1 : 0;
    }
    level = find_level(d, &key, &path);
    return level != NULL && parse_logic(&value, &condition) &&
           add_condition(&value, level, &condition);
}

/* filter = path name {jsonstep} "=" opexpr; *ret_is_filter tells whether it is one at all. */
static bool read_filter(struct draft *d, const struct parameter *p, bool *ret_is_filter)
{
    struct lexer key = lexer_over(d, "tree path", p->key);
    struct lexer value = lexer_over(d, "filter", p->value);
    struct tree_condition condition = {.kind = TREE_COMPARE};
    struct sequence path = {0};
    struct parse_level *level;
    bool is_quoted;

    *ret_is_filter = parse_path(&key, &path, &is_quoted);
    if (*ret_is_filter) {
        const struct str *names = path.items;

        condition.field.name = names[--path.count];
        *ret_is_filter = parse_steps(&key, &condition.field) &&
                         lexer_need_end(&key, "delimiter (.), \"->\", \"->>\" or end of input") &&
                         parse_operation(&value, false, &condition) &&
                         lexer_need_end(&value, "end of input");
    }
    level = *ret_is_filter ? find_level(d, &key, &path) : NULL;
    return level != NULL && add_condition(&value, level, &condition);
}

/* What is no filter, nor anything else, is an argument, if there are arguments. */
static bool read_argument(struct draft *d, const struct parameter *p)
{
    struct lexer l = lexer_over(d, "arguments", p->value);
    const struct tree_argument argument = {p->key, p->value};

    if (!d->has_arguments || d->parse.complaint.kind != COMPLAINT_SYNTAX) {
        return false;
    }
    d->parse.complaint = (struct complaint){0};
    return parse_add(&l, &d->arguments, &argument, sizeof(argument));
}

static bool read_embeddable(struct draft *d, const struct parameter *p)
{
    size_t word_at;
    enum word word = last_word(p->key, &word_at);
    bool is_meant; /* as what its key says */
    bool is_read;

    if (word == WORD_COLUMN) {
        is_read = read_filter(d, p, &is_meant);
    } else if (word == WORD_AND || word == WORD_OR) {
        is_read = read_logic(d, p, word, word_at, &is_meant);
    } else {
        is_read = read_level(d, p, word, word_at, &is_meant);
    }
    return is_read || (!is_meant && read_argument(d, p));
}

/* select, columns, on_conflict: of each the first counts. */
static bool read_once(struct draft *d, const char *what, const struct parameter *p, bool *has,
                      bool (*parse)(struct lexer *l, struct sequence *ret), struct sequence *ret)
{
    struct lexer l = lexer_over(d, what, p->value);

    if (*has) {
        return true;
    }
    *has = true;
    return parse(&l, ret);
}

static bool read_parameter(struct draft *d, const struct parameter *p)
{
    if (str_equal(p->key, STR("select"))) {
        return read_once(d, "select parameter", p, &d->has_select, parse_select, &d->select);
    }
    if (str_equal(p->key, STR("columns"))) {
        return read_once(d, "columns parameter", p, &d->has_columns, parse_names, &d->columns);
    }
    if (str_equal(p->key, STR("on_conflict"))) {
        return read_once(d, "on_conflict parameter", p, &d->has_on_conflict, parse_names,
                         &d->on_conflict);
    }
    return read_embeddable(d, p);
}

/* raw: between two "&". Without "=" it is ignored. */
static bool read_raw(struct draft *d, struct str raw, size_t at)
{
    const char *equals = raw.size == 0 ? NULL : memchr(raw.at, '=', raw.size);
    struct parameter p = {0};
    size_t key_size = equals == NULL ? 0 : (size_t)(equals - raw.at);

    if (equals == NULL) {
        return true;
    }
    return decode(d, (struct str){raw.at, key_size}, at, &p.key) &&
           decode(d, (struct str){equals + 1, raw.size - key_size - 1}, at, &p.value) &&
           read_parameter(d, &p);
}

static bool read_query(struct draft *d, struct str query)
{
    size_t at = 0;

    while (at < query.size) {
        const char *and = memchr(query.at + at, '&', query.size - at);
        size_t size = and == NULL ? query.size - at : (size_t)(and-query.at) - at;

        if (!read_raw(d, (struct str){query.at + at, size}, at)) {
            return false;
        }
        at += size + 1;
    }
    return true;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static bool finish(struct draft *d, struct tree *ret)
{
    static const struct tree_item star = {.kind = TREE_STAR};
    struct tree tree = {
        .items = d->select.count == 0 ? &star : d->select.items,
        .items_count = d->select.count == 0 ? 1 : d->select.count,
        .columns = d->columns.items,
        .columns_count = d->columns.count,
        .has_columns = d->has_columns,
        .on_conflict = d->on_conflict.items,
        .on_conflict_count = d->on_conflict.count,
        .arguments = d->arguments.items,
        .arguments_count = d->arguments.count,
    };

    if (!parse_levels_take(&d->parse, &d->levels, &tree)) {
        return false;
    }
    *ret = tree;
    return true;
}

bool parse_query(struct str query, const struct parse_conf *conf, struct arena *arena,
                 struct tree *ret, struct fault *fault)
{
    struct draft d = {.parse = {.arena = arena}, .has_arguments = conf->has_arguments};

    if (!parse_levels_init(&d.parse, &d.levels) || !read_query(&d, query) || !finish(&d, ret)) {
        return parse_complain(&d.parse, fault);
    }
    return true;
}
