#include "base/status.h"

static const struct {
    const char *name;
    const char *text;
    bool is_retryable;
} table[] = {
#define STATUS_ROW(name, text, retry) {#name, text, retry},
    STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

const char *status_text(enum status status)
{
    return table[status].text;
}

const char *status_name(enum status status)
{
    return table[status].name;
}

bool status_is_retryable(enum status status)
{
    return table[status].is_retryable;
}
