/*
 * Lists whose elements carry weights: Accept, Accept-Encoding (RFC 9110, 12.4.2). Pure.
 *
 *     text/csv;header=present;q=0.5, application/json
 */
#ifndef GANTRY_SERVER_WEIGHTED_H
#define GANTRY_SERVER_WEIGHTED_H

#include <stdbool.h>

#include "base/str.h"

struct weighted {
    struct str value;  /* what stands before the first ";", trimmed */
    struct str params; /* what stands behind it, q and all; perhaps empty */
    unsigned weight; /* q in thousandths: 0 ("not that") to 1000. A q that cannot be read is 1000 */
};

/*
 * Take the next element off rest. Empty ones are skipped; commas in quoted strings do not count.
 * Return: false when rest is exhausted.
 */
bool weighted_next(struct str *rest, struct weighted *ret);

/*
 * Take the next "name=value" off params, which are separated by ";". A quoted value keeps its quotes.
 * Return: false when there are none left.
 */
bool weighted_next_param(struct str *params, struct str *ret_name, struct str *ret_value);

#endif
