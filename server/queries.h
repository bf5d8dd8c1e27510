/*
 * What waits and what runs, for operators: the requests that an executor has, looked at from
 * outside.
 *
 * The executor shows its tasks under its mutex, so only what never changes while a request is with it
 * is read, and copied into records of a fixed size that the caller has made before; everything
 * slower happens afterwards. A request whose client has been answered already is among them for as
 * long as it holds its thread.
 */
#ifndef GANTRY_SERVER_QUERIES_H
#define GANTRY_SERVER_QUERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/role.h"
#include "server/client.h"
#include "server/method.h"
#include "server/request.h"

struct executor;

enum query_state {
    QUERY_QUEUED,
    QUERY_RUNNING,
    QUERY_STUCK,      /* told to end for a second or more, and still running */
    QUERY_COMMITTING, /* has run, and waits for the commit that it shares with others */
};

struct query_info {
    uint64_t id; /* for executor_kill */
    enum query_state state;
    enum method method;
    const char *route;  /* its pattern; lent for as long as the router lives */
    const char *detail; /* the handler's; lent likewise; may be NULL */
    int64_t wait_ns;    /* in the queue, until it was begun */
    int64_t run_ns;     /* since then; 0: it has not been begun */
    char client[CLIENT_ADDRESS_SIZE];
    char request_id[REQUEST_ID_MAX + 1];
};

/*
 * Fill ret with at most max requests of the executor, all of whose tasks must be exchanges': those
 * that have begun first, then those that wait, the oldest first. *ret_total: how many there are, in
 * ret or not.
 * Context: any thread. Holds the executor's mutex for a moment; never waits for work.
 * Return: how many were filled in.
 */
size_t queries_list(struct executor *executor, struct query_info *ret, size_t max,
                    size_t *ret_total) ANY_THREAD;

/* Lends "queued", "running", "stuck" or "committing". */
const char *query_state_name(enum query_state state);

#endif
