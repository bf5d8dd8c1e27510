/*
 * A connected client, as far as libmicrohttpd leaves it to us: its descriptor, and how long it has
 * been in the phase it is in. Owned by one loop.
 *
 * libmicrohttpd's own timeout is one of inactivity, which a client that sends a byte now and then
 * never meets; these limits are absolute.
 *
 *     NEW --request line--> HEAD --head complete--> BODY --body complete--> ANSWER --> SEND --> IDLE
 *                            ^                                                                 |
 *                            +---------------------- request line -----------------------------+
 */
#ifndef GANTRY_SERVER_CLIENT_H
#define GANTRY_SERVER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

enum client_phase {
    CLIENT_NEW,    /* connected, no request line yet: limits.header_ms */
    CLIENT_HEAD,   /* a request line, the head not complete: limits.header_ms */
    CLIENT_BODY,   /* waiting for the rest of a body: limits.body_ms */
    CLIENT_IDLE,   /* between two requests: looked at each limits.header_ms */
    CLIENT_SEND,   /* being sent its answer: limits.send_ms */
    CLIENT_ANSWER, /* being worked for: its request has a deadline */
};

#define CLIENT_PHASES_LIMITED CLIENT_ANSWER

#define CLIENT_ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */

struct MHD_Connection;
struct exchange;
struct sockaddr;

struct client {
    int fd;                            /* libmicrohttpd's; never closed here */
    struct MHD_Connection *connection; /* for mhd_loop alone */
    struct exchange *exchange;         /* of the request under way, or NULL */
    char address[CLIENT_ADDRESS_SIZE]; /* as text, without its port */
    bool has_moved;                    /* in BODY: a piece of it has come since the last look */
    enum client_phase phase;
    int64_t since_ns;    /* when the phase began */
    uint64_t bytes_seen; /* at the last look: received, in IDLE; taken by it, in SEND of a stream */
    struct list phase_link;
    struct list all_link;
    struct list leaving_link; /* in the loop's list once it has closed its side */
};

/* Note where it comes from: "192.0.2.7", "2001:db8::7"; "" if the kernel did not say. */
void client_take_address(struct client *client, const struct sockaddr *address);

/*
 * The client took too long: send what can still be sent ("408 Request Timeout", where it has not
 * been answered anything yet) and hang up. libmicrohttpd notices and cleans up.
 */
void client_time_out(const struct client *client);

/*
 * Has the client closed its side, with nothing of it left to read? libmicrohttpd 0.9.75 can miss
 * that: it waits for edges, and when a request and the end of the stream arrive as one edge it reads
 * the request, takes the short read for "nothing more", and never hears of the end again.
 */
bool client_is_gone(const struct client *client);

/* Bytes received from it since it connected, as the kernel counts them; 0 if it does not tell. */
uint64_t client_bytes_received(const struct client *client);

/* Bytes that its kernel has taken from us since it connected; 0 if ours does not tell. */
uint64_t client_bytes_taken(const struct client *client);

/* Has it sent what has not been read from its socket? */
bool client_has_unread(const struct client *client);

/*
 * Send a bare "413 Content Too Large", or (there is no room for it now) a bare "503 Service
 * Unavailable", in the middle of a body, where libmicrohttpd cannot.
 */
void client_refuse_body(const struct client *client, bool has_no_room);

/* Hang up a client between two requests unless it has begun the next one. Return: did we? */
bool client_hang_up_if_idle(const struct client *client);

/* Hang up, whatever goes on. */
void client_hang_up(const struct client *client);

#endif
