#include "server/router.h"

#include <stdio.h>

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"

struct fixture {
    struct router *router;
    struct arena arena;
    struct request request;
    const struct route *route;
    struct error err;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){0};
    arena_init(&f.arena, NULL, 0, 1024 * 1024);
    *state = &f;
    return router_create(&f.router) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    router_destroy(f->router);
    arena_fini(&f->arena);
    return 0;
}

static enum status try_to_add(struct fixture *f, enum method method, const char *pattern)
{
    const struct route route = {.method = method, .pattern = pattern, .body_max = 7};

    return router_add(f->router, &route, &f->err);
}

static void add(struct fixture *f, enum method method, const char *pattern)
{
    assert_int_equal(try_to_add(f, method, pattern), STATUS_OK);
}

static enum router_outcome match(struct fixture *f, enum method method, const char *path)
{
    f->request.method = method;
    f->request.path = str_of(path);
    f->request.params_count = 99;
    return router_match(f->router, &f->request, &f->arena, &f->route);
}

/* The path is found under that pattern, with these parameters as "name=value;" each. */
static void assert_found(struct fixture *f, enum method method, const char *path,
                         const char *pattern, const char *params)
{
    char seen[300] = "";
    size_t at = 0;

    f->route = NULL;
    assert_int_equal(match(f, method, path), ROUTER_FOUND);
    assert_string_equal(f->route->pattern, pattern);
    for (size_t i = 0; i < f->request.params_count; i++) {
        const struct path_param *p = &f->request.params[i];
        at += (size_t)snprintf(seen + at, sizeof(seen) - at, "%.*s=%.*s;", (int)p->name.size,
                               p->name.at, (int)p->value.size, p->value.at);
    }
    assert_string_equal(seen, params);
}

static void assert_allow(struct fixture *f, const char *path, const char *expected)
{
    char allow[100];

    f->request.path = str_of(path);
    router_allow(f->router, &f->request, &f->arena, allow, sizeof(allow));
    assert_string_equal(allow, expected);
}

/* --- finding ------------------------------------------------------------------------------ */

static void literals_and_parameters(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/");
    add(f, METHOD_GET, "/books");
    add(f, METHOD_GET, "/books/{id}");
    add(f, METHOD_GET, "/books/{id}/pages/{page}");
    add(f, METHOD_GET, "/books/new");
    assert_found(f, METHOD_GET, "/", "/", "");
    assert_found(f, METHOD_GET, "/books", "/books", "");
    assert_found(f, METHOD_GET, "/books/7", "/books/{id}", "id=7;");
    assert_found(f, METHOD_GET, "/books/new", "/books/new", "");
    assert_found(f, METHOD_GET, "/books/new/pages/3", "/books/{id}/pages/{page}", "id=new;page=3;");
    assert_int_equal(match(f, METHOD_GET, "/Books"), ROUTER_NO_PATH); /* case matters */
    assert_int_equal(match(f, METHOD_GET, "/book"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "/bookss"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "/books/7/pages"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "/books/7/pages/3/x"), ROUTER_NO_PATH);
    assert_int_equal(f->route->body_max, 7); /* all of the route is copied */
}

static void slashes_count(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/a");
    add(f, METHOD_GET, "/b/");
    add(f, METHOD_GET, "/c/{x}");
    assert_int_equal(match(f, METHOD_GET, "/a/"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "//a"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "/b"), ROUTER_NO_PATH);
    assert_found(f, METHOD_GET, "/b/", "/b/", "");
    assert_int_equal(match(f, METHOD_GET, "/c/"), ROUTER_NO_PATH); /* a parameter is not empty */
    assert_int_equal(match(f, METHOD_GET, "/c//"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "/"), ROUTER_NO_PATH);
}

static void going_back(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/{a}/{b}/{c}/x");
    add(f, METHOD_GET, "/1/{b}/{c}/y");
    add(f, METHOD_GET, "/1/2/{c}/z");
    add(f, METHOD_GET, "/1/2/3/w");
    assert_found(f, METHOD_GET, "/1/2/3/x", "/{a}/{b}/{c}/x", "a=1;b=2;c=3;");
    assert_found(f, METHOD_GET, "/1/2/3/y", "/1/{b}/{c}/y", "b=2;c=3;");
    assert_found(f, METHOD_GET, "/1/2/3/z", "/1/2/{c}/z", "c=3;");
    assert_found(f, METHOD_GET, "/1/2/3/w", "/1/2/3/w", "");
    assert_int_equal(match(f, METHOD_GET, "/1/2/3/v"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "/1/2/3"), ROUTER_NO_PATH);
}

