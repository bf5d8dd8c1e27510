/*
 * The flight of a request: from its submission to a pool, through its completion or its early end,
 * to the answer. Private to server/.
 *
 * libmicrohttpd asks again for the answer of a connection each time it is run, until the connection
 * is suspended. Suspending and resuming costs three system calls, and a request that has waited
 * for an answer costs a function call each turn. So a connection in flight lingers, as it is, for a
 * millisecond, which is all that most of them need, and is suspended when it is found to take longer.
 */
#ifndef GANTRY_SERVER_MHD_FLIGHT_H
#define GANTRY_SERVER_MHD_FLIGHT_H

#include <microhttpd.h>

#include "server/mhd_loop.h"

/*
 * Submit the work of a READY exchange to its route's executor, or answer at once that there is no
 * place for it. Return: for libmicrohttpd.
 */
enum MHD_Result flight_begin(struct loop *loop, struct exchange *ex) ON_LOOP;

/* libmicrohttpd asks for the answer of an exchange that is in flight. Return: for it. */
enum MHD_Result flight_visit(struct loop *loop, struct exchange *ex) ON_LOOP;

/* libmicrohttpd has closed a lingering connection: its work is not wanted any more. */
void flight_abandon(struct loop *loop, struct exchange *ex) ON_LOOP;

/* Have the tasks taken up that were submitted since the last time. */
void flight_kick(struct loop *loop) ON_LOOP;

/* It has been answered: out of those in flight, and libmicrohttpd is to ask for the answer. */
void flight_land(struct loop *loop, struct exchange *ex) ON_LOOP;

/* The task has come home: answer with it, or drop it if somebody else has answered. */
void flight_complete(struct loop *loop, struct exchange *ex) ON_LOOP;

/* Why an exchange in flight is ended before its work is done. */
enum flight_end { FLIGHT_DEADLINE, FLIGHT_CLIENT_GONE, FLIGHT_DRAINED };

/*
 * End it: queued work will never run, running work is told, the client is answered at once. Only work
 * that is running at its deadline may answer itself, if it does so within 20 ms: it knows what it was
 * waiting for. Harmless for an exchange that is not in flight, or whose task is on its way home.
 */
void flight_end(struct loop *loop, struct exchange *ex, enum flight_end why) ON_LOOP;

#endif
