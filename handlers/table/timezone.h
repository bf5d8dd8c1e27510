/*
 * Which texts are time zones: names of the IANA database (2025) in any case, and offsets as
 * PostgreSQL takes them. Pure: no file is read, so an image needs no tzdata.
 */
#ifndef GANTRY_HANDLERS_TABLE_TIMEZONE_H
#define GANTRY_HANDLERS_TABLE_TIMEZONE_H

#include <stdbool.h>

#include "base/str.h"

/* "Europe/Berlin", "utc", "+05:30", "-8". */
bool timezone_is_known(struct str text);

#endif
