/*
 * Copying a database: backup.h says how and why.
 *
 * The copy's own connection neither keeps a journal nor syncs: a copy that is not whole is thrown away.
 * It is synced by its descriptor, every few megabytes so that the last sync is no burst for which the
 * commits of the service would have to wait.
 *
 * The descriptor is a second one of the copy in this process, which would take SQLite's locks from it
 * when it is closed. There are none any more by then. The database itself is never opened but by SQLite.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "storage/backup.h"
#include "storage/partial_file.h"
#include "storage/sqlite_internal.h"

#define STEP_BYTES ((uint64_t)1024 * 1024)     /* between two looks at the token */
#define SYNC_BYTES ((uint64_t)8 * 1024 * 1024) /* between two syncs */

/* In a database's header: the journal modes of its readers and writers. 1: a rollback journal, 2: WAL. */
#define VERSIONS_PLACE 18
#define VERSIONS_SIZE  2

static const char copy_pragmas[] = "PRAGMA journal_mode = OFF;"
                                   "PRAGMA synchronous = OFF;"
                                   "PRAGMA locking_mode = EXCLUSIVE";

struct copying {
    const struct backup *backup;
    struct connection *from;
    struct partial_file file;
    sqlite3 *to;
    sqlite3_backup *pages;
    uint32_t page_bytes;
};

/* --- where the copy goes -------------------------------------------------------------------------- */

static enum status refuse(const char *target, const char *why, const char *hint, struct error *err)
{
    (void)error_set(err, STATUS_CONFLICT, "%.250s: %s", target, why);
    error_hint(err, "%s", hint);
    return STATUS_CONFLICT;
}

/*
 * What SQLite itself would call a file beside a database. By force it would take the place of a log that
 * holds commits.
 */
static enum status check_name(const char *target, struct error *err)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    size_t size = strlen(target);

    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        size_t tail = strlen(suffixes[i]);

        if (size > tail && strcmp(target + size - tail, suffixes[i]) == 0) {
            return refuse(target, "SQLite's own files beside a database are called so",
                          "give another name", err);
        }
    }
    return STATUS_OK;
}

/* What lies beside the name would be taken for the copy's own when it is opened. */
static enum status check_beside(const char *target, struct error *err)
{
    static const char *const suffixes[] = {"-wal", "-journal"};
    size_t size = strlen(target);
    char *name = mem_alloc(size + sizeof("-journal"));
    enum status status = STATUS_OK;

    if (name == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    memcpy(name, target, size);
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes) && status == STATUS_OK; i++) {
        struct stat about;

        memcpy(name + size, suffixes[i], strlen(suffixes[i]) + 1);
        if (lstat(name, &about) == 0) {
            status =
                refuse(target, "another database's -wal or -journal file lies beside that name",
                       "it is open somewhere, or was not closed well: give another name", err);
        }
    }
    mem_free(name);
    return status;
}

/* Asked before the work and again after it. */
static enum status check_target(const struct backup *backup, const struct stat *source,
                                struct error *err)
{
    struct stat about;

    if (lstat(backup->target, &about) != 0) { /* not there, or opening it will say why not */
        return check_beside(backup->target, err);
    }
    if (S_ISDIR(about.st_mode)) {
        return refuse(backup->target, "is a directory", "name the file to be made in it", err);
    }
    if (!S_ISREG(about.st_mode)) {
        return refuse(backup->target, "is not a regular file", "give another name", err);
    }
    if (about.st_dev == source->st_dev && about.st_ino == source->st_ino) {
        return refuse(backup->target, "is the database itself", "give another name", err);
    }
    if (!backup->replaces) {
        return refuse(backup->target, "the file exists already",
                      "give another name, or replace the file by --force", err);
    }
    return check_beside(backup->target, err);
}

/* --- its pages ------------------------------------------------------------------------------------ */

static enum status copy_failure(int code, struct error *err)
{
    enum status status = sqlite_status(code);

    return error_set(err, status, "cannot make the copy: %s",
                     status == STATUS_FULL ? status_text(status) : sqlite3_errstr(code));
}

/* From here to the end of the transaction nobody's commit is seen. */
static enum status begin_snapshot(struct connection *from, struct error *err)
{
    int code = sqlite_run_own(from, OWN_BEGIN_READ, NULL);

    if (code == SQLITE_OK) {
        code = sqlite_run_own(from, OWN_VERSION, NULL); /* BEGIN alone opens nothing */
    }
    return code == SQLITE_OK ? STATUS_OK : sqlite_failure(from, code, err);
}

