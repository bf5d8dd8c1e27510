/*
 * One value of SQLite's as JSON or as a field of CSV, and one row of them behind a shape.
 *
 * The same code writes the rows of a statement and what gantry_row and its sisters give: a row's
 * values are asked for one by one, from the statement or from the arguments. That the two kinds of
 * sqlite3_value may be treated alike is promised for SQLITE_CONFIG_MULTITHREAD.
 *
 * The type is asked for first: reading a value as another type would convert it.
 */
#include <math.h>
#include <string.h>

#include "base/base64.h"
#include "base/csv_out.h"
#include "base/json_check.h"
#include "base/json_out.h"
#include "storage/sqlite_internal.h"

bool sqlite_text_of(sqlite3_value *value, struct str *ret)
{
    const unsigned char *at = sqlite3_value_text(value);

    *ret = (struct str){(const char *)at, (size_t)sqlite3_value_bytes(value)};
    return at != NULL;
}

bool sqlite_blob_of(sqlite3_value *value, struct str *ret)
{
    const void *at = sqlite3_value_blob(value);

    *ret = (struct str){at, (size_t)sqlite3_value_bytes(value)};
    return at != NULL || ret->size == 0;
}

static void put_real(struct buf *out, double value, enum row_cell_kind kind)
{
    if (!isinf(value) || kind == ROW_CELL_BASE64) {
        json_put_double(out, value);
    } else {
        buf_append_str(out, value < 0 ? STR("\"-Infinity\"") : STR("\"Infinity\""));
    }
}

static void put_text(struct buf *out, struct str text, const struct row_cell *cell,
                     bool strips_nulls)
{
    struct json_facts facts;

    if (cell->kind == ROW_CELL_RAW) {
        buf_append_str(out, text);
    } else if (cell->kind != ROW_CELL_JSON || !json_check(text, &facts)) {
        json_put_string(out, text);
    } else if (facts.has_newlines || (strips_nulls && facts.has_nulls)) {
        json_put_minified(out, text, strips_nulls);
    } else {
        buf_append_str(out, text);
    }
}

static void put_blob(struct buf *out, struct str blob, enum row_cell_kind kind)
{
    if (kind == ROW_CELL_BASE64) {
        json_put_blob(out, blob.at, blob.size);
        return;
    }
    buf_append_literal(out, "\"\\\\x");
    buf_append_hex(out, blob);
    buf_append_char(out, '"');
}

static enum status put_cell(struct buf *out, sqlite3_value *value, const struct row_cell *cell,
                            bool strips_nulls)
{
    struct str bytes;
    int64_t integer;

    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        integer = sqlite3_value_int64(value);
        if (cell->kind == ROW_CELL_BOOLEAN) {
            buf_append_str(out, integer == 0 ? STR("false") : STR("true"));
        } else {
            json_put_i64(out, integer);
        }
        return STATUS_OK;
    case SQLITE_FLOAT:
        put_real(out, sqlite3_value_double(value), cell->kind);
        return STATUS_OK;
    case SQLITE_TEXT:
        if (!sqlite_text_of(value, &bytes)) {
            return STATUS_NOMEM;
        }
        put_text(out, bytes, cell, strips_nulls);
        return STATUS_OK;
    case SQLITE_BLOB:
        if (!sqlite_blob_of(value, &bytes)) {
            return STATUS_NOMEM;
        }
        put_blob(out, bytes, cell->kind);
        return STATUS_OK;
    default:
        buf_append_literal(out, "null");
        return STATUS_OK;
    }
}

/* Would it be written as null? Without memory: no, and then writing it says so. */
static bool is_null(sqlite3_value *value, const struct row_cell *cell)
{
    struct json_facts facts;
    struct str text;

    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        return true;
    case SQLITE_TEXT:
        return cell->kind == ROW_CELL_JSON && sqlite_text_of(value, &text) &&
               json_check(text, &facts) && facts.is_null;
    default:
        return false;
    }
}

static sqlite3_value *value_at(const struct row_values *from, size_t i)
{
    return from->handle != NULL ? sqlite3_column_value(from->handle, (int)i) : from->values[i];
}

/* Several members in one text, without the first one's comma. */
static enum status put_part(struct buf *out, sqlite3_value *value, char before)
{
    struct str text;

