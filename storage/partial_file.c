#include "storage/partial_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static const char suffix[] = ".partial-XXXXXX";

static enum status failure(const char *path, const char *what, struct error *err)
{
    int code = errno;
    enum status status = STATUS_IO;

    switch (code) {
    case ENOENT:
    case ENOTDIR:
        status = STATUS_NO_SUCH_FILE;
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        status = STATUS_DENIED;
        break;
    case ENOSPC:
    case EDQUOT:
        status = STATUS_FULL;
        break;
    case ENOMEM:
        status = STATUS_NOMEM;
        break;
    default:
        break;
    }
    return error_set(err, status, "%.200s: %s: %s", path, what, strerror(code));
}

enum status partial_file_open(struct partial_file *f, const char *target, mode_t mode,
                              struct error *err)
{
    size_t size = strlen(target);
    char *path = mem_alloc(size + sizeof(suffix));
    int fd;

    if (path == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    memcpy(path, target, size);
    memcpy(path + size, suffix, sizeof(suffix));
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        mem_free(path);
        return failure(target, "cannot create the file", err);
    }
    *f = (struct partial_file){.target = target, .path = path, .fd = fd};
    if (fchmod(fd, mode) != 0) {
        enum status status = failure(target, "cannot set the permissions", err);

        partial_file_close(f);
        return status;
    }
    return STATUS_OK;
}

static enum status taken(const char *target, struct error *err)
{
    return error_set(err, STATUS_CONFLICT, "%.300s: the file exists already", target);
}

/* Some file systems cannot be asked not to replace what is there, but all of those can link. */
static enum status move_beside(const char *path, const char *target, struct error *err)
{
    if (renameat2(AT_FDCWD, path, AT_FDCWD, target, RENAME_NOREPLACE) == 0) {
        return STATUS_OK;
    }
    if (errno == EINVAL || errno == ENOSYS) {
        if (link(path, target) == 0) {
            (void)unlink(path); /* stays as a second name at the worst */
            return STATUS_OK;
        }
    }
    return errno == EEXIST ? taken(target, err)
                           : failure(target, "cannot rename a file to it", err);
}

static enum status sync_directory(const char *target, struct error *err)
{
    const char *slash = strrchr(target, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - target) + 1; /* with the slash: may be "/" */
    char *directory = mem_alloc(size + 2);
    enum status status = STATUS_OK;
    int fd;

    if (directory == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    memcpy(directory, target, size);
    memcpy(directory + size, ".", 2);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL)) { /* EINVAL: it is not one to be synced */
        status = error_set(err, STATUS_IO, "%.200s: the directory cannot be synced: %s", directory,
                           strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd); /* nothing was written to it */
    }
    mem_free(directory);
    return status;
}

enum status partial_file_finish(struct partial_file *f, bool replaces, struct error *err)
{
    enum status status = STATUS_OK;

    if (fsync(f->fd) != 0) {
        return failure(f->target, "cannot be synced", err);
    }
    if (!replaces) {
        status = move_beside(f->path, f->target, err);
    } else if (rename(f->path, f->target) != 0) {
        status = failure(f->target, "cannot rename a file to it", err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    mem_free(f->path);
    f->path = NULL;
    return sync_directory(f->target, err);
}

void partial_file_close(struct partial_file *f)
{
    if (f->path != NULL) {
        (void)unlink(f->path); /* the failure before it is the news */
        mem_free(f->path);
        f->path = NULL;
    }
    if (f->fd >= 0) {
        (void)close(f->fd); /* what counts has been synced */
        f->fd = -1;
    }
}
