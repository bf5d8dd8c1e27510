#include "handlers/table/arguments.h"

#include <jansson.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/json_out.h"
#include "handlers/table/json_text.h"
#include "handlers/table/literal.h"
#include "server/url.h"

#define NAMES_MAX 4096 /* bytes of a list of names in a message */

/* --- reading ---------------------------------------------------------------------------------- */

bool arguments_of_tree(const struct tree *tree, struct arena *arena, struct arguments *ret,
                       struct fault *fault)
{
    struct argument *at = arena_alloc(arena, (tree->arguments_count + 1) * sizeof(*at));

    if (at == NULL) {
        return fault_no_memory(fault);
    }
    for (size_t i = 0; i < tree->arguments_count; i++) {
        at[i] =
            (struct argument){.name = tree->arguments[i].name, .text = tree->arguments[i].value};
    }
    *ret = (struct arguments){at, tree->arguments_count};
    return true;
}

/* A JSON value's text: a string's own characters, else as JSON writes it. */
static bool take_json(const json_t *json, struct arena *arena, struct argument *ret)
{
    char *text;
    const char *copy;

    ret->is_null = json_is_null(json);
    ret->is_string = json_is_string(json);
    if (ret->is_string) {
        ret->text = (struct str){json_string_value(json), json_string_length(json)};
        copy = arena_copy(arena, ret->text);
    } else {
        text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
        copy = text == NULL ? NULL : arena_copy(arena, str_of(text));
        ret->text.size = copy == NULL ? 0 : strlen(text);
        free(text); /* jansson's own */
    }
    ret->text.at = copy;
    return copy != NULL;
}

static bool take_object(json_t *object, struct arena *arena, struct arguments *ret,
                        struct fault *fault)
{
    struct argument *at = arena_alloc(arena, (json_object_size(object) + 1) * sizeof(*at));
    const char *key;
    json_t *json;
    size_t n = 0;

    if (at == NULL) {
        return fault_no_memory(fault);
    }
    json_object_foreach(object, key, json)
    {
        struct argument *argument = &at[n++];

        *argument = (struct argument){.name = str_of(key)};
        argument->name.at = arena_copy(arena, argument->name);
        if (argument->name.at == NULL || !take_json(json, arena, argument)) {
            return fault_no_memory(fault);
        }
    }
    *ret = (struct arguments){at, n};
    return true;
}

static bool fail_body(struct arena *arena, struct fault *fault)
{
    return fault_set(fault, arena, 400, "PGRST102", "Empty or invalid json");
}

/* Nested no deeper than is good for a recursive parser, and JSON at all? */
static bool is_readable(struct str body, struct arena *arena)
{
    char *copy = arena_alloc(arena, body.size + 1);
    struct json_text_problem problem;
    size_t size;

    return copy != NULL && json_text_minify(body, copy, &size, &problem);
}

static bool read_json(struct str body, struct arena *arena, struct arguments *ret,
                      struct fault *fault)
{
    json_error_t error;
    json_t *json;
    json_t *object;
    bool is_ok;

    if (!is_readable(body, arena)) {
        return fail_body(arena, fault);
    }
    json = json_loadb(body.at, body.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    object = json_is_array(json) ? json_array_get(json, 0) : json;
    is_ok =
        json_is_object(object) ? take_object(object, arena, ret, fault) : fail_body(arena, fault);
    json_decref(json);
    return is_ok;
}

static bool read_form(struct str body, struct arena *arena, struct arguments *ret,
                      struct fault *fault)
{
    struct argument *at = arena_alloc(arena, (body.size / 2 + 1) * sizeof(*at));
    struct str name;
    struct str value;
    size_t n = 0;

    if (at == NULL) {
        return fault_no_memory(fault);
    }
    while (url_next_pair(&body, &name, &value)) {
        struct argument *argument = &at[n++];

        *argument = (struct argument){.is_null = false};
        if (url_decode(name, URL_QUERY, arena, &argument->name) != STATUS_OK ||
            url_decode(value, URL_QUERY, arena, &argument->text) != STATUS_OK) {
            return fault_set(fault, arena, 400, "PGRST102", "The form cannot be decoded");
        }
    }
    *ret = (struct arguments){at, n};
    return true;
}

/* What stands before the ";", without blanks. */
static struct str essence_of(struct str type)
{
    const char *end = type.size == 0 ? NULL : memchr(type.at, ';', type.size);

    if (end != NULL) {
        type.size = (size_t)(end - type.at);
    }
    return str_trim(type);
}

bool arguments_of_body(const struct request *request, struct arena *arena, struct arguments *ret,
                       struct fault *fault)
{
    struct str type = essence_of(request_header(request, STR("Content-Type")));

    *ret = (struct arguments){NULL, 0};
    if (request->body.size == 0) {
        return true;
    }
    if (type.size == 0 || str_equal_nocase(type, STR("application/json"))) {
        return read_json(request->body, arena, ret, fault);
    }
    if (str_equal_nocase(type, STR("application/x-www-form-urlencoded"))) {
        return read_form(request->body, arena, ret, fault);
    }
    return fault_set(fault, arena, 400, "PGRST102", "Content-Type not acceptable: %.*s",
                     (int)(type.size < 200 ? type.size : 200), type.at);
}

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
