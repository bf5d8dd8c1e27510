#include "handlers/table/assign.h"

#include <math.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "handlers/table/json_string.h"
#include "handlers/table/json_text.h"
#include "handlers/table/literal.h"

#define DIMENSIONS_MAX 6 /* of an array, as in PostgreSQL */

/* One cell on its way into its column. */
struct assignment {
    const struct schema_column *column;
    struct arena *arena;
    struct fault *fault;
};

static struct str text_of(const struct payload_cell *cell)
{
    switch (cell->kind) {
    case PAYLOAD_TRUE:
        return STR("true");
    case PAYLOAD_FALSE:
        return STR("false");
    default:
        return cell->text;
    }
}

static bool is_json(const struct payload_cell *cell, enum payload_kind from)
{
    return from == PAYLOAD_JSON || cell->kind != PAYLOAD_TEXT;
}

static struct value value_of_text(struct str text)
{
    return (struct value){.type = VALUE_TEXT, .bytes = text};
}

/* Give what b has to the arena, and free b. */
static bool keep(struct buf *b, struct arena *arena, struct value *ret, struct fault *fault)
{
    const char *copy = buf_status(b) == STATUS_OK ? arena_copy(arena, buf_str(b)) : NULL;
    size_t size = b->size;

    buf_fini(b);
    if (copy == NULL) {
        return fault_no_memory(fault);
    }
    *ret = value_of_text((struct str){copy, size});
    return true;
}

/* --- scalars ---------------------------------------------------------------------------------- */

/* SQLite has no NaN; what a filter may take for NULL, a write may not. */
static bool refuse_nan(const struct assignment *a, enum schema_kind kind, struct str text)
{
    return fault_set(a->fault, a->arena, 400, "22P02", "invalid input syntax for type %s: \"%.*s\"",
                     kind == SCHEMA_REAL ? "double precision" : "numeric", (int)text.size, text.at);
}

static bool read_scalar(const struct assignment *a, struct str text, enum schema_kind kind,
                        const char *type, struct value *ret)
{
    struct value value;

    if (!literal_read(text, kind, SCHEMA_ANY, type, a->arena, &value, a->fault)) {
        return false;
    }
    if (value.type == VALUE_NULL) {
        return refuse_nan(a, kind, text);
    }
    *ret = value;
    return true;
}

static bool is_written_as_integer(struct str number)
{
    for (size_t i = 0; i < number.size; i++) {
        if (number.at[i] == '.' || (number.at[i] | 0x20) == 'e') {
            return false;
        }
    }
    return true;
}

/* A column that says nothing about its values keeps what JSON says about them. */
static bool read_any(const struct assignment *a, const struct payload_cell *cell,
                     enum payload_kind from, struct value *ret)
{
    switch (cell->kind) {
    case PAYLOAD_TRUE:
    case PAYLOAD_FALSE:
        *ret = (struct value){.type = VALUE_INTEGER, .integer = cell->kind == PAYLOAD_TRUE};
        return true;
    case PAYLOAD_NUMBER:
        return read_scalar(a, cell->text,
                           is_written_as_integer(cell->text) ? SCHEMA_INTEGER : SCHEMA_REAL,
                           "bigint", ret);
    default:
        break;
    }
    if (!is_json(cell, from)) {
        return literal_read(cell->text, SCHEMA_ANY, SCHEMA_ANY, "", a->arena, ret, a->fault);
    }
    *ret = value_of_text(cell->text);
    return true;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static bool read_json(const struct assignment *a, const struct payload_cell *cell,
                      enum payload_kind from, struct value *ret)
{
    struct buf b;

