#include "handlers/cors.h"

#define REQUESTED_MAX ((size_t)4096) /* bytes of Access-Control-Request-Headers */

/* PostgREST's, and then ours. */
static const char exposed[] =
    "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, "
    "Transfer-Encoding, Range-Unit, ETag, Preference-Applied, Proxy-Status, Retry-After, "
    "X-Request-Id, Idempotent-Replayed";

static bool is_allowed(const struct cors *cors, struct str origin)
{
    if (origin.size == 0) {
        return false;
    }
    for (size_t i = 0; i < cors->origins_count; i++) {
        if (str_equal_nocase(origin, str_of(cors->origins[i]))) {
            return true;
        }
    }
    return cors->origins_count == 0;
}

void cors_note(const struct cors *cors, const struct request *request, struct response *r)
{
    struct str origin = request_header(request, STR("origin"));

    if (cors->origins_count > 0) {
        response_header_join(r, "Vary", "Origin");
    }
    if (!is_allowed(cors, origin)) {
        return;
    }
    if (cors->origins_count == 0) {
        response_header(r, "Access-Control-Allow-Origin", "*");
    } else {
        response_header(r, "Access-Control-Allow-Origin", "%.*s", (int)origin.size, origin.at);
        response_header(r, "Access-Control-Allow-Credentials", "true");
    }
    response_header(r, "Access-Control-Expose-Headers", "%s", exposed);
}

void cors_decorate(const void *cors, const struct request *request, struct response *r)
{
    cors_note(cors, request, r);
}

/* "http://HOST", with the Host that the request is for? */
static bool is_own(struct str origin, struct str host)
{
    const char *end = origin.size == 0 ? NULL : memmem(origin.at, origin.size, "://", 3);
    struct str rest;

    if (end == NULL || host.size == 0) {
        return false;
    }
    rest = (struct str){end + 3, origin.size - (size_t)(end + 3 - origin.at)};
    return str_equal_nocase(rest, host);
}

bool cors_may_write(const struct cors *cors, const struct request *request)
{
    struct str origin = request_header(request, STR("origin"));

    return origin.at == NULL || is_allowed(cors, origin) ||
           is_own(origin, request_header(request, STR("host")));
}

bool cors_is_preflight(const struct cors *cors, const struct request *request)
{
    return request->method == METHOD_OPTIONS &&
           request_header(request, STR("access-control-request-method")).size > 0 &&
           is_allowed(cors, request_header(request, STR("origin")));
}

/* Is it a list of names, and short enough to be sent back whole? */
static bool is_list_of_names(struct str list)
{
    static const char others[] = "!#$%&'*+-.^_`|~, \t"; /* of a token, and between them */

    for (size_t i = 0; i < list.size; i++) {
        char c = list.at[i];
        bool is_alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && (c == '\0' || strchr(others, c) == NULL)) {
            return false;
        }
    }
    return list.size > 0 && list.size <= REQUESTED_MAX;
}

void cors_note_preflight(const struct request *request, struct response *r)
{
    struct str requested = request_header(request, STR("access-control-request-headers"));
    bool is_echoed = is_list_of_names(requested);

    response_header(r, "Access-Control-Allow-Methods", "%s",
                    "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD");
    response_header(r, "Access-Control-Allow-Headers",
                    "Authorization, %.*s%sAccept, Accept-Language, Content-Language",
                    is_echoed ? (int)requested.size : 0, is_echoed ? requested.at : "",
                    is_echoed ? ", " : "");
    response_header(r, "Access-Control-Max-Age", "86400");
}
