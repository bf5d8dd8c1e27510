#include "pool/task.h"

const char *task_end_name(enum task_end end)
{
    static const char *const names[] = {
#define TASK_END_NAME(name, text) text,
        TASK_END_LIST(TASK_END_NAME)
#undef TASK_END_NAME
    };

    return names[end];
}
