#include "cli/demo.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "demo_sql.h"
#include "storage/database.h"

static char command_name[] = "gantry demo";

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    const char **path = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (*path != NULL) {
            argp_error(state, "one FILE only, not '%s' as well", arg);
            return EINVAL;
        }
        if (arg[0] == '\0') {
            argp_error(state, "FILE is empty");
            return EINVAL;
        }
        *path = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "FILE is missing");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp demo_argp = {
    .parser = parse_option,
    .args_doc = "FILE",
    .doc = "Make FILE, a SQLite database to try Gantry on: the stock and the trade of a small book "
           "shop.\v"
           "Some 5,000 rows in the tables authors, publishers, books, customers, orders, "
           "order_items and reviews, and the view book_sales. Every run makes the same rows. A "
           "FILE which exists is left alone.",
};

/* Could a file be made at path? Asked after a failure only, to tell "may not" from "broke". */
static bool folder_takes_files(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder;
    bool takes;

    if (slash == NULL) {
        return access(".", W_OK | X_OK) == 0;
    }
    folder = mem_strdup(path);
    if (folder == NULL) {
        return true; /* nothing known: blame the disk */
    }
    folder[slash - path + 1] = '\0'; /* keep the slash: the folder may be the root */
    takes = access(folder, W_OK | X_OK) == 0;
    mem_free(folder);
    return takes;
}

static int exit_code(enum status status, const char *path)
{
    switch (status) {
    case STATUS_OK:
        return EX_OK;
    case STATUS_CONFLICT:
    case STATUS_NO_SUCH_FILE:
    case STATUS_DENIED:
    case STATUS_READONLY:
        return EX_CANTCREAT;
    case STATUS_IO:
        return folder_takes_files(path) ? EX_IOERR : EX_CANTCREAT;
    case STATUS_FULL:
        return EX_IOERR;
    case STATUS_NOMEM:
    case STATUS_OS:
        return EX_OSERR;
    default:
        return EX_SOFTWARE;
    }
}

int demo_command(int argc, char **argv)
{
    const char *path = NULL;
    struct error err = {0};
    enum status status;

    argv[0] = command_name;
    if (argp_parse(&demo_argp, argc, argv, 0, NULL, &path) != 0) {
        return EX_USAGE;
    }
    status = database_create(path, demo_sql, &err);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "gantry demo: %s\n",
                      err.text[0] != '\0' ? err.text : status_text(status));
        if (err.hint[0] != '\0') {
            (void)fprintf(stderr, "hint: %s\n", err.hint);
        }
        return exit_code(status, path);
    }
    (void)printf("made %s: a book shop, some 5,000 rows in 7 tables and a view\n"
                 "next: gantry serve %s\n",
                 path, path);
    return EX_OK;
}
