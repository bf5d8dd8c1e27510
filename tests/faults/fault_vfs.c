/* See fault_vfs.h. Most of the VFS is that of the one below; the methods here are those of files. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "tests/faults/fault_vfs.h"
#include "tests/unit/random.h"

#define SECTOR 512u

/* One write, or a truncation (data is NULL), that is not durable yet. */
struct change {
    struct change *next;
    sqlite3_int64 offset; /* of a truncation: the new size */
    size_t size;
    bool is_forgotten; /* a sync failed: no later one brings it back */
    unsigned char data[];
};

struct image {
    unsigned char *data;
    size_t size;
    size_t room;
};

/* A file, which outlives its name and its handles while the disk may still know it. */
struct node {
    struct node *next;
    char *path;
    enum fault_file file;
    struct image durable;
    struct change *changes; /* oldest first */
    struct change **changes_end;
    unsigned handles;
    bool is_there;         /* has its name now */
    bool is_there_durably; /* would have it after a power cut */
    bool syncs_folder;     /* its next sync makes names durable, too */
    bool is_in_image;
};

/* A name that came or went, and may not have on the disk. */
struct naming {
    struct naming *next;
    struct node *node;
    bool is_there;
};

struct handle {
    sqlite3_file base;
    struct node *node; /* NULL: a temporary file, passed through */
    sqlite3_file real[];
};

static struct {
    pthread_mutex_t mu;
    sqlite3_vfs vfs;
    sqlite3_vfs *below;
    struct node *nodes;
    struct naming *namings; /* oldest first */
    struct fault fault;
    bool is_armed;
    unsigned matching; /* calls that the fault counts */
    unsigned struck;
    unsigned counts[FAULT_CALLS];
    fault_watch_fn watch;
    void *watch_user;
} faults = {.mu = PTHREAD_MUTEX_INITIALIZER};

static void *must(void *memory)
{
    invariant(memory != NULL); /* the tests of faults do not make memory scarce */
    return memory;
}

static void lock(void)
{
    (void)pthread_mutex_lock(&faults.mu); /* cannot fail: a plain mutex */
}

static void unlock(void)
{
    (void)pthread_mutex_unlock(&faults.mu);
}

/* --- contents ---------------------------------------------------------------------------------- */

static void image_resize(struct image *image, size_t size)
{
    if (size > image->room) {
        image->room = size * 2;
        image->data = must(mem_realloc(image->data, image->room));
    }
    if (size > image->size) {
        memset(image->data + image->size, 0, size - image->size);
    }
    image->size = size;
}

/* The first `size` bytes of a write, or all of a truncation. */
static void image_apply(struct image *image, const struct change *change, size_t size)
{
    size_t offset = (size_t)change->offset;

    if (change->size == 0) {
        image_resize(image, offset);
    } else if (size > 0) {
        if (offset + size > image->size) {
            image_resize(image, offset + size);
        }
        memcpy(image->data + offset, change->data, size);
    }
}

static void image_read(struct image *image, sqlite3_file *real)
{
    sqlite3_int64 size = 0;

    invariant(real->pMethods->xFileSize(real, &size) == SQLITE_OK);
    image_resize(image, (size_t)size);
    if (size > 0) {
        invariant(real->pMethods->xRead(real, image->data, (int)size, 0) == SQLITE_OK);
    }
}

static void note_change(struct node *node, const void *data, size_t size, sqlite3_int64 offset)
{
    struct change *change = must(mem_alloc(sizeof(*change) + size));

    change->next = NULL;
    change->offset = offset;
    change->size = size;
    change->is_forgotten = false;
    if (size > 0) {
        memcpy(change->data, data, size);
    }
    *node->changes_end = change;
    node->changes_end = &change->next;
}

static void drop_changes(struct node *node)
{
    while (node->changes != NULL) {
        struct change *first = node->changes;
        node->changes = first->next;
        mem_free(first);
    }
    node->changes_end = &node->changes;
}

/* --- names ------------------------------------------------------------------------------------- */

static struct node *find_node(const char *path)
{
    for (struct node *node = faults.nodes; node != NULL; node = node->next) {
        if (node->is_there && strcmp(node->path, path) == 0) {
            return node;
        }
    }
    return NULL;
}

static void free_node(struct node *node)
{
    drop_changes(node);
    mem_free(node->durable.data);
    mem_free(node->path);
    mem_free(node);
}

static void note_naming(struct node *node, bool is_there)
{
    struct naming *naming = must(mem_alloc(sizeof(*naming)));
    struct naming **end = &faults.namings;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    *naming = (struct naming){.node = node, .is_there = is_there};
    *end = naming;
    node->is_there = is_there;
}

