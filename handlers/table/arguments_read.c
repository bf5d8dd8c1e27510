/* Arguments as they were given: by the query string, a JSON object, or a form. */
#include "base/utf8.h"
#include "handlers/table/arguments.h"
#include "handlers/table/json_string.h"
#include "handlers/table/json_text.h"
#include "server/url.h"

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

static bool fail_body(struct arena *arena, struct fault *fault)
{
    return fault_set(fault, arena, 400, "PGRST102", "Empty or invalid json");
}

/* The characters of a JSON string. */
static bool read_string(struct str quoted, struct arena *arena, struct str *ret,
                        struct fault *fault)
{
    enum json_string outcome;
    char *to;

    *ret = (struct str){quoted.at + 1, quoted.size - 2};
    if (memchr(quoted.at, '\\', quoted.size) == NULL) {
        return true;
    }
    to = arena_alloc(arena, ret->size);
    if (to == NULL) {
        return fault_no_memory(fault);
    }
    outcome = json_string_decode(*ret, to, &ret->size);
    ret->at = to;
    return outcome == JSON_STRING_GOOD || json_string_refuse(outcome, arena, fault);
}

/* Numbers stay as they were written: a double would change most of them. */
static bool read_member(struct str name, struct str value, struct arena *arena,
                        struct argument *ret, struct fault *fault)
{
    *ret = (struct argument){
        .text = value, .is_null = str_equal(value, STR("null")), .is_string = value.at[0] == '"'};
    return read_string(name, arena, &ret->name, fault) &&
           (!ret->is_string || read_string(value, arena, &ret->text, fault));
}

/* members: what stands between the braces of a JSON object. */
static bool read_members(struct str members, struct arena *arena, struct arguments *ret,
                         struct fault *fault)
{
    struct str rest = members;
    struct str name;
    struct str value;
    struct argument *at;
    size_t n = 0;

    while (json_text_next_member(&rest, &name, &value)) {
        n++;
    }
    at = arena_alloc(arena, (n + 1) * sizeof(*at));
    if (at == NULL) {
        return fault_no_memory(fault);
    }
    *ret = (struct arguments){at, n};
    while (json_text_next_member(&members, &name, &value)) {
        if (!read_member(name, value, arena, at++, fault)) {
            return false;
        }
    }
    return true;
}

static struct str inside(struct str json)
{
    return (struct str){json.at + 1, json.size - 2};
}

static bool read_json(struct str body, struct arena *arena, struct arguments *ret,
                      struct fault *fault)
{
    char *copy = arena_alloc(arena, body.size);
    struct str json = {copy, 0};
    struct json_text_problem problem;

    if (copy == NULL) {
        return fault_no_memory(fault);
    }
    if (!utf8_is_valid(body) || !json_text_minify(body, copy, &json.size, &problem)) {
        return fail_body(arena, fault);
    }
    if (json.at[0] == '[') {
        struct str elements = inside(json);

        if (!json_text_next_value(&elements, &json)) {
            return fail_body(arena, fault);
        }
    }
    return json.at[0] == '{' ? read_members(inside(json), arena, ret, fault)
                             : fail_body(arena, fault);
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

bool arguments_of_body(const struct request *request, struct arena *arena, struct arguments *ret,
                       struct fault *fault)
{
    struct str type = request_media_type(request);

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
    (void)fault_set(fault, arena, 400, "PGRST102", "Content-Type not acceptable: %.*s",
                    (int)(type.size < 200 ? type.size : 200), type.at);
    fault_hint(fault, arena, "Send application/json or application/x-www-form-urlencoded.");
    return false;
}
