#include "handlers/table/location.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_out.h"

static int compare(const void *a, const void *b)
{
    const struct str *left = a;
    const struct str *right = b;
    size_t common = left->size < right->size ? left->size : right->size;
    int order = memcmp(left->at, right->at, common);

    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

/* Split at "&", leaving out what is empty. Return: how many. */
static size_t split(struct str query, struct str *params)
{
    size_t n = 0;

    while (query.size > 0) {
        const char *end = memchr(query.at, '&', query.size);
        size_t size = end == NULL ? query.size : (size_t)(end - query.at);
        size_t taken = end == NULL ? size : size + 1;

        if (size > 0) {
            params[n++] = (struct str){query.at, size};
        }
        query.at += taken;
        query.size -= taken;
    }
    return n;
}

const char *location_of(struct str path, struct str query, struct arena *arena)
{
    char *text = arena_alloc(arena, path.size + query.size + 2);
    struct str *params = arena_alloc(arena, (query.size / 2 + 1) * sizeof(*params));
    char *to = text;
    size_t n;

    if (text == NULL || params == NULL) {
        return NULL;
    }
    n = split(query, params);
    qsort(params, n, sizeof(*params), compare);
    to = mempcpy(to, path.at, path.size);
    for (size_t i = 0; i < n; i++) {
        *to++ = i == 0 ? '?' : '&';
        to = mempcpy(to, params[i].at, params[i].size);
    }
    *to = '\0';
    return text;
}

/* --- of a row ------------------------------------------------------------------------------------- */

#define NUMBER_MAX 64

static void put_encoded(struct buf *to, struct str text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c != '\0' && strchr(plain, c) != NULL) {
            buf_append_char(to, (char)c);
        } else {
            buf_append_char(to, '%');
            buf_append_char(to, digits[c >> 4]);
            buf_append_char(to, digits[c & 15]);
        }
    }
}

static void put_real(struct buf *to, double real)
{
    struct buf text;

    buf_init(&text, NUMBER_MAX);
    json_put_double(&text, real); /* "1e+300" */
    put_encoded(to, buf_str(&text));
    buf_fini(&text);
}

/* The value as a filter would name it. */
static void put_filter(struct buf *to, const struct schema_column *column,
                       const struct value *value)
{
    buf_append_str(to, value->type == VALUE_NULL ? STR("is.null") : STR("eq."));
    switch (value->type) {
    case VALUE_INTEGER:
        if (column->kind == SCHEMA_BOOLEAN && (value->integer == 0 || value->integer == 1)) {
            buf_append_str(to, value->integer == 1 ? STR("true") : STR("false"));
        } else {
            json_put_i64(to, value->integer);
        }
        break;
    case VALUE_REAL:
        put_real(to, value->real);
        break;
    case VALUE_TEXT:
        put_encoded(to, value->bytes);
        break;
    case VALUE_BLOB:
        buf_append_literal(to, "%5Cx"); /* PostgreSQL's text of bytes, encoded */
        buf_append_hex(to, value->bytes);
        break;
    default:
        break;
    }
}

/* "?id=eq.5" */
static void put_key(struct buf *to, const struct schema_table *table, const struct row_set *rows,
                    uint64_t row)
{
    char before = '?';

    for (size_t i = 0; i < table->columns_count; i++) {
        if (table->columns[i].key_place > 0) {
            buf_append_char(to, before);
            before = '&';
            put_encoded(to, str_of(table->columns[i].name));
            buf_append_char(to, '=');
            put_filter(to, &table->columns[i], row_set_at(rows, row, i));
        }
    }
}

const char *location_of_row(struct str path, const struct schema_table *table,
                            const struct row_set *rows, uint64_t row, size_t size_max,
                            struct arena *arena)
{
    const char *text = NULL;
    struct buf to;

    buf_init(&to, size_max);
    buf_append_str(&to, path);
    put_key(&to, table, rows, row);
    if (buf_status(&to) == STATUS_OK) {
        text = arena_copy(arena, buf_str(&to));
    }
    buf_fini(&to);
    return text;
}
