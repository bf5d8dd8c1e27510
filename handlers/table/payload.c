/* A body's kind, and its names; payload_json.c, payload_csv.c and payload_form.c read the rows. */
#include <stdlib.h>

#include "handlers/table/payload_internal.h"

/* --- names ------------------------------------------------------------------------------------ */

struct payload_name {
    struct str text;
    size_t place; /* its index in payload->names */
};

static int compare_texts(struct str a, struct str b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.at, b.at, common);

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_places(const void *a, const void *b)
{
    const struct payload_name *x = a;
    const struct payload_name *y = b;

    return (x->place > y->place) - (x->place < y->place);
}

static int compare_names(const void *a, const void *b)
{
    const struct payload_name *x = a;
    const struct payload_name *y = b;
    int order = compare_texts(x->text, y->text);

    return order != 0 ? order : compare_places(a, b);
}

/* Keep the first of those that are alike. Return: how many there are then. */
static size_t drop_repeated(struct payload_name *sorted, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !str_equal(sorted[kept - 1].text, sorted[i].text)) {
            sorted[kept++] = sorted[i];
        }
    }
    return kept;
}

/* Write names as those that are left, in their order. */
static void renumber(struct payload_name *sorted, size_t count, struct str *names)
{
    qsort(sorted, count, sizeof(*sorted), compare_places);
    for (size_t i = 0; i < count; i++) {
        names[i] = sorted[i].text;
        sorted[i].place = i;
    }
    qsort(sorted, count, sizeof(*sorted), compare_names);
}

static bool index_names(struct payload *payload, struct str *names, size_t count,
                        struct arena *arena, struct fault *fault)
{
    struct payload_name *sorted = arena_alloc(arena, count * sizeof(*sorted));
    size_t kept;

    if (sorted == NULL) {
        return fault_no_memory(fault);
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct payload_name){names[i], i};
    }
    qsort(sorted, count, sizeof(*sorted), compare_names);
    kept = drop_repeated(sorted, count);
    if (kept < count) {
        renumber(sorted, kept, names);
    }
    payload->names = names;
    payload->names_count = kept;
    payload->sorted = sorted;
    return true;
}

bool payload_set_names(struct payload *payload, struct str *names, size_t count,
                       struct arena *arena, struct fault *fault)
{
    return payload->takes_uneven || index_names(payload, names, count, arena, fault);
}

size_t payload_place_of(const struct payload *payload, struct str name, size_t guess)
{
    size_t low = 0;
    size_t high = payload->names_count;

    if (guess < high && str_equal(payload->names[guess], name)) {
        return guess;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_texts(name, payload->sorted[middle].text);
        if (order == 0) {
            return payload->sorted[middle].place;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return PAYLOAD_NOWHERE;
}

/* --- what the kinds share --------------------------------------------------------------------- */

struct payload_walk payload_walk_from(const struct payload *payload)
{
    struct str body = payload->body;

    return (struct payload_walk){body.at + payload->at, body.at + body.size};
}

bool payload_refuse(const char *message, struct arena *arena, struct fault *fault)
{
    return fault_set(fault, arena, 400, "PGRST102", "%s", message);
}

bool payload_check_count(size_t fields, struct arena *arena, struct fault *fault)
{
    return fields <= PAYLOAD_FIELDS_MAX ||
           fault_set(fault, arena, 400, "54011", "a row can have at most %d columns",
                     PAYLOAD_FIELDS_MAX);
}

/* --- any kind --------------------------------------------------------------------------------- */

static bool read_kind(struct str type, struct arena *arena, enum payload_kind *ret,
                      struct fault *fault)
{
    if (type.size == 0 || str_equal_nocase(type, STR("application/json"))) {
        *ret = PAYLOAD_JSON;
    } else if (str_equal_nocase(type, STR("text/csv"))) {
        *ret = PAYLOAD_CSV;
    } else if (str_equal_nocase(type, STR("application/x-www-form-urlencoded"))) {
        *ret = PAYLOAD_FORM;
    } else {
        (void)fault_set(fault, arena, 400, "PGRST102", "Content-Type not acceptable: %.*s",
                        (int)(type.size < 200 ? type.size : 200), type.at);
        fault_hint(fault, arena,
                   "Send application/json, text/csv or application/x-www-form-urlencoded.");
        return false;
    }
    return true;
}

static bool take_columns(struct payload *payload, const struct tree *tree, struct arena *arena,
                         struct fault *fault)
{
    struct str *names = arena_alloc(arena, tree->columns_count * sizeof(*names));

    if (names == NULL) {
        return fault_no_memory(fault);
    }
    for (size_t i = 0; i < tree->columns_count; i++) {
        names[i] = tree->columns[i];
    }
    return index_names(payload, names, tree->columns_count, arena, fault);
}

static bool open_kind(struct payload *payload, struct arena *arena, struct fault *fault)
{
    switch (payload->kind) {
    case PAYLOAD_CSV:
        return payload_csv_open(payload, arena, fault);
    case PAYLOAD_FORM:
        return payload_form_open(payload, arena, fault);
    case PAYLOAD_JSON:
        break;
    }
    return payload_json_open(payload, arena, fault);
}

bool payload_open(const struct request *request, const struct tree *tree, struct arena *arena,
                  struct payload *ret, struct fault *fault)
{
    struct payload payload = {.body = request->body.at == NULL ? STR("") : request->body,
                              .takes_uneven = tree->has_columns};
    struct str type = request_media_type(request);

    if (!read_kind(type, arena, &payload.kind, fault) ||
        (tree->has_columns && !take_columns(&payload, tree, arena, fault)) ||
        !open_kind(&payload, arena, fault)) {
        return false;
    }
    *ret = payload;
    payload_rewind(ret);
    return true;
}

bool payload_next(struct payload *payload, struct arena *arena, struct payload_cell *cells,
                  struct fault *fault)
{
    for (size_t i = 0; i < payload->names_count; i++) {
        cells[i] = (struct payload_cell){.kind = PAYLOAD_MISSING};
    }
    switch (payload->kind) {
    case PAYLOAD_CSV:
        return payload_csv_next(payload, arena, cells, fault);
    case PAYLOAD_FORM:
        return payload_form_next(payload, arena, cells, fault);
    case PAYLOAD_JSON:
        break;
    }
    return payload_json_next(payload, arena, cells, fault);
}

void payload_rewind(struct payload *payload)
{
    payload->at = payload->start;
}
