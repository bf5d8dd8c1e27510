/*
 * What libmicrohttpd calls for each request. Private to server/.
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

#endif
