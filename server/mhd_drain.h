/*
 * The end of a loop: stop listening, answer what has been accepted, hang up the rest. Private to
 * server/.
 */
#ifndef GANTRY_SERVER_MHD_DRAIN_H
#define GANTRY_SERVER_MHD_DRAIN_H

#include "server/mhd_loop.h"

/* Turn the loop until nobody is left, or shortly after loop->drain_until_ns. */
void drain_run(struct loop *loop) ON_LOOP;

#endif
