#include "base/processors.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define BETWEEN_LOOKS_NS (NS_PER_S / 10)
#define LATE_NS          NS_PER_S
#define BUSY_SHARE       5 /* one in so many idle is the bound */

static _Atomic enum processors_state state_for_tests;

void processors_set_for_tests(enum processors_state state)
{
    atomic_store_explicit(&state_for_tests, state, memory_order_relaxed);
}

bool processors_parse(const char *text, struct processors_time *ret)
{
    uint64_t user;
    uint64_t nice;
    uint64_t system;
    uint64_t idle;
    uint64_t iowait;
    uint64_t irq;
    uint64_t softirq;
    uint64_t steal;

    /* proc(5); "cpu0 ..." is another line, and what follows these eight are parts of user and nice. */
    if (strncmp(text, "cpu ", 4) != 0 ||
        sscanf(text + 4,
               "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64,
               &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 8) {
        return false;
    }
    ret->idle = idle + iowait;
    ret->all = user + nice + system + irq + softirq + steal + ret->idle;
    return true;
}

static bool look(struct processors_time *ret)
{
    char text[256];
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    ssize_t size;

    if (fd < 0) {
        return false;
    }
    size = read(fd, text, sizeof(text) - 1);
    (void)close(fd); /* nothing was written to it */
    if (size <= 0) {
        return false;
    }
    text[size] = '\0';
    return processors_parse(text, ret);
}

bool processors_are_busy(struct processors *p, int64_t now_ns)
{
    enum processors_state state = atomic_load_explicit(&state_for_tests, memory_order_relaxed);
    bool is_late = p->looked_ns == 0 || now_ns - p->looked_ns >= LATE_NS;
    struct processors_time now;

    if (state != PROCESSORS_AS_THEY_ARE) {
        return state == PROCESSORS_BUSY;
    }
    if (!is_late && now_ns - p->looked_ns < BETWEEN_LOOKS_NS) {
        return p->are_busy;
    }
    p->looked_ns = now_ns;
    if (!look(&now)) {
        p->are_busy = false;
        return false;
    }
    /* Idle time may step back by a tick (proc(5)): then none has passed. */
    p->are_busy = !is_late && now.all > p->before.all &&
                  (now.idle <= p->before.idle ||
                   BUSY_SHARE * (now.idle - p->before.idle) < now.all - p->before.all);
    p->before = now;
    return p->are_busy;
}
