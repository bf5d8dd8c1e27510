"""What /openapi.json says of writes: requests are made as it says, and what is answered is what it told."""

import json
import sqlite3
import urllib.parse

import jsonschema
import pytest

import library
import test_write
from conftest import one_server
from test_openapi import HOSTILE, check, document_of, quoted, resolve, validator

ROUTES = [
    {"method": "POST", "path": "/authors", "result": "row",
     "sql": "INSERT INTO authors(id, name) VALUES (:id, :name) RETURNING *",
     "params": {"id": {"type": "integer"}, "name": {"type": "string"}}},
    {"method": "DELETE", "path": "/authors/{id}", "result": "none",
     "sql": "DELETE FROM authors WHERE id = :id", "params": {"id": {"type": "integer"}}},
    {"method": "POST", "path": "/family",
     "steps": [{"sql": "INSERT INTO authors(name) VALUES (:name) RETURNING id"},
               {"sql": "SELECT :step1.id AS id"}],
     "params": {"name": {"type": "string"}}},
    {"method": "POST", "path": "/search", "sql": "SELECT * FROM authors WHERE name = :name",
     "params": {"name": {"type": "string"}}},
]
HEADERS = {"Content-Range", "ETag", "Location", "Preference-Applied", "Idempotent-Replayed"}
FULL = "return=representation"


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    config = library.config(writes=True, routes=ROUTES, rpc=test_write.QUERIES,
                            tables={"exclude": ["secret"]})
    yield from one_server(tmp_path_factory.mktemp("openapi-write"), config, test_write.SCHEMA)


@pytest.fixture
def shop(one):
    test_write.reset(one)
    return one


@pytest.fixture
def document(one):
    return document_of(one)


def operation_of(document, method, target):
    path = target.partition("?")[0]
    item = document["paths"].get(path)
    if item is None:  # the one path with a parameter
        item = document["paths"][path.rpartition("/")[0] + "/{id}"]
    return item[method.lower()]


def parameters_of(document, operation):
    return {(p["in"], p["name"]): p for p in (resolve(document, item) for item in operation["parameters"])}


