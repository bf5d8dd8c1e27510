/*
 * The one vocabulary of outcomes. errno, SQLITE_*, MHD_* are translated in the file that called
 * the library and never cross a header.
 */
#ifndef GANTRY_BASE_STATUS_H
#define GANTRY_BASE_STATUS_H

#include <stdbool.h>

/*  name         text                                  worth retrying unchanged? */
#define STATUS_LIST(X)                                                                             \
    X(OK, "ok", false)                                                                             \
    X(NOMEM, "out of memory", true)                                                                \
    X(INVALID, "invalid input", false)                                                             \
    X(NOT_FOUND, "not found", false)                                                               \
    X(CONFLICT, "conflicts with what is there", false)                                             \
    X(CONSTRAINT, "violates a constraint", false)                                                  \
    X(READONLY, "read-only", false)                                                                \
    X(DENIED, "not allowed", false)                                                                \
    X(TOO_BIG, "larger than the limit", false)                                                     \
    X(BUSY, "busy", true)                                                                          \
    X(OVERLOADED, "overloaded", true)                                                              \
    X(CLOSED, "shutting down", true)                                                               \
    X(CANCELLED, "cancelled", true)                                                                \
    X(DEADLINE, "deadline passed", true)                                                           \
    X(LOCKED, "locked by another process", true)                                                   \
    X(FULL, "no space left on the device", true)                                                   \
    X(IO, "input/output error", false)                                                             \
    X(CORRUPT, "database is corrupt", false)                                                       \
    X(NOT_A_DATABASE, "not a database", false)                                                     \
    X(NO_SUCH_FILE, "no such file", false)                                                         \
    X(SCHEMA, "the schema does not fit the statement", false)                                      \
    X(OS, "operating system error", false)                                                         \
    X(INTERNAL, "internal error", false)

enum status {
#define STATUS_ENUM(name, text, retry) STATUS_##name,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
};

/* Lends a static text: "deadline passed". */
const char *status_text(enum status status);

/* Lends a static name: "DEADLINE". */
const char *status_name(enum status status);

/* May the same request, sent again unchanged, succeed? */
bool status_is_retryable(enum status status);

#endif
