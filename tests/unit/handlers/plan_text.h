/* A plan as text, for golden cases: its statements, its values, and how its rows are shown. */
#ifndef GANTRY_TESTS_UNIT_HANDLERS_PLAN_TEXT_H
#define GANTRY_TESTS_UNIT_HANDLERS_PLAN_TEXT_H

#include "base/buf.h"
#include "base/json_out.h"
#include "handlers/table/plan.h"

/* id, price, meta:json, ... */
static inline void text_shape(struct buf *b, const struct row_shape *shape)
{
    static const char *const kinds[] = {
        [ROW_CELL_PLAIN] = "",     [ROW_CELL_BASE64] = ":base64", [ROW_CELL_BOOLEAN] = ":boolean",
        [ROW_CELL_JSON] = ":json", [ROW_CELL_RAW] = ":raw",       [ROW_CELL_PART] = ":part",
    };

    for (size_t i = 0; i < shape->cells_count; i++) {
        buf_append_str(b, i == 0 ? STR("") : STR(", "));
        if (!shape->is_bare) {
            buf_append_str(b, shape->cells[i].name);
        }
        buf_append_str(b, str_of(kinds[shape->cells[i].kind]));
    }
    buf_append_str(b, shape->is_bare ? STR(" bare") : STR(""));
    buf_append_str(b, shape->strips_nulls ? STR(" (nulls stripped)") : STR(""));
}

static inline void text_value(struct buf *b, const struct value *value)
{
    switch (value->type) {
    case VALUE_NULL:
        buf_append_literal(b, "NULL");
        break;
    case VALUE_INTEGER:
        json_put_i64(b, value->integer);
        break;
    case VALUE_REAL:
        buf_append_literal(b, "real ");
        json_put_double(b, value->real);
        break;
    case VALUE_TEXT:
        json_put_string(b, value->bytes);
        break;
    case VALUE_BLOB:
        buf_append_literal(b, "blob ");
        json_put_blob(b, value->bytes.at, value->bytes.size);
        break;
    case VALUE_SHAPE:
        buf_append_literal(b, "shape ");
        text_shape(b, value->shape);
        break;
    case VALUE_ROWS:
        buf_append_literal(b, "rows");
        break;
    }
    buf_append_char(b, '\n');
}

static inline void text_sql(struct buf *b, const struct plan *plan)
{
    buf_printf(b, "%s\n", plan->rows.text);
    if (plan->count.text != NULL) {
        buf_printf(b, "%s\n", plan->count.text);
    }
}

static inline void text_values_of(struct buf *b, const struct plan_sql *sql)
{
    for (size_t i = 0; i < sql->values_count; i++) {
        buf_printf(b, "?%zu ", i + 1);
        text_value(b, &sql->values[i]);
    }
}

static inline void text_values(struct buf *b, const struct plan *plan)
{
    text_values_of(b, &plan->rows);
    buf_append_literal(b, "shows ");
    text_shape(b, plan->row);
    buf_append_literal(b, "\nnames");
    for (size_t i = 0; i < plan->tables_count; i++) {
        buf_printf(b, "%s %s", i == 0 ? "" : ",", plan->tables[i]);
    }
    buf_append_char(b, '\n');
    if (plan->offset > 0) {
        buf_printf(b, "offset %llu\n", (unsigned long long)plan->offset);
    }
    if (plan->limit != UINT64_MAX) {
        buf_printf(b, "limit %llu\n", (unsigned long long)plan->limit);
    }
    if (plan->is_one_row) {
        buf_append_literal(b, "one row\n");
    }
    if (plan->count.text != NULL && plan->count.values_count > 0) {
        buf_append_literal(b, "count\n");
        text_values_of(b, &plan->count);
    }
}

static inline void text_fault(struct buf *b, const struct fault *fault)
{
    buf_printf(b, "%u %s\n%s\n", fault->http_status, fault->code, fault->message);
    if (fault->details != NULL) {
        buf_printf(b, "details: %s\n", fault->details);
    }
    if (fault->hint != NULL) {
        buf_printf(b, "hint: %s\n", fault->hint);
    }
}

#endif
