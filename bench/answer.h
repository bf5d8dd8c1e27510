/*
 * An HTTP/1.1 answer as the prober accepts one: strict, with Content-Length. A transfer coding is
 * recognised and refused, since what is measured here sends its answers with a length.
 */
#ifndef GANTRY_BENCH_ANSWER_H
#define GANTRY_BENCH_ANSWER_H

#include <stdbool.h>

#include "base/str.h"

enum answer_state {
    ANSWER_PARTIAL, /* so far there is nothing wrong with it */
    ANSWER_WHOLE,
    ANSWER_MALFORMED,
    ANSWER_CODED, /* it has a Transfer-Encoding */
};

struct answer {
    struct str status; /* three digits */
    struct str body;
    size_t size;  /* of head and body */
    bool is_last; /* "Connection: close" */
};

/*
 * Read the answer that bytes begin with.
 * Return: *ret is filled for ANSWER_WHOLE only, and points into bytes.
 */
NODISCARD enum answer_state answer_parse(struct str bytes, bool is_head, struct answer *ret);

/*
 * The text of a string member of a problem, such as "code": {"code":"queue_full"}. It is searched,
 * not parsed: the prober reads what Gantry writes.
 * Return: at is NULL if there is none.
 */
struct str answer_member(struct str body, const char *name);

#endif
