/*
 * The access log: one line of the log for each request that is over, if the operator wants it.
 *
 * Formatting from plain values; who they are taken from is mhd_access's affair. A line goes through
 * the log's ring as any other (so no loop waits for it), but as bulk: when the reader of standard
 * error stalls, these lines are the first to be lost, and are counted.
 *
 * What a client sent is escaped and cut, so it can neither break a line nor make one that is too
 * long. No header and no body is ever written.
 */
#ifndef GANTRY_SERVER_ACCESS_LOG_H
#define GANTRY_SERVER_ACCESS_LOG_H

#include <stdint.h>

#include "base/role.h"
#include "base/str.h"

struct access {
    struct str method; /* as on the request line; empty: the head never came whole */
    struct str target; /* as on the request line */
    const char *route; /* the pattern of its route, or NULL */
    unsigned status;   /* 0: it got no answer */
    uint64_t bytes;    /* of the answer's body */
    int64_t duration_ns;
    const char *pool;   /* of its route, or NULL */
    int64_t queued_ns;  /* when its work was submitted, begun and ended; begun_ns is 0 */
    int64_t begun_ns;   /* if it did not run, or if it runs on although the client */
    int64_t ended_ns;   /* has been answered */
    const char *client; /* its address */
    const char *request_id;
    const char *outcome; /* what went wrong beside the status, or NULL */
};

void access_log(const struct access *access) ANY_THREAD;

#endif
