"""Named queries below /api/rpc: what they take, what they give, what is refused."""

import json
import urllib.parse

import pytest

import library
from conftest import one_server
from harness import assert_problem, gantry

QUERIES = [
    {"name": "since", "returns": "setof books", "volatility": "stable",
     "sql": "SELECT * FROM books WHERE year >= :year ORDER BY id -- the newer ones",
     "params": {"year": {"type": "integer", "default": 0}}},
    {"name": "book", "returns": "row books", "volatility": "immutable",
     "sql": "SELECT * FROM books WHERE id = :id", "params": {"id": {"type": "integer"}}},
    {"name": "add", "returns": "scalar integer", "volatility": "immutable",
     "sql": "SELECT :a + :b", "params": {
         "a": {"type": "integer", "minimum": -10, "maximum": 10}, "b": {"type": "integer"}}},
    {"name": "counting", "returns": "setof integer", "volatility": "stable",
     "sql": "SELECT n FROM numbers WHERE n <= :n ORDER BY n", "params": {"n": {"type": "integer"}}},
    {"name": "echo", "returns": "setof json", "volatility": "immutable",
     "sql": "SELECT json_array(typeof(:s), :s, typeof(:j), :j, typeof(:f), hex(:x))",
     "params": {"s": {"type": "string", "default": None, "max_length": 5},
                "j": {"type": "json", "default": None},
                "f": {"type": "boolean", "default": None},
                "x": {"type": "blob", "default": None}}},
    {"name": "is_it", "returns": "scalar boolean", "volatility": "immutable", "sql": "SELECT 1"},
    {"name": "now", "returns": "scalar string", "volatility": "stable",
     "sql": "SELECT datetime('now')"},
    {"name": "silent", "returns": "void", "volatility": "volatile", "sql": "SELECT 1"},
]


@pytest.fixture(scope="module")
def queries(tmp_path_factory):
    yield from one_server(tmp_path_factory.mktemp("rpc"), {"rpc": QUERIES}, library.SCHEMA)


def call(server, name, body, headers=None):
    return server.request("POST", f"/api/rpc/{name}", headers, body)


def test_rows_of_a_table(queries):
    assert [row["id"] for row in queries.get("/api/rpc/since?year=1830").json()] == [2, 3]
    assert [row["id"] for row in call(queries, "since", {"year": 1900}).json()] == [3]
    assert [row["id"] for row in call(queries, "since", {}).json()] == [1, 2, 3]


def test_rows_are_treated_like_the_table(queries):
    answer = queries.get("/api/rpc/since?select=title&order=title.desc&limit=1&year=1000"
                         "&title=like.*e*", {"Prefer": "count=exact"})
    assert answer.json() == [{"title": "Le Père Goriot"}]
    assert answer.header("content-range") == "0-0/1"
    csv = queries.get("/api/rpc/since?select=id,year", {"Accept": "text/csv"})
    assert csv.body.decode() == "id,year\n1,1815\n2,1835\n3,1905"
    assert_problem(queries.get("/api/rpc/since?select=nope"), 400, "42703")


def test_a_filter_of_a_post_is_in_the_query(queries):
    answer = call(queries, "since?id=eq.2&select=id", {"year": 0})
    assert answer.json() == [{"id": 2}]


def test_one_row(queries):
    assert queries.get("/api/rpc/book?id=1&select=title").json() == {"title": "Emma"}
    assert queries.get("/api/rpc/book?id=99").json() is None


def test_a_scalar(queries):
    assert queries.get("/api/rpc/add?a=2&b=-5").json() == -3
    assert call(queries, "add", {"a": 1, "b": 9223372036854775806}).body == b"9223372036854775807"
    assert call(queries, "add", [{"a": 1, "b": 2}]).json() == 3
    assert call(queries, "add", {"a": "1", "b": "2"}).json() == 3
    assert queries.get("/api/rpc/is_it").json() is True
    counted = queries.get("/api/rpc/add?a=1&b=1", {"Prefer": "count=exact"})
    assert counted.header("content-range") == "0-0/1"


def test_a_page_of_values_is_one_of_rows(queries):
    for target in ("/api/rpc/counting?n=9&offset=2", "/api/numbers?n=lte.9&offset=2"):
        assert queries.get(target, {"Range": "3-5"}).header("content-range") == "3-5/*"
        assert queries.get(target, {"Range": "0-2"}).header("content-range") == "2-2/*"
        assert_problem(queries.get(target, {"Range": "0-1"}), 416, "PGRST103")


