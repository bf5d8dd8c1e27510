#include "storage/sqlite_internal.h"
int functions_install_fts(sqlite3 *handle)
{
    (void)handle;
    return 0;
}
