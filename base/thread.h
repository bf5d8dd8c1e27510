/* Starting a thread as every thread of ours is started. */
#ifndef GANTRY_BASE_THREAD_H
#define GANTRY_BASE_THREAD_H

#include <pthread.h>

#include "base/attributes.h"

/*
 * As pthread_create, with every signal blocked in the new thread: those are for the one that waits
 * for them, and SIGPIPE is for nobody. Return: 0, or an error number.
 */
NODISCARD int thread_start(pthread_t *ret, void *(*run)(void *), void *argument);

#endif