    if (sqlite3_value_type(value) != SQLITE_TEXT) { /* gantry_part gives nothing else */
        return STATUS_OK;
    }
    if (!sqlite_text_of(value, &text)) {
        return STATUS_NOMEM;
    }
    if (text.size > 0 && before != '\0') {
        buf_append_char(out, before);
    }
    buf_append_str(out, text);
    return STATUS_OK;
}

/* `,"name":`, of the first member with before in the place of the comma, or without it. */
static inline void put_lead(struct buf *out, struct str lead, bool is_first, char before)
{
    if (is_first) {
        if (before != '\0') {
            buf_append_char(out, before);
        }
        lead = (struct str){lead.at + 1, lead.size - 1};
    }
    buf_append_str(out, lead);
}

/* before stands in the place of the first comma; '\0': nothing does. */
static enum status put_members(struct buf *out, const struct row_shape *shape,
                               const struct row_values *from, char before)
{
    size_t start = out->size;

    for (size_t i = 0; i < shape->cells_count; i++) {
        const struct row_cell *cell = &shape->cells[i];
        sqlite3_value *value = value_at(from, i);
        bool is_first = out->size == start;
        enum status status;

        if (cell->kind == ROW_CELL_PART) {
            status = put_part(out, value, is_first ? before : ',');
        } else if (shape->strips_nulls && is_null(value, cell)) {
            continue;
        } else {
            put_lead(out, shape->lead[i], is_first, before);
            status = put_cell(out, value, cell, shape->strips_nulls);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (before != '\0' && out->size == start) {
        buf_append_char(out, before);
    }
    return buf_status(out);
}

enum status row_put_json(struct buf *out, const struct row_shape *shape,
                         const struct row_values *from)
{
    enum status status;

    if (shape->is_bare) {
        status = put_cell(out, value_at(from, 0), &shape->cells[0], shape->strips_nulls);
    } else {
        status = put_members(out, shape, from, '{');
        buf_append_char(out, '}');
    }
    return status == STATUS_OK ? buf_status(out) : status;
}

enum status row_put_part(struct buf *out, const struct row_shape *shape,
                         const struct row_values *from)
{
    return put_members(out, shape, from, '\0');
}

static void put_blob_field(struct buf *out, struct str blob, enum row_cell_kind kind)
{
    if (kind == ROW_CELL_BASE64) {
        base64_append(out, blob.at, blob.size);
        return;
    }
    buf_append_literal(out, "\"\\x"); /* the backslash wants the quotes */
    buf_append_hex(out, blob);
    buf_append_char(out, '"');
}

/* As PostgreSQL writes a real: 7, not 7.0. */
static void put_field_real(struct buf *out, double real)
{
    size_t start = out->size;

    if (isinf(real)) {
        buf_append_str(out, real < 0 ? STR("-Infinity") : STR("Infinity"));
        return;
    }
    json_put_double(out, real);
    if (out->size > start + 2 && memcmp(out->at + out->size - 2, ".0", 2) == 0) {
        out->size -= 2;
    }
}

static enum status put_field(struct buf *out, sqlite3_value *value, const struct row_cell *cell)
{
    struct str bytes;

    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        if (cell->kind == ROW_CELL_BOOLEAN) {
            buf_append_char(out, sqlite3_value_int64(value) == 0 ? 'f' : 't');
        } else {
            json_put_i64(out, sqlite3_value_int64(value));
        }
        return STATUS_OK;
    case SQLITE_FLOAT:
        put_field_real(out, sqlite3_value_double(value));
        return STATUS_OK;
    case SQLITE_TEXT:
        if (!sqlite_text_of(value, &bytes)) {
            return STATUS_NOMEM;
        }
        csv_put_field(out, bytes);
        return STATUS_OK;
    case SQLITE_BLOB:
        if (!sqlite_blob_of(value, &bytes)) {
            return STATUS_NOMEM;
        }
        put_blob_field(out, bytes, cell->kind);
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

enum status row_put_csv(struct buf *out, const struct row_shape *shape,
                        const struct row_values *from)
{
    for (size_t i = 0; i < shape->cells_count; i++) {
        enum status status;

        if (i > 0) {
            buf_append_char(out, ',');
        }
        status = put_field(out, value_at(from, i), &shape->cells[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return buf_status(out);
}

enum status row_put_header(struct buf *out, const struct row_shape *shape)
{
    for (size_t i = 0; i < shape->cells_count; i++) {
        if (i > 0) {
            buf_append_char(out, ',');
        }
        csv_put_field(out, shape->cells[i].name);
    }
    return buf_status(out);
}
