#include <argp.h>
#include <stdio.h>
#include <sysexits.h>

#include "cli/commands.h"
#include "server/server.h"
#include "storage/database.h"

int version_command(int argc, char **argv)
{
    static const struct argp argp = {.doc = "Print the version of Gantry and of its libraries."};
    static char name[] = "gantry version";

    argv[0] = name;
    (void)argp_parse(&argp, argc, argv, 0, NULL, NULL); /* exits by itself on wrong usage */
    (void)printf("gantry %s (libmicrohttpd %s, SQLite %s)\n", GANTRY_VERSION,
                 server_library_version(), database_library_version());
    return EX_OK;
}
