/*
 * A worker's place for its connection, opened when the worker first needs it: a pool that never
 * touches the database opens nothing. Made to be an executor's local thing.
 */
#ifndef GANTRY_STORAGE_SLOT_H
#define GANTRY_STORAGE_SLOT_H

#include "base/error.h"
#include "base/role.h"
#include "storage/connection.h"

struct slot_conf {
    struct database *db; /* lent until the executor has stopped */
    enum connection_kind kind;
};

/* For executor_conf: local_create (with a struct slot_conf) and local_destroy. */
void *slot_create(void *conf);
void slot_destroy(void *slot);

/* Likewise: local_batch_begin and local_batch_end, for readers. */
void slot_batch_begin(void *slot);
void slot_batch_end(void *slot);

/* Likewise, for the writer: the functions of struct executor_group. */
void slot_group_begin(void *slot);
bool slot_group_is_full(void *slot);
bool slot_group_end(void *slot);
void slot_rest(void *slot, bool is_idle, bool is_waited_for);

/*
 * The slot's connection. Lends: until slot_destroy. A failure to open is not remembered: the next
 * call tries again. Borrows cancel, as connection_open.
 * Return: as connection_open.
 */
NODISCARD enum status slot_connection(void *slot, struct cancel *cancel, struct connection **ret,
                                      struct error *err) ON_WORKER MAY_BLOCK;

#endif
