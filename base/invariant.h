/*
 * invariant(): a claim about our own code. It stays on in release builds; what comes from a
 * client, a file or a library never reaches it.
 */
#ifndef GANTRY_BASE_INVARIANT_H
#define GANTRY_BASE_INVARIANT_H

#define invariant(claim)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(claim), 0)) {                                                       \
            invariant_failed(#claim, __FILE__, __LINE__);                                          \
        }                                                                                          \
    } while (0)

/* Write where and what to standard error and abort. */
_Noreturn void invariant_failed(const char *claim, const char *file, int line);

#endif
