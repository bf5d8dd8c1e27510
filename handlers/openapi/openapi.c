#include "handlers/openapi/openapi.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"
#include "handlers/openapi/document.h"
#include "pool/executor.h"
#include "server/call.h"
#include "server/entity_tags.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/slot.h"

#define ETAG_SIZE 24 /* quotes, 16 digits, NUL */

/* The text for one schema. Immutable; counted. */
struct document {
    _Atomic unsigned references;
    const struct schema *schema; /* a reference, so that no other one gets its address; or NULL */
    struct buf text;             /* without its opening: see document.h */
    char etag[ETAG_SIZE];
};

/* What may change behind a const struct openapi. */
struct cache {
    pthread_mutex_t mu;
    struct document *newest; /* Guarded by mu: a reference, or NULL */
};

struct openapi {
    struct handler handler;
    struct openapi_conf conf;
    struct cache *cache;
};

/* --- a document --------------------------------------------------------------------------- */

static void document_unref(struct document *d)
{
    /* Acquire and release: who frees it sees what all others did with it before. */
    if (d == NULL || atomic_fetch_sub_explicit(&d->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    if (d->schema != NULL) {
        schema_unref(d->schema);
    }
    buf_fini(&d->text);
    mem_free(d);
}

static struct document *document_ref(struct document *d)
{
    /* Relaxed: the caller holds a reference, or the mutex under which there is one. */
    (void)atomic_fetch_add_explicit(&d->references, 1, memory_order_relaxed);
    return d;
}

/* FNV-1a, 64 bits: it need not resist anybody. */
static uint64_t hash_of(struct str text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < text.size; i++) {
        hash = (hash ^ (unsigned char)text.at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Gives: *ret, with one reference. Takes a reference of its own to schema. */
static enum status document_create(const struct openapi_conf *conf, const struct schema *schema,
                                   struct document **ret)
{
    struct document *d = mem_zalloc(sizeof(*d));
    enum status status;

    if (d == NULL) {
        return STATUS_NOMEM;
    }
    atomic_init(&d->references, 1);
    buf_init(&d->text, conf->bytes_max);
    status = document_write(conf, schema, &d->text);
    if (status != STATUS_OK) {
        document_unref(d);
        return status;
    }
    if (schema != NULL) {
        schema_ref(schema);
        d->schema = schema;
    }
    (void)snprintf(d->etag, sizeof(d->etag), "\"%016llx\"",
                   (unsigned long long)hash_of(buf_str(&d->text))); /* fits */
    *ret = d;
    return STATUS_OK;
}

/* --- the newest one ----------------------------------------------------------------------- */

/* Gives a reference, or NULL if the newest is not of that schema. */
static struct document *cache_find(struct cache *cache, const struct schema *schema)
{
    struct document *found = NULL;

    pthread_mutex_lock(&cache->mu);
    if (cache->newest != NULL && cache->newest->schema == schema) {
        found = document_ref(cache->newest);
    }
    pthread_mutex_unlock(&cache->mu);
    return found;
}

static void cache_keep(struct cache *cache, struct document *d)
{
    struct document *before;

    pthread_mutex_lock(&cache->mu);
    before = cache->newest;
    cache->newest = document_ref(d);
    pthread_mutex_unlock(&cache->mu);
    document_unref(before);
}

/* --- answering ---------------------------------------------------------------------------- */

/* A reference to a schema not older than this moment; NULL if there is no database. */
static enum status fresh_schema(const struct openapi *openapi, struct call *call,
                                struct worker *worker, const struct schema **ret,
                                struct error *err) ON_WORKER MAY_BLOCK
{
    struct connection *connection;
    enum status status;

    if (openapi->conf.db == NULL) {
        *ret = NULL;
        return STATUS_OK;
    }
    status = slot_connection(worker_local(worker), call->cancel, &connection, err);
    if (status == STATUS_OK) {
        status = connection_refresh_schema(connection, call->cancel, err);
    }
    if (status == STATUS_OK) {
        *ret = schema_get(openapi->conf.db);
    }
    return status;
}

/* Gives a reference. */
static enum status document_of(const struct openapi *openapi, const struct schema *schema,
                               struct document **ret, struct error *err)
{
    struct document *found = cache_find(openapi->cache, schema);
    enum status status = STATUS_OK;

    if (found == NULL) {
        status = document_create(&openapi->conf, schema, &found);
        if (status == STATUS_OK) {
            cache_keep(openapi->cache, found);
        }
    }
    if (status != STATUS_OK) {
        (void)error_set(err, status, "the document is not made: %s", status_text(status));
        error_hint(err, "%s", status == STATUS_TOO_BIG ? "bytes_max" : "");
        return status;
    }
    *ret = found;
    return STATUS_OK;
}

/* From the directory of path up to the root: "." of "/openapi.json", ".." of "/api/". */
static void put_server(struct buf *b, struct str path)
{
    bool has_any = false;

    for (size_t i = 1; i < path.size; i++) {
        if (path.at[i] == '/') {
            buf_append_str(b, has_any ? STR("/..") : STR(".."));
            has_any = true;
        }
    }
    if (!has_any) {
        buf_append_char(b, '.');
    }
}

static void answer_with(struct call *call, const struct document *d, const char *content_type)
{
    struct buf *body;

    if (if_none_match_has(&call->request, d->etag)) {
        call_answer_empty(call, 304);
    } else {
        body = call_answer(call, 200, content_type);
        buf_append_literal(body, "{\"openapi\":\"3.1.0\",\"servers\":[{\"url\":\"");
        put_server(body, call->request.path);
        buf_append_literal(body, "\"}]");
        buf_append_str(body, buf_str(&d->text));
        if (buf_status(body) != STATUS_OK) {
            call_fail(call, problem_of(buf_status(body)), "raise limits.response_bytes",
                      "the document is larger than an answer may be");
            return;
        }
    }
    response_header(&call->response, "ETag", "%s", d->etag);
    response_header(&call->response, "Cache-Control", "no-cache"); /* ask each time */
}

void openapi_answer(const struct openapi *openapi, struct call *call, struct worker *worker,
                    const char *content_type)
{
    const struct schema *schema;
    struct document *d = NULL; /* GCC cannot see that it is set */
    struct error err;
    enum status status = fresh_schema(openapi, call, worker, &schema, &err);

    if (status != STATUS_OK) {
        call_fail_error(call, &err);
        return;
    }
    status = document_of(openapi, schema, &d, &err);
    if (schema != NULL) {
        schema_unref(schema);
    }
    if (status != STATUS_OK) {
        call_fail_error(call, &err);
        return;
    }
    answer_with(call, d, content_type);
    document_unref(d);
}

static void work(const struct handler *handler, struct call *call, struct worker *worker)
{
    const struct openapi *openapi = const_container_of(handler, struct openapi, handler);

    assert_on_worker();
    openapi_answer(openapi, call, worker, "application/json");
}

/* --- life --------------------------------------------------------------------------------- */

enum status openapi_create(const struct openapi_conf *conf, struct openapi **ret)
{
    struct openapi *openapi = mem_zalloc(sizeof(*openapi));
    struct cache *cache = mem_zalloc(sizeof(*cache));

    if (openapi == NULL || cache == NULL || pthread_mutex_init(&cache->mu, NULL) != 0) {
        mem_free(openapi);
        mem_free(cache);
        return STATUS_NOMEM;
    }
    openapi->conf = *conf;
    openapi->handler = (struct handler){.kind = HANDLER_BLOCKING,
                                        .work = work,
                                        .decorate = cors_decorate,
                                        .decoration = &openapi->conf.cors};
    openapi->cache = cache;
    *ret = openapi;
    return STATUS_OK;
}

void openapi_destroy(struct openapi *openapi)
{
    if (openapi == NULL) {
        return;
    }
    document_unref(openapi->cache->newest);
    pthread_mutex_destroy(&openapi->cache->mu);
    mem_free(openapi->cache);
    mem_free(openapi);
}

const struct handler *openapi_handler(const struct openapi *openapi)
{
    return &openapi->handler;
}
