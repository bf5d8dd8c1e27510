/*
 * The matcher walks over the text once and notes which words of the query it meets, and for phrases
 * also where: a set of places, one bit per word of the text. Then "and", "or" and "not" inside a
 * phrase are operations on sets, and "b one behind a" is a's set moved by one, and b's.
 */
#include <string.h>

#include "storage/tsquery_tree.h"

#define PLACES_MAX ((size_t)64 * 1024 * 1024) /* bytes for the sets of places of one text */

/* The first word's place: before it is room for what !a in "!a <-> b" is not at. */
#define PLACE_FIRST 64

struct matching {
    const struct tsquery *query;
    struct arena arena;
    bool is_met[TSQUERY_WORDS_MAX];
    uint64_t *places[TSQUERY_WORDS_MAX]; /* of a query with phrases */
    size_t size;                         /* of a set of places, in 64-bit pieces */
    bool has_failed;                     /* no memory */
};

static uint64_t *make_places(struct matching *m)
{
    uint64_t *places = arena_alloc(&m->arena, m->size * sizeof(*places));

    if (places == NULL) {
        m->has_failed = true;
    } else {
        memset(places, 0, m->size * sizeof(*places));
    }
    return places;
}

static bool is_meant(const struct query_word *wanted, const struct words *w)
{
    if (w->size < wanted->word.size || (w->size > wanted->word.size && !wanted->is_prefix)) {
        return false;
    }
    return memcmp(w->word, wanted->word.at, wanted->word.size) == 0;
}

/* Look at each word of the text. Return: false: too many. */
static bool read_text(struct matching *m, struct str text)
{
    const struct tsquery *query = m->query;
    struct words w = {.rest = text};
    long steps_left = TSQUERY_STEPS_MAX;

    for (size_t place = PLACE_FIRST; words_next(&w); place++) {
        if (!words_normalize(&w, query->language)) {
            continue;
        }
        steps_left -= query->words_count;
        if (steps_left < 0) {
            return false;
        }
        for (unsigned i = 0; i < query->words_count; i++) {
            if (is_meant(&query->words[i], &w)) {
                m->is_met[i] = true;
                if (query->has_phrases) {
                    m->places[i][place / 64] |= UINT64_C(1) << (place % 64);
                }
            }
        }
    }
    return true;
}

static size_t count_words(struct str text)
{
    struct words w = {.rest = text};
    size_t count = 0;

    while (words_next(&w)) {
        count++;
    }
    return count;
}

static void move_places(const struct matching *m, uint64_t *places, unsigned distance)
{
    size_t pieces = distance / 64;
    unsigned bits = distance % 64;

    for (size_t i = m->size; i-- > 0;) {
        uint64_t low = i >= pieces ? places[i - pieces] : 0;
        uint64_t below = i > pieces ? places[i - pieces - 1] : 0;

        places[i] = bits == 0 ? low : low << bits | below >> (64 - bits);
    }
}

/* Where the node is found: for a phrase, where its last word is. NULL without memory. */
static uint64_t *find_places(struct matching *m, const struct node *node)
{
    uint64_t *places;
    uint64_t *others;

    if (node->kind == NODE_WORD) {
        places = make_places(m);
        if (places != NULL) {
            memcpy(places, m->places[node->place], m->size * sizeof(*places));
        }
        return places;
    }
    places = find_places(m, node->left);
    others = node->kind == NODE_NOT || places == NULL ? places : find_places(m, node->right);
    if (places == NULL || others == NULL) {
        return NULL;
    }
    if (node->kind == NODE_PHRASE) {
        move_places(m, places, node->distance);
    }
    for (size_t i = 0; i < m->size; i++) {
        switch (node->kind) {
        case NODE_NOT:
            places[i] = ~places[i];
            break;
        case NODE_OR:
            places[i] |= others[i];
            break;
        default:
            places[i] &= others[i];
            break;
        }
    }
    return places;
}

static bool is_found(struct matching *m, const struct node *node)
{
    const uint64_t *places;

    switch (node->kind) {
    case NODE_WORD:
        return m->is_met[node->place];
    case NODE_NOT:
        return !is_found(m, node->left);
    case NODE_AND:
        return is_found(m, node->left) && is_found(m, node->right);
    case NODE_OR:
        return is_found(m, node->left) || is_found(m, node->right);
    case NODE_PHRASE:
        break;
    }
    places = find_places(m, node);
    for (size_t i = 0; i < m->size && places != NULL; i++) {
        if (places[i] != 0) {
            return true;
        }
    }
    return false;
}

static enum status match(struct matching *m, struct str text, bool *ret)
{
    if (m->query->has_phrases) {
        m->size = (PLACE_FIRST + count_words(text)) / 64 + 2; /* and room behind it */
        for (unsigned i = 0; i < m->query->words_count; i++) {
            m->places[i] = make_places(m);
            if (m->places[i] == NULL) {
                return STATUS_TOO_BIG;
            }
        }
    }
    if (!read_text(m, text)) {
        return STATUS_TOO_BIG;
    }
    *ret = is_found(m, m->query->root);
    return m->has_failed ? STATUS_TOO_BIG : STATUS_OK;
}

enum status tsquery_match(const struct tsquery *query, struct str text, bool *ret)
{
    struct matching m = {.query = query};
    enum status status;

    if (query->root == NULL) {
        *ret = false;
        return STATUS_OK;
    }
    arena_init(&m.arena, NULL, 0, PLACES_MAX);
    status = match(&m, text, ret);
    arena_fini(&m.arena);
    return status;
}
