/*
 * The head of a request, copied out of libmicrohttpd's memory. Private to server/.
 */
#ifndef GANTRY_SERVER_MHD_HEAD_H
#define GANTRY_SERVER_MHD_HEAD_H

#include "server/mhd_loop.h"

/*
 * Fill the request of ex with method, version and headers, look at how they lie there (mhd_layout),
 * and give it an id: the client's, if it is sane.
 * Return: false with the problem in the call.
 */
bool head_copy(struct loop *loop, struct exchange *ex, const char *method,
               const char *version) ON_LOOP;

#endif
