/*
 * A request as handlers see it: copies, so that it outlives the connection's own memory.
 *
 * Everything lies in the exchange's arena or body buffer and is immutable once the request has
 * been dispatched; workers and the loop may then both read it.
 */
#ifndef GANTRY_SERVER_REQUEST_H
#define GANTRY_SERVER_REQUEST_H

#include <stddef.h>

#include "base/str.h"
#include "server/method.h"

#define REQUEST_HEADERS_MAX 100
#define REQUEST_PARAMS_MAX  16
#define REQUEST_ID_MAX      64

struct header {
    struct str name;
    struct str value;
};

struct path_param {
    struct str name;  /* as in the route's pattern */
    struct str value; /* decoded */
};

struct request {
    enum method method;
    struct str method_text;
    struct str version; /* "HTTP/1.1" */
    struct str target;  /* as on the request line */
    struct str path;    /* raw, without the query */
    struct str query;   /* raw, behind the "?"; may be empty */
    struct header *headers;
    size_t headers_count;
    struct path_param params[REQUEST_PARAMS_MAX];
    size_t params_count;
    struct str body;
    char id[REQUEST_ID_MAX + 1]; /* the client's X-Request-Id if it is sane, else ours */
};

/* The value of the first header of that name (any case), or an empty str with at == NULL. */
struct str request_header(const struct request *request, struct str name);

/* What the body is, without parameters: "text/csv" of "text/csv; charset=utf-8". May be empty. */
struct str request_media_type(const struct request *request);

/*
 * Walk over all headers of that name: *at is 0 at first, and kept between calls.
 * Return: false when there are none left.
 */
bool request_next_header(const struct request *request, struct str name, size_t *at,
                         struct str *ret_value);

/* The decoded value of {name} in the path, or an empty str with at == NULL. */
struct str request_param(const struct request *request, struct str name);

/*
 * Split target into path and query. Understands origin-form ("/a?b"), absolute-form
 * ("http://host/a?b", RFC 9112, 3.2.2) and "*" for OPTIONS.
 * Return: false for anything else, for control characters, spaces and "#".
 */
bool request_split_target(struct request *request);

/* May a client's X-Request-Id be echoed? 1 to 64 of A-Z a-z 0-9 . _ - */
bool request_id_is_sane(struct str id);

#endif
