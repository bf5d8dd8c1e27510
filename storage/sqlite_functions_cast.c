/*
 * gantry_cast(x, type): x as 'text', 'integer', 'number', 'boolean' or 'json', as PostgreSQL's casts do
 * it and SQLite's do not: text has to parse, reals are rounded to the nearest (even) integer.
 * gantry_cast(x, type, from): of a column of booleans ('boolean') 1 is true; of numeric values
 * ('numeric') a half is rounded away from zero.
 */
#include <math.h>

#include "base/json_check.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/sqlite_internal.h"

enum cast { CAST_TEXT, CAST_INTEGER, CAST_NUMBER, CAST_BOOLEAN, CAST_JSON };

enum from { FROM_ANY, FROM_BOOLEAN, FROM_NUMERIC };

static const char *const cast_names[] = {"text", "integer", "number", "boolean", "json"};
/* As PostgreSQL calls them in its messages. */
static const char *const type_names[] = {"text", "integer", "double precision", "boolean", "json"};

static void bad_text(sqlite3_context *context, enum cast cast, struct str text)
{
    int size = text.size > 100 ? 100 : (int)text.size;

    if (cast == CAST_JSON) {
        function_raise(context, "22P02", "invalid input syntax for type json");
    } else {
        function_raise(context, "22P02", "invalid input syntax for type %s: \"%.*s\"",
                       type_names[cast], size, text.at);
    }
}

static void bad_type(sqlite3_context *context, const char *from, enum cast cast)
{
    function_raise(context, "42846", "cannot cast type %s to %s", from, type_names[cast]);
}

/* Give what was written into b as text. */
static void give(sqlite3_context *context, struct buf *b)
{
    size_t size;
    char *at;

    if (buf_status(b) != STATUS_OK) {
        buf_fini(b);
        sqlite3_result_error_nomem(context);
        return;
    }
    at = buf_take(b, &size);
    sqlite3_result_text64(context, at, size, mem_free, SQLITE_UTF8);
}

static void give_real_text(sqlite3_context *context, double real)
{
    struct buf b;

    if (isinf(real)) {
        sqlite3_result_text(context, real < 0 ? "-Infinity" : "Infinity", -1, SQLITE_STATIC);
        return;
    }
    buf_init(&b, 64);
    json_put_double(&b, real);
    if (b.size > 2 && memcmp(b.at + b.size - 2, ".0", 2) == 0) {
        b.size -= 2; /* PostgreSQL writes 10, not 10.0 */
    }
    give(context, &b);
}

static void cast_integer(sqlite3_context *context, int64_t integer, enum cast cast, enum from from)
{
    struct buf b;

    switch (cast) {
    case CAST_INTEGER:
    case CAST_NUMBER:
        sqlite3_result_int64(context, integer);
        return;
    case CAST_BOOLEAN:
        sqlite3_result_int(context, integer != 0);
        return;
    case CAST_TEXT:
    case CAST_JSON:
        break;
    }
    if (from == FROM_BOOLEAN) {
        sqlite3_result_text(context, integer != 0 ? "true" : "false", -1, SQLITE_STATIC);
        return;
    }
    buf_init(&b, 64);
    json_put_i64(&b, integer);
    give(context, &b);
}

static void cast_real(sqlite3_context *context, double real, enum cast cast, enum from from)
{
    double whole;

    switch (cast) {
    case CAST_INTEGER:
        /* nearbyint: half to even, since nobody changes the rounding mode */
        whole = from == FROM_NUMERIC ? round(real) : nearbyint(real);
        if (whole < -0x1p63 || whole >= 0x1p63) {
            function_raise(context, "22003", "bigint out of range");
        } else {
            sqlite3_result_int64(context, (int64_t)whole);
        }
        return;
    case CAST_NUMBER:
        sqlite3_result_double(context, real);
        return;
    case CAST_BOOLEAN:
        bad_type(context, "double precision", cast);
        return;
    case CAST_TEXT:
        give_real_text(context, real);
        return;
    case CAST_JSON:
        if (isinf(real)) {
            bad_text(context, cast, (struct str){NULL, 0});
        } else {
            give_real_text(context, real);
        }
        return;
    }
}

