#include "handlers/table/arguments.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/json_out.h"
#include "handlers/table/literal.h"

#define NAMES_MAX 4096 /* bytes of a list of names in a message */

/* --- which parameters they are ------------------------------------------------------------------ */

static const struct param *find_param(const struct param *params, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(str_of(params[i].name), name)) {
            return &params[i];
        }
    }
    return NULL;
}

/* The last argument of that name, or NULL. */
static const struct argument *find_argument(const struct arguments *arguments, const char *name)
{
    for (size_t i = arguments->count; i > 0; i--) {
        if (str_equal(arguments->at[i - 1].name, str_of(name))) {
            return &arguments->at[i - 1];
        }
    }
    return NULL;
}

/* Fills names with "a, b". */
static void list_arguments(const struct arguments *arguments, struct buf *names)
{
    buf_init(names, NAMES_MAX);
    for (size_t i = 0; i < arguments->count; i++) {
        buf_append_str(names, i == 0 ? STR("") : STR(", "));
        buf_append_str(names, arguments->at[i].name);
    }
}

static void list_params(const struct param *params, size_t count, struct buf *names)
{
    buf_init(names, NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_append_str(names, i == 0 ? STR("") : STR(", "));
        buf_append_str(names, str_of(params[i].name));
    }
}

/* There is no function of that name with those arguments. */
static bool fail_to_find(const struct arguments *arguments, const char *function,
                         const struct param *params, size_t params_count, struct arena *arena,
                         struct fault *fault)
{
    struct buf given;
    struct buf declared;
    bool is_ok;

    list_arguments(arguments, &given);
    list_params(params, params_count, &declared);
    if (arguments->count == 0) {
        is_ok = fault_set(fault, arena, 404, "PGRST202",
                          "Could not find the function %s without parameters in the schema cache",
                          function);
    } else {
        is_ok = fault_set(fault, arena, 404, "PGRST202",
                          "Could not find the function %s(%.*s) in the schema cache", function,
                          (int)given.size, given.size == 0 ? "" : given.at);
    }
    fault_hint(fault, arena, "Perhaps you meant to call the function %s(%.*s)", function,
               (int)declared.size, declared.size == 0 ? "" : declared.at);
    buf_fini(&given);
    buf_fini(&declared);
    return is_ok;
}

