/* What a statement is before it runs, and the sentences for those that may not. */
#include <string.h>

#include "base/mem.h"
#include "storage/sqlite_internal.h"

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_NOMEM, "out of memory");
}

static enum status copy_parameters(sqlite3_stmt *handle, struct statement_info *info,
                                   struct error *err)
{
    int count = sqlite3_bind_parameter_count(handle);

    info->parameters = mem_zalloc(((size_t)count + 1) * sizeof(*info->parameters));
    if (info->parameters == NULL) {
        return no_memory(err);
    }
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(handle, i);

        if (name == NULL) {
            return error_set(err, STATUS_INVALID, "parameter ?%d: write parameters as :name", i);
        }
        if (name[0] != ':') {
            return error_set(err, STATUS_INVALID, "parameter %s: write parameters as :name", name);
        }
        info->parameters[i - 1] = mem_strdup(name + 1);
        if (info->parameters[i - 1] == NULL) {
            return no_memory(err);
        }
        info->parameters_count++;
    }
    return STATUS_OK;
}

static bool has_column(const struct statement_info *info, const char *name)
{
    for (size_t i = 0; i < info->columns_count; i++) {
        if (strcmp(info->columns[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum status copy_columns(sqlite3_stmt *handle, struct statement_info *info,
                                struct error *err)
{
    int count = sqlite3_column_count(handle);

    info->columns = mem_zalloc(((size_t)count + 1) * sizeof(*info->columns));
    if (info->columns == NULL) {
        return no_memory(err);
    }
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(handle, i);

        if (name == NULL) {
            return no_memory(err);
        }
        if (has_column(info, name)) {
            return error_set(err, STATUS_INVALID, "two columns are called \"%s\"; name one with AS",
                             name);
        }
        info->columns[i] = mem_strdup(name);
        if (info->columns[i] == NULL) {
            return no_memory(err);
        }
        info->columns_count++;
    }
    return STATUS_OK;
}

enum status connection_inspect(struct connection *c, const char *sql, struct statement_info *ret,
                               struct error *err)
{
    struct statement_info info = {0};
    sqlite3_stmt *handle = NULL;
    enum status status;

    c->has_volatile = false;
    status = sqlite_prepare_one(c, sql, 0, &handle, err);
    if (status == STATUS_SCHEMA) {
        status = STATUS_INVALID; /* it never did prepare */
        if (err != NULL) {
            err->status = status;
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    info.is_volatile = c->has_volatile;
    info.is_read_only = sqlite3_stmt_readonly(handle) != 0;
    status = copy_parameters(handle, &info, err);
    if (status == STATUS_OK) {
        status = copy_columns(handle, &info, err);
    }
    (void)sqlite3_finalize(handle); /* never stepped */
    if (status != STATUS_OK) {
        statement_info_fini(&info);
        return status;
    }
    *ret = info;
    return STATUS_OK;
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mem_free(names[i]);
    }
    mem_free(names);
}

void statement_info_fini(struct statement_info *info)
{
    free_names(info->parameters, info->parameters_count);
    free_names(info->columns, info->columns_count);
    *info = (struct statement_info){0};
}
