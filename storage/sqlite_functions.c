/*
 * SQL functions of ours, on every connection. They are for the statements that a plan makes
 * (query->tables): no view, trigger or index of a file may call them (DIRECTONLY), and the
 * authorizer keeps them out of the operators' SQL.
 */
#include "storage/sqlite_internal.h"

int functions_install(sqlite3 *handle)
{
    return functions_install_rows(handle);
}
