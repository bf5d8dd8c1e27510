#include "storage/writes.h"

#include "storage/sqlite_internal.h"

/* Which of writes.sizes: 1, 2, 3-4, 5-8, ... */
static size_t size_class(unsigned changes)
{
    size_t i = 0;

    while (i < WRITES_SIZES - 1 && changes > 1U << i) {
        i++;
    }
    return i;
}

void writes_note_wal(struct database *db, uint64_t pages, uint64_t bytes)
{
    (void)pthread_mutex_lock(&db->mu); /* a plain mutex: cannot fail */
    db->writes.wal_pages = pages;
    db->writes.wal_bytes = bytes;
    (void)pthread_mutex_unlock(&db->mu);
}

void writes_note_commit(struct database *db, unsigned changes, int64_t ns)
{
    (void)pthread_mutex_lock(&db->mu);
    db->writes.changes += changes;
    db->writes.sizes[size_class(changes)]++;
    histogram_add(&db->writes.commit, ns);
    (void)pthread_mutex_unlock(&db->mu);
}

void writes_note_lost_group(struct database *db)
{
    (void)pthread_mutex_lock(&db->mu);
    db->writes.lost_groups++;
    (void)pthread_mutex_unlock(&db->mu);
}

void writes_note_checkpoint(struct database *db, bool is_done, int64_t ns)
{
    (void)pthread_mutex_lock(&db->mu);
    if (is_done) {
        histogram_add(&db->writes.checkpoint, ns);
    } else {
        db->writes.checkpoint_failures++;
    }
    (void)pthread_mutex_unlock(&db->mu);
}

void writes_stop(struct database *db, enum writes_stop why)
{
    int none = WRITES_GO_ON;

    /* relaxed: it publishes nothing; the first reason stays */
    (void)atomic_compare_exchange_strong_explicit(&db->stopped, &none, (int)why,
                                                  memory_order_relaxed, memory_order_relaxed);
}

const char *database_writes_stopped(const struct database *db)
{
    switch ((enum writes_stop)atomic_load_explicit(&db->stopped, memory_order_relaxed)) {
    case WRITES_STOPPED_SYNC:
        return "an earlier write could not be synced to the disk";
    case WRITES_STOPPED_CORRUPT:
        return "the database file is damaged";
    case WRITES_STOPPED_MOVED:
        return "the database file is not at its path any more";
    case WRITES_GO_ON:
        break;
    }
    return NULL;
}

enum status writes_check(const struct database *db, struct error *err)
{
    const char *why = database_writes_stopped(db);

    if (why == NULL) {
        return STATUS_OK;
    }
    (void)error_set(err, STATUS_IO, "writing has stopped: %s", why);
    error_hint(err, "look at the disk and the file, then start the server anew");
    return STATUS_IO;
}

void database_writes(struct database *db, struct writes *ret)
{
    (void)pthread_mutex_lock(&db->mu);
    *ret = db->writes;
    (void)pthread_mutex_unlock(&db->mu);
    ret->stop = (enum writes_stop)atomic_load_explicit(&db->stopped, memory_order_relaxed);
}
