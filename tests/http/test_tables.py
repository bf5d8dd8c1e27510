"""Every table as JSON: the list of them, and their rows."""

import urllib.parse

import pytest

import library
from harness import assert_problem, wait_until


def tables_of(server):
    answer = server.get("/api/")
    assert answer.status == 200, answer
    return {table["name"]: table for table in answer.json()["tables"]}


def test_list_of_tables(shared):
    tables = tables_of(shared)
    assert {"books", "extremes", "numbers", "odd name/ü", "notes", "counter",
            "old_books"} == set(tables)
    assert tables["books"]["type"] == "table"
    assert tables["old_books"]["type"] == "view"


def test_columns(shared):
    columns = tables_of(shared)["books"]["columns"]
    assert [column["name"] for column in columns] == [
        "id", "title", "author", "year", "price", "cover", "isbn"]
    assert [column["type"].upper() for column in columns] == [
        "INTEGER", "TEXT", "TEXT", "INTEGER", "REAL", "BLOB", "TEXT"]
    named = {column["name"]: column for column in columns}
    assert named["id"]["primary_key"] in (True, 1)
    assert named["title"]["not_null"] is True
    assert named["title"]["primary_key"] in (False, 0)
    assert named["author"]["not_null"] is False


def test_rows(shared):
    answer = shared.get("/api/books")
    assert answer.status == 200
    assert answer.header("content-type").split(";")[0] == "application/json"
    rows = answer.json()
    assert [row["id"] for row in rows] == [1, 2, 3, 4]
    assert rows[0] == {"id": 1, "title": "Emma", "author": "Jane Austen", "year": 1815,
                       "price": 9.5, "cover": "\\x000102ff",
                       "isbn": "a-1"}
    assert rows[2]["price"] == 1e300
    assert rows[3] == {"id": 4, "title": 'Grimms 😀 "Märchen" \\ / <&>', "author": None,
                       "year": None, "price": None, "cover": None, "isbn": None}


def test_view(shared):
    assert {row["title"] for row in shared.get("/api/old_books").json()} == {
        "Emma", "Le Père Goriot"}


def test_empty_table(shared):
    assert shared.get("/api/notes").json() == []


def test_names_that_need_quotes(shared):
    target = "/api/" + urllib.parse.quote("odd name/ü", safe="")
    assert shared.get(target).json() == [{"a b": "x", "select": 1}]


def test_limit_and_offset(shared):
    assert [row["n"] for row in shared.get("/api/numbers?limit=3").json()] == [1, 2, 3]
    assert [row["n"] for row in shared.get("/api/numbers?limit=2&offset=10").json()] == [11, 12]
    assert shared.get("/api/numbers?limit=2&offset=5000").json() == []
    assert shared.get("/api/numbers?limit=0").json() == []
    assert len(shared.get("/api/books?offset=1").json()) == 3


def test_pages_make_the_whole(shared):
    numbers = []
    for offset in range(0, 2500, 500):
        numbers += [row["n"] for row in
                    shared.get(f"/api/numbers?limit=500&offset={offset}").json()]
    assert numbers == list(range(1, 2501))


def test_max_rows_bounds_every_answer(serve):
    server = serve(library.config(tables={"max_rows": 10}))
    assert len(server.get("/api/numbers").json()) == 10
    assert len(server.get("/api/numbers?limit=7").json()) == 7
    answer = server.get("/api/numbers?limit=11", {"Prefer": "count=exact"})
    assert len(answer.json()) == 10
    assert answer.status == 206
    assert answer.header("content-range") == "0-9/2500"


def test_max_rows_by_default(shared):
    assert len(shared.get("/api/numbers").json()) == 1000


@pytest.mark.parametrize("query", [
    "limit=x", "limit=", "limit=1.5", "limit=99999999999999999999", "offset=-1", "offset=x",
    "limit=x&offset=y",
])
def test_limits_that_are_no_numbers_are_ignored(shared, query):
    assert [row["id"] for row in shared.get("/api/books?" + query).json()] == [1, 2, 3, 4]


def test_a_negative_limit(shared):
    problem = assert_problem(shared.get("/api/books?limit=-1"), 416, "PGRST103")
    assert problem["details"] == "Limit should be greater than or equal to zero."


@pytest.mark.parametrize("query", ["page=2", "id=eq", "id=foo.1", "select=(", "order=id.up"])
def test_what_does_not_parse(shared, query):
    assert_problem(shared.get("/api/books?" + query), 400, "PGRST100")


def test_unknown_table_gets_a_hint(shared):
    problem = assert_problem(shared.get("/api/bookz"), 404, "PGRST205")
    assert "books" in problem["hint"]
    assert_problem(shared.get("/api/zzzzzzzzzzzz"), 404, "PGRST205")