def test_what_the_clock_decides_has_no_etag(queries):
    assert queries.get("/api/rpc/add?a=2&b=-5").header("etag") is not None
    assert queries.get("/api/rpc/now", {"If-None-Match": "*"}).status == 200
    assert queries.get("/api/rpc/now").header("etag") is None


def test_what_json_holds_stays_as_it_was(queries):
    echo = lambda body: queries.request("POST", "/api/rpc/echo", {}, body).json()[0]
    assert echo(b'{"j": {"a": 0.1, "b": 12345678901234567890.5}}')[3] == \
        '{"a":0.1,"b":12345678901234567890.5}'
    assert echo(b'{"s": 0.10}')[1] == "0.10"
    assert echo('{"s": "a", "\\u0073": "\\u00e4\\n€"}'.encode())[1] == "ä\n€"
    assert echo(b'{"s": null, "j": []}')[:4] == ["null", None, "text", "[]"]
    assert echo(b'[{"s": "]"}, 1]')[1] == "]"
    for body, code in ((b'{"a": 123456789012345678901, "b": 1}', "22003"),
                       (b'{"a": "\\u0000", "b": 1}', "22P05"), (b'{"\xff": 1}', "PGRST102"),
                       (b'{"a": "\\ud800", "b": 1}', "PGRST102"), (b"[1]", "PGRST102")):
        assert_problem(queries.request("POST", "/api/rpc/add", {}, body), 400, code)


def test_values(queries):
    assert queries.get("/api/rpc/counting?n=3").json() == [1, 2, 3]
    assert queries.get("/api/rpc/counting?n=0").json() == []
    page = queries.get("/api/rpc/counting?n=2000&limit=2&offset=5", {"Prefer": "count=exact"})
    assert page.status == 206
    assert page.json() == [6, 7]
    assert page.header("content-range") == "5-6/2000"
    assert len(queries.get("/api/rpc/counting?n=2000").json()) == 1000


def test_nothing(queries):
    answer = call(queries, "silent", {})
    assert answer.status == 204
    assert answer.body == b""


@pytest.mark.parametrize("arguments, expected", [
    ({}, ["null", None, "null", None, "null", ""]),
    ({"s": "ü", "j": {"a": [1]}, "f": True, "x": "AAH/"},
     ["text", "ü", "text", '{"a":[1]}', "integer", "0001FF"]),
    ({"j": "a string"}, ["null", None, "text", '"a string"', "null", ""]),
    ({"s": None, "x": "\\x00ff"}, ["null", None, "null", None, "null", "00FF"]),
])
def test_types_of_a_body(queries, arguments, expected):
    assert call(queries, "echo", arguments).json() == [expected]


def test_types_of_a_query(queries):
    target = "/api/rpc/echo?" + urllib.parse.urlencode({"s": "a b", "j": "[1, 2]", "f": "f"})
    assert queries.get(target).json() == [["text", "a b", "text", "[1,2]", "integer", ""]]


def test_a_form(queries):
    answer = queries.request("POST", "/api/rpc/add",
                             {"Content-Type": "application/x-www-form-urlencoded"}, b"a=4&b=%35")
    assert answer.json() == 9


@pytest.mark.parametrize("target, status, code", [
    ("add?a=1", 404, "PGRST202"), ("add", 404, "PGRST202"), ("add?a=1&b=2&c=3", 404, "PGRST202"),
    ("ad?a=1&b=2", 404, "PGRST202"), ("add?a=x&b=2", 400, "22P02"), ("add?a=11&b=2", 400, "22023"),
    ("add?a=99999999999999999999&b=2", 400, "22003"), ("echo?s=sixsix", 400, "22023"),
    ("echo?j=%7B", 400, "22P02"), ("echo?x=%3D", 400, "22P02"), ("silent", 405, "25006"),
    ("counting?n=1&limit=-1", 416, "PGRST103"),
])
def test_what_is_wrong(queries, target, status, code):
    assert_problem(queries.get("/api/rpc/" + target), status, code)


@pytest.mark.parametrize("body", [b"{", b"[]", b"1", b'"x"', b"{}x", b"[" * 100 + b"]" * 100])
def test_bodies_that_are_no_arguments(queries, body):
    answer = queries.request("POST", "/api/rpc/add", {"Content-Type": "application/json"}, body)
    assert_problem(answer, 400, "PGRST102")


