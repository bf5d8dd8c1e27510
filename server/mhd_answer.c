#include "server/mhd_answer.h"

#include "base/clock.h"
#include "server/mhd_response.h"

#define ANSWER_TURNS 2 /* libmicrohttpd writes the answer, and then is done with it */

enum MHD_Result answer_send(struct loop *loop, struct exchange *ex)
{
    struct MHD_Response *answer = ex->answer;
    enum MHD_Result result;

    if (answer == NULL) {
        return MHD_NO;
    }
    /* Behind a chunked body libmicrohttpd may have lost its place: its trailers are read loosely. */
    if (loop->is_draining || ex->is_chunked) {
        (void)MHD_add_response_header(answer, "Connection", "close"); /* else the client closes */
    }
    watch_client(&loop->watch, ex->client, CLIENT_SEND, clock_now_ns());
    result = MHD_queue_response(ex->connection, ex->answer_status, answer);
    mhd_response_destroy(answer); /* libmicrohttpd holds its own reference */
    ex->answer = NULL;
    ex->is_answered = result == MHD_YES;
    loop_expect_more(loop, ANSWER_TURNS);
    return result;
}

void answer_decide(struct exchange *ex, struct MHD_Response *answer, unsigned http_status)
{
    exchange_move(ex, EXCHANGE_DONE);
    ex->answer = answer;
    ex->answer_status = http_status;
}

static void decide_call(struct exchange *ex) ON_LOOP
{
    unsigned http_status;

    exchange_seal(ex);
    http_status = ex->call.response.http_status;
    ex->answer_size = response_size(&ex->call.response);
    answer_decide(ex, mhd_response_create(&ex->call.response, ex->call.request.id), http_status);
}

enum MHD_Result answer_call(struct loop *loop, struct exchange *ex)
{
    decide_call(ex);
    return answer_send(loop, ex);
}

void answer_decide_problem(struct exchange *ex, enum problem_kind kind, const char *detail,
                           const char *hint, unsigned retry_s)
{
    struct response r;
    struct MHD_Response *answer;

    response_init(&r, (size_t)64 * 1024);
    problem_write(&r, kind, ex->call.request.id, detail, hint, NULL);
    if (retry_s > 0) {
        response_header(&r, "Retry-After", "%u", retry_s);
    }
    exchange_dress(ex, &r);
    ex->answer_size = r.body.size;
    answer = mhd_response_create(&r, ex->call.request.id);
    response_fini(&r);
    answer_decide(ex, answer, problem_http_status(kind));
}
