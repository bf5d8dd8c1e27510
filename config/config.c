/*
 * Loading: the file's bytes, their JSON, and then one walk over it in file order. Every reader
 * reports to the same list and goes on, so one look at the list shows everything. Named queries and
 * routes are read last, since they name pools, and routes must keep off the paths of the tables.
 *
 * Everything here runs before the first thread is started.
 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/option.h"
#include "config/pools.h"
#include "config/routes.h"
#include "config/rpc.h"

#define FILE_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define PIECE_BYTES    ((size_t)65536)

enum status config_init(struct config *ret)
{
    struct config config = {0};

    if (config_defaults(CONFIG_OF_config, &config) != STATUS_OK ||
        config_pools_init(&config) != STATUS_OK) {
        config_fini(&config);
        return STATUS_NOMEM;
    }
    *ret = config;
    return STATUS_OK;
}

void config_fini(struct config *config)
{
    config_release(CONFIG_OF_config, config);
    config_pools_fini(config);
    config_rpc_fini(config);
    config_routes_fini(config);
    *config = (struct config){0};
}

/* Return: OK, TOO_BIG, IO (see errno), NOMEM. */
static enum status read_all(int fd, struct buf *b)
{
    for (;;) {
        size_t left = b->max - b->size;
        size_t room = left < PIECE_BYTES ? left : PIECE_BYTES;
        char *to = buf_reserve(b, room);
        ssize_t n = to == NULL || room == 0 ? 0 : read(fd, to, room);

        if (n < 0 && errno != EINTR) {
            return STATUS_IO;
        }
        if (n == 0) {
            return room == 0 ? STATUS_TOO_BIG : buf_status(b);
        }
        buf_commit(b, n < 0 ? 0 : (size_t)n);
    }
}

/* As read_all, or NO_SUCH_FILE; the reason is in err. */
static enum status read_file(const char *path, struct buf *b, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status status;

    if (fd < 0) {
        status = errno == ENOENT || errno == ENOTDIR ? STATUS_NO_SUCH_FILE : STATUS_IO;
        return error_set(err, status, "%s: %s", path, strerror(errno));
    }
    status = read_all(fd, b);
    if (status == STATUS_IO) {
        error_set(err, status, "%s: %s", path, strerror(errno));
    }
    (void)close(fd); /* opened for reading: nothing can be lost */
    return status;
}

/* A section of scalars: its options are those below its key. */
static bool read_scalars(struct config_reader *r, const struct config_place *at, json_t *value,
                         void *into)
{
    char prefix[32];
    const struct config_shape shape = {.owner = CONFIG_OF_config, .prefix = prefix};

    (void)snprintf(prefix, sizeof(prefix), "%s.", at->key); /* one of our own: it fits */
    return config_object_read(r, at, value, &shape, into);
}

static void read_section(struct config_reader *r, const struct config_place *at, json_t *value,
                         void *into)
{
    (void)read_scalars(r, at, value, into); /* it has reported what is wrong */
}

/* "https://shop.example" or "http://localhost:3000": what a browser sends, nothing behind it. */
static bool is_origin(const char *text)
{
    const char *host = strstr(text, "://");

    return host != NULL && host > text && host[3] != '\0' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == (size_t)(host - text) &&
           strcspn(host + 3, "/?#@ *\\") == strlen(host + 3);
}

static void read_cors(struct config_reader *r, const struct config_place *at, json_t *value,
                      void *into)
{
    const struct config_place *place = CONFIG_AT_KEY(at, "origins");
    const json_t *origins;

    if (!read_scalars(r, at, value, into)) {
        return;
    }
    origins = json_object_get(value, "origins");
    for (size_t i = 0; i < json_array_size(origins); i++) {
        const char *origin = json_string_value(json_array_get(origins, i));

        if (origin != NULL && origin[0] != '\0' && !is_origin(origin)) {
            config_problem(r, CONFIG_AT_INDEX(place, i),
                           "expected an origin such as \"https://shop.example\", got %s",
                           config_quote(r, origin));
        }
    }
}

