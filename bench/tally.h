/*
 * What the prober has seen, and the JSON it is told in.
 *
 * Only requests that were due within the measured window (after the warm-up, before the end) are
 * counted. What must never happen (a wrong body, bytes nobody asked for) counts whenever it does.
 */
#ifndef GANTRY_BENCH_TALLY_H
#define GANTRY_BENCH_TALLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/status.h"
#include "bench/hdr.h"

#define TALLY_NAME_MAX   31
#define TALLY_SERIES_MAX 32

/*  name         what happened to a request */
#define FAILURE_LIST(X)                                                                            \
    X(REFUSED, "refused")         /* nobody listens */                                             \
    X(CONNECT, "connect")         /* another error while connecting */                             \
    X(RESET, "reset")             /* RST before the answer was whole */                            \
    X(CLOSED, "closed")           /* FIN before the first byte of the answer */                    \
    X(TRUNCATED, "truncated")     /* FIN in the middle of it */                                    \
    X(MALFORMED, "malformed")     /* not an answer */                                              \
    X(CODED, "coded")             /* an answer with a transfer coding */                           \
    X(UNSOLICITED, "unsolicited") /* bytes that no request was waiting for */

enum failure {
#define FAILURE_ENUM(name, text) FAILURE_##name,
    FAILURE_LIST(FAILURE_ENUM)
#undef FAILURE_ENUM
        FAILURE_COUNT
};

/* Durations by name: by status, by the "code" of a problem, by its "phase". */
struct series {
    char name[TALLY_NAME_MAX + 1];
    struct hdr *latency;
};

struct series_set {
    struct series at[TALLY_SERIES_MAX]; /* what comes later is counted with the last */
    size_t count;
};

struct tally {
    int64_t from_ns; /* Set by the caller: the measured window */
    int64_t until_ns;
    int64_t start_ns; /* Set by the caller: of the time line, which begins with the warm-up */

    uint64_t due;
    uint64_t sent;
    uint64_t completed;
    uint64_t abandoned;
    uint64_t failed;
    uint64_t unsent;     /* still in line when the time was over */
    uint64_t unanswered; /* still without an answer then */
    uint64_t good;       /* 2xx that arrived within the window */
    uint64_t mismatched;
    uint64_t failures[FAILURE_COUNT];
    uint64_t deadlines; /* answers to requests that had one */
    uint64_t late;
    uint64_t phaseless; /* 503 and 504 that do not say in which phase */

    struct hdr behind;  /* from due to sent */
    struct hdr latency; /* from due to answered, of all */
    struct hdr lateness;
    struct series_set statuses;
    struct series_set codes;
    struct series_set phases;

    bool has_timeline; /* Set by the caller */
    uint64_t second;
    uint64_t second_counts[4]; /* good, refused, other, failed */
    struct hdr second_latency; /* of the good */
    struct buf timeline;       /* JSON objects */
};

struct tally_answer {
    int64_t due_ns;
    int64_t at_ns;
    int64_t deadline_ns; /* 0: none */
    bool is_counted;
    bool is_expected; /* false: the body is not what was asked for */
    struct str status;
    struct str body;
};

/* The struct is large: not for the stack. */
void tally_init(struct tally *t);
void tally_fini(struct tally *t);

/* Return: OK, NOMEM. */
NODISCARD enum status tally_add(struct tally *t, const struct tally_answer *answer);

void tally_fail(struct tally *t, enum failure failure, bool is_counted);

/* Time has come to now: end the seconds of the time line that are over. */
void tally_tick(struct tally *t, int64_t now_ns);

/* Append the members of a JSON object, without its braces. */
void tally_put(struct tally *t, struct buf *to);

#endif