/* Nodes without a name, on the disk or off it, and without a handle are gone. */
static void sync_folder(void)
{
    while (faults.namings != NULL) {
        struct naming *first = faults.namings;
        first->node->is_there_durably = first->is_there;
        faults.namings = first->next;
        mem_free(first);
    }
    for (struct node **at = &faults.nodes; *at != NULL;) {
        struct node *node = *at;
        if (!node->is_there && !node->is_there_durably && node->handles == 0) {
            *at = node->next;
            free_node(node);
        } else {
            at = &node->next;
        }
    }
}

static enum fault_file file_of(int flags)
{
    if ((flags & SQLITE_OPEN_WAL) != 0) {
        return FAULT_WAL;
    }
    return (flags & SQLITE_OPEN_MAIN_DB) != 0 ? FAULT_DATABASE : FAULT_JOURNAL;
}

static struct node *make_node(const char *path, int flags, bool is_new)
{
    struct node *node = must(mem_zalloc(sizeof(*node)));

    node->path = must(mem_strdup(path));
    node->file = file_of(flags);
    node->changes_end = &node->changes;
    node->next = faults.nodes;
    faults.nodes = node;
    if (is_new) {
        node->syncs_folder = node->file != FAULT_DATABASE;
        note_naming(node, true);
    } else {
        node->is_there = true;
        node->is_there_durably = true;
    }
    return node;
}

/* --- faults ------------------------------------------------------------------------------------ */

/* Count the call. Is it one that fails, and how? SQLITE_OK: it is not. */
static int strike(const struct node *node, enum fault_call call, bool *ret_is_short)
{
    const struct fault *fault = &faults.fault;

    faults.counts[call]++;
    if (!faults.is_armed || fault->call != call ||
        (fault->files != 0 && (fault->files & node->file) == 0)) {
        return SQLITE_OK;
    }
    faults.matching++;
    if (faults.matching != fault->nth && !(fault->is_for_ever && faults.matching > fault->nth)) {
        return SQLITE_OK;
    }
    faults.struck++;
    *ret_is_short = fault->is_short;
    return fault->code;
}

/* --- the methods of a file ----------------------------------------------------------------------- */

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)file; /* base is its first member */
}

static int file_close(sqlite3_file *file)
{
    struct handle *handle = handle_of(file);

    if (handle->node != NULL) {
        lock();
        handle->node->handles--;
        unlock();
    }
    return handle->real->pMethods->xClose(handle->real);
}

static int file_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    struct handle *handle = handle_of(file);
    int code = SQLITE_OK;
    bool is_short = false;

    if (handle->node != NULL) {
        lock();
        code = strike(handle->node, FAULT_READ, &is_short);
        unlock();
    }
    return code != SQLITE_OK ? code
                             : handle->real->pMethods->xRead(handle->real, data, size, offset);
}

static void tell_watch(enum fault_moment moment)
{
    if (faults.watch != NULL) {
        faults.watch(faults.watch_user, moment);
    }
}

static int write_through(struct handle *handle, const void *data, int size, sqlite3_int64 offset)
{
    int code = handle->real->pMethods->xWrite(handle->real, data, size, offset);

    if (code == SQLITE_OK && size > 0) {
        note_change(handle->node, data, (size_t)size, offset);
    }
    return code;
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    struct handle *handle = handle_of(file);
    bool is_short = false;
    int code;

    if (handle->node == NULL) {
        return handle->real->pMethods->xWrite(handle->real, data, size, offset);
    }
    lock();
    code = strike(handle->node, FAULT_WRITE, &is_short);
    if (code == SQLITE_OK) {
        code = write_through(handle, data, size, offset);
    } else if (is_short && write_through(handle, data, size / 2, offset) != SQLITE_OK) {
        code = SQLITE_IOERR; /* the disk below is broken in earnest */
    }
    unlock();
    tell_watch(FAULT_AFTER_WRITE);
    return code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct handle *handle = handle_of(file);
    bool is_short = false;
    int code = SQLITE_OK;

    lock();
    if (handle->node != NULL) {
        code = strike(handle->node, FAULT_TRUNCATE, &is_short);
    }
    if (code == SQLITE_OK) {
        code = handle->real->pMethods->xTruncate(handle->real, size);
        if (code == SQLITE_OK && handle->node != NULL) {
            note_change(handle->node, NULL, 0, size);
        }
    }
    unlock();
    tell_watch(FAULT_AFTER_WRITE);
    return code;
}

/* The kernel's: what was to be synced counts as written, though it is not. */
static void fail_sync(struct node *node)
{
    for (struct change *change = node->changes; change != NULL; change = change->next) {
        change->is_forgotten = true;
    }
}

