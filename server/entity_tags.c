#include "server/entity_tags.h"

/* Without the mark of a weak one: what is compared. */
static struct str opaque_of(struct str etag)
{
    if (etag.size >= 2 && etag.at[0] == 'W' && etag.at[1] == '/') {
        etag.at += 2;
        etag.size -= 2;
    }
    return etag;
}

/*
 * Take the next entity-tag off a list: [W/]"...". A comma may stand between the quotes.
 * Return: false at the end, or where something else stands.
 */
static bool next_tag(struct str *rest, struct str *ret)
{
    const char *end;
    size_t size;

    while (rest->size > 0 && (rest->at[0] == ',' || rest->at[0] == ' ' || rest->at[0] == '\t')) {
        rest->at++;
        rest->size--;
    }
    *ret = opaque_of(*rest);
    if (ret->size < 2 || ret->at[0] != '"') {
        return false;
    }
    end = memchr(ret->at + 1, '"', ret->size - 1);
    if (end == NULL) {
        return false;
    }
    ret->size = (size_t)(end - ret->at) + 1;
    size = (size_t)(end + 1 - rest->at);
    rest->at += size;
    rest->size -= size;
    return true;
}

bool entity_tags_next(struct entity_tags *tags, struct str *ret)
{
    for (;;) {
        if (str_equal(str_trim(tags->rest), STR("*"))) {
            *ret = STR("*");
            tags->rest.size = 0;
            return true;
        }
        if (next_tag(&tags->rest, ret)) {
            return true;
        }
        if (!request_next_header(tags->request, tags->header, &tags->at, &tags->rest)) {
            return false;
        }
    }
}

bool if_none_match_has(const struct request *request, const char *etag)
{
    struct entity_tags tags = {.request = request, .header = STR("if-none-match")};
    struct str tag;

    while (entity_tags_next(&tags, &tag)) {
        if (str_equal(tag, STR("*")) || str_equal(tag, opaque_of(str_of(etag)))) {
            return true;
        }
    }
    return false;
}
