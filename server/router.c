#include "server/router.h"

#include <stdio.h>

#include "base/mem.h"
#include "server/url.h"

/* A trie over segments. */
struct node {
    struct node *next;      /* sibling */
    struct node *literals;  /* children that are literals */
    struct node *parameter; /* the child that takes any segment */
    struct route *routes[METHODS_COUNT];
    size_t text_size;
    char text[]; /* the literal segment */
};

struct router {
    struct node *root;
    size_t count;
};

/* --- splitting ---------------------------------------------------------------------------- */

/* Take the next segment off rest, which starts with "/". Return: false when rest is empty. */
static bool next_segment(struct str *rest, struct str *ret)
{
    const char *slash;

    if (rest->size == 0) {
        return false;
    }
    rest->at++;
    rest->size--;
    slash = rest->size == 0 ? NULL : memchr(rest->at, '/', rest->size);
    ret->at = rest->at;
    ret->size = slash == NULL ? rest->size : (size_t)(slash - rest->at);
    rest->at += ret->size;
    rest->size -= ret->size;
    return true;
}

static struct str parameter_name(struct str segment)
{
    return (struct str){segment.at + 1, segment.size - 2};
}

static bool has_brace(struct str s)
{
    return s.size > 0 && (memchr(s.at, '{', s.size) != NULL || memchr(s.at, '}', s.size) != NULL);
}

static bool is_parameter(struct str segment)
{
    return segment.size > 2 && segment.at[0] == '{' && segment.at[segment.size - 1] == '}' &&
           !has_brace(parameter_name(segment));
}

/* --- building ----------------------------------------------------------------------------- */

static struct node *node_create(struct str text)
{
    struct node *node = mem_zalloc(sizeof(*node) + text.size);

    if (node != NULL) {
        node->text_size = text.size;
        if (text.size > 0) {
            memcpy(node->text, text.at, text.size);
        }
    }
    return node;
}

static struct node *find_literal(const struct node *parent, struct str text)
{
    for (struct node *n = parent->literals; n != NULL; n = n->next) {
        if (str_equal((struct str){n->text, n->text_size}, text)) {
            return n;
        }
    }
    return NULL;
}

/* The child for a segment of a pattern, made if it is missing. NULL: no memory. */
static struct node *child_of(struct node *parent, struct str segment)
{
    struct node *child;

    if (is_parameter(segment)) {
        if (parent->parameter == NULL) {
            parent->parameter = node_create((struct str){NULL, 0});
        }
        return parent->parameter;
    }
    child = find_literal(parent, segment);
    if (child == NULL) {
        child = node_create(segment);
        if (child != NULL) {
            child->next = parent->literals;
            parent->literals = child;
        }
    }
    return child;
}

/* Does pattern have the parameter {name} more than once? */
static bool is_repeated(const char *pattern, struct str name)
{
    struct str rest = str_of(pattern);
    struct str segment;
    unsigned n = 0;

    while (next_segment(&rest, &segment)) {
        n += is_parameter(segment) && str_equal(parameter_name(segment), name);
    }
    return n > 1;
}

static enum status check_pattern(const char *pattern, struct error *err)
{
    struct str rest = str_of(pattern);
    struct str segment;
    unsigned params = 0;

    if (pattern[0] != '/') {
        return error_set(err, STATUS_INVALID, "path \"%s\" does not start with \"/\"", pattern);
    }
    while (next_segment(&rest, &segment)) {
        if (is_parameter(segment)) {
            params++;
            if (is_repeated(pattern, parameter_name(segment))) {
                return error_set(err, STATUS_INVALID, "path \"%s\" has one parameter twice",
                                 pattern);
            }
        } else if (has_brace(segment)) {
            (void)error_set(err, STATUS_INVALID, "path \"%s\": a parameter is a whole segment",
                            pattern);
            error_hint(err, "write \"/books/{id}\"");
            return STATUS_INVALID;
        }
    }
    if (params > REQUEST_PARAMS_MAX) {
        return error_set(err, STATUS_INVALID, "path \"%s\" has more than %d parameters", pattern,
                         REQUEST_PARAMS_MAX);
    }
    return STATUS_OK;
}

static struct route *route_copy(const struct route *route)
{
    struct route *copy = mem_alloc(sizeof(*copy));

    if (copy == NULL) {
        return NULL;
    }
    *copy = *route;
    copy->pattern = mem_strdup(route->pattern);
    if (copy->pattern == NULL) {
        mem_free(copy);
        return NULL;
    }
    return copy;
}

static void route_destroy(struct route *route)
{
    if (route != NULL) {
        mem_free((void *)(uintptr_t)route->pattern);
        mem_free(route);
    }
}

enum status router_add(struct router *router, const struct route *route, struct error *err)
{
    struct str rest = str_of(route->pattern);
    struct node *node = router->root;
    struct str segment;
    enum status status = check_pattern(route->pattern, err);

