/*
 * Errors as users meet them: application/problem+json (RFC 9457) that is at the same time what
 * PostgREST's clients parse. HTTP statuses of failures exist only here.
 */
#ifndef GANTRY_SERVER_PROBLEM_H
#define GANTRY_SERVER_PROBLEM_H

#include <stdbool.h>

#include "base/error.h"
#include "base/role.h"
#include "base/str.h"
#include "server/response.h"

/*  kind, HTTP status, code, title; of a 503 or 504 also the phase in which the request was given
 *  up: before it was queued, in the queue, or while it ran */
#define PROBLEM_LIST(X)                                                                            \
    X(BAD_REQUEST, 400, "bad_request", "Bad request", NULL)                                        \
    X(BAD_PARAMETERS, 400, "bad_parameters", "Bad parameters", NULL)                               \
    X(FORBIDDEN, 403, "forbidden", "Forbidden", NULL)                                              \
    X(NOT_FOUND, 404, "not_found", "Not found", NULL)                                              \
    X(ROW_NOT_FOUND, 404, "row_not_found", "Row not found", NULL)                                  \
    X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", "Method not allowed", NULL)                   \
    X(REQUEST_TIMEOUT, 408, "request_timeout", "Request timeout", NULL)                            \
    X(CONFLICT, 409, "conflict", "Conflict", NULL)                                                 \
    X(KEY_IN_USE, 409, "idempotency_key_in_use", "Request under way", NULL)                        \
    X(PRECONDITION_FAILED, 412, "precondition_failed", "Precondition failed", NULL)                \
    X(BODY_TOO_LARGE, 413, "body_too_large", "Body too large", NULL)                               \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "Unsupported media type", NULL)       \
    X(EXPECTATION_FAILED, 417, "expectation_failed", "Expectation failed", NULL)                   \
    X(KEY_REUSED, 422, "idempotency_key_reused", "Another request had this key", NULL)             \
    X(HEADERS_TOO_LARGE, 431, "headers_too_large", "Headers too large", NULL)                      \
    X(INTERNAL, 500, "internal", "Internal error", NULL)                                           \
    X(RESULT_TOO_LARGE, 500, "result_too_large", "Result too large", NULL)                         \
    X(NOT_IMPLEMENTED, 501, "not_implemented", "Not implemented", NULL)                            \
    X(QUEUE_FULL, 503, "queue_full", "Queue full", "admission")                                    \
    X(IN_FLIGHT_FULL, 503, "in_flight_full", "Too many requests in flight", "admission")           \
    X(BUFFERS_FULL, 503, "buffers_full", "Too much is buffered", "admission")                      \
    X(ANSWERS_FULL, 503, "buffers_full", "Too much is buffered", "run")                            \
    X(OVERLOADED, 503, "overloaded", "Overloaded", "admission")                                    \
    X(SHED, 503, "overloaded", "Overloaded", "queue")                                              \
    X(DEADLINE_ADMISSION, 503, "deadline_queue", "Deadline too near", "admission")                 \
    X(DEADLINE_QUEUE, 503, "deadline_queue", "Deadline passed while waiting", "queue")             \
    X(CANCELLED_QUEUE, 503, "cancelled", "Cancelled", "queue")                                     \
    X(CANCELLED_RUN, 503, "cancelled", "Cancelled", "run")                                         \
    X(LOCKED, 503, "locked", "Database locked", "run")                                             \
    X(DRAINING, 503, "draining", "Shutting down", "admission")                                     \
    X(DRAINED, 503, "draining", "Shutting down", "queue")                                          \
    X(UNAVAILABLE, 503, "unavailable", "Service unavailable", "run")                               \
    X(DEADLINE_RUN, 504, "deadline_run", "Deadline passed while running", "run")                   \
    X(VERSION, 505, "version_not_supported", "HTTP version not supported", NULL)                   \
    X(DISK_FULL, 507, "disk_full", "No space left", NULL)

enum problem_kind {
#define PROBLEM_ENUM(kind, http, code, title, phase) PROBLEM_##kind,
    PROBLEM_LIST(PROBLEM_ENUM)
#undef PROBLEM_ENUM
};

/*
 * Replace whatever r holds by the problem. detail says what is wrong with this request, hint
 * (NULL or "": none) what to do. A 503 gets "Retry-After: 1". errors is NULL or a JSON array, put in
 * as "errors".
 */
void problem_write(struct response *r, enum problem_kind kind, const char *request_id,
                   const char *detail, const char *hint, const struct buf *errors) ANY_THREAD;

/* A problem in words of its own, for features that have codes of their own. */
struct problem_words {
    unsigned http_status;
    const char *code;     /* a token: "PGRST100" */
    const char *title;    /* NULL: by http_status */
    const char *message;  /* what is wrong with this request; also the "detail" */
    const char *details;  /* more about it, or NULL */
    bool details_is_json; /* details is put in as it is */
    const char *hint;     /* what to do, or NULL */
};

/*
 * The same shape with other words, and "Proxy-Status: gantry; error=CODE", which a HEAD shows too.
 * A 503 gets "Retry-After: 1", a 503 and a 504 say "phase": "run".
 */
void problem_write_words(struct response *r, const struct problem_words *words,
                         const char *request_id) ANY_THREAD;

/* Which problem an error of the lower layers is for a client. */
enum problem_kind problem_of(enum status status);

unsigned problem_http_status(enum problem_kind kind);

#endif
