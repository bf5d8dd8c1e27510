#include "base/role.h"

#include <pthread.h>
#include <stddef.h>

#include "base/invariant.h"

struct role role_loop;
struct role role_worker;

static _Thread_local const struct role *current;

static void become(const struct role *role, const char *thread_name)
{
    char name[16];
    size_t n = 0;

    while (n < sizeof(name) - 1 && thread_name[n] != '\0') {
        name[n] = thread_name[n];
        n++;
    }
    name[n] = '\0';
    current = role;
    (void)pthread_setname_np(pthread_self(), name); /* a name is a comfort, not a need */
}

void role_set_loop(const char *thread_name)
{
    become(&role_loop, thread_name);
}

void role_set_worker(const char *thread_name)
{
    become(&role_worker, thread_name);
}

void assert_on_loop(void)
{
    invariant(current == &role_loop);
}

void assert_on_worker(void)
{
    invariant(current == &role_worker);
}
