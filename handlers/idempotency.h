/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a client that does not know whether its
 * request was carried out sends it again under the same key, and it is carried out once.
 *
 *     on the loop    idempotency_admit     another request with this key is under way: 409
 *     on the writer  connection_change_begin
 *                    idempotency_find      it was carried out: its answer again, or 422 for another request
 *                    ... the effect, the answer ...
 *                    idempotency_end       key and answer, in the same transaction as the effect, which ends
 *     on the loop    idempotency_dismiss
 *
 * So the two are durable together, over restarts and kill -9, and nothing of a request that failed is kept:
 * it may be tried again. Answers are kept for 24 hours, in the table gantry_idempotency of the database, which
 * is made when the first key comes and is not part of the table API.
 *
 * A request is the same if its method, target, Content-Type and body are. Without the header none of
 * this does anything.
 */
#ifndef GANTRY_HANDLERS_IDEMPOTENCY_H
#define GANTRY_HANDLERS_IDEMPOTENCY_H

#include <stdbool.h>

#include "base/error.h"
#include "base/role.h"
#include "server/handler.h"

struct call;
struct connection;
struct idempotency; /* opaque: the keys under way; one per database */

/* Gives: *ret. Return: OK, NOMEM, OS (no random numbers). */
NODISCARD enum status idempotency_create(struct idempotency **ret, struct error *err);
void idempotency_destroy(struct idempotency *keys); /* NULL is fine */

/* Let handler, which writes, keep to it. Borrows keys for the handler's life; NULL: nothing happens. */
void idempotency_guard(struct idempotency *keys, struct handler *handler);

/* Its handler_admit_fn and handler_dismiss_fn. */
bool idempotency_admit(void *admission, struct call *call);
void idempotency_dismiss(void *admission, const struct call *call);

/* Does the request carry a key? */
bool idempotency_is_asked(const struct call *call) ANY_THREAD;

enum idempotency_found {
    IDEMPOTENCY_NEW,      /* or no key: go on */
    IDEMPOTENCY_ANSWERED, /* call has its answer: end the change, with is_good false */
};

/* In a change, before anything is done. */
enum idempotency_found idempotency_find(struct call *call,
                                        struct connection *c) ON_WORKER MAY_BLOCK;

/*
 * connection_change_end, with the key. is_good: everything is done, and answered with a success: it is kept,
 * and key and answer with it. is_trial: it is undone even so, and no key is kept; but it fails if it could
 * not have been kept. What is not good is undone, and the result is OK.
 * Return: OK; or why what was good is not, and is undone: answer with that.
 */
NODISCARD enum status idempotency_end(struct call *call, struct connection *c, bool is_good,
                                      bool is_trial, struct error *err) ON_WORKER MAY_BLOCK;

#endif
