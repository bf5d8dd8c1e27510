#include "config/params.h"

#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "config/option.h"
#include "config/pattern.h"

#define HINT_NAMES_MAX 32

/* Their rules depend on the type, which may stand after them: read_bounds and read_default. */
static const struct config_special specials[] = {
    {"default", NULL}, {"minimum", NULL}, {"maximum", NULL}};

static const char *const type_names[] = {
    [CONFIG_INTEGER] = "an integer", [CONFIG_NUMBER] = "a number", [CONFIG_STRING] = "a string",
    [CONFIG_BOOLEAN] = "a boolean",  [CONFIG_BLOB] = "a blob",     [CONFIG_JSON] = "a json value"};

static bool is_numeric(enum config_type type)
{
    return type == CONFIG_INTEGER || type == CONFIG_NUMBER;
}

static bool is_sized(enum config_type type)
{
    return type == CONFIG_STRING || type == CONFIG_BLOB;
}

/* "minimum" or "maximum". Return: is it there and good? */
static bool read_bound(struct config_reader *r, const struct config_place *at, json_t *value,
                       enum config_type type, int64_t *ret_integer, double *ret_number)
{
    if (value == NULL) {
        return false;
    }
    if (!is_numeric(type)) {
        config_problem(r, at, "%s has no \"%s\": it is for integer and number", type_names[type],
                       at->key);
        return false;
    }
    if (type == CONFIG_INTEGER ? !json_is_integer(value) : !json_is_number(value)) {
        config_problem_type(r, at, type_names[type], value);
        return false;
    }
    *ret_integer = json_integer_value(value);
    *ret_number = json_number_value(value);
    return true;
}

static void read_bounds(struct config_reader *r, const struct config_place *at, json_t *value,
                        struct config_param *p)
{
    static const char *const lengths[] = {"min_length", "max_length"};

    p->has_minimum = read_bound(r, CONFIG_AT_KEY(at, "minimum"), json_object_get(value, "minimum"),
                                p->type, &p->minimum_integer, &p->minimum_number);
    p->has_maximum = read_bound(r, CONFIG_AT_KEY(at, "maximum"), json_object_get(value, "maximum"),
                                p->type, &p->maximum_integer, &p->maximum_number);
    if (p->has_minimum && p->has_maximum &&
        (p->type == CONFIG_INTEGER ? p->minimum_integer > p->maximum_integer
                                   : p->minimum_number > p->maximum_number)) {
        config_problem(r, CONFIG_AT_KEY(at, "minimum"), "is greater than \"maximum\"");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        if (json_object_get(value, lengths[i]) != NULL && !is_sized(p->type)) {
            config_problem(r, CONFIG_AT_KEY(at, lengths[i]),
                           "%s has no \"%s\": it is for string and blob", type_names[p->type],
                           lengths[i]);
        }
    }
    if (p->min_length > p->max_length) {
        config_problem(r, CONFIG_AT_KEY(at, "min_length"), "is greater than \"max_length\"");
    }
}

static void check_range(struct config_reader *r, const struct config_place *at,
                        const struct config_param *p)
{
    bool is_integer = p->type == CONFIG_INTEGER;

    if (p->has_minimum && (is_integer ? p->default_integer < p->minimum_integer
                                      : p->default_number < p->minimum_number)) {
        config_problem(r, at, "is less than \"minimum\"");
    }
    if (p->has_maximum && (is_integer ? p->default_integer > p->maximum_integer
                                      : p->default_number > p->maximum_number)) {
        config_problem(r, at, "is greater than \"maximum\"");
    }
}

static void check_length(struct config_reader *r, const struct config_place *at,
                         const struct config_param *p, uint64_t length)
{
    if (length < p->min_length) {
        config_problem(r, at, "is shorter than \"min_length\"");
    } else if (length > p->max_length) {
        config_problem(r, at, "is longer than \"max_length\"");
    }
}

static uint64_t count_characters(const char *utf8)
{
    uint64_t n = 0;

    for (; *utf8 != '\0'; utf8++) {
        n += ((unsigned char)*utf8 & 0xc0) != 0x80;
    }
    return n;
}

