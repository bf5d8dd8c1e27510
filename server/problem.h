/*
 * Errors as users meet them: application/problem+json (RFC 9457) that is at the same time what
 * PostgREST's clients parse. HTTP statuses of failures exist only here.
 */
#ifndef GANTRY_SERVER_PROBLEM_H
#define GANTRY_SERVER_PROBLEM_H

#include "base/error.h"
#include "base/role.h"
#include "base/str.h"
#include "server/response.h"

/*  kind                   HTTP  code in the body           title */
#define PROBLEM_LIST(X)                                                                            \
    X(BAD_REQUEST, 400, "bad_request", "Bad request")                                              \
    X(BAD_PARAMETERS, 400, "bad_parameters", "Bad parameters")                                     \
    X(NOT_FOUND, 404, "not_found", "Not found")                                                    \
    X(ROW_NOT_FOUND, 404, "row_not_found", "Row not found")                                        \
    X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", "Method not allowed")                         \
    X(REQUEST_TIMEOUT, 408, "request_timeout", "Request timeout")                                  \
    X(CONFLICT, 409, "conflict", "Conflict")                                                       \
    X(BODY_TOO_LARGE, 413, "body_too_large", "Body too large")                                     \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "Unsupported media type")             \
    X(EXPECTATION_FAILED, 417, "expectation_failed", "Expectation failed")                         \
    X(HEADERS_TOO_LARGE, 431, "headers_too_large", "Headers too large")                            \
    X(INTERNAL, 500, "internal", "Internal error")                                                 \
    X(RESULT_TOO_LARGE, 500, "result_too_large", "Result too large")                               \
    X(NOT_IMPLEMENTED, 501, "not_implemented", "Not implemented")                                  \
    X(QUEUE_FULL, 503, "queue_full", "Queue full")                                                 \
    X(IN_FLIGHT_FULL, 503, "in_flight_full", "Too many requests in flight")                        \
    X(BUFFERS_FULL, 503, "buffers_full", "Too much is buffered")                                   \
    X(DEADLINE_QUEUE, 503, "deadline_queue", "Deadline passed while waiting")                      \
    X(LOCKED, 503, "locked", "Database locked")                                                    \
    X(DRAINING, 503, "draining", "Shutting down")                                                  \
    X(UNAVAILABLE, 503, "unavailable", "Service unavailable")                                      \
    X(DEADLINE_RUN, 504, "deadline_run", "Deadline passed while running")                          \
    X(VERSION, 505, "version_not_supported", "HTTP version not supported")                         \
    X(DISK_FULL, 507, "disk_full", "No space left")

enum problem_kind {
#define PROBLEM_ENUM(kind, http, code, title) PROBLEM_##kind,
    PROBLEM_LIST(PROBLEM_ENUM)
#undef PROBLEM_ENUM
};

/*
 * Replace whatever r holds by the problem. detail says what is wrong with this request, hint
 * (NULL or "": none) what to do. A 503 gets "Retry-After: 1". errors is NULL or a JSON array, put in as "errors".
 */
void problem_write(struct response *r, enum problem_kind kind, const char *request_id,
                   const char *detail, const char *hint, const struct buf *errors) ANY_THREAD;

/* Which problem an error of the lower layers is for a client. */
enum problem_kind problem_of(enum status status);

unsigned problem_http_status(enum problem_kind kind);

#endif
