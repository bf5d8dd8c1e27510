/* "This must abort": run a function in a child process and look at how the child ended. */
#ifndef GANTRY_TESTS_UNIT_DEATH_H
#define GANTRY_TESTS_UNIT_DEATH_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Quiet: the child's standard error goes nowhere and it leaves no core file. */
static inline bool death_by_abort(void (*act)(void))
{
    int how = 0;
    pid_t child = fork();

    if (child == 0) {
        const struct rlimit none = {0, 0};
        int nowhere = open("/dev/null", O_WRONLY);

        (void)setrlimit(RLIMIT_CORE, &none); /* a comfort, not a need */
        (void)dup2(nowhere, STDERR_FILENO);  /* likewise */
        act();
        _exit(0);
    }
    if (child < 0 || waitpid(child, &how, 0) != child) {
        return false;
    }
    return WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT;
}

#endif
