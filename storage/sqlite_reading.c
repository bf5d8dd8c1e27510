/*
 * One snapshot for several statements, with the schema it has and a number for its content.
 *
 * The number. A database has a generation, which only grows. A connection remembers SQLite's data
 * version of its last look; that differs whenever the snapshot is not the one of the last look,
 * whoever changed the file. (SQLITE_FCNTL_DATA_VERSION; it is right only inside a read transaction,
 * and may differ though nothing changed, which costs a number and nothing else.) To look is:
 *
 *     1. g = generation   2. open the snapshot   3. compare the data version
 *     same: the number is g.    changed: generation + 1, remember it, close the snapshot, again
 *
 * Claim: two readings with one number saw one content. Take a reading of snapshot S that got g.
 *
 * - S was the newest at the moment of its step 1. The connection saw S in an earlier look already
 *   (nothing has changed since), and again in step 2; snapshots are opened at the newest commit and
 *   commits are in an order, so S was the newest all the time between.
 * - Its step 1 came after its connection's count of S: that look ended with generation + 1.
 *
 * Now let another reading, of a newer snapshot T, have got the same g. T was committed after S's step 2,
 * so after S's step 1, where g was read. T's connection counted T after T was committed, and before its
 * step 1. So between the two reads of g there is a + 1: they cannot be equal.
 *
 * What others count between step 1 and step 3 does no harm: the number is that of step 1. And g
 * cannot be replaced by the result of the + 1 in order to save the second opening: a commit may have
 * come between our snapshot and our + 1, and a reader of it may find the same number.
 *
 * Memory order: step 1 is an acquire, so it is not moved behind step 2; + 1 is acq_rel, so it is not
 * moved before the comparison. Were g read from T's + 1 (which is the release to this acquire), S's
 * step 2 would find T.
 *
 * A transaction is looked at once. A batch's g is read before its BEGIN, whichever statement comes
 * first; nobody looks between that and the batch's one look.
 */
#include "storage/sqlite_internal.h"

/* Three commits by others, each between a step 1 and a step 3: then the number is not known. */
#define LOOKS_MAX 3

int reading_open(struct connection *c)
{
    c->look.is_done = false;
    c->look.generation = atomic_load_explicit(&c->db->generation, memory_order_acquire);
    return sqlite_run_own(c, OWN_BEGIN_READ, NULL);
}

static void close_transaction(struct connection *c)
{
    if (!sqlite3_get_autocommit(c->handle) && sqlite_run_own(c, OWN_COMMIT, NULL) != SQLITE_OK) {
        sqlite_rollback(c);
    }
}

/* Has the content changed since this connection's last look? Remembers what it sees. */
static bool has_changed(struct connection *c, int *ret_code)
{
    unsigned data_version = 0;
    bool is_new;

    *ret_code = sqlite3_file_control(c->handle, "main", SQLITE_FCNTL_DATA_VERSION, &data_version);
    if (*ret_code != SQLITE_OK) {
        return true;
    }
    is_new = !c->has_looked || c->data_version != data_version;
    c->has_looked = true;
    c->data_version = data_version;
    return is_new;
}

/* Open the snapshot, unless it is open, and see whether it is a new one. */
static int look_once(struct connection *c, bool *ret_is_new)
{
    int64_t schema_version = 0;
    int code = SQLITE_OK;

    if (sqlite3_get_autocommit(c->handle)) {
        code = reading_open(c);
    }
    if (code == SQLITE_OK) {
        code = sqlite_run_own(c, OWN_VERSION, &schema_version); /* BEGIN alone opens nothing */
    }
    if (code == SQLITE_OK) {
        *ret_is_new = has_changed(c, &code);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    c->look.is_done = true;
    c->look.schema_version = (uint32_t)schema_version;
    c->look.version = *ret_is_new ? 0 : c->look.generation;
    if (*ret_is_new) {
        atomic_fetch_add_explicit(&c->db->generation, 1, memory_order_acq_rel);
    }
    return SQLITE_OK;
}

static int look(struct connection *c)
{
    bool is_new = true;
    int code = SQLITE_OK;

    for (int n = 0; n < LOOKS_MAX && is_new && code == SQLITE_OK; n++) {
        if (n > 0) {
            close_transaction(c);
        }
        code = look_once(c, &is_new);
    }
    return code;
}

/*
 * Ours is that of the file as it was a moment ago. The newest known may be an older one, if its reader
 * was slow: nobody else would notice, since each connection keeps its own.
 */
static void publish_ours(struct connection *c)
{
    if (atomic_load_explicit(&c->db->schema_version, memory_order_relaxed) != c->schema->version) {
        schema_publish(c->db, c->schema);
    }
}

/* c->schema becomes the newest known, if that is of this version; else it is NULL. */
static bool take_newest(struct connection *c, uint32_t version)
{
    const struct schema *newest = schema_get(c->db);

    schema_unref(c->schema);
    c->schema = NULL;
    if (newest->version != version) {
        schema_unref(newest);
        return false;
    }
    c->schema = newest;
    return true;
}

/* The schema of the open snapshot: the connection's own, the newest known, or read now. */
static enum status find_schema(struct connection *c, bool is_fresh, struct error *err)
{
    if (c->schema != NULL && c->schema->version == c->look.schema_version) {
        if (is_fresh) {
            publish_ours(c);
        }
        return STATUS_OK;
    }
    return take_newest(c, c->look.schema_version) ? STATUS_OK : schema_read(c, &c->schema, err);
}

enum status reading_find_schema(struct connection *c, struct error *err)
{
    int64_t version = 0;
    int code = sqlite_run_own(c, OWN_VERSION, &version);
    enum status status;

    if (code != SQLITE_OK) {
        return sqlite_failure(c, code, err);
    }
    if ((c->schema != NULL && c->schema->version == (uint32_t)version) ||
        take_newest(c, (uint32_t)version)) {
        return STATUS_OK;
    }
    status = schema_load(c, &c->schema, err);
    c->has_inner_schema = status == STATUS_OK;
    return status;
}

static enum status begin(struct connection *c, struct error *err)
{
    bool is_fresh = sqlite3_get_autocommit(c->handle) || !c->look.is_done;
    enum status status;
    int code;

    sqlite_forget_failure(c);
    status = stop_check(c, err);
    if (status != STATUS_OK) {
        return status;
    }
    code = is_fresh ? look(c) : SQLITE_OK;
    return code == SQLITE_OK ? find_schema(c, is_fresh, err) : sqlite_failure(c, code, err);
}

enum status connection_read_begin(struct connection *c, struct cancel *cancel, struct reading *ret,
                                  struct error *err)
{
    enum status status;

    c->cancel = cancel;
    status = begin(c, err);
    c->cancel = NULL;
    if (status != STATUS_OK) {
        if (!c->is_batch) {
            sqlite_rollback(c);
        }
        return status;
    }
    c->is_reading = true;
    *ret = (struct reading){.schema = c->schema, .version = c->look.version};
    return STATUS_OK;
}

void connection_read_end(struct connection *c)
{
    c->is_reading = false;
    if (!c->is_batch) {
        close_transaction(c);
    }
}
