/*
 * The mix of requests: what is asked for, how often, and what the answer must contain.
 *
 * One request is one line of words:
 *
 *     [WEIGHT] [METHOD] PATH [BODY] [=> EXPECTED]
 *
 *     /books/{id} => "id":{id},
 *     3 GET /sleep?ms={id}
 *     1 POST /notes {"text":"note {id}"} => {id}
 *
 * {id} stands for the request's own number, the same in all three places. The weight is 1 and the
 * method GET if nothing is said.
 */
#ifndef GANTRY_BENCH_MIX_H
#define GANTRY_BENCH_MIX_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct mix_item {
    uint64_t weight;
    char *line; /* the texts below point into it */
    struct str method;
    struct str path;
    struct str body;
    struct str expected; /* "": nothing is checked */
};

struct mix {
    struct mix_item *items;
    size_t count;
    uint64_t weights; /* of all together */
};

/* Add the request that line describes. Empty lines and those that begin with # are none. */
NODISCARD enum status mix_add(struct mix *m, const char *line, struct error *err);

/* Add each line of a file. */
NODISCARD enum status mix_add_file(struct mix *m, const char *path, struct error *err);

void mix_fini(struct mix *m);

/* Every item whose path or body has an {id} and which expects nothing expects this. Lends. */
void mix_expect(struct mix *m, const char *expected);

/* The item that a number below m->weights falls on. */
const struct mix_item *mix_pick(const struct mix *m, uint64_t number);

/* Append the request's bytes. wait_ms (0: none) becomes "Prefer: wait=". scratch is overwritten. */
void mix_put(const struct mix_item *item, uint64_t id, uint64_t wait_ms, const char *host,
             struct buf *scratch, struct buf *to);

/* Does the body of an answer contain what it must? scratch is overwritten. */
bool mix_is_expected(const struct mix_item *item, uint64_t id, struct str body,
                     struct buf *scratch);

#endif
