/* `gantry check`: everything that is wrong with a configuration, at once. */
#include <argp.h>
#include <stdio.h>
#include <sysexits.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/service.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    const struct options *options = state->input;

    if (key != ARGP_KEY_END) {
        return options_take(key, arg, state);
    }
    if (options->config == NULL) {
        argp_error(state, "--config FILE is missing");
    }
    return 0;
}

/* A database that cannot be opened is, to this command, one more thing that is wrong. */
static int look(const struct options *options)
{
    struct config config = {0};
    struct problems problems = {0};
    struct service *service = NULL;
    struct error err = {0};
    int code = options_resolve("check", options, &config, &problems);

    if (code == EX_OK) {
        if (service_create(&config, true, &problems, &service, &err) != STATUS_OK) {
            problems_add(&problems, "$.database.path", "%s%s%s", err.text,
                         err.hint[0] == '\0' ? "" : "; ", err.hint);
        }
        code = options_report_problems("check", options->config, &problems);
    }
    if (code == EX_OK) {
        (void)printf("%s: no problems, %zu route%s\n", options->config, config.routes_count,
                     config.routes_count == 1 ? "" : "s");
    }
    service_destroy(service);
    config_fini(&config);
    problems_fini(&problems);
    return code;
}

int check_command(int argc, char **argv)
{
    static const struct argp_option known[] = {
        {"config", 'c', "FILE", 0, "The configuration to check", 0},
        {"write", 'w', NULL, 0, "As it would be served with --write", 0},
        {0},
    };
    static const struct argp argp = {
        .options = known,
        .parser = parse_option,
        .args_doc = "[DATABASE]",
        .doc = "Check a configuration against its schema and its database, without serving: every "
               "problem is printed, with its place in the file. Exit code 78 if there is any. "
               "DATABASE and --write mean what they mean to `gantry serve`.",
    };
    static char name[] = "gantry check";
    struct options options = {0};

    argv[0] = name;
    (void)argp_parse(&argp, argc, argv, 0, NULL, &options); /* exits by itself on wrong usage */
    return look(&options);
}
