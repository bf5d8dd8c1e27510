#include "handlers/sql/convert.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/base64.h"

static void complain(const struct conversion *c, const char *text)
{
    call_problem(c->problems, str_of(c->param->name), c->in, "%s", text);
}

/* --- bounds ------------------------------------------------------------------------------- */

static bool check_integer(const struct conversion *c, int64_t value)
{
    const struct param *p = c->param;

    if (p->has_minimum && value < p->minimum_integer) {
        call_problem(c->problems, str_of(p->name), c->in, "must be at least %lld",
                     (long long)p->minimum_integer);
        return false;
    }
    if (p->has_maximum && value > p->maximum_integer) {
        call_problem(c->problems, str_of(p->name), c->in, "must be at most %lld",
                     (long long)p->maximum_integer);
        return false;
    }
    return true;
}

static bool check_number(const struct conversion *c, double value)
{
    const struct param *p = c->param;

    if (p->has_minimum && value < p->minimum_number) {
        call_problem(c->problems, str_of(p->name), c->in, "must be at least %.15g",
                     p->minimum_number);
        return false;
    }
    if (p->has_maximum && value > p->maximum_number) {
        call_problem(c->problems, str_of(p->name), c->in, "must be at most %.15g",
                     p->maximum_number);
        return false;
    }
    return true;
}

static bool check_length(const struct conversion *c, uint64_t length, const char *unit)
{
    const struct param *p = c->param;

    if (length < p->min_length) {
        call_problem(c->problems, str_of(p->name), c->in, "must have at least %llu %s",
                     (unsigned long long)p->min_length, unit);
        return false;
    }
    if (length > p->max_length) {
        call_problem(c->problems, str_of(p->name), c->in, "must have at most %llu %s",
                     (unsigned long long)p->max_length, unit);
        return false;
    }
    return true;
}

/* Code points of well-formed UTF-8: every byte that does not continue one. */
static uint64_t characters(struct str text)
{
    uint64_t n = 0;

    for (size_t i = 0; i < text.size; i++) {
        n += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    }
    return n;
}

/* --- depth -------------------------------------------------------------------------------- */