    if (!is_json(cell, from)) {
        return literal_read(cell->text, SCHEMA_JSON, SCHEMA_ANY, a->column->type, a->arena, ret,
                            a->fault);
    }
    if (cell->kind != PAYLOAD_TEXT) {
        *ret = value_of_text(text_of(cell));
        return true;
    }
    buf_init(&b, SIZE_MAX / 2); /* bounded by the body's size, and by the arena in the end */
    json_put_string(&b, cell->text);
    return keep(&b, a->arena, ret, a->fault);
}

/* --- arrays ----------------------------------------------------------------------------------- */

/* An item as text: of a string its characters. */
static bool read_item_text(const struct assignment *a, struct str item, struct str *ret)
{
    enum json_string outcome;
    char *to;

    *ret = item;
    if (item.at[0] != '"') {
        return true;
    }
    to = arena_alloc(a->arena, item.size);
    if (to == NULL) {
        return fault_no_memory(a->fault);
    }
    outcome = json_string_decode((struct str){item.at + 1, item.size - 2}, to, &ret->size);
    ret->at = to;
    return outcome == JSON_STRING_GOOD || json_string_refuse(outcome, a->arena, a->fault);
}

static void put_number(struct buf *b, const struct value *value, enum schema_kind kind)
{
    if (value->type == VALUE_REAL) {
        json_put_double(b, value->real);
    } else if (kind == SCHEMA_BOOLEAN) {
        buf_append_str(b, value->integer != 0 ? STR("true") : STR("false"));
    } else {
        json_put_i64(b, value->integer);
    }
}

/* An item that is to be a number or a boolean. */
static bool put_scalar(const struct assignment *a, struct str item, struct buf *b)
{
    enum schema_kind kind = a->column->element;
    struct value value;
    struct str text;

    if (!read_item_text(a, item, &text) || !read_scalar(a, text, kind, "", &value)) {
        return false;
    }
    if (value.type == VALUE_REAL && !isfinite(value.real)) { /* JSON has no way to write it */
        return refuse_nan(a, kind, text);
    }
    put_number(b, &value, kind);
    return true;
}

static bool put_item(const struct assignment *a, struct str item, struct buf *b)
{
    switch (a->column->element) {
    case SCHEMA_ANY:
    case SCHEMA_JSON:
    case SCHEMA_ARRAY:
        buf_append_str(b, item);
        return true;
    case SCHEMA_TEXT:
    case SCHEMA_BLOB:
        if (item.at[0] == '"') {
            buf_append_str(b, item);
        } else {
            json_put_string(b, item);
        }
        return true;
    default:
        return put_scalar(a, item, b);
    }
}

/* Arrays in arrays are further dimensions, unless items may be anything. */
static bool is_dimension(const struct assignment *a, struct str item)
{
    enum schema_kind element = a->column->element;

    return item.at[0] == '[' && element != SCHEMA_ANY && element != SCHEMA_JSON &&
           element != SCHEMA_ARRAY;
}

static bool put_array(const struct assignment *a, struct str array, unsigned dimension,
                      struct buf *b)
{
    struct str rest = {array.at + 1, array.size - 2};
    struct str item;
    bool is_first = true;
    bool is_good = true;

    if (dimension > DIMENSIONS_MAX) {
        return fault_set(a->fault, a->arena, 400, "54000",
                         "number of array dimensions (%u) exceeds the maximum allowed (%d)",
                         dimension, DIMENSIONS_MAX);
    }
    buf_append_char(b, '[');
    while (is_good && json_text_next_value(&rest, &item)) {
        if (!is_first) {
            buf_append_char(b, ',');
        }
        is_first = false;
        if (str_equal(item, STR("null"))) {
            buf_append_str(b, item);
        } else if (is_dimension(a, item)) {
            is_good = put_array(a, item, dimension + 1, b);
        } else {
            is_good = put_item(a, item, b);
        }
    }
    buf_append_char(b, ']');
    return is_good;
}

static bool refuse_as_array(const struct assignment *a)
{
    (void)fault_set(a->fault, a->arena, 400, "22P02", "expected JSON array"); /* false */
    fault_hint(a->fault, a->arena, "See the value of key \"%s\".", a->column->name);
    return false;
}

/* The JSON array that a cell is, or that its text stands for. */
static bool read_as_array(const struct assignment *a, const struct payload_cell *cell,
                          struct str *ret)
{
    struct value value;

    if (cell->kind == PAYLOAD_TEXT) {
        if (!literal_read(cell->text, SCHEMA_ARRAY, a->column->element, a->column->type, a->arena,
                          &value, a->fault)) {
            return false;
        }
        *ret = value.bytes;
        return true;
    }
    *ret = text_of(cell);
    return ret->at[0] == '[' || refuse_as_array(a);
}

static bool read_array(const struct assignment *a, const struct payload_cell *cell,
                       struct value *ret)
{
    struct str array;
    struct buf b;

    if (!read_as_array(a, cell, &array)) {
        return false;
    }
    buf_init(&b, SIZE_MAX / 2); /* as above */
    if (!put_array(a, array, 1, &b)) {
        buf_fini(&b);
        return false;
    }
    return keep(&b, a->arena, ret, a->fault);
}

/* --- any column ------------------------------------------------------------------------------- */

bool assign_value(const struct payload_cell *cell, enum payload_kind from,
                  const struct schema_column *column, struct arena *arena, struct value *ret,
                  struct fault *fault)
{
    const struct assignment a = {column, arena, fault};

    if (cell->kind == PAYLOAD_NULL) {
        *ret = (struct value){.type = VALUE_NULL};
        return true;
    }
    switch (column->kind) {
    case SCHEMA_ANY:
        return read_any(&a, cell, from, ret);
    case SCHEMA_TEXT:
        *ret = value_of_text(text_of(cell));
        return true;
    case SCHEMA_JSON:
        return read_json(&a, cell, from, ret);
    case SCHEMA_ARRAY:
        return read_array(&a, cell, ret);
    default:
        return read_scalar(&a, text_of(cell), column->kind, column->type, ret);
    }
}
