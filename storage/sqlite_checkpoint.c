/*
 * Checkpoints: moving what has been committed from the WAL into the database, so that the WAL can begin
 * anew. Only here, only on the writer's thread, only between its transactions, and only if there is something
 * left to move: SQLite before 3.51.3 can lose pages when a checkpoint of a WAL that has been moved already
 * races with a commit.
 *
 *   WAL_LARGE pages        after a commit, when nobody waits
 *   WAL_TOO_LARGE pages    after a commit, even if somebody does
 *   any                    when nothing has come for a while; then the file is emptied, too
 *   any                    after a write that found the disk full: a WAL that begins anew needs no room
 *
 * A checkpoint takes nothing from readers and waits for nobody: pages that a reader's snapshot still needs
 * stay in the WAL, and the checkpoint after the next write tries again, also if that write has failed. Our own
 * commits wait while it runs.
 */
#include "base/clock.h"
#include "base/invariant.h"
#include "storage/sqlite_internal.h"

#define WAL_LARGE     1000
#define WAL_TOO_LARGE 8000
#define WAL_HEADER    32 /* bytes: https://sqlite.org/fileformat2.html#walformat */
#define FRAME_HEADER  24

/* The WAL's file as it is. Asked of the kernel after an fsync this takes as long as half of that. */
static uint64_t file_bytes(struct connection *c)
{
    sqlite3_int64 bytes = 0;
    sqlite3_file *wal = NULL;

    if (sqlite3_file_control(c->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK ||
        wal == NULL || wal->pMethods == NULL ||
        wal->pMethods->xFileSize(wal, &bytes) != SQLITE_OK) {
        return 0;
    }
    return (uint64_t)bytes;
}

/* Between checkpoints the file grows by the frames that are written, and does not shrink. */
static void note_wal(struct connection *c, unsigned pages)
{
    uint64_t bytes = pages * ((uint64_t)c->page_size + FRAME_HEADER) + WAL_HEADER;

    c->wal_pages = pages;
    c->wal_bytes = pages > 0 && bytes > c->wal_bytes ? bytes : c->wal_bytes;
    writes_note_wal(c->db, pages, c->wal_bytes);
}

/* Called by SQLite after each commit of something, when its lock has been released. */
static int on_commit(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct connection *c = context;

    (void)handle;
    (void)name;
    c->has_unmoved = true;
    note_wal(c, (unsigned)pages);
    return SQLITE_OK;
}

void checkpoint_install(struct connection *c)
{
    if (c->kind == CONNECTION_WRITER) {
        (void)sqlite3_wal_hook(c->handle, on_commit, c); /* in place of the automatic checkpoint */
    }
}

static bool is_due(const struct connection *c, bool is_idle, bool is_waited_for)
{
    if (!c->has_unmoved) {
        return false;
    }
    return is_idle || c->is_full || c->wal_pages >= WAL_TOO_LARGE ||
           (c->wal_pages >= WAL_LARGE && !is_waited_for);
}

static void checkpoint(struct connection *c, int mode)
{
    int64_t begun_ns = clock_now_ns();
    int log = -1;
    int moved = -1;
    int code;

    c->is_full = false;
    c->is_hasty = true;
    code = sqlite3_wal_checkpoint_v2(c->handle, "main", mode, &log, &moved);
    c->is_hasty = false;
    /* Of what another process moves just now (log < 0) nothing is known: leave it to the next commit. */
    c->has_unmoved = log >= 0 ? moved < log : code != SQLITE_OK && code != SQLITE_BUSY;
    c->wal_bytes = file_bytes(c);
    if (log >= 0) {
        note_wal(c, moved == log ? 0 : (unsigned)log); /* all moved: the next commit begins anew */
    }
    /* BUSY: readers, or another process's lock, kept some of it; the rest is for the next time. */
    writes_note_checkpoint(c->db, code == SQLITE_OK || code == SQLITE_BUSY,
                           clock_now_ns() - begun_ns);
    writer_note_failure(c, code);
}

void connection_rest(struct connection *c, bool is_idle, bool is_waited_for)
{
    invariant(sqlite3_get_autocommit(c->handle));
    if (is_due(c, is_idle, is_waited_for)) {
        checkpoint(c, is_idle ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
    }
}