static void read_tables(struct config_reader *r, const struct config_place *at, json_t *value,
                        void *into)
{
    if (read_scalars(r, at, value, into) && json_object_get(value, "include") != NULL &&
        json_object_get(value, "exclude") != NULL) {
        config_problem(r, at, "has both \"include\" and \"exclude\"; keep one");
    }
}

/* The pools may stand behind the tables in the file: so this is looked at last. */
static void check_tables_pool(struct config_reader *r, struct config *config)
{
    const struct config_place root = {0};
    const struct config_place *at = CONFIG_AT_KEY(CONFIG_AT_KEY(&root, "tables"), "pool");

    if (config->tables.pool != NULL && !config_pools_check(r, at, config, config->tables.pool)) {
        mem_free(config->tables.pool);
        config->tables.pool = config_copy(r, "read"); /* the rest is looked at with what is there */
    }
}

static void read_root(struct config_reader *r, json_t *root, struct config *config)
{
    static const struct config_special specials[] = {
        {"database", read_section},
        {"tables", read_tables},
        {"metrics", read_section},
        {"openapi", read_section},
        {"docs", read_section},
        {"cors", read_cors},
        {"limits", read_section},
        {"spool", read_section},
        {"admin", read_section},
        {"backup", read_section},
        {"log", read_section},
        {"pools", config_pools_read},
        {"rpc", NULL},
        {"routes", NULL},
    };
    static const struct config_shape shape = {.owner = CONFIG_OF_config,
                                              .prefix = "",
                                              .specials = specials,
                                              .specials_count = ARRAY_LENGTH(specials)};
    const struct config_place at = {0};
    json_t *routes;
    json_t *rpc;

    if (!config_object_read(r, &at, root, &shape, config)) {
        return;
    }
    check_tables_pool(r, config);
    rpc = json_object_get(root, "rpc");
    if (rpc != NULL) {
        config_rpc_read(r, CONFIG_AT_KEY(&at, "rpc"), rpc, config);
    }
    routes = json_object_get(root, "routes");
    if (routes != NULL) {
        config_routes_read(r, CONFIG_AT_KEY(&at, "routes"), routes, config);
    }
}

/* Lends: the tree, or NULL after reporting why (or after noting that memory ran out). */
static json_t *parse(struct config_reader *r, const char *path, struct str text)
{
    const struct config_place at = {0};
    json_error_t error;
    json_t *root = json_loadb(text.at, text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (root == NULL) {
        /* jansson says nothing at all when an allocation fails. */
        if (error.text[0] == '\0' || json_error_code(&error) == json_error_out_of_memory) {
            r->status = STATUS_NOMEM;
        } else {
            config_problem(r, &at, "%s:%d:%d: %s", path, error.line, error.column, error.text);
        }
    }
    return root;
}

enum status config_load(const char *path, struct config *ret, struct problems *problems,
                        struct error *err)
{
    struct config_reader r = {.problems = problems};
    const struct config_place at = {0};
    size_t count = problems->count;
    enum status status;
    struct buf text;
    json_t *root;

    *ret = (struct config){0};
    buf_init(&text, FILE_MAX_BYTES + 1);
    status = read_file(path, &text, err);
    if (status == STATUS_TOO_BIG) {
        config_problem(&r, &at, "%s: is larger than 4 MiB", path);
        status = STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = config_init(ret);
    }
    if (status == STATUS_OK && problems->count == count) {
        root = parse(&r, path, buf_str(&text));
        if (root != NULL) {
            read_root(&r, root, ret);
            json_decref(root);
        }
    }
    buf_fini(&text);
    status = status == STATUS_OK ? r.status : status;
    if (status == STATUS_NOMEM) {
        error_set(err, status, "%s: out of memory", path);
    }
    return status;
}
