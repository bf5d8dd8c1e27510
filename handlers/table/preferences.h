/*
 * The Prefer header of a table request (RFC 7240, with PostgREST's preferences). Pure.
 *
 * Several headers are one list; tokens are exact; the first of a kind counts. What nobody knows is
 * ignored, unless "handling=strict" was sent. "wait=N" is the server's (server/prefer.h).
 *
 *     preferences_read -> preferences_check (may refuse) -> ... -> preferences_note (says what counted)
 */
#ifndef GANTRY_HANDLERS_TABLE_PREFERENCES_H
#define GANTRY_HANDLERS_TABLE_PREFERENCES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "server/request.h"
#include "server/response.h"

/* Of each kind 0 is "not said". */
enum preferences_resolution { RESOLUTION_UNSAID, RESOLUTION_MERGE, RESOLUTION_IGNORE };
enum preferences_missing { MISSING_UNSAID, MISSING_DEFAULT, MISSING_NULL };
enum preferences_return {
    RETURN_UNSAID,
    RETURN_MINIMAL,
    RETURN_REPRESENTATION,
    RETURN_HEADERS_ONLY
};
enum preferences_count { COUNT_UNSAID, COUNT_EXACT, COUNT_PLANNED, COUNT_ESTIMATED };
enum preferences_tx { TX_UNSAID, TX_COMMIT, TX_ROLLBACK };
enum preferences_handling { HANDLING_UNSAID, HANDLING_STRICT, HANDLING_LENIENT };

struct preferences {
    enum preferences_resolution resolution;
    enum preferences_missing missing;
    enum preferences_return returns;
    enum preferences_count count;
    enum preferences_tx tx; /* UNSAID unless clients may choose */
    enum preferences_handling handling;
    struct str timezone;   /* lent by the request; at == NULL: not said */
    bool has_max_affected; /* said, and handling is strict: else it means nothing */
    uint64_t max_affected; /* rows */
    const char *invalid;   /* what nobody knows: "foo, bar"; lies in the arena; NULL: nothing */
};

/*
 * Read all of them. allows_tx: may clients choose how the transaction ends?
 * Return: true; or false with *fault: no memory.
 */
bool preferences_read(const struct request *request, bool allows_tx, struct arena *arena,
                      struct preferences *ret, struct fault *fault);

/*
 * Return: true; or false with *fault: 400 PGRST122 (strict, and something is not known), 400 22023 (no
 * such time zone), or no memory.
 */
bool preferences_check(const struct preferences *p, struct arena *arena, struct fault *fault);

/* Kinds of preferences, in the order in which they are said to be applied. */
enum preferences_kind {
    PREFERENCES_RESOLUTION = 1,
    PREFERENCES_MISSING = 2,
    PREFERENCES_RETURN = 4,
    PREFERENCES_COUNT = 8,
    PREFERENCES_TX = 16,
    PREFERENCES_HANDLING = 32,
    PREFERENCES_TIMEZONE = 64,
    PREFERENCES_MAX_AFFECTED = 128,
};

/* Those that mean something for a read. */
#define PREFERENCES_OF_READ                                                                        \
    (PREFERENCES_COUNT | PREFERENCES_TX | PREFERENCES_HANDLING | PREFERENCES_TIMEZONE)

/* Say in Preference-Applied which of those kinds (a set of enum preferences_kind) were applied. */
void preferences_note(const struct preferences *p, unsigned kinds, struct response *r);

#endif
