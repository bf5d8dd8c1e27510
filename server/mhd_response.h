/* From our response to libmicrohttpd's. */
#ifndef GANTRY_SERVER_MHD_RESPONSE_H
#define GANTRY_SERVER_MHD_RESPONSE_H

#include "base/role.h"
#include "server/response.h"

struct MHD_Response;

/*
 * Takes the body of r, also on failure; adds its headers, the content type, X-Request-Id and what
 * every answer carries. Borrows r and request_id.
 * Context: any thread.
 * Return: a response to be given to mhd_response_destroy, or NULL if out of memory.
 */
struct MHD_Response *mhd_response_create(struct response *r, const char *request_id) ANY_THREAD;

/*
 * Add those headers to a response that was made otherwise. Takes response, also on failure; NULL is
 * fine. Return: response, or NULL if out of memory.
 */
struct MHD_Response *mhd_response_add_headers(struct MHD_Response *response,
                                              const struct response *r,
                                              const char *request_id) ANY_THREAD;

/* NULL is fine. A response that is queued lives on until it is sent. */
void mhd_response_destroy(struct MHD_Response *response) ANY_THREAD;

#endif
