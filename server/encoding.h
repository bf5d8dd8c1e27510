/*
 * Content codings (RFC 9110, 8.4): which one a client takes, and giving it to an answer.
 */
#ifndef GANTRY_SERVER_ENCODING_H
#define GANTRY_SERVER_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/role.h"
#include "server/request.h"
#include "server/response.h"

#define ENCODING_BYTES_MIN ((size_t)1024) /* of a body: smaller ones fit a packet as they are */

enum encoding { ENCODING_IDENTITY, ENCODING_GZIP, ENCODING_DEFLATE };

/*
 * The coding that the request's Accept-Encoding likes best; gzip before deflate before none where it
 * likes them equally. Without the header: none. Pure.
 */
enum encoding encoding_negotiate(const struct request *request) ANY_THREAD;

/* Lends "gzip", "deflate", or "identity". */
const char *encoding_name(enum encoding encoding) ANY_THREAD;

/* Is that a type of content which compresses: JSON, text, JavaScript, XML? Pure. NULL is not. */
bool encoding_is_worthwhile(const char *content_type) ANY_THREAD;

/*
 * Compress a whole answer if the client asks for it, if it is large and of a kind that compresses,
 * and if it has no Content-Encoding. Sets that, says "Vary: Accept-Encoding" also where another
 * client would have got another coding, and makes a strong ETag weak: it was that of other bytes.
 * Without memory, or when it does not become smaller, the answer stays as it is.
 */
void encoding_apply(const struct request *request, struct response *r) MAY_BLOCK;

/*
 * The same decision for an answer that leaves in pieces, before its head does: sets the headers as
 * above, whatever its size will be.
 * Return: how the pieces are to be encoded from now on (gzip.h); IDENTITY: not at all.
 */
enum encoding encoding_begin(const struct request *request, struct response *r) ANY_THREAD;

#endif
