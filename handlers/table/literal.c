#include "handlers/table/literal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "handlers/table/json_text.h"

/* One literal on its way to a value. */
struct reading {
    struct str text;
    const char *type; /* as declared */
    struct arena *arena;
    struct fault *fault;
};

/* What PostgreSQL's isspace() skips around a value. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct str trim(struct str s)
{
    while (s.size > 0 && is_blank(s.at[0])) {
        s.at++;
        s.size--;
    }
    while (s.size > 0 && is_blank(s.at[s.size - 1])) {
        s.size--;
    }
    return s;
}

static struct str behind(struct str s, size_t n)
{
    return (struct str){s.at + n, s.size - n};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool refuse_syntax(const struct reading *r, const char *type)
{
    return fault_set(r->fault, r->arena, 400, "22P02", "invalid input syntax for type %s: \"%.*s\"",
                     type, (int)r->text.size, r->text.at);
}

static bool is_declared(const struct reading *r, const char *a, const char *b)
{
    struct str type = str_of(r->type);

    return str_equal_nocase(type, str_of(a)) || str_equal_nocase(type, str_of(b));
}

/* --- integers ----------------------------------------------------------------------------------- */

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        if (!is_digit(s.at[i])) {
            return false;
        }
    }
    return s.size > 0;
}

static struct str without_sign(struct str s)
{
    return s.size > 0 && (s.at[0] == '-' || s.at[0] == '+') ? behind(s, 1) : s;
}

static bool to_integer(struct str s, int64_t *ret)
{
    return is_digits(without_sign(s)) && str_to_i64(s.at[0] == '+' ? behind(s, 1) : s, ret);
}

static bool read_integer(const struct reading *r, struct value *ret)
{
    struct str s = trim(r->text);
    int64_t integer;

    if (!is_digits(without_sign(s))) {
        return refuse_syntax(r, is_declared(r, "bigint", "int8")     ? "bigint"
                                : is_declared(r, "smallint", "int2") ? "smallint"
                                                                     : "integer");
    }
    if (!to_integer(s, &integer)) {
        return fault_set(r->fault, r->arena, 400, "22003",
                         "value \"%.*s\" is out of range for type bigint", (int)r->text.size,
                         r->text.at);
    }
    *ret = (struct value){.type = VALUE_INTEGER, .integer = integer};
    return true;
}

/* --- other numbers ------------------------------------------------------------------------------ */

static bool is_any_of(struct str s, const char *a, const char *b)
{
    return str_equal_nocase(s, str_of(a)) || str_equal_nocase(s, str_of(b));
}

/* Infinity or NaN? Then *ret is it, NULL standing for NaN. */
static bool read_number_word(struct str s, struct value *ret)
{
    bool is_negative = s.size > 0 && s.at[0] == '-';

    if (str_equal_nocase(s, STR("nan"))) {
        *ret = (struct value){.type = VALUE_NULL};
        return true;
    }
    if (is_any_of(without_sign(s), "infinity", "inf")) {
        *ret = (struct value){.type = VALUE_REAL, .real = is_negative ? -INFINITY : INFINITY};
        return true;
    }
    return false;
}

static size_t skip_digits(struct str s, size_t i)
{
    while (i < s.size && is_digit(s.at[i])) {
        i++;
    }
    return i;
}

/* "1", "1.", ".5", "+1e-3": what strtod() takes, but for hex, words and blanks. */
static bool is_decimal(struct str s)
{
    size_t start;
    size_t end;
    size_t digits;

    s = without_sign(s);
    end = skip_digits(s, 0);
    digits = end;
    if (end < s.size && s.at[end] == '.') {
        start = end + 1;
        end = skip_digits(s, start);
        digits += end - start;
    }
    if (digits > 0 && end < s.size && (s.at[end] | 0x20) == 'e') {
        start = end + 1;
        if (start < s.size && (s.at[start] == '-' || s.at[start] == '+')) {
            start++;
        }
        end = skip_digits(s, start);
        if (end == start) {
            return false;
        }
    }
    return digits > 0 && end == s.size;
}

/* The double that is nearest to a decimal. *ret_is_in_range: neither infinite nor a zero that is none. */
static bool to_double(struct str decimal, struct arena *arena, double *ret, bool *ret_is_in_range)
{
    const char *text = arena_copy(arena, decimal);

    if (text == NULL) {
        return false;
    }
    errno = 0;
    *ret = strtod(text, NULL);
    *ret_is_in_range = isfinite(*ret) && (*ret != 0 || errno != ERANGE);
    return true;
}

static bool read_real(const struct reading *r, struct value *ret)
{
    struct str s = trim(r->text);
    bool is_in_range;
    double real;

    if (read_number_word(s, ret)) {
        return true;
    }
    if (!is_decimal(s)) {
        return refuse_syntax(r, "double precision");
    }
    if (!to_double(s, r->arena, &real, &is_in_range)) {
        return fault_no_memory(r->fault);
    }
    if (!is_in_range) {
        return fault_set(r->fault, r->arena, 400, "22003",
                         "\"%.*s\" is out of range for type double precision", (int)s.size, s.at);
    }
    *ret = (struct value){.type = VALUE_REAL, .real = real};
    return true;
}

