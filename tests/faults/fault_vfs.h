/*
 * A SQLite VFS that breaks on purpose, for the tests of storage/: it lies over the default one and
 * knows each database file, its WAL and its journal.
 *
 *     fault_vfs_install();            the default VFS from now on
 *     database_open, connection_open  the real code, on it
 *     fault_arm(&fault)               the n-th write, sync, ... fails
 *     fault_image(folder, cut, seed)  what a power cut at this moment would leave behind
 *
 * Of each file it keeps what is durable (its content at the last successful sync) and the writes since
 * then, in order. A power cut keeps the first and some of the second, as `cut` says. That a file was made
 * or removed is durable once the directory was synced: at the first sync of a new WAL or journal, as
 * SQLite's own VFS does it, and when SQLite removes a file and asks for it. What is in a file when it is
 * first opened counts as durable.
 *
 * A sync that fails takes the writes it was for with it: the kernel forgets that those pages were never
 * written, so that the next sync says OK and brings nothing back. The real files get every write, so they
 * are what a process that is killed leaves behind; they are never really synced, which is why this is fast.
 *
 * The -shm file is memory, and passed through; so are temporary files.
 *
 * Threads: any; one mutex guards all of it. The watch is called without it.
 */
#ifndef GANTRY_TESTS_FAULTS_FAULT_VFS_H
#define GANTRY_TESTS_FAULTS_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_call { FAULT_READ, FAULT_WRITE, FAULT_SYNC, FAULT_TRUNCATE };
#define FAULT_CALLS 4

enum fault_file { FAULT_DATABASE = 1, FAULT_WAL = 2, FAULT_JOURNAL = 4 };
#define FAULT_ANY_FILE 7u

struct fault {
    enum fault_call call;
    unsigned files;   /* enum fault_file, added up; 0: any */
    unsigned nth;     /* of those calls, counted from here on: 1 is the next one */
    bool is_for_ever; /* and all after it */
    bool is_short;    /* of a write: half of it is written before it fails */
    int code;         /* SQLITE_IOERR_WRITE, SQLITE_FULL, ... */
};

/* Once, after database_library_init and before the first file is opened. */
void fault_vfs_install(void);

/* The name of the VFS below, for who wants to look at an image. Lends. */
const char *fault_vfs_plain(void);

/* Forget every file, fault and count. All files must have been closed. */
void fault_reset(void);

/* One fault at a time: the newest. Copies. Counting starts anew. */
void fault_arm(const struct fault *fault);
void fault_disarm(void);

/* Since the last fault_arm or fault_reset: how often it struck; how many calls of a kind there were. */
unsigned fault_struck(void);
unsigned fault_count(enum fault_call call);

enum fault_moment { FAULT_BEFORE_SYNC, FAULT_AFTER_SYNC, FAULT_AFTER_WRITE };
typedef void (*fault_watch_fn)(void *user, enum fault_moment moment);

/* Call watch around each sync and after each write or truncation, from inside SQLite: it must not use
 * that connection. NULL: no more. */
void fault_watch(fault_watch_fn watch, void *user);

/* What became of the writes since the last sync */
enum fault_cut {
    FAULT_CUT_DROPPED,   /* none is there */
    FAULT_CUT_TORN,      /* of each, as many of its first 512-byte sectors as chance wants */
    FAULT_CUT_REORDERED, /* some are there, some are not */
    FAULT_CUT_KEPT,      /* all are there: a kill, not a power cut */
};
#define FAULT_CUTS 4

const char *fault_cut_name(enum fault_cut cut);

/*
 * Make the files anew in folder, as a power cut now would leave them. The same seed makes the same choices.
 * Return: whether they could be written.
 */
bool fault_image(const char *folder, enum fault_cut cut, uint64_t seed);

#endif
