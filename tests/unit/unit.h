/* cmocka with what it wants included before it. */
#ifndef GANTRY_TESTS_UNIT_UNIT_H
#define GANTRY_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
