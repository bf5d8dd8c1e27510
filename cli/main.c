/* gantry: find the command and run it. */
#include <argp.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/attributes.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/demo.h"
#include "storage/database.h"

/*
 * Blocks from this size on go back to the system as soon as they are freed. Left to itself, malloc
 * learns to keep the largest it has seen, and a burst of long answers is never given back.
 */
#define LARGE_BYTES (1024 * 1024)

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"serve", serve_command, "serve [DATABASE] [--config FILE] [--listen ADDR:PORT] [--write]"},
    {"check", check_command, "check --config FILE      say everything that is wrong with it"},
    {"demo", demo_command, "demo FILE                make a database to try things on"},
    {"backup", backup_command, "backup DATABASE TARGET   copy a database that is in use"},
    {"health", health_command, "health [--url URL]       is a running service alive?"},
    {"version", version_command, "version                  of Gantry and its libraries"},
};

static void put_usage(FILE *to)
{
    (void)fprintf(to, "An HTTP service over a SQLite file that never blocks its event loop.\n\n"
                      "Usage:\n");
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        (void)fprintf(to, "  gantry %s\n", commands[i].summary);
    }
    (void)fprintf(to, "\nStart with:\n"
                      "  gantry demo demo.db && gantry serve demo.db\n\n"
                      "`gantry COMMAND --help` tells more about one of them.\n");
}

static int refuse(const char *name)
{
    const char *names[ARRAY_LENGTH(commands)];
    const char *near;

    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        names[i] = commands[i].name;
    }
    near = nearest_name(name, names, ARRAY_LENGTH(commands));
    (void)fprintf(stderr, "gantry: there is no command \"%s\"", name);
    if (near != NULL) {
        (void)fprintf(stderr, "; did you mean \"%s\"?", near);
    }
    (void)fprintf(stderr, "\n`gantry --help` lists the commands.\n");
    return EX_USAGE;
}

int command_fail(const char *command, const struct error *err)
{
    static const struct {
        enum status status;
        int code;
    } codes[] = {
        {STATUS_INVALID, EX_CONFIG},
        {STATUS_CONFLICT, EX_CONFIG},
        {STATUS_NO_SUCH_FILE, EX_NOINPUT},
        {STATUS_NOT_A_DATABASE, EX_DATAERR},
        {STATUS_CORRUPT, EX_DATAERR},
        {STATUS_IO, EX_IOERR},
        {STATUS_FULL, EX_IOERR},
        {STATUS_READONLY, EX_IOERR},
        {STATUS_LOCKED, EX_IOERR},
        {STATUS_BUSY, EX_IOERR},
        {STATUS_OS, EX_OSERR},
        {STATUS_NOMEM, EX_OSERR},
    };

    (void)fprintf(stderr, "gantry %s: %s\n", command, err->text);
    if (err->hint[0] != '\0') {
        (void)fprintf(stderr, "hint: %s\n", err->hint);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        if (codes[i].status == err->status) {
            return codes[i].code;
        }
    }
    return EX_SOFTWARE;
}

int command_flush(const char *command)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return EX_OK;
    }
    (void)fprintf(stderr, "gantry %s: standard output: cannot write\n", command);
    return EX_IOERR;
}

/* `gantry help COMMAND` and `gantry COMMAND -h` mean `gantry COMMAND --help`. */
static void spell_help(int argc, char **argv)
{
    static char option[] = "--help";

    if (argc == 3 && strcmp(argv[1], "help") == 0) {
        argv[1] = argv[2];
        argv[2] = option;
    } else if (argc == 3 && strcmp(argv[2], "-h") == 0) {
        argv[2] = option;
    }
}

static int run(const struct command *command, int argc, char **argv)
{
    int code = command->run(argc, argv);

    return code == EX_OK ? command_flush(command->name) : code;
}

int main(int argc, char **argv)
{
    const char *name;
    struct error err;

    argp_err_exit_status = EX_USAGE;
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES); /* cannot fail for this value */
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error to read, not a death */
    if (argc < 2) {
        put_usage(stderr);
        return EX_USAGE;
    }
    spell_help(argc, argv);
    name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        put_usage(stdout);
        return command_flush("help");
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        (void)version_command(1, argv); /* prints, nothing else */
        return command_flush("version");
    }
    if (database_library_init(&err) != STATUS_OK) {
        return command_fail("start-up", &err);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return run(&commands[i], argc - 1, argv + 1);
        }
    }
    return refuse(name);
}