static void make_durable(struct node *node)
{
    for (struct change *change = node->changes; change != NULL; change = change->next) {
        if (!change->is_forgotten) {
            image_apply(&node->durable, change, change->size);
        }
    }
    drop_changes(node);
    if (node->syncs_folder) {
        node->syncs_folder = false;
        sync_folder();
    }
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct handle *handle = handle_of(file);
    bool is_short = false;
    int code;

    (void)flags; /* a sync of the data alone would do: sizes that grow come with it */
    if (handle->node == NULL) {
        return SQLITE_OK; /* nobody misses a temporary file */
    }
    tell_watch(FAULT_BEFORE_SYNC);
    lock();
    code = strike(handle->node, FAULT_SYNC, &is_short);
    if (code == SQLITE_OK) {
        make_durable(handle->node);
    } else {
        fail_sync(handle->node);
    }
    unlock();
    tell_watch(FAULT_AFTER_SYNC);
    return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xFileSize(handle->real, ret);
}

static int file_lock(sqlite3_file *file, int level)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xLock(handle->real, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xUnlock(handle->real, level);
}

static int file_check_reserved_lock(sqlite3_file *file, int *ret)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xCheckReservedLock(handle->real, ret);
}

static int file_control(sqlite3_file *file, int what, void *argument)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xFileControl(handle->real, what, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xSectorSize(handle->real);
}

