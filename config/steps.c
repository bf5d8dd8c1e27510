#include "config/steps.h"

#include <jansson.h>

#include "base/mem.h"
#include "config/option.h"

static const struct config_shape shape = {.owner = CONFIG_OF_config_step,
                                          .prefix = "routes[].steps[]."};

static void read_step(struct config_reader *r, const struct config_place *at, json_t *value,
                      struct config_step *step)
{
    if (config_defaults(CONFIG_OF_config_step, step) != STATUS_OK) {
        r->status = STATUS_NOMEM;
    } else if (config_object_read(r, at, value, &shape, step) &&
               json_object_get(value, "sql") == NULL) {
        config_problem(r, at, "\"sql\" is missing");
    }
}

void config_steps_read(struct config_reader *r, const struct config_place *at, struct json_t *value,
                       struct config_route *route)
{
    size_t n = json_array_size(value);

    if (!json_is_array(value)) {
        config_problem_type(r, at, "an array", value);
        return;
    }
    if (n == 0 || n > CONFIG_STEPS_MAX) {
        config_problem(r, at, "must have 1 to %d steps, got %zu", CONFIG_STEPS_MAX, n);
        return;
    }
    route->steps = mem_zalloc(n * sizeof(*route->steps));
    if (route->steps == NULL) {
        r->status = STATUS_NOMEM;
        return;
    }
    for (size_t i = 0; i < n && r->status == STATUS_OK; i++) {
        read_step(r, CONFIG_AT_INDEX(at, i), json_array_get(value, i),
                  &route->steps[route->steps_count++]);
    }
}

void config_steps_fini(struct config_route *route)
{
    for (size_t i = 0; i < route->steps_count; i++) {
        config_release(CONFIG_OF_config_step, &route->steps[i]);
    }
    mem_free(route->steps);
}
