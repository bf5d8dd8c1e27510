/*
 * Making a new database from a script: `gantry demo`.
 *
 * The file is created with O_EXCL first, so an existing one is never touched; only what was made
 * here is removed when something fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "storage/sqlite_internal.h"

static enum status create_file(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd >= 0) {
        (void)close(fd); /* nothing was written to it */
        return STATUS_OK;
    }
    if (errno == EEXIST) {
        (void)error_set(err, STATUS_CONFLICT, "%.300s: the file exists already", path);
        error_hint(err, "give another name, or remove the file first");
        return STATUS_CONFLICT;
    }
    return error_set(err, errno == ENOSPC || errno == EDQUOT ? STATUS_FULL : STATUS_IO,
                     "%.200s: cannot create the file: %s", path, strerror(errno));
}

static void remove_file(const char *path)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    char name[4096];

    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        int size = snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        if (size > 0 && (size_t)size < sizeof(name)) {
            (void)unlink(name); /* most are not there; the failure before it is the news */
        }
    }
}

static enum status script_failure(sqlite3 *handle, int code, struct error *err)
{
    enum status status = code == SQLITE_NOMEM ? STATUS_NOMEM : sqlite_status(code);

    if (status != STATUS_FULL && status != STATUS_IO && status != STATUS_NOMEM) {
        status = STATUS_INTERNAL;
    }
    return error_set(err, status, "%s", handle == NULL ? "out of memory" : sqlite3_errmsg(handle));
}

/* Without the limits and the authorizer of connections: the script is ours. */
static enum status run_script(const char *file, const char *script, struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    enum status status = STATUS_OK;
    sqlite3 *handle = NULL;
    int code = sqlite3_open_v2(file, &handle, flags, NULL);

    if (code == SQLITE_OK) {
        (void)sqlite3_extended_result_codes(handle, 1); /* fails only without a handle */
        code = sqlite3_exec(handle, "PRAGMA foreign_keys = 1", NULL, NULL, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(handle, script, NULL, NULL, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
    }
    if (code != SQLITE_OK) {
        status = script_failure(handle, code, err);
    }
    (void)sqlite3_close_v2(handle); /* rolls back what is open; no statements are left */
    return status;
}

enum status database_create(const char *path, const char *script, struct error *err)
{
    char *file = sqlite_literal_path(path);
    enum status status;

    if (file == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    status = create_file(path, err);
    if (status == STATUS_OK) {
        status = run_script(file, script, err);
        if (status != STATUS_OK) {
            remove_file(file);
        }
    }
    mem_free(file);
    return status;
}