/* Reports text that is not base64. Gives: freed with mem_free; NULL if it is not, or without memory. */
static char *decode_blob(struct config_reader *r, const struct config_place *at, const char *text,
                         size_t *ret_size)
{
    struct str s = str_of(text);
    unsigned char *bytes = mem_alloc(BASE64_DECODED_MAX(s.size) + 1);

    if (bytes == NULL) {
        r->status = STATUS_NOMEM;
        return NULL;
    }
    if (!base64_decode(s, bytes, ret_size)) {
        config_problem(r, at, "is not base64 (with padding)");
        mem_free(bytes);
        return NULL;
    }
    return (char *)bytes;
}

static void read_default_text(struct config_reader *r, const struct config_place *at,
                              const json_t *value, struct config_param *p)
{
    const char *text = json_string_value(value);

    if (p->type == CONFIG_BLOB) {
        p->default_text = decode_blob(r, at, text, &p->default_size);
    } else {
        p->default_text = config_copy(r, text);
        p->default_size = strlen(text);
    }
    if (p->default_text != NULL) {
        check_length(r, at, p, p->type == CONFIG_BLOB ? p->default_size : count_characters(text));
    }
}

static void read_default_json(struct config_reader *r, const json_t *value, struct config_param *p)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    size_t size = json_dumpb(value, NULL, 0, flags);
    char *text = size == 0 ? NULL : mem_alloc(size + 1);

    if (text == NULL || json_dumpb(value, text, size, flags) != size) {
        mem_free(text);
        r->status = STATUS_NOMEM;
        return;
    }
    text[size] = '\0';
    p->default_text = text;
    p->default_size = size;
}

static bool fits(const json_t *value, enum config_type type)
{
    switch (type) {
    case CONFIG_INTEGER:
        return json_is_integer(value);
    case CONFIG_NUMBER:
        return json_is_number(value);
    case CONFIG_STRING:
    case CONFIG_BLOB:
        return json_is_string(value);
    case CONFIG_BOOLEAN:
        return json_is_boolean(value);
    case CONFIG_JSON:
        break;
    }
    return true;
}

static void read_default(struct config_reader *r, const struct config_place *at,
                         const json_t *value, struct config_param *p)
{
    if (value == NULL) {
        return;
    }
    if (json_is_null(value)) {
        p->has_default = CONFIG_DEFAULT_NULL;
        return;
    }
    if (!fits(value, p->type)) {
        config_problem_type(
            r, at, p->type == CONFIG_BLOB ? "a string of base64" : type_names[p->type], value);
        return;
    }
    if (is_numeric(p->type)) {
        p->default_integer = json_integer_value(value);
        p->default_number = json_number_value(value);
        check_range(r, at, p);
    } else if (p->type == CONFIG_BOOLEAN) {
        p->default_integer = json_is_true(value);
    } else if (p->type == CONFIG_JSON) {
        read_default_json(r, value, p);
    } else {
        read_default_text(r, at, value, p);
    }
    if (is_numeric(p->type) || p->type == CONFIG_BOOLEAN || p->default_text != NULL) {
        p->has_default = CONFIG_DEFAULT_VALUE;
    }
}

static void read_param(struct config_reader *r, const struct config_place *at, json_t *value,
                       const char *prefix, struct config_param *p)
{
    const struct config_shape shape = {.owner = CONFIG_OF_config_param,
                                       .prefix = prefix,
                                       .specials = specials,
                                       .specials_count = ARRAY_LENGTH(specials)};
    const json_t *type;

    if (!config_object_read(r, at, value, &shape, p)) {
        return;
    }
    type = json_object_get(value, "type");
    if (type == NULL) {
        config_problem(r, at, "\"type\" is missing");
    } else if (json_is_string(type) && config_type_find(json_string_value(type), &p->type)) {
        read_bounds(r, at, value, p);
        read_default(r, CONFIG_AT_KEY(at, "default"), json_object_get(value, "default"), p);
    }
}

