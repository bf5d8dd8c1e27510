/*
 * A SQLite database file: what it is, how it is opened, and its schema. Connections to it are in
 * connection.h.
 *
 * One writer, many readers: at most one writer connection exists per database, owned by one
 * thread, and it alone commits and checkpoints (SQLite before 3.51.3 can corrupt a WAL that two
 * connections reset at once). Readers are opened read-only.
 */
#ifndef GANTRY_STORAGE_DATABASE_H
#define GANTRY_STORAGE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"

struct database; /* opaque */

enum database_synchronous { DATABASE_SYNCHRONOUS_FULL, DATABASE_SYNCHRONOUS_NORMAL };

struct database_conf {
    const char *path;       /* borrowed for the call */
    bool is_writable;       /* without it nothing in the file is ever changed */
    bool is_schema_trusted; /* may the schema call functions that SQLite does not call harmless? */
    enum database_synchronous synchronous;
};

/*
 * Once per process, before the first database_open and before any thread is started: threading
 * mode, no memory statistics, error log off.
 * Return: OK, INTERNAL (SQLite older than 3.37, or built without threads).
 */
NODISCARD enum status database_library_init(struct error *err);

/* Lends the version of SQLite. */
const char *database_library_version(void) ANY_THREAD;

/*
 * Check that the file is there and is a database, put a writable one in WAL mode, read its schema.
 * Gives: *ret, closed with database_close.
 * Return: OK, NO_SUCH_FILE, NOT_A_DATABASE, CORRUPT, READONLY (asked to write, may not), LOCKED,
 * IO, NOMEM.
 */
NODISCARD enum status database_open(const struct database_conf *conf, struct database **ret,
                                    struct error *err) MAY_BLOCK;

/* Every connection must have been closed before. NULL is fine. */
void database_close(struct database *db) MAY_BLOCK;

bool database_is_writable(const struct database *db) ANY_THREAD;

/* Lends the path as it was given. */
const char *database_path(const struct database *db) ANY_THREAD;

/*
 * Run a script of several statements against a new file, as one transaction: `gantry demo`.
 * Return: OK, CONFLICT (the file exists already; it is left alone), IO, FULL, INTERNAL (the
 * script is wrong). On failure no file is left behind.
 */
NODISCARD enum status database_create(const char *path, const char *script,
                                      struct error *err) MAY_BLOCK;

#endif
