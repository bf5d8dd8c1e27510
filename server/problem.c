#include "server/problem.h"

#include "base/json_out.h"

static const struct {
    unsigned http_status;
    const char *code;
    const char *title;
    const char *phase;
} table[] = {
#define PROBLEM_ROW(kind, http, code, title, phase) {http, code, title, phase},
    PROBLEM_LIST(PROBLEM_ROW)
#undef PROBLEM_ROW
};

static void put_member(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, ",\"%s\":", name);
    if (text == NULL || text[0] == '\0') {
        buf_append_literal(b, "null");
    } else {
        json_put_string(b, str_of(text));
    }
}

void problem_write(struct response *r, enum problem_kind kind, const char *request_id,
                   const char *detail, const char *hint, const struct buf *errors)
{
    struct buf *b = &r->body;

    buf_clear(b);
    r->http_status = table[kind].http_status;
    r->content_type = "application/problem+json";
    buf_printf(b, "{\"status\":%u", table[kind].http_status);
    put_member(b, "title", table[kind].title);
    put_member(b, "detail", detail);
    put_member(b, "code", table[kind].code);
    put_member(b, "message", detail); /* PostgREST's name for it */
    put_member(b, "details", NULL);
    put_member(b, "hint", hint);
    if (table[kind].phase != NULL) {
        put_member(b, "phase", table[kind].phase);
    }
    put_member(b, "request_id", request_id);
    if (errors != NULL && errors->size > 0) {
        buf_append_literal(b, ",\"errors\":");
        buf_append(b, errors->at, errors->size);
    }
    buf_append_char(b, '}');
    if (buf_status(b) != STATUS_OK) { /* no memory: the status line has to say it all */
        buf_clear(b);
        r->content_type = NULL;
    }
    if (table[kind].http_status == 503) {
        response_header(r, "Retry-After", "1"); /* whoever knows better says so afterwards */
    }
}

enum problem_kind problem_of(enum status status)
{
    switch (status) {
    case STATUS_INVALID:
        return PROBLEM_BAD_REQUEST;
    case STATUS_NOT_FOUND:
        return PROBLEM_NOT_FOUND;
    case STATUS_CONFLICT:
    case STATUS_CONSTRAINT:
        return PROBLEM_CONFLICT;
    case STATUS_TOO_BIG:
        return PROBLEM_RESULT_TOO_LARGE;
    case STATUS_BUSY:
        return PROBLEM_QUEUE_FULL;
    case STATUS_CLOSED:
        return PROBLEM_DRAINING;
    case STATUS_DEADLINE:
        return PROBLEM_DEADLINE_RUN;
    case STATUS_LOCKED:
        return PROBLEM_LOCKED;
    case STATUS_FULL:
        return PROBLEM_DISK_FULL;
    case STATUS_OVERLOADED:
        return PROBLEM_OVERLOADED;
    case STATUS_CANCELLED:
        return PROBLEM_CANCELLED_RUN;
    case STATUS_NOMEM:
        return PROBLEM_UNAVAILABLE;
    default:
        return PROBLEM_INTERNAL;
    }
}

unsigned problem_http_status(enum problem_kind kind)
{
    return table[kind].http_status;
}
