/* In which form a client wants the rows of a streamed route. Private to handlers/sql/. */
#ifndef GANTRY_HANDLERS_SQL_MEDIA_H
#define GANTRY_HANDLERS_SQL_MEDIA_H

#include "server/request.h"
#include "storage/connection.h"

/*
 * Of JSON, NDJSON and CSV the one with the greatest weight in Accept (RFC 9110, 12.5.1), the first of
 * equal ones; JSON if none of them is there. Pure.
 */
enum query_media media_of(const struct request *request);

/* Lends the content type: "text/csv; charset=utf-8". */
const char *media_type(enum query_media media);

#endif
