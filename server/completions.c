#include "server/completions.h"

#include <stdint.h>
#include <unistd.h>

void completions_wake(struct completions *c)
{
    static const uint64_t one = 1;
    ssize_t n = write(c->wake_fd, &one, sizeof(one));

    (void)n; /* an eventfd refuses only when 2^64-2 wakes are pending, which is awake enough */
}

void completions_push(struct completions *c, struct completion *completion)
{
    completions_push_chain(c, completion, completion);
}

void completions_push_once(struct completions *c, struct completion *completion)
{
    /* relaxed: as completion_look */
    if (!atomic_exchange_explicit(&completion->is_pending, true, memory_order_relaxed)) {
        completions_push(c, completion);
    }
}

void completions_push_chain(struct completions *c, struct completion *newest,
                            struct completion *oldest)
{
    struct completion *top = atomic_load_explicit(&c->top, memory_order_relaxed);

    do {
        oldest->next = top;
    } while (!atomic_compare_exchange_weak_explicit(&c->top, &top, newest, memory_order_release,
                                                    memory_order_relaxed));
    if (top == NULL) {
        completions_wake(c);
    }
}

struct completion *completions_take(struct completions *c)
{
    struct completion *newest = atomic_exchange_explicit(&c->top, NULL, memory_order_acquire);
    struct completion *oldest = NULL;

    while (newest != NULL) {
        struct completion *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}
