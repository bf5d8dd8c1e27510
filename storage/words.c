#include "storage/words.h"

#include <stdlib.h>

#include "storage/letters.h"
#include "storage/porter.h"

/* PostgreSQL's english.stop, sorted. */
static const char *const stop_words[] = {
    "a",      "about",  "above", "after", "again",   "against",   "all",        "am",
    "an",     "and",    "any",   "are",   "as",      "at",        "be",         "because",
    "been",   "before", "being", "below", "between", "both",      "but",        "by",
    "can",    "did",    "do",    "does",  "doing",   "don",       "down",       "during",
    "each",   "few",    "for",   "from",  "further", "had",       "has",        "have",
    "having", "he",     "her",   "here",  "hers",    "herself",   "him",        "himself",
    "his",    "how",    "i",     "if",    "in",      "into",      "is",         "it",
    "its",    "itself", "just",  "me",    "more",    "most",      "my",         "myself",
    "no",     "nor",    "not",   "now",   "of",      "off",       "on",         "once",
    "only",   "or",     "other", "our",   "ours",    "ourselves", "out",        "over",
    "own",    "s",      "same",  "she",   "should",  "so",        "some",       "such",
    "t",      "than",   "that",  "the",   "their",   "theirs",    "them",       "themselves",
    "then",   "there",  "these", "they",  "this",    "those",     "through",    "to",
    "too",    "under",  "until", "up",    "very",    "was",       "we",         "were",
    "what",   "when",   "where", "which", "while",   "who",       "whom",       "why",
    "will",   "with",   "you",   "your",  "yours",   "yourself",  "yourselves",
};

static bool is_word_character(uint32_t c)
{
    return letters_is(c, LETTERS_ALNUM);
}

static void put(struct words *w, uint32_t c)
{
    if (c != 0 && w->size < WORD_SIZE_MAX) {
        w->size += letters_put(w->word + w->size, c);
    }
}

bool words_next(struct words *w)
{
    const char *from = NULL;

    w->size = 0;
    while (w->rest.size > 0) {
        struct str before = w->rest;
        uint32_t c = letters_next(&w->rest);
        uint32_t plain = letters_plain(c);
        bool is_inside = is_word_character(c) || (from != NULL && plain == 0);

        if (is_inside) {
            from = from == NULL ? before.at : from;
            put(w, plain);
        } else if (from != NULL) {
            w->raw = (struct str){from, (size_t)(before.at - from)};
            return true;
        }
    }
    if (from != NULL) {
        w->raw = (struct str){from, (size_t)(w->rest.at - from)};
    }
    return from != NULL;
}

bool words_language_of(struct str name, enum words_language *ret)
{
    static const struct str schema = {"pg_catalog.", sizeof("pg_catalog.") - 1};

    if (name.size > schema.size && str_equal_nocase((struct str){name.at, schema.size}, schema)) {
        name = (struct str){name.at + schema.size, name.size - schema.size};
    }
    if (str_equal_nocase(name, STR("english"))) {
        *ret = WORDS_ENGLISH;
        return true;
    }
    *ret = WORDS_SIMPLE;
    return str_equal_nocase(name, STR("simple"));
}

static int compare(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

bool words_normalize(struct words *w, enum words_language language)
{
    if (language == WORDS_SIMPLE) {
        return true;
    }
    w->word[w->size] = '\0';
    if (bsearch(w->word, stop_words, ARRAY_LENGTH(stop_words), sizeof(stop_words[0]), compare) !=
        NULL) {
        return false;
    }
    w->size = porter_stem(w->word, w->size);
    return true;
}