static struct str trim(struct str s)
{
    static const char blanks[] = " \t\n\v\f\r";

    while (s.size > 0 && memchr(blanks, s.at[0], sizeof(blanks) - 1) != NULL) {
        s = (struct str){s.at + 1, s.size - 1};
    }
    while (s.size > 0 && memchr(blanks, s.at[s.size - 1], sizeof(blanks) - 1) != NULL) {
        s.size--;
    }
    return s;
}

static struct str without_plus(struct str s)
{
    return s.size > 1 && s.at[0] == '+' && s.at[1] != '-' ? (struct str){s.at + 1, s.size - 1} : s;
}

static bool is_digits(struct str s)
{
    if (s.size > 0 && s.at[0] == '-') {
        s = (struct str){s.at + 1, s.size - 1};
    }
    for (size_t i = 0; i < s.size; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') {
            return false;
        }
    }
    return s.size > 0;
}

static void text_to_integer(sqlite3_context *context, struct str text)
{
    struct str number = without_plus(trim(text));
    int64_t integer;

    if (str_to_i64(number, &integer)) {
        sqlite3_result_int64(context, integer);
    } else if (is_digits(number)) {
        function_raise(context, "22003", "value \"%.*s\" is out of range for type bigint",
                       number.size > 100 ? 100 : (int)number.size, number.at);
    } else {
        bad_text(context, CAST_INTEGER, text);
    }
}

/* "Infinity", "-inf", in any case. */
static bool is_infinity(struct str s, double *ret)
{
    bool is_negative = s.size > 0 && s.at[0] == '-';

    if (is_negative) {
        s = (struct str){s.at + 1, s.size - 1};
    }
    *ret = is_negative ? -HUGE_VAL : HUGE_VAL;
    return str_equal_nocase(s, STR("infinity")) || str_equal_nocase(s, STR("inf"));
}

/* The number of a text in which only a point may stand where JSON wants digits, too: ".5", "5." */
static bool to_double(struct str s, double *ret)
{
    char text[400];
    size_t size = 0;

    for (size_t i = 0; i < s.size; i++) {
        bool is_point = s.at[i] == '.';

        if (size + 3 > sizeof(text)) {
            return false;
        }
        if (is_point && (i == 0 || s.at[i - 1] == '-') && i + 1 < s.size) {
            text[size++] = '0';
        }
        if (is_point && i > 0 && s.at[i - 1] >= '0' && s.at[i - 1] <= '9' &&
            (i + 1 == s.size || s.at[i + 1] == 'e' || s.at[i + 1] == 'E')) {
            continue;
        }
        text[size++] = s.at[i];
    }
    return str_to_double((struct str){text, size}, ret);
}

/* A number by its looks, but too large for a double? */
static bool is_huge(struct str s)
{
    return s.size > 0 && strspn(s.at, "+-.0123456789eE") >= s.size && json_check(s, NULL);
}

static void text_to_number(sqlite3_context *context, struct str text)
{
    struct str number = without_plus(trim(text));
    int64_t integer;
    double real;

    if (str_to_i64(number, &integer)) {
        sqlite3_result_int64(context, integer);
    } else if (to_double(number, &real) || is_infinity(number, &real)) {
        sqlite3_result_double(context, real);
    } else if (is_huge(number)) {
        function_raise(context, "22003", "\"%.*s\" is out of range for type double precision",
                       number.size > 100 ? 100 : (int)number.size, number.at);
    } else {
        bad_text(context, CAST_NUMBER, text);
    }
}

