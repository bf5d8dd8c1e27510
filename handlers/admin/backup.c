#include "handlers/admin/backup.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "handlers/admin/caller.h"
#include "server/call.h"
#include "storage/backup.h"
#include "storage/database.h"

#define STEM_BYTES 180 /* of the database's name; a file's has room for 255, with all that we add */
#define TAIL_BYTES 16

struct admin_backup {
    struct handler handler;
    struct admin_backup_conf conf;
    _Atomic bool is_taken;
    _Atomic bool *is_running; /* that: handlers are const, and this one has a memory */
};

/* --- its name ------------------------------------------------------------------------------ */

/* "20261120T171208.042Z" */
static void put_time(char *to, size_t size)
{
    struct timespec now;
    struct tm parts;
    size_t n;

    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for it */
    (void)gmtime_r(&now.tv_sec, &parts);       /* fails in the year 2^31 */
    n = strftime(to, size, "%Y%m%dT%H%M%S", &parts);
    (void)snprintf(to + n, size - n, ".%03ldZ", now.tv_nsec / NS_PER_MS); /* fits */
}

/* DIRECTORY/shop-TIME.db, of shop.db. In the call's arena; NULL: no memory. */
static char *path_of(const struct admin_backup_conf *conf, struct arena *arena)
{
    const char *path = database_path(conf->db);
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');
    size_t stem = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
    const char *tail = name + stem;
    size_t size = strlen(conf->directory) + strlen(name) + 64;
    char *made = arena_alloc(arena, size);
    char time[32];

    if (made == NULL) {
        return NULL;
    }
    put_time(time, sizeof(time));
    if (stem > STEM_BYTES) {
        stem = STEM_BYTES;
    }
    (void)snprintf(made, size, "%s/%.*s-%s%s", conf->directory, (int)stem, name, time,
                   strlen(tail) <= TAIL_BYTES ? tail : ""); /* fits */
    return made;
}

/* --- the work ------------------------------------------------------------------------------ */

static void fail(struct call *call, const struct error *err)
{
    log_event(LOG_ERROR, "a backup has failed", LOG_STR("error", err->text),
              LOG_STR("request_id", call->request.id));
    switch (err->status) {
    case STATUS_DENIED:
    case STATUS_NO_SUCH_FILE:
    case STATUS_IO:
        call_fail(call, PROBLEM_INTERNAL,
                  "is backup.directory there, and may the service write to it?", "%s", err->text);
        break;
    default:
        call_fail_error(call, err);
        break;
    }
}

static void answer(struct call *call, const char *path, uint64_t bytes, int64_t ns)
{
    struct buf *body = call_answer(call, 200, "application/json");

    response_header(&call->response, "Cache-Control", "no-store");
    buf_append_literal(body, "{\"path\":");
    json_put_string(body, str_of(path));
    buf_append_literal(body, ",\"bytes\":");
    json_put_u64(body, bytes);
    buf_printf(body, ",\"ms\":%lld}", (long long)(ns / NS_PER_MS));
    log_event(LOG_INFO, "the database was backed up", LOG_STR("path", path),
              LOG_INT("bytes", (int64_t)bytes), LOG_INT("ms", ns / NS_PER_MS),
              LOG_STR("request_id", call->request.id));
}

static void back_up(const struct admin_backup *admin, struct call *call) ON_WORKER
{
    struct backup backup = {.target = path_of(&admin->conf, &call->arena), .cancel = call->cancel};
    int64_t start_ns = clock_now_ns();
    struct error err = {0};
    uint64_t bytes = 0;

    if (backup.target == NULL) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
    } else if (database_backup(admin->conf.db, &backup, &bytes, &err) != STATUS_OK) {
        fail(call, &err);
    } else {
        answer(call, backup.target, bytes, clock_now_ns() - start_ns);
    }
}

/* Return: false with the answer given. */
static bool check(const struct admin_backup *admin, struct call *call)
{
    if (!caller_check(call, admin->conf.is_shared) || !caller_check_page(call) ||
        !call_check_no_query(call)) {
        return false;
    }
    if (call->request.body.size > 0) {
        call_fail(call, PROBLEM_BAD_REQUEST,
                  "the file goes to backup.directory, under a name of the service's",
                  "a backup takes no body");
        return false;
    }
    return true;
}

static void work(const struct handler *handler, struct call *call, struct worker *worker)
{
    const struct admin_backup *admin = const_container_of(handler, struct admin_backup, handler);

    (void)worker;
    assert_on_worker();
    if (!check(admin, call)) {
        return;
    }
    /* relaxed: only who is first counts */
    if (atomic_exchange_explicit(admin->is_running, true, memory_order_relaxed)) {
        call_fail(call, PROBLEM_CONFLICT, "GET /admin/queries shows how long it has been running",
                  "another backup is being made");
        return;
    }
    back_up(admin, call);
    atomic_store_explicit(admin->is_running, false, memory_order_relaxed);
}

static void refuse(const struct handler *handler, struct call *call)
{
    const struct admin_backup *admin = const_container_of(handler, struct admin_backup, handler);

    assert_on_loop();
    if (!check(admin, call)) {
        return;
    }
    if (admin->conf.db == NULL) {
        call_fail(call, PROBLEM_NOT_FOUND, NULL, "there is no database to back up");
    } else {
        call_fail(call, PROBLEM_NOT_FOUND, "set backup.directory",
                  "it is not configured where backups go");
    }
}

/* --- life ---------------------------------------------------------------------------------- */

enum status admin_backup_create(const struct admin_backup_conf *conf, struct admin_backup **ret)
{
    struct admin_backup *backup = mem_zalloc(sizeof(*backup));

    if (backup == NULL) {
        return STATUS_NOMEM;
    }
    if (conf->db == NULL || conf->directory == NULL) {
        backup->handler = (struct handler){.kind = HANDLER_INLINE, .serve = refuse};
    } else {
        backup->handler = (struct handler){.kind = HANDLER_BLOCKING, .work = work};
    }
    backup->conf = *conf;
    atomic_init(&backup->is_taken, false);
    backup->is_running = &backup->is_taken;
    *ret = backup;
    return STATUS_OK;
}

void admin_backup_destroy(struct admin_backup *backup)
{
    mem_free(backup);
}

const struct handler *admin_backup_handler(const struct admin_backup *backup)
{
    return &backup->handler;
}
