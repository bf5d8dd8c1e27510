#include "handlers/sleep/sleep.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "server/call.h"

#define MS_MAX 3600000

/* Return: false with the answer given. */
static bool read_ms(struct call *call, uint64_t *ret)
{
    static const char *const names[] = {"ms"};
    struct call_problems problems;
    struct str value;

    call_problems_init(&problems);
    if (call_query(call, names, &value, 1, &problems) != STATUS_OK) {
        buf_fini(&problems.errors);
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    *ret = 0;
    if (value.at == NULL) {
        call_problem(&problems, STR("ms"), "query", "is required");
    } else if (!str_to_u64(value, ret) || *ret > MS_MAX) {
        call_problem(&problems, STR("ms"), "query", "must be an integer from 0 to %d", MS_MAX);
    }
    return !call_fail_problems(call, &problems);
}

static void work(const struct handler *handler, struct call *call, struct worker *worker)
{
    uint64_t ms;
    enum status status;
    struct error err;
    struct buf *body;

    (void)handler;
    (void)worker;
    assert_on_worker();
    if (!read_ms(call, &ms)) {
        return;
    }
    status = cancel_wait(call->cancel, clock_now_ns() + (int64_t)ms * NS_PER_MS);
    if (status != STATUS_OK) {
        (void)error_set(&err, status, "the sleep was ended: %s", status_text(status));
        call_fail_error(call, &err);
        return;
    }
    body = call_answer(call, 200, "application/json");
    buf_append_literal(body, "{\"slept_ms\":");
    json_put_u64(body, ms);
    buf_append_char(body, '}');
}

const struct handler *sleep_handler(void)
{
    static const struct handler handler = {.kind = HANDLER_BLOCKING, .work = work};

    return &handler;
}
