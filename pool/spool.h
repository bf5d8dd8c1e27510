/*
 * What does not fit into memory and cannot wait: bytes in an unlinked temporary file, written at its
 * end by one thread and read from its beginning by another.
 *
 * All spools of a store share one budget of bytes. A file has no name from its first moment, so it
 * is gone when the process is, however that ends. Its bytes are given back to the budget, and to the
 * disk, when it is destroyed, as a whole.
 */
#ifndef GANTRY_POOL_SPOOL_H
#define GANTRY_POOL_SPOOL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"

struct spool; /* opaque */

struct spool_store {
    /* Immutable after init */
    char *directory;
    uint64_t bytes_max;

    _Atomic uint64_t bytes; /* in all spools, now; relaxed: a budget publishes nothing */
};

/* directory: copied; NULL: $TMPDIR, or /var/tmp. Return: OK, NOMEM. */
NODISCARD enum status spool_store_init(struct spool_store *store, const char *directory,
                                       uint64_t bytes_max);
void spool_store_fini(struct spool_store *store); /* a zeroed one is fine */

uint64_t spool_store_bytes(const struct spool_store *store) ANY_THREAD;

/* Borrows store. Gives: *ret, to be freed with spool_destroy. Return: OK, NOMEM, IO. */
NODISCARD enum status spool_create(struct spool_store *store, struct spool **ret,
                                   struct error *err) MAY_BLOCK;

/* Closing a large file takes a while. NULL is fine. */
void spool_destroy(struct spool *spool) MAY_BLOCK;

/*
 * Add bytes at the end; all or, as far as anybody can read, none of them.
 * Return: OK; FULL (the budget, or the disk), IO.
 */
NODISCARD enum status spool_append(struct spool *spool, const char *bytes, size_t size,
                                   struct error *err) MAY_BLOCK;

/* Read bytes that have been appended. Return: OK, IO. */
NODISCARD enum status spool_read(const struct spool *spool, uint64_t offset, char *to, size_t size,
                                 struct error *err) MAY_BLOCK;

/* Bytes that have been appended. */
uint64_t spool_size(const struct spool *spool) ANY_THREAD;

#endif
