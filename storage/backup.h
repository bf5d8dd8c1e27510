/*
 * A copy of a database that is in use: `gantry backup`, and POST /admin/backup.
 *
 * The copy is what the database was at the moment the work began, whatever is written meanwhile, and
 * an ordinary file of its own: no -wal belongs to it. It has its name only when it is whole and
 * synced (partial_file.h).
 *
 * Pages are copied by SQLite's backup API, on a read-only connection that holds one read transaction
 * from the first page to the last. Why so, and not otherwise:
 *
 *   without that transaction   the copy starts again whenever anybody commits, and may never end
 *   in one step                nobody could see how far it is, or end it
 *   VACUUM INTO                gives rowids anew where no INTEGER PRIMARY KEY keeps them, which FTS tables
 *                              that index such a table do not survive; it needs every function and
 *                              module that the schema names; it costs several times the work
 *
 * To writers in WAL mode it is one more reader: nobody waits for it. But no checkpoint can go beyond the
 * snapshot of a reader, so the WAL grows by all that is committed until the copy is done. A database that
 * is not in WAL mode cannot be written meanwhile.
 */
#ifndef GANTRY_STORAGE_BACKUP_H
#define GANTRY_STORAGE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"

struct cancel;
struct database;

struct backup_progress {
    uint64_t pages_done;
    uint64_t pages; /* of the database */
    uint32_t page_bytes;
};

typedef void (*backup_progress_fn)(void *user, const struct backup_progress *progress);

/* All borrowed for the call. */
struct backup {
    const char *target;    /* the copy's path; its directory is there */
    bool replaces;         /* a regular file that is there already; without it: CONFLICT */
    struct cancel *cancel; /* looked at about every megabyte; NULL: never */
    backup_progress_fn
        progress; /* called about every megabyte, and at the end; NULL: nobody asks */
    void *progress_user;
};

/*
 * Gives in *ret_bytes the copy's size. On failure nothing is left behind, and a file that was there is
 * as it was; but if the directory cannot be synced (IO) the copy is there, and may be gone after a power cut.
 *
 * Return: OK; CANCELLED, DEADLINE; CONFLICT (the target is there; or it is the database itself, or no
 * regular file, or named as SQLite names its files beside a database, or another database's -wal or
 * -journal lies beside it, which would be taken for the copy's); NO_SUCH_FILE (the target's directory); DENIED (it may not be written); FULL; LOCKED, IO,
 * CORRUPT, NOMEM, ...: as connection_open.
 */
NODISCARD enum status database_backup(struct database *db, const struct backup *backup,
                                      uint64_t *ret_bytes, struct error *err) MAY_BLOCK;

#endif
