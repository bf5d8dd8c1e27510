/*
 * gantry_contains(a, b): a @> b for JSON texts. gantry_overlaps(a, b): have two JSON arrays an element in
 * common?
 * gantry_json_key(a), gantry_array_key(a): bytes that sort as a does (json_key.h).
 * NULL where one is NULL or no JSON (in a column that anybody may have filled).
 */
#include "storage/json_compare.h"
#include "storage/json_key.h"
#include "storage/sqlite_internal.h"

#define KEY_BYTES_MAX ((size_t)64 * 1024 * 1024)

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

static void run_key(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct json_value *value = parse(context, values[0]);
    struct buf key;

    (void)count;
    if (value == NULL) {
        return;
    }
    buf_init(&key, KEY_BYTES_MAX);
    if (!json_key_put(&key, value, (enum json_key)function_tag(context)) ||
        buf_status(&key) == STATUS_NOMEM) {
        sqlite3_result_error_nomem(context);
    } else if (buf_status(&key) != STATUS_OK) {
        function_raise(context, "54001", "the JSON value is too large to be compared");
    } else {
        sqlite3_result_blob64(context, key.at, key.size, SQLITE_TRANSIENT);
    }
    buf_fini(&key);
    json_value_destroy(value);
}

int functions_install_json(struct connection *c)
{
    static const struct function functions[] = {
        {"gantry_contains", 2, run_compare, 0},
        {"gantry_overlaps", 2, run_compare, 1},
        {"gantry_json_key", 1, run_key, JSON_KEY_JSON},
        {"gantry_array_key", 1, run_key, JSON_KEY_ARRAY},
    };

    return functions_add(c, functions, ARRAY_LENGTH(functions));
}
