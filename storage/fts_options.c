/*
 * Each argument of fts5() is a column's name, perhaps with UNINDEXED, or `option = value`. FTS5 takes
 * the beginning of an option's name for the option, the first that fits in its list: "c" is
 * content. (fts5ConfigParseSpecial; there is no mention of it in the documentation.)
 */
#include "storage/fts_options.h"

#include <strings.h>

#include "base/attributes.h"
#include "storage/sql_token.h"

static const char *const option_names[] = {"prefix",        "tokenize",   "content",
                                           "content_rowid", "columnsize", "detail"};

static bool is_option(struct sql_token token, const char *option)
{
    for (size_t i = 0; i < ARRAY_LENGTH(option_names); i++) {
        struct str start = {option_names[i], token.text.size};

        if (token.kind == SQL_WORD && token.text.size <= strlen(option_names[i]) &&
            str_equal_nocase(token.text, start)) {
            return strcmp(option_names[i], option) == 0;
        }
    }
    return false;
}

/* name stands before the equals sign, value behind it. */
static enum status read_option(struct sql_token name, struct sql_token value, struct arena *arena,
                               struct fts_options *options)
{
    const char *text;

    if (!sql_token_is_name(value)) {
        return STATUS_OK;
    }
    text = sql_token_name(value, arena);
    if (text == NULL) {
        return STATUS_NOMEM;
    }
    if (is_option(name, "content")) {
        options->content = text[0] == '\0' ? NULL : text;
    } else if (is_option(name, "content_rowid")) {
        options->rowid = text[0] == '\0' ? NULL : text;
    } else if (is_option(name, "detail")) { /* "full", of which the beginning is enough */
        options->is_full = strncasecmp(text, "full", strlen(text)) == 0;
    }
    return STATUS_OK;
}

static enum status add_unindexed(struct sql_token name, struct arena *arena,
                                 struct fts_options *options)
{
    struct fts_unindexed *column = arena_alloc(arena, sizeof(*column));
    const char *text = sql_token_name(name, arena);

    if (column == NULL || text == NULL) {
        return STATUS_NOMEM;
    }
    *column = (struct fts_unindexed){.next = options->unindexed, .name = text};
    options->unindexed = column;
    return STATUS_OK;
}

/* sql stands behind the module's parenthesis. */
static enum status read_arguments(struct str sql, struct arena *arena, struct fts_options *options)
{
    struct sql_token before = {.kind = SQL_END};
    struct sql_token token = sql_token_next(&sql);

    while (token.kind != SQL_END && !sql_token_is_sign(token, ')')) {
        struct sql_token next = sql_token_next(&sql);

        if (sql_token_is_sign(token, '=') &&
            read_option(before, next, arena, options) != STATUS_OK) {
            return STATUS_NOMEM;
        }
        if (sql_token_is_word(token, "UNINDEXED") && sql_token_is_name(before) &&
            add_unindexed(before, arena, options) != STATUS_OK) {
            return STATUS_NOMEM;
        }
        before = token;
        token = next;
    }
    return STATUS_OK;
}

enum status fts_options_read(struct str sql, struct arena *arena, struct fts_options *ret)
{
    struct fts_options options = {.is_full = true};
    struct sql_token token;
    enum status status;

    do { /* CREATE VIRTUAL TABLE name USING: a name without quotes cannot be USING */
        token = sql_token_next(&sql);
    } while (token.kind != SQL_END && !sql_token_is_word(token, "USING"));
    token = sql_token_next(&sql);
    if (token.kind != SQL_END) {
        const char *module = sql_token_name(token, arena);
        if (module == NULL) {
            return STATUS_NOMEM;
        }
        options.is_fts = str_equal_nocase(str_of(module), STR("fts5"));
    }
    token = sql_token_next(&sql); /* ( */
    status = sql_token_is_sign(token, '(') ? read_arguments(sql, arena, &options) : STATUS_OK;
    if (status == STATUS_OK) {
        *ret = options;
    }
    return status;
}
