/*
 * gantry_fts(text, query, mode, language): full-text search of one text, where no index helps.
 * gantry_fts5(query, mode, column): the same query for FTS5's MATCH, in one column or (NULL) in all.
 *
 * mode is 'fts', 'plfts', 'phfts' or 'wfts', language 'simple' (also NULL) or 'english'. Queries are parsed
 * once per statement: SQLite keeps them with the argument, which is a bound value, as mode and language are.
 */
#include "base/mem.h"
#include "storage/sqlite_internal.h"
#include "storage/tsquery.h"

static bool take_mode(sqlite3_context *context, sqlite3_value *value, enum tsquery_syntax *ret)
{
    static const char *const names[] = {"fts", "plfts", "phfts", "wfts"};
    const char *name = (const char *)sqlite3_value_text(value);

    for (size_t i = 0; i < ARRAY_LENGTH(names) && name != NULL; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum tsquery_syntax)i;
            return true;
        }
    }
    sqlite3_result_error(context, "gantry_fts: unknown mode", -1);
    return false;
}

static bool take_language(sqlite3_context *context, sqlite3_value *value, enum words_language *ret)
{
    struct str name;

    if (sqlite3_value_type(value) == SQLITE_NULL) {
        *ret = WORDS_SIMPLE;
        return true;
    }
    if (!function_text(context, value, &name)) {
        return false;
    }
    if (!words_language_of(name, ret)) {
        function_raise(context, "42704", "text search configuration \"%.*s\" does not exist",
                       name.size > 100 ? 100 : (int)name.size, name.at);
        return false;
    }
    return true;
}

/* Return: NULL: an error is set. */
static struct tsquery *parse(sqlite3_context *context, sqlite3_value *value,
                             enum tsquery_syntax syntax, enum words_language language)
{
    struct tsquery *query = NULL;
    const char *reason = "";
    struct str text;

    if (!function_text(context, value, &text)) {
        return NULL;
    }
    switch (tsquery_create(text, syntax, language, &query, &reason)) {
    case STATUS_OK:
        return query;
    case STATUS_NOMEM:
        sqlite3_result_error_nomem(context);
        return NULL;
    case STATUS_TOO_BIG:
        function_raise(context, "54000", "the full-text query has %s", reason);
        return NULL;
    default:
        function_raise(context, "42601", "%s: \"%.*s\"", reason,
                       text.size > 200 ? 200 : (int)text.size, text.at);
        return NULL;
    }
}

static void destroy_query(void *query)
{
    tsquery_destroy(query);
}

static void search(sqlite3_context *context, const struct tsquery *query, sqlite3_value *value)
{
    bool is_found = false;
    struct str text;

    if (sqlite3_value_type(value) == SQLITE_NULL || !function_text(context, value, &text)) {
        return;
    }
    if (tsquery_match(query, text, &is_found) != STATUS_OK) {
        function_raise(context, "54001",
                       "the full-text query takes too much on a text of %zu bytes", text.size);
    } else {
        sqlite3_result_int(context, is_found);
    }
}

static void run_fts(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct tsquery *query = sqlite3_get_auxdata(context, 1);
    enum tsquery_syntax syntax;
    enum words_language language;

    (void)count;
    if (query != NULL) {
        search(context, query, values[0]);
        return;
    }
    if (sqlite3_value_type(values[1]) == SQLITE_NULL || !take_mode(context, values[2], &syntax) ||
        !take_language(context, values[3], &language)) {
        return;
    }
    query = parse(context, values[1], syntax, language);
    if (query != NULL) {
        search(context, query, values[0]);
        sqlite3_set_auxdata(context, 1, query, destroy_query); /* may free it at once */
    }
}

/* {"column"} : (...), so that the rest speaks of this column alone. */
static void put_column(struct buf *out, struct str column)
{
    buf_append_literal(out, "{\"");
    for (size_t i = 0; i < column.size; i++) {
        if (column.at[i] == '"') {
            buf_append_char(out, '"');
        }
        buf_append_char(out, column.at[i]);
    }
    buf_append_literal(out, "\"} : ");
}

static void give_expression(sqlite3_context *context, const struct tsquery *query,
                            struct str column)
{
    enum status status;
    struct buf out;
    size_t size;
    char *at;

    buf_init(&out, (size_t)1024 * 1024);
    if (column.size > 0) {
        put_column(&out, column);
    }
    buf_append_char(&out, '(');
    status = tsquery_put_fts5(query, &out);
    buf_append_char(&out, ')');
    if (status == STATUS_INVALID) {
        function_raise(context, "0A000",
                       "an FTS5 index cannot answer this full-text query: it has no negation "
                       "without something wanted, and in phrases only words that follow directly");
    } else if (buf_status(&out) != STATUS_OK) {
        sqlite3_result_error_nomem(context);
    } else {
        at = buf_take(&out, &size);
        sqlite3_result_text64(context, at, size, mem_free, SQLITE_UTF8);
    }
    buf_fini(&out);
}

/* A query that says nothing becomes the empty phrase, which finds nothing; MATCH NULL would fail. */
static void run_fts5(sqlite3_context *context, int count, sqlite3_value **values)
{
    enum tsquery_syntax syntax;
    struct tsquery *query;
    struct str column = {NULL, 0};

    (void)count;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL || !take_mode(context, values[1], &syntax)) {
        return;
    }
    if (sqlite3_value_type(values[2]) != SQLITE_NULL &&
        !function_text(context, values[2], &column)) {
        return;
    }
    query = parse(context, values[0], syntax, WORDS_SIMPLE);
    if (query != NULL && tsquery_is_empty(query)) {
        sqlite3_result_text(context, "\"\"", -1, SQLITE_STATIC);
    } else if (query != NULL) {
        give_expression(context, query, column);
    }
    tsquery_destroy(query);
}

int functions_install_fts(struct connection *c)
{
    static const struct function functions[] = {
        {"gantry_fts", 4, run_fts, 0},
        {"gantry_fts5", 3, run_fts5, 0},
    };

    return functions_add(c, functions, ARRAY_LENGTH(functions));
}
