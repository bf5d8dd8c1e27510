#include "server/method.h"

static const char *const names[] = {"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                    "DELETE", "OPTIONS", "TRACE", "CONNECT", ""};

enum method method_of(struct str name)
{
    for (enum method m = METHOD_GET; m < METHOD_UNKNOWN; m++) {
        if (str_equal(name, str_of(names[m]))) {
            return m;
        }
    }
    return METHOD_UNKNOWN;
}

const char *method_name(enum method method)
{
    return names[method];
}
