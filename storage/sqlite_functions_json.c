/*
 * gantry_contains(a, b): a @> b for JSON texts. gantry_overlaps(a, b): have two JSON arrays an element in
 * common? NULL where one is NULL or no JSON (in a column that anybody may have filled).
 * gantry_json_sorted(x): the text that all values equal to x have in common.
 */
#include <limits.h>

#include "storage/json_compare.h"
#include "storage/sqlite_internal.h"

static void destroy_value(void *value)
{
    json_value_destroy(value);
}

/* Without memory it looks like no JSON; SQLite will notice by itself soon enough. */
static struct json_value *parse(sqlite3_context *context, sqlite3_value *value)
{
    struct str text;

    if (sqlite3_value_type(value) == SQLITE_NULL || sqlite3_value_type(value) == SQLITE_BLOB ||
        !function_text(context, value, &text)) {
        return NULL;
    }
    return json_value_create(text);
}

static void compare(sqlite3_context *context, const struct json_value *a,
                    const struct json_value *b)
{
    bool is_overlaps = function_tag(context) != 0;
    enum json_result result;

    if (is_overlaps && !json_is_arrays(a, b)) {
        return;
    }
    result = is_overlaps ? json_overlaps(a, b) : json_contains(a, b);
    if (result == JSON_TOO_MUCH) {
        function_raise(context, "54001", "the JSON values are too large to be compared");
    } else {
        sqlite3_result_int(context, result == JSON_YES);
    }
}

static void run_compare(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct json_value *b = sqlite3_get_auxdata(context, 1);
    bool is_kept = b != NULL;
    struct json_value *a = parse(context, values[0]);

    (void)count;
    if (!is_kept && a != NULL) {
        b = parse(context, values[1]);
    }
    if (a != NULL && b != NULL) {
        compare(context, a, b);
    }
    json_value_destroy(a);
    if (!is_kept && b != NULL) {
        sqlite3_set_auxdata(context, 1, b, destroy_value); /* may free it at once */
    }
}

static void run_sorted(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct json_value *value = parse(context, values[0]);
    struct buf b;

    (void)count;
    if (value == NULL) { /* what is too deep for us, say, is equal to itself only */
        sqlite3_result_value(context, values[0]);
        return;
    }
    buf_init(&b, INT_MAX); /* as long as the value, or a little longer */
    if (json_put_sorted(&b, value)) {
        function_give(context, &b);
    } else {
        buf_fini(&b);
        sqlite3_result_error_nomem(context);
    }
    json_value_destroy(value);
}

int functions_install_json(struct connection *c)
{
    static const struct function functions[] = {
        {"gantry_contains", 2, run_compare, 0},
        {"gantry_overlaps", 2, run_compare, 1},
        {"gantry_json_sorted", 1, run_sorted, 0},
    };

    return functions_add(c, functions, ARRAY_LENGTH(functions));
}