static enum status open_copy(struct copying *w, struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    char *file = sqlite_literal_path(w->file.path);
    int code;

    if (file == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    code = sqlite3_open_v2(file, &w->to, flags, NULL);
    mem_free(file);
    if (code == SQLITE_OK) {
        code = sqlite3_exec(w->to, copy_pragmas, NULL, NULL, NULL);
    }
    if (code != SQLITE_OK) {
        return copy_failure(code, err);
    }
    w->pages = sqlite3_backup_init(w->to, "main", w->from->handle, "main");
    return w->pages != NULL ? STATUS_OK : copy_failure(sqlite3_extended_errcode(w->to), err);
}

static enum status page_size(struct copying *w, struct error *err)
{
    sqlite3_stmt *pragma = NULL;
    int code = sqlite3_prepare_v2(w->from->handle, "PRAGMA page_size", -1, &pragma, NULL);

    if (code == SQLITE_OK && sqlite3_step(pragma) == SQLITE_ROW) {
        w->page_bytes = (uint32_t)sqlite3_column_int(pragma, 0);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_finalize(pragma); /* the step's failure, if it failed */
    }
    return code == SQLITE_OK ? STATUS_OK : sqlite_failure(w->from, code, err);
}

static void tell(const struct copying *w)
{
    uint64_t pages = (uint64_t)sqlite3_backup_pagecount(w->pages);
    struct backup_progress progress = {
        .pages_done = pages - (uint64_t)sqlite3_backup_remaining(w->pages),
        .pages = pages,
        .page_bytes = w->page_bytes,
    };

    if (w->backup->progress != NULL) {
        w->backup->progress(w->backup->progress_user, &progress);
    }
}

static enum status copy_pages(struct copying *w, struct error *err)
{
    int pages = (int)(STEP_BYTES / w->page_bytes); /* pages are at most 64 KiB */
    uint64_t unsynced = 0;
    int code;

    do {
        enum status status = stop_check(w->from, err);

        if (status != STATUS_OK) {
            return status;
        }
        code = sqlite3_backup_step(w->pages, pages);
        if (code != SQLITE_OK && code != SQLITE_DONE) {
            return copy_failure(code, err);
        }
        unsynced += STEP_BYTES;
        if (unsynced >= SYNC_BYTES) {
            unsynced = 0;
            if (fdatasync(w->file.fd) != 0) {
                return error_set(err, errno == ENOSPC ? STATUS_FULL : STATUS_IO,
                                 "the copy cannot be synced: %s", strerror(errno));
            }
        }
        tell(w);
    } while (code == SQLITE_OK);
    return STATUS_OK;
}

/* Done, or given up. */
static int close_copy(struct copying *w)
{
    int code = sqlite3_backup_finish(w->pages); /* repeats the last step's failure; NULL is fine */
    int closed = sqlite3_close(w->to);

    w->pages = NULL;
    w->to = NULL;
    return code != SQLITE_OK ? code : closed;
}

/*
 * The page that says "WAL" was copied with the others. A copy needs none: without it the file can be
 * read where nothing can be written, and whoever wants a WAL sets it again.
 */
static enum status leave_wal(const struct partial_file *file, struct error *err)
{
    static const char legacy[VERSIONS_SIZE] = {1, 1};

    if (pwrite(file->fd, legacy, sizeof(legacy), VERSIONS_PLACE) != (ssize_t)sizeof(legacy)) {
        return error_set(err, errno == ENOSPC ? STATUS_FULL : STATUS_IO,
                         "cannot write the copy: %s", strerror(errno));
    }
    return STATUS_OK;
}

static enum status fill(struct copying *w, struct error *err)
{
    enum status status = begin_snapshot(w->from, err);
    int code;

    if (status == STATUS_OK) {
        status = page_size(w, err);
    }
    if (status == STATUS_OK) {
        status = open_copy(w, err);
    }
    if (status == STATUS_OK) {
        status = copy_pages(w, err);
    }
    code = close_copy(w);
    if (status == STATUS_OK && code != SQLITE_OK) {
        status = copy_failure(code, err);
    }
    sqlite_rollback(w->from); /* the snapshot is needed no more */
    return status == STATUS_OK ? leave_wal(&w->file, err) : status;
}

/* --- all of it ------------------------------------------------------------------------------------ */

static enum status finish(struct copying *w, const struct stat *source, uint64_t *ret_bytes,
                          struct error *err)
{
    enum status status = check_target(w->backup, source, err);
    struct stat about;

    if (status == STATUS_OK && fstat(w->file.fd, &about) != 0) {
        status = error_set(err, STATUS_IO, "cannot look at the copy: %s", strerror(errno));
    }
    if (status == STATUS_OK) {
        status = partial_file_finish(&w->file, w->backup->replaces, err);
    }
    if (status == STATUS_OK) {
        *ret_bytes = (uint64_t)about.st_size;
    }
    return status;
}

/* w->from is open: so the file is there. */
static enum status copy(struct copying *w, uint64_t *ret_bytes, struct error *err)
{
    struct stat source;
    enum status status;

    if (stat(w->from->db->file, &source) != 0) {
        return error_set(err, STATUS_IO, "cannot look at the file: %s", strerror(errno));
    }
    status = check_name(w->backup->target, err);
    if (status == STATUS_OK) {
        status = check_target(w->backup, &source, err);
    }
    if (status == STATUS_OK) {
        status = partial_file_open(&w->file, w->backup->target, source.st_mode & 0666, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = fill(w, err);
    if (status == STATUS_OK) {
        status = finish(w, &source, ret_bytes, err);
    }
    partial_file_close(&w->file);
    return status;
}

enum status database_backup(struct database *db, const struct backup *backup, uint64_t *ret_bytes,
                            struct error *err)
{
    struct copying w = {.backup = backup};
    enum status status = connection_open(db, CONNECTION_READER, backup->cancel, &w.from, err);

    if (status != STATUS_OK) {
        return status;
    }
    w.from->cancel = backup->cancel;
    sqlite_forget_failure(w.from);
    w.from->is_ours = true; /* no SQL but ours runs on it */
    status = copy(&w, ret_bytes, err);
    connection_close(w.from);
    return status;
}