bool convert_is_too_deep(struct str json)
{
    unsigned depth = 0;
    bool is_in_string = false;

    for (size_t i = 0; i < json.size; i++) {
        char c = json.at[i];
        if (is_in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                is_in_string = false;
            }
        } else if (c == '"') {
            is_in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > CONVERT_DEPTH_MAX) {
                return true;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* --- values ------------------------------------------------------------------------------- */

static bool take_integer(const struct conversion *c, int64_t value, struct value *ret)
{
    *ret = (struct value){.type = VALUE_INTEGER, .integer = value};
    return check_integer(c, value);
}

static bool take_number(const struct conversion *c, double value, struct value *ret)
{
    *ret = (struct value){.type = VALUE_REAL, .real = value};
    return check_number(c, value);
}

static bool take_string(const struct conversion *c, struct str text, struct value *ret)
{
    *ret = (struct value){.type = VALUE_TEXT, .bytes = text};
    return check_length(c, characters(text), "characters");
}

static bool take_base64(const struct conversion *c, struct str text, struct value *ret)
{
    unsigned char *bytes = arena_alloc(&c->call->arena, BASE64_DECODED_MAX(text.size) + 1);
    size_t size;

    if (bytes == NULL) {
        complain(c, "is too long");
        return false;
    }
    if (!base64_decode(text, bytes, &size)) {
        complain(c, "must be base64 with padding");
        return false;
    }
    *ret = (struct value){.type = VALUE_BLOB, .bytes = {(const char *)bytes, size}};
    return check_length(c, size, "bytes");
}

/* JSON goes into the database as its own compact text. */
static bool take_json(const struct conversion *c, const json_t *json, struct value *ret)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *copy = text == NULL ? NULL : arena_copy(&c->call->arena, str_of(text));

    free(text); /* jansson's, from malloc */
    if (copy == NULL) {
        complain(c, "is too long");
        return false;
    }
    *ret = (struct value){.type = VALUE_TEXT, .bytes = str_of(copy)};
    return true;
}

/* --- from the URL ------------------------------------------------------------------------- */

static bool text_to_boolean(const struct conversion *c, struct str text, struct value *ret)
{
    bool is_true = str_equal(text, STR("true")) || str_equal(text, STR("1"));

    if (!is_true && !str_equal(text, STR("false")) && !str_equal(text, STR("0"))) {
        complain(c, "must be true or false");
        return false;
    }
    *ret = (struct value){.type = VALUE_INTEGER, .integer = is_true};
    return true;
}

static bool text_to_json(const struct conversion *c, struct str text, struct value *ret)
{
    json_error_t error;
    json_t *json;
    bool is_taken;

    if (convert_is_too_deep(text)) {
        call_problem(c->problems, str_of(c->param->name), c->in, "is nested deeper than %d",
                     CONVERT_DEPTH_MAX);
        return false;
    }
    json = json_loadb(text.at, text.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        call_problem(c->problems, str_of(c->param->name), c->in, "must be JSON: %s", error.text);
        return false;
    }
    is_taken = take_json(c, json, ret);
    json_decref(json);
    return is_taken;
}

bool convert_text(const struct conversion *c, struct str text, struct value *ret)
{
    int64_t integer;
    double number;

    switch (c->param->type) {
    case PARAM_INTEGER:
        if (!str_to_i64(text, &integer)) {
            complain(c, "must be an integer, of at most 64 bits");
            return false;
        }
        return take_integer(c, integer, ret);
    case PARAM_NUMBER:
        if (!str_to_double(text, &number)) {
            complain(c, "must be a number");
            return false;
        }
        return take_number(c, number, ret);
    case PARAM_STRING:
        return take_string(c, text, ret);
    case PARAM_BOOLEAN:
        return text_to_boolean(c, text, ret);
    case PARAM_BLOB:
        return take_base64(c, text, ret);
    case PARAM_JSON:
        return text_to_json(c, text, ret);
    }
    return false;
}

/* --- from a JSON body --------------------------------------------------------------------- */

static struct str json_text(const json_t *json)
{
    return (struct str){json_string_value(json), json_string_length(json)};
}

static bool take_null(const struct conversion *c, struct value *ret)
{
    if (c->param->has_default != PARAM_DEFAULT_NULL) {
        complain(c, "must not be null");
        return false;
    }
    *ret = (struct value){.type = VALUE_NULL};
    return true;
}

static bool json_typed(const struct conversion *c, const json_t *json, struct value *ret)
{
    switch (c->param->type) {
    case PARAM_INTEGER:
        if (json_is_integer(json)) {
            return take_integer(c, json_integer_value(json), ret);
        }
        complain(c,
                 json_is_string(json) ? "must be an integer, not a string" : "must be an integer");
        return false;
    case PARAM_NUMBER:
        if (json_is_number(json)) {
            return take_number(c, json_number_value(json), ret);
        }
        complain(c, "must be a number");
        return false;
    case PARAM_BOOLEAN:
        if (json_is_boolean(json)) {
            *ret = (struct value){.type = VALUE_INTEGER, .integer = json_is_true(json)};
            return true;
        }
        complain(c, "must be true or false");
        return false;
    case PARAM_STRING:
        if (json_is_string(json)) {
            return take_string(c, json_text(json), ret);
        }
        complain(c, "must be a string");
        return false;
    case PARAM_BLOB:
        if (json_is_string(json)) {
            return take_base64(c, json_text(json), ret);
        }
        complain(c, "must be a string of base64");
        return false;
    case PARAM_JSON:
        return take_json(c, json, ret);
    }
    return false;
}

bool convert_json(const struct conversion *c, const json_t *json, struct value *ret)
{
    if (json_is_null(json) && c->param->type != PARAM_JSON) {
        return take_null(c, ret);
    }
    return json_typed(c, json, ret);
}
