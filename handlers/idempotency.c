#include "handlers/idempotency.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "server/call.h"
#include "storage/connection.h"
#include "storage/row_set.h"

#define KEY_MAX ((size_t)255) /* bytes */
#define BUCKETS 256U
#define ROW_MAX ((size_t)256 * 1024 * 1024) /* no answer is larger: limits.response_bytes */

struct under_way {
    struct list link; /* in its bucket */
    unsigned char hash[SIPHASH_SIZE];
};

struct idempotency {
    unsigned char key[SIPHASH_KEY_SIZE]; /* Immutable: nobody can make buckets long */
    pthread_mutex_t mu;
    struct list buckets[BUCKETS]; /* Guarded by mu: struct under_way */
};

static const char make_sql[] = "CREATE TABLE IF NOT EXISTS gantry_idempotency("
                               "key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL,"
                               " status INTEGER NOT NULL, content_type TEXT, headers TEXT NOT NULL,"
                               " body BLOB NOT NULL, created INTEGER NOT NULL)";
static const char find_sql[] = "SELECT fingerprint, status, content_type, headers, body"
                               " FROM gantry_idempotency WHERE key = :key"
                               " AND created > CAST(strftime('%s', 'now') AS INTEGER) - 86400";
static const char keep_sql[] = "INSERT OR REPLACE INTO gantry_idempotency VALUES"
                               " (:key, :fingerprint, :status, :content_type, :headers, :body,"
                               " CAST(strftime('%s', 'now') AS INTEGER))";
/* Rowids grow with time, so the oldest come first; a few each time keep up with any rate. */
static const char prune_sql[] =
    "DELETE FROM gantry_idempotency WHERE rowid IN (SELECT rowid FROM gantry_idempotency"
    " ORDER BY rowid LIMIT 4)"
    " AND created <= CAST(strftime('%s', 'now') AS INTEGER) - 86400";

enum { FOUND_FINGERPRINT, FOUND_STATUS, FOUND_TYPE, FOUND_HEADERS, FOUND_BODY, FOUND_COLUMNS };

/* --- the header ------------------------------------------------------------------------------- */

/* The key without its quotes, as a structured field has them; at == NULL: there is none. */
static struct str key_of(const struct call *call)
{
    struct str key = request_header(&call->request, STR("Idempotency-Key"));

    if (key.size >= 2 && key.at[0] == '"' && key.at[key.size - 1] == '"') {
        key.at++;
        key.size -= 2;
    }
    return key;
}

static bool is_key_sane(struct str key)
{
    for (size_t i = 0; i < key.size; i++) {
        if (key.at[i] < 0x20 || key.at[i] > 0x7e) {
            return false;
        }
    }
    return key.size > 0 && key.size <= KEY_MAX;
}

bool idempotency_is_asked(const struct call *call)
{
    return key_of(call).at != NULL;
}

/* --- keys under way ----------------------------------------------------------------------------- */

enum status idempotency_create(struct idempotency **ret, struct error *err)
{
    struct idempotency *keys = mem_zalloc(sizeof(*keys));

    if (keys == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the keys of requests");
    }
    if (getrandom(keys->key, sizeof(keys->key), 0) != (ssize_t)sizeof(keys->key)) {
        mem_free(keys);
        return error_set(err, STATUS_OS, "the kernel gives no random numbers");
    }
    (void)pthread_mutex_init(&keys->mu, NULL); /* cannot fail in glibc */
    for (size_t i = 0; i < BUCKETS; i++) {
        list_init(&keys->buckets[i]);
    }
    *ret = keys;
    return STATUS_OK;
}

void idempotency_destroy(struct idempotency *keys)
{
    struct list *link;

    if (keys == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while ((link = list_take_first(&keys->buckets[i])) != NULL) {
            mem_free(container_of(link, struct under_way, link));
        }
    }
    pthread_mutex_destroy(&keys->mu);
    mem_free(keys);
}

void idempotency_guard(struct idempotency *keys, struct handler *handler)
{
    if (keys != NULL) {
        handler->admit = idempotency_admit;
        handler->dismiss = idempotency_dismiss;
        handler->admission = keys;
    }
}

static void hash_key(const struct idempotency *keys, struct str key, unsigned char to[SIPHASH_SIZE])
{
    struct siphash h;

    siphash_begin(&h, keys->key);
    siphash_feed(&h, key.at, key.size);
    siphash_end(&h, to);
}

static struct under_way *search_locked(struct idempotency *keys,
                                       const unsigned char hash[SIPHASH_SIZE])
{
    struct list *bucket = &keys->buckets[hash[0] % BUCKETS];

    for (struct list *l = bucket->next; l != bucket; l = l->next) {
        struct under_way *one = container_of(l, struct under_way, link);
        if (memcmp(one->hash, hash, SIPHASH_SIZE) == 0) {
            return one;
        }
    }
    return NULL;
}

