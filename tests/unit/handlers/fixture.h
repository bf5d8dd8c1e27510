/* A call built by hand, as the front end would have built it, and its answer read back. */
#ifndef GANTRY_TESTS_UNIT_HANDLERS_FIXTURE_H
#define GANTRY_TESTS_UNIT_HANDLERS_FIXTURE_H

#include <jansson.h>

#include "server/call.h"
#include "tests/unit/text.h"

struct fixture {
    struct call call;
    struct cancel cancel;
    struct header headers[2];
    json_t *json; /* the answer */
};

static inline void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.call = {.request = {.id = "test-1"}}};
    f->call.request.headers = f->headers;
    f->call.request.query = STR("");
    f->call.request.body = STR("");
    f->call.cancel = &f->cancel;
    cancel_init(&f->cancel, 0);
    response_init(&f->call.response, 1024 * 1024);
    arena_init(&f->call.arena, NULL, 0, 1024 * 1024);
}

static inline void fixture_fini(struct fixture *f)
{
    json_decref(f->json);
    response_fini(&f->call.response);
    arena_fini(&f->call.arena);
}

/* Parse the answer, which is in f->json until the next one. */
static inline const json_t *answer_of(struct fixture *f)
{
    const struct buf *b = &f->call.response.body;
    json_error_t error;

    json_decref(f->json);
    f->json = json_loadb(b->at, b->size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (f->json == NULL) {
        fail_msg("%s: %.*s", error.text, (int)b->size, b->at);
    }
    return f->json;
}

/* The message of the answer's problem with that parameter, or NULL. */
static inline const char *problem_with(struct fixture *f, const char *name)
{
    const json_t *errors = json_object_get(answer_of(f), "errors");
    const json_t *error;
    size_t i;

    json_array_foreach(errors, i, error)
    {
        if (strcmp(json_string_value(json_object_get(error, "name")), name) == 0) {
            return json_string_value(json_object_get(error, "message"));
        }
    }
    return NULL;
}

static inline size_t problems_count(struct fixture *f)
{
    return json_array_size(json_object_get(answer_of(f), "errors"));
}

#endif
