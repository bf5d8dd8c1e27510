/* A full-text query as FTS5's MATCH takes it. */
#include "storage/tsquery_tree.h"

static bool put_node(struct buf *out, const struct tsquery *query, const struct node *node);

/* A word in quotes: it is made of letters and digits. */
static void put_word(struct buf *out, const struct query_word *word)
{
    buf_append_char(out, '"');
    buf_append_str(out, word->raw);
    buf_append_char(out, '"');
}

/* Words joined by +, of which the last may be a prefix. */
static bool put_phrase(struct buf *out, const struct tsquery *query, const struct node *node,
                       bool is_last)
{
    const struct query_word *word;

    if (node->kind == NODE_PHRASE) {
        if (node->distance != 1 || !put_phrase(out, query, node->left, false)) {
            return false;
        }
        buf_append_literal(out, " + ");
        return put_phrase(out, query, node->right, is_last);
    }
    if (node->kind != NODE_WORD) {
        return false;
    }
    word = &query->words[node->place];
    if (word->is_prefix && !is_last) {
        return false;
    }
    put_word(out, word);
    if (word->is_prefix) {
        buf_append_literal(out, " *");
    }
    return true;
}

/* The parts of an AND that are negated, or those that are not. *count: how many have been put. */
static bool put_parts(struct buf *out, const struct tsquery *query, const struct node *node,
                      bool is_negated, unsigned *count)
{
    if (node->kind == NODE_AND) {
        return put_parts(out, query, node->left, is_negated, count) &&
               put_parts(out, query, node->right, is_negated, count);
    }
    if ((node->kind == NODE_NOT) != is_negated) {
        return true;
    }
    if (is_negated) {
        buf_append_literal(out, " NOT ");
        node = node->left;
    } else if (*count > 0) {
        buf_append_literal(out, " AND ");
    }
    (*count)++;
    return put_node(out, query, node);
}

/* FTS5's NOT stands between two things and goes from left to right. */
static bool put_and(struct buf *out, const struct tsquery *query, const struct node *node)
{
    unsigned wanted = 0;
    unsigned unwanted = 0;

    buf_append_literal(out, "((");
    if (!put_parts(out, query, node, false, &wanted) || wanted == 0) {
        return false;
    }
    buf_append_char(out, ')');
    if (!put_parts(out, query, node, true, &unwanted)) {
        return false;
    }
    buf_append_char(out, ')');
    return true;
}

static bool put_node(struct buf *out, const struct tsquery *query, const struct node *node)
{
    switch (node->kind) {
    case NODE_WORD:
    case NODE_PHRASE:
        return put_phrase(out, query, node, true);
    case NODE_AND:
        return put_and(out, query, node);
    case NODE_NOT:
        return false;
    case NODE_OR:
        break;
    }
    buf_append_char(out, '(');
    if (!put_node(out, query, node->left)) {
        return false;
    }
    buf_append_literal(out, " OR ");
    if (!put_node(out, query, node->right)) {
        return false;
    }
    buf_append_char(out, ')');
    return true;
}

enum status tsquery_put_fts5(const struct tsquery *query, struct buf *out)
{
    if (query->root != NULL && !put_node(out, query, query->root)) {
        return STATUS_INVALID;
    }
    return buf_status(out);
}
