/*
 * Prepared statements, and the cache of them that each connection has: a hash table by SQL text
 * and a list in order of use.
 *
 * A statement that failed stays cached: SQLite prepares it anew by itself when the schema has
 * changed, and says why it cannot.
 */
#include <string.h>

#include "base/mem.h"
#include "storage/sqlite_internal.h"

/*
 * FNV-1a. Clients have a say in what SQL is planned, so somebody may aim for collisions: then one chain
 * holds all STATEMENTS_MAX, whose hashes are compared one by one. That is less than preparing one.
 */
static uint64_t hash_of(const char *sql, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)sql[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static struct statement **bucket_of(struct statement_cache *cache, uint64_t hash)
{
    return &cache->buckets[(hash ^ (hash >> 32)) & (STATEMENTS_BUCKETS - 1)];
}

static struct statement *find(struct statement_cache *cache, const char *sql, size_t size,
                              uint64_t hash)
{
    struct statement *s = *bucket_of(cache, hash);

    while (s != NULL &&
           (s->hash != hash || s->sql_size != size || memcmp(s->sql, sql, size) != 0)) {
        s = s->next;
    }
    return s;
}

/* The one that was used last, if it is that: then nothing has to be hashed or moved. */
static struct statement *find_last(struct statement_cache *cache, const char *sql, size_t size)
{
    struct statement *s;

    if (list_is_empty(&cache->uses)) {
        return NULL;
    }
    s = container_of(cache->uses.prev, struct statement, use);
    return s->sql_size == size && memcmp(s->sql, sql, size) == 0 ? s : NULL;
}

static void destroy(struct statement *s)
{
    (void)sqlite3_finalize(s->handle); /* repeats an old failure, if any */
    arena_fini(&s->arena);
    mem_free(s);
}

static void drop_oldest(struct statement_cache *cache)
{
    struct statement *s = container_of(list_first(&cache->uses), struct statement, use);
    struct statement **link = bucket_of(cache, s->hash);

    while (*link != s) {
        link = &(*link)->next;
    }
    *link = s->next;
    list_remove(&s->use);
    cache->count--;
    cache->bytes -= s->bytes;
    destroy(s);
}

void statement_cache_init(struct statement_cache *cache)
{
    *cache = (struct statement_cache){.count = 0};
    list_init(&cache->uses);
}

void statement_cache_fini(struct statement_cache *cache)
{
    while (cache->count > 0) {
        drop_oldest(cache);
    }
}

/*
 * A new one has come in: is there room? Few statements are large, but a client who sends long lists of
 * values can make as many of them as he likes.
 */
static void make_room(struct statement_cache *cache)
{
    while (cache->count > STATEMENTS_MAX ||
           (cache->count > 1 && cache->bytes > STATEMENTS_BYTES_MAX)) {
        drop_oldest(cache);
    }
}

/* Is there nothing but space, comments and semicolons from here on? Asks SQLite, who knows. */
static bool is_blank(struct connection *c, const char *tail)
{
    while (*tail != '\0') {
        sqlite3_stmt *more = NULL;
        int code = sqlite3_prepare_v3(c->handle, tail, -1, 0, &more, &tail);

        if (code != SQLITE_OK || more != NULL) {
            (void)sqlite3_finalize(more); /* never stepped */
            return false;
        }
    }
    return true;
}

/* The statement's first word: behind space, comments and empty statements. */
static const char *first_word(const char *sql)
{
    for (;;) {
        const char *end;

        sql += strspn(sql, " \t\n\f\r;");
        if (strncmp(sql, "--", 2) == 0) {
            end = strchr(sql, '\n');
        } else if (strncmp(sql, "/*", 2) == 0) {
            end = strstr(sql + 2, "*/");
        } else {
            return sql;
        }
        if (end == NULL) {
            return "";
        }
        sql = end + (*end == '\n' ? 1 : 2);
    }
}

/* VACUUM prepares, but cannot run inside a transaction, and VACUUM INTO writes other files. */
static bool is_vacuum(const char *sql)
{
    return sqlite3_strnicmp(first_word(sql), "VACUUM", 6) == 0;
}

static enum status prepare_failure(struct connection *c, int code, struct error *err)
{
    if (c->denied[0] != '\0') { /* SQLITE_AUTH, or SQLITE_ERROR if it was a function */
        return sqlite_failure(c, code, err);
    }
    switch (code & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
        (void)sqlite_words(c, STATUS_SCHEMA, err);
        error_code(err, sqlite_prepare_code(sqlite3_errmsg(c->handle)));
        return STATUS_SCHEMA;
    case SQLITE_TOOBIG:
        (void)error_set(err, STATUS_INVALID, "the statement is too long");
        error_code(err, "54000");
        return STATUS_INVALID;
    default:
        return sqlite_failure(c, code, err);
    }
}

enum status sqlite_prepare_one(struct connection *c, const char *sql, unsigned flags,
                               sqlite3_stmt **ret, struct error *err)
{
    sqlite3_stmt *handle = NULL;
    const char *tail = NULL;
    int code;

    sqlite_forget_failure(c);
    code = sqlite3_prepare_v3(c->handle, sql, -1, flags, &handle, &tail);
    if (code != SQLITE_OK) {
        return prepare_failure(c, code, err);
    }
    if (handle == NULL) {
        return error_set(err, STATUS_INVALID, "the statement is empty");
    }
    if (!is_blank(c, tail)) {
        (void)sqlite3_finalize(handle); /* never stepped */
        return error_set(err, STATUS_INVALID,
                         "more than one statement: make them \"steps\" of a route, or routes");
    }
    if (is_vacuum(sqlite3_sql(handle))) {
        (void)sqlite3_finalize(handle); /* never stepped */
        return error_set(err, STATUS_INVALID,
                         "VACUUM is not allowed: it cannot run inside a transaction");
    }
    *ret = handle;
    return STATUS_OK;
}

static enum status create(struct connection *c, const char *sql, size_t size, uint64_t hash,
                          struct statement **ret, struct error *err)
{
    struct statement *s = mem_zalloc(sizeof(*s) + size + 1);
    enum status status;

    if (s == NULL) {
        return error_set(err, STATUS_NOMEM, "out of memory");
    }
    status = sqlite_prepare_one(c, sql, SQLITE_PREPARE_PERSISTENT, &s->handle, err);
    if (status != STATUS_OK) {
        mem_free(s);
        return status;
    }
    list_init(&s->use);
    s->hash = hash;
    s->bytes = size + (size_t)sqlite3_stmt_status(s->handle, SQLITE_STMTSTATUS_MEMUSED, 0);
    s->sql_size = size;
    memcpy(s->sql, sql, size + 1);
    *ret = s;
    return STATUS_OK;
}

enum status statement_cache_get(struct connection *c, const char *sql, struct statement **ret,
                                struct error *err)
{
    struct statement_cache *cache = &c->cache;
    size_t size = strlen(sql);
    struct statement *s = find_last(cache, sql, size);
    struct statement **bucket;
    enum status status;
    uint64_t hash;

    if (s != NULL) {
        *ret = s;
        return STATUS_OK;
    }
    hash = hash_of(sql, size);
    s = find(cache, sql, size, hash);
    if (s == NULL) {
        status = create(c, sql, size, hash, &s, err);
        if (status != STATUS_OK) {
            return status;
        }
        cache->misses++;
        bucket = bucket_of(cache, hash);
        s->next = *bucket;
        *bucket = s;
        cache->count++;
        cache->bytes += s->bytes;
        list_append(&cache->uses, &s->use);
        make_room(cache);
    } else {
        list_remove(&s->use);
        list_append(&cache->uses, &s->use);
    }
    *ret = s;
    return STATUS_OK;
}

void statement_release(struct statement *s)
{
    (void)sqlite3_reset(s->handle);          /* repeats the failure of the last step */
    (void)sqlite3_clear_bindings(s->handle); /* cannot fail */
}

static int bind_one(sqlite3_stmt *handle, int place, const struct value *v)
{
    /* A null pointer would bind NULL where an empty text or blob is meant. */
    const char *at = "";

    switch (v->type) {
    case VALUE_INTEGER:
        return sqlite3_bind_int64(handle, place, v->integer);
    case VALUE_REAL:
        return sqlite3_bind_double(handle, place, v->real);
    case VALUE_TEXT:
        at = v->bytes.size > 0 ? v->bytes.at : at;
        return sqlite3_bind_text64(handle, place, at, v->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
    case VALUE_BLOB:
        at = v->bytes.size > 0 ? v->bytes.at : at;
        return sqlite3_bind_blob64(handle, place, at, v->bytes.size, SQLITE_STATIC);
    case VALUE_SHAPE:
        /* SQLite only hands it through, to functions of ours that read it */
        return sqlite3_bind_pointer(handle, place, (void *)(uintptr_t)v->shape, SQLITE_SHAPE, NULL);
    case VALUE_ROWS: /* likewise */
        return sqlite3_bind_pointer(handle, place, (void *)(uintptr_t)v->rows, SQLITE_ROWS, NULL);
    case VALUE_NULL:
        break;
    }
    return sqlite3_bind_null(handle, place);
}

enum status statement_bind(struct connection *c, struct statement *s, const struct query *q,
                           struct error *err)
{
    size_t wanted = (size_t)sqlite3_bind_parameter_count(s->handle);

    if (wanted != q->values_count) {
        return error_set(err, STATUS_INTERNAL, "the statement takes %zu values, %zu were given",
                         wanted, q->values_count);
    }
    for (size_t i = 0; i < wanted; i++) {
        int code = bind_one(s->handle, (int)i + 1, &q->values[i]);
        if (code != SQLITE_OK) {
            return sqlite_failure(c, code, err);
        }
    }
    return STATUS_OK;
}
