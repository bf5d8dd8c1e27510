/*
 * gantry_value(:rows, i, j): one value of a row set, so that SQL can work with the rows that an earlier
 * statement gave (row_set.h). The set is lent for as long as the statement runs, and so are its texts
 * to SQLite.
 */
#include "storage/row_set.h"
#include "storage/sqlite_internal.h"

static void give(sqlite3_context *context, const struct value *value)
{
    switch (value->type) {
    case VALUE_INTEGER:
        sqlite3_result_int64(context, value->integer);
        return;
    case VALUE_REAL:
        sqlite3_result_double(context, value->real);
        return;
    case VALUE_TEXT:
        sqlite3_result_text64(context, value->bytes.at, value->bytes.size, SQLITE_STATIC,
                              SQLITE_UTF8);
        return;
    case VALUE_BLOB:
        sqlite3_result_blob64(context, value->bytes.at, value->bytes.size, SQLITE_STATIC);
        return;
    case VALUE_NULL:
    case VALUE_SHAPE: /* a set holds no shapes and no sets */
    case VALUE_ROWS:
        break;
    }
    sqlite3_result_null(context);
}

/* A number below count. */
static bool index_of(sqlite3_value *value, uint64_t count, uint64_t *ret)
{
    sqlite3_int64 number = sqlite3_value_int64(value);

    *ret = (uint64_t)number;
    return sqlite3_value_type(value) == SQLITE_INTEGER && number >= 0 && *ret < count;
}

static void run_value(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct row_set *set = sqlite3_value_pointer(values[0], SQLITE_ROWS);
    uint64_t row;
    uint64_t column;

    (void)count; /* 3, as it is registered */
    if (set == NULL) {
        sqlite3_result_error(context, "gantry_value takes a set of rows", -1);
    } else if (!index_of(values[1], set->rows, &row) ||
               !index_of(values[2], set->columns, &column)) {
        sqlite3_result_error(context, "gantry_value: the set has no such row or column", -1);
    } else {
        give(context, row_set_at(set, row, (size_t)column));
    }
}

int functions_install_value(struct connection *c)
{
    static const struct function functions[] = {{"gantry_value", 3, run_value, 0}};

    return functions_add(c, functions, ARRAY_LENGTH(functions));
}
