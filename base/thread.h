/* Starting a thread as every thread of ours is started, and telling the scheduler what it does. */
#ifndef GANTRY_BASE_THREAD_H
#define GANTRY_BASE_THREAD_H

#include <pthread.h>

#include "base/attributes.h"

/*
 * As pthread_create, with every signal blocked in the new thread: those are for the one that waits
 * for them, and SIGPIPE is for nobody. Return: 0, or an error number.
 */
NODISCARD int thread_start(pthread_t *ret, void *(*run)(void *), void *argument);

/*
 * The calling thread is to let others go first: nice, 1 to 19, is beyond what the process has.
 *
 * A low weight alone does not do since Linux 6.6: what runs is left to run for its slice of about 3 ms,
 * whoever wakes meanwhile. But since 6.12 whoever has a shorter slice goes first: so this one gets a long
 * one. Where that is not allowed everything stays as it is.
 */
void thread_yield(int nice);

#endif
