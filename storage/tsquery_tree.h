/* What a full-text query is, once it has been read. Private to storage/tsquery*.c. */
#ifndef GANTRY_STORAGE_TSQUERY_TREE_H
#define GANTRY_STORAGE_TSQUERY_TREE_H

#include "base/arena.h"
#include "storage/tsquery.h"

enum node_kind { NODE_WORD, NODE_NOT, NODE_AND, NODE_OR, NODE_PHRASE };

struct node {
    enum node_kind kind;
    struct node *left; /* NOT: its only child */
    struct node *right;
    unsigned distance; /* PHRASE */
    unsigned place;    /* WORD: in words */
};

struct query_word {
    struct str word;
    struct str raw;
    bool is_prefix;
};

struct tsquery {
    struct arena arena;
    enum words_language language;
    struct node *root; /* NULL: says nothing */
    unsigned words_count;
    bool has_phrases;
    struct query_word words[TSQUERY_WORDS_MAX];
};

#endif
