#include "pool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define PATH_SIZE 4096

struct spool {
    struct spool_store *store;
    int fd;
    _Atomic uint64_t size; /* release by the writer, acquire by the reader: publishes the bytes */
};

/* --- the store ---------------------------------------------------------------------------- */

enum status spool_store_init(struct spool_store *store, const char *directory, uint64_t bytes_max)
{
    if (directory == NULL) {
        directory = getenv("TMPDIR");
    }
    if (directory == NULL || directory[0] == '\0') {
        directory = "/var/tmp"; /* not /tmp, which may be memory */
    }
    store->bytes_max = bytes_max;
    atomic_init(&store->bytes, 0);
    store->directory = mem_strdup(directory);
    return store->directory == NULL ? STATUS_NOMEM : STATUS_OK;
}

void spool_store_fini(struct spool_store *store)
{
    mem_free(store->directory);
    store->directory = NULL;
}

uint64_t spool_store_bytes(const struct spool_store *store)
{
    return atomic_load_explicit(&store->bytes, memory_order_relaxed);
}

static enum status reserve(struct spool_store *store, size_t size, struct error *err)
{
    uint64_t before = atomic_fetch_add_explicit(&store->bytes, size, memory_order_relaxed);

    if (size <= store->bytes_max && before <= store->bytes_max - size) {
        return STATUS_OK;
    }
    atomic_fetch_sub_explicit(&store->bytes, size, memory_order_relaxed);
    (void)error_set(err, STATUS_FULL, "all spools together would hold more than %llu bytes",
                    (unsigned long long)store->bytes_max);
    error_hint(err, "raise spool.bytes");
    return STATUS_FULL;
}

/* --- one file ----------------------------------------------------------------------------- */

/* For file systems without O_TMPFILE. Return: -1 with errno. */
static int open_and_unlink(const char *directory)
{
    char path[PATH_SIZE];
    int n = snprintf(path, sizeof(path), "%s/gantry-spool-XXXXXX", directory);
    int fd;

    if (n < 0 || (size_t)n >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        (void)unlink(path); /* whoever has removed it already has done the same */
    }
    return fd;
}

enum status spool_create(struct spool_store *store, struct spool **ret, struct error *err)
{
    struct spool *spool = mem_zalloc(sizeof(*spool));

    if (spool == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    spool->store = store;
    atomic_init(&spool->size, 0);
    spool->fd = open(store->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spool->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        spool->fd = open_and_unlink(store->directory);
    }
    if (spool->fd < 0) {
        (void)error_set(err, STATUS_IO, "no temporary file can be made in %s: %s", store->directory,
                        strerror(errno));
        error_hint(err, "name another directory in spool.directory");
        mem_free(spool);
        return STATUS_IO;
    }
    *ret = spool;
    return STATUS_OK;
}

void spool_destroy(struct spool *spool)
{
    if (spool != NULL) {
        (void)close(spool->fd); /* nobody will read it */
        atomic_fetch_sub_explicit(&spool->store->bytes, spool_size(spool), memory_order_relaxed);
        mem_free(spool);
    }
}

static enum status write_all(const struct spool *spool, const char *bytes, size_t size,
                             uint64_t offset, struct error *err)
{
    while (size > 0) {
        ssize_t n = pwrite(spool->fd, bytes, size, (off_t)offset);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            enum status status = n == 0 || errno == ENOSPC || errno == EDQUOT || errno == EFBIG
                                     ? STATUS_FULL
                                     : STATUS_IO;
            return error_set(err, status, "the temporary file in %s cannot be written: %s",
                             spool->store->directory, n == 0 ? "no room" : strerror(errno));
        }
        bytes += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return STATUS_OK;
}

enum status spool_append(struct spool *spool, const char *bytes, size_t size, struct error *err)
{
    enum status status = reserve(spool->store, size, err);
    uint64_t before = spool_size(spool);

    if (status == STATUS_OK) {
        status = write_all(spool, bytes, size, before, err);
        if (status != STATUS_OK) {
            atomic_fetch_sub_explicit(&spool->store->bytes, size, memory_order_relaxed);
        }
    }
    if (status == STATUS_OK) {
        atomic_store_explicit(&spool->size, before + size, memory_order_release);
    }
    return status;
}

enum status spool_read(const struct spool *spool, uint64_t offset, char *to, size_t size,
                       struct error *err)
{
    while (size > 0) {
        ssize_t n = pread(spool->fd, to, size, (off_t)offset);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return error_set(err, STATUS_IO, "the temporary file in %s cannot be read: %s",
                             spool->store->directory, n == 0 ? "it is short" : strerror(errno));
        }
        to += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return STATUS_OK;
}

uint64_t spool_size(const struct spool *spool)
{
    return atomic_load_explicit(&spool->size, memory_order_acquire);
}
