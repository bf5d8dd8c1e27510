/*
 * Any bytes as a query string. The first byte is the mode: bit 0, there are arguments; bit 1, the
 * query is parsed a second time with every byte percent-encoded, which must make no difference.
 *
 * A tree is walked from end to end: every text is UTF-8 without NUL, every bound is kept, nothing
 * is there that its kind does not have. An error says what, where and why.
 */
#include <string.h>

#include "base/utf8.h"
#include "handlers/table/parse.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/handlers/tree_text.h"

#define QUERY_MAX ((size_t)32 * 1024) /* what a request may bring */
#define ARENA_MAX ((size_t)8 * 1024 * 1024)
#define TEXT_MAX  ((size_t)64 * 1024 * 1024)

enum { MODE_ARGUMENTS = 1, MODE_ENCODED = 2 };

/* --- the tree ----------------------------------------------------------------------------------- */

struct walk {
    size_t nodes; /* found in the tree */
};

static void check_text(struct str s)
{
    FUZZ_CHECK(s.at != NULL && s.size <= QUERY_MAX);
    FUZZ_CHECK(utf8_is_valid(s));
    FUZZ_CHECK(s.size == 0 || memchr(s.at, '\0', s.size) == NULL);
}

static void check_optional(struct str s)
{
    if (s.at != NULL) {
        check_text(s);
    }
}

static void check_field(struct walk *w, const struct tree_field *field)
{
    check_text(field->name);
    for (size_t i = 0; i < field->steps_count; i++) {
        const struct tree_step *step = &field->steps[i];

        w->nodes++;
        if (step->is_index) {
            FUZZ_CHECK(step->key.at == NULL);
        } else {
            check_text(step->key);
        }
    }
}

static void check_items(struct walk *w, const struct tree_item *items, size_t count, size_t depth);

static void check_embed(struct walk *w, const struct tree_item *item, size_t depth)
{
    FUZZ_CHECK(depth < PARSE_DEPTH_MAX);
    FUZZ_CHECK(item->aggregate == TREE_NO_AGGREGATE && item->cast.at == NULL);
    FUZZ_CHECK(item->kind == TREE_EMBED || item->alias.at == NULL);
    check_text(item->target);
    check_optional(item->hint);
    check_items(w, item->items, item->items_count, depth + 1);
}

static void check_items(struct walk *w, const struct tree_item *items, size_t count, size_t depth)
{
    for (size_t i = 0; i < count; i++) {
        const struct tree_item *item = &items[i];

        w->nodes++;
        check_optional(item->alias);
        check_optional(item->cast);
        check_optional(item->aggregate_cast);
        FUZZ_CHECK(item->aggregate <= TREE_MIN && item->join <= TREE_JOIN_INNER);
        if (item->kind == TREE_EMBED || item->kind == TREE_SPREAD) {
            check_embed(w, item, depth);
            continue;
        }
        FUZZ_CHECK(item->kind <= TREE_COUNT_ALL && item->items_count == 0);
        FUZZ_CHECK(item->target.at == NULL && item->hint.at == NULL);
        FUZZ_CHECK(item->kind != TREE_STAR || item->alias.at == NULL);
        if (item->kind == TREE_FIELD) {
            FUZZ_CHECK(item->aggregate_cast.at == NULL || item->aggregate != TREE_NO_AGGREGATE);
            check_field(w, &item->field);
        }
    }
}

static void check_comparison(struct walk *w, const struct tree_condition *c)
{
    FUZZ_CHECK(c->op <= TREE_WFTS && c->quantifier <= TREE_ALL && c->children_count == 0);
    FUZZ_CHECK(c->quantifier == TREE_ONE || (c->op <= TREE_IMATCH && c->op != TREE_NEQ));
    FUZZ_CHECK(c->language.at == NULL || c->op >= TREE_FTS);
    FUZZ_CHECK(c->op == TREE_IN || c->list_count == 0);
    FUZZ_CHECK(c->is <= TREE_IS_UNKNOWN);
    check_field(w, &c->field);
    check_optional(c->language);
    if (c->op != TREE_IN && c->op != TREE_IS) {
        check_text(c->value);
    }
    for (size_t i = 0; i < c->list_count; i++) {
        w->nodes++;
        check_text(c->list[i]);
    }
}

static void check_conditions(struct walk *w, const struct tree_condition *conditions, size_t count,
                             size_t depth)
{
    FUZZ_CHECK(count == 0 || depth <= PARSE_DEPTH_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct tree_condition *c = &conditions[i];

        w->nodes++;
        if (c->kind == TREE_COMPARE) {
            check_comparison(w, c);
        } else {
            FUZZ_CHECK(c->kind <= TREE_OR && c->children_count > 0);
            check_conditions(w, c->children, c->children_count, depth + 1);
        }
    }
}

static void check_names(struct walk *w, const struct str *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        w->nodes++;
        check_text(names[i]);
    }
}

static bool is_same_path(const struct tree_level *a, const struct tree_level *b)
{
    if (a->path_count != b->path_count) {
        return false;
    }
    for (size_t i = 0; i < a->path_count; i++) {
        if (!str_equal(a->path[i], b->path[i])) {
            return false;
        }
    }
    return true;
}

static void check_level(struct walk *w, const struct tree_level *level)
{
    FUZZ_CHECK(level->path_count <= PARSE_DEPTH_MAX);
    FUZZ_CHECK(level->offset >= 0 && (level->has_limit || level->limit == 0));
    check_names(w, level->path, level->path_count);
    check_conditions(w, level->conditions, level->conditions_count, 0);
    for (size_t i = 0; i < level->order_count; i++) {
        w->nodes++;
        check_optional(level->order[i].embed);
        FUZZ_CHECK(level->order[i].nulls <= TREE_NULLS_LAST);
        check_field(w, &level->order[i].field);
    }
}

