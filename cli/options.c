#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "server/listener.h"

error_t options_take(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'c':
        options->config = arg;
        return 0;
    case 'w':
        options->is_write = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->database != NULL) {
            argp_error(state, "one DATABASE only, not '%s' as well", arg);
            return EINVAL;
        }
        if (arg[0] == '\0') {
            argp_error(state, "DATABASE is empty");
            return EINVAL;
        }
        options->database = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int options_report_problems(const char *command, const char *file, const struct problems *problems)
{
    if (problems->count == 0) {
        return EX_OK;
    }
    (void)fprintf(stderr, "gantry %s: %s has %zu problem%s:\n", command,
                  file == NULL ? "the configuration" : file, problems->count,
                  problems->count == 1 ? "" : "s");
    for (size_t i = 0; i < problems->count; i++) {
        (void)fprintf(stderr, "  %s: %s\n", problems->list[i].path, problems->list[i].text);
    }
    return EX_CONFIG;
}

/* Replace *at by a copy of text, if there is one. */
static enum status put(char **at, const char *text)
{
    char *copy;

    if (text == NULL) {
        return STATUS_OK;
    }
    copy = mem_strdup(text);
    if (copy == NULL) {
        return STATUS_NOMEM;
    }
    mem_free(*at);
    *at = copy;
    return STATUS_OK;
}

int options_resolve(const char *command, const struct options *options, struct config *ret,
                    struct problems *problems)
{
    struct error err = {0};
    enum status status = options->config == NULL
                             ? config_init(ret)
                             : config_load(options->config, ret, problems, &err);

    if (status == STATUS_OK) {
        status = put(&ret->database.path, options->database);
    }
    if (status == STATUS_OK) {
        status = put(&ret->listen, options->listen);
    }
    if (status != STATUS_OK) {
        if (err.text[0] == '\0') {
            (void)error_set(&err, status, "out of memory");
        }
        return command_fail(command, &err);
    }
    ret->database.write = ret->database.write || options->is_write;
    if (ret->admin.listen != NULL && listener_collides(ret->admin.listen, ret->listen)) {
        problems_add(problems, "$.admin.listen",
                     "is where the service itself listens, at %s: choose another port",
                     ret->listen);
    }
    if (options->listen != NULL && listener_check(options->listen, &err) != STATUS_OK) {
        (void)command_fail(command, &err); /* the exit code says whose mistake it is */
        return EX_USAGE;
    }
    return EX_OK;
}
