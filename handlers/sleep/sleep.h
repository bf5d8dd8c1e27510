/*
 * A route that blocks its thread for ?ms= milliseconds: the load tester's friend, and the shortest
 * example of a BLOCKING handler. It can be cancelled, and its deadline ends it.
 */
#ifndef GANTRY_HANDLERS_SLEEP_SLEEP_H
#define GANTRY_HANDLERS_SLEEP_SLEEP_H

#include "server/handler.h"

/* The one and only. Static. */
const struct handler *sleep_handler(void);

#endif
