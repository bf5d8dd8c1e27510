/* What `serve` and `check` are asked to do: the command line, merged over the configuration file. */
#ifndef GANTRY_CLI_OPTIONS_H
#define GANTRY_CLI_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "config/config.h"

struct options {
    const char *database; /* NULL: as configured */
    const char *config;   /* NULL: no file */
    const char *listen;   /* NULL: as configured */
    bool is_write;        /* false: as configured */
};

/*
 * The part of an argp parser that serve and check share: --config, --write and DATABASE, into the
 * struct options that is the parser's input. Return: as argp's parsers do.
 */
error_t options_take(int key, char *arg, struct argp_state *state);

/*
 * Load the file, if any, and put the command line's words over it.
 * Return: EX_OK, or an exit code with what is wrong printed. The caller frees both in any case.
 */
int options_resolve(const char *command, const struct options *options, struct config *ret,
                    struct problems *problems);

/* Print the problems, one a line. Return: EX_CONFIG if there are any, else EX_OK. */
int options_report_problems(const char *command, const char *file, const struct problems *problems);

#endif
