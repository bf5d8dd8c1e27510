/* `gantry demo FILE`: make the demo database, a small book shop to try everything on. */
#ifndef GANTRY_CLI_DEMO_H
#define GANTRY_CLI_DEMO_H

/*
 * argv[0] is the command's own name; help and errors call it "gantry demo" whatever it is.
 *
 * Context: MAIN, before any thread is started, after database_library_init(). Blocks. --help,
 * --usage and wrong usage end the process, as argp does.
 * Return: the exit code: 0, EX_CANTCREAT (FILE exists, or may not be made there), EX_IOERR,
 * EX_OSERR, EX_SOFTWARE. Wrong usage is EX_USAGE.
 */
int demo_command(int argc, char **argv);

#endif
