#include "handlers/table/range.h"

#include <stdio.h>

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.size; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') {
            return false;
        }
    }
    return s.size > 0;
}

/* A number beyond all rows is as good as any. */
static bool read_place(struct str text, uint64_t *ret)
{
    if (!is_digits(text)) {
        return false;
    }
    if (!str_to_u64(text, ret) || *ret > INT64_MAX) {
        *ret = INT64_MAX;
    }
    return true;
}

/* "a-b" or "a-". *ret_last is UINT64_MAX without b. */
static bool read_range(struct str text, uint64_t *ret_first, uint64_t *ret_last)
{
    static const struct str unit = {"items=", 6};
    const char *dash;
    struct str last;

    if (text.size > unit.size && str_equal_nocase((struct str){text.at, unit.size}, unit)) {
        text.at += unit.size;
        text.size -= unit.size;
    }
    dash = text.size == 0 ? NULL : memchr(text.at, '-', text.size);
    if (dash == NULL) {
        return false;
    }
    last = (struct str){dash + 1, text.size - (size_t)(dash - text.at) - 1};
    *ret_last = UINT64_MAX;
    return read_place((struct str){text.at, (size_t)(dash - text.at)}, ret_first) &&
           (last.size == 0 || read_place(last, ret_last));
}

bool range_read(const struct request *request, struct arena *arena, struct range *ret,
                struct fault *fault)
{
    struct str text = request_header(request, STR("range"));
    uint64_t first;
    uint64_t last;

    *ret = (struct range){0, UINT64_MAX};
    if (request->method != METHOD_GET || text.at == NULL || !read_range(text, &first, &last)) {
        return true;
    }
    if (last < first) {
        (void)fault_set(fault, arena, 416, "PGRST103", "Requested range not satisfiable");
        fault_details(fault, arena,
                      "The lower boundary must be lower than or equal to the upper boundary in the "
                      "Range header.");
        return false;
    }
    *ret = (struct range){first, last == UINT64_MAX ? UINT64_MAX : last - first + 1};
    return true;
}

bool range_check(const struct range_answer *answer, struct arena *arena, struct fault *fault)
{
    if (range_status(answer) != 416) {
        return true;
    }
    (void)fault_set(fault, arena, 416, "PGRST103", "Requested range not satisfiable");
    fault_details(fault, arena, "An offset of %llu was requested, but there are only %llu rows.",
                  (unsigned long long)answer->offset, (unsigned long long)answer->total);
    return false;
}

unsigned range_status(const struct range_answer *answer)
{
    if (!answer->has_total) {
        return 200;
    }
    if (answer->offset > answer->total) {
        return 416;
    }
    return answer->rows < answer->total ? 206 : 200;
}

void range_note(const struct range_answer *answer, struct response *r)
{
    char rows[50] = "*";
    char total[25] = "*";

    if (answer->rows > 0) {
        (void)snprintf(rows, sizeof(rows), "%llu-%llu", /* two numbers fit */
                       (unsigned long long)answer->offset,
                       (unsigned long long)(answer->offset + answer->rows - 1));
    }
    if (answer->has_total) {
        (void)snprintf(total, sizeof(total), "%llu", (unsigned long long)answer->total);
    }
    response_header(r, "Content-Range", "%s/%s", rows, total);
}
