/*
 * gantry_like(x, pattern), gantry_ilike: LIKE and ILIKE as in PostgreSQL.
 * gantry_match(x, pattern), gantry_imatch: its ~ and ~*.
 *
 * A regular expression is compiled once per statement: SQLite keeps it with the pattern, which is a
 * bound value.
 */
#include "storage/like.h"
#include "storage/regex.h"
#include "storage/sqlite_internal.h"

/* x and the pattern. Return: false: NULL or an error is the result. */
static bool take_arguments(sqlite3_context *context, sqlite3_value **values, struct str *ret_text,
                           struct str *ret_pattern)
{
    if (sqlite3_value_type(values[0]) == SQLITE_NULL ||
        sqlite3_value_type(values[1]) == SQLITE_NULL) {
        return false;
    }
    return function_text(context, values[0], ret_text) &&
           function_text(context, values[1], ret_pattern);
}

static void run_like(sqlite3_context *context, int count, sqlite3_value **values)
{
    bool ignores_case = function_tag(context) != 0;
    enum like_result result;
    struct str text;
    struct str pattern;

    (void)count;
    if (!take_arguments(context, values, &text, &pattern)) {
        return;
    }
    if (!like_is_pattern(pattern)) {
        function_raise(context, "22025", "LIKE pattern must not end with escape character");
        return;
    }
    result = like_match(text, pattern, ignores_case);
    if (result == LIKE_TOO_MUCH) {
        function_raise(context, "54001", "the LIKE pattern takes too long on a text of %zu bytes",
                       text.size);
    } else {
        sqlite3_result_int(context, result == LIKE_YES);
    }
}

static void destroy_regex(void *regex)
{
    regex_destroy(regex);
}

static void search(sqlite3_context *context, struct regex *regex, struct str text)
{
    enum regex_result result = regex_search(regex, text);

    if (result == REGEX_TOO_MUCH) {
        function_raise(context, "54001",
                       "the regular expression takes too long on a text of %zu bytes", text.size);
    } else {
        sqlite3_result_int(context, result == REGEX_YES);
    }
}

static void run_match(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct regex *regex;
    const char *reason = "";
    struct str text;
    struct str pattern;
    enum status status;

    (void)count;
    if (!take_arguments(context, values, &text, &pattern)) {
        return;
    }
    regex = sqlite3_get_auxdata(context, 1);
    if (regex != NULL) {
        search(context, regex, text);
        return;
    }
    status = regex_create(pattern, function_tag(context) != 0, &regex, &reason);
    if (status == STATUS_OK) {
        search(context, regex, text);
        sqlite3_set_auxdata(context, 1, regex, destroy_regex); /* may free it at once */
    } else if (status == STATUS_NOMEM) {
        sqlite3_result_error_nomem(context);
    } else {
        function_raise(context, "2201B", "invalid regular expression: %s", reason);
    }
}

int functions_install_text(struct connection *c)
{
    static const struct function functions[] = {
        {"gantry_like", 2, run_like, 0},
        {"gantry_ilike", 2, run_like, 1},
        {"gantry_match", 2, run_match, 0},
        {"gantry_imatch", 2, run_match, 1},
    };

    return functions_add(c, functions, ARRAY_LENGTH(functions));
}
