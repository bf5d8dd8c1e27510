#include "handlers/admin/admin.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "handlers/admin/caller.h"
#include "pool/executor.h"
#include "server/call.h"
#include "server/queries.h"

#define LIST_MAX  1000 /* of one pool; in the header X-Total-Count all of them are counted */
#define SQL_BYTES 500  /* of a statement; what is longer ends in an ellipsis */

struct admin {
    struct handler list;
    struct handler cancel;
    struct admin_conf conf;
};

/* --- the list ----------------------------------------------------------------------------- */

static void put_text(struct buf *b, const char *key, const char *text)
{
    buf_printf(b, ",\"%s\":", key);
    json_put_string(b, str_of(text));
}

static void put_sql(struct buf *b, const char *sql)
{
    char text[SQL_BYTES + sizeof("…")];
    size_t size = sql == NULL ? 0 : strnlen(sql, SQL_BYTES + 1);

    if (sql == NULL) {
        buf_append_literal(b, ",\"sql\":null");
        return;
    }
    if (size <= SQL_BYTES) {
        put_text(b, "sql", sql);
        return;
    }
    size = SQL_BYTES;
    while (size > 0 && ((unsigned char)sql[size] & 0xC0) == 0x80) {
        size--; /* not in the middle of a character */
    }
    (void)snprintf(text, sizeof(text), "%.*s…", (int)size, sql); /* fits */
    put_text(b, "sql", text);
}

/* Return: false if there is no room for it; then b is as before. */
static bool put_query(struct buf *b, const char *pool, const struct query_info *info)
{
    size_t before = b->size;

    buf_append_str(b, before == 1 ? STR("{\"id\":") : STR(",{\"id\":"));
    json_put_u64(b, info->id);
    put_text(b, "state", query_state_name(info->state));
    put_text(b, "pool", pool);
    put_text(b, "method", method_name(info->method));
    put_text(b, "route", info->route);
    buf_printf(b, ",\"age_ms\":%lld", (long long)((info->wait_ns + info->run_ns) / NS_PER_MS));
    buf_printf(b, ",\"wait_ms\":%lld", (long long)(info->wait_ns / NS_PER_MS));
    buf_printf(b, ",\"run_ms\":%lld", (long long)(info->run_ns / NS_PER_MS));
    put_text(b, "client", info->client);
    put_text(b, "request_id", info->request_id);
    put_sql(b, info->detail);
    buf_append_char(b, '}');
    if (buf_status(b) == STATUS_OK && b->size < b->max) { /* "]" has to fit, too */
        return true;
    }
    buf_truncate(b, before);
    return false;
}

/* As many as fit. Return: how many there are. */
static size_t put_queries(struct buf *b, const struct admin_conf *conf, struct query_info *infos)
{
    size_t total = 0;
    bool has_room = true;

    for (size_t i = 0; i < conf->executors_count; i++) {
        struct executor *executor = conf->executors[i];
        size_t those;
        size_t n = queries_list(executor, infos, LIST_MAX, &those);

        total += those;
        for (size_t k = 0; k < n && has_room; k++) {
            has_room = put_query(b, executor_name(executor), &infos[k]);
        }
    }
    return total;
}

static void list(const struct handler *handler, struct call *call)
{
    const struct admin *admin = const_container_of(handler, struct admin, list);
    struct query_info *infos;
    struct buf *body;
    size_t total;

    assert_on_loop();
    if (!caller_check(call, admin->conf.is_shared) || !call_check_no_query(call)) {
        return;
    }
    infos = mem_alloc(LIST_MAX * sizeof(*infos));
    if (infos == NULL) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return;
    }
    body = call_answer(call, 200, "application/json");
    buf_append_char(body, '[');
    total = put_queries(body, &admin->conf, infos);
    buf_append_char(body, ']');
    mem_free(infos);
    response_header(&call->response, "Cache-Control", "no-store");
    response_header(&call->response, "X-Total-Count", "%zu", total);
}

/* --- cancelling --------------------------------------------------------------------------- */

/* Return: OK, BUSY, NOT_FOUND, as executor_kill. */
static enum status kill_query(const struct admin_conf *conf, uint64_t id)
{
    enum status status = STATUS_NOT_FOUND;

    for (size_t i = 0; i < conf->executors_count && status == STATUS_NOT_FOUND; i++) {
        status = executor_kill(conf->executors[i], id);
    }
    return status;
}

static void cancel(const struct handler *handler, struct call *call)
{
    static const char hint[] = "GET /admin/queries lists what waits and runs";
    const struct admin *admin = const_container_of(handler, struct admin, cancel);
    enum status status;
    uint64_t id;

    assert_on_loop();
    if (!caller_check(call, admin->conf.is_shared) || !call_check_no_query(call)) {
        return;
    }
    if (!str_to_u64(request_param(&call->request, STR("id")), &id) || id == 0) {
        call_fail(call, PROBLEM_BAD_REQUEST, hint, "an id is a whole number from 1 on");
        return;
    }
    status = kill_query(&admin->conf, id);
    if (status == STATUS_NOT_FOUND) {
        call_fail(call, PROBLEM_NOT_FOUND, hint,
                  "no request of the id %llu waits or runs; perhaps it is over",
                  (unsigned long long)id);
        return;
    }
    call_answer_empty(call, status == STATUS_OK ? 204 : 202);
    log_event(
        LOG_INFO, "an operator has cancelled a request", LOG_INT("id", (int64_t)id),
        LOG_STR("state", query_state_name(status == STATUS_OK ? QUERY_QUEUED : QUERY_RUNNING)),
        LOG_STR("request_id", call->request.id));
}

/* --- elsewhere ---------------------------------------------------------------------------- */

static void elsewhere(const struct handler *handler, struct call *call)
{
    (void)handler;
    assert_on_loop();
    call_fail(call, PROBLEM_NOT_FOUND,
              "it is served on admin.listen or, without that, if listen is on the loopback",
              "%.*s is not served here",
              (int)(call->request.path.size < 100 ? call->request.path.size : 100),
              call->request.path.at);
}

const struct handler *admin_elsewhere_handler(void)
{
    static const struct handler handler = {.kind = HANDLER_INLINE, .serve = elsewhere};

    return &handler;
}

/* --- life --------------------------------------------------------------------------------- */

enum status admin_create(const struct admin_conf *conf, struct admin **ret)
{
    struct admin *admin = mem_zalloc(sizeof(*admin));

    if (admin == NULL) {
        return STATUS_NOMEM;
    }
    admin->list = (struct handler){.kind = HANDLER_INLINE, .serve = list};
    admin->cancel = (struct handler){.kind = HANDLER_INLINE, .serve = cancel};
    admin->conf = *conf;
    *ret = admin;
    return STATUS_OK;
}

void admin_destroy(struct admin *admin)
{
    mem_free(admin);
}

const struct handler *admin_list_handler(const struct admin *admin)
{
    return &admin->list;
}

const struct handler *admin_cancel_handler(const struct admin *admin)
{
    return &admin->cancel;
}