    if (status != STATUS_OK) {
        return status;
    }
    while (node != NULL && next_segment(&rest, &segment)) {
        node = child_of(node, segment);
    }
    if (node == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the routes");
    }
    if (node->routes[route->method] != NULL) {
        return error_set(err, STATUS_CONFLICT, "%s %s collides with %s", method_name(route->method),
                         route->pattern, node->routes[route->method]->pattern);
    }
    node->routes[route->method] = route_copy(route);
    if (node->routes[route->method] == NULL) {
        return error_set(err, STATUS_NOMEM, "no memory for the routes");
    }
    node->routes[route->method]->index = router->count++;
    return STATUS_OK;
}

size_t router_count(const struct router *router)
{
    return router->count;
}

enum status router_create(struct router **ret)
{
    struct router *router = mem_zalloc(sizeof(*router));

    if (router == NULL) {
        return STATUS_NOMEM;
    }
    router->root = node_create((struct str){NULL, 0});
    if (router->root == NULL) {
        mem_free(router);
        return STATUS_NOMEM;
    }
    *ret = router;
    return STATUS_OK;
}

static void node_destroy(struct node *node)
{
    while (node != NULL) {
        struct node *next = node->next;
        node_destroy(node->literals);
        node_destroy(node->parameter);
        for (size_t m = 0; m < METHODS_COUNT; m++) {
            route_destroy(node->routes[m]);
        }
        mem_free(node);
        node = next;
    }
}

void router_destroy(struct router *router)
{
    if (router != NULL) {
        node_destroy(router->root);
        mem_free(router);
    }
}

/* --- matching ----------------------------------------------------------------------------- */

struct walk {
    struct str values[REQUEST_PARAMS_MAX]; /* decoded segments that parameters took */
    size_t values_count;
    bool has_bad_segment;
};

/* One of its routes, the first by method; NULL if it has none. */
static const struct route *any_route(const struct node *node)
{
    for (size_t m = 0; m < METHODS_COUNT; m++) {
        if (node->routes[m] != NULL) {
            return node->routes[m];
        }
    }
    return NULL;
}

/*
 * Literals first, then the parameter, going back where a branch leads nowhere. Depth is bounded
 * by the deepest pattern.
 */
static const struct node *descend(const struct node *node, struct str rest, struct arena *arena,
                                  struct walk *walk)
{
    struct str raw;
    struct str segment;
    const struct node *child;
    const struct node *found = NULL;

    if (!next_segment(&rest, &raw)) {
        return any_route(node) != NULL ? node : NULL;
    }
    if (url_decode(raw, URL_PATH, arena, &segment) != STATUS_OK) {
        walk->has_bad_segment = true;
        return NULL;
    }
    child = find_literal(node, segment);
    if (child != NULL) {
        found = descend(child, rest, arena, walk);
    }
    if (found == NULL && node->parameter != NULL && segment.size > 0) {
        walk->values[walk->values_count++] = segment;
        found = descend(node->parameter, rest, arena, walk);
        if (found == NULL) {
            walk->values_count--;
        }
    }
    return found;
}

static void fill_params(const struct route *route, const struct walk *walk, struct request *request)
{
    struct str rest = str_of(route->pattern);
    struct str segment;

    request->params_count = 0;
    while (next_segment(&rest, &segment)) {
        if (is_parameter(segment)) {
            size_t i = request->params_count++;
            request->params[i].name = parameter_name(segment);
            request->params[i].value = walk->values[i];
        }
    }
}

enum router_outcome router_match(const struct router *router, struct request *request,
                                 struct arena *arena, const struct route **ret)
{
    struct walk walk = {.values_count = 0};
    const struct node *node = descend(router->root, request->path, arena, &walk);
    const struct route *route;

    if (node == NULL) {
        return walk.has_bad_segment ? ROUTER_BAD_PATH : ROUTER_NO_PATH;
    }
    route = request->method < METHODS_COUNT ? node->routes[request->method] : NULL;
    if (route == NULL && request->method == METHOD_HEAD) {
        route = node->routes[METHOD_GET];
    }
    if (route == NULL) {
        *ret = any_route(node);
        return ROUTER_NO_METHOD;
    }
    fill_params(route, &walk, request);
    *ret = route;
    return ROUTER_FOUND;
}

void router_allow(const struct router *router, struct request *request, struct arena *arena,
                  char *to, size_t size)
{
    struct walk walk = {.values_count = 0};
    const struct node *node = descend(router->root, request->path, arena, &walk);
    size_t at = 0;

    to[0] = '\0';
    for (enum method m = METHOD_GET; node != NULL && m < METHODS_COUNT; m++) {
        bool is_there = node->routes[m] != NULL || m == METHOD_OPTIONS ||
                        (m == METHOD_HEAD && node->routes[METHOD_GET] != NULL);
        if (is_there && at < size) {
            int n = snprintf(to + at, size - at, "%s%s", at == 0 ? "" : ", ", method_name(m));
            at += n > 0 ? (size_t)n : 0;
        }
    }
}
