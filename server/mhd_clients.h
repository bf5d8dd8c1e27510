/*
 * The clients of a loop: who comes, who leaves, who takes too long. Private to server/.
 */
#ifndef GANTRY_SERVER_MHD_CLIENTS_H
#define GANTRY_SERVER_MHD_CLIENTS_H

#include <microhttpd.h>

#include "server/mhd_loop.h"

/* libmicrohttpd's callback; cls is the loop. */
void clients_on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                           enum MHD_ConnectionNotificationCode code);

/* A client has closed its side: whatever runs for it has nobody to answer. */
void clients_begin_leaving(struct loop *loop, struct client *client) ON_LOOP;

/*
 * Hang up who has left, once libmicrohttpd has read what they had sent before and answered what it
 * could; it does not always notice by itself (client_is_gone).
 */
void clients_see_off(struct loop *loop) ON_LOOP;

/* Look at those who have been in their phase for as long as they may, and hang them up. */
void clients_look_at_late(struct loop *loop, int64_t now_ns) ON_LOOP;

/*
 * While libmicrohttpd asks to be run again and again, a client may be stuck: its buffer is full of a
 * chunk's line without end, which is read anew each time. Each second, hang up those of whose body
 * nothing has come since the last look, though there is more of it than is read (or though nothing
 * at all goes on here).
 */
void clients_drop_stuck(struct loop *loop) ON_LOOP;

#endif
