#include "config/rpc.h"

#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "config/option.h"
#include "config/params.h"
#include "config/pools.h"

static void read_params(struct config_reader *r, const struct config_place *at, json_t *value,
                        void *into)
{
    struct config_rpc *rpc = into;

    config_params_read(r, at, value, "rpc[].params.*.", &rpc->params, &rpc->params_count);
}

static const struct config_special specials[] = {{"params", read_params}};

static const struct config_shape shape = {.owner = CONFIG_OF_config_rpc,
                                          .prefix = "rpc[].",
                                          .specials = specials,
                                          .specials_count = ARRAY_LENGTH(specials)};

static void fini(struct config_rpc *rpc)
{
    config_params_fini(rpc->params, rpc->params_count);
    config_release(CONFIG_OF_config_rpc, rpc);
    *rpc = (struct config_rpc){0};
}

void config_rpc_fini(struct config *config)
{
    for (size_t i = 0; i < config->rpc_count; i++) {
        fini(&config->rpc[i]);
    }
    mem_free(config->rpc);
}

/* --- "returns" ------------------------------------------------------------------------------------ */

/* What stands behind "word " in text, or NULL: something else does, or nothing. */
static const char *behind(const char *text, const char *word)
{
    size_t size = strlen(word);

    if (strncmp(text, word, size) != 0 || text[size] != ' ' || text[size + 1] == '\0') {
        return NULL;
    }
    return text + size + 1;
}

static void report_returns(struct config_reader *r, const struct config_place *at, const char *text)
{
    static const char *const words[] = {"scalar", "setof", "row", "void"};
    char first[16] = "";
    const char *near;

    strncat(first, text, strcspn(text, " ") < sizeof(first) ? strcspn(text, " ") : 0);
    near = nearest_name(first, words, ARRAY_LENGTH(words));
    if (near != NULL && strcmp(near, first) != 0) {
        config_problem(r, at, "unknown returns %s; did you mean \"%s\"?", config_quote(r, text),
                       near);
    } else {
        config_problem(r, at,
                       "expected \"scalar TYPE\", \"setof TYPE\", \"setof TABLE\", "
                       "\"row TABLE\" or \"void\", got %s",
                       config_quote(r, text));
    }
}

/* "setof TYPE" or "setof TABLE": what is no type is a table. */
static void read_setof(struct config_rpc *rpc, const char *what)
{
    if (config_type_find(what, &rpc->returns_type)) {
        rpc->returns_kind = CONFIG_RETURNS_VALUES;
    } else {
        rpc->returns_kind = CONFIG_RETURNS_ROWS;
        rpc->returns_table = what;
    }
}

/* Return: does "returns" mean something? */
static bool read_returns(struct config_reader *r, const struct config_place *at,
                         struct config_rpc *rpc)
{
    const char *setof = behind(rpc->returns, "setof");
    const char *row = behind(rpc->returns, "row");
    const char *scalar = behind(rpc->returns, "scalar");

    if (strcmp(rpc->returns, "void") == 0) {
        rpc->returns_kind = CONFIG_RETURNS_VOID;
    } else if (setof != NULL) {
        read_setof(rpc, setof);
    } else if (row != NULL) {
        rpc->returns_kind = CONFIG_RETURNS_ROW;
        rpc->returns_table = row;
    } else if (scalar == NULL) {
        report_returns(r, at, rpc->returns);
        return false;
    } else if (!config_type_find(scalar, &rpc->returns_type)) {
        config_type_unknown(r, at, scalar);
        return false;
    } else {
        rpc->returns_kind = CONFIG_RETURNS_SCALAR;
    }
    return true;
}

/* --- queries -------------------------------------------------------------------------------------- */

static void check_name(struct config_reader *r, const struct config_place *at,
                       const struct config *config, const struct config_rpc *rpc)
{
    for (size_t i = 0; i < config->rpc_count; i++) {
        if (strcmp(config->rpc[i].name, rpc->name) == 0) {
            config_problem(r, at, "%s is $.rpc[%zu] already", rpc->name, config->rpc[i].index);
            return;
        }
    }
}

/* Return: is it whole enough to be kept? */
static bool read_rpc(struct config_reader *r, const struct config_place *at, json_t *value,
                     const struct config *config, struct config_rpc *rpc)
{
    static const char *const required[] = {"name", "sql", "returns"};
    bool has_returns = false;

    if (!config_object_read(r, at, value, &shape, rpc)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(required); i++) {
        if (json_object_get(value, required[i]) == NULL) {
            config_problem(r, at, "\"%s\" is missing", required[i]);
        }
    }
    if (rpc->name != NULL) {
        check_name(r, CONFIG_AT_KEY(at, "name"), config, rpc);
    }
    if (rpc->returns != NULL) {
        has_returns = read_returns(r, CONFIG_AT_KEY(at, "returns"), rpc);
    }
    if (rpc->pool != NULL && !config_pools_check(r, CONFIG_AT_KEY(at, "pool"), config, rpc->pool)) {
        mem_free(rpc->pool);
        rpc->pool = NULL;
    }
    return rpc->name != NULL && rpc->sql != NULL && has_returns;
}

void config_rpc_read(struct config_reader *r, const struct config_place *at, struct json_t *value,
                     struct config *config)
{
    size_t n = json_array_size(value);

    if (!json_is_array(value)) {
        config_problem_type(r, at, "an array", value);
        return;
    }
    config->rpc = mem_zalloc((n + 1) * sizeof(*config->rpc));
    if (config->rpc == NULL) {
        r->status = STATUS_NOMEM;
        return;
    }
    for (size_t i = 0; i < n && r->status == STATUS_OK; i++) {
        struct config_rpc *rpc = &config->rpc[config->rpc_count];

        rpc->index = i;
        if (config_defaults(CONFIG_OF_config_rpc, rpc) != STATUS_OK) {
            r->status = STATUS_NOMEM;
            fini(rpc);
        } else if (read_rpc(r, CONFIG_AT_INDEX(at, i), json_array_get(value, i), config, rpc)) {
            config->rpc_count++;
        } else {
            fini(rpc);
        }
    }
}
