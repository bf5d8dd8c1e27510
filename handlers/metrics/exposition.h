/*
 * Writing Prometheus' text format, version 0.0.4, by appending to a buffer.
 *
 *     exposition_family(&e, "gantry_pool_queue_depth", EXPOSITION_GAUGE, "Requests that wait.");
 *     exposition_u64(&e, labels, 1, 12);
 *
 *     # HELP gantry_pool_queue_depth Requests that wait.
 *     # TYPE gantry_pool_queue_depth gauge
 *     gantry_pool_queue_depth{pool="read"} 12
 *
 * Whatever a label's value holds, a reader gets it back: it is escaped, except for what the format
 * cannot say (ill-formed UTF-8, NUL), which becomes U+FFFD. Durations are nanoseconds here and exact
 * decimal seconds there.
 */
#ifndef GANTRY_HANDLERS_METRICS_EXPOSITION_H
#define GANTRY_HANDLERS_METRICS_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/histogram.h"
#include "base/str.h"

struct exposition {
    struct buf *to;     /* lent by the caller, who asks it at the end whether all fitted */
    const char *family; /* Private: the one being written */
};

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

struct exposition_label {
    const char *name; /* a legal name */
    struct str value;
};

/*
 * Begin a family; its samples follow, before the next one begins. name and help are static; help
 * holds no backslash and no line feed.
 */
void exposition_family(struct exposition *e, const char *name, enum exposition_type type,
                       const char *help);

/* One sample of the family, with n labels. */
void exposition_u64(struct exposition *e, const struct exposition_label *labels, size_t n,
                    uint64_t value);
void exposition_seconds(struct exposition *e, const struct exposition_label *labels, size_t n,
                        uint64_t ns);

/* A histogram's samples: _bucket for each bound and +Inf, _sum, _count. */
void exposition_histogram(struct exposition *e, const struct exposition_label *labels, size_t n,
                          const struct histogram *h);

#endif