static void names_may_differ_by_method(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/books/{id}");
    add(f, METHOD_PUT, "/books/{number}");
    add(f, METHOD_GET, "/books/{book}/pages");
    assert_found(f, METHOD_GET, "/books/7", "/books/{id}", "id=7;");
    assert_found(f, METHOD_PUT, "/books/7", "/books/{number}", "number=7;");
    assert_found(f, METHOD_GET, "/books/7/pages", "/books/{book}/pages", "book=7;");
}

static void as_many_parameters_as_there_is_room_for(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}");
    assert_int_equal(match(f, METHOD_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"), ROUTER_FOUND);
    assert_int_equal(f->request.params_count, 16);
    assert_text(f->request.params[15].value, "16");
    assert_int_equal(match(f, METHOD_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"),
                     ROUTER_NO_PATH);
    assert_int_equal(try_to_add(f, METHOD_GET,
                                "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}"
                                "/{m}/{n}/{o}/{p}/{q}"),
                     STATUS_INVALID);
}

/* --- decoding ----------------------------------------------------------------------------- */

static void decoded_once_and_after_splitting(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/caf\xC3\xA9/{x}");
    add(f, METHOD_GET, "/a b");
    add(f, METHOD_GET, "/100%");
    assert_found(f, METHOD_GET, "/caf%C3%A9/1", "/caf\xC3\xA9/{x}", "x=1;");
    assert_found(f, METHOD_GET, "/caf\xC3\xA9/1", "/caf\xC3\xA9/{x}", "x=1;");
    assert_found(f, METHOD_GET, "/%63af%c3%a9/a%2Fb", "/caf\xC3\xA9/{x}", "x=a/b;");
    assert_found(f, METHOD_GET, "/caf%C3%A9/%2541", "/caf\xC3\xA9/{x}", "x=%41;");
    assert_found(f, METHOD_GET, "/caf%C3%A9/a+b", "/caf\xC3\xA9/{x}", "x=a+b;");
    assert_found(f, METHOD_GET, "/caf%C3%A9/..", "/caf\xC3\xA9/{x}", "x=..;");
    assert_found(f, METHOD_GET, "/a%20b", "/a b", "");
    assert_found(f, METHOD_GET, "/100%25", "/100%", "");
    assert_int_equal(match(f, METHOD_GET, "/caf%C3%A9%2F1"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "/caf%25C3%25A9/1"), ROUTER_NO_PATH);
    assert_int_equal(match(f, METHOD_GET, "/%7Bx%7D"), ROUTER_NO_PATH);
}

static void what_does_not_decode(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/a/{x}");
    add(f, METHOD_GET, "/{y}/b");
    assert_int_equal(match(f, METHOD_GET, "/a/%"), ROUTER_BAD_PATH);
    assert_int_equal(match(f, METHOD_GET, "/a/%4"), ROUTER_BAD_PATH);
    assert_int_equal(match(f, METHOD_GET, "/a/%00"), ROUTER_BAD_PATH);
    assert_int_equal(match(f, METHOD_GET, "/a/%FF"), ROUTER_BAD_PATH);
    assert_int_equal(match(f, METHOD_GET, "/a/\xFF"), ROUTER_BAD_PATH);
    assert_int_equal(match(f, METHOD_GET, "/%zz/b"), ROUTER_BAD_PATH);
    assert_int_equal(match(f, METHOD_GET, "/%zz"), ROUTER_BAD_PATH);
    assert_int_equal(match(f, METHOD_POST, "/a/%00"), ROUTER_BAD_PATH);
    assert_allow(f, "/a/%00", "");
}

/* --- methods ------------------------------------------------------------------------------ */

static void head_finds_get(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/a/{x}");
    add(f, METHOD_POST, "/b");
    add(f, METHOD_GET, "/c");
    add(f, METHOD_HEAD, "/c");
    assert_found(f, METHOD_HEAD, "/a/1", "/a/{x}", "x=1;");
    assert_int_equal(f->route->method, METHOD_GET);
    assert_int_equal(match(f, METHOD_HEAD, "/b"), ROUTER_NO_METHOD);
    assert_found(f, METHOD_HEAD, "/c", "/c", "");
    assert_int_equal(f->route->method, METHOD_HEAD); /* its own comes first */
}

static void allow(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/a/{x}");
    add(f, METHOD_POST, "/b");
    add(f, METHOD_DELETE, "/b");
    for (enum method m = METHOD_GET; m < METHODS_COUNT; m++) {
        add(f, m, "/all");
    }
    assert_allow(f, "/a/1", "GET, HEAD, OPTIONS");
    assert_allow(f, "/b", "POST, DELETE, OPTIONS");
    assert_allow(f, "/all", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT");
    assert_allow(f, "/none", "");
    assert_allow(f, "/a", "");
    assert_int_equal(match(f, METHOD_POST, "/a/1"), ROUTER_NO_METHOD);
    assert_int_equal(match(f, METHOD_UNKNOWN, "/a/1"), ROUTER_NO_METHOD);
    assert_int_equal(match(f, METHOD_OPTIONS, "/a/1"), ROUTER_NO_METHOD); /* the caller answers */
    assert_found(f, METHOD_OPTIONS, "/all", "/all", "");
}

/* "/users/me" is a place of its own, whatever "/users/{name}" can do. */
static void a_literal_wins_for_every_method(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/users/me");
    add(f, METHOD_GET, "/users/{name}");
    add(f, METHOD_DELETE, "/users/{name}");
    assert_int_equal(match(f, METHOD_DELETE, "/users/me"), ROUTER_NO_METHOD);
    assert_string_equal(f->route->pattern, "/users/me"); /* what else there is */
    assert_allow(f, "/users/me", "GET, HEAD, OPTIONS");
    assert_allow(f, "/users/you", "GET, HEAD, DELETE, OPTIONS");
}

static void allow_in_too_little_room(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/a");
    for (size_t size = 1; size <= 19; size++) {
        char to[20];
        memset(to, '~', sizeof(to));
        f->request.path = STR("/a");
        router_allow(f->router, &f->request, &f->arena, to, size);
        assert_int_equal(to[size], '~');
        assert_true(strlen(to) < size);
        assert_memory_equal(to, "GET, HEAD, OPTIONS", strlen(to));
    }
}

/* --- start-up ----------------------------------------------------------------------------- */

static void conflicts(void **state)
{
    struct fixture *f = *state;

    add(f, METHOD_GET, "/books/{id}");
    add(f, METHOD_PUT, "/books/{id}");
    add(f, METHOD_GET, "/books/{id}/");
    add(f, METHOD_GET, "/books");
    assert_int_equal(try_to_add(f, METHOD_GET, "/books/{number}"), STATUS_CONFLICT);
    assert_string_equal(f->err.text, "GET /books/{number} collides with /books/{id}");
    assert_int_equal(try_to_add(f, METHOD_GET, "/books"), STATUS_CONFLICT);
    assert_int_equal(try_to_add(f, METHOD_PUT, "/books/{x}"), STATUS_CONFLICT);
    add(f, METHOD_PATCH, "/books/{x}");
    assert_found(f, METHOD_GET, "/books/7", "/books/{id}", "id=7;"); /* the first one stays */
}

static void bad_patterns(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "",       "a",       "{a}",      "?",          "/{",          "/}",     "/{}",
        "/a{b}",  "/{a}b",   "/{a}{b}",  "/a/{b",      "/a/b}",       "/{a{b}", "/{a}b}",
        "/{{a}}", "/a/{}/b", "/{a}/{a}", "/{a}/b/{a}", "/x/{a}.json",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        f->err.text[0] = '\0';
        if (try_to_add(f, METHOD_GET, bad[i]) != STATUS_INVALID) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
        assert_non_null(strstr(f->err.text, bad[i]));
    }
    assert_int_equal(match(f, METHOD_GET, "/a"), ROUTER_NO_PATH); /* nothing has been left */
    assert_int_equal(match(f, METHOD_GET, "/"), ROUTER_NO_PATH);
    add(f, METHOD_GET, "/{a}/{A}/{ab}"); /* different names */
}

static void no_memory(void **state)
{
    struct fixture *f = *state;
    enum status status = STATUS_NOMEM;
    struct router *router = NULL;

    for (long n = 1; status != STATUS_OK; n++) {
        mem_fail_after(n);
        status = try_to_add(f, METHOD_GET, "/a/{b}/c");
        mem_fail_after(-1);
        assert_true(status == STATUS_OK || status == STATUS_NOMEM);
        if (status != STATUS_OK) {
            assert_int_equal(match(f, METHOD_GET, "/a/1/c"), ROUTER_NO_PATH);
        }
    }
    assert_found(f, METHOD_GET, "/a/1/c", "/a/{b}/c", "b=1;");
    for (long n = 1; n <= 2; n++) {
        mem_fail_after(n);
        assert_int_equal(router_create(&router), STATUS_NOMEM);
        mem_fail_after(-1);
        assert_null(router);
    }
    router_destroy(NULL);
}

/* --- against a naive model ---------------------------------------------------------------- */

#define DEPTH_MAX 4
#define ROUTES    40

static const char *const words[] = {"a", "b", "{x}"};

struct model_route {
    size_t depth;
    size_t segments[DEPTH_MAX]; /* of words */
};

static void spell(const size_t *segments, size_t depth, bool is_pattern, char *to)
{
    *to = '\0';
    for (size_t i = 0; i < depth; i++) {
        to = stpcpy(to, "/");
        to = stpcpy(to, words[segments[i]]);
        if (is_pattern && segments[i] == 2) {
            (void)sprintf(to - 3, "{x%zu}", i); /* names are there once */
            to++;
        }
    }
}

static bool fits(const struct model_route *r, const size_t *path, size_t depth)
{
    for (size_t i = 0; i < depth && r->depth == depth; i++) {
        if (r->segments[i] != 2 && r->segments[i] != path[i]) {
            return false;
        }
    }
    return r->depth == depth;
}

/* Literals first, from the left. */
static bool is_better(const struct model_route *a, const struct model_route *b)
{
    for (size_t i = 0; i < a->depth; i++) {
        if ((a->segments[i] == 2) != (b->segments[i] == 2)) {
            return b->segments[i] == 2;
        }
    }
    return false;
}

static const struct model_route *model_match(const struct model_route *routes, size_t count,
                                             const size_t *path, size_t depth)
{
    const struct model_route *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (fits(&routes[i], path, depth) && (best == NULL || is_better(&routes[i], best))) {
            best = &routes[i];
        }
    }
    return best;
}

static void random_choice(struct random *random, size_t kinds, size_t *segments, size_t *depth)
{
    *depth = 1 + random_below(random, DEPTH_MAX);
    for (size_t i = 0; i < *depth; i++) {
        segments[i] = random_below(random, kinds);
    }
}

static void random_routes(void **state)
{
    struct fixture *f = *state;
    struct random random = {21};
    struct model_route routes[ROUTES];
    size_t count = 0;
    char text[64];

    while (count < ROUTES) {
        struct model_route *r = &routes[count];
        random_choice(&random, 3, r->segments, &r->depth);
        spell(r->segments, r->depth, true, text);
        count += try_to_add(f, METHOD_GET, text) == STATUS_OK ? 1 : 0;
    }
    for (size_t round = 0; round < 5000; round++) {
        size_t path[DEPTH_MAX];
        size_t depth;
        const struct model_route *expected;
        char path_text[64];

        random_choice(&random, 2, path, &depth);
        expected = model_match(routes, count, path, depth);
        spell(path, depth, false, path_text);
        if (expected == NULL) {
            assert_int_equal(match(f, METHOD_GET, path_text), ROUTER_NO_PATH);
        } else {
            assert_int_equal(match(f, METHOD_GET, path_text), ROUTER_FOUND);
            spell(expected->segments, depth, true, text);
            assert_string_equal(f->route->pattern, text);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(literals_and_parameters),
        TEST(slashes_count),
        TEST(going_back),
        TEST(names_may_differ_by_method),
        TEST(as_many_parameters_as_there_is_room_for),
        TEST(decoded_once_and_after_splitting),
        TEST(what_does_not_decode),
        TEST(head_finds_get),
        TEST(allow),
        TEST(a_literal_wins_for_every_method),
        TEST(allow_in_too_little_room),
        TEST(conflicts),
        TEST(bad_patterns),
        TEST(no_memory),
        TEST(random_routes),
    };

    return cmocka_run_group_tests_name("server/router", tests, NULL, NULL);
}
