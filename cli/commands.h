/* The commands: each parses its own arguments and returns the program's exit code (sysexits). */
#ifndef GANTRY_CLI_COMMANDS_H
#define GANTRY_CLI_COMMANDS_H

#include "base/error.h"

int serve_command(int argc, char **argv);
int check_command(int argc, char **argv);
int backup_command(int argc, char **argv);
int health_command(int argc, char **argv);
int version_command(int argc, char **argv);

/* "gantry COMMAND: text" and the hint, on standard error. Return: the exit code for it. */
int command_fail(const char *command, const struct error *err);

/* Send what is left of standard output. Return: EX_OK, or EX_IOERR and the sentence is out. */
int command_flush(const char *command);

#endif
