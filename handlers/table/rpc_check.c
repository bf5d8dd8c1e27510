#include "handlers/table/rpc_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "handlers/param_names.h"
#include "storage/database.h"

/* Where the faults of one query go. */
struct faults {
    rpc_fault_fn report;
    void *user;
    unsigned count;
};

static void fault(struct faults *f, enum rpc_fault what, const char *param, const char *format, ...)
    PRINTF_LIKE(4, 5);

static void fault(struct faults *f, enum rpc_fault what, const char *param, const char *format, ...)
{
    char text[sizeof(((struct error *)NULL)->text) + sizeof(((struct error *)NULL)->hint) + 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
    va_end(args);
    f->count++;
    f->report(f->user, what, param, text);
}

static void report_name(void *user, const char *param, const char *text)
{
    struct faults *f = user;

    f->count++;
    f->report(f->user, param == NULL ? RPC_FAULT_SQL : RPC_FAULT_PARAM, param, text);
}

static void bind_names(struct rpc *rpc, const struct statement_info *info, struct faults *f)
{
    const struct param_names names = {rpc->conf.params, rpc->conf.params_count, report_name, f};

    for (size_t i = 0; i < info->parameters_count; i++) {
        rpc->binding[i] = SIZE_MAX;
        (void)param_names_find(&names, info->parameters[i], &rpc->binding[i]); /* reports it */
    }
    param_names_check_used(&names, rpc->binding, info->parameters_count);
}

static bool has_column(const struct statement_info *info, const char *name)
{
    for (size_t i = 0; i < info->columns_count; i++) {
        if (str_equal_nocase(str_of(info->columns[i]), str_of(name))) {
            return true;
        }
    }
    return false;
}

/* Rows "of a table" have all its columns. */
static void check_table(const struct rpc *rpc, const struct statement_info *info, struct faults *f)
{
    const struct schema *schema = schema_get(rpc->api->conf.db);
    const struct schema_table *table = schema_find(schema, str_of(rpc->conf.table));

    if (table == NULL || !table_is_served(rpc->api, table)) {
        fault(f, RPC_FAULT_RETURNS, NULL, "there is no table or view \"%s\"", rpc->conf.table);
    }
    for (size_t i = 0; table != NULL && i < table->columns_count; i++) {
        if (!has_column(info, table->columns[i].name)) {
            fault(
                f, RPC_FAULT_SQL, NULL,
                "the result lacks the column \"%s\" of %s; select all of them: SELECT %s.* ..., or "
                "RETURNING *",
                table->columns[i].name, table->name, table->name);
            break;
        }
    }
    schema_unref(schema);
}

/* A semicolon behind the statement, or a comment without an end, is well only where nothing follows. */
static enum status check_inside(const struct rpc *rpc, struct connection *inspector,
                                struct faults *f)
{
    const size_t size = strlen(rpc->conf.sql) + sizeof("SELECT * FROM (\n)");
    char *sql = mem_alloc(size);
    struct statement_info info;
    struct error err = {0};
    enum status status;

    if (sql == NULL) {
        return STATUS_NOMEM;
    }
    (void)snprintf(sql, size, "SELECT * FROM (%s\n)", rpc->conf.sql); /* measured above */
    status = connection_inspect(inspector, sql, &info, &err);
    mem_free(sql);
    if (status == STATUS_OK) {
        statement_info_fini(&info);
    } else if (status != STATUS_NOMEM) {
        fault(f, RPC_FAULT_SQL, NULL,
              "it cannot be read from, as in SELECT * FROM (...): %s; end it without a semicolon",
              err.text);
        status = STATUS_OK;
    }
    return status;
}

static void check(struct rpc *rpc, const struct statement_info *info, struct faults *f)
{
    enum rpc_returns returns = rpc->conf.returns;

    if (!info->is_read_only && !rpc->conf.is_volatile) {
        fault(
            f, RPC_FAULT_SQL, NULL,
            "the statement writes, so the query cannot be \"immutable\" or \"stable\": declare it "
            "\"volatile\"");
    }
    if (!info->is_read_only && !rpc->api->conf.is_writable) {
        fault(f, RPC_FAULT_SQL, NULL,
              "the statement writes, but the database is served read-only; set database.write, or "
              "start with --write");
    }
    if ((returns == RPC_SCALAR || returns == RPC_VALUES) && info->columns_count != 1) {
        fault(f, RPC_FAULT_SQL, NULL, "the result has %zu columns, and a value is one",
              info->columns_count);
    }
    if (returns == RPC_ROWS || returns == RPC_ROW) {
        check_table(rpc, info, f);
    }
    bind_names(rpc, info, f);
}

static uint32_t schema_version(const struct table_api *api)
{
    const struct schema *schema = schema_get(api->conf.db);
    uint32_t version = schema->version;

    schema_unref(schema);
    return version;
}

/* Their names, which info then lacks. */
static void take_columns(struct rpc *rpc, struct statement_info *info)
{
    rpc->columns = info->columns;
    rpc->columns_count = info->columns_count;
    info->columns = NULL;
    info->columns_count = 0;
}

/* Return: OK; NOMEM. */
static enum status check_all(struct rpc *rpc, struct statement_info *info,
                             struct connection *inspector, struct faults *f)
{
    rpc->binding = mem_alloc((info->parameters_count + 1) * sizeof(*rpc->binding));
    if (rpc->binding == NULL) {
        return STATUS_NOMEM;
    }
    rpc->binding_count = info->parameters_count;
    rpc->has_volatile = info->is_volatile;
    rpc->writes = !info->is_read_only;
    check(rpc, info, f);
    if (f->count > 0 || rpc->conf.returns == RPC_VOID) {
        return STATUS_OK;
    }
    if (rpc->writes) { /* its rows are kept, and read from there */
        take_columns(rpc, info);
        return STATUS_OK;
    }
    return check_inside(rpc, inspector, f);
}

enum status rpc_check(struct rpc *rpc, struct connection *inspector, rpc_fault_fn on_fault,
                      void *user)
{
    struct faults f = {.report = on_fault, .user = user};
    struct statement_info info;
    struct error err = {0};
    enum status status;

    rpc->schema_version = schema_version(rpc->api); /* or an older one than is seen: harmless */
    status = connection_inspect(inspector, rpc->conf.sql, &info, &err);
    if (status == STATUS_NOMEM) {
        return status;
    }
    if (status != STATUS_OK) {
        fault(&f, RPC_FAULT_SQL, NULL, "%s%s%s", err.text, err.hint[0] == '\0' ? "" : "; ",
              err.hint);
        return STATUS_INVALID;
    }
    status = check_all(rpc, &info, inspector, &f);
    statement_info_fini(&info);
    return status == STATUS_OK && f.count > 0 ? STATUS_INVALID : status;
}
