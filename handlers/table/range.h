/*
 * Which rows a client asks for by the Range header, and what an answer says about its own. Pure.
 *
 *     Range: 0-24            ->  Content-Range: 0-24/573
 */
#ifndef GANTRY_HANDLERS_TABLE_RANGE_H
#define GANTRY_HANDLERS_TABLE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "handlers/table/fault.h"
#include "server/request.h"
#include "server/response.h"

struct range {
    uint64_t first; /* counted from 0 */
    uint64_t limit; /* rows; UINT64_MAX: to the end */
};

/*
 * The Range header of a GET: "0-24", "25-", or "items=0-24". All rows without one, if it cannot be
 * read (other units: "bytes=0-"), and for other methods.
 * Return: true; or false with *fault: 416 PGRST103 (it ends before it begins), or no memory.
 */
bool range_read(const struct request *request, struct arena *arena, struct range *ret,
                struct fault *fault);

/* What an answer holds. */
struct range_answer {
    uint64_t offset; /* of its first row */
    uint64_t rows;   /* in it */
    bool has_total;
    uint64_t total; /* rows that the filters let through */
};

/*
 * Does the answer begin within what there is?
 * Return: true; or false with *fault: 416 PGRST103, or no memory.
 */
bool range_check(const struct range_answer *answer, struct arena *arena, struct fault *fault);

/* 200; or 206 if there are known to be more rows than the answer has; 416 as range_check. */
unsigned range_status(const struct range_answer *answer);

/* Set Content-Range: "0-24/573", with "*" for no rows, and for a total that is not known. */
void range_note(const struct range_answer *answer, struct response *r);

#endif
