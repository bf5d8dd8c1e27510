/*
 * gantry_row, gantry_rows and gantry_part: embedded rows, by the row writer's own code.
 *
 * An aggregate writes into one growing buffer, which at last is handed to SQLite as it is. Its bound is
 * SQLite's for any value.
 */
#include "base/mem.h"
#include "storage/sqlite_internal.h"

/* What gantry_rows keeps from step to step; SQLite zeroes it. */
struct rows {
    struct buf out;
    const struct row_shape *shape; /* NULL before the first step */
};

static void refuse(sqlite3_context *context, enum status status)
{
    if (status == STATUS_TOO_BIG) {
        sqlite3_result_error_toobig(context);
    } else {
        sqlite3_result_error_nomem(context);
    }
}

static void buf_init_for(struct buf *b, sqlite3_context *context)
{
    sqlite3 *handle = sqlite3_context_db_handle(context);

    buf_init(b, (size_t)sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, -1));
}

/* The first argument, if the others fit it. Return: NULL: an error is set. */
static const struct row_shape *shape_of(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct row_shape *shape = NULL;

    if (count > 0) {
        shape = sqlite3_value_pointer(values[0], SQLITE_SHAPE);
    }
    if (shape == NULL) {
        sqlite3_result_error(context, "gantry_row and its sisters take a shape", -1);
        return NULL;
    }
    if (shape->cells_count != (size_t)count - 1) {
        sqlite3_result_error(context, "the shape does not fit the arguments", -1);
        return NULL;
    }
    return shape;
}

/*
 * Hand the bytes over, with a terminator: SQLite would copy everything to add one when the text is
 * read. It finds the size by the terminator, which JSON never holds.
 */
static void give(sqlite3_context *context, struct buf *b)
{
    size_t size;
    char *at;

    b->max++;
    buf_append_char(b, '\0');
    if (buf_status(b) != STATUS_OK) {
        refuse(context, buf_status(b));
        return;
    }
    at = buf_take(b, &size);
    sqlite3_result_text(context, at, -1, mem_free);
}

static void run_row(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct row_shape *shape = shape_of(context, count, values);
    bool is_part = function_tag(context) != 0;
    struct row_values from = {.values = values + 1};
    enum status status;
    struct buf out;

    if (shape == NULL) {
        return;
    }
    buf_init_for(&out, context);
    status = is_part ? row_put_part(&out, shape, &from) : row_put_json(&out, shape, &from);
    if (status == STATUS_OK) {
        give(context, &out);
    } else {
        refuse(context, status);
    }
    buf_fini(&out);
}

static void step_rows(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct rows *rows = sqlite3_aggregate_context(context, sizeof(*rows));
    struct row_values from = {.values = values + 1};
    enum status status;

    if (rows == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (rows->shape == NULL) { /* it is a constant of the statement */
        buf_init_for(&rows->out, context);
        rows->shape = shape_of(context, count, values);
        if (rows->shape == NULL) {
            return;
        }
    }
    buf_append_char(&rows->out, rows->out.size == 0 ? '[' : ',');
    status = row_put_json(&rows->out, rows->shape, &from);
    if (status != STATUS_OK) {
        refuse(context, status);
    }
}

/* Called also after a failure and when the statement is given up: then only to free. */
static void end_rows(sqlite3_context *context)
{
    struct rows *rows = sqlite3_aggregate_context(context, 0);

    if (rows == NULL || rows->out.size == 0) {
        sqlite3_result_text(context, "[]", 2, SQLITE_STATIC);
    } else {
        buf_append_char(&rows->out, ']');
        if (buf_status(&rows->out) == STATUS_OK) {
            give(context, &rows->out);
        } else {
            refuse(context, buf_status(&rows->out));
        }
    }
    if (rows != NULL) {
        buf_fini(&rows->out);
    }
}

int functions_install_rows(struct connection *c)
{
    static const struct function functions[] = {
        {"gantry_row", -1, run_row, 0},
        {"gantry_part", -1, run_row, 1},
    };
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int code = functions_add(c, functions, ARRAY_LENGTH(functions));

    if (code != SQLITE_OK) {
        return code;
    }
    return sqlite3_create_function_v2(c->handle, "gantry_rows", -1, flags, NULL, NULL, step_rows,
                                      end_rows, NULL);
}
