/*
 * A shared object for LD_PRELOAD: counts the calls of fsync() and fdatasync() of every process that
 * loads it, and makes each take longer, as it does on a disk of the ordinary kind.
 *
 * GANTRY_SLOW_SYNC names a file of 16 bytes, which all of them map: the number of calls so far, then
 * the nanoseconds that each call sleeps before the real one. Whoever measures reads the one and sets the
 * other while they run. Without the variable, or a file it can map, the process ends: a figure that
 * nobody counted for is worse than none.
 *
 * What reaches the kernel without the C library is not seen; SQLite does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000

struct counter {
    _Atomic uint64_t calls;
    _Atomic uint64_t sleep_ns;
};

static struct counter *counter; /* set before main(), lives as long as the process */

static void die(const char *what)
{
    (void)fprintf(stderr, "slow_sync: GANTRY_SLOW_SYNC: %s\n", what);
    _exit(EXIT_FAILURE);
}

static struct counter *map_counter(void)
{
    const char *path = getenv("GANTRY_SLOW_SYNC");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *at;

    if (fd < 0) {
        die(path == NULL ? "is not set" : "no such file");
    }
    at = mmap(NULL, sizeof(struct counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        die("cannot be mapped");
    }
    (void)close(fd);
    return at;
}

__attribute__((constructor)) static void prepare(void)
{
    counter = map_counter();
}

/* Relaxed: a count and a setting, nothing is ordered by them. */
static void delay(void)
{
    uint64_t ns = atomic_load_explicit(&counter->sleep_ns, memory_order_relaxed);
    struct timespec rest = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};

    atomic_fetch_add_explicit(&counter->calls, 1, memory_order_relaxed);
    while (ns > 0 && nanosleep(&rest, &rest) != 0 && errno == EINTR) {
    }
}

int fsync(int fd)
{
    delay();
    return (int)syscall(SYS_fsync, fd); /* as the C library's, but for cancelling */
}

int fdatasync(int fd)
{
    delay();
    return (int)syscall(SYS_fdatasync, fd);
}
