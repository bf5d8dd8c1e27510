/*
 * For operators: a copy of the database.
 *
 *     POST /admin/backup    200 {"path":"/var/backups/shop-20261120T171208.042Z.db","bytes":466944,"ms":12}
 *
 * The request says nothing about the file: its directory is configured, and its name is made of the
 * database's and the time, so nobody can have any other file written or replaced. BLOCKING, for a
 * pool of its own: one copy at a time, and 409 for whoever asks meanwhile.
 */
#ifndef GANTRY_HANDLERS_ADMIN_BACKUP_H
#define GANTRY_HANDLERS_ADMIN_BACKUP_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/status.h"
#include "server/handler.h"

struct admin_backup; /* opaque */
struct database;

/* Borrowed for its life. */
struct admin_backup_conf {
    struct database *db;   /* NULL: there is none */
    const char *directory; /* NULL: none is configured. Then it answers 404, and is INLINE */
    bool is_shared;        /* served by a listener that serves others, too */
};

/* Gives: *ret. Return: OK, NOMEM. */
NODISCARD enum status admin_backup_create(const struct admin_backup_conf *conf,
                                          struct admin_backup **ret);
void admin_backup_destroy(struct admin_backup *backup); /* NULL is fine */

/* Lends, until admin_backup_destroy. */
const struct handler *admin_backup_handler(const struct admin_backup *backup);

#endif
