#include "handlers/table/preferences.h"

#include <stdio.h>

#include "base/buf.h"
#include "handlers/table/timezone.h"
#include "server/prefer.h"

#define INVALID_MAX ((size_t)4 * 1024) /* bytes of what is listed as not known */

/* The texts of each kind, by its enum. */
static const char *const resolutions[] = {NULL, "resolution=merge-duplicates",
                                          "resolution=ignore-duplicates", NULL};
static const char *const missings[] = {NULL, "missing=default", "missing=null", NULL};
static const char *const returns[] = {NULL, "return=minimal", "return=representation",
                                      "return=headers-only", NULL};
static const char *const counts[] = {NULL, "count=exact", "count=planned", "count=estimated", NULL};
static const char *const txs[] = {NULL, "tx=commit", "tx=rollback", NULL};
static const char *const handlings[] = {NULL, "handling=strict", "handling=lenient", NULL};

/* The place of text in a table, or 0. */
static unsigned place_in(const char *const *table, struct str text)
{
    for (unsigned i = 1; table[i] != NULL; i++) {
        if (str_equal(text, str_of(table[i]))) {
            return i;
        }
    }
    return 0;
}

/* If text is of the table's kind, and the first one that is: note it. Return: is it of the kind? */
static bool take(const char *const *table, struct str text, unsigned *choice)
{
    unsigned place = place_in(table, text);

    if (place > 0 && *choice == 0) {
        *choice = place;
    }
    return place > 0;
}

static bool take_value(struct str text, struct str prefix, struct str *ret)
{
    if (text.size <= prefix.size || memcmp(text.at, prefix.at, prefix.size) != 0) {
        return false;
    }
    *ret = (struct str){text.at + prefix.size, text.size - prefix.size};
    return true;
}

/* What is being read: choices by number, so that one function takes all kinds. */
struct reading {
    struct preferences *p;
    unsigned resolution;
    unsigned missing;
    unsigned returns;
    unsigned count;
    unsigned tx;
    unsigned handling;
    bool has_max;
    struct buf invalid;
};

static bool take_choice(struct reading *r, struct str text)
{
    return take(resolutions, text, &r->resolution) || take(missings, text, &r->missing) ||
           take(returns, text, &r->returns) || take(counts, text, &r->count) ||
           take(txs, text, &r->tx) || take(handlings, text, &r->handling);
}

static bool take_other(struct reading *r, struct str text)
{
    struct str value;
    uint64_t number;

    if (take_value(text, STR("timezone="), &value)) {
        if (r->p->timezone.at == NULL) {
            r->p->timezone = value;
        }
        return true;
    }
    if (take_value(text, STR("max-affected="), &value) && str_to_u64(value, &number)) {
        if (!r->has_max) {
            r->has_max = true;
            r->p->max_affected = number;
        }
        return true;
    }
    return prefer_is_wait(text);
}

static void take_one(struct reading *r, struct str text)
{
    if (text.size > 0 && !take_choice(r, text) && !take_other(r, text)) {
        size_t before = r->invalid.size;

        buf_append_str(&r->invalid, before == 0 ? STR("") : STR(", "));
        buf_append_str(&r->invalid, text);
        if (buf_status(&r->invalid) == STATUS_TOO_BIG) {
            buf_truncate(&r->invalid, before); /* more than anybody reads */
        }
    }
}

static void take_list(struct reading *r, struct str rest)
{
    while (rest.size > 0) {
        const char *comma = memchr(rest.at, ',', rest.size);
        size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.at);

        take_one(r, str_trim((struct str){rest.at, size}));
        size += comma == NULL ? 0 : 1;
        rest.at += size;
        rest.size -= size;
    }
}

bool preferences_read(const struct request *request, bool allows_tx, struct arena *arena,
                      struct preferences *ret, struct fault *fault)
{
    struct preferences p = {.timezone = {NULL, 0}};
    struct reading r = {.p = &p};
    struct str value;
    size_t at = 0;
    bool has_memory;

    buf_init(&r.invalid, INVALID_MAX);
    while (request_next_header(request, STR("prefer"), &at, &value)) {
        take_list(&r, value);
    }
    p.resolution = (enum preferences_resolution)r.resolution;
    p.missing = (enum preferences_missing)r.missing;
    p.returns = (enum preferences_return)r.returns;
    p.count = (enum preferences_count)r.count;
    p.tx = allows_tx ? (enum preferences_tx)r.tx : TX_UNSAID;
    p.handling = (enum preferences_handling)r.handling;
    p.has_max_affected = r.has_max && p.handling == HANDLING_STRICT;
    if (r.invalid.size > 0) {
        p.invalid = arena_copy(arena, buf_str(&r.invalid));
    }
    has_memory = buf_status(&r.invalid) == STATUS_OK && (r.invalid.size == 0 || p.invalid != NULL);
    buf_fini(&r.invalid);
    if (!has_memory) {
        return fault_no_memory(fault);
    }
    *ret = p;
    return true;
}

bool preferences_check(const struct preferences *p, struct arena *arena, struct fault *fault)
{
    if (p->handling == HANDLING_STRICT && p->invalid != NULL) {
        (void)fault_set(fault, arena, 400, "PGRST122",
                        "Invalid preferences given with handling=strict");
        fault_details(fault, arena, "Invalid preferences: %s", p->invalid);
        return false;
    }
    if (p->timezone.at != NULL && !timezone_is_known(p->timezone)) {
        return fault_set(fault, arena, 400, "22023",
                         "invalid value for parameter \"TimeZone\": \"%.*s\"",
                         (int)p->timezone.size, p->timezone.at);
    }
    return true;
}

/* text is NULL if nothing was said of the kind. */
static void note(struct response *r, const char *text)
{
    if (text != NULL) {
        response_header_join(r, "Preference-Applied", text);
    }
}

static void note_others(const struct preferences *p, unsigned kinds, struct response *r)
{
    char text[100];

    if ((kinds & PREFERENCES_TIMEZONE) != 0 && p->timezone.at != NULL) {
        (void)snprintf(text, sizeof(text), "timezone=%.*s", (int)p->timezone.size,
                       p->timezone.at); /* fits: it is a known one */
        note(r, text);
    }
    if ((kinds & PREFERENCES_MAX_AFFECTED) != 0 && p->has_max_affected) {
        (void)snprintf(text, sizeof(text), "max-affected=%llu", /* fits */
                       (unsigned long long)p->max_affected);
        note(r, text);
    }
}

void preferences_note(const struct preferences *p, unsigned kinds, struct response *r)
{
    note(r, (kinds & PREFERENCES_RESOLUTION) != 0 ? resolutions[p->resolution] : NULL);
    note(r, (kinds & PREFERENCES_MISSING) != 0 ? missings[p->missing] : NULL);
    note(r, (kinds & PREFERENCES_RETURN) != 0 ? returns[p->returns] : NULL);
    note(r, (kinds & PREFERENCES_COUNT) != 0 ? counts[p->count] : NULL);
    note(r, (kinds & PREFERENCES_TX) != 0 ? txs[p->tx] : NULL);
    note(r, (kinds & PREFERENCES_HANDLING) != 0 ? handlings[p->handling] : NULL);
    note_others(p, kinds, r);
}
