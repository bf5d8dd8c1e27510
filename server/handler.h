/*
 * What answers a route.
 *
 * A handler declares what it is. INLINE runs on the loop and must not block: no SQL, no disk, no
 * waiting. BLOCKING runs on the route's executor and may do all of that. A feature embeds struct
 * handler in a struct of its own and gets that back with container_of.
 */
#ifndef GANTRY_SERVER_HANDLER_H
#define GANTRY_SERVER_HANDLER_H

#include <stdbool.h>

#include "base/role.h"

struct call;
struct handler;
struct request;
struct response;
struct worker;

enum handler_kind { HANDLER_INLINE, HANDLER_BLOCKING };

/* Answer call before returning. Context: a loop; starts with assert_on_loop(). */
typedef void (*handler_serve_fn)(const struct handler *handler, struct call *call);

/* Answer call before returning. Context: a worker; starts with assert_on_worker(). May block. */
typedef void (*handler_work_fn)(const struct handler *handler, struct call *call,
                                struct worker *worker);

/*
 * Add headers to an answer of the handler's routes, whoever has made it: the handler, or the server in
 * its place (a full queue, a passed deadline). What is decorated has not been encoded yet.
 * Context: any thread, while a worker may be reading the request, too. Must not block.
 */
typedef void (*handler_decorate_fn)(const void *decoration, const struct request *request,
                                    struct response *r);

/*
 * Look at a call before it is given to a worker: answer it in place of work and return false, or let it
 * go on; then dismiss is told once, when no worker has to do with it any more, whatever came of it.
 * admission is the handler's. Context: a loop; must not block.
 */
typedef bool (*handler_admit_fn)(void *admission, struct call *call);
typedef void (*handler_dismiss_fn)(void *admission, const struct call *call);

struct handler {
    enum handler_kind kind;
    handler_serve_fn serve; /* INLINE */
    handler_work_fn work;   /* BLOCKING */
    bool is_short; /* BLOCKING: usually over in microseconds, and may run in one read transaction
                      with others of its kind */
    handler_decorate_fn decorate; /* may be NULL */
    const void *decoration;       /* for it; lent for the handler's life */
    handler_admit_fn admit;       /* BLOCKING; may be NULL, and then dismiss is */
    handler_dismiss_fn dismiss;
    void *admission;    /* for both; lent likewise */
    const char *detail; /* what it does, for operators: its SQL; lent for its life; may be NULL */
};

#endif