bool idempotency_admit(void *admission, struct call *call)
{
    struct idempotency *keys = admission;
    struct str key = key_of(call);
    struct under_way *mine;
    bool is_taken;

    assert_on_loop();
    if (key.at == NULL) {
        return true;
    }
    if (!is_key_sane(key)) {
        call_fail(call, PROBLEM_BAD_REQUEST, "a UUID makes a good key",
                  "Idempotency-Key takes 1 to %zu printable ASCII characters", KEY_MAX);
        return false;
    }
    mine = mem_zalloc(sizeof(*mine));
    if (mine == NULL) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL, "out of memory");
        return false;
    }
    hash_key(keys, key, mine->hash);
    (void)pthread_mutex_lock(&keys->mu); /* held for a few instructions, by loops alone */
    is_taken = search_locked(keys, mine->hash) != NULL;
    if (!is_taken) {
        list_append(&keys->buckets[mine->hash[0] % BUCKETS], &mine->link);
    }
    (void)pthread_mutex_unlock(&keys->mu);
    if (is_taken) {
        mem_free(mine);
        call_fail(call, PROBLEM_KEY_IN_USE, "wait for its answer, or try again in a moment",
                  "a request with this Idempotency-Key is still being carried out");
        response_header(&call->response, "Retry-After", "1");
    }
    return !is_taken;
}

void idempotency_dismiss(void *admission, const struct call *call)
{
    struct idempotency *keys = admission;
    struct str key = key_of(call);
    unsigned char hash[SIPHASH_SIZE];
    struct under_way *mine;

    assert_on_loop();
    if (key.at == NULL) {
        return;
    }
    hash_key(keys, key, hash);
    (void)pthread_mutex_lock(&keys->mu);
    mine = search_locked(keys, hash);
    if (mine != NULL) {
        list_remove(&mine->link);
    }
    (void)pthread_mutex_unlock(&keys->mu);
    mem_free(mine);
}

/* --- what was answered -------------------------------------------------------------------------- */

static void feed(struct siphash *h, struct str part)
{
    siphash_feed(h, &part.size, sizeof(part.size)); /* so that "ab" + "c" is not "a" + "bc" */
    siphash_feed(h, part.at, part.size);
}

/* What the request asks for. Not keyed by the process: it has to be the same after a restart. */
static struct value fingerprint_of(const struct call *call, unsigned char to[SIPHASH_SIZE])
{
    static const unsigned char no_key[SIPHASH_KEY_SIZE];
    const struct request *r = &call->request;
    struct siphash h;

    siphash_begin(&h, no_key);
    feed(&h, r->method_text);
    feed(&h, r->target);
    feed(&h, request_header(r, STR("Content-Type")));
    feed(&h, r->body);
    siphash_end(&h, to);
    return (struct value){.type = VALUE_BLOB, .bytes = {(const char *)to, SIPHASH_SIZE}};
}

static enum status run(struct call *call, struct connection *c, const char *sql,
                       const struct value *values, size_t count, struct row_set *into,
                       struct error *err) ON_WORKER MAY_BLOCK
{
    struct query query = {
        .sql = sql, .values = values, .values_count = count, .shape = QUERY_NONE, .into = into};
    struct query_result result;
    struct buf nothing;
    enum status status;

    buf_init(&nothing, 0);
    status = connection_run(c, &query, call->cancel, &nothing, &result, err);
    buf_fini(&nothing);
    return status;
}

/* "Name: value" lines, which lie in the arena: names stay for as long as the response. */
static void replay_headers(struct call *call, struct str lines)
{
    char *at = arena_copy(&call->arena, lines);

    while (at != NULL && *at != '\0') {
        char *colon = strchr(at, ':');
        char *end = strchr(at, '\n');

        if (colon == NULL || end == NULL) {
            return;
        }
        *colon = '\0';
        *end = '\0';
        response_header(&call->response, at, "%s", colon + 2);
        at = end + 1;
    }
}

static bool is_line(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f) {
            return false;
        }
    }
    return text.size > 0;
}

/* "Name: value" and a line feed, any number of times? */
static bool are_headers(struct str text)
{
    while (text.size > 0) {
        const char *end = memchr(text.at, '\n', text.size);
        const char *colon = end == NULL ? NULL : memchr(text.at, ':', (size_t)(end - text.at));

        if (colon == NULL || colon == text.at || colon[1] != ' ' ||
            !is_line((struct str){text.at, (size_t)(end - text.at)})) {
            return false;
        }
        text.size -= (size_t)(end + 1 - text.at);
        text.at = end + 1;
    }
    return true;
}

/* Could it be an answer that we have kept? Others can write to the file, too. */
static bool is_sane(const struct row_set *found)
{
    const struct value *http_status = row_set_at(found, 0, FOUND_STATUS);
    const struct value *type = row_set_at(found, 0, FOUND_TYPE);
    const struct value *headers = row_set_at(found, 0, FOUND_HEADERS);

    return row_set_at(found, 0, FOUND_FINGERPRINT)->type == VALUE_BLOB &&
           http_status->type == VALUE_INTEGER && http_status->integer >= 200 &&
           http_status->integer < 300 &&
           (type->type == VALUE_NULL || (type->type == VALUE_TEXT && is_line(type->bytes))) &&
           headers->type == VALUE_TEXT && are_headers(headers->bytes) &&
           row_set_at(found, 0, FOUND_BODY)->type == VALUE_BLOB;
}

