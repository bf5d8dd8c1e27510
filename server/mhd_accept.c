/*
 * libmicrohttpd facts relied upon (0.9.75): without a thread of its own, MHD_add_connection adds at
 * once, on the thread that calls; it closes the socket if it fails; the client's first callback is
 * called inside it. At its own connection limit it forgets to unlock a mutex, so that limit is out
 * of reach and the one that counts is ours. It takes every socket for one that may be corked, which
 * costs one system call with the second answer.
 */
#include "server/mhd_accept.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/mhd_loop.h"

#define BATCH_MAX         16 /* accepted in a turn; then the clients that are here have theirs */
#define BACKLOG_TURNS_MAX 1000
#define PAUSE_MS          100   /* between two tries while descriptors are short */
#define EPISODE_MS        10000 /* without a shortage, before the next one is worth a line again */

/* --- the reserve ------------------------------------------------------------------------------ */

/*
 * Descriptors that the reserves of this process lack. While there are any, loops without a reserve do
 * not accept, or they would take each descriptor that becomes free before it can be put by.
 */
static _Atomic unsigned reserve_lack;

static bool is_whole(const struct acceptor *a)
{
    return a->reserve_count == a->reserve_max;
}

/* An open file of its own (not a copy of another), since the system may run out of those as well. */
static void fill_reserve(struct acceptor *a)
{
    while (!is_whole(a)) {
        int fd = eventfd(0, EFD_CLOEXEC);
        if (fd < 0) {
            return; /* looked at again */
        }
        a->reserve[a->reserve_count++] = fd;
        atomic_fetch_sub_explicit(&reserve_lack, 1, memory_order_relaxed);
    }
}

static bool give_up_one(struct acceptor *a)
{
    if (a->reserve_count == 0) {
        return false;
    }
    atomic_fetch_add_explicit(&reserve_lack, 1, memory_order_relaxed);
    (void)close(a->reserve[--a->reserve_count]); /* nothing was written to it */
    return true;
}

static void begin_reserve(struct acceptor *a)
{
    a->reserve_max = ACCEPT_RESERVE;
    atomic_fetch_add_explicit(&reserve_lack, ACCEPT_RESERVE, memory_order_relaxed);
    fill_reserve(a);
}

static void end_reserve(struct acceptor *a)
{
    while (give_up_one(a)) {
    }
    atomic_fetch_sub_explicit(&reserve_lack, a->reserve_max, memory_order_relaxed);
    a->reserve_max = 0;
}

static bool has_to_leave_it(const struct acceptor *a)
{
    return a->reserve_max == 0 && atomic_load_explicit(&reserve_lack, memory_order_relaxed) > 0;
}

/* --- listening, or not ------------------------------------------------------------------------ */

static bool set_armed(struct loop *loop, bool is_armed) ON_LOOP
{
    struct acceptor *a = &loop->acceptor;
    struct epoll_event event = {.events = is_armed ? EPOLLIN : 0, .data.ptr = a};

    if (a->is_armed != is_armed &&
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, a->listen_fd, &event) == 0) {
        a->is_armed = is_armed;
    }
    return a->is_armed == is_armed;
}

static bool has_place(const struct loop *loop) ON_LOOP
{
    return atomic_load_explicit(&loop->counters.connections, memory_order_relaxed) <
           loop->conf.connections;
}

/* Once for as long as it lasts: a shortage is met again at every try. */
static void warn_of_shortage(struct loop *loop, int code, int64_t now_ns) ON_LOOP
{
    struct acceptor *a = &loop->acceptor;
    bool is_known = a->warned_ns != 0 && now_ns - a->warned_ns < EPISODE_MS * NS_PER_MS;
    bool is_count = code == EMFILE || code == ENFILE;

    a->warned_ns = now_ns;
    if (!is_known) {
        log_event(LOG_WARN,
                  a->reserve_max > 0 ? "only the reserve is left for new connections"
                                     : "new connections have to wait",
                  LOG_STR("error", strerror(code)),
                  LOG_STR("hint", is_count ? "raise the limit of open files (ulimit -n), or lower "
                                             "limits.connections"
                                           : "the system is short of memory for sockets"));
    }
}