/* PostgreSQL takes any beginning of these words that leaves no doubt. */
static void text_to_boolean(sqlite3_context *context, struct str text)
{
    static const struct {
        struct str word;
        size_t size_min;
        int value;
    } words[] = {
        {STR("true"), 1, 1},  {STR("yes"), 1, 1}, {STR("on"), 2, 1},  {STR("1"), 1, 1},
        {STR("false"), 1, 0}, {STR("no"), 1, 0},  {STR("off"), 2, 0}, {STR("0"), 1, 0},
    };
    struct str s = trim(text);

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (s.size >= words[i].size_min && s.size <= words[i].word.size &&
            str_equal_nocase(s, (struct str){words[i].word.at, s.size})) {
            sqlite3_result_int(context, words[i].value);
            return;
        }
    }
    bad_text(context, CAST_BOOLEAN, text);
}

static void cast_text(sqlite3_context *context, sqlite3_value *value, enum cast cast)
{
    struct str text;

    if (!function_text(context, value, &text)) {
        return;
    }
    switch (cast) {
    case CAST_TEXT:
        sqlite3_result_value(context, value);
        return;
    case CAST_INTEGER:
        text_to_integer(context, text);
        return;
    case CAST_NUMBER:
        text_to_number(context, text);
        return;
    case CAST_BOOLEAN:
        text_to_boolean(context, text);
        return;
    case CAST_JSON:
        if (json_check(text, NULL)) {
            sqlite3_result_value(context, value);
        } else {
            bad_text(context, cast, text);
        }
        return;
    }
}

/* As PostgreSQL writes its bytea: \x and hexadecimal digits. */
static void cast_blob(sqlite3_context *context, sqlite3_value *value, enum cast cast)
{
    const char *at = sqlite3_value_blob(value);
    size_t size = (size_t)sqlite3_value_bytes(value);
    struct buf b;

    if (cast != CAST_TEXT) {
        bad_type(context, "bytea", cast);
        return;
    }
    buf_init(&b, SIZE_MAX / 2);
    buf_append_literal(&b, "\\x");
    buf_append_hex(&b, (struct str){at, size});
    give(context, &b);
}

static bool find_cast(sqlite3_context *context, sqlite3_value *name, enum cast *ret)
{
    const char *text = (const char *)sqlite3_value_text(name);

    for (size_t i = 0; i < ARRAY_LENGTH(cast_names) && text != NULL; i++) {
        if (strcmp(text, cast_names[i]) == 0) {
            *ret = (enum cast)i;
            return true;
        }
    }
    sqlite3_result_error(context, "gantry_cast: unknown type", -1);
    return false;
}

static enum from find_from(sqlite3_value *name)
{
    const char *text = (const char *)sqlite3_value_text(name);

    if (text != NULL && strcmp(text, "boolean") == 0) {
        return FROM_BOOLEAN;
    }
    return text != NULL && strcmp(text, "numeric") == 0 ? FROM_NUMERIC : FROM_ANY;
}

static void run_cast(sqlite3_context *context, int count, sqlite3_value **values)
{
    enum from from;
    enum cast cast;

    if (count < 2 || count > 3) {
        sqlite3_result_error(context, "gantry_cast takes two or three arguments", -1);
        return;
    }
    if (!find_cast(context, values[1], &cast)) {
        return;
    }
    from = count == 3 ? find_from(values[2]) : FROM_ANY;
    switch (sqlite3_value_type(values[0])) {
    case SQLITE_INTEGER:
        cast_integer(context, sqlite3_value_int64(values[0]), cast, from);
        break;
    case SQLITE_FLOAT:
        cast_real(context, sqlite3_value_double(values[0]), cast, from);
        break;
    case SQLITE_TEXT:
        cast_text(context, values[0], cast);
        break;
    case SQLITE_BLOB:
        cast_blob(context, values[0], cast);
        break;
    default: /* NULL stays NULL */
        break;
    }
}

int functions_install_cast(struct connection *c)
{
    static const struct function functions[] = {{"gantry_cast", -1, run_cast, 0}};

    return functions_add(c, functions, ARRAY_LENGTH(functions));
}
