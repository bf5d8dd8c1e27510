/*
 * Any bytes as the body of a write. The first byte is the mode: JSON, CSV or a form, and whether
 * there is a ?columns= (see modes).
 *
 * What opens is walked from end to end, twice: every text is UTF-8 without NUL, every number and
 * every JSON value is JSON, names are there once. Its rows, written as JSON, open again and are the
 * same. Each cell is assigned to a column of each type, which takes it or says why not.
 */
#include <string.h>

#include "base/json_check.h"
#include "base/json_out.h"
#include "base/utf8.h"
#include "handlers/table/assign.h"
#include "handlers/table/payload.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)
#define TEXT_MAX  ((size_t)64 * 1024 * 1024)

enum mode { JSON, JSON_COLUMNS, CSV, CSV_COLUMNS, FORM, FORM_COLUMNS };
#define MODES (FORM_COLUMNS + 1)

static bool open_as(enum mode mode, struct str body, struct arena *arena, struct payload *ret,
                    struct fault *fault)
{
    static const char *const types[] = {"application/json", "text/csv",
                                        "application/x-www-form-urlencoded"};
    static const struct str columns[] = {{"a", 1}, {"id", 2}, {"a", 1}, {"\xC3\xA9", 2}};
    struct header header = {STR("Content-Type"), str_of(types[mode / 2])};
    struct request request = {.headers = &header, .headers_count = 1, .body = body};
    struct tree tree = {.columns = columns, .columns_count = 4, .has_columns = mode % 2 == 1};

    return payload_open(&request, &tree, arena, ret, fault);
}

static void check_fault(const struct fault *fault)
{
    FUZZ_CHECK(fault->http_status == 400 && fault->code != NULL && fault->message != NULL);
}

static void check_text(struct str s)
{
    FUZZ_CHECK(s.at != NULL && utf8_is_valid(s));
    FUZZ_CHECK(s.size == 0 || memchr(s.at, '\0', s.size) == NULL);
}

static void check_json(struct str s)
{
    struct buf minified;

    FUZZ_CHECK(json_check(s, NULL));
    buf_init(&minified, TEXT_MAX);
    json_put_minified(&minified, s, false);
    FUZZ_CHECK(str_equal(buf_str(&minified), s));
    buf_fini(&minified);
}

static void check_cell(const struct payload *payload, const struct payload_cell *cell)
{
    switch (cell->kind) {
    case PAYLOAD_MISSING:
        FUZZ_CHECK(payload->takes_uneven);
        break;
    case PAYLOAD_NUMBER:
        FUZZ_CHECK(payload->kind == PAYLOAD_JSON);
        check_json(cell->text);
        FUZZ_CHECK(strchr("-0123456789", cell->text.at[0]) != NULL);
        break;
    case PAYLOAD_JSON_VALUE:
        FUZZ_CHECK(payload->kind == PAYLOAD_JSON);
        check_json(cell->text);
        FUZZ_CHECK(cell->text.at[0] == '[' || cell->text.at[0] == '{');
        break;
    case PAYLOAD_TEXT:
        check_text(cell->text);
        break;
    default:
        FUZZ_CHECK(payload->kind != PAYLOAD_FORM);
        break;
    }
}

static void check_assigned(const struct payload_cell *cell, enum payload_kind from)
{
    static const char *const types[] = {"INTEGER",   "REAL",      "NUMERIC", "TEXT",   "BOOLEAN",
                                        "JSON",      "INTEGER[]", "TEXT[]",  "REAL[]", "JSON[]",
                                        "BOOLEAN[]", "BLOB",      ""};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct schema_column column = {.name = "c", .type = types[i]};
        struct arena arena;
        struct value value;
        struct fault fault;

        column.kind = schema_kind_of(types[i], &column.element);
        arena_init(&arena, NULL, 0, ARENA_MAX);
        if (!assign_value(cell, from, &column, &arena, &value, &fault)) {
            check_fault(&fault);
        } else if (value.type == VALUE_TEXT) {
            check_text(value.bytes);
            if (column.kind == SCHEMA_JSON || column.kind == SCHEMA_ARRAY) {
                check_json(value.bytes);
            }
        } else {
            FUZZ_CHECK(value.type != VALUE_NULL || cell->kind == PAYLOAD_NULL);
        }
        arena_fini(&arena);
    }
}