void config_params_read(struct config_reader *r, const struct config_place *at,
                        struct json_t *value, const char *prefix, struct config_param **ret,
                        size_t *ret_count)
{
    struct config_param *params;
    const char *name;
    json_t *member;

    if (!json_is_object(value)) {
        config_problem_type(r, at, "an object", value);
        return;
    }
    params = mem_zalloc((json_object_size(value) + 1) * sizeof(*params));
    if (params == NULL) {
        r->status = STATUS_NOMEM;
        return;
    }
    *ret = params;
    *ret_count = 0;
    json_object_foreach(value, name, member)
    {
        const struct config_place *place = CONFIG_AT_KEY(at, name);
        struct config_param *p = &params[*ret_count];

        if (!config_is_name(name, strlen(name))) {
            config_problem(r, place,
                           "a parameter's name is letters, digits and \"_\", at most 63, and does "
                           "not start with a digit");
            continue;
        }
        p->name = config_copy(r, name);
        if (p->name == NULL || config_defaults(CONFIG_OF_config_param, p) != STATUS_OK) {
            mem_free(p->name);
            r->status = STATUS_NOMEM;
            return;
        }
        (*ret_count)++;
        read_param(r, place, member, prefix, p);
    }
}

void config_params_fini(struct config_param *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mem_free(params[i].name);
        mem_free(params[i].default_text);
        config_release(CONFIG_OF_config_param, &params[i]);
    }
    mem_free(params);
}

static bool has_param(const struct config_route *route, struct str name)
{
    for (size_t i = 0; i < route->params_count; i++) {
        if (str_equal(str_of(route->params[i].name), name)) {
            return true;
        }
    }
    return false;
}

/* A {name} of the path that is no parameter. */
static void report_missing(struct config_reader *r, const struct config_place *at,
                           const struct config_route *route, struct str name)
{
    const char *names[HINT_NAMES_MAX];
    char text[64];
    const char *near;
    size_t n = 0;

    memcpy(text, name.at, name.size); /* a name is at most 63 bytes */
    text[name.size] = '\0';
    for (size_t i = 0; i < route->params_count && n < ARRAY_LENGTH(names); i++) {
        if (!config_pattern_has(route->path, route->params[i].name)) {
            names[n++] = route->params[i].name;
        }
    }
    near = nearest_name(text, names, n);
    if (near != NULL) {
        config_problem(r, at, "{%s} is not in \"params\"; did you mean {%s}?", text, near);
    } else {
        config_problem(r, at, "{%s} is not in \"params\"", text);
    }
}

static void check_in(struct config_reader *r, const struct config_place *at,
                     const struct config_route *route, const struct config_param *p)
{
    bool is_in_path = config_pattern_has(route->path, p->name);

    if (is_in_path && p->in != CONFIG_IN_DEFAULT && p->in != CONFIG_IN_PATH) {
        config_problem(r, at, "the path names {%s}: it is taken from there", p->name);
    } else if (!is_in_path && p->in == CONFIG_IN_PATH) {
        config_problem(r, at, "the path does not name {%s}", p->name);
    } else if (p->in == CONFIG_IN_BODY && route->method != NULL &&
               (strcmp(route->method, "GET") == 0 || strcmp(route->method, "DELETE") == 0)) {
        config_problem(r, at, "a %s request has no body", route->method);
    }
}

void config_params_check(struct config_reader *r, const struct config_place *at,
                         const struct config_route *route)
{
    const struct config_place *params = CONFIG_AT_KEY(at, "params");
    const char *rest = route->path;
    struct str name;

    while (rest != NULL && config_pattern_next(&rest, &name)) {
        if (!has_param(route, name)) {
            report_missing(r, CONFIG_AT_KEY(at, "path"), route, name);
        }
    }
    for (size_t i = 0; route->path != NULL && i < route->params_count; i++) {
        const struct config_param *p = &route->params[i];

        check_in(r, CONFIG_AT_KEY(CONFIG_AT_KEY(params, p->name), "in"), route, p);
    }
}
