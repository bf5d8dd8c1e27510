#include "storage/slot.h"

#include "base/mem.h"

struct slot {
    const struct slot_conf *conf;
    struct connection *connection; /* NULL until it is needed */
    bool is_batch;
    bool is_group;
};

void *slot_create(void *conf)
{
    struct slot *slot = mem_zalloc(sizeof(*slot));

    if (slot != NULL) {
        slot->conf = conf;
    }
    return slot;
}

void slot_destroy(void *memory)
{
    struct slot *slot = memory;

    assert_on_worker();
    connection_close(slot->connection);
    mem_free(slot);
}

void slot_batch_begin(void *memory)
{
    struct slot *slot = memory;

    assert_on_worker();
    slot->is_batch = true;
    if (slot->connection != NULL) {
        connection_batch_begin(slot->connection);
    }
}

void slot_batch_end(void *memory)
{
    struct slot *slot = memory;

    assert_on_worker();
    slot->is_batch = false;
    if (slot->connection != NULL) {
        connection_batch_end(slot->connection);
    }
}

void slot_group_begin(void *memory)
{
    struct slot *slot = memory;

    assert_on_worker();
    slot->is_group = true;
    if (slot->connection != NULL) {
        connection_group_begin(slot->connection);
    }
}

bool slot_group_is_full(void *memory)
{
    struct slot *slot = memory;

    assert_on_worker();
    return slot->connection != NULL && connection_group_is_full(slot->connection);
}

bool slot_group_end(void *memory)
{
    struct slot *slot = memory;

    assert_on_worker();
    slot->is_group = false;
    return slot->connection == NULL || connection_group_end(slot->connection);
}

void slot_rest(void *memory, bool is_idle, bool is_waited_for)
{
    struct slot *slot = memory;

    assert_on_worker();
    if (slot->connection != NULL) {
        connection_rest(slot->connection, is_idle, is_waited_for);
    }
}

enum status slot_connection(void *memory, struct cancel *cancel, struct connection **ret,
                            struct error *err)
{
    struct slot *slot = memory;

    if (slot->connection == NULL) {
        enum status status =
            connection_open(slot->conf->db, slot->conf->kind, cancel, &slot->connection, err);
        if (status != STATUS_OK) {
            return status;
        }
        if (slot->is_batch) {
            connection_batch_begin(slot->connection);
        }
        if (slot->is_group) {
            connection_group_begin(slot->connection);
        }
    }
    *ret = slot->connection;
    return STATUS_OK;
}
