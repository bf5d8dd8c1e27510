/*
 * Rows as JSON. json_check has the first look at the body; what walks over it afterwards, row by
 * row, trusts it, and so needs no grammar and no tree.
 */
#include "base/buf.h"
#include "base/json_check.h"
#include "handlers/table/json_string.h"
#include "handlers/table/payload_internal.h"

/* --- walking over checked JSON --------------------------------------------------------------- */

struct piece {
    struct str text; /* of a string: what stands between its quotes */
    char kind;       /* the character it began with */
    bool has_escape; /* of a string */
    bool has_blanks; /* of an array or object: between its tokens */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* To the next token that is not mere punctuation. */
static void skip_separators(struct payload_walk *w)
{
    while (w->at < w->end && (is_blank(*w->at) || *w->at == ',' || *w->at == ':')) {
        w->at++;
    }
}

static void take_string(struct payload_walk *w, struct piece *ret)
{
    const char *from = ++w->at;

    ret->has_escape = false;
    while (*w->at != '"') {
        if (*w->at == '\\') {
            ret->has_escape = true;
            w->at++;
        }
        w->at++;
    }
    ret->text = (struct str){from, (size_t)(w->at - from)};
    w->at++;
}

static void take_nested(struct payload_walk *w, struct piece *ret)
{
    const char *from = w->at;
    struct piece string;
    size_t depth = 0;

    ret->has_blanks = false;
    do {
        char c = *w->at;
        if (c == '"') {
            take_string(w, &string);
            continue;
        }
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        ret->has_blanks = ret->has_blanks || is_blank(c);
        w->at++;
    } while (depth > 0);
    ret->text = (struct str){from, (size_t)(w->at - from)};
}

/* A number, true, false or null. */
static void take_word(struct payload_walk *w, struct piece *ret)
{
    const char *from = w->at;

    while (w->at < w->end && *w->at != ',' && *w->at != '}' && *w->at != ']' && !is_blank(*w->at)) {
        w->at++;
    }
    ret->text = (struct str){from, (size_t)(w->at - from)};
}

static void take_value(struct payload_walk *w, struct piece *ret)
{
    ret->kind = *w->at;
    if (*w->at == '"') {
        take_string(w, ret);
    } else if (*w->at == '{' || *w->at == '[') {
        take_nested(w, ret);
    } else {
        take_word(w, ret);
    }
}

/* Go to the next row. Return: false when there is none left. */
static bool next_row(struct payload_walk *w)
{
    skip_separators(w);
    return w->at < w->end && *w->at != ']';
}

/* The next member of the row whose brace has been passed. Return: false behind the row's end. */
static bool next_member(struct payload_walk *w, struct piece *ret_name, struct piece *ret_value)
{
    skip_separators(w);
    if (*w->at == '}') {
        w->at++;
        return false;
    }
    take_string(w, ret_name);
    skip_separators(w);
    take_value(w, ret_value);
    return true;
}

/* --- opening --------------------------------------------------------------------------------- */

struct opening {
    struct payload *payload;
    struct arena *arena;
    struct fault *fault;
    struct buf scratch; /* for a name with escapes */
    uint64_t *seen;     /* of each name: the number of the last row that had it */
};

static bool refuse_keys(const struct opening *o)
{
    return payload_refuse("All object keys must match", o->arena, o->fault);
}

/* Can a text hold what the string says? */
static bool check_string(const struct opening *o, const struct piece *string)
{
    enum json_string outcome;
    size_t size;

    if (!string->has_escape) {
        return true;
    }
    outcome = json_string_decode(string->text, NULL, &size);
    return outcome == JSON_STRING_GOOD || json_string_refuse(outcome, o->arena, o->fault);
}

static bool check_strings(const struct opening *o, const struct piece *name,
                          const struct piece *value)
{
    return check_string(o, name) && (value->kind != '"' || check_string(o, value));
}

/* The name's characters, until the next call. The string has been checked. */
static bool read_name(struct opening *o, const struct piece *name, struct str *ret)
{
    char *to;

    *ret = name->text;
    if (!name->has_escape) {
        return true;
    }
    buf_clear(&o->scratch);
    to = buf_reserve(&o->scratch, name->text.size);
    if (to == NULL) {
        return fault_no_memory(o->fault);
    }
    (void)json_string_decode(name->text, to, &ret->size); /* it is good */
    ret->at = to;
    return true;
}

static size_t count_members(struct payload_walk w)
{
    struct piece name;
    struct piece value;
    size_t n = 0;

    while (next_member(&w, &name, &value)) {
        n++;
    }
    return n;
}

/* The names of the first row. */
static bool read_names(struct opening *o, struct payload_walk w)
{
    size_t count = count_members(w);
    struct piece name;
    struct piece value;
    struct str *names;
    size_t n = 0;

    if (!payload_check_count(count, o->arena, o->fault)) {
        return false;
    }
    names = arena_alloc(o->arena, count * sizeof(*names));
    o->seen = arena_alloc(o->arena, count * sizeof(*o->seen));
    if (names == NULL || o->seen == NULL) {
        return fault_no_memory(o->fault);
    }
    while (next_member(&w, &name, &value)) {
        if (!check_string(o, &name) || !read_name(o, &name, &names[n])) {
            return false;
        }
        if (name.has_escape) {
            names[n].at = arena_copy(o->arena, names[n]);
            if (names[n].at == NULL) {
                return fault_no_memory(o->fault);
            }
        }
        o->seen[n++] = 0;
    }
    return payload_set_names(o->payload, names, n, o->arena, o->fault);
}

/* The row's members, whose names do not matter. */
static bool check_uneven(const struct opening *o, struct payload_walk *w)
{
    struct piece name;
    struct piece value;

    while (next_member(w, &name, &value)) {
        if (!check_strings(o, &name, &value)) {
            return false;
        }
    }
    return true;
}

/* The row's members: their names are those of the first row, no more, no less. */
static bool check_even(struct opening *o, struct payload_walk *w)
{
    const struct payload *payload = o->payload;
    struct piece name;
    struct piece value;
    size_t count = 0;

    for (size_t i = 0; next_member(w, &name, &value); i++) {
        struct str text;
        size_t place;
        if (!check_strings(o, &name, &value) || !read_name(o, &name, &text)) {
            return false;
        }
        place = payload_place_of(payload, text, i);
        if (place == PAYLOAD_NOWHERE) {
            return refuse_keys(o);
        }
        count += o->seen[place] != payload->rows;
        o->seen[place] = payload->rows;
    }
    return count == payload->names_count || refuse_keys(o);
}

static bool check_row(struct opening *o, struct payload_walk *w)
{
    bool is_first = o->payload->rows == 0;

    if (*w->at != '{') {
        return refuse_keys(o);
    }
    w->at++;
    o->payload->rows++;
    if (o->payload->takes_uneven) {
        return check_uneven(o, w);
    }
    return (!is_first || read_names(o, *w)) && check_even(o, w);
}

static bool check_rows(struct payload *payload, struct arena *arena, struct fault *fault)
{
    struct opening o = {.payload = payload, .arena = arena, .fault = fault};
    struct payload_walk w;
    bool is_good = true;

    buf_init(&o.scratch, payload->body.size + 1);
    payload_rewind(payload);
    w = payload_walk_from(payload);
    while (is_good && next_row(&w)) {
        is_good = check_row(&o, &w);
    }
    buf_fini(&o.scratch);
    return is_good;
}

bool payload_json_open(struct payload *payload, struct arena *arena, struct fault *fault)
{
    struct payload_walk w = payload_walk_from(payload);

    if (!json_check(payload->body, NULL)) {
        return payload_refuse("Empty or invalid json", arena, fault);
    }
    skip_separators(&w);
    payload->is_array = *w.at != '{';
    if (payload->is_array) {
        w.at = *w.at == '[' ? w.at + 1 : w.end; /* of a scalar there is nothing to read */
    }
    payload->start = (size_t)(w.at - payload->body.at);
    return check_rows(payload, arena, fault);
}

/* --- rows ------------------------------------------------------------------------------------ */

/* The characters of a string that payload_json_open has looked at. */
static bool decode(const struct piece *string, struct arena *arena, struct str *ret)
{
    char *to;

    *ret = string->text;
    if (!string->has_escape) {
        return true;
    }
    to = arena_alloc(arena, string->text.size);
    if (to == NULL) {
        return false;
    }
    (void)json_string_decode(string->text, to, &ret->size); /* it is good */
    ret->at = to;
    return true;
}

static bool minify(const struct piece *nested, struct arena *arena, struct str *ret)
{
    struct payload_walk w = {nested->text.at, nested->text.at + nested->text.size};
    struct piece string;
    char *to;

    *ret = nested->text;
    if (!nested->has_blanks) {
        return true;
    }
    to = arena_alloc(arena, nested->text.size);
    if (to == NULL) {
        return false;
    }
    *ret = (struct str){to, 0};
    while (w.at < w.end) {
        const char *from = w.at;
        if (*from == '"') {
            take_string(&w, &string);
        } else {
            w.at++;
        }
        if (!is_blank(*from)) {
            memcpy(to + ret->size, from, (size_t)(w.at - from));
            ret->size += (size_t)(w.at - from);
        }
    }
    return true;
}

static bool read_cell(const struct piece *value, struct arena *arena, struct payload_cell *ret)
{
    ret->text = value->text;
    switch (value->kind) {
    case '"':
        ret->kind = PAYLOAD_TEXT;
        return decode(value, arena, &ret->text);
    case '{':
    case '[':
        ret->kind = PAYLOAD_JSON_VALUE;
        return minify(value, arena, &ret->text);
    case 't':
        ret->kind = PAYLOAD_TRUE;
        return true;
    case 'f':
        ret->kind = PAYLOAD_FALSE;
        return true;
    case 'n':
        ret->kind = PAYLOAD_NULL;
        return true;
    default:
        ret->kind = PAYLOAD_NUMBER;
        return true;
    }
}

bool payload_json_next(struct payload *payload, struct arena *arena, struct payload_cell *cells,
                       struct fault *fault)
{
    struct payload_walk w = payload_walk_from(payload);
    struct piece name;
    struct piece value;

    (void)next_row(&w); /* there is one */
    w.at++;
    for (size_t i = 0; next_member(&w, &name, &value); i++) {
        struct str text;
        size_t place;
        if (!decode(&name, arena, &text)) {
            return fault_no_memory(fault);
        }
        place = payload_place_of(payload, text, i);
        if (place != PAYLOAD_NOWHERE && !read_cell(&value, arena, &cells[place])) {
            return fault_no_memory(fault);
        }
    }
    payload->at = (size_t)(w.at - payload->body.at);
    return true;
}
