/*
 * For operators: what waits and what runs, and how to end it.
 *
 *     GET    /admin/queries      an array, of each pool what has begun and then what waits
 *     DELETE /admin/queries/ID   204: it waited and will never run; 202: it runs and has been told
 *
 * All of it INLINE: it needs a pool's mutex for a moment, never its threads, so it answers when every
 * pool is stuck. Who may ask is caller.h's matter.
 */
#ifndef GANTRY_HANDLERS_ADMIN_ADMIN_H
#define GANTRY_HANDLERS_ADMIN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/status.h"
#include "server/handler.h"

struct executor;
struct admin; /* opaque */

struct admin_conf {
    struct executor *const *executors; /* borrowed for its life */
    size_t executors_count;
    bool is_shared; /* served by a listener that serves others, too */
};

/* Gives: *ret. Return: OK, NOMEM. */
NODISCARD enum status admin_create(const struct admin_conf *conf, struct admin **ret);
void admin_destroy(struct admin *admin); /* NULL is fine */

/* Lend the handlers, until admin_destroy. */
const struct handler *admin_list_handler(const struct admin *admin);
const struct handler *admin_cancel_handler(const struct admin *admin);

/* Answers 404 and says where these paths are to be had. Static. */
const struct handler *admin_elsewhere_handler(void);

#endif
