/* The syntax tree of a regular expression (regex.h). */
#ifndef GANTRY_STORAGE_REGEX_TREE_H
#define GANTRY_STORAGE_REGEX_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "storage/letters.h"

enum regex_kind {
    REGEX_CHAR,
    REGEX_ANY,
    REGEX_SET,
    REGEX_PLACE,
    REGEX_SEQUENCE,    /* of its children; none: the empty text */
    REGEX_ALTERNATIVE, /* one of its children */
    REGEX_REPEAT,      /* of its only child */
};

enum regex_place {
    REGEX_PLACE_START,
    REGEX_PLACE_END,
    REGEX_PLACE_WORD_START,
    REGEX_PLACE_WORD_END,
    REGEX_PLACE_WORD_EDGE,
    REGEX_PLACE_NO_EDGE,
};

#define REGEX_UNBOUNDED (-1)

/* One of the things a set is made of. */
struct regex_item {
    struct regex_item *next;
    bool is_class;
    bool is_negated; /* of a class: \D, \W, \S */
    enum letters_class class;
    uint32_t first, last;
};

struct regex_set {
    struct regex_item *items;
    unsigned items_count;
    bool is_negated;
};

struct regex_node {
    enum regex_kind kind;
    struct regex_node *next;  /* sibling */
    struct regex_node *child; /* the first */
    uint32_t c;
    const struct regex_set *set;
    enum regex_place place;
    int min, max;
};

/*
 * Everything lies in the arena. *ret_ignores_case is changed by (?i) and (?c).
 * Return: OK, NOMEM, INVALID with the reason.
 */
enum status regex_parse(struct arena *arena, struct str pattern, bool *ret_ignores_case,
                        struct regex_node **ret, const char **ret_reason);

#endif
