#include "handlers/openapi/parameter.h"

#include "base/attributes.h"
#include "base/json_out.h"

static struct str type_of(enum param_type type)
{
    switch (type) {
    case PARAM_INTEGER:
        return STR("\"integer\"");
    case PARAM_NUMBER:
        return STR("\"number\"");
    case PARAM_BOOLEAN:
        return STR("\"boolean\"");
    case PARAM_STRING:
    case PARAM_BLOB:
        return STR("\"string\"");
    case PARAM_JSON:
        break;
    }
    return ITEM; /* anything */
}

static void put_type(struct outline *o, const struct param *param)
{
    struct str type = type_of(param->type);

    if (type.at != NULL && param->has_default == PARAM_DEFAULT_NULL) {
        outline_open_array(o, STR("type"));
        outline_json(o, ITEM, type);
        outline_text(o, ITEM, STR("null"));
        outline_close_array(o);
    } else if (type.at != NULL) {
        outline_json(o, STR("type"), type);
    }
    if (param->type == PARAM_INTEGER) {
        outline_text(o, STR("format"), STR("int64"));
    } else if (param->type == PARAM_BLOB) {
        outline_text(o, STR("contentEncoding"), STR("base64"));
    }
}

static void put_bounds(struct outline *o, const struct param *param)
{
    if (param->type == PARAM_INTEGER && param->has_minimum) {
        outline_integer(o, STR("minimum"), param->minimum_integer);
    }
    if (param->type == PARAM_INTEGER && param->has_maximum) {
        outline_integer(o, STR("maximum"), param->maximum_integer);
    }
    if (param->type == PARAM_NUMBER && param->has_minimum) {
        outline_number(o, STR("minimum"), param->minimum_number);
    }
    if (param->type == PARAM_NUMBER && param->has_maximum) {
        outline_number(o, STR("maximum"), param->maximum_number);
    }
    if (param->type == PARAM_STRING && param->min_length > 0) {
        outline_count(o, STR("minLength"), param->min_length);
    }
    if (param->type == PARAM_STRING && param->max_length != UINT64_MAX) {
        outline_count(o, STR("maxLength"), param->max_length);
    }
}

static void put_default(struct outline *o, const struct param *param)
{
    const struct value *value = &param->fallback;
    struct buf *b;

    if (param->type == PARAM_BOOLEAN) {
        outline_flag(o, STR("default"), value->integer != 0);
    } else if (param->type == PARAM_JSON) {
        outline_json(o, STR("default"), value->bytes);
    } else if (value->type == VALUE_INTEGER) {
        outline_integer(o, STR("default"), value->integer);
    } else if (value->type == VALUE_REAL) {
        outline_number(o, STR("default"), value->real);
    } else if (value->type == VALUE_TEXT) {
        outline_text(o, STR("default"), value->bytes);
    } else if (value->type == VALUE_BLOB) {
        b = outline_piece(o);
        json_put_blob(b, value->bytes.at, value->bytes.size);
        outline_json(o, STR("default"), outline_pieced(o));
    }
}

static void put_description(struct outline *o, const struct param *param)
{
    if (param->description != NULL) {
        outline_text(o, STR("description"), str_of(param->description));
    }
}

/* What a schema says about values. */
static void put_rules(struct outline *o, const struct param *param)
{
    put_type(o, param);
    put_bounds(o, param);
    if (param->has_default == PARAM_DEFAULT_VALUE) {
        put_default(o, param);
    }
}

void parameter_put(struct outline *o, const struct param *param, struct str name, enum param_in in)
{
    outline_open(o, ITEM);
    outline_text(o, STR("name"), name);
    outline_text(o, STR("in"), in == PARAM_IN_PATH ? STR("path") : STR("query"));
    put_description(o, param);
    if (in == PARAM_IN_PATH || param->has_default == PARAM_REQUIRED) {
        outline_flag(o, STR("required"), true);
    }
    outline_open(o, STR("schema"));
    put_rules(o, param);
    outline_close(o);
    outline_close(o);
}

/* Return: must there be a body? */
static bool put_required(struct outline *o, const struct param *params, size_t count, bool has_all)
{
    bool has_any = false;

    for (size_t i = 0; i < count; i++) {
        if ((!has_all && params[i].in != PARAM_IN_BODY) ||
            params[i].has_default != PARAM_REQUIRED) {
            continue;
        }
        if (!has_any) {
            outline_open_array(o, STR("required"));
            has_any = true;
        }
        outline_text(o, ITEM, str_of(params[i].name));
    }
    if (has_any) {
        outline_close_array(o);
    }
    return has_any;
}

void parameter_put_body(struct outline *o, const struct param *params, size_t count, bool has_all)
{
    bool is_needed;

    outline_open(o, STR("requestBody"));
    outline_open(o, STR("content"));
    outline_open(o, STR("application/json"));
    outline_open(o, STR("schema"));
    outline_text(o, STR("type"), STR("object"));
    is_needed = put_required(o, params, count, has_all);
    outline_open(o, STR("properties"));
    for (size_t i = 0; i < count; i++) {
        if (has_all || params[i].in == PARAM_IN_BODY) {
            outline_open(o, str_of(params[i].name));
            put_description(o, &params[i]);
            put_rules(o, &params[i]);
            outline_close(o);
        }
    }
    outline_close(o);
    outline_close(o);
    outline_close(o);
    outline_close(o);
    outline_flag(o, STR("required"), is_needed);
    outline_close(o);
}
