/*
 * gantry_row, gantry_rows, gantry_sorted, gantry_part: embedded rows, by the row writer's own code.
 *
 * An aggregate writes into one growing buffer, which at last is handed to SQLite as it is. Its bound is
 * SQLite's for any value.
 *
 * gantry_sorted notes the key of each row and where its text is. Rows that an index delivers come
 * in the order of their rowids, and then that was all; otherwise the texts are put in order at the
 * end. It is cheaper than ORDER BY in a subquery, from which SQLite copies every value of every row.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "storage/sqlite_internal.h"

/* What gantry_rows keeps from step to step; SQLite zeroes it. */
struct rows {
    struct buf out;
    const struct row_shape *shape; /* NULL before the first step */
};

/* Of gantry_sorted: one row's text in out. SQLite's values are below 2 GiB. */
struct place {
    int64_t key;
    uint32_t start;
    uint32_t size;
};

#define FEW_PLACES 8 /* that need no memory of their own */

struct sorted_rows {
    struct rows rows;
    size_t count;
    struct place few[FEW_PLACES]; /* while there are no more */
    struct buf many;              /* else struct place, all of them */
    size_t key;                   /* which value it is, from 1 */
    bool is_descending;
    int64_t last_key;
    bool is_mixed; /* some row's key is below that of the row before */
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

/*
 * The first argument, if the others fit it: as many as it has cells, and a key (its place, from 1;
 * 0: none) may stand behind them. Return: NULL: an error is set.
 */
static const struct row_shape *shape_of(sqlite3_context *context, int count, sqlite3_value **values,
                                        size_t key)
{
    const struct row_shape *shape = NULL;

    if (count > 0) {
        shape = sqlite3_value_pointer(values[0], SQLITE_SHAPE);
    }
    if (shape == NULL) {
        sqlite3_result_error(context, "gantry_row and its sisters take a shape", -1);
        return NULL;
    }
    if (shape->cells_count + (key > shape->cells_count) != (size_t)count - 1) {
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
    const struct row_shape *shape = shape_of(context, count, values, 0);
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

/* The shape has been found. Return: false: an error is set. */
static bool add_row(sqlite3_context *context, struct rows *rows, sqlite3_value **values)
{
    struct row_values from = {.values = values};
    enum status status;

    buf_append_char(&rows->out, rows->out.size == 0 ? '[' : ',');
    status = row_put_json(&rows->out, rows->shape, &from);
    if (status != STATUS_OK) {
        refuse(context, status);
    }
    return status == STATUS_OK;
}

/* rows: NULL: none. Takes its text, if all is well. */
static void give_rows(sqlite3_context *context, struct rows *rows)
{
    if (rows == NULL || rows->out.size == 0) {
        sqlite3_result_text(context, "[]", 2, SQLITE_STATIC);
        return;
    }
    buf_append_char(&rows->out, ']');
    if (buf_status(&rows->out) == STATUS_OK) {
        give(context, &rows->out);
    } else {
        refuse(context, buf_status(&rows->out));
    }
}

static void step_rows(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct rows *rows = sqlite3_aggregate_context(context, sizeof(*rows));

    if (rows == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (rows->shape == NULL) { /* it is a constant of the statement */
        buf_init_for(&rows->out, context);
        rows->shape = shape_of(context, count, values, 0);
    }
    if (rows->shape != NULL) {
        (void)add_row(context, rows, values + 1); /* has said so */
    }
}

/* Called also after a failure and when the statement is given up: then only to free. */
static void end_rows(sqlite3_context *context)
{
    struct rows *rows = sqlite3_aggregate_context(context, 0);

    give_rows(context, rows);
    if (rows != NULL) {
        buf_fini(&rows->out);
    }
}

/* --- in order ----------------------------------------------------------------------------------- */

/* What the constants of the statement say. Return: false: an error is set. */
static bool begin_sorted(sqlite3_context *context, struct sorted_rows *sorted, int count,
                         sqlite3_value **values)
{
    int place = count == 0 ? 0 : sqlite3_value_int(values[0]);
    int last = count - 2; /* behind the place and the shape */
    const struct row_shape *shape;

    if (place == 0 || place > last || place < -last) {
        sqlite3_result_error(context, "gantry_sorted takes the place of its key", -1);
        return false;
    }
    sorted->is_descending = place < 0;
    sorted->key = (size_t)(place < 0 ? -place : place);
    shape = shape_of(context, count - 1, values + 1, sorted->key);
    buf_init_for(&sorted->rows.out, context);
    buf_init_for(&sorted->many, context);
    sorted->rows.shape = shape;
    return shape != NULL;
}

static void note_place(struct sorted_rows *sorted, const struct place *place)
{
    sorted->is_mixed = sorted->is_mixed || (sorted->count > 0 && place->key < sorted->last_key);
    sorted->last_key = place->key;
    if (sorted->count < FEW_PLACES) {
        sorted->few[sorted->count] = *place;
    } else {
        if (sorted->count == FEW_PLACES) {
            buf_append(&sorted->many, sorted->few, sizeof(sorted->few));
        }
        buf_append(&sorted->many, place, sizeof(*place));
    }
    sorted->count++;
}

static void step_sorted(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct sorted_rows *sorted = sqlite3_aggregate_context(context, sizeof(*sorted));
    struct place place;

    if (sorted == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (sorted->rows.shape == NULL && !begin_sorted(context, sorted, count, values)) {
        return;
    }
    place.key = sqlite3_value_int64(values[1 + sorted->key]);
    place.key = sorted->is_descending ? ~place.key : place.key;
    place.start = (uint32_t)sorted->rows.out.size + 1; /* behind '[' or ',' */
    if (!add_row(context, &sorted->rows, values + 2)) {
        return;
    }
    place.size = (uint32_t)sorted->rows.out.size - place.start;
    note_place(sorted, &place);
    if (buf_status(&sorted->many) != STATUS_OK) {
        refuse(context, buf_status(&sorted->many));
    }
}

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;

    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return a->start < b->start ? -1 : 1; /* as they came */
}

/* Write the rows anew, each to its place. */
static void sort_rows(struct sorted_rows *sorted)
{
    struct place *places =
        sorted->count <= FEW_PLACES ? sorted->few : (struct place *)(void *)sorted->many.at;
    struct buf *from = &sorted->rows.out;
    struct buf to;

    qsort(places, sorted->count, sizeof(*places), compare_places);
    buf_init(&to, from->max);
    for (size_t i = 0; i < sorted->count; i++) {
        buf_append_char(&to, i == 0 ? '[' : ',');
        buf_append(&to, from->at + places[i].start, places[i].size);
    }
    buf_fini(from);
    *from = to;
}

/* As end_rows. */
static void end_sorted(sqlite3_context *context)
{
    struct sorted_rows *sorted = sqlite3_aggregate_context(context, 0);

    if (sorted != NULL && sorted->is_mixed && buf_status(&sorted->many) == STATUS_OK) {
        sort_rows(sorted);
    }
    give_rows(context, sorted == NULL ? NULL : &sorted->rows);
    if (sorted != NULL) {
        buf_fini(&sorted->rows.out);
        buf_fini(&sorted->many);
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
    code = sqlite3_create_function_v2(c->handle, "gantry_rows", -1, flags, NULL, NULL, step_rows,
                                      end_rows, NULL);
    if (code != SQLITE_OK) {
        return code;
    }
    return sqlite3_create_function_v2(c->handle, "gantry_sorted", -1, flags, NULL, NULL,
                                      step_sorted, end_sorted, NULL);
}
