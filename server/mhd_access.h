/*
 * What libmicrohttpd calls, and what happens to an exchange on the loop. Private to server/.
 */
#ifndef GANTRY_SERVER_MHD_ACCESS_H
#define GANTRY_SERVER_MHD_ACCESS_H

#include <microhttpd.h>

#include "server/mhd_loop.h"

/* Callbacks; cls is the loop. */
void *access_on_request_line(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result access_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload_data,
                                  size_t *upload_data_size, void **con_cls);
void access_on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code);

/* The client's connection is gone; of a request that libmicrohttpd forgot, it says nothing else. */
void access_on_closed(struct loop *loop, struct client *client) ON_LOOP;

/* A task has come home: answer with it, or drop it if somebody else has answered. */
void access_complete(struct loop *loop, struct exchange *ex) ON_LOOP;

/* Why an exchange in flight is ended before its work is done. */
enum access_end { ACCESS_DEADLINE, ACCESS_CLIENT_GONE, ACCESS_DRAINED };

/* End it: queued work will never run, running work is told, the client is answered at once. */
void access_end(struct loop *loop, struct exchange *ex, enum access_end why) ON_LOOP;

#endif
