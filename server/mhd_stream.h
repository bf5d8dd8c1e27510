/*
 * An answer that leaves in pieces, as far as it is libmicrohttpd's affair and the loop's: sending the
 * head, giving the pieces, waiting without waiting, and the end, good or bad. Private to server/.
 *
 * libmicrohttpd facts relied upon (0.9.75): it asks the content reader for the next chunk as soon as
 * it has written the one before to the socket, of at most what is left of the connection's memory
 * (32 KiB), one chunk a turn; a reader that returns 0 has to have suspended the connection; when it
 * returns an error the connection is closed without the last chunk, so every client sees that
 * something is missing. All that is HTTP/1.1: an older client could not tell.
 */
#ifndef GANTRY_SERVER_MHD_STREAM_H
#define GANTRY_SERVER_MHD_STREAM_H

#include "server/mhd_loop.h"

struct MHD_Response;

/*
 * libmicrohttpd's form of an answer whose head is in r and whose body comes through ex->call.stream.
 * Return: to be given to mhd_response_destroy; NULL: out of memory.
 */
struct MHD_Response *mhd_stream_response(struct exchange *ex, struct response *r) ANY_THREAD;

/* The worker has put something into the pipe: the first time that opens the stream. */
void stream_on_news(struct loop *loop, struct exchange *ex) ON_LOOP;

/* A piece of what was spooled has come back. */
void stream_on_refilled(struct loop *loop, struct exchange *ex) ON_LOOP;

/* The task of a STREAMING exchange has come home. */
void stream_on_worked(struct loop *loop, struct exchange *ex) ON_LOOP;

/*
 * Break a STREAMING exchange off: it is DONE, its worker is told, its client sees that the answer is
 * not whole.
 */
void stream_cut(struct loop *loop, struct exchange *ex, enum server_cut why) ON_LOOP;

#endif
