/*
 * What the kernel says about this process, without a disk, a directory to walk or a descriptor to
 * open: both files are of /proc and stay open, so the figures are there when descriptors have run
 * out, and a loop may ask.
 */
#ifndef GANTRY_HANDLERS_METRICS_PROCESS_H
#define GANTRY_HANDLERS_METRICS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/role.h"

struct process {
    /* Private */
    int stat_fd; /* /proc/self/stat, or -1 */
    int fds_fd;  /* /proc/self/fd, or -1 */
    uint64_t started_ns;
};

struct process_figures {
    uint64_t cpu_ns;     /* as itself and in the kernel, all threads */
    uint64_t started_ns; /* since 1970 */
    bool has_stat;       /* are the next three known? */
    uint64_t threads;
    uint64_t virtual_bytes;
    uint64_t resident_bytes;
    uint64_t max_fds;  /* 0: there is no limit */
    uint64_t open_fds; /* 0: the kernel (before Linux 6.2) does not tell */
};

/* What cannot be opened will not be known. It counts as started now. */
void process_open(struct process *p) MAY_BLOCK;
void process_close(struct process *p);

void process_read(const struct process *p, struct process_figures *ret) ANY_THREAD;

#endif
