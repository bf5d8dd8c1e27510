/*
 * The syntax tree of a table request's query string: what was written, nothing looked up.
 *
 * Everything lies in one arena and is immutable once parsed. Texts are decoded (percent, "+",
 * quotes, backslashes) and valid UTF-8 without NUL. The grammar is PostgREST's; docs/tables.md
 * shows it to users.
 */
#ifndef GANTRY_HANDLERS_TABLE_TREE_H
#define GANTRY_HANDLERS_TABLE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* One step into a JSON value: ->key, ->>key, ->0, ->>-1. */
struct tree_step {
    bool is_text;  /* ->> */
    bool is_index; /* index counts, else key */
    int64_t index; /* negative: from the end */
    struct str key;
};

/* A column, perhaps with a path into it: meta->author->>name. */
struct tree_field {
    struct str name;
    const struct tree_step *steps;
    size_t steps_count;
};

/* --- select ----------------------------------------------------------------------------------- */

enum tree_aggregate { TREE_NO_AGGREGATE, TREE_SUM, TREE_AVG, TREE_COUNT, TREE_MAX, TREE_MIN };

enum tree_join { TREE_JOIN_DEFAULT, TREE_JOIN_LEFT, TREE_JOIN_INNER };

enum tree_item_kind {
    TREE_STAR,      /* * */
    TREE_FIELD,     /* [alias:]field[::cast][.aggregate()[::aggregate_cast]] */
    TREE_COUNT_ALL, /* [alias:]count()[::aggregate_cast] */
    TREE_EMBED,     /* [alias:]target[!hint][!inner](items) */
    TREE_SPREAD,    /* ...target[!hint][!inner](items) */
};

struct tree_item {
    enum tree_item_kind kind;
    struct str alias; /* at == NULL: none */
    struct tree_field field;
    struct str cast; /* at == NULL: none */
    enum tree_aggregate aggregate;
    struct str aggregate_cast; /* at == NULL: none */
    struct str target;         /* EMBED, SPREAD */
    struct str hint;           /* at == NULL: none */
    enum tree_join join;
    const struct tree_item *items; /* of an EMBED or SPREAD: none for "target()" */
    size_t items_count;
};

/* --- conditions ------------------------------------------------------------------------------- */

/*  operator   its name in the query */
#define TREE_OPERATOR_LIST(X)                                                                      \
    X(EQ, "eq")                                                                                    \
    X(NEQ, "neq")                                                                                  \
    X(GT, "gt")                                                                                    \
    X(GTE, "gte")                                                                                  \
    X(LT, "lt")                                                                                    \
    X(LTE, "lte")                                                                                  \
    X(LIKE, "like")                                                                                \
    X(ILIKE, "ilike")                                                                              \
    X(MATCH, "match")                                                                              \
    X(IMATCH, "imatch")                                                                            \
    X(IN, "in")                                                                                    \
    X(IS, "is")                                                                                    \
    X(ISDISTINCT, "isdistinct")                                                                    \
    X(CS, "cs")                                                                                    \
    X(CD, "cd")                                                                                    \
    X(OV, "ov")                                                                                    \
    X(SL, "sl")                                                                                    \
    X(SR, "sr")                                                                                    \
    X(NXR, "nxr")                                                                                  \
    X(NXL, "nxl")                                                                                  \
    X(ADJ, "adj")                                                                                  \
    X(FTS, "fts")                                                                                  \
    X(PLFTS, "plfts")                                                                              \
    X(PHFTS, "phfts")                                                                              \
    X(WFTS, "wfts")

enum tree_operator {
#define TREE_OPERATOR_ENUM(name, text) TREE_##name,
    TREE_OPERATOR_LIST(TREE_OPERATOR_ENUM)
#undef TREE_OPERATOR_ENUM
};

enum tree_quantifier { TREE_ONE, TREE_ANY, TREE_ALL };

enum tree_is { TREE_IS_NULL, TREE_IS_NOT_NULL, TREE_IS_TRUE, TREE_IS_FALSE, TREE_IS_UNKNOWN };

enum tree_condition_kind { TREE_COMPARE, TREE_AND, TREE_OR };

struct tree_condition {
    enum tree_condition_kind kind;
    bool is_negated; /* not. */

    /* AND, OR: at least one */
    const struct tree_condition *children;
    size_t children_count;

    /* COMPARE */
    struct tree_field field;
    enum tree_operator op;
    enum tree_quantifier quantifier;
    struct str language;    /* of a full text operator; at == NULL: none */
    struct str value;       /* as written, decoded; with a quantifier: an array literal "{...}" */
    enum tree_is is;        /* IS */
    const struct str *list; /* IN: the items; may be none */
    size_t list_count;
};

/* --- order -------------------------------------------------------------------------------------- */

enum tree_nulls { TREE_NULLS_DEFAULT, TREE_NULLS_FIRST, TREE_NULLS_LAST };

struct tree_order {
    struct str embed; /* order=embed(field); at == NULL: none */
    struct tree_field field;
    bool is_descending;
    enum tree_nulls nulls;
};

/* --- the whole ------------------------------------------------------------------------------------ */

/*
 * What was asked of one level: of the table itself (path_count 0) or of an embed, named by aliases
 * or targets from the outside in. Each path occurs once; the table's own level is the first, and
 * always there. Repeated parameters have been joined: conditions as AND, of order, limit and offset the last one counts.
 */
struct tree_level {
    const struct str *path;
    size_t path_count;
    const struct tree_condition *conditions; /* all of them must hold */
    size_t conditions_count;
    const struct tree_order *order;
    size_t order_count;
    bool has_limit;
    int64_t limit;  /* may be negative: the planner refuses it */
    int64_t offset; /* 0: none; never negative */
};

/* A parameter that is no filter: an argument of a named query. Only with parse_conf.has_arguments. */
struct tree_argument {
    struct str name;
    struct str value;
};

struct tree {
    const struct tree_item *items; /* never none: an empty select is a star */
    size_t items_count;
    const struct tree_level *levels;
    size_t levels_count;
    const struct str *columns; /* ?columns= of a write */
    size_t columns_count;
    bool has_columns;
    const struct str *on_conflict;
    size_t on_conflict_count;
    const struct tree_argument *arguments;
    size_t arguments_count;
};

#endif
