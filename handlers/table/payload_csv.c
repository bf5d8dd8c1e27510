/*
 * Rows as CSV (RFC 4180): the first line has the names. Lines end with LF or CRLF, empty ones are
 * passed over; a field in quotes may hold both, commas, and quotes doubled. A bare NULL is null.
 */
#include "base/utf8.h"
#include "handlers/table/payload_internal.h"

struct field {
    struct str text; /* without the quotes around it */
    bool is_quoted;
    bool has_quotes; /* doubled ones inside */
};

/* How many bytes of a line's end stand here; 0: none. */
static size_t line_end_size(const struct payload_walk *w)
{
    if (w->at < w->end && *w->at == '\n') {
        return 1;
    }
    return w->end - w->at >= 2 && w->at[0] == '\r' && w->at[1] == '\n' ? 2 : 0;
}

static bool is_at_field_end(const struct payload_walk *w)
{
    return w->at == w->end || *w->at == ',' || line_end_size(w) > 0;
}

static void take_bare(struct payload_walk *w, struct field *ret)
{
    const char *from = w->at;

    while (w->at < w->end && *w->at != ',' && *w->at != '\n' && *w->at != '"' && *w->at != '\r') {
        w->at++;
    }
    *ret = (struct field){.text = {from, (size_t)(w->at - from)}};
}

/* Return: false, it has no end. */
static bool take_quoted(struct payload_walk *w, struct field *ret)
{
    const char *from = ++w->at;
    bool has_quotes = false;

    for (;;) {
        const char *quote = memchr(w->at, '"', (size_t)(w->end - w->at));
        if (quote == NULL) {
            return false;
        }
        w->at = quote + 1;
        if (w->at == w->end || *w->at != '"') {
            break;
        }
        has_quotes = true;
        w->at++;
    }
    *ret = (struct field){{from, (size_t)(w->at - from) - 1}, true, has_quotes};
    return true;
}

/* Return: false if it is written as no field may be. */
static bool take_field(struct payload_walk *w, struct field *ret)
{
    if (w->at < w->end && *w->at == '"') {
        if (!take_quoted(w, ret)) {
            return false;
        }
    } else {
        take_bare(w, ret);
    }
    return is_at_field_end(w);
}

/* Pass a comma, or the line's end. Return: was it a comma? */
static bool has_more(struct payload_walk *w)
{
    if (w->at < w->end && *w->at == ',') {
        w->at++;
        return true;
    }
    w->at += line_end_size(w);
    return false;
}

/* Go to the next line with something on it. Return: false at the end. */
static bool next_line(struct payload_walk *w)
{
    for (size_t size = line_end_size(w); size > 0; size = line_end_size(w)) {
        w->at += size;
    }
    return w->at < w->end;
}

/* Return: false if a field is written as none may be. */
static bool count_fields(struct payload_walk *w, size_t *ret)
{
    struct field field;

    *ret = 0;
    do {
        if (!take_field(w, &field)) {
            return false;
        }
        ++*ret;
    } while (has_more(w));
    return true;
}

static bool read_text(const struct field *field, struct arena *arena, struct str *ret)
{
    char *to;

    *ret = field->text;
    if (!field->has_quotes) {
        return true;
    }
    to = arena_alloc(arena, field->text.size);
    if (to == NULL) {
        return false;
    }
    *ret = (struct str){to, 0};
    for (size_t i = 0; i < field->text.size; i++) {
        to[ret->size++] = field->text.at[i];
        i += field->text.at[i] == '"'; /* the other half */
    }
    return true;
}

/* --- opening --------------------------------------------------------------------------------- */

static bool refuse(struct arena *arena, struct fault *fault)
{
    return payload_refuse("Empty or invalid csv", arena, fault);
}

/* Spreadsheets begin a file with one. */
static void skip_byte_order_mark(struct payload_walk *w)
{
    if (w->end - w->at >= 3 && memcmp(w->at, "\xEF\xBB\xBF", 3) == 0) {
        w->at += 3;
    }
}

/* Where the names of the first line are among payload->names. */
static bool find_places(struct payload *payload, const struct str *names, struct arena *arena,
                        struct fault *fault)
{
    size_t *places = arena_alloc(arena, payload->fields_count * sizeof(*places));

    if (places == NULL) {
        return fault_no_memory(fault);
    }
    for (size_t i = 0; i < payload->fields_count; i++) {
        places[i] = payload_place_of(payload, names[i], i);
    }
    payload->places = places;
    return true;
}

/* The first line, which has count fields. */
static bool read_names(struct payload *payload, struct payload_walk w, size_t count,
                       struct arena *arena, struct fault *fault)
{
    struct str *names = arena_alloc(arena, count * sizeof(*names));
    struct str *own = arena_alloc(arena, count * sizeof(*own)); /* will be reordered */
    struct field field;

    if (names == NULL || own == NULL) {
        return fault_no_memory(fault);
    }
    for (size_t i = 0; i < count; i++) {
        (void)take_field(&w, &field); /* it has been counted */
        (void)has_more(&w);
        if (!read_text(&field, arena, &names[i])) {
            return fault_no_memory(fault);
        }
        own[i] = names[i];
    }
    payload->fields_count = count;
    return payload_set_names(payload, own, count, arena, fault) &&
           find_places(payload, names, arena, fault);
}

static bool read_first_line(struct payload *payload, struct payload_walk *w, struct arena *arena,
                            struct fault *fault)
{
    struct payload_walk first;
    size_t count;

    if (!next_line(w)) {
        return refuse(arena, fault);
    }
    first = *w;
    if (!count_fields(w, &count)) {
        return refuse(arena, fault);
    }
    return payload_check_count(count, arena, fault) &&
           read_names(payload, first, count, arena, fault);
}

bool payload_csv_open(struct payload *payload, struct arena *arena, struct fault *fault)
{
    struct payload_walk w = payload_walk_from(payload);
    size_t count;

    if (!utf8_is_valid(payload->body) || memchr(w.at, '\0', payload->body.size) != NULL) {
        return refuse(arena, fault);
    }
    skip_byte_order_mark(&w);
    if (!read_first_line(payload, &w, arena, fault)) {
        return false;
    }
    payload->start = (size_t)(w.at - payload->body.at);
    payload->is_array = true;
    while (next_line(&w)) {
        if (!count_fields(&w, &count)) {
            return refuse(arena, fault);
        }
        if (count != payload->fields_count) {
            return payload_refuse("All lines must have same number of fields", arena, fault);
        }
        payload->rows++;
    }
    return true;
}

/* --- rows ------------------------------------------------------------------------------------ */

static bool read_cell(const struct field *field, struct arena *arena, struct payload_cell *ret)
{
    if (!field->is_quoted && str_equal(field->text, STR("NULL"))) {
        *ret = (struct payload_cell){.kind = PAYLOAD_NULL};
        return true;
    }
    ret->kind = PAYLOAD_TEXT;
    return read_text(field, arena, &ret->text);
}

bool payload_csv_next(struct payload *payload, struct arena *arena, struct payload_cell *cells,
                      struct fault *fault)
{
    struct payload_walk w = payload_walk_from(payload);
    struct field field;

    (void)next_line(&w); /* there is one */
    for (size_t i = 0; i < payload->fields_count; i++) {
        size_t place = payload->places[i];
        (void)take_field(&w, &field); /* it has been counted */
        (void)has_more(&w);
        if (place != PAYLOAD_NOWHERE && !read_cell(&field, arena, &cells[place])) {
            return fault_no_memory(fault);
        }
    }
    payload->at = (size_t)(w.at - payload->body.at);
    return true;
}
