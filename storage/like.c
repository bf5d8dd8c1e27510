#include "storage/like.h"

#include "storage/letters.h"

bool like_is_pattern(struct str pattern)
{
    size_t backslashes = 0;

    while (backslashes < pattern.size && pattern.at[pattern.size - 1 - backslashes] == '\\') {
        backslashes++;
    }
    return backslashes % 2 == 0;
}

/* Does the first character of *text match the first item of *pattern, which is no %? Takes both. */
static bool match_one(struct str *text, struct str *pattern, bool ignores_case)
{
    uint32_t c = letters_next(text);
    uint32_t wanted = letters_next(pattern);

    if (wanted == '_') {
        return true;
    }
    if (wanted == '\\' && pattern->size > 0) {
        wanted = letters_next(pattern);
    }
    return c == wanted || (ignores_case && letters_lower(c) == letters_lower(wanted));
}

/* The text from the first place on where a piece that starts with this byte can match. */
static struct str skip_to(struct str text, struct str pattern)
{
    const char *at;

    if (pattern.size == 0 || pattern.at[0] == '_' || pattern.at[0] == '\\' || text.size == 0) {
        return text;
    }
    at = memchr(text.at, pattern.at[0], text.size);
    return at == NULL ? (struct str){text.at + text.size, 0}
                      : (struct str){at, (size_t)(text.at + text.size - at)};
}

/*
 * Where a piece does not match, only the last % is tried again, one character further on: what the
 * earlier ones have swallowed cannot matter, so there is no exponential case.
 */
enum like_result like_match(struct str text, struct str pattern, bool ignores_case)
{
    struct str text_again = {NULL, 0}; /* from where the last % goes on */
    struct str pattern_again = {NULL, 0};
    bool has_percent = false;

    for (long steps = 0; steps < LIKE_STEPS_MAX; steps++) {
        if (pattern.size > 0 && pattern.at[0] == '%') {
            pattern = (struct str){pattern.at + 1, pattern.size - 1};
            if (pattern.size == 0) {
                return LIKE_YES;
            }
            has_percent = true;
        } else if (text.size == 0 && pattern.size == 0) {
            return LIKE_YES;
        } else if (text.size > 0 && pattern.size > 0 && match_one(&text, &pattern, ignores_case)) {
            continue;
        } else if (has_percent &&
                   text.size > 0) { /* without text left, later places have too little */
            text = text_again;
            pattern = pattern_again;
            (void)letters_next(&text); /* the % takes it */
        } else {
            return LIKE_NO;
        }
        if (pattern.size > 0 && pattern.at[0] == '%') {
            continue;
        }
        if (!ignores_case) {
            text = skip_to(text, pattern);
        }
        text_again = text;
        pattern_again = pattern;
    }
    return LIKE_TOO_MUCH;
}
