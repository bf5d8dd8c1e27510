/*
 * The files of /docs, which lie in the program. The table is made by the build: web/pack.cmake.
 * Private to handlers/docs/.
 */
#ifndef GANTRY_HANDLERS_DOCS_ASSET_H
#define GANTRY_HANDLERS_DOCS_ASSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct asset {
    const char *name; /* of /docs/NAME; "": of /docs itself */
    const char *content_type;
    const char *etag; /* with its quotes: of the bytes */
    struct str bytes;
    bool is_gzipped;
};

extern const struct asset assets[];
extern const size_t assets_count;

#endif
