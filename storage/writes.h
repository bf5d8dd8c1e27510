/*
 * What is known of a database's writes: counted by the one writer, read by everybody. Whether writing
 * has stopped for good is part of it: after a failed fsync, or in a corrupt file, nothing is acknowledged
 * any more until the process is started anew.
 */
#ifndef GANTRY_STORAGE_WRITES_H
#define GANTRY_STORAGE_WRITES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/histogram.h"
#include "base/role.h"

struct database;

enum writes_stop {
    WRITES_GO_ON,
    WRITES_STOPPED_SYNC,
    WRITES_STOPPED_CORRUPT,
    WRITES_STOPPED_MOVED
};

#define WRITES_SIZES 10 /* groups of 1, 2, 3-4, 5-8, ... 129-256, more changes */

struct writes {
    enum writes_stop stop;
    uint64_t changes;             /* that were committed */
    uint64_t lost_groups;         /* whose changes were made again, each alone */
    uint64_t sizes[WRITES_SIZES]; /* commits, by how many changes they held; not cumulative */
    struct histogram commit;      /* time in COMMIT, fsync included */
    uint64_t wal_bytes;           /* size of the WAL's file */
    uint64_t wal_pages;           /* in the WAL that the next checkpoint has to look at */
    struct histogram checkpoint;  /* time of those that were done */
    uint64_t checkpoint_failures;
};

void database_writes(struct database *db, struct writes *ret) ANY_THREAD;

/* Lends a sentence for operators: "an fsync failed ..."; NULL: writing goes on. One atomic load. */
const char *database_writes_stopped(const struct database *db) ANY_THREAD;

#endif
