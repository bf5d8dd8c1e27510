#include "config/pools.h"

#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "config/option.h"

#define READ           "read"
#define WRITE          "write" /* the one writer's queue */
#define NAME_MAX_SIZE  12      /* a thread's name is at most 15 bytes */
#define HINT_NAMES_MAX 16

static const struct config_shape shape = {.owner = CONFIG_OF_config_pool, .prefix = "pools.*."};

/* Return: OK, NOMEM (then *ret is untouched). */
static enum status init(struct config_pool *ret, const char *name)
{
    struct config_pool pool = {.name = mem_strdup(name)};

    if (pool.name == NULL || config_defaults(CONFIG_OF_config_pool, &pool) != STATUS_OK) {
        mem_free(pool.name);
        return STATUS_NOMEM;
    }
    if (strcmp(name, WRITE) == 0) {
        pool.threads = 1;
        pool.spares = 0;
        pool.codel_target_ms = 0;
    }
    *ret = pool;
    return STATUS_OK;
}

enum status config_pools_init(struct config *config)
{
    struct config_pool *pools = mem_zalloc(sizeof(*pools));

    if (pools == NULL || init(pools, READ) != STATUS_OK) {
        mem_free(pools);
        return STATUS_NOMEM;
    }
    config->pools = pools;
    config->pools_count = 1;
    return STATUS_OK;
}

void config_pools_fini(struct config *config)
{
    for (size_t i = 0; i < config->pools_count; i++) {
        mem_free(config->pools[i].name);
    }
    mem_free(config->pools);
}

static bool is_pool_name(const char *name)
{
    size_t size = strlen(name);

    return size > 0 && size <= NAME_MAX_SIZE && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == size;
}

/* The one writer's queue keeps its order and drops nothing that may still be in time. */
static void check_write(struct config_reader *r, const struct config_place *at,
                        struct config_pool *pool)
{
    if (pool->threads != 1) {
        config_problem(r, CONFIG_AT_KEY(at, "threads"),
                       "must be 1: the pool \"write\" is the queue of the one writer");
        pool->threads = 1;
    }
    if (pool->spares != 0) {
        config_problem(r, CONFIG_AT_KEY(at, "spares"),
                       "must be 0: nobody can stand in for the one writer");
        pool->spares = 0;
    }
    if (pool->codel_target_ms != 0) {
        config_problem(r, CONFIG_AT_KEY(at, "codel_target_ms"),
                       "must be 0: the pool \"write\" keeps its order");
        pool->codel_target_ms = 0;
    }
}

static void read_pool(struct config_reader *r, const struct config_place *at, json_t *value,
                      struct config *config)
{
    bool is_read = strcmp(at->key, READ) == 0;
    struct config_pool *pool = &config->pools[is_read ? 0 : config->pools_count];

    if (!is_pool_name(at->key)) {
        config_problem(r, at,
                       "a pool's name is a lower-case letter, then at most 11 of a-z, 0-9, \"_\" "
                       "and \"-\"");
        return;
    }
    if (!is_read && init(pool, at->key) != STATUS_OK) {
        r->status = STATUS_NOMEM;
        return;
    }
    config->pools_count += is_read ? 0 : 1;
    (void)config_object_read(r, at, value, &shape, pool); /* it has reported what is wrong */
    if (strcmp(at->key, WRITE) == 0) {
        check_write(r, at, pool);
    }
}

void config_pools_read(struct config_reader *r, const struct config_place *at, struct json_t *value,
                       void *into)
{
    struct config *config = into;
    struct config_pool *pools;
    const char *name;
    json_t *member;

    if (!json_is_object(value)) {
        config_problem_type(r, at, "an object", value);
        return;
    }
    pools = mem_realloc(config->pools,
                        (config->pools_count + json_object_size(value)) * sizeof(*pools));
    if (pools == NULL) {
        r->status = STATUS_NOMEM;
        return;
    }
    config->pools = pools;
    json_object_foreach(value, name, member)
    {
        read_pool(r, CONFIG_AT_KEY(at, name), member, config);
    }
}

bool config_pools_check(struct config_reader *r, const struct config_place *at,
                        const struct config *config, const char *name)
{
    const char *names[HINT_NAMES_MAX];
    size_t n = 0;

    if (strcmp(name, WRITE) == 0) {
        config_problem(r, at,
                       "the pool \"write\" cannot be chosen: a statement that writes runs there "
                       "by itself, nothing else may");
        return false;
    }
    for (size_t i = 0; i < config->pools_count; i++) {
        if (strcmp(config->pools[i].name, name) == 0) {
            return true;
        }
        if (n < ARRAY_LENGTH(names) && strcmp(config->pools[i].name, WRITE) != 0) {
            names[n++] = config->pools[i].name;
        }
    }
    config_problem_unknown(r, at, "pool", name, names, n);
    return false;
}