def test_another_type_of_body(queries):
    answer = queries.request("POST", "/api/rpc/add", {"Content-Type": "text/plain"}, b"a=1")
    problem = assert_problem(answer, 400, "PGRST102")
    assert problem["message"] == "Content-Type not acceptable: text/plain"
    assert problem["hint"] == "Send application/json or application/x-www-form-urlencoded."


def test_hints(queries):
    problem = assert_problem(queries.get("/api/rpc/counteng?n=1"), 404, "PGRST202")
    assert "counting" in problem["hint"]
    problem = assert_problem(queries.get("/api/rpc/add?x=1"), 404, "PGRST202")
    assert problem["message"] == "Could not find the function main.add(x) in the schema cache"
    assert "main.add(a, b)" in problem["hint"]


def test_options(queries):
    assert queries.request("OPTIONS", "/api/rpc/add").header("allow") == "OPTIONS,GET,HEAD,POST"
    assert queries.request("OPTIONS", "/api/rpc/silent").header("allow") == "OPTIONS,POST"
    assert_problem(queries.request("OPTIONS", "/api/rpc/nope"), 404, "PGRST202")


@pytest.mark.parametrize("query, path, words", [
    ({"sql": "SELECT :a"}, "$.rpc[0].sql", ":a"),
    ({"sql": "SELECT 1", "params": {"a": {"type": "integer"}}}, "$.rpc[0].params.a", "not used"),
    ({"sql": "SELECT 1, 2"}, "$.rpc[0].sql", "2 columns"),
    ({"sql": "SELECT nope"}, "$.rpc[0].sql", "nope"),
    ({"sql": "SELECT 1;"}, "$.rpc[0].sql", "semicolon"),
    ({"sql": "SELECT 1 /* without end"}, "$.rpc[0].sql", "incomplete"),
    ({"sql": "INSERT INTO books(title) VALUES ('x') RETURNING id"}, "$.rpc[0].sql", "writes"),
    ({"sql": "SELECT 1", "returns": "setof nope"}, "$.rpc[0].returns", "nope"),
    ({"sql": "SELECT id FROM books", "returns": "setof books"}, "$.rpc[0].sql", '"title"'),
    ({"sql": "SELECT 1", "pool": "write"}, "$.rpc[0].pool", "write"),
])
def test_mistakes_at_the_start(serve, tmp_path, query, path, words):
    server = serve(library.config())  # makes the database
    config = tmp_path / "bad.json"
    config.write_text(json.dumps({
        "database": {"path": str(server.database)},
        "rpc": [{"name": "q", "returns": "scalar integer", "volatility": "stable", **query}]}))
    result = gantry("check", "--config", config)
    assert result.returncode == 78
    assert any(path in line and words in line for line in result.stderr.splitlines()), result


@pytest.mark.parametrize("query, writes, path, words", [
    ({}, False, "$.rpc[0].sql", "--write"),
    ({"volatility": "stable"}, True, "$.rpc[0].sql", "volatile"),
    ({"pool": "read"}, True, "$.rpc[0].pool", "write"),
    ({"sql": "DELETE FROM counter"}, True, "$.rpc[0].sql", "0 columns"),
    ({"sql": "DELETE FROM books RETURNING id", "returns": "setof books"}, True, "$.rpc[0].sql", "RETURNING *"),
])
def test_mistakes_of_queries_that_write(serve, tmp_path, query, writes, path, words):
    server = serve(library.config())  # makes the database
    config = tmp_path / "bad.json"
    config.write_text(json.dumps({
        "database": {"path": str(server.database), "write": writes},
        "rpc": [{"name": "q", "returns": "scalar integer", "volatility": "volatile",
                 "sql": "UPDATE counter SET n = n + 1 RETURNING n", **query}]}))
    result = gantry("check", "--config", config)
    assert result.returncode == 78
    assert any(path in line and words in line for line in result.stderr.splitlines()), result


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_methods_that_no_query_has(queries, method):
    answer = queries.request(method, "/api/rpc/add", body={})
    problem = assert_problem(answer, 405, "PGRST101")
    assert problem["message"] == f"Cannot use the {method} method on RPC"
    assert answer.header("allow") == "GET, HEAD, POST, OPTIONS"


def test_paths_of_two_levels(queries):
    problem = assert_problem(queries.get("/api/books/1"), 404, "PGRST125")
    assert problem["message"] == "Invalid path specified in request URL"
    assert "?id=eq.1" in problem["hint"]
