/*
 * Thread roles: who runs this function?
 *
 * A role is a Clang capability, so `clang -Wthread-safety -Werror` (the tsa preset) refuses a
 * blocking call on a thread that serves sockets. GCC sees empty macros.
 *
 *   ON_LOOP      only a loop thread calls this
 *   ON_WORKER    only a thread of an executor calls this
 *   ANY_THREAD   safe everywhere (said, not checked)
 *   MAY_BLOCK    may wait, touch the disk or run SQL: never on a loop
 *   LOOP_OWNED   a field only a loop thread reads or writes
 *
 * Attributes do not travel through function pointers, so every callback's body starts with
 * assert_on_loop() or assert_on_worker(): that checks at run time and informs the analysis.
 */
#ifndef GANTRY_BASE_ROLE_H
#define GANTRY_BASE_ROLE_H

#if defined(__clang__)
#define TSA(x) __attribute__((x))
#else
#define TSA(x)
#endif

struct TSA(capability("role")) role {
    char unused;
};

extern struct role role_loop;
extern struct role role_worker;

#define ON_LOOP   TSA(requires_capability(role_loop))
#define ON_WORKER TSA(requires_capability(role_worker))
#define ANY_THREAD
#define MAY_BLOCK  TSA(locks_excluded(role_loop))
#define LOOP_OWNED TSA(guarded_by(role_loop))

/* Say what the calling thread is, and name it (at most 15 bytes are kept). Once per thread. */
void role_set_loop(const char *thread_name);
void role_set_worker(const char *thread_name);

/* Abort unless the calling thread has the role. */
void assert_on_loop(void) TSA(assert_capability(role_loop));
void assert_on_worker(void) TSA(assert_capability(role_worker));

#endif