static void put_cell(struct buf *b, const struct payload_cell *cell)
{
    switch (cell->kind) {
    case PAYLOAD_NULL:
        buf_append_literal(b, "null");
        break;
    case PAYLOAD_TRUE:
        buf_append_literal(b, "true");
        break;
    case PAYLOAD_FALSE:
        buf_append_literal(b, "false");
        break;
    case PAYLOAD_TEXT:
        json_put_string(b, cell->text);
        break;
    default:
        buf_append_str(b, cell->text);
        break;
    }
}

static void put_row(struct buf *b, const struct payload *payload, const struct payload_cell *cells)
{
    bool is_first = true;

    buf_append_char(b, '{');
    for (size_t i = 0; i < payload->names_count; i++) {
        if (cells[i].kind == PAYLOAD_MISSING) {
            continue;
        }
        if (!is_first) {
            buf_append_char(b, ',');
        }
        is_first = false;
        json_put_string(b, payload->names[i]);
        buf_append_char(b, ':');
        put_cell(b, &cells[i]);
    }
    buf_append_char(b, '}');
}

static void walk_row(struct payload *payload, bool assigns, struct buf *b)
{
    struct payload_cell *cells = malloc(payload->names_count * sizeof(*cells) + 1);
    struct fault fault;
    struct arena arena;

    FUZZ_CHECK(cells != NULL);
    arena_init(&arena, NULL, 0, ARENA_MAX);
    FUZZ_CHECK(payload_next(payload, &arena, cells, &fault));
    for (size_t i = 0; i < payload->names_count; i++) {
        check_cell(payload, &cells[i]);
        if (assigns && cells[i].kind != PAYLOAD_MISSING) {
            check_assigned(&cells[i], payload->kind);
        }
    }
    put_row(b, payload, cells);
    arena_fini(&arena);
    free(cells);
}

/* Write all rows as JSON. */
static void walk(struct payload *payload, bool assigns, struct buf *b)
{
    payload_rewind(payload);
    buf_clear(b);
    buf_append_char(b, '[');
    for (uint64_t row = 0; row < payload->rows; row++) {
        if (row > 0) {
            buf_append_char(b, ',');
        }
        walk_row(payload, assigns, b);
    }
    buf_append_char(b, ']');
}

static void check_names(const struct payload *payload)
{
    for (size_t i = 0; i < payload->names_count; i++) {
        check_text(payload->names[i]);
        for (size_t j = 0; j < i && j < 100; j++) {
            FUZZ_CHECK(!str_equal(payload->names[i], payload->names[j]));
        }
    }
}

static void check_again(enum mode mode, const struct payload *payload, struct str json)
{
    struct payload again;
    struct fault fault;
    struct arena arena;
    struct buf b;

    arena_init(&arena, NULL, 0, ARENA_MAX);
    buf_init(&b, TEXT_MAX);
    FUZZ_CHECK(open_as(mode % 2 == 1 ? JSON_COLUMNS : JSON, json, &arena, &again, &fault));
    FUZZ_CHECK(again.rows == payload->rows);
    FUZZ_CHECK(again.rows == 0 || again.names_count == payload->names_count);
    walk(&again, false, &b);
    FUZZ_CHECK(str_equal(buf_str(&b), json));
    arena_fini(&arena);
    buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct payload payload;
    struct fault fault;
    struct arena arena;
    struct buf first;
    struct buf second;
    enum mode mode;

    if (size == 0) {
        return 0;
    }
    mode = (enum mode)((data[0] + 20u * MODES - 'a') % MODES);
    arena_init(&arena, NULL, 0, ARENA_MAX);
    buf_init(&first, TEXT_MAX);
    buf_init(&second, TEXT_MAX);
    if (open_as(mode, (struct str){(const char *)data + 1, size - 1}, &arena, &payload, &fault)) {
        check_names(&payload);
        walk(&payload, true, &first);
        walk(&payload, false, &second);
        FUZZ_CHECK(str_equal(buf_str(&first), buf_str(&second)));
        check_again(mode, &payload, buf_str(&first));
    } else {
        check_fault(&fault);
    }
    buf_fini(&first);
    buf_fini(&second);
    arena_fini(&arena);
    return 0;
}
