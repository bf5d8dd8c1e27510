#include "handlers/sql/params.h"

#include <jansson.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "handlers/sql/convert.h"

static const char *const in_names[] = {"path", "query", "body"};

static size_t count_in(const struct param *params, size_t count, enum param_in in)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        n += params[i].in == in;
    }
    return n;
}

/* --- what a parameter is when it is not given --------------------------------------------- */

static void take_missing(const struct param *param, struct call_problems *problems,
                         struct value *ret)
{
    *ret = (struct value){.type = VALUE_NULL};
    if (param->has_default == PARAM_REQUIRED) {
        call_problem(problems, str_of(param->name), in_names[param->in], "is required");
    } else if (param->has_default == PARAM_DEFAULT_VALUE) {
        *ret = param->fallback;
    }
}

static void take_text(struct call *call, const struct param *param, struct str text,
                      struct call_problems *problems, struct value *ret)
{
    struct conversion c = {call, problems, param, in_names[param->in]};

    if (text.at == NULL) {
        take_missing(param, problems, ret);
    } else {
        (void)convert_text(&c, text, ret); /* says what is wrong in problems */
    }
}

/* --- query -------------------------------------------------------------------------------- */

static enum status read_query(struct call *call, const struct param *params, size_t count,
                              struct call_problems *problems, struct value *values)
{
    size_t n = count_in(params, count, PARAM_IN_QUERY);
    const char **names = arena_alloc(&call->arena, (n + 1) * sizeof(*names));
    struct str *texts = arena_alloc(&call->arena, (n + 1) * sizeof(*texts));
    enum status status;
    size_t k = 0;

    if (names == NULL || texts == NULL) {
        return STATUS_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        if (params[i].in == PARAM_IN_QUERY) {
            names[k++] = params[i].name;
        }
    }
    status = call_query(call, names, texts, n, problems);
    k = 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (params[i].in == PARAM_IN_QUERY) {
            take_text(call, &params[i], texts[k++], problems, &values[i]);
        }
    }
    return status;
}

/* --- body --------------------------------------------------------------------------------- */

static bool is_json_type(struct str type)
{
    return str_equal_nocase(type, STR("application/json")) ||
           (type.size > 5 &&
            str_equal_nocase((struct str){type.at + type.size - 5, 5}, STR("+json")));
}

/* The body as an object; an empty body is an empty object. NULL: the answer is given. */
static json_t *parse_body(struct call *call)
{
    struct str body = call->request.body;
    struct str type = request_header(&call->request, STR("content-type"));
    json_error_t error;
    json_t *json;

    if (body.size == 0) {
        return json_object();
    }
    if (!is_json_type(request_media_type(
            &call->request))) { /* nor without one: browsers send that across sites unasked */
        call_fail(call, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "send Content-Type: application/json",
                  "the body must be JSON, not \"%.100s\"", type.at == NULL ? "" : type.at);
        return NULL;
    }
    if (convert_is_too_deep(body)) {
        call_fail(call, PROBLEM_BAD_REQUEST, NULL, "the body is nested deeper than %d",
                  CONVERT_DEPTH_MAX);
        return NULL;
    }
    json = json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL) {
        call_fail(call, PROBLEM_BAD_REQUEST, NULL,
                  "the body cannot be read as JSON: %s at line %d, column %d", error.text,
                  error.line, error.column);
    } else if (!json_is_object(json)) {
        call_fail(call, PROBLEM_BAD_REQUEST, NULL, "the body must be a JSON object");
        json_decref(json);
        json = NULL;
    }
    return json;
}

static const struct param *find_body_param(const struct param *params, size_t count,
                                           const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (params[i].in == PARAM_IN_BODY && strcmp(params[i].name, name) == 0) {
            return &params[i];
        }
    }
    return NULL;
}

static void report_unknown_keys(const struct param *params, size_t count, json_t *body,
                                struct call_problems *problems)
{
    const char *key;
    json_t *ignored;

    json_object_foreach(body, key, ignored)
    {
        const char *names[64];
        const char *near;
        size_t n = 0;

        if (find_body_param(params, count, key) != NULL) {
            continue;
        }
        for (size_t i = 0; i < count && n < 64; i++) {
            if (params[i].in == PARAM_IN_BODY) {
                names[n++] = params[i].name;
            }
        }
        near = nearest_name(key, names, n);
        if (near != NULL) {
            call_problem(problems, str_of(key), "body", "unknown parameter; did you mean \"%s\"?",
                         near);
        } else {
            call_problem(problems, str_of(key), "body", "unknown parameter");
        }
    }
}

/* Strings are copied to the arena: the parsed body does not live as long as the values. */
static void keep(struct call *call, struct call_problems *problems, const struct param *param,
                 struct value *value)
{
    if (value->type == VALUE_TEXT) {
        const char *copy = arena_copy(&call->arena, value->bytes);
        if (copy == NULL) {
            call_problem(problems, str_of(param->name), "body", "is too long");
            *value = (struct value){.type = VALUE_NULL};
        } else {
            value->bytes.at = copy;
        }
    }
}

static bool read_body(struct call *call, const struct param *params, size_t count,
                      struct call_problems *problems, struct value *values)
{
    json_t *body = parse_body(call);

    if (body == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct conversion c = {call, problems, &params[i], "body"};
        json_t *json;

        if (params[i].in != PARAM_IN_BODY) {
            continue;
        }
        json = json_object_get(body, params[i].name);
        if (json == NULL) {
            take_missing(&params[i], problems, &values[i]);
        } else if (convert_json(&c, json, &values[i])) {
            keep(call, problems, &params[i], &values[i]);
        }
    }
    report_unknown_keys(params, count, body, problems);
    json_decref(body);
    return true;
}

/* --- all of it ---------------------------------------------------------------------------- */

bool params_read(struct call *call, const struct param *params, size_t count, struct value *values)
{
    struct call_problems problems;
    bool has_body_params = count_in(params, count, PARAM_IN_BODY) > 0;

    call_problems_init(&problems);
    for (size_t i = 0; i < count; i++) {
        values[i] = (struct value){.type = VALUE_NULL};
        if (params[i].in == PARAM_IN_PATH) {
            take_text(call, &params[i], request_param(&call->request, str_of(params[i].name)),
                      &problems, &values[i]);
        }
    }
    if (read_query(call, params, count, &problems, values) != STATUS_OK) {
        buf_fini(&problems.errors);
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    if (has_body_params && !read_body(call, params, count, &problems, values)) {
        buf_fini(&problems.errors);
        return false;
    }
    if (!has_body_params && call->request.body.size > 0) {
        call_problem(&problems, STR("body"), "body", "this route takes no body");
    }
    return !call_fail_problems(call, &problems);
}
