/*
 * One request with the response being built for it: all that a handler gets to see.
 *
 * A call belongs to one thread at a time: the loop until it is dispatched, then the worker until
 * its handler returns. Memory from call->arena lives until the response has been sent.
 */
#ifndef GANTRY_SERVER_CALL_H
#define GANTRY_SERVER_CALL_H

#include "base/arena.h"
#include "base/error.h"
#include "pool/cancel.h"
#include "server/problem.h"
#include "server/request.h"
#include "server/response.h"

struct call;
struct stream;

/* What is behind call_flush(). */
typedef enum status (*call_flush_fn)(struct call *call, struct error *err);

struct call {
    struct request request;
    struct response response;
    struct arena arena;
    struct cancel *cancel; /* lent: the deadline, and whether anybody still wants the answer */

    /* Private */
    call_flush_fn flush;   /* NULL: the answer cannot leave in pieces */
    struct stream *stream; /* NULL: nothing has left yet */
    bool is_sent;          /* status and headers have left, or are about to */
};

/*
 * Answer with a status and a body of that type, which the handler then appends to the buffer
 * returned. Lends: call->response.body. content_type is static.
 */
struct buf *call_answer(struct call *call, unsigned http_status, const char *content_type);

/* Answer 200 with bytes that stay for the life of the process, such as a file in the program. */
void call_answer_lent(struct call *call, const char *content_type, struct str bytes);

/* Answer with a status alone. */
void call_answer_empty(struct call *call, unsigned http_status);

/* Answer with a problem. hint may be NULL. */
void call_fail(struct call *call, enum problem_kind kind, const char *hint, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Answer with a problem that has words of its own. They are borrowed. */
void call_fail_with(struct call *call, const struct problem_words *words);

#define DEADLINE_HINT                                                                              \
    "allow more by Prefer: wait if it was sent, by the route's or limits.deadline_ms"

/* Answer with what a lower layer reported. */
void call_fail_error(struct call *call, const struct error *err);

/* What a client may do about it: the error's own hint, or what a limit is called in the
 * configuration. Lends: as long as err lives. NULL or "": nothing. */
const char *call_error_hint(const struct error *err);

/*
 * May this call's answer leave in pieces? Not for HTTP/1.0, whose clients could not tell a broken
 * answer from a whole one: then build it whole, within response_max.
 */
static inline bool call_can_stream(const struct call *call)
{
    return call->flush != NULL;
}

/* How much a handler gathers before it calls call_flush again. Between two pieces a worker gives way. */
#define CALL_PIECE_SIZE ((size_t)16 * 1024)

/*
 * Send what call->response.body holds so far; it is empty afterwards. From the first call on, status
 * and headers are fixed and leave. Waits while the client reads slowly, and bounds how long it does.
 *
 * The first call replaces the deadline by limits.snapshot_ms from now. What the handler leaves in the
 * body when it returns is sent as well, and then the answer ends well; but if it has called call_fail
 * meanwhile, or a flush has failed, it is cut: its client sees that it is not whole.
 *
 * A handler that streams should not be is_short: those it shares a batch with would wait.
 *
 * Context: worker; only if call_can_stream.
 * Return: OK; CANCELLED (the client is gone, an operator, the drain's end; for HEAD always, since it
 * is answered with the headers alone, and closed), DEADLINE (snapshot_ms), FULL (the client reads too slowly and
 * what is left cannot be spooled), IO (nor written), NOMEM, TOO_BIG.
 */
enum status call_flush(struct call *call, struct error *err) ON_WORKER MAY_BLOCK;

/*
 * Parameter problems, all of them together. The first makes the answer a 400; every further one
 * joins its "errors". in is "path", "query" or "body".
 */
struct call_problems {
    struct buf errors; /* Private: empty, or a JSON array */
    unsigned count;
};

void call_problems_init(struct call_problems *p);
void call_problem(struct call_problems *p, struct str name, const char *in, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Answer 400 if there are any, and free them. Return: were there any? */
bool call_fail_problems(struct call *call, struct call_problems *p);

/*
 * Read the query string against the names that are known: values[i] receives the decoded value
 * of names[i], or at == NULL if it is not there. Unknown names (with the nearest known one),
 * names given twice and what does not decode become problems.
 * Return: OK (look at p), NOMEM.
 */
NODISCARD enum status call_query(struct call *call, const char *const *names, struct str *values,
                                 size_t n, struct call_problems *p);

/* There are no parameters. Return: false, with the answer given, if the client sent some. */
bool call_check_no_query(struct call *call);

#endif
