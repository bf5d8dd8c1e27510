/*
 * A file that is there as a whole or not at all: it is written under a name of its own beside its
 * target and takes the target's name once every byte of it is on the disk.
 *
 *     open -> write to fd, or let somebody write to path -> finish    the target is there, and stays
 *                                                        \-> close     nothing is
 *
 * A process that dies in between leaves the partial file ("TARGET.partial-x7Qa2b") and no target.
 */
#ifndef GANTRY_STORAGE_PARTIAL_FILE_H
#define GANTRY_STORAGE_PARTIAL_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/role.h"

struct partial_file {
    const char *target; /* borrowed until it is closed */
    char *path;         /* its name until then; NULL: it is gone, or has become the target */
    int fd;
};

/*
 * Make it, empty. mode: its permissions, whatever the umask.
 * Gives: closed with partial_file_close. On failure there is nothing to close.
 * Return: OK, NO_SUCH_FILE (the target's directory), DENIED, FULL, IO, NOMEM.
 */
NODISCARD enum status partial_file_open(struct partial_file *f, const char *target, mode_t mode,
                                        struct error *err) MAY_BLOCK;

/*
 * All is written, and nobody else has it open: sync it, give it the target's name, sync the directory.
 * replaces: a target that is there; without it: CONFLICT, and it stays as it is.
 * Return: OK; CONFLICT, DENIED, FULL, IO: the target is as it was (after an IO that names the directory: it
 * is the new one, and may be gone after a power cut).
 */
NODISCARD enum status partial_file_finish(struct partial_file *f, bool replaces,
                                          struct error *err) MAY_BLOCK;

/* Remove what was not finished. Safe to call twice. */
void partial_file_close(struct partial_file *f) MAY_BLOCK;

#endif
