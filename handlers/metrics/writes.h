/* The figures of a database's writes, as Prometheus' text. */
#ifndef GANTRY_HANDLERS_METRICS_WRITES_H
#define GANTRY_HANDLERS_METRICS_WRITES_H

#include "base/role.h"
#include "handlers/metrics/exposition.h"

struct database;

void writes_put(struct exposition *to, struct database *db) ANY_THREAD;

#endif
