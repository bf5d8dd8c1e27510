/* What the three kinds of body share. Only for payload*.c. */
#ifndef GANTRY_HANDLERS_TABLE_PAYLOAD_INTERNAL_H
#define GANTRY_HANDLERS_TABLE_PAYLOAD_INTERNAL_H

#include "handlers/table/payload.h"

#define PAYLOAD_FIELDS_MAX 32767 /* of a row that gives the names: no table has more columns */
#define PAYLOAD_NOWHERE    SIZE_MAX

/* Where we are in the body. */
struct payload_walk {
    const char *at;
    const char *end;
};

/* From the row that comes next. */
struct payload_walk payload_walk_from(const struct payload *payload);

/*
 * Unless ?columns= has given the names, they are these, each once, in the order of their first
 * mention. Takes names, which lie in the arena and are reordered.
 * Return: false with *fault: no memory.
 */
bool payload_set_names(struct payload *payload, struct str *names, size_t count,
                       struct arena *arena, struct fault *fault);

/* The index of a name, PAYLOAD_NOWHERE if it is none. guess: where it is likely to be found. */
size_t payload_place_of(const struct payload *payload, struct str name, size_t guess);

/* 400 PGRST102. Return: false. */
bool payload_refuse(const char *message, struct arena *arena, struct fault *fault);

/* A row that gives the names may have so many fields; else *fault, 54011. */
bool payload_check_count(size_t fields, struct arena *arena, struct fault *fault);

/* As payload_open, its kind and body given; and as payload_next, the cells being MISSING so far. */
bool payload_json_open(struct payload *payload, struct arena *arena, struct fault *fault);
bool payload_json_next(struct payload *payload, struct arena *arena, struct payload_cell *cells,
                       struct fault *fault);
bool payload_csv_open(struct payload *payload, struct arena *arena, struct fault *fault);
bool payload_csv_next(struct payload *payload, struct arena *arena, struct payload_cell *cells,
                      struct fault *fault);
bool payload_form_open(struct payload *payload, struct arena *arena, struct fault *fault);
bool payload_form_next(const struct payload *payload, struct arena *arena,
                       struct payload_cell *cells, struct fault *fault);

#endif