def ask(server, document, method, target, body=None, **headers):
    """Ask as the document says, and hold the answer against it."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    operation = operation_of(document, method, target)
    told = parameters_of(document, operation)
    for name, value in headers.items():
        jsonschema.validate(value, told["header", name]["schema"])
    for name, value in urllib.parse.parse_qsl(target.partition("?")[2]):
        schema = told["query", name]["schema"]
        jsonschema.validate(int(value) if schema["type"] == "integer" else value, schema)
    if body is not None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        validator(document, schema).validate(body)
    answer = server.request(method, target, headers, body)
    response = operation["responses"].get(str(answer.status))
    if answer.status < 400 or answer.status in (409, 412, 422):
        assert response is not None, (method, target, answer.status)
    else:
        response = operation["responses"][f"{answer.status // 100}XX"]
    response = resolve(document, response)
    for name in HEADERS:
        if answer.header(name) is not None:
            schema = resolve(document, response["headers"][name])["schema"]
            jsonschema.validate(answer.header(name), schema)
    if answer.body and "select=" not in target:
        content = response["content"][answer.header("content-type").partition(";")[0]]
        validator(document, content["schema"]).validate(answer.json())
    return answer


def test_it_is_sound(document):
    check(document)


def test_the_methods_are_those_that_are_allowed(shop, document):
    seen = set()
    for path, item in document["paths"].items():
        if path.startswith("/api/"):
            allow = shop.request("OPTIONS", path).header("allow").split(",")
            assert {method.upper() for method in item} | {"OPTIONS", "HEAD"} == set(allow) | {"HEAD"}, path
            seen |= set(allow)
    assert {"PUT", "PATCH", "DELETE"} <= seen
    assert "put" not in document["paths"]["/api/keyless"]
    assert "put" not in document["paths"]["/api/titles"]  # a view has no key
    assert set(document["paths"]["/api/plain"]) == {"get"}


@pytest.mark.parametrize("method, target, body, prefer, status", [
    ("POST", "books", {"title": "a"}, None, 201),
    ("POST", "books", [{"title": "a"}, {"title": "b"}], FULL, 201),
    ("POST", "books?select=id,title&order=title.desc", [{"title": "a"}, {"title": "b"}], FULL, 201),
    ("POST", "books", {"title": "a"}, FULL, 201),
    ("POST", "books", {"title": "a"}, "return=headers-only", 201),
    ("POST", "books", {"id": 1, "title": "a"}, "resolution=merge-duplicates", 200),
    ("POST", "books?on_conflict=isbn", {"isbn": "a", "title": "b"},
     f"resolution=merge-duplicates,{FULL}", 200),
    ("POST", "books", {"id": 1, "title": "a"}, "resolution=ignore-duplicates", 201),
    ("POST", "books?columns=title,stars", [{"title": "a", "more": 1}], "missing=default", 201),
    ("POST", "books", {"id": 1, "title": "a"}, None, 409),
    ("POST", "books", {"title": "a", "author_id": 77}, None, 409),
    ("POST", "books", {"title": "a", "stars": 10}, None, 400),
    ("POST", "priced", {"price": 101}, None, 402),
    ("PUT", "books?id=eq.1", {"id": 1, "title": "a"}, None, 204),
    ("PUT", "books?id=eq.1", {"id": 1, "title": "a"}, FULL, 200),
    ("PUT", "books?id=eq.9&select=id", {"id": 9, "title": "a"}, FULL, 201),
    ("PUT", "pairs?a=eq.x&b=eq.1", {"a": "x", "b": 1, "v": "new"}, FULL, 200),
    ("PUT", "books?id=eq.1", {"id": 2, "title": "a"}, None, 400),
    ("PUT", "books?id=eq.1", {"id": 1, "title": "a", "isbn": "b"}, None, 409),
    ("PATCH", "books?id=eq.1", {"title": "a"}, None, 204),
    ("PATCH", "books?id=gt.1&order=id.desc", {"title": "a"}, f"{FULL},count=exact", 200),
    ("PATCH", "books?or=(id.eq.1,id.eq.2)", {"stars": 1}, "handling=strict,max-affected=1", 400),
    ("PATCH", "books", {"stars": 1}, None, 400),
    ("PATCH", "titles?id=eq.1", {"title": "a"}, None, 204),
    ("DELETE", "books?id=eq.1", None, None, 204),
    ("DELETE", "books?id=eq.1", None, FULL, 200),
    ("DELETE", "books", None, None, 400),
])
def test_tables(shop, document, method, target, body, prefer, status):
    headers = {} if prefer is None else {"Prefer": prefer}
    assert ask(shop, document, method, "/api/" + target, body, **headers).status == status


@pytest.mark.parametrize("media, body", [
    ("text/csv", b"id,title\n7,a\n"), ("application/x-www-form-urlencoded", b"id=7&title=a")])
@pytest.mark.parametrize("method, query", [("POST", ""), ("PUT", "?id=eq.7"), ("PATCH", "?id=eq.1")])
def test_other_types_of_bodies(shop, document, method, query, media, body):
    told = operation_of(document, method, "/api/books")["requestBody"]["content"]
    if media in told:
        answer = shop.request(method, "/api/books" + query, {"Content-Type": media}, body)
        assert answer.status < 300
        assert shop.sql("SELECT title FROM books WHERE id = 7") == [("a",)]
    else:
        assert (media, method) in (("text/csv", "PUT"), ("text/csv", "PATCH"))


@pytest.mark.parametrize("method, body", [
    ("PUT", {"id": 1, "title": "a"}), ("PATCH", {"title": "a"}), ("DELETE", None)])
def test_if_match(shop, document, method, body):
    etag = shop.request("GET", "/api/books?id=eq.1").header("etag")
    target = "/api/books?id=eq.1"
    shop.sql("UPDATE books SET title = 'b' WHERE id = 1")
    assert ask(shop, document, method, target, body, If_Match=etag).status == 412
    etag = shop.request("GET", target).header("etag")
    assert ask(shop, document, method, target, body, If_Match=etag).status == 204


@pytest.mark.parametrize("method, body", [
    ("PUT", {"id": 1, "title": "a"}), ("PATCH", {"title": "a"}), ("DELETE", None)])
def test_if_none_match(shop, document, method, body):
    target = "/api/books?id=eq.1"
    etag = shop.request("GET", target).header("etag")
    for known in ("*", etag):
        assert ask(shop, document, method, target, body, If_None_Match=known).status == 412
    shop.sql("UPDATE books SET title = 'b' WHERE id = 1")
    assert ask(shop, document, method, target, body, If_None_Match=etag).status == 204


def test_a_put_that_replaces_none(shop, document):
    for status in (204, 412):
        answer = ask(shop, document, "PUT", "/api/books?id=eq.9", {"id": 9, "title": "a"}, If_None_Match="*")
        assert answer.status == status


@pytest.mark.parametrize("method, target, body, other", [
    ("POST", "/api/books", {"title": "a"}, {"title": "b"}),
    ("PUT", "/api/books?id=eq.1", {"id": 1, "title": "a"}, {"id": 1, "title": "b"}),
    ("PATCH", "/api/books?id=eq.1", {"title": "a"}, {"title": "b"}),
    ("POST", "/authors", {"id": 7, "name": "a"}, {"id": 7, "name": "b"}),
    ("POST", "/family", {"name": "a"}, {"name": "b"}),
    ("POST", "/api/rpc/add_book", {"titles": ["a"]}, {"titles": ["b"]}),
    ("POST", "/api/rpc/one_book", {"id": 1, "title": "a"}, {"id": 1, "title": "b"}),
    ("POST", "/api/rpc/stars", {"least": 1}, {"least": 2}),
    ("POST", "/api/rpc/next_author", {"name": "a"}, {"name": "b"}),
    ("POST", "/api/rpc/forget", {"id": 1}, {"id": 2}),
])
def test_idempotency_key(shop, document, request, method, target, body, other):
    key = f"key of {request.node.name}"[:255]
    first = ask(shop, document, method, target, body, Idempotency_Key=key)
    again = ask(shop, document, method, target, body, Idempotency_Key=key)
    assert (first.status, first.body) == (again.status, again.body)
    assert again.header("Idempotent-Replayed") == "true"
    assert ask(shop, document, method, target, other, Idempotency_Key=key).status == 422


def test_deletes_take_a_key_too(shop, document):
    for target, other in (("/api/books?id=eq.1", "/api/books?id=eq.2"), ("/authors/1", "/authors/2")):
        key = "delete " + target
        assert ask(shop, document, "DELETE", target, Idempotency_Key=key).status == 204
        again = ask(shop, document, "DELETE", target, Idempotency_Key=key)
        assert (again.status, again.header("Idempotent-Replayed")) == (204, "true")
        assert ask(shop, document, "DELETE", other, Idempotency_Key=key).status == 422


def test_what_only_reads_takes_no_key(shop, document):
    for method, path in (("GET", "/api/books"), ("POST", "/search"), ("GET", "/health")):
        operation = document["paths"][path][method.lower()]
        told = parameters_of(document, {"parameters": operation.get("parameters", [])})
        assert ("header", "Idempotency-Key") not in told and ("header", "If-Match") not in told
        assert told.get(("header", "If-None-Match"), {}) in (
            {}, document["components"]["parameters"]["ifNoneMatch"])
        assert not {"409", "412", "422"} & set(operation["responses"])
    shop.request("POST", "/search", {"Idempotency-Key": "x"}, {"name": "a"})
    again = shop.request("POST", "/search", {"Idempotency-Key": "x"}, {"name": "b"})
    assert (again.status, again.header("Idempotent-Replayed")) == (200, None)


def test_a_constraint_stops_a_route(shop, document):
    assert ask(shop, document, "POST", "/authors", {"id": 1, "name": "a"}).status == 409


def test_a_named_query_with_preferences(shop, document):
    for path, body, page, status, total in (
            ("/api/rpc/add_book", {"titles": ["a", "b"]}, "?limit=1", 206, "0-0/2"),
            ("/api/rpc/stars", {"least": 1}, "", 200, "0-4/5")):
        bounded = ask(shop, document, "POST", path, body, Prefer="handling=strict,max-affected=1")
        assert (bounded.status, bounded.json()["code"]) == (400, "PGRST124")
        counted = ask(shop, document, "POST", path + page, body, Prefer="count=exact")
        assert (counted.status, counted.header("content-range")) == (status, total)


def put_as_told(server, document, path, value):
    """PUT the row whose key is value in every column, knowing nothing but the document."""
    operation = document["paths"][path]["put"]
    names = [name for (where, name), parameter in parameters_of(document, operation).items()
             if where == "query" and parameter.get("required")]
    schema = resolve(document, operation["requestBody"]["content"]["application/json"]["schema"])
    body = dict.fromkeys(schema["required"], value)
    validator(document, schema).validate(body)
    query = urllib.parse.urlencode([(name, f"eq.{value}") for name in names])
    return server.request("PUT", f"{path}?{query}", {"Prefer": FULL}, body)


def test_put_of_hostile_names(serve):
    server = serve(config={"database": {"write": True}}, schema="\n".join(
        f"CREATE TABLE {quoted(name)}({quoted(name)} TEXT, {quoted('the ' + name)} TEXT, n INTEGER,"
        f" PRIMARY KEY({quoted('the ' + name)}, {quoted(name)})) WITHOUT ROWID;" for name in HOSTILE))
    document = document_of(server)
    check(document)
    for name in HOSTILE:
        path = "/api/" + urllib.parse.quote(name, safe="")
        for status in (201, 200):
            answer = put_as_told(server, document, path, "x")
            assert answer.status == status, (name, answer.body)
            assert answer.json() == [{name: "x", "the " + name: "x", "n": None}]
    database = sqlite3.connect(server.database)
    for name in HOSTILE:
        assert database.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone() == (1,)
    database.close()


def test_a_name_that_is_no_text_has_no_put(serve):
    server = serve(config={"database": {"write": True}},
                   schema='CREATE TABLE t("" TEXT PRIMARY KEY, a TEXT); CREATE TABLE u(a TEXT PRIMARY KEY);')
    document = document_of(server)
    check(document)
    assert set(document["paths"]["/api/t"]) == {"get", "post", "patch", "delete"}
    assert put_as_told(server, document, "/api/u", "x").status == 201


def test_read_only_has_none_of_it(serve):
    server = serve(config={}, schema=test_write.SCHEMA)
    text = json.dumps(document_of(server))
    for word in ("If-Match\"", "Idempot", '"put"', '"post": {"tags": ["Tables"]', "written.", "rowKey."):
        assert word not in text, word
