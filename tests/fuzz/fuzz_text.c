/*
 * Any bytes as what our SQL functions get: a text, and a pattern, query or JSON value from the client.
 * The first byte says for which (see modes), a byte 0xFE stands between the two.
 */
#include <string.h>

#include "base/json_check.h"
#include "base/utf8.h"
#include "storage/json_compare.h"
#include "storage/like.h"
#include "storage/regex.h"
#include "storage/tsquery.h"
#include "tests/fuzz/fuzz.h"

#define BYTES_MAX ((size_t)1024 * 1024)

enum mode {
    JSON,
    JSON_STRIP,
    LIKE,
    ILIKE,
    MATCH,
    IMATCH,
    FTS,
    PLFTS,
    PHFTS,
    WFTS,
    ENGLISH,
    CONTAINS
};
#define MODES (CONTAINS + 1)

/* What is JSON stays JSON, on one line, and is minified once and for all. */
static void try_json(struct str text, bool strips_nulls)
{
    struct json_facts before;
    struct json_facts after;
    struct buf once;
    struct buf twice;

    if (!json_check(text, &before)) {
        return;
    }
    FUZZ_CHECK(utf8_is_valid(text));
    buf_init(&once, BYTES_MAX);
    buf_init(&twice, BYTES_MAX);
    json_put_minified(&once, text, strips_nulls);
    FUZZ_CHECK(json_check(buf_str(&once), &after) && !after.has_newlines);
    FUZZ_CHECK(once.size <= text.size && after.is_null == before.is_null);
    FUZZ_CHECK(strips_nulls || after.has_nulls == before.has_nulls);
    json_put_minified(&twice, buf_str(&once), strips_nulls);
    FUZZ_CHECK(str_equal(buf_str(&once), buf_str(&twice)));
    buf_fini(&once);
    buf_fini(&twice);
}

static void try_like(struct str text, struct str pattern, bool ignores_case)
{
    if (!like_is_pattern(pattern)) {
        return;
    }
    if (like_match(text, pattern, false) == LIKE_YES && ignores_case) {
        FUZZ_CHECK(like_match(text, pattern, true) != LIKE_NO);
    }
}

static void try_regex(struct str text, struct str pattern, bool ignores_case)
{
    struct regex *regex = NULL;
    const char *reason = NULL;
    enum regex_result result;

    if (regex_create(pattern, ignores_case, &regex, &reason) != STATUS_OK) {
        FUZZ_CHECK(regex == NULL && reason != NULL && reason[0] != '\0');
        return;
    }
    result = regex_search(regex, text);
    FUZZ_CHECK(regex_search(regex, text) == result);
    regex_destroy(regex);
}

static void try_tsquery(struct str text, struct str query_text, enum tsquery_syntax syntax,
                        enum words_language language)
{
    struct tsquery *query = NULL;
    const char *reason = NULL;
    bool is_found = false;
    struct buf out;
    enum status status = tsquery_create(query_text, syntax, language, &query, &reason);

    if (status != STATUS_OK) {
        FUZZ_CHECK(query == NULL && reason != NULL);
        FUZZ_CHECK(status == STATUS_TOO_BIG || (status == STATUS_INVALID && syntax == TSQUERY_FTS));
        return;
    }
    FUZZ_CHECK(tsquery_match(query, text, &is_found) == STATUS_OK);
    FUZZ_CHECK(!is_found || !tsquery_is_empty(query));
    buf_init(&out, BYTES_MAX);
    status = tsquery_put_fts5(query, &out);
    FUZZ_CHECK(status == STATUS_OK || status == STATUS_INVALID);
    buf_fini(&out);
    tsquery_destroy(query);
}

static void try_json_values(struct str first, struct str second)
{
    struct json_value *a = json_value_create(first);
    struct json_value *b = json_value_create(second);

    if (a != NULL) {
        FUZZ_CHECK(json_contains(a, a) != JSON_NO);
    }
    if (a != NULL && b != NULL) {
        (void)json_contains(a, b); /* it ends */
        if (json_is_arrays(a, b)) {
            FUZZ_CHECK(json_overlaps(a, b) == json_overlaps(b, a));
        }
    }
    json_value_destroy(a);
    json_value_destroy(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *split;
    struct str all = {(const char *)data + 1, size - 1};
    struct str first = all;
    struct str second = {(const char *)data, 0};
    enum mode mode;

    if (size == 0) {
        return 0;
    }
    mode = (enum mode)((data[0] - 'a' + 256u) % MODES);
    split = memchr(all.at, 0xFE, all.size);
    if (split != NULL) {
        first = (struct str){all.at, (size_t)((const char *)split - all.at)};
        second = (struct str){(const char *)split + 1, all.size - first.size - 1};
    }
    if (mode <= JSON_STRIP) {
        try_json(all, mode == JSON_STRIP);
    } else if (mode <= ILIKE) {
        try_like(first, second, mode == ILIKE);
    } else if (mode <= IMATCH) {
        try_regex(first, second, mode == IMATCH);
    } else if (mode <= WFTS) {
        try_tsquery(first, second, (enum tsquery_syntax)(mode - FTS), WORDS_SIMPLE);
    } else if (mode == ENGLISH) {
        try_tsquery(first, second, TSQUERY_FTS, WORDS_ENGLISH);
    } else {
        try_json_values(first, second);
    }
    return 0;
}