static void pause_accepting(struct loop *loop, int code) ON_LOOP
{
    int64_t now_ns = clock_now_ns();

    warn_of_shortage(loop, code, now_ns);
    (void)set_armed(loop, false); /* if not, the epoll tells again and it is tried again */
    loop->acceptor.due_ns = now_ns + PAUSE_MS * NS_PER_MS;
}

/* --- accepting -------------------------------------------------------------------------------- */

/* Without a descriptor accept fails even if nobody waits. */
static bool is_awaited(const struct acceptor *a)
{
    struct pollfd p = {.fd = a->listen_fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

/* Return: a socket, or -1 with errno; EAGAIN: nobody waits. */
static int accept_one(struct loop *loop, struct sockaddr_storage *ret, socklen_t *ret_size) ON_LOOP
{
    struct acceptor *a = &loop->acceptor;

    for (;;) {
        int fd;
        int code;
        *ret_size = sizeof(*ret);
        fd = accept4(a->listen_fd, (struct sockaddr *)ret, ret_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0 || (errno != EMFILE && errno != ENFILE)) {
            return fd;
        }
        code = errno;
        if (!is_awaited(a)) {
            errno = EAGAIN;
            return -1;
        }
        if (!give_up_one(a)) {
            errno = code;
            return -1;
        }
        a->due_ns = 0; /* to take it back as soon as there is one */
        warn_of_shortage(loop, code, clock_now_ns());
    }
}

bool accept_clients(struct loop *loop)
{
    struct sockaddr_storage address;
    socklen_t size;

    if (has_to_leave_it(&loop->acceptor)) {
        pause_accepting(loop, EMFILE);
        return false;
    }
    for (unsigned i = 0; i < BATCH_MAX && has_place(loop); i++) {
        int fd = accept_one(loop, &address, &size);
        if (fd >= 0) {
            /* What it cannot take it closes and logs. */
            (void)MHD_add_connection(loop->daemon, fd, (struct sockaddr *)&address, size);
        } else if (errno == EAGAIN) {
            return false;
        } else if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO) {
            pause_accepting(loop, errno);
            return false;
        }
    }
    if (has_place(loop)) {
        return true;
    }
    (void)set_armed(loop, false); /* until a connection closes */
    return false;
}

void accept_look(struct loop *loop)
{
    struct acceptor *a = &loop->acceptor;
    bool is_done;

    if (a->due_ns == INT64_MAX || (a->due_ns > 0 && a->due_ns > clock_now_ns())) {
        return;
    }
    fill_reserve(a);
    is_done = is_whole(a);
    if (has_place(loop)) {
        is_done = set_armed(loop, true) && is_done;
    }
    a->due_ns = is_done ? INT64_MAX : clock_now_ns() + PAUSE_MS * NS_PER_MS;
}

void accept_on_closed(struct loop *loop)
{
    struct acceptor *a = &loop->acceptor;

    if (a->listen_fd >= 0 && (!a->is_armed || !is_whole(a))) {
        a->due_ns = 0;
    }
}

void accept_stop(struct loop *loop)
{
    struct acceptor *a = &loop->acceptor;

    for (unsigned i = 0; i < BACKLOG_TURNS_MAX && accept_clients(loop); i++) {
        /* who is beyond a limit will see a reset */
    }
    (void)close(a->listen_fd); /* nothing was written to it */
    a->listen_fd = -1;
    a->is_armed = false;
    a->due_ns = INT64_MAX;
}

/* --- life ------------------------------------------------------------------------------------- */

enum status accept_open(struct loop *loop, int listen_fd, struct error *err)
    TSA(no_thread_safety_analysis)
{
    struct acceptor *a = &loop->acceptor;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = a};

    if (loop->conf.has_reserve) {
        begin_reserve(a);
    }
    if (!is_whole(a)) {
        return error_set(err, STATUS_OS, "cannot hold %d descriptors in reserve: %s",
                         ACCEPT_RESERVE, strerror(errno));
    }
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) != 0) {
        return error_set(err, STATUS_OS, "cannot set up an epoll: %s", strerror(errno));
    }
    a->listen_fd = listen_fd;
    a->is_armed = true;
    a->due_ns = INT64_MAX;
    return STATUS_OK;
}

void accept_close(struct loop *loop) TSA(no_thread_safety_analysis)
{
    struct acceptor *a = &loop->acceptor;

    if (a->listen_fd >= 0) {
        (void)close(a->listen_fd); /* nothing was written to it */
    }
    end_reserve(a);
}
