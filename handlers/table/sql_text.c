#include "handlers/table/sql_text.h"

#include <string.h>

#include "base/json_out.h"

void sql_text_init(struct sql_text *t, struct arena *arena)
{
    *t = (struct sql_text){.arena = arena};
    buf_init(&t->text, SQL_TEXT_BYTES_MAX);
}

void sql_text_fini(struct sql_text *t)
{
    buf_fini(&t->text);
}

bool sql_text_has_failed(const struct sql_text *t)
{
    return t->is_too_much || t->has_no_memory || buf_status(&t->text) != STATUS_OK;
}

void sql_text_put(struct sql_text *t, const char *sql)
{
    buf_append_str(&t->text, str_of(sql));
}

void sql_text_put_number(struct sql_text *t, uint64_t number)
{
    json_put_u64(&t->text, number);
}

void sql_text_name(struct sql_text *t, const char *name)
{
    const char *quote = strchr(name, '"');

    buf_append_char(&t->text, '"');
    while (quote != NULL) { /* twice */
        buf_append(&t->text, name, (size_t)(quote - name) + 1);
        buf_append_char(&t->text, '"');
        name = quote + 1;
        quote = strchr(name, '"');
    }
    buf_append_str(&t->text, str_of(name));
    buf_append_char(&t->text, '"');
}

void sql_text_name_first(struct sql_text *t, const char *name)
{
    t->first_name = name;
}

void sql_text_alias(struct sql_text *t, unsigned alias)
{
    if (alias == 0 && t->first_name != NULL) {
        sql_text_name(t, t->first_name);
        return;
    }
    buf_append_char(&t->text, 't');
    sql_text_put_number(t, alias);
}

void sql_text_column(struct sql_text *t, unsigned alias, const char *name)
{
    sql_text_alias(t, alias);
    buf_append_char(&t->text, '.');
    sql_text_name(t, name);
}

/* Room for one more value. */
static bool grow(struct sql_text *t)
{
    size_t capacity = t->values_capacity == 0 ? 16 : t->values_capacity * 2;
    struct value *values;

    if (t->values_count < t->values_capacity) {
        return true;
    }
    values = arena_alloc(t->arena, capacity * sizeof(*values));
    if (values == NULL) {
        return false;
    }
    if (t->values_count > 0) {
        memcpy(values, t->values, t->values_count * sizeof(*values));
    }
    t->values = values;
    t->values_capacity = capacity;
    return true;
}

void sql_text_bind_named(struct sql_text *t, struct value value)
{
    if (t->values_count == SQL_TEXT_VALUES_MAX) {
        t->is_too_much = true;
    }
    if (sql_text_has_failed(t)) {
        return;
    }
    if (!grow(t)) {
        t->has_no_memory = true;
        return;
    }
    t->values[t->values_count++] = value;
}

size_t sql_text_bind(struct sql_text *t, struct value value)
{
    sql_text_bind_named(t, value);
    sql_text_again(t, t->values_count);
    return t->values_count;
}

size_t sql_text_bind_text(struct sql_text *t, struct str text)
{
    return sql_text_bind(t, (struct value){.type = VALUE_TEXT, .bytes = text});
}

size_t sql_text_bind_integer(struct sql_text *t, int64_t integer)
{
    return sql_text_bind(t, (struct value){.type = VALUE_INTEGER, .integer = integer});
}

size_t sql_text_bind_shape(struct sql_text *t, const struct row_shape *shape)
{
    return sql_text_bind(t, (struct value){.type = VALUE_SHAPE, .shape = shape});
}

void sql_text_again(struct sql_text *t, size_t number)
{
    buf_append_char(&t->text, '?');
    sql_text_put_number(t, number);
}

void sql_text_nest(struct sql_text *t, unsigned symbols)
{
    t->nesting += symbols;
    if (t->nesting > SQL_TEXT_NESTING_MAX) {
        t->is_too_much = true;
    }
}

void sql_text_unnest(struct sql_text *t, unsigned symbols)
{
    t->nesting -= symbols;
}

bool sql_text_take(struct sql_text *t, struct plan_sql *ret, struct fault *fault)
{
    char *text;

    if (t->has_no_memory || buf_status(&t->text) == STATUS_NOMEM) {
        return fault_no_memory(fault);
    }
    if (t->is_too_much || buf_status(&t->text) != STATUS_OK) {
        (void)fault_set(fault, t->arena, 400, "54001", "statement too complex");
        fault_hint(fault, t->arena, "Ask for less at once, or nest less deeply.");
        return false;
    }
    text = arena_copy(t->arena, buf_str(&t->text));
    if (text == NULL) {
        return fault_no_memory(fault);
    }
    *ret = (struct plan_sql){.text = text, .values = t->values, .values_count = t->values_count};
    return true;
}
