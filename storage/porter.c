/*
 * The paper's words: a stem has a measure m, the number of its sequences "vowels, then consonants"; each
 * step replaces the first of its suffixes that fits, if what stands before it has the measure that the
 * rule wants.
 */
#include "storage/porter.h"

#include <stdbool.h>
#include <string.h>

#include "base/attributes.h"

struct word {
    char *at;
    size_t size;
};

struct rule {
    const char *suffix;
    const char *to;
};

static bool is_consonant(const struct word *w, size_t i)
{
    switch (w->at[i]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
        return false;
    case 'y':
        return i == 0 || !is_consonant(w, i - 1);
    default:
        return true;
    }
}

/* Of the first size letters. */
static unsigned measure(const struct word *w, size_t size)
{
    unsigned m = 0;
    bool was_vowel = false;

    for (size_t i = 0; i < size; i++) {
        bool is_vowel = !is_consonant(w, i);

        m += was_vowel && !is_vowel;
        was_vowel = is_vowel;
    }
    return m;
}

static bool has_vowel(const struct word *w, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_consonant(w, i)) {
            return true;
        }
    }
    return false;
}

static bool ends_double(const struct word *w)
{
    size_t n = w->size;

    return n >= 2 && w->at[n - 1] == w->at[n - 2] && is_consonant(w, n - 1);
}

/* Consonant, vowel, consonant that is not w, x or y: "hop". */
static bool ends_cvc(const struct word *w, size_t n)
{
    return n >= 3 && is_consonant(w, n - 1) && !is_consonant(w, n - 2) && is_consonant(w, n - 3) &&
           strchr("wxy", w->at[n - 1]) == NULL;
}

/* *ret: the size without the suffix. */
static bool ends(const struct word *w, const char *suffix, size_t *ret)
{
    size_t size = strlen(suffix);

    if (size > w->size || memcmp(w->at + w->size - size, suffix, size) != 0) {
        return false;
    }
    *ret = w->size - size;
    return true;
}

static void set_end(struct word *w, size_t stem, const char *to)
{
    size_t size = strlen(to); /* no rule makes a word longer than it was, but for 1b's "e" */

    memcpy(w->at + stem, to, size);
    w->size = stem + size;
}

/* Plurals. */
static void step_1a(struct word *w)
{
    static const struct rule rules[] = {{"sses", "ss"}, {"ies", "i"}, {"ss", "ss"}, {"s", ""}};
    size_t stem;

    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        if (ends(w, rules[i].suffix, &stem)) {
            set_end(w, stem, rules[i].to);
            return;
        }
    }
}

/* -ed and -ing. */
static void step_1b(struct word *w)
{
    size_t stem;

    if (ends(w, "eed", &stem)) {
        if (measure(w, stem) > 0) {
            set_end(w, stem, "ee");
        }
        return;
    }
    if (!(ends(w, "ed", &stem) || ends(w, "ing", &stem)) || !has_vowel(w, stem)) {
        return;
    }
    w->size = stem;
    if (ends(w, "at", &stem) || ends(w, "bl", &stem) || ends(w, "iz", &stem)) {
        w->at[w->size++] = 'e';
    } else if (ends_double(w) && strchr("lsz", w->at[w->size - 1]) == NULL) {
        w->size--;
    } else if (measure(w, w->size) == 1 && ends_cvc(w, w->size)) {
        w->at[w->size++] = 'e';
    }
}

static void step_1c(struct word *w)
{
    if (w->size > 1 && w->at[w->size - 1] == 'y' && has_vowel(w, w->size - 1)) {
        w->at[w->size - 1] = 'i';
    }
}

/* Replace the first suffix that the word has, if the measure before it is above m. */
static void replace(struct word *w, const struct rule *rules, size_t count, unsigned m)
{
    size_t stem;

    for (size_t i = 0; i < count; i++) {
        if (ends(w, rules[i].suffix, &stem)) {
            if (measure(w, stem) > m) {
                set_end(w, stem, rules[i].to);
            }
            return;
        }
    }
}

static void steps_2_and_3(struct word *w)
{
    static const struct rule second[] = {
        {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"},   {"anci", "ance"},
        {"izer", "ize"},    {"abli", "able"},   {"alli", "al"},     {"entli", "ent"},
        {"eli", "e"},       {"ousli", "ous"},   {"ization", "ize"}, {"ation", "ate"},
        {"ator", "ate"},    {"alism", "al"},    {"iveness", "ive"}, {"fulness", "ful"},
        {"ousness", "ous"}, {"aliti", "al"},    {"iviti", "ive"},   {"biliti", "ble"},
    };
    static const struct rule third[] = {
        {"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
        {"ical", "ic"},  {"ful", ""},   {"ness", ""},
    };

    replace(w, second, ARRAY_LENGTH(second), 0);
    replace(w, third, ARRAY_LENGTH(third), 0);
}

static void step_4(struct word *w)
{
    static const char *const suffixes[] = {
        "al",  "ance", "ence", "er",  "ic",  "able", "ible", "ant", "ement", "ment",
        "ent", "ion",  "ou",   "ism", "ate", "iti",  "ous",  "ive", "ize",
    };
    size_t stem;

    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        if (!ends(w, suffixes[i], &stem)) {
            continue;
        }
        if (strcmp(suffixes[i], "ion") == 0 &&
            (stem == 0 || strchr("st", w->at[stem - 1]) == NULL)) {
            return;
        }
        if (measure(w, stem) > 1) {
            w->size = stem;
        }
        return;
    }
}

static void step_5(struct word *w)
{
    size_t n = w->size - 1;

    if (w->at[n] == 'e') {
        unsigned m = measure(w, n);

        if (m > 1 || (m == 1 && !ends_cvc(w, n))) {
            w->size = n;
        }
    }
    if (w->at[w->size - 1] == 'l' && ends_double(w) && measure(w, w->size) > 1) {
        w->size--;
    }
}

size_t porter_stem(char *word, size_t size)
{
    struct word w = {.at = word, .size = size};

    if (size < 3) {
        return size;
    }
    for (size_t i = 0; i < size; i++) {
        if (word[i] < 'a' || word[i] > 'z') {
            return size;
        }
    }
    step_1a(&w);
    step_1b(&w);
    step_1c(&w);
    steps_2_and_3(&w);
    step_4(&w);
    step_5(&w);
    return w.size;
}