/* Writes that the file system makes atomic would pass us by. */
static int file_characteristics(sqlite3_file *file)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xDeviceCharacteristics(handle->real) &
           ~SQLITE_IOCAP_BATCH_ATOMIC;
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xShmMap(handle->real, region, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xShmLock(handle->real, offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    struct handle *handle = handle_of(file);

    handle->real->pMethods->xShmBarrier(handle->real);
}

static int file_shm_unmap(sqlite3_file *file, int is_deleting)
{
    struct handle *handle = handle_of(file);

    return handle->real->pMethods->xShmUnmap(handle->real, is_deleting);
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2, /* 3 would be memory-mapped I/O */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* --- the methods of the VFS ---------------------------------------------------------------------- */

/* Which node a file that was just opened is; it may be new to us, or new to the disk. */
static struct node *enter_node(const char *path, int flags, bool was_there, sqlite3_file *real)
{
    struct node *node = find_node(path);

    if (node == NULL) {
        node = make_node(path, flags, !was_there);
        image_read(&node->durable, real);
    }
    node->handles++;
    return node;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                    int *ret_flags)
{
    struct handle *handle = handle_of(file);
    int named = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    int was_there = 0;
    int code = SQLITE_OK;

    (void)vfs;
    *handle = (struct handle){.base = {NULL}};
    lock();
    if (path != NULL) {
        code = faults.below->xAccess(faults.below, path, SQLITE_ACCESS_EXISTS, &was_there);
    }
    if (code == SQLITE_OK) {
        code = faults.below->xOpen(faults.below, path, handle->real, flags, ret_flags);
    }
    if (code == SQLITE_OK) {
        handle->base.pMethods = &file_methods;
        if (path != NULL && (flags & named) != 0) {
            handle->node = enter_node(path, flags, was_there != 0, handle->real);
        }
    }
    unlock();
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int is_folder_synced)
{
    struct node *node;
    int code;

    (void)vfs;
    lock();
    code = faults.below->xDelete(faults.below, path, 0);
    node = find_node(path);
    if (code == SQLITE_OK && node != NULL) {
        note_naming(node, false);
        if (is_folder_synced) {
            sync_folder();
        }
    }
    unlock();
    return code;
}

void fault_vfs_install(void)
{
    if (faults.below != NULL) {
        return;
    }
    faults.below = sqlite3_vfs_find(NULL);
    invariant(faults.below != NULL);
    faults.vfs = *faults.below; /* what it does with files by their names is its own */
    faults.vfs.zName = "faults";
    faults.vfs.pNext = NULL;
    faults.vfs.szOsFile = (int)sizeof(struct handle) + faults.below->szOsFile;
    faults.vfs.xOpen = vfs_open;
    faults.vfs.xDelete = vfs_delete;
    invariant(sqlite3_vfs_register(&faults.vfs, 1) == SQLITE_OK);
}

const char *fault_vfs_plain(void)
{
    return faults.below->zName;
}

void fault_reset(void)
{
    lock();
    while (faults.namings != NULL) {
        struct naming *first = faults.namings;
        faults.namings = first->next;
        mem_free(first);
    }
    while (faults.nodes != NULL) {
        struct node *first = faults.nodes;
        invariant(first->handles == 0);
        faults.nodes = first->next;
        free_node(first);
    }
    faults.is_armed = false;
    faults.matching = faults.struck = 0;
    memset(faults.counts, 0, sizeof(faults.counts));
    faults.watch = NULL;
    unlock();
}

void fault_arm(const struct fault *fault)
{
    lock();
    faults.fault = *fault;
    faults.is_armed = true;
    faults.matching = faults.struck = 0;
    memset(faults.counts, 0, sizeof(faults.counts));
    unlock();
}

void fault_disarm(void)
{
    lock();
    faults.is_armed = false;
    unlock();
}

unsigned fault_struck(void)
{
    unsigned struck;

    lock();
    struck = faults.struck;
    unlock();
    return struck;
}

unsigned fault_count(enum fault_call call)
{
    unsigned count;

    lock();
    count = faults.counts[call];
    unlock();
    return count;
}

void fault_watch(fault_watch_fn watch, void *user)
{
    faults.watch = watch;
    faults.watch_user = user;
}

/* --- power cuts ---------------------------------------------------------------------------------- */

const char *fault_cut_name(enum fault_cut cut)
{
    static const char *const names[] = {"dropped", "torn", "reordered", "kept"};

    return names[cut];
}

/* How many bytes of the change are on the disk. Sectors are those of the file, not of the change. */
static size_t surviving(const struct change *change, enum fault_cut cut, struct random *random)
{
    size_t first = (size_t)change->offset / SECTOR;
    size_t last = ((size_t)change->offset + change->size - 1) / SECTOR;
    size_t sectors;
    size_t end;

    switch (cut) {
    case FAULT_CUT_DROPPED:
        return 0;
    case FAULT_CUT_KEPT:
        return change->size;
    case FAULT_CUT_REORDERED:
        return random_below(random, 2) * change->size;
    case FAULT_CUT_TORN:
        break;
    }
    sectors = random_below(random, last - first + 2);
    if (sectors == last - first + 1) {
        return change->size;
    }
    end = (first + sectors) * SECTOR;
    return sectors == 0 ? 0 : end - (size_t)change->offset;
}

static bool is_truncation_kept(enum fault_cut cut, struct random *random)
{
    return cut == FAULT_CUT_KEPT || (cut != FAULT_CUT_DROPPED && random_below(random, 2) == 1);
}

static void compose(const struct node *node, enum fault_cut cut, struct random *random,
                    struct image *ret)
{
    image_resize(ret, node->durable.size);
    if (node->durable.size > 0) {
        memcpy(ret->data, node->durable.data, node->durable.size);
    }
    for (const struct change *change = node->changes; change != NULL; change = change->next) {
        if (change->size > 0) {
            image_apply(ret, change, surviving(change, cut, random));
        } else if (is_truncation_kept(cut, random)) {
            image_apply(ret, change, 0);
        }
    }
}

static bool write_image(const char *folder, const char *path, const struct image *image)
{
    const char *slash = strrchr(path, '/');
    char name[512];
    FILE *file;
    bool is_written;

    (void)snprintf(name, sizeof(name), "%s/%s", folder, slash == NULL ? path : slash + 1);
    file = fopen(name, "wb");
    if (file == NULL) {
        return false;
    }
    is_written = image->size == 0 || fwrite(image->data, image->size, 1, file) == 1;
    return fclose(file) == 0 && is_written;
}

/* Names come and go in order on a file system with a journal: some of the newest are lost. */
static void choose_names(enum fault_cut cut, struct random *random)
{
    size_t count = 0;
    size_t kept;

    for (struct node *node = faults.nodes; node != NULL; node = node->next) {
        node->is_in_image = node->is_there_durably;
    }
    for (struct naming *naming = faults.namings; naming != NULL; naming = naming->next) {
        count++;
    }
    kept = cut == FAULT_CUT_DROPPED ? 0
           : cut == FAULT_CUT_KEPT  ? count
                                    : random_below(random, count + 1);
    for (struct naming *naming = faults.namings; kept > 0; naming = naming->next) {
        naming->node->is_in_image = naming->is_there;
        kept--;
    }
}

bool fault_image(const char *folder, enum fault_cut cut, uint64_t seed)
{
    struct random random = {.state = seed};
    bool is_written = true;

    lock();
    choose_names(cut, &random);
    for (struct node *node = faults.nodes; node != NULL && is_written; node = node->next) {
        struct image image = {.data = NULL};
        if (node->is_in_image) {
            compose(node, cut, &random, &image);
            is_written = write_image(folder, node->path, &image);
            mem_free(image.data);
        }
    }
    unlock();
    return is_written;
}
