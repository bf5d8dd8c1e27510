/*
 * /docs: a page that shows /openapi.json and lets people try it. Its files lie in the program, the
 * large ones compressed, and are sent from there; nothing is ever asked of another host.
 *
 * A client that says it does not take gzip gets 406 for those: nobody who runs JavaScript does. All
 * of it is INLINE: finding a name among ten, and no copy.
 */
#ifndef GANTRY_HANDLERS_DOCS_DOCS_H
#define GANTRY_HANDLERS_DOCS_DOCS_H

#include "server/handler.h"

/* Lend, for ever. */
const struct handler *docs_page_handler(void);  /* of /docs */
const struct handler *docs_slash_handler(void); /* of /docs/: to /docs */
const struct handler *docs_file_handler(void);  /* of a path with {file} */

#endif
