#include "server/queries.h"

#include <string.h>

#include "base/clock.h"
#include "pool/executor.h"
#include "server/exchange.h"

struct look {
    struct query_info *infos;
    size_t count;
    size_t max;
    size_t total;
    int64_t now_ns; /* when it began: what has happened since then is taken to happen now */
};

static int64_t since(int64_t then_ns, int64_t now_ns)
{
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

/* With the executor's mutex held: copies, and nothing else. */
static void visit(void *user, const struct task *task, enum executor_sight sight)
{
    static const enum query_state states[] = {[SIGHT_QUEUED] = QUERY_QUEUED,
                                              [SIGHT_RUNNING] = QUERY_RUNNING,
                                              [SIGHT_STUCK] = QUERY_STUCK,
                                              [SIGHT_HELD] = QUERY_COMMITTING};
    const struct exchange *ex = const_container_of(task, struct exchange, task);
    struct look *look = user;
    bool has_begun = sight != SIGHT_QUEUED;
    struct query_info *info;

    look->total++;
    if (look->count == look->max) {
        return;
    }
    info = &look->infos[look->count++];
    info->id = task->id;
    info->state = states[sight];
    info->method = ex->call.request.method;
    info->route = ex->route->pattern;
    info->detail = ex->route->handler->detail;
    info->wait_ns = since(task->queued_ns, has_begun ? task->begun_ns : look->now_ns);
    info->run_ns = has_begun ? since(task->begun_ns, look->now_ns) : 0;
    memcpy(info->client, ex->client_address, sizeof(info->client));
    memcpy(info->request_id, ex->call.request.id, sizeof(info->request_id));
}

size_t queries_list(struct executor *executor, struct query_info *ret, size_t max,
                    size_t *ret_total)
{
    struct look look = {.infos = ret, .max = max, .now_ns = clock_now_ns()};

    executor_visit(executor, visit, &look);
    *ret_total = look.total;
    return look.count;
}

const char *query_state_name(enum query_state state)
{
    static const char *const names[] = {[QUERY_QUEUED] = "queued",
                                        [QUERY_RUNNING] = "running",
                                        [QUERY_STUCK] = "stuck",
                                        [QUERY_COMMITTING] = "committing"};

    return names[state];
}
