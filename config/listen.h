/* Where to listen: "127.0.0.1:8080", "[::1]:0". Numeric addresses only: nothing is looked up. */
#ifndef GANTRY_CONFIG_LISTEN_H
#define GANTRY_CONFIG_LISTEN_H

#include "config/reader.h"

/* Is it good? Reports what is wrong. */
bool config_listen_check(struct config_reader *r, const struct config_place *at, const char *text);

#endif