/* Are all that are required there, and none that is not known? */
static bool fits(const struct arguments *arguments, const struct param *params, size_t params_count)
{
    for (size_t i = 0; i < arguments->count; i++) {
        if (find_param(params, params_count, arguments->at[i].name) == NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < params_count; i++) {
        if (params[i].has_default == PARAM_REQUIRED &&
            find_argument(arguments, params[i].name) == NULL) {
            return false;
        }
    }
    return true;
}

/* --- their values ------------------------------------------------------------------------------------ */

static const struct {
    enum schema_kind kind;
    const char *type;
} kinds[] = {
    [PARAM_INTEGER] = {SCHEMA_INTEGER, "bigint"}, [PARAM_NUMBER] = {SCHEMA_NUMERIC, "numeric"},
    [PARAM_STRING] = {SCHEMA_TEXT, "text"},       [PARAM_BOOLEAN] = {SCHEMA_BOOLEAN, "boolean"},
    [PARAM_BLOB] = {SCHEMA_BLOB, "blob"},         [PARAM_JSON] = {SCHEMA_JSON, "json"},
};

/* As everywhere in the configuration: base64; or, as PostgreSQL writes bytes, "\x" and hex. */
static bool read_blob(struct str text, struct arena *arena, struct value *ret, struct fault *fault)
{
    unsigned char *bytes;
    size_t size;

    if (text.size >= 2 && memcmp(text.at, "\\x", 2) == 0) {
        return literal_read(text, SCHEMA_BLOB, SCHEMA_ANY, "blob", arena, ret, fault);
    }
    bytes = arena_alloc(arena, text.size + 1);
    if (bytes == NULL) {
        return fault_no_memory(fault);
    }
    if (!base64_decode(text, bytes, &size)) {
        return fault_set(fault, arena, 400, "22P02",
                         "invalid input syntax for type blob: it is neither base64 nor \"\\x\" and "
                         "hexadecimal digits");
    }
    *ret = (struct value){.type = VALUE_BLOB, .bytes = {(const char *)bytes, size}};
    return true;
}

static uint64_t count_characters(struct str text)
{
    uint64_t n = 0;

    for (size_t i = 0; i < text.size; i++) {
        n += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    }
    return n;
}

/* Is the value below (-1) or above (1) the bounds that are declared, or within them (0)? */
static int compare_bounds(const struct param *param, const struct value *value)
{
    double real;

    if (value->type == VALUE_INTEGER && param->type == PARAM_INTEGER) {
        return param->has_minimum && value->integer < param->minimum_integer   ? -1
               : param->has_maximum && value->integer > param->maximum_integer ? 1
                                                                               : 0;
    }
    if (param->type == PARAM_NUMBER && value->type != VALUE_NULL) {
        real = value->type == VALUE_REAL ? value->real : (double)value->integer;
        return param->has_minimum && real < param->minimum_number   ? -1
               : param->has_maximum && real > param->maximum_number ? 1
                                                                    : 0;
    }
    if (param->type == PARAM_STRING || param->type == PARAM_BLOB) {
        uint64_t length =
            param->type == PARAM_STRING ? count_characters(value->bytes) : value->bytes.size;
        return length < param->min_length ? -1 : length > param->max_length ? 1 : 0;
    }
    return 0;
}

static bool check_bounds(const struct param *param, const struct value *value, struct arena *arena,
                         struct fault *fault)
{
    int order = compare_bounds(param, value);
    const char *side = order < 0 ? "below its minimum" : "above its maximum";

    if (param->type == PARAM_STRING || param->type == PARAM_BLOB) {
        side = order < 0 ? "shorter than its least length" : "longer than its greatest length";
    }
    return order == 0 ||
           fault_set(fault, arena, 400, "22023", "the argument %s is %s", param->name, side);
}

/* A JSON string is JSON again with its quotes. */
static bool read_string_as_json(struct str text, struct arena *arena, struct value *ret,
                                struct fault *fault)
{
    struct buf quoted;

    buf_init(&quoted, 6 * text.size + 3);
    json_put_string(&quoted, text);
    *ret = (struct value){.type = VALUE_TEXT, .bytes = buf_str(&quoted)};
    ret->bytes.at = arena_copy(arena, ret->bytes);
    buf_fini(&quoted);
    return ret->bytes.at != NULL || fault_no_memory(fault);
}

static bool read_value(const struct argument *argument, const struct param *param,
                       struct arena *arena, struct value *ret, struct fault *fault)
{
    bool is_ok;

    if (argument->is_null) {
        *ret = (struct value){.type = VALUE_NULL};
        return true;
    }
    if (param->type == PARAM_JSON && argument->is_string) {
        is_ok = read_string_as_json(argument->text, arena, ret, fault);
    } else if (param->type == PARAM_BLOB) {
        is_ok = read_blob(argument->text, arena, ret, fault);
    } else {
        is_ok = literal_read(argument->text, kinds[param->type].kind, SCHEMA_ANY,
                             kinds[param->type].type, arena, ret, fault);
    }
    return is_ok && check_bounds(param, ret, arena, fault);
}

bool arguments_bind(const struct arguments *arguments, const char *function,
                    const struct param *params, size_t params_count, struct arena *arena,
                    struct value *values, struct fault *fault)
{
    if (!fits(arguments, params, params_count)) {
        return fail_to_find(arguments, function, params, params_count, arena, fault);
    }
    for (size_t i = 0; i < params_count; i++) {
        const struct argument *argument = find_argument(arguments, params[i].name);

        if (argument != NULL) {
            if (!read_value(argument, &params[i], arena, &values[i], fault)) {
                return false;
            }
        } else if (params[i].has_default == PARAM_DEFAULT_VALUE) {
            values[i] = params[i].fallback;
        } else {
            values[i] = (struct value){.type = VALUE_NULL};
        }
    }
    return true;
}