static void replay(struct call *call, const struct row_set *found)
{
    const struct value *type = row_set_at(found, 0, FOUND_TYPE);
    unsigned http_status = (unsigned)row_set_at(found, 0, FOUND_STATUS)->integer;
    char *copy = type->type == VALUE_TEXT ? arena_copy(&call->arena, type->bytes) : NULL;

    if (copy == NULL) {
        call_answer_empty(call, http_status);
    } else {
        buf_append_str(call_answer(call, http_status, copy),
                       row_set_at(found, 0, FOUND_BODY)->bytes);
    }
    replay_headers(call, row_set_at(found, 0, FOUND_HEADERS)->bytes);
    response_header(&call->response, "Idempotent-Replayed", "true");
}

static enum status search(struct call *call, struct connection *c, struct row_set *found,
                          struct error *err) ON_WORKER MAY_BLOCK
{
    struct value key = {.type = VALUE_TEXT, .bytes = key_of(call)};
    enum status status = run(call, c, make_sql, NULL, 0, NULL, err);

    return status == STATUS_OK ? run(call, c, find_sql, &key, 1, found, err) : status;
}

enum idempotency_found idempotency_find(struct call *call, struct connection *c)
{
    unsigned char hash[SIPHASH_SIZE];
    struct value fingerprint;
    const struct value *kept;
    struct row_set found;
    struct error err;
    enum idempotency_found answer = IDEMPOTENCY_ANSWERED;

    if (!idempotency_is_asked(call)) {
        return IDEMPOTENCY_NEW;
    }
    row_set_init(&found, ROW_MAX);
    fingerprint = fingerprint_of(call, hash);
    if (search(call, c, &found, &err) != STATUS_OK) {
        call_fail_error(call, &err);
    } else if (found.rows == 0) {
        answer = IDEMPOTENCY_NEW;
    } else if (!is_sane(&found)) {
        call_fail(call, PROBLEM_INTERNAL, NULL, "what was kept of this Idempotency-Key is damaged");
    } else {
        kept = row_set_at(&found, 0, FOUND_FINGERPRINT);
        if (str_equal(kept->bytes, fingerprint.bytes)) {
            replay(call, &found);
        } else {
            call_fail(call, PROBLEM_KEY_REUSED, "a key belongs to one request: make a new one",
                      "this Idempotency-Key came with another request before");
        }
    }
    row_set_fini(&found);
    return answer;
}

/* Return: NULL: out of memory. */
static char *headers_of(struct call *call)
{
    const struct response *r = &call->response;
    size_t size = 1;
    char *text;
    char *at;

    for (size_t i = 0; i < r->headers_count; i++) {
        size += strlen(r->headers[i].name) + strlen(r->headers[i].value) + sizeof(": \n");
    }
    text = at = arena_alloc(&call->arena, size);
    for (size_t i = 0; i < r->headers_count && at != NULL; i++) {
        at = stpcpy(stpcpy(at, r->headers[i].name), ": ");
        at = stpcpy(stpcpy(at, r->headers[i].value), "\n");
    }
    if (at != NULL) {
        *at = '\0';
    }
    return text;
}

static enum status keep(struct call *call, struct connection *c,
                        struct error *err) ON_WORKER MAY_BLOCK
{
    const struct response *r = &call->response;
    unsigned char hash[SIPHASH_SIZE];
    char *headers;
    enum status status;

    if (!idempotency_is_asked(call)) {
        return STATUS_OK;
    }
    headers = headers_of(call);
    if (headers == NULL || buf_status(&r->body) != STATUS_OK) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    {
        struct value values[] = {
            {.type = VALUE_TEXT, .bytes = key_of(call)},
            fingerprint_of(call, hash),
            {.type = VALUE_INTEGER, .integer = r->http_status},
            {.type = r->content_type == NULL ? VALUE_NULL : VALUE_TEXT},
            {.type = VALUE_TEXT, .bytes = str_of(headers)},
            {.type = VALUE_BLOB, .bytes = buf_str(&r->body)},
        };
        if (r->content_type != NULL) {
            values[3].bytes = str_of(r->content_type);
        }
        status = run(call, c, keep_sql, values, sizeof(values) / sizeof(values[0]), NULL, err);
    }
    return status == STATUS_OK ? run(call, c, prune_sql, NULL, 0, NULL, err) : status;
}

enum status idempotency_end(struct call *call, struct connection *c, bool is_good, bool is_trial,
                            struct error *err)
{
    enum status status = STATUS_OK;
    enum status ended;

    if (is_good) {
        status = is_trial ? connection_change_check(c, err) : keep(call, c, err);
    }
    ended = connection_change_end(c, is_good && !is_trial && status == STATUS_OK, err);
    return status == STATUS_OK ? ended
                               : status; /* what is undone ends well, and leaves err alone */
}
