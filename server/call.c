#include "server/call.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/invariant.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/nearest.h"
#include "server/stream.h"
#include "server/url.h"

#define ERRORS_SIZE_MAX ((size_t)64 * 1024)

struct buf *call_answer(struct call *call, unsigned http_status, const char *content_type)
{
    invariant(!call->is_sent);
    response_reset(&call->response);
    call->response.http_status = http_status;
    call->response.content_type = content_type;
    return &call->response.body;
}

void call_answer_lent(struct call *call, const char *content_type, struct str bytes)
{
    (void)call_answer(call, 200, content_type); /* nothing to append */
    call->response.lent = bytes;
}

void call_answer_empty(struct call *call, unsigned http_status)
{
    (void)call_answer(call, http_status, NULL); /* nothing to append */
}

/* The head has left: all that can be said now is that the answer is not whole. */
static void fail_late(struct call *call, const char *detail)
{
    if (call->stream != NULL) {
        stream_fail(call->stream, call->cancel, detail);
    }
}

void call_fail(struct call *call, enum problem_kind kind, const char *hint, const char *format, ...)
{
    char detail[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args); /* cut is fine */
    va_end(args);
    if (call->is_sent) {
        fail_late(call, detail);
        return;
    }
    response_reset(&call->response);
    problem_write(&call->response, kind, call->request.id, detail, hint, NULL);
}

void call_fail_with(struct call *call, const struct problem_words *words)
{
    if (call->is_sent) {
        fail_late(call, words->message);
        return;
    }
    response_reset(&call->response);
    problem_write_words(&call->response, words, call->request.id);
}

enum status call_flush(struct call *call, struct error *err)
{
    invariant(call->flush != NULL);
    return call->flush(call, err);
}

/* Lower layers name a limit; only here is it known what it is called in the configuration. */
const char *call_error_hint(const struct error *err)
{
    if (strcmp(err->hint, "bytes_max") == 0) {
        return "ask for less, or raise limits.response_bytes";
    }
    if (strcmp(err->hint, "memory_max") == 0) {
        return "ask for fewer columns, embeds or rows at once, or for an order that an index has";
    }
    if (strcmp(err->hint, "value_bytes_max") == 0 || strcmp(err->hint, "rows_max") == 0) {
        return NULL; /* nothing to raise */
    }
    return err->status == STATUS_DEADLINE && err->hint[0] == '\0' ? DEADLINE_HINT : err->hint;
}

void call_fail_error(struct call *call, const struct error *err)
{
    enum problem_kind kind = problem_of(err->status);

    if (kind == PROBLEM_INTERNAL && !call->is_sent) {
        log_event(LOG_ERROR, "a request failed", LOG_STR("error", err->text),
                  LOG_STR("request_id", call->request.id));
    }
    call_fail(call, kind, call_error_hint(err), "%s", err->text);
}

void call_problems_init(struct call_problems *p)
{
    buf_init(&p->errors, ERRORS_SIZE_MAX);
    p->count = 0;
}

void call_problem(struct call_problems *p, struct str name, const char *in, const char *format, ...)
{
    char message[300];
    size_t before = p->errors.size;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args); /* cut is fine */
    va_end(args);
    p->count++;
    if (before > 0) {
        p->errors.at[before - 1] = ','; /* it was "]" */
    }
    buf_append_str(&p->errors, before == 0 ? STR("[{\"name\":") : STR("{\"name\":"));
    json_put_string(&p->errors, name);
    buf_printf(&p->errors, ",\"in\":\"%s\",\"message\":", in);
    json_put_string(&p->errors, str_of(message));
    buf_append_literal(&p->errors, "}]");
    if (buf_status(&p->errors) != STATUS_OK) { /* more than anybody reads: keep the whole ones */
        buf_truncate(&p->errors, before);
        if (before > 0) {
            p->errors.at[before - 1] = ']';
        }
    }
}

bool call_fail_problems(struct call *call, struct call_problems *p)
{
    char detail[64];

    if (p->count == 0) {
        buf_fini(&p->errors);
        return false;
    }
    (void)snprintf(detail, sizeof(detail), "%u parameter%s cannot be used: see errors", p->count,
                   p->count == 1 ? "" : "s");
    response_reset(&call->response);
    problem_write(&call->response, PROBLEM_BAD_PARAMETERS, call->request.id, detail, NULL,
                  &p->errors);
    buf_fini(&p->errors);
    return true;
}

static void report_unknown(struct call_problems *p, struct str name, const char *const *names,
                           size_t n)
{
    char text[64];
    const char *near;

    (void)snprintf(text, sizeof(text), "%.*s", (int)(name.size < 63 ? name.size : 63), name.at);
    near = nearest_name(text, names, n);
    if (near != NULL) {
        call_problem(p, name, "query", "unknown parameter; did you mean \"%s\"?", near);
    } else {
        call_problem(p, name, "query", "unknown parameter");
    }
}

static void take_pair(struct call_problems *p, struct str name, struct str value,
                      const char *const *names, struct str *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_equal(name, str_of(names[i]))) {
            if (values[i].at != NULL) {
                call_problem(p, name, "query", "given more than once");
            }
            values[i] = value;
            return;
        }
    }
    report_unknown(p, name, names, n);
}

enum status call_query(struct call *call, const char *const *names, struct str *values, size_t n,
                       struct call_problems *p)
{
    struct str rest = call->request.query;
    struct str raw_name;
    struct str raw_value;

    for (size_t i = 0; i < n; i++) {
        values[i] = (struct str){NULL, 0};
    }
    while (url_next_pair(&rest, &raw_name, &raw_value)) {
        struct str name;
        struct str value;
        enum status status = url_decode(raw_name, URL_QUERY, &call->arena, &name);

        if (status == STATUS_OK) {
            status = url_decode(raw_value, URL_QUERY, &call->arena, &value);
        }
        if (status == STATUS_NOMEM) {
            return status;
        }
        if (status != STATUS_OK) {
            call_problem(p, raw_name, "query", "holds a broken escape, a NUL, or is not UTF-8");
        } else {
            take_pair(p, name, value, names, values, n);
        }
    }
    return STATUS_OK;
}

bool call_check_no_query(struct call *call)
{
    struct call_problems problems;

    call_problems_init(&problems);
    if (call_query(call, NULL, NULL, 0, &problems) != STATUS_OK) {
        buf_fini(&problems.errors);
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    return !call_fail_problems(call, &problems);
}
