#include "handlers/table/answer.h"

#include <string.h>

#include "base/log.h"
#include "handlers/cors.h"

void table_fail(struct call *call, const struct fault *fault)
{
    const struct problem_words words = {
        .http_status = fault->http_status,
        .code = fault->code,
        .message = fault->message,
        .details = fault->details,
        .details_is_json = fault->is_json,
        .hint = fault->hint,
    };

    call_fail_with(call, &words);
}

/* The SQLSTATE of a status that came without one; NULL: it is about the service. */
static const char *code_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
    case STATUS_BUSY:
    case STATUS_OVERLOADED:
    case STATUS_CLOSED:
    case STATUS_CANCELLED:
    case STATUS_DEADLINE:
    case STATUS_LOCKED:
        return NULL;
    case STATUS_NOMEM:
        return "53200";
    case STATUS_INVALID:
        return "22023";
    case STATUS_NOT_FOUND:
        return "02000";
    case STATUS_CONFLICT:
    case STATUS_CONSTRAINT:
        return "23000";
    case STATUS_READONLY:
        return "25006";
    case STATUS_DENIED:
        return "42501";
    case STATUS_TOO_BIG:
        return "54000";
    case STATUS_FULL:
        return "53100";
    case STATUS_IO:
        return "58030";
    case STATUS_CORRUPT:
    case STATUS_NOT_A_DATABASE:
        return "XX001";
    case STATUS_NO_SUCH_FILE:
        return "58P01";
    case STATUS_OS:
        return "58000";
    case STATUS_SCHEMA:
    case STATUS_INTERNAL:
        break;
    }
    return "XX000";
}

/* What an SQLSTATE is in HTTP: the first row whose code begins it. */
static unsigned http_status_of(const char *code)
{
    static const struct {
        const char *code;
        unsigned http_status;
    } table[] = {
        {"02000", 404},                           /* no data */
        {"08", 503},                              /* no connection */
        {"0L", 403},                              /* grantor */
        {"0P", 403},                              /* role */
        {"23502", 400},                           /* NOT NULL */
        {"23514", 400},                           /* CHECK */
        {"23", 409},                              /* UNIQUE, foreign keys, ... */
        {"25006", 405},                           /* it writes, and may only read */
        {"25", 500},                              /* the transaction */
        {"28", 403},                              /* authorization */
        {"2D", 500},                              /* the end of the transaction */
        {"38", 500},                              /* routines */
        {"39", 500},    {"3B", 500}, {"40", 500}, /* rolled back */
        {"42501", 403},                           /* not allowed */
        {"42601", 500},              /* syntax: only SQL of the configuration has any */
        {"42883", 404},              /* no such function */
        {"42P01", 404},              /* no such table */
        {"53100", 507},              /* no space on the disk */
        {"53", 503},                 /* no memory */
        {"54001", 400},              /* asked for too much: a pattern, a query */
        {"54", 500},                 /* too big */
        {"55P03", 503},              /* locked */
        {"55", 500},    {"57", 500}, /* interrupted */
        {"58", 500},                 /* the system */
        {"F0", 500},    {"HV", 500}, {"P0001", 400}, /* RAISE */
        {"P0", 500},    {"XX", 500},                 /* internal, corrupt */
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strncmp(code, table[i].code, strlen(table[i].code)) == 0) {
            return table[i].http_status;
        }
    }
    return 400;
}

/*
 * "PT402: pay first": a trigger chooses 402. Only errors can be chosen: with 2xx a request that
 * changed nothing would look as if it had.
 */
static bool read_chosen(const char *text, unsigned *ret_status, const char **ret_message)
{
    if (strncmp(text, "PT", 2) != 0 || strspn(text + 2, "0123456789") != 3 || text[5] != ':' ||
        (text[2] != '4' && text[2] != '5')) {
        return false;
    }
    *ret_status = (unsigned)(text[2] - '0') * 100 + (unsigned)(text[3] - '0') * 10 +
                  (unsigned)(text[4] - '0');
    *ret_message = text + 6 + strspn(text + 6, " ");
    return true;
}

bool fault_of_error(const struct error *err, struct fault *ret)
{
    const char *code = code_of(err->status);

    if (code == NULL) {
        return false;
    }
    if (err->code[0] != '\0') {
        code = err->code;
    }
    *ret = (struct fault){
        .http_status = http_status_of(code),
        .code = code,
        .message = err->text,
        .hint = call_error_hint(err),
    };
    if (strcmp(code, "P0001") == 0) {
        (void)read_chosen(err->text, &ret->http_status, &ret->message); /* most choose nothing */
    }
    return true;
}

void table_fail_error(struct call *call, const struct error *err)
{
    struct fault fault;

    if (!fault_of_error(err, &fault)) {
        call_fail_error(call, err);
        return;
    }
    if (fault.http_status == 500 && err->status != STATUS_TOO_BIG) {
        log_event(LOG_ERROR, "a request failed", LOG_STR("error", err->text),
                  LOG_STR("code", fault.code), LOG_STR("request_id", call->request.id));
    }
    table_fail(call, &fault);
}

/* --- headers ------------------------------------------------------------------------------ */

void table_decorate(const void *cors, const struct request *request, struct response *r)
{
    if (response_header_value(r, "Vary") == NULL) { /* as nearly always */
        response_header(r, "Vary", "Accept, Prefer, Range");
    } else {
        response_header_join(r, "Vary", "Accept");
        response_header_join(r, "Vary", "Prefer");
        response_header_join(r, "Vary", "Range");
    }
    cors_note(cors, request, r);
}
