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

/* All that a problem says. */
static void write_problem(struct response *r, const struct problem_words *words, const char *phase,
                          const char *request_id, const struct buf *errors)
{
    struct buf *b = &r->body;

    buf_clear(b);
    r->lent = (struct str){NULL, 0};
    r->http_status = words->http_status;
    r->content_type = "application/problem+json";
    buf_printf(b, "{\"status\":%u", words->http_status);
    put_member(b, "title", words->title);
    put_member(b, "detail", words->message);
    put_member(b, "code", words->code);
    put_member(b, "message", words->message); /* PostgREST's name for it */
    if (words->details_is_json && words->details != NULL) {
        buf_printf(b, ",\"details\":%s", words->details);
    } else {
        put_member(b, "details", words->details);
    }
    put_member(b, "hint", words->hint);
    if (phase != NULL) {
        put_member(b, "phase", phase);
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
    if (words->http_status == 503) {
        response_header(r, "Retry-After", "1"); /* whoever knows better says so afterwards */
    }
}

void problem_write(struct response *r, enum problem_kind kind, const char *request_id,
                   const char *detail, const char *hint, const struct buf *errors)
{
    const struct problem_words words = {
        .http_status = table[kind].http_status,
        .code = table[kind].code,
        .title = table[kind].title,
        .message = detail,
        .hint = hint,
    };

    write_problem(r, &words, table[kind].phase, request_id, errors);
}

static const char *title_of(unsigned http_status)
{
    static const struct {
        unsigned http_status;
        const char *title;
    } titles[] = {
        {300, "Multiple choices"},
        {400, "Bad request"},
        {401, "Unauthorized"},
        {402, "Payment required"},
        {403, "Forbidden"},
        {404, "Not found"},
        {405, "Method not allowed"},
        {406, "Not acceptable"},
        {408, "Request timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition failed"},
        {413, "Body too large"},
        {415, "Unsupported media type"},
        {416, "Range not satisfiable"},
        {422, "Unprocessable content"},
        {429, "Too many requests"},
        {500, "Internal error"},
        {501, "Not implemented"},
        {503, "Service unavailable"},
        {504, "Deadline passed"},
        {507, "No space left"},
    };

    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        if (titles[i].http_status == http_status) {
            return titles[i].title;
        }
    }
    return http_status < 500 ? "Refused" : "Failed";
}

void problem_write_words(struct response *r, const struct problem_words *words,
                         const char *request_id)
{
    struct problem_words all = *words;
    bool is_for_now = words->http_status == 503 || words->http_status == 504;

    if (all.title == NULL) {
        all.title = title_of(all.http_status);
    }
    write_problem(r, &all, is_for_now ? "run" : NULL, request_id, NULL);
    response_header(r, "Proxy-Status", "gantry; error=%s", all.code);
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
