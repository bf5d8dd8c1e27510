/* One row as a form: title=War+and+Peace&year=1869. Of a name that repeats the last one counts. */
#include "handlers/table/payload_internal.h"
#include "server/url.h"

static bool refuse(enum status status, struct arena *arena, struct fault *fault)
{
    return status == STATUS_NOMEM ? fault_no_memory(fault)
                                  : payload_refuse("The form cannot be decoded", arena, fault);
}

/* Look at a value, keeping nothing of it. */
static bool check_value(struct str value, struct arena *arena, struct fault *fault)
{
    struct arena passing;
    struct str text;
    enum status status;

    arena_init(&passing, NULL, 0, value.size + 64);
    status = url_decode(value, URL_QUERY, &passing, &text);
    arena_fini(&passing);
    return status == STATUS_OK || refuse(status, arena, fault);
}

static size_t count_pairs(struct str rest)
{
    struct str name;
    struct str value;
    size_t n = 0;

    while (url_next_pair(&rest, &name, &value)) {
        n++;
    }
    return n;
}

bool payload_form_open(struct payload *payload, struct arena *arena, struct fault *fault)
{
    size_t count = count_pairs(payload->body);
    struct str rest = payload->body;
    struct str name;
    struct str value;
    struct str *names;
    size_t n = 0;

    if (memchr(payload->body.at, '\0', payload->body.size) != NULL) {
        return refuse(STATUS_INVALID, arena, fault); /* url_decode sees only a "%00" */
    }
    if (!payload_check_count(count, arena, fault)) {
        return false;
    }
    names = arena_alloc(arena, count * sizeof(*names));
    if (names == NULL) {
        return fault_no_memory(fault);
    }
    while (url_next_pair(&rest, &name, &value)) {
        enum status status = url_decode(name, URL_QUERY, arena, &names[n++]);
        if (status != STATUS_OK) {
            return refuse(status, arena, fault);
        }
        if (!check_value(value, arena, fault)) {
            return false;
        }
    }
    payload->rows = 1;
    return payload_set_names(payload, names, n, arena, fault);
}

bool payload_form_next(const struct payload *payload, struct arena *arena,
                       struct payload_cell *cells, struct fault *fault)
{
    struct str rest = payload->body;
    struct str name;
    struct str value;

    for (size_t i = 0; url_next_pair(&rest, &name, &value); i++) {
        struct payload_cell cell = {.kind = PAYLOAD_TEXT};
        size_t place;
        if (url_decode(name, URL_QUERY, arena, &name) != STATUS_OK ||
            url_decode(value, URL_QUERY, arena, &cell.text) != STATUS_OK) {
            return fault_no_memory(fault); /* payload_form_open has decoded them once */
        }
        place = payload_place_of(payload, name, i);
        if (place != PAYLOAD_NOWHERE) {
            cells[place] = cell;
        }
    }
    return true;
}
