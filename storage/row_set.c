#include "storage/row_set.h"

#include <string.h>

#include "base/mem.h"

#define CELLS_FIRST 16 /* one row of most tables */

void row_set_init(struct row_set *set, size_t bytes_max)
{
    *set = (struct row_set){.bytes_max = bytes_max};
    arena_init(&set->arena, NULL, 0, SIZE_MAX);
}

void row_set_fini(struct row_set *set)
{
    mem_free(set->cells);
    arena_fini(&set->arena);
    *set = (struct row_set){0};
}

void row_set_clear(struct row_set *set)
{
    arena_fini(&set->arena);
    arena_init(&set->arena, NULL, 0, SIZE_MAX);
    set->rows = 0;
    set->columns = 0;
    set->bytes = 0;
}

void row_set_truncate(struct row_set *set, uint64_t rows)
{
    if (rows == 0) {
        row_set_clear(set);
    } else if (rows < set->rows) {
        set->bytes -= (size_t)(set->rows - rows) * set->columns * sizeof(*set->cells);
        set->rows = rows;
    }
}

static bool has_bytes(const struct value *value)
{
    return value->type == VALUE_TEXT || value->type == VALUE_BLOB;
}

/* How much more a row takes. Return: OK; TOO_BIG: beyond the bound; INTERNAL: what cannot be kept. */
static enum status measure(const struct row_set *set, const struct value *values, size_t count,
                           size_t *ret_bytes)
{
    size_t left = set->bytes_max - set->bytes;
    size_t bytes = count * sizeof(*values);

    for (size_t i = 0; i < count; i++) {
        if (values[i].type == VALUE_SHAPE || values[i].type == VALUE_ROWS) {
            return STATUS_INTERNAL;
        }
        if (has_bytes(&values[i])) {
            if (values[i].bytes.size > left) { /* so the sum cannot run over */
                return STATUS_TOO_BIG;
            }
            bytes += values[i].bytes.size;
        }
        if (bytes > left) {
            return STATUS_TOO_BIG;
        }
    }
    *ret_bytes = bytes;
    return STATUS_OK;
}

/* Room for count more cells. */
static enum status make_room(struct row_set *set, size_t count)
{
    size_t used = (size_t)set->rows * set->columns;
    size_t capacity = set->cells_capacity == 0 ? CELLS_FIRST : set->cells_capacity * 2;
    struct value *cells;

    if (count <= set->cells_capacity - used) {
        return STATUS_OK;
    }
    if (capacity < used + count) {
        capacity = used + count;
    }
    cells = mem_realloc(set->cells, capacity * sizeof(*cells));
    if (cells == NULL) {
        return STATUS_NOMEM;
    }
    set->cells = cells;
    set->cells_capacity = capacity;
    return STATUS_OK;
}

enum status row_set_add(struct row_set *set, const struct value *values, size_t count)
{
    size_t bytes = 0;
    struct value *cells;
    enum status status;

    if (count == 0 || (set->rows > 0 && set->columns != count)) {
        return STATUS_INTERNAL;
    }
    status = measure(set, values, count, &bytes);
    if (status == STATUS_OK) {
        status = make_room(set, count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    cells = &set->cells[set->rows * count];
    for (size_t i = 0; i < count; i++) {
        cells[i] = values[i];
        if (has_bytes(&values[i])) {
            cells[i].bytes.at = arena_copy(&set->arena, values[i].bytes);
            if (cells[i].bytes.at == NULL) {
                return STATUS_NOMEM;
            }
        }
    }
    set->columns = count;
    set->rows++;
    set->bytes += bytes;
    return STATUS_OK;
}
