#include "server/guard.h"

/* RFC 9110, 5.6.2. */
static bool is_token_char(unsigned char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
        return true;
    }
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        if (!is_token_char((unsigned char)s.at[i])) {
            return false;
        }
    }
    return s.size > 0;
}

/* RFC 9110, 5.5: visible bytes, spaces, tabs and bytes above 127. */
static bool is_field_value(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

/* host [":" port], by character only: enough that it cannot be a path, a list or a URL. */
static bool is_host(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool is_alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && (c == '\0' || strchr("-._~%!$&'()*+;=:[]", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') {
            return false;
        }
    }
    return s.size > 0;
}

struct framing {
    unsigned hosts;
    unsigned lengths;
    unsigned codings;
    struct str host;
    struct str length;
    struct str coding;
    bool expects;      /* 100-continue */
    bool expects_more; /* than that */
};

static void refuse(struct guard_verdict *v, enum problem_kind kind, const char *detail)
{
    if (!v->is_refused) {
        v->is_refused = true;
        v->kind = kind;
        v->detail = detail;
    }
}

static void scan_headers(const struct request *request, struct framing *f, struct guard_verdict *v)
{
    for (size_t i = 0; i < request->headers_count; i++) {
        struct str name = request->headers[i].name;
        struct str value = request->headers[i].value;

        if (!is_token(name)) {
            refuse(v, PROBLEM_BAD_REQUEST, "a header's name is not a token");
        }
        if (!is_field_value(value)) {
            refuse(v, PROBLEM_BAD_REQUEST, "a header's value holds a control character");
        }
        if (str_equal_nocase(name, STR("host"))) {
            f->hosts++;
            f->host = value;
        } else if (str_equal_nocase(name, STR("content-length"))) {
            f->lengths++;
            f->length = value;
        } else if (str_equal_nocase(name, STR("transfer-encoding"))) {
            f->codings++;
            f->coding = value;
        } else if (str_equal_nocase(name, STR("expect"))) {
            bool is_known = value.size == 0 || str_equal_nocase(value, STR("100-continue"));
            f->expects = f->expects || value.size > 0;
            f->expects_more = f->expects_more || !is_known;
        }
    }
}

static void check_version(const struct request *request, struct guard_verdict *v)
{
    if (!str_equal(request->version, STR("HTTP/1.1")) &&
        !str_equal(request->version, STR("HTTP/1.0"))) {
        refuse(v, PROBLEM_VERSION, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
}

static void check_coding(const struct request *request, const struct framing *f,
                         struct guard_verdict *v)
{
    if (f->codings == 0) {
        return;
    }
    if (f->codings > 1) {
        refuse(v, PROBLEM_BAD_REQUEST, "more than one Transfer-Encoding header");
    } else if (f->lengths > 0) {
        refuse(v, PROBLEM_BAD_REQUEST, "both Transfer-Encoding and Content-Length");
    } else if (str_equal(request->version, STR("HTTP/1.0"))) {
        refuse(v, PROBLEM_BAD_REQUEST, "Transfer-Encoding in an HTTP/1.0 request");
    } else if (!str_equal_nocase(f->coding, STR("chunked"))) {
        refuse(v, PROBLEM_NOT_IMPLEMENTED, "the only transfer coding taken is \"chunked\"");
    }
    v->is_chunked = true;
    v->has_body = true;
}

static void check_length(const struct framing *f, struct guard_verdict *v)
{
    if (f->lengths == 0) {
        return;
    }
    if (f->lengths > 1) {
        refuse(v, PROBLEM_BAD_REQUEST, "more than one Content-Length header");
    } else if (!is_digits(f->length)) {
        refuse(v, PROBLEM_BAD_REQUEST, "the Content-Length is not a number");
    } else if (f->length.size > 19 || !str_to_u64(f->length, &v->length)) {
        refuse(v, PROBLEM_BODY_TOO_LARGE, "the Content-Length is beyond every limit");
    }
    v->has_body = v->has_body || v->length > 0;
}

static void check_host(const struct request *request, const struct framing *f,
                       struct guard_verdict *v)
{
    if (f->hosts > 1) {
        refuse(v, PROBLEM_BAD_REQUEST, "more than one Host header");
    } else if (f->hosts == 0 && str_equal(request->version, STR("HTTP/1.1"))) {
        refuse(v, PROBLEM_BAD_REQUEST, "an HTTP/1.1 request needs a Host header");
    } else if (!is_host(f->host)) {
        refuse(v, PROBLEM_BAD_REQUEST, "the Host header is not a host");
    }
}

static void check_method_and_target(struct request *request, struct guard_verdict *v)
{
    if (!is_token(request->method_text)) {
        refuse(v, PROBLEM_BAD_REQUEST, "the method is not a token");
    } else if (request->method == METHOD_UNKNOWN || request->method == METHOD_CONNECT ||
               request->method == METHOD_TRACE) {
        refuse(v, PROBLEM_NOT_IMPLEMENTED, "this method is not implemented");
    } else if (!request_split_target(request)) {
        refuse(v, PROBLEM_BAD_REQUEST, "the request target is not a path or an http URL");
    }
}

struct guard_verdict guard_check(struct request *request)
{
    struct guard_verdict v = {0};
    struct framing f = {0};

    check_version(request, &v);
    scan_headers(request, &f, &v);
    check_coding(request, &f, &v);
    check_length(&f, &v);
    check_host(request, &f, &v);
    check_method_and_target(request, &v);
    if (f.expects_more) {
        refuse(&v, PROBLEM_EXPECTATION_FAILED, "the only expectation met is 100-continue");
    } else if (f.expects && !v.has_body && str_equal(request->version, STR("HTTP/1.1"))) {
        /* libmicrohttpd would take the next request for the body to come, and drop both. */
        refuse(&v, PROBLEM_BAD_REQUEST, "a request without a body expects 100-continue");
    }
    return v;
}
