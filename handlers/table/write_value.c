/*
 * From a row of the body to the values of a statement. What the row lacks is NULL, or, with
 * missing=default, what the column's DEFAULT gives: SQLite has no DEFAULT to write in the place of a
 * value, so it is asked for what that is.
 */
#include <ctype.h>
#include <string.h>

#include "handlers/table/answer.h"
#include "handlers/table/assign.h"
#include "handlers/table/write.h"

/* --- defaults ----------------------------------------------------------------------------------- */

static bool is_word(const char *sql)
{
    for (; *sql != '\0'; sql++) {
        if (!isalnum((unsigned char)*sql) && *sql != '_') {
            return false;
        }
    }
    return true;
}

static bool is_value_word(const char *sql)
{
    static const char *const words[] = {"null",         "true",         "false",
                                        "current_date", "current_time", "current_timestamp"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_equal_nocase(str_of(sql), str_of(words[i]))) {
            return true;
        }
    }
    return !isalpha((unsigned char)*sql) && *sql != '_'; /* a number */
}

/* SQLite takes DEFAULT abc and DEFAULT "abc" for text. Return: is it that? */
static bool is_bare_text(const char *sql, struct str *ret)
{
    size_t size = strlen(sql);

    if (size >= 2 && sql[0] == '"' && memchr(sql + 1, '"', size - 1) == sql + size - 1) {
        *ret = (struct str){sql + 1, size - 2};
        return true;
    }
    *ret = (struct str){sql, size};
    return is_word(sql) && !is_value_word(sql);
}

/* Ask SQLite what an expression of the schema gives. The value lies in the arena. */
static bool evaluate(struct write *w, const char *expression, struct arena *arena,
                     struct value *ret) ON_WORKER MAY_BLOCK
{
    struct query query = {.shape = QUERY_ROW};
    struct query_result result;
    struct row_set set;
    struct error err;
    char *sql = arena_alloc(arena, strlen(expression) + sizeof("SELECT (\n)"));
    bool is_ok = true;

    if (sql == NULL) {
        return fault_no_memory(&w->fault);
    }
    (void)stpcpy(stpcpy(stpcpy(sql, "SELECT ("), expression), "\n)"); /* measured above */
    query.sql = sql;
    query.into = &set;
    row_set_init(&set, w->call->response.body.max);
    if (connection_run(w->connection, &query, w->call->cancel, &w->call->response.body, &result,
                       &err) != STATUS_OK) {
        is_ok = write_fail_error(w, &err);
    } else {
        *ret = *row_set_at(&set, 0, 0);
        if (ret->type == VALUE_TEXT || ret->type == VALUE_BLOB) {
            ret->bytes.at = arena_copy(arena, ret->bytes);
            is_ok = ret->bytes.at != NULL || fault_no_memory(&w->fault);
        }
    }
    row_set_fini(&set);
    return is_ok;
}

bool write_default_value(struct write *w, const struct schema_column *column, struct arena *arena,
                         struct value *ret)
{
    struct str text;

    if (column->default_sql == NULL) { /* also of a rowid, for which NULL is the next one */
        *ret = (struct value){.type = VALUE_NULL};
        return true;
    }
    if (is_bare_text(column->default_sql, &text)) {
        *ret = (struct value){.type = VALUE_TEXT, .bytes = text};
        return true;
    }
    return evaluate(w, column->default_sql, arena, ret);
}

/* --- rows --------------------------------------------------------------------------------------- */

/* Does what a row lacks get its default? PUT replaces the whole row. */
static bool has_defaults(const struct write *w)
{
    return w->preferences.missing == MISSING_DEFAULT && w->call->request.method != METHOD_PUT;
}

/* What cannot be a column's value is refused with the column's name. */
static bool assign(struct write *w, const struct payload_cell *cell,
                   const struct schema_column *column, struct arena *arena, struct value *ret)
{
    if (assign_value(cell, w->payload.kind, column, arena, ret, &w->fault)) {
        return true;
    }
    if (w->fault.http_status == 400 && w->fault.hint == NULL) {
        fault_hint(&w->fault, arena, "That is the value for the column '%s'.", column->name);
    }
    return false;
}

bool write_next_values(struct write *w, struct payload_cell *cells, struct arena *arena,
                       struct value *values)
{
    if (!payload_next(&w->payload, arena, cells, &w->fault)) {
        return false;
    }
    for (size_t i = 0; i < w->targets.count; i++) {
        const struct schema_column *column = w->targets.columns[i];
        bool is_ok = true;

        if (cells[i].kind != PAYLOAD_MISSING) {
            is_ok = assign(w, &cells[i], column, arena, &values[i]);
        } else if (has_defaults(w)) {
            is_ok = write_default_value(w, column, arena, &values[i]);
        } else {
            values[i] = (struct value){.type = VALUE_NULL};
        }
        if (!is_ok) {
            return false;
        }
    }
    return true;
}
