#include "storage/row_shape.h"

#include <string.h>

#include "base/buf.h"
#include "base/invariant.h"
#include "base/json_out.h"

/* Write all of `,"name":` into text; leads point into it, once it moves no more. */
static enum status write_leads(struct buf *text, const struct row_cell *cells, size_t count,
                               struct str *leads)
{
    for (size_t i = 0; i < count; i++) {
        size_t from = text->size;

        buf_append_char(text, ',');
        json_put_string(text, cells[i].name);
        buf_append_char(text, ':');
        leads[i].size = text->size - from;
    }
    return buf_status(text);
}

static char *copy_leads(struct arena *arena, const struct row_cell *cells, size_t count,
                        struct str *leads)
{
    struct buf text;
    char *copy = NULL;

    buf_init(&text, SIZE_MAX / 2);
    if (write_leads(&text, cells, count, leads) == STATUS_OK) {
        copy = arena_alloc(arena, text.size);
    }
    if (copy != NULL && text.size > 0) {
        memcpy(copy, text.at, text.size);
    }
    buf_fini(&text);
    return copy;
}

const struct row_shape *row_shape_make(struct arena *arena, const struct row_cell *cells,
                                       size_t count, bool strips_nulls, bool is_bare)
{
    struct row_shape *shape = arena_alloc(arena, sizeof(*shape));
    struct row_cell *own = arena_alloc(arena, count * sizeof(*own));
    struct str *leads = arena_alloc(arena, count * sizeof(*leads));
    const char *at;

    invariant(!is_bare || count == 1);
    if (shape == NULL || own == NULL || leads == NULL) {
        return NULL;
    }
    at = copy_leads(arena, cells, count, leads);
    if (at == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        own[i] = cells[i];
        leads[i].at = at;
        at += leads[i].size;
    }
    *shape = (struct row_shape){.cells = own,
                                .cells_count = count,
                                .strips_nulls = strips_nulls,
                                .is_bare = is_bare,
                                .lead = leads};
    return shape;
}
