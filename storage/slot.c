#include "storage/slot.h"

#include "base/mem.h"

struct slot {
    const struct slot_conf *conf;
    struct connection *connection; /* NULL until it is needed */
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

enum status slot_connection(void *memory, struct connection **ret, struct error *err)
{
    struct slot *slot = memory;

    if (slot->connection == NULL) {
        enum status status =
            connection_open(slot->conf->db, slot->conf->kind, &slot->connection, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *ret = slot->connection;
    return STATUS_OK;
}
