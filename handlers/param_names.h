/*
 * The names of a statement and the parameters that are declared: every :name is one of them, and every
 * one of them is a :name. What is wrong is said for people, with the nearest name.
 */
#ifndef GANTRY_HANDLERS_PARAM_NAMES_H
#define GANTRY_HANDLERS_PARAM_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "handlers/param.h"

/* One thing that is wrong: with a parameter, or (param is NULL) with the SQL. text is borrowed. */
typedef void (*param_fault_fn)(void *user, const char *param, const char *text);

struct param_names {
    const struct param *params; /* borrowed */
    size_t count;
    param_fault_fn report;
    void *user;
};

/* Which of the parameters is :name? Return: false, and nothing in *ret, after reporting that none is. */
bool param_names_find(const struct param_names *names, const char *name, size_t *ret);

/* Report each parameter that is not in binding, which holds what param_names_find has found. */
void param_names_check_used(const struct param_names *names, const size_t *binding, size_t count);

#endif
