#include "handlers/metrics/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define STAT_SIZE 1024

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t); /* cannot fail with these */
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void process_open(struct process *p)
{
    p->stat_fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    p->fds_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    p->started_ns = read_clock(CLOCK_REALTIME);
}

void process_close(struct process *p)
{
    if (p->stat_fd >= 0) {
        (void)close(p->stat_fd); /* only read */
    }
    if (p->fds_fd >= 0) {
        (void)close(p->fds_fd); /* only read */
    }
}

/*
 * Fields 20 (threads), 23 (bytes) and 24 (pages) of proc(5)'s stat. Its second is the name of the
 * program, which may hold anything, so counting begins behind the last ")".
 */
static bool read_stat(const struct process *p, struct process_figures *ret)
{
    char text[STAT_SIZE];
    ssize_t n = p->stat_fd < 0 ? -1 : pread(p->stat_fd, text, sizeof(text) - 1, 0);
    uint64_t pages;
    const char *rest;

    if (n <= 0) {
        return false;
    }
    text[n] = '\0';
    rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest,
                               ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                               "%*d %" SCNu64 " %*d %*u %" SCNu64 " %" SCNu64,
                               &ret->threads, &ret->virtual_bytes, &pages) != 3) {
        return false;
    }
    ret->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

/* Since Linux 6.2 the directory's size is the number of descriptors. */
static uint64_t count_fds(const struct process *p)
{
    struct stat st;

    return p->fds_fd >= 0 && fstat(p->fds_fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void process_read(const struct process *p, struct process_figures *ret)
{
    struct rlimit limit;

    *ret = (struct process_figures){
        .cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID),
        .started_ns = p->started_ns,
        .open_fds = count_fds(p),
    };
    ret->has_stat = read_stat(p, ret);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        ret->max_fds = limit.rlim_cur;
    }
}