static bool read_numeric(const struct reading *r, struct value *ret)
{
    struct str s = trim(r->text);
    bool is_in_range;
    int64_t integer;
    double real;

    if (to_integer(s, &integer)) {
        *ret = (struct value){.type = VALUE_INTEGER, .integer = integer};
        return true;
    }
    if (read_number_word(s, ret)) {
        return true;
    }
    if (!is_decimal(s)) {
        return refuse_syntax(r, "numeric");
    }
    if (!to_double(s, r->arena, &real, &is_in_range)) {
        return fault_no_memory(r->fault);
    }
    if (!isfinite(real)) {
        return fault_set(r->fault, r->arena, 400, "22003", "value overflows numeric format");
    }
    *ret = (struct value){.type = VALUE_REAL, .real = real};
    return true;
}

/* --- booleans ----------------------------------------------------------------------------------- */

/* Is s word, or one of its prefixes of at least least letters? */
static bool is_start_of(struct str s, struct str word, size_t least)
{
    return s.size >= least && s.size <= word.size &&
           str_equal_nocase(s, (struct str){word.at, s.size});
}

static bool read_boolean(const struct reading *r, struct value *ret)
{
    struct str s = trim(r->text);
    bool is_true = is_start_of(s, STR("true"), 1) || is_start_of(s, STR("yes"), 1) ||
                   is_start_of(s, STR("on"), 2) || str_equal(s, STR("1"));
    bool is_false = is_start_of(s, STR("false"), 1) || is_start_of(s, STR("no"), 1) ||
                    is_start_of(s, STR("off"), 2) || str_equal(s, STR("0"));

    if (!is_true && !is_false) {
        return refuse_syntax(r, "boolean");
    }
    *ret = (struct value){.type = VALUE_INTEGER, .integer = is_true};
    return true;
}

/* --- blobs -------------------------------------------------------------------------------------- */

/* Return: 0..15, or -1: no hexadecimal digit. */
static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool refuse_hex_digit(const struct reading *r, struct str at)
{
    size_t size = 1;

    while (size < at.size && (at.at[size] & 0xC0) == 0x80) { /* a whole character */
        size++;
    }
    return fault_set(r->fault, r->arena, 400, "22023", "invalid hexadecimal digit: \"%.*s\"",
                     (int)size, at.at);
}

static bool read_hex(const struct reading *r, struct str hex, struct value *ret)
{
    char *bytes = arena_alloc(r->arena, hex.size / 2 + 1);
    size_t size = 0;

    if (bytes == NULL) {
        return fault_no_memory(r->fault);
    }
    for (size_t i = 0; i < hex.size; i += 2) {
        while (i < hex.size && is_blank(hex.at[i])) {
            i++;
        }
        if (i == hex.size) {
            break;
        }
        if (hex_digit(hex.at[i]) < 0) {
            return refuse_hex_digit(r, behind(hex, i));
        }
        if (i + 1 == hex.size) {
            return fault_set(r->fault, r->arena, 400, "22023",
                             "invalid hexadecimal data: odd number of digits");
        }
        if (hex_digit(hex.at[i + 1]) < 0) {
            return refuse_hex_digit(r, behind(hex, i + 1));
        }
        bytes[size++] = (char)(hex_digit(hex.at[i]) << 4 | hex_digit(hex.at[i + 1]));
    }
    *ret = (struct value){.type = VALUE_BLOB, .bytes = {bytes, size}};
    return true;
}

static bool read_blob(const struct reading *r, struct value *ret)
{
    if (r->text.size >= 2 && r->text.at[0] == '\\' && r->text.at[1] == 'x') {
        return read_hex(r, behind(r->text, 2), ret);
    }
    *ret = (struct value){.type = VALUE_BLOB, .bytes = r->text};
    if (ret->bytes.at == NULL) {
        ret->bytes.at = "";
    }
    return true;
}

/* --- JSON --------------------------------------------------------------------------------------- */

static void explain_json(const struct reading *r, const struct json_text_problem *problem)
{
    int size = (int)problem->found.size;

    if (problem->is_too_deep) {
        fault_details(r->fault, r->arena, "It is nested deeper than %d.", JSON_TEXT_DEPTH_MAX);
    } else if (problem->found.size == 0) {
        fault_details(r->fault, r->arena, "The input string ended unexpectedly.");
    } else if (problem->expected == NULL) {
        fault_details(r->fault, r->arena, "Token \"%.*s\" is invalid.", size, problem->found.at);
    } else {
        fault_details(r->fault, r->arena, "Expected %s, but found \"%.*s\".", problem->expected,
                      size, problem->found.at);
    }
}

