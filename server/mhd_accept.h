/*
 * Accepting connections, ourselves: libmicrohttpd has no listening socket and is handed each client.
 *
 * Happy path: the loop's epoll tells that somebody waits; a few are accepted in each turn.
 *
 * At the connection limit the socket is no longer looked at: new clients wait in the kernel's backlog
 * until a connection closes. Out of descriptors (or of the kernel's memory) likewise, for a moment or
 * until a connection closes; libmicrohttpd would try again without a pause. A server whose clients
 * must get through holds a few descriptors in reserve, and gives one up for each client that comes
 * while the process has no other.
 *
 * Private to server/. Loop-owned.
 */
#ifndef GANTRY_SERVER_MHD_ACCEPT_H
#define GANTRY_SERVER_MHD_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/role.h"

#define ACCEPT_RESERVE 8 /* an idle client keeps its descriptor: a few more may come */

struct loop;

struct acceptor {
    int listen_fd;  /* -1: no longer listening */
    bool is_armed;  /* does the epoll tell who waits? */
    int64_t due_ns; /* when to look whether it can be armed again; INT64_MAX: nothing to look for */
    int64_t warned_ns;      /* when a shortage was last met; 0: never */
    unsigned reserve_max;   /* 0, or ACCEPT_RESERVE */
    unsigned reserve_count; /* held now */
    int reserve[ACCEPT_RESERVE];
};

/*
 * Begin to listen; the epoll's events carry a pointer to the acceptor. To be called before the loop's
 * thread exists. Return: OK (listen_fd is the acceptor's), OS.
 */
NODISCARD enum status accept_open(struct loop *loop, int listen_fd, struct error *err);

/* Never listening, or after accept_stop, is fine. To be called when the thread is gone. */
void accept_close(struct loop *loop);

/* Somebody waits: accept a few. Return: may there be more? */
bool accept_clients(struct loop *loop) ON_LOOP;

/* At the end of a turn: if it is time, take back what the reserve lacks and listen again. */
void accept_look(struct loop *loop) ON_LOOP;

/* A connection is about to be closed. */
void accept_on_closed(struct loop *loop) ON_LOOP;

/* Whoever has connected by now is served: accept them, as far as the limits allow, and stop. */
void accept_stop(struct loop *loop) ON_LOOP;

#endif
