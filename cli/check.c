/* `gantry check`: everything that is wrong with a configuration, at once. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <sysexits.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/service.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    const char **file = state->input;

    switch (key) {
    case 'c':
        *file = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no argument; name the file with --config");
        return EINVAL;
    case ARGP_KEY_END:
        if (*file == NULL) {
            argp_error(state, "--config FILE is missing");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A database that cannot be opened is, to this command, one more thing that is wrong. */
static int look(const char *file)
{
    struct config config = {0};
    struct problems problems = {0};
    struct service *service = NULL;
    struct error err = {0};
    enum status status = config_load(file, &config, &problems, &err);
    int code;

    if (status != STATUS_OK) {
        config_fini(&config);
        problems_fini(&problems);
        return command_fail("check", &err);
    }
    status = service_create(&config, true, &problems, &service, &err);
    if (status != STATUS_OK) {
        problems_add(&problems, "$.database.path", "%s%s%s", err.text,
                     err.hint[0] == '\0' ? "" : "; ", err.hint);
    }
    code = options_report_problems("check", file, &problems);
    if (code == EX_OK) {
        (void)printf("%s: no problems, %zu routes\n", file, config.routes_count);
    }
    service_destroy(service);
    config_fini(&config);
    problems_fini(&problems);
    return code;
}

int check_command(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"config", 'c', "FILE", 0, "The configuration to check", 0},
        {0},
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Check a configuration against its schema and its database, without serving: every "
               "problem is printed, with its place in the file. Exit code 78 if there is any.",
    };
    static char name[] = "gantry check";
    const char *file = NULL;

    argv[0] = name;
    (void)argp_parse(&argp, argc, argv, 0, NULL, &file); /* exits by itself on wrong usage */
    return look(file);
}