/* array: it stands where an array literal could, too, and is called one if it is not JSON. */
static bool read_json(const struct reading *r, bool is_array, struct value *ret)
{
    char *out = arena_alloc(r->arena, r->text.size + 1);
    struct json_text_problem problem;
    size_t size;

    if (out == NULL) {
        return fault_no_memory(r->fault);
    }
    if (json_text_minify(r->text, out, &size, &problem)) {
        *ret = (struct value){.type = VALUE_TEXT, .bytes = {out, size}};
        return true;
    }
    if (is_array) {
        (void)fault_set(r->fault, r->arena, 400, "22P02", "malformed array literal: \"%.*s\"",
                        (int)r->text.size, r->text.at); /* false, as below */
    } else {
        (void)fault_set(r->fault, r->arena, 400, "22P02", "invalid input syntax for type %s",
                        is_declared(r, "jsonb", "jsonb") ? "jsonb" : "json");
    }
    explain_json(r, &problem);
    return false;
}

/* --- arrays ------------------------------------------------------------------------------------- */

/* Append an item of an array as JSON. */
static void put_item(struct buf *b, const struct value *item, enum schema_kind element)
{
    switch (item->type) {
    case VALUE_INTEGER:
        if (element == SCHEMA_BOOLEAN) {
            buf_append_str(b, item->integer != 0 ? STR("true") : STR("false"));
        } else {
            json_put_i64(b, item->integer);
        }
        break;
    case VALUE_REAL:
        json_put_double(b, item->real);
        break;
    case VALUE_TEXT:
        if (element == SCHEMA_JSON) {
            buf_append_str(b, item->bytes);
        } else {
            json_put_string(b, item->bytes);
        }
        break;
    default:
        buf_append_literal(b, "null");
        break;
    }
}

/* An item is checked as its kind, but what JSON cannot hold (a blob) is the text as written. */
static bool read_item(const struct reading *array, struct str text, enum schema_kind element,
                      struct value *ret)
{
    if (text.at == NULL) {
        *ret = (struct value){.type = VALUE_NULL};
        return true;
    }
    if (element == SCHEMA_BLOB || element == SCHEMA_ARRAY) {
        element = SCHEMA_TEXT;
    }
    return literal_read(text, element, SCHEMA_ANY, "", array->arena, ret, array->fault);
}

static bool put_items(const struct reading *r, const struct literal_items *items,
                      enum schema_kind element, struct buf *b)
{
    buf_append_char(b, '[');
    for (size_t i = 0; i < items->count; i++) {
        struct value item;
        if (!read_item(r, items->at[i], element, &item)) {
            return false;
        }
        if (i > 0) {
            buf_append_char(b, ',');
        }
        put_item(b, &item, element);
    }
    buf_append_char(b, ']');
    return true;
}

static bool read_array(const struct reading *r, enum schema_kind element, struct value *ret)
{
    struct str s = trim(r->text);
    struct literal_items items;
    const char *json = NULL;
    struct buf b;
    bool is_good;

    if (s.size > 0 && s.at[0] == '[') {
        return read_json(r, true, ret);
    }
    if (!literal_array(r->text, r->arena, &items, r->fault)) {
        return false;
    }
    buf_init(&b, SIZE_MAX / 2); /* bounded by the query's size, and by the arena in the end */
    is_good = put_items(r, &items, element, &b);
    if (is_good && buf_status(&b) == STATUS_OK) {
        json = arena_copy(r->arena, buf_str(&b));
    }
    if (json != NULL) {
        *ret = (struct value){.type = VALUE_TEXT, .bytes = {json, b.size}};
    } else if (is_good) {
        is_good = fault_no_memory(r->fault);
    }
    buf_fini(&b);
    return is_good;
}

/* --- whatever ----------------------------------------------------------------------------------- */

/* "007" and "+7" are texts that somebody wanted like that. */
static bool has_leading_zero(struct str s)
{
    s = s.size > 0 && s.at[0] == '-' ? behind(s, 1) : s;
    return s.size > 1 && s.at[0] == '0' && is_digit(s.at[1]);
}

static bool read_any(const struct reading *r, struct value *ret)
{
    int64_t integer;
    double real;

    *ret = (struct value){.type = VALUE_TEXT, .bytes = r->text};
    if (!has_leading_zero(r->text)) {
        if (str_to_i64(r->text, &integer)) {
            *ret = (struct value){.type = VALUE_INTEGER, .integer = integer};
        } else if (str_to_double(r->text, &real)) {
            *ret = (struct value){.type = VALUE_REAL, .real = real};
        }
    }
    return true;
}

bool literal_read(struct str text, enum schema_kind kind, enum schema_kind element,
                  const char *type, struct arena *arena, struct value *ret, struct fault *fault)
{
    const struct reading r = {text, type, arena, fault};

    switch (kind) {
    case SCHEMA_INTEGER:
        return read_integer(&r, ret);
    case SCHEMA_REAL:
        return read_real(&r, ret);
    case SCHEMA_NUMERIC:
        return read_numeric(&r, ret);
    case SCHEMA_BOOLEAN:
        return read_boolean(&r, ret);
    case SCHEMA_BLOB:
        return read_blob(&r, ret);
    case SCHEMA_JSON:
        return read_json(&r, false, ret);
    case SCHEMA_ARRAY:
        return read_array(&r, element, ret);
    case SCHEMA_TEXT:
        *ret = (struct value){.type = VALUE_TEXT, .bytes = text};
        return true;
    case SCHEMA_ANY:
        break;
    }
    return read_any(&r, ret);
}