static void check_tree(const struct tree *tree, bool has_arguments)
{
    struct walk w = {0};

    FUZZ_CHECK(tree->items_count > 0);
    FUZZ_CHECK(tree->levels_count > 0 && tree->levels_count <= PARSE_LEVELS_MAX);
    FUZZ_CHECK(tree->levels[0].path_count == 0);
    FUZZ_CHECK(tree->has_columns == (tree->columns_count > 0));
    FUZZ_CHECK(has_arguments || tree->arguments_count == 0);
    check_items(&w, tree->items, tree->items_count, 0);
    for (size_t i = 0; i < tree->levels_count; i++) {
        check_level(&w, &tree->levels[i]);
        for (size_t j = 0; j < i; j++) {
            FUZZ_CHECK(!is_same_path(&tree->levels[i], &tree->levels[j]));
        }
    }
    check_names(&w, tree->columns, tree->columns_count);
    check_names(&w, tree->on_conflict, tree->on_conflict_count);
    for (size_t i = 0; i < tree->arguments_count; i++) {
        w.nodes++;
        check_text(tree->arguments[i].name);
        check_text(tree->arguments[i].value);
    }
    FUZZ_CHECK(w.nodes <= PARSE_NODES_MAX + 1); /* the star that stands for no select */
}

/* --- errors ------------------------------------------------------------------------------------- */

static void check_fault(const struct fault *fault)
{
    FUZZ_CHECK(fault->http_status == 400); /* there is memory for anything a request may bring */
    FUZZ_CHECK(strcmp(fault->code, "PGRST100") == 0);
    FUZZ_CHECK(strncmp(fault->message, "\"failed to parse ", 17) == 0);
    FUZZ_CHECK(utf8_is_valid(str_of(fault->message)) && strlen(fault->message) < 1000);
    FUZZ_CHECK(fault->details != NULL && utf8_is_valid(str_of(fault->details)));
    FUZZ_CHECK(strlen(fault->details) < 300);
}

/* --- the same, encoded -------------------------------------------------------------------------- */

static bool is_escape(struct str s, size_t at)
{
    return s.at[at] == '%' && s.size - at > 2 && strchr("0123456789abcdefABCDEF", s.at[at + 1]) &&
           s.at[at + 1] != '\0' && strchr("0123456789abcdefABCDEF", s.at[at + 2]) &&
           s.at[at + 2] != '\0';
}

/* All but "&", the first "=" of each parameter, "+", and what is encoded already. */
static void encode(struct buf *b, struct str query)
{
    bool is_in_key = true;

    for (size_t i = 0; i < query.size; i++) {
        char c = query.at[i];

        if (is_escape(query, i)) {
            buf_append(b, &query.at[i], 3);
            i += 2;
        } else if (c == '&' || c == '+' || (c == '=' && is_in_key)) {
            buf_append_char(b, c);
        } else {
            buf_printf(b, "%%%02X", (unsigned char)c);
        }
        is_in_key = c == '&' || (is_in_key && c != '=');
    }
}

static void write_outcome(struct buf *b, bool is_parsed, const struct tree *tree,
                          const struct fault *fault)
{
    if (is_parsed) {
        text_tree(b, tree);
        return;
    }
    if (strncmp(fault->message, "\"failed to parse query string\"", 30) !=
        0) { /* counts raw bytes */
        buf_printf(b, "%s\n", fault->message);
    }
    buf_printf(b, "%s\n%s\n", fault->details, fault->hint == NULL ? "" : fault->hint);
}

static void check_encoded(struct str query, const struct parse_conf *conf,
                          const struct buf *expected)
{
    struct arena arena;
    struct buf encoded;
    struct buf actual;
    struct tree tree;
    struct fault fault;
    bool is_parsed;

    buf_init(&encoded, TEXT_MAX);
    buf_init(&actual, TEXT_MAX);
    arena_init(&arena, NULL, 0, ARENA_MAX);
    encode(&encoded, query);
    is_parsed = parse_query(buf_str(&encoded), conf, &arena, &tree, &fault);
    write_outcome(&actual, is_parsed, &tree, &fault);
    FUZZ_CHECK(str_equal(buf_str(expected), buf_str(&actual)));
    arena_fini(&arena);
    buf_fini(&encoded);
    buf_fini(&actual);
}

/* --- one input ---------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parse_conf conf;
    struct arena arena;
    struct tree tree;
    struct fault fault = {0};
    struct str query;
    bool is_parsed;

    if (size == 0 || size - 1 > QUERY_MAX) {
        return 0;
    }
    conf.has_arguments = (data[0] & MODE_ARGUMENTS) != 0;
    query = (struct str){(const char *)data + 1, size - 1};
    arena_init(&arena, NULL, 0, ARENA_MAX);
    is_parsed = parse_query(query, &conf, &arena, &tree, &fault);
    if (is_parsed) {
        check_tree(&tree, conf.has_arguments);
    } else {
        check_fault(&fault);
    }
    if ((data[0] & MODE_ENCODED) != 0) {
        struct buf expected;

        buf_init(&expected, TEXT_MAX);
        write_outcome(&expected, is_parsed, &tree, &fault);
        check_encoded(query, &conf, &expected);
        buf_fini(&expected);
    }
    arena_fini(&arena);
    return 0;
}
