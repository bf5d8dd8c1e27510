/* One request of a SQL route, from its parameters to its answer. Private to handlers/sql/. */
#ifndef GANTRY_HANDLERS_SQL_WORK_H
#define GANTRY_HANDLERS_SQL_WORK_H

#include "server/handler.h"

/* A handler_work_fn, for a handler that is a struct sql_route's. */
void sql_work(const struct handler *handler, struct call *call, struct worker *worker);

#endif