def test_the_schema_of_sqlite_is_not_a_table(shared):
    for name in ("sqlite_master", "sqlite_schema", "sqlite_sequence"):
        assert_problem(shared.get("/api/" + name), 404, "PGRST205")


@pytest.mark.parametrize("name", ["books;", "books--", 'books"', "books'", "books%20", "main.books",
                                  "(SELECT%201)", "%22books%22"])
def test_names_are_only_names(shared, name):
    assert_problem(shared.get("/api/" + name), 404, "PGRST205")


def test_tables_are_read_only(shared):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = shared.request(method, "/api/books", body={})
        assert_problem(answer, 405, "25006")
        assert "GET" in answer.header("allow")


def test_options(shared):
    answer = shared.request("OPTIONS", "/api/books")
    assert answer.status == 200
    assert answer.header("allow") == "OPTIONS,GET,HEAD"
    assert_problem(shared.request("OPTIONS", "/api/bookz"), 404, "PGRST205")


def test_web_pages_may_read(shared):
    answer = shared.get("/api/books?limit=1", {"Origin": "https://shop.example"})
    assert answer.header("access-control-allow-origin") == "*"
    failure = shared.get("/api/bookz", {"Origin": "https://shop.example"})
    assert failure.header("access-control-allow-origin") == "*"
    preflight = shared.request("OPTIONS", "/api/books", {
        "Origin": "https://shop.example", "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-client-info"})
    assert preflight.status == 200
    assert "x-client-info" in preflight.header("access-control-allow-headers")
    assert preflight.header("access-control-max-age") == "86400"


def test_tables_switched_off(serve):
    server = serve(library.config(tables={"enabled": False}))
    assert_problem(server.get("/api/"), 404, "not_found")
    assert_problem(server.get("/api/books"), 404, "not_found")
    assert server.get("/books/1").status == 200


@pytest.mark.parametrize("sql", [
    "CREATE TABLE t(%s)" % ", ".join("c%d" % n for n in range(1500)),
    "CREATE VIEW t AS " + " UNION ALL ".join("SELECT 1" for _ in range(60)),
    "CREATE VIEW t AS SELECT " + "+".join("1" for _ in range(300)),
    "CREATE VIEW t AS SELECT max(%s)" % ", ".join("1" for _ in range(40)),
    "CREATE TABLE t(a DEFAULT '%s')" % ("x" * 150000),
], ids=["columns", "unions", "depth", "arguments", "length"])
def test_a_schema_that_sqlite_takes_is_served(serve, sql):
    """One large table or view must not make the whole file unreadable."""
    server = serve(library.config(), schema=library.SCHEMA + ";" + sql)
    assert server.get("/api/t").status == 200
    assert len(server.get("/api/books").json()) == 4


def test_another_prefix(serve):
    server = serve(library.config(tables={"prefix": "/data"}))
    assert "books" in {table["name"] for table in server.get("/data/").json()["tables"]}
    assert len(server.get("/data/books").json()) == 4
    assert_problem(server.get("/api/books"), 404, "not_found")


def test_include_and_exclude(serve):
    only = serve(library.config(tables={"include": ["books", "numbers"]}))
    assert set(tables_of(only)) == {"books", "numbers"}
    assert_problem(only.get("/api/notes"), 404, "PGRST205")
    but = serve(library.config(tables={"exclude": ["books"]}))
    assert "books" not in tables_of(but) and "notes" in tables_of(but)
    assert_problem(but.get("/api/books"), 404, "PGRST205")


def test_a_table_made_outside_appears(serve):
    server = serve(library.config())
    assert "fresh" not in tables_of(server)
    server.sql("CREATE TABLE fresh(a INTEGER PRIMARY KEY, b TEXT)")
    server.sql("INSERT INTO fresh VALUES (1, 'x')")
    wait_until(lambda: "fresh" in tables_of(server), "the new table in the list")
    assert server.get("/api/fresh").json() == [{"a": 1, "b": "x"}]
    server.sql("ALTER TABLE fresh ADD COLUMN c DEFAULT 5")
    wait_until(lambda: server.get("/api/fresh").json() == [{"a": 1, "b": "x", "c": 5}],
               "the new column in the rows")
    server.sql("DROP TABLE fresh")
    wait_until(lambda: server.get("/api/fresh").status == 404, "the table to be gone")


def test_tables_on_a_pool_of_their_own(serve):
    server = serve(library.config(pools={"read": {"threads": 1}, "tables": {"threads": 1}},
                                  tables={"pool": "tables"}))
    assert len(server.get("/api/books").json()) == 4
    taken = [line for line in server.get("/metrics").body.decode().splitlines()
             if line.startswith("gantry_pool_submitted_total")]
    assert any('pool="tables"' in line and line.endswith(" 1") for line in taken), taken
