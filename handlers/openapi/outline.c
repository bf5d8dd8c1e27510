#include "handlers/openapi/outline.h"

#include "base/attributes.h"
#include "base/json_out.h"

#define PIECE_MAX ((size_t)1024 * 1024)

void outline_begin(struct outline *o, struct buf *to, bool has_before)
{
    *o = (struct outline){.to = to, .has_before = has_before};
    buf_init(&o->piece, PIECE_MAX);
}

enum status outline_end(struct outline *o)
{
    buf_fini(&o->piece);
    return o->failure != STATUS_OK ? o->failure : buf_status(o->to);
}

static void put_lead(struct outline *o, struct str name)
{
    if (o->has_before) {
        buf_append_char(o->to, ',');
    }
    o->has_before = true;
    if (name.at != NULL) {
        json_put_string(o->to, name);
        buf_append_char(o->to, ':');
    }
}

static void open_with(struct outline *o, struct str name, char mark)
{
    put_lead(o, name);
    buf_append_char(o->to, mark);
    o->has_before = false;
}

static void close_with(struct outline *o, char mark)
{
    buf_append_char(o->to, mark);
    o->has_before = true;
}

void outline_open(struct outline *o, struct str name)
{
    open_with(o, name, '{');
}

void outline_close(struct outline *o)
{
    close_with(o, '}');
}

void outline_open_array(struct outline *o, struct str name)
{
    open_with(o, name, '[');
}

void outline_close_array(struct outline *o)
{
    close_with(o, ']');
}

void outline_text(struct outline *o, struct str name, struct str value)
{
    put_lead(o, name);
    json_put_string(o->to, value);
}

void outline_integer(struct outline *o, struct str name, int64_t value)
{
    put_lead(o, name);
    json_put_i64(o->to, value);
}

void outline_count(struct outline *o, struct str name, uint64_t value)
{
    put_lead(o, name);
    json_put_u64(o->to, value);
}

void outline_number(struct outline *o, struct str name, double value)
{
    put_lead(o, name);
    json_put_double(o->to, value);
}

void outline_flag(struct outline *o, struct str name, bool value)
{
    put_lead(o, name);
    buf_append_str(o->to, value ? STR("true") : STR("false"));
}

void outline_json(struct outline *o, struct str name, struct str json)
{
    put_lead(o, name);
    buf_append_str(o->to, json);
}

void outline_members(struct outline *o, struct str object)
{
    const char *from = memchr(object.at, '{', object.size);
    const char *end = memrchr(object.at, '}', object.size);

    put_lead(o, ITEM);
    if (from != NULL && end != NULL) {
        buf_append(o->to, from + 1, (size_t)(end - from - 1));
    }
}

struct buf *outline_piece(struct outline *o)
{
    buf_clear(&o->piece);
    return &o->piece;
}

struct str outline_pieced(struct outline *o)
{
    struct str made = buf_str(&o->piece);

    if (o->failure == STATUS_OK) {
        o->failure = buf_status(&o->piece);
    }
    return made.at == NULL ? STR("") : made;
}
