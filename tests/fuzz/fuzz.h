/* What libFuzzer calls, and the replay in its stead. */
#ifndef GANTRY_TESTS_FUZZ_FUZZ_H
#define GANTRY_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that only a bug breaks. */
#define FUZZ_CHECK(claim)                                                                          \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
