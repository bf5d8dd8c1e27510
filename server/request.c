#include "server/request.h"

struct str request_header(const struct request *request, struct str name)
{
    for (size_t i = 0; i < request->headers_count; i++) {
        if (str_equal_nocase(request->headers[i].name, name)) {
            return request->headers[i].value;
        }
    }
    return (struct str){NULL, 0};
}

struct str request_media_type(const struct request *request)
{
    struct str type = request_header(request, STR("Content-Type"));
    const char *end = type.size == 0 ? NULL : memchr(type.at, ';', type.size);

    if (end != NULL) {
        type.size = (size_t)(end - type.at);
    }
    return str_trim(type);
}

bool request_next_header(const struct request *request, struct str name, size_t *at,
                         struct str *ret_value)
{
    while (*at < request->headers_count) {
        const struct header *header = &request->headers[(*at)++];

        if (str_equal_nocase(header->name, name)) {
            *ret_value = header->value;
            return true;
        }
    }
    return false;
}

struct str request_param(const struct request *request, struct str name)
{
    for (size_t i = 0; i < request->params_count; i++) {
        if (str_equal(request->params[i].name, name)) {
            return request->params[i].value;
        }
    }
    return (struct str){NULL, 0};
}

static bool has_bad_byte(struct str target)
{
    for (size_t i = 0; i < target.size; i++) {
        unsigned char c = (unsigned char)target.at[i];
        if (c <= ' ' || c == 0x7F || c == '#') {
            return true;
        }
    }
    return false;
}

/* Cut "http://authority" off; what remains starts with "/" or "?" or is empty. */
static bool strip_authority(struct str *target)
{
    static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};

    for (size_t i = 0; i < 2; i++) {
        size_t n = schemes[i].size;
        if (target->size <= n || !str_equal_nocase((struct str){target->at, n}, schemes[i])) {
            continue;
        }
        while (n < target->size && target->at[n] != '/' && target->at[n] != '?') {
            n++;
        }
        if (n == schemes[i].size) {
            return false; /* no authority at all */
        }
        target->at += n;
        target->size -= n;
        return true;
    }
    return false;
}

bool request_split_target(struct request *request)
{
    struct str rest = request->target;
    const char *question;

    if (rest.size == 0 || has_bad_byte(rest)) {
        return false;
    }
    if (rest.at[0] != '/') {
        bool is_asterisk = request->method == METHOD_OPTIONS && str_equal(rest, STR("*"));
        if (!is_asterisk && !strip_authority(&rest)) {
            return false;
        }
    }
    question = rest.size == 0 ? NULL : memchr(rest.at, '?', rest.size);
    if (question == NULL) {
        request->path = rest;
        request->query = (struct str){rest.at + rest.size, 0};
    } else {
        request->path = (struct str){rest.at, (size_t)(question - rest.at)};
        request->query = (struct str){question + 1, rest.size - request->path.size - 1};
    }
    if (request->path.size == 0) {
        request->path = STR("/"); /* "http://host" and "http://host?x" */
    }
    return true;
}

bool request_id_is_sane(struct str id)
{
    if (id.size == 0 || id.size > REQUEST_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < id.size; i++) {
        char c = id.at[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}
