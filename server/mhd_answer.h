/*
 * Deciding what a client is told, and queuing it. Private to server/.
 */
#ifndef GANTRY_SERVER_MHD_ANSWER_H
#define GANTRY_SERVER_MHD_ANSWER_H

#include <microhttpd.h>

#include "server/mhd_loop.h"

/*
 * Decide: the exchange is DONE and will be answered with that. Takes answer; NULL is "hang up".
 */
void answer_decide(struct exchange *ex, struct MHD_Response *answer, unsigned http_status) ON_LOOP;

/* Decide for a problem that is made outside the call, which may still be a worker's. */
void answer_decide_problem(struct exchange *ex, enum problem_kind kind, const char *detail,
                           const char *hint, unsigned retry_s) ON_LOOP;

/* Queue what has been decided. Return: for libmicrohttpd; NO hangs up. */
enum MHD_Result answer_send(struct loop *loop, struct exchange *ex) ON_LOOP;

/* Decide for what the call holds, and queue it. Context: the loop has the baton. */
enum MHD_Result answer_call(struct loop *loop, struct exchange *ex) ON_LOOP;

#endif
