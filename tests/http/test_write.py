"""POST, PATCH, PUT and DELETE of tables: statuses, headers, representations, refusals.

Expectations are those of PostgREST's documentation and tests; where SQLite makes a difference, docs/tables.md
says so.
"""

import sqlite3
import threading

import pytest

import library
from conftest import one_server
from harness import assert_problem

OBJECT = "application/vnd.pgrst.object+json"
FULL = {"Prefer": "return=representation"}

SCHEMA = """
CREATE TABLE authors(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE books(
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    author_id INTEGER REFERENCES authors(id) ON DELETE CASCADE,
    stars INTEGER DEFAULT 3 CHECK (stars < 10),
    is_new BOOLEAN DEFAULT TRUE,
    note TEXT DEFAULT (upper('x')),
    word TEXT DEFAULT bare,
    isbn TEXT UNIQUE,
    doc JSON,
    size AS (length(title))
);
CREATE TABLE pairs(a TEXT, b INTEGER, v TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;
CREATE TABLE only_key(id INTEGER PRIMARY KEY);
CREATE TABLE keyless(a TEXT, b TEXT);
CREATE TABLE lines(id INTEGER PRIMARY KEY,
    author INTEGER REFERENCES authors(id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE strict_ones(id INTEGER PRIMARY KEY, any_thing ANY) STRICT;
CREATE TABLE priced(id INTEGER PRIMARY KEY, price INTEGER);
CREATE TRIGGER pay BEFORE INSERT ON priced WHEN NEW.price > 100
    BEGIN SELECT RAISE(ABORT, 'PT402: pay first'); END;
CREATE TRIGGER never BEFORE INSERT ON priced WHEN NEW.price < 0
    BEGIN SELECT RAISE(ABORT, 'never'); END;
CREATE TRIGGER kept BEFORE DELETE ON priced WHEN OLD.price = 7 BEGIN SELECT RAISE(IGNORE); END;
CREATE TABLE secret(id INTEGER PRIMARY KEY);
CREATE TABLE log(id INTEGER PRIMARY KEY, what TEXT);
CREATE TRIGGER logged AFTER INSERT ON authors BEGIN INSERT INTO log(what) VALUES (NEW.name); END;
CREATE VIEW plain AS SELECT * FROM books;
CREATE VIEW titles AS SELECT id, title FROM books;
CREATE TRIGGER titles_insert INSTEAD OF INSERT ON titles
    BEGIN INSERT INTO books(id, title) VALUES (NEW.id, NEW.title); END;
CREATE TRIGGER titles_update INSTEAD OF UPDATE ON titles
    BEGIN UPDATE books SET title = NEW.title WHERE id = OLD.id; END;
CREATE TRIGGER titles_delete INSTEAD OF DELETE ON titles
    BEGIN DELETE FROM books WHERE id = OLD.id; END;
CREATE VIRTUAL TABLE words USING fts5(w);
"""

ROWS = """
PRAGMA foreign_keys = OFF;
DELETE FROM books; DELETE FROM authors; DELETE FROM pairs; DELETE FROM only_key; DELETE FROM keyless;
DELETE FROM lines; DELETE FROM strict_ones; DELETE FROM priced; DELETE FROM log; DELETE FROM words;
INSERT INTO authors VALUES (1, 'Jane'), (2, 'Leo');
DELETE FROM log;
INSERT INTO books(id, title, author_id, isbn) VALUES
    (1, 'Emma', 1, 'a'), (2, 'War', 2, 'b'), (3, 'Peace', 2, 'c');
INSERT INTO pairs VALUES ('x', 1, 'one'), ('x', 2, 'two');
INSERT INTO only_key VALUES (1), (2);
"""

QUERIES = [
    {"name": "add_book", "returns": "setof books", "volatility": "volatile",
     "sql": "INSERT INTO books(title, stars) SELECT value, :stars FROM json_each(:titles) RETURNING *",
     "params": {"titles": {"type": "json"}, "stars": {"type": "integer", "default": 1}}},
    {"name": "one_book", "returns": "row books", "volatility": "volatile",
     "sql": "UPDATE books SET title = :title WHERE id = :id RETURNING upper(title) AS loud, *",
     "params": {"title": {"type": "string"}, "id": {"type": "integer"}}},
    {"name": "stars", "returns": "setof integer", "volatility": "volatile",
     "sql": "UPDATE books SET stars = stars + 1 WHERE id >= :least RETURNING stars",
     "params": {"least": {"type": "integer"}}},
    {"name": "next_author", "returns": "scalar integer", "volatility": "volatile",
     "sql": "INSERT INTO authors(name) VALUES (:name) RETURNING id",
     "params": {"name": {"type": "string"}}},
    {"name": "forget", "returns": "void", "volatility": "volatile",
     "sql": "DELETE FROM books WHERE id = :id", "params": {"id": {"type": "integer"}}},
]


def config(**tables):
    return library.config(writes=True, routes=[], rpc=QUERIES, tables={"exclude": ["secret"], **tables})


def reset(server):
    connection = sqlite3.connect(server.database, timeout=60)
    try:
        connection.executescript(ROWS)
        connection.commit()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    yield from one_server(tmp_path_factory.mktemp("write"), config(tx_override=True), SCHEMA)


@pytest.fixture
def shop(one):
    reset(one)
    return one


def post(server, target, body, prefer=None, **headers):
    return write(server, "POST", target, body, prefer, **headers)


def write(server, method, target, body=None, prefer=None, **headers):
    if prefer is not None:
        headers["Prefer"] = prefer
    return server.request(method, "/api/" + target, headers, body)


def assert_empty(answer, status):
    assert answer.status == status, answer
    assert answer.body == b""
    assert answer.header("content-type") is None


# --- POST ---------------------------------------------------------------------------------------------


def test_post_answers_nothing_unless_asked(shop):
    answer = post(shop, "books", {"title": "New"})
    assert_empty(answer, 201)
    assert answer.header("content-length") == "0"
    assert answer.header("content-range") == "*/*"
    assert answer.header("preference-applied") is None
    assert answer.header("location") is None
    assert shop.sql("SELECT id, title, stars, is_new, note, word, author_id FROM books WHERE id > 3") == [
        (4, "New", 3, 1, "X", "bare", None)]


def test_post_with_the_rows(shop):
    answer = post(shop, "books?select=id,title,is_new,size", [{"title": "A"}, {"title": "Bb"}],
                  "return=representation, count=exact")
    assert answer.status == 201
    assert answer.header("content-type") == "application/json; charset=utf-8"
    assert answer.header("content-range") == "*/2"
    assert answer.header("preference-applied") == "return=representation, count=exact"
    assert answer.json() == [{"id": 4, "title": "A", "is_new": True, "size": 1},
                             {"id": 5, "title": "Bb", "is_new": True, "size": 2}]


def test_post_with_what_belongs_to_the_rows(shop):
    answer = post(shop, "books?select=title,authors(name)&order=title.desc",
                  [{"title": "A", "author_id": 1}, {"title": "B", "author_id": 2}],
                  "return=representation")
    assert answer.json() == [{"title": "B", "authors": {"name": "Leo"}},
                             {"title": "A", "authors": {"name": "Jane"}}]


def test_limits_of_a_post_are_checked_and_ignored(shop):
    answer = post(shop, "authors?limit=1&offset=1&select=id", [{"name": "a"}, {"name": "b"}],
                  "return=representation")
    assert answer.json() == [{"id": 3}, {"id": 4}]
    assert_problem(post(shop, "authors?limit=-1", {"name": "a"}), 416, "PGRST103")


@pytest.mark.parametrize("accept, text", [
    ("text/csv", "id,name\n3,c"), ("application/x-ndjson", '{"id":3,"name":"c"}\n'),
    (OBJECT, '{"id":3,"name":"c"}'),
])
def test_representations(shop, accept, text):
    answer = post(shop, "authors", {"name": "c"}, "return=representation", Accept=accept)
    assert answer.status == 201
    assert answer.header("content-type") == accept + "; charset=utf-8"
    assert answer.body.decode() == text


def test_post_of_no_row_and_of_empty_rows(shop):
    assert post(shop, "only_key", [], "return=representation").json() == []
    assert post(shop, "only_key", {}, "return=representation").json() == [{"id": 3}]
    assert post(shop, "only_key", [{}, {}], "return=representation").json() == [{"id": 4}, {"id": 5}]
    for body in ([], {}, [{}, {}]):
        assert_empty(post(shop, "only_key", body), 201)


def test_location_of_the_new_row(shop):
    answer = post(shop, "books", {"title": "New"}, "return=headers-only")
    assert_empty(answer, 201)
    assert answer.header("location") == "/api/books?id=eq.4"
    assert answer.header("preference-applied") == "return=headers-only"
    answer = post(shop, "pairs", {"a": "ü&b =", "b": -3}, "return=headers-only")
    assert answer.header("location") == "/api/pairs?a=eq.%C3%BC%26b%20%3D&b=eq.-3"
    assert shop.get(answer.header("location")).json() == [{"a": "ü&b =", "b": -3, "v": None}]
    for body in ([{"title": "a"}, {"title": "b"}], []):
        assert post(shop, "books", body, "return=headers-only").header("location") is None
    assert post(shop, "keyless", {"a": "1"}, "return=headers-only").header("location") is None
    assert post(shop, "books", {"title": "N"}, "return=representation").header("location") is None


def test_forms_and_csv(shop):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert shop.request("POST", "/api/books", form, b"title=A+b&stars=4").status == 201
    csv = {"Content-Type": "text/csv"}
    assert shop.request("POST", "/api/books", csv, b'title,stars\n"a, b",5\nc,NULL\n').status == 201
    assert shop.sql("SELECT title, stars FROM books WHERE id > 3 ORDER BY id") == [
        ("A b", 4), ("a, b", 5), ("c", None)]


def test_json_sent_as_a_form_gets_a_hint(shop):
    answer = shop.request("POST", "/api/books",
                          {"Content-Type": "application/x-www-form-urlencoded"}, b'{"title":"A"}')
    assert "application/json" in assert_problem(answer, 400, "PGRST204")["hint"]


@pytest.mark.parametrize("body, headers, code", [
    (b"", {}, "PGRST102"), (b"{", {}, "PGRST102"), (b'{"title":"a"}', {"Content-Type": "text/plain"}, "PGRST102"),
    (b'[{"title":"a"},{"stars":1}]', {}, "PGRST102"),
    (b'{"title":"a","nope":1}', {}, "PGRST204"), (b'{"size":1}', {}, "428C9"),
    (b'{"title":"a","stars":"x"}', {}, "22P02"), (b'{"title":"a","stars":1.5}', {}, "22P02"),
    (b'{"title":"a","stars":99999999999999999999}', {}, "22003"),
    (b'{"title":null}', {}, "23502"), (b'{"title":"a","stars":10}', {}, "23514"),
])
def test_bad_bodies(shop, body, headers, code):
    assert_problem(shop.request("POST", "/api/books", headers, body), 400, code)
    assert shop.sql("SELECT count(*) FROM books") == [(3,)]


def test_what_is_wrong_with_a_large_row_is_said(shop):
    long = "x" * 5000  # more than the first room for a row
    for method, target in (("POST", "authors"), ("PUT", "authors?id=eq.1")):
        problem = assert_problem(write(shop, method, target, [{"name": long, "id": "y" * 3000}]), 400, "22P02")
        assert problem["message"].startswith('invalid input syntax for type integer: "yyy')


@pytest.mark.parametrize("rows, details", [
    ([{"title": "a", "stars": "x"}], None),
    ([{"title": "a", "stars": 1}, {"title": "b", "stars": 1.5}, {"title": "c", "stars": 1}],
     "Row 2 of 3 in the body.")])
def test_the_column_and_the_row_of_a_value_are_named(shop, rows, details):
    problem = assert_problem(post(shop, "books", rows), 400, "22P02")
    assert problem["hint"] == "That is the value for the column 'stars'."
    assert problem["details"] == details


def test_another_type_of_body_is_told_what_is_taken(shop):
    answer = shop.request("POST", "/api/books", {"Content-Type": "text/plain"}, b"x")
    assert "text/csv" in assert_problem(answer, 400, "PGRST102")["hint"]


def test_columns_chooses_keys(shop):
    answer = post(shop, 'books?columns="title",stars&select=title,stars',
                  [{"title": "a", "nope": 1}, {"title": "b", "stars": 4, "isbn": "zz"}],
                  "return=representation")
    assert answer.json() == [{"title": "a", "stars": None}, {"title": "b", "stars": 4}]
    assert_problem(post(shop, "books?columns=nope", {"title": "a"}), 400, "PGRST204")


def test_missing_default(shop):
    answer = post(shop, "books?columns=id,title,stars,note,word,is_new&select=id,title,stars,note,word,is_new",
                  [{"title": "a"}, {"title": "b", "stars": None, "note": "n", "is_new": False, "id": 9}],
                  "missing=default, return=representation")
    assert answer.json() == [
        {"id": 4, "title": "a", "stars": 3, "note": "X", "word": "bare", "is_new": True},
        {"id": 9, "title": "b", "stars": None, "note": "n", "word": "bare", "is_new": False}]
    assert answer.header("preference-applied") == "missing=default, return=representation"


def test_all_rows_or_none(shop):
    assert_problem(post(shop, "books", [{"title": "a", "isbn": "n"}, {"title": "b", "isbn": "a"}]),
                   409, "23505")
    assert shop.sql("SELECT count(*) FROM books") == [(3,)]


# --- upserts --------------------------------------------------------------------------------------------


def test_merge_duplicates(shop):
    merge = "resolution=merge-duplicates, return=representation"
    answer = post(shop, "authors", [{"id": 1, "name": "J"}, {"id": 7, "name": "New"}], merge)
    assert answer.status == 201
    assert answer.json() == [{"id": 1, "name": "J"}, {"id": 7, "name": "New"}]
    assert answer.header("preference-applied") == merge
    answer = post(shop, "authors", [{"id": 1, "name": "Jj"}, {"id": 7, "name": "Old"}], merge)
    assert answer.status == 200
    assert answer.json() == [{"id": 1, "name": "Jj"}, {"id": 7, "name": "Old"}]
    assert post(shop, "authors", [], merge).status == 200
    assert post(shop, "authors", {"name": "by itself"}, merge).status == 201
    assert_empty(post(shop, "authors", {"id": 1, "name": "J"}, "resolution=merge-duplicates"), 200)


def test_merge_changes_only_what_was_sent(shop):
    answer = post(shop, "books?on_conflict=isbn&select=id,title,stars,isbn",
                  [{"isbn": "a", "title": "E"}, {"isbn": "q", "title": "Q"}],
                  "resolution=merge-duplicates, return=representation")
    assert answer.status == 201
    assert answer.json() == [{"id": 1, "title": "E", "stars": 3, "isbn": "a"},
                             {"id": 4, "title": "Q", "stars": 3, "isbn": "q"}]


def test_ignore_duplicates(shop):
    answer = post(shop, "only_key", [{"id": 1}, {"id": 2}, {"id": 3}],
                  "resolution=ignore-duplicates, return=representation, count=exact")
    assert answer.status == 201
    assert answer.json() == [{"id": 3}]
    assert answer.header("content-range") == "*/1"
    answer = post(shop, "only_key", [{"id": 1}, {"id": 2}], "resolution=ignore-duplicates")
    assert_empty(answer, 201)
    answer = post(shop, "only_key", [{"id": 1}, {"id": 2}, {"id": 4}],
                  "resolution=merge-duplicates, return=representation")
    assert answer.status == 201
    assert answer.json() == [{"id": 1}, {"id": 2}, {"id": 4}]


def test_composite_keys(shop):
    answer = post(shop, "pairs", [{"a": "x", "b": 1, "v": "1"}, {"a": "y", "b": 1, "v": "n"}],
                  "resolution=merge-duplicates, return=representation")
    assert answer.status == 201
    assert answer.json()[0] == {"a": "x", "b": 1, "v": "1"}


def test_without_a_key_there_is_nothing_to_resolve(shop):
    answer = post(shop, "keyless", {"a": "1"}, "resolution=merge-duplicates, return=representation")
    assert answer.status == 201
    assert answer.header("preference-applied") == "return=representation"


def test_no_index_fits_on_conflict(shop):
    assert_problem(post(shop, "books?on_conflict=title", {"title": "a"}, "resolution=merge-duplicates"),
                   400, "42P10")
    assert_problem(post(shop, "books?on_conflict=nope", {"title": "a"}, "resolution=merge-duplicates"),
                   400, "42703")


# --- PATCH ----------------------------------------------------------------------------------------------


def test_patch(shop):
    answer = write(shop, "PATCH", "books?id=eq.1", {"stars": 5})
    assert_empty(answer, 204)
    assert answer.header("content-range") == "0-0/*"
    assert shop.sql("SELECT id, stars FROM books") == [(1, 5), (2, 3), (3, 3)]
    answer = write(shop, "PATCH", "books?author_id=eq.2&order=id.desc&select=id,stars,authors(name)",
                   {"stars": "6"}, "return=representation, count=exact")
    assert answer.status == 200
    assert answer.header("content-range") == "0-1/2"
    assert answer.json() == [{"id": 3, "stars": 6, "authors": {"name": "Leo"}},
                             {"id": 2, "stars": 6, "authors": {"name": "Leo"}}]


def test_patch_of_what_its_filter_is_about(shop):
    answer = write(shop, "PATCH", "only_key?id=eq.1", {"id": 99}, "return=representation")
    assert answer.json() == [{"id": 99}]


def test_patch_of_no_row(shop):
    answer = write(shop, "PATCH", "books?id=eq.99", {"stars": 5})
    assert_empty(answer, 204)
    assert answer.header("content-range") == "*/*"
    answer = write(shop, "PATCH", "books?id=eq.99", {"stars": 5}, "return=representation, count=exact")
    assert (answer.status, answer.json()) == (200, [])
    assert answer.header("content-range") == "*/0"


@pytest.mark.parametrize("body", [{}, [], [{}]])
def test_patch_of_nothing(shop, body):
    answer = write(shop, "PATCH", "books", body)
    assert_empty(answer, 204)
    assert answer.header("content-range") == "*/*"
    answer = write(shop, "PATCH", "books?select=id", body, "return=representation")
    assert (answer.status, answer.json()) == (200, [])
    assert answer.header("content-range") == "*/*"


def test_patch_takes_the_first_row(shop):
    assert write(shop, "PATCH", "books?id=eq.1", [{"stars": 1}, {"stars": 2}]).status == 204
    assert shop.sql("SELECT stars FROM books WHERE id = 1") == [(1,)]


def test_patch_with_columns(shop):
    assert write(shop, "PATCH", "books?id=eq.1&columns=stars,note", {"title": "no", "note": "n"}).status == 204
    assert shop.sql("SELECT title, stars, note FROM books WHERE id = 1") == [("Emma", None, "n")]
    answer = write(shop, "PATCH", "books?id=eq.1&columns=stars,note", {"title": "no"}, "missing=default")
    assert answer.status == 204
    assert answer.header("preference-applied") == "missing=default"
    assert shop.sql("SELECT title, stars, note FROM books WHERE id = 1") == [("Emma", 3, "X")]


def test_limits_of_a_patch_are_ignored(shop):
    answer = write(shop, "PATCH", "books?id=lt.9&limit=1&offset=1&select=id", {"stars": 1},
                   "return=representation")
    assert answer.json() == [{"id": 1}, {"id": 2}, {"id": 3}]


# --- PUT ------------------------------------------------------------------------------------------------


def test_put(shop):
    assert_empty(write(shop, "PUT", "authors?id=eq.9", {"id": 9, "name": "Nine"}), 204)
    answer = write(shop, "PUT", "authors?id=eq.9", {"id": 9, "name": "9"}, "return=representation")
    assert (answer.status, answer.json()) == (200, [{"id": 9, "name": "9"}])
    assert answer.header("preference-applied") == "return=representation"
    assert answer.header("content-range") is None
    answer = write(shop, "PUT", "authors?id=eq.10", [{"id": "10", "name": "Ten"}],
                   "return=representation", Accept=OBJECT)
    assert (answer.status, answer.json()) == (201, {"id": 10, "name": "Ten"})
    answer = write(shop, "PUT", "pairs?b=eq.1&a=eq.x", {"a": "x", "b": 1, "v": "put"}, "return=representation")
    assert (answer.status, answer.json()) == (200, [{"a": "x", "b": 1, "v": "put"}])
    answer = write(shop, "PUT", "only_key?id=eq.1", {"id": 1}, "return=representation")
    assert (answer.status, answer.json()) == (200, [{"id": 1}])


def test_put_takes_the_row_that_the_url_names(shop):
    answer = write(shop, "PUT", "authors?id=eq.1", [{"id": 1, "name": "J"}, {"id": 5, "name": "no"}],
                   "return=representation")
    assert (answer.status, answer.json()) == (200, [{"id": 1, "name": "J"}])
    assert shop.sql("SELECT count(*) FROM authors") == [(2,)]


@pytest.mark.parametrize("target", [
    "authors", "authors?name=eq.J", "authors?id=gt.1", "authors?id=not.eq.1", "authors?id=in.(1)",
    "authors?id=eq.1&name=eq.J", "authors?and=(id.eq.1)", "authors?id=eq(any).{1}", "pairs?a=eq.x",
    "keyless?a=eq.1&b=eq.1", "titles?id=eq.1"])
def test_what_a_put_must_name(shop, target):
    answer = write(shop, "PUT", target, {"id": 1, "name": "J"})
    problem = assert_problem(answer, 405, "PGRST105")
    assert problem["message"] == "Filters must include all and only primary key columns with 'eq' operators"


@pytest.mark.parametrize("target", ["authors?id=eq.1&limit=1", "authors?id=eq.1&offset=1", "authors?limit=0"])
def test_a_put_has_no_limits(shop, target):
    problem = assert_problem(write(shop, "PUT", target, {"id": 1, "name": "J"}), 400, "PGRST114")
    assert problem["message"] == "limit/offset querystring parameters are not allowed for PUT"


@pytest.mark.parametrize("body", [{"id": 2, "name": "J"}, {"name": "J"}, [], {"id": None, "name": "J"}])
def test_a_put_of_another_row(shop, body):
    problem = assert_problem(write(shop, "PUT", "authors?id=eq.1", body), 400, "PGRST115")
    assert problem["message"] == "Payload values do not match URL in primary key column(s)"
    assert shop.sql("SELECT name FROM authors ORDER BY id") == [("Jane",), ("Leo",)]


# --- DELETE ---------------------------------------------------------------------------------------------


def test_delete(shop):
    answer = write(shop, "DELETE", "books?id=eq.1")
    assert_empty(answer, 204)
    assert answer.header("content-range") == "*/*"
    answer = write(shop, "DELETE", "books?author_id=eq.2&select=id,name:title&order=id.desc", None,
                   "return=representation, count=exact")
    assert answer.status == 200
    assert answer.header("content-range") == "*/2"
    assert answer.json() == [{"id": 3, "name": "Peace"}, {"id": 2, "name": "War"}]
    assert shop.sql("SELECT count(*) FROM books") == [(0,)]


def test_delete_shows_what_belonged_to_it(shop):
    answer = write(shop, "DELETE", "authors?id=eq.2&select=name,books(title)&books.order=id", None,
                   "return=representation")
    assert answer.json() == [{"name": "Leo", "books": [{"title": "War"}, {"title": "Peace"}]}]
    assert shop.sql("SELECT id FROM books") == [(1,)]


def test_delete_of_no_row(shop):
    answer = write(shop, "DELETE", "books?id=eq.99", None, "return=representation")
    assert (answer.status, answer.json()) == (200, [])


def test_delete_ignores_limits_and_its_body(shop):
    answer = write(shop, "DELETE", "books?id=gt.1&limit=1&select=id", {"nope": 1}, "return=representation")
    assert answer.json() == [{"id": 2}, {"id": 3}]


def test_what_a_trigger_keeps_is_not_shown(shop):
    shop.sql("INSERT INTO priced VALUES (1, 7), (2, 8)")
    answer = write(shop, "DELETE", "priced?id=lt.9", None, "return=representation, count=exact")
    assert answer.json() == [{"id": 2, "price": 8}]
    assert answer.header("content-range") == "*/1"


# --- without a filter --------------------------------------------------------------------------------------


def test_without_a_filter(shop):
    for method, word, body in (("PATCH", "UPDATE", {"stars": 1}), ("DELETE", "DELETE", None)):
        for query in ("", "?limit=1", "?order=id", "?authors.id=eq.1&select=id,authors(id)"):
            problem = assert_problem(write(shop, method, "books" + query, body), 400, "21000")
            assert problem["message"] == f"{word} requires a WHERE clause"
            assert "tables.unfiltered_writes" in problem["hint"]
    assert shop.sql("SELECT count(*), sum(stars) FROM books") == [(3, 9)]


def test_without_a_filter_where_it_is_allowed(serve):
    server = serve(config(unfiltered_writes=True), SCHEMA)
    reset(server)
    assert write(server, "PATCH", "books", {"stars": 1}, "count=exact").header("content-range") == "0-2/3"
    assert write(server, "DELETE", "books", None, "count=exact").header("content-range") == "*/3"


# --- what is undone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefer", [None, "return=minimal", "return=representation"])
def test_not_one_object(shop, prefer):
    for method, target, body, rows in (
            ("POST", "authors", [{"name": "a"}, {"name": "b"}], 2), ("POST", "authors", [], 0),
            ("PATCH", "authors?id=lt.9", {"name": "z"}, 2), ("PATCH", "authors?id=eq.9", {"name": "z"}, 0),
            ("DELETE", "authors?id=lt.9", None, 2), ("DELETE", "authors?id=eq.9", None, 0)):
        answer = write(shop, method, target, body, prefer, Accept=OBJECT)
        problem = assert_problem(answer, 406, "PGRST116")
        assert problem["details"] == f"The result contains {rows} rows"
    assert shop.sql("SELECT name FROM authors ORDER BY id") == [("Jane",), ("Leo",)]


def test_max_affected(shop):
    for method, body in (("PATCH", {"stars": 1}), ("DELETE", None)):
        answer = write(shop, method, "books?id=gt.1", body, "handling=strict, max-affected=1")
        problem = assert_problem(answer, 400, "PGRST124")
        assert problem["message"] == "Query result exceeds max-affected preference constraint"
        assert problem["details"] == "The query affects 2 rows"
    assert shop.sql("SELECT count(*), sum(stars) FROM books") == [(3, 9)]
    answer = write(shop, "PATCH", "books?id=gt.1", {"stars": 1}, "handling=strict, max-affected=2")
    assert_empty(answer, 204)
    assert answer.header("preference-applied") == "handling=strict, max-affected=2"
    answer = write(shop, "PATCH", "books?id=gt.1", {"stars": 1}, "handling=lenient, max-affected=1")
    assert answer.header("preference-applied") == "handling=lenient"
    answer = post(shop, "authors", [{"name": "a"}, {"name": "b"}], "handling=strict, max-affected=1")
    assert answer.status == 201
    assert answer.header("preference-applied") == "handling=strict"


def test_rollback(shop):
    answer = post(shop, "authors", {"name": "a"}, "tx=rollback, return=representation")
    assert (answer.status, answer.json()) == (201, [{"id": 3, "name": "a"}])
    assert answer.header("preference-applied") == "return=representation, tx=rollback"
    assert_empty(write(shop, "PUT", "authors?id=eq.9", {"id": 9, "name": "a"}, "tx=rollback"), 204)
    assert_empty(write(shop, "PATCH", "authors?id=eq.1", {"name": "a"}, "tx=rollback"), 204)
    assert_empty(write(shop, "DELETE", "authors?id=eq.1", None, "tx=rollback"), 204)
    assert shop.sql("SELECT name FROM authors ORDER BY id") == [("Jane",), ("Leo",)]
    assert_problem(post(shop, "lines", {"author": 99}, "tx=rollback"), 409, "23503")
    assert_empty(post(shop, "authors", {"name": "a"}, "tx=commit"), 201)
    assert shop.sql("SELECT count(*) FROM authors") == [(3,)]
    assert shop.get("/api/authors?limit=1", {"Prefer": "tx=rollback"}).header(
        "preference-applied") == "tx=rollback"


def test_rollback_only_where_it_is_allowed(serve):
    server = serve(config(), SCHEMA)
    answer = post(server, "authors", {"name": "a"}, "tx=rollback")
    assert_empty(answer, 201)
    assert answer.header("preference-applied") is None
    assert server.sql("SELECT count(*) FROM authors") == [(1,)]


# --- preferences and refusals --------------------------------------------------------------------------------


def test_order_of_preference_applied(shop):
    answer = post(shop, "authors", {"id": 1, "name": "a"},
                  "timezone=UTC, handling=strict, tx=commit, count=exact, return=minimal, missing=null,"
                  " resolution=merge-duplicates")
    assert answer.status == 200
    assert answer.header("preference-applied") == (
        "resolution=merge-duplicates, missing=null, return=minimal, count=exact, tx=commit,"
        " handling=strict, timezone=UTC")


def test_what_is_said_first(shop):
    strict = "handling=strict, foo"
    png = "image/png"
    assert_problem(write(shop, "POST", "nope?select=(", b"{", strict), 400, "PGRST100")
    assert_problem(write(shop, "POST", "nope?limit=-1", b"{", strict), 416, "PGRST103")
    assert_problem(write(shop, "POST", "nope", b"{", strict), 400, "PGRST102")
    assert_problem(write(shop, "POST", "nope?select=x(id)", {"nope": 1}, strict), 404, "PGRST205")
    assert_problem(write(shop, "POST", "books?select=x(id)", {"nope": 1}, strict), 400, "PGRST200")
    assert_problem(write(shop, "PUT", "authors?select=x(id)", {"nope": 1}, strict), 400, "PGRST200")
    assert_problem(write(shop, "PUT", "authors", {"nope": 1}, strict), 405, "PGRST105")
    assert_problem(write(shop, "POST", "books", {"nope": 1}, strict), 400, "PGRST204")
    assert_problem(write(shop, "POST", "books", {"title": None}, strict, Accept=png), 400, "PGRST122")
    assert_problem(write(shop, "POST", "books", {"title": None}, Accept=png), 406, "PGRST107")
    assert_problem(write(shop, "POST", "books?select=nope", {"title": None}), 400, "42703")
    assert_problem(write(shop, "POST", "books", {"title": None}), 400, "23502")


def test_profiles(shop):
    headers = {"Content-Profile": "public"}
    assert shop.request("POST", "/api/authors", headers, {"name": "a"}).header("content-profile") == "public"
    assert_problem(shop.request("POST", "/api/authors", {"Content-Profile": "x"}, {"name": "a"}),
                   406, "PGRST106")


@pytest.mark.parametrize("table, body, status, code", [
    ("authors", {"id": 1, "name": "a"}, 409, "23505"), ("books", {"title": "a", "isbn": "a"}, 409, "23505"),
    ("books", {"title": "a", "author_id": 99}, 409, "23503"), ("lines", {"author": 99}, 409, "23503"),
    ("pairs", {"a": None, "b": 1}, 400, "23502"), ("pairs", {"a": "x", "b": 1}, 409, "23505"),
    ("priced", {"price": 101}, 402, "P0001"), ("priced", {"price": -1}, 400, "P0001"),
])
def test_constraints(shop, table, body, status, code):
    problem = assert_problem(post(shop, table, body), status, code)
    assert problem["message"]
    assert shop.sql("SELECT count(*) FROM authors") == [(2,)]


def test_constraints_of_the_others(shop):
    assert_problem(write(shop, "PATCH", "books?id=eq.1", {"isbn": "b"}), 409, "23505")
    assert_problem(write(shop, "PATCH", "books?id=eq.1", {"title": None}), 400, "23502")
    shop.sql("INSERT INTO lines VALUES (1, 1)")
    assert_problem(write(shop, "DELETE", "authors?id=eq.1"), 409, "23503")
    assert shop.sql("SELECT count(*) FROM authors") == [(2,)]


def test_bad_filters(shop):
    assert_problem(write(shop, "DELETE", "books?nope=eq.1"), 400, "42703")
    assert_problem(write(shop, "DELETE", "books?id=eq.x"), 400, "22P02")
    assert_problem(write(shop, "PATCH", "books?id=eq.x", {"stars": 1}), 400, "22P02")
    assert_problem(write(shop, "PUT", "authors?id=eq.x", {"id": 1, "name": "a"}), 400, "22P02")


def test_triggers_write_other_tables(shop):
    assert post(shop, "authors", {"name": "a"}, "count=exact").header("content-range") == "*/1"
    assert shop.sql("SELECT what FROM log") == [("a",)]


def test_pages_that_may_not_read_do_not_write(serve):
    server = serve({**config(), "cors": {"origins": ["https://shop.example"]}}, SCHEMA)
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # which needs no preflight
    for origin, status in ((None, 201), ("https://shop.example", 201), ("http://gantry.test", 201),
                           ("https://evil.example", 403), ("null", 403), ("", 403)):
        headers = form if origin is None else {**form, "Origin": origin}
        assert server.request("POST", "/api/authors", headers, b"name=a").status == status
        answer = server.request("POST", "/api/rpc/next_author", headers, b"name=b")
        assert answer.status == (200 if status == 201 else 403)
    assert server.sql("SELECT count(*) FROM authors") == [(6,)]
    assert server.get("/api/authors", {"Origin": "https://evil.example"}).status == 200


# --- views and what is no table --------------------------------------------------------------------------------


@pytest.mark.parametrize("method, words, verb", [
    ("POST", "insert into", "INSERT"), ("PUT", "insert into", "INSERT"), ("PATCH", "update", "UPDATE"),
    ("DELETE", "delete from", "DELETE")])
def test_plain_views_cannot_be_written(shop, method, words, verb):
    answer = write(shop, method, "plain?id=eq.1", {"id": 1, "title": "a"})
    problem = assert_problem(answer, 405, "55000")
    assert problem["message"] == f'cannot {words} view "plain"'
    assert f"INSTEAD OF {verb} trigger" in problem["hint"]
    assert answer.header("allow") == "OPTIONS,GET,HEAD"


def test_views_with_triggers(shop):
    answer = post(shop, "titles", [{"id": 7, "title": "Seven"}, {"id": 8, "title": "Eight"}],
                  "return=representation, count=exact")
    assert answer.status == 201
    assert answer.json() == [{"id": 7, "title": "Seven"}, {"id": 8, "title": "Eight"}]
    assert answer.header("content-range") == "*/2"
    answer = write(shop, "PATCH", "titles?id=gt.6", {"title": "T"}, "count=exact")
    assert_empty(answer, 204)
    assert answer.header("content-range") == "0-1/2"
    answer = write(shop, "DELETE", "titles?id=gt.6&select=title", None, "return=representation, count=exact")
    assert answer.json() == [{"title": "T"}, {"title": "T"}]
    assert answer.header("content-range") == "*/2"
    assert shop.sql("SELECT count(*) FROM books") == [(3,)]
    assert shop.request("OPTIONS", "/api/titles").header("allow") == "OPTIONS,GET,HEAD,POST,PATCH,DELETE"


def test_virtual_tables(shop):
    assert_empty(post(shop, "words", [{"w": "hello"}, {"w": "world"}]), 201)
    problem = assert_problem(post(shop, "words", {"w": "x"}, "return=representation"), 400, "PGRST127")
    assert "words" in problem["details"]
    assert_empty(write(shop, "PATCH", "words?w=eq.hello", {"w": "hi"}), 204)
    answer = write(shop, "DELETE", "words?w=eq.hi", None, "return=representation")
    assert answer.json() == [{"w": "hi"}]
    assert shop.sql("SELECT w FROM words") == [("world",)]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_is_not_there(shop, method):
    for name in ("secret", "nope", "sqlite_schema"):
        assert_problem(write(shop, method, name + "?id=eq.1", {"id": 1}), 404, "PGRST205")
    assert_problem(write(shop, method, "books/1", {"id": 1}), 404, "PGRST125")


def test_options_and_openapi(shop):
    allow = shop.request("OPTIONS", "/api/books").header("allow")
    assert allow == "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"
    assert shop.request("OPTIONS", "/api/keyless").header("allow") == "OPTIONS,GET,HEAD,POST,PATCH,DELETE"
    paths = shop.get("/openapi.json").json()["paths"]
    assert set(paths["/api/books"]) == {"get", "post", "put", "patch", "delete"}
    assert set(paths["/api/keyless"]) == {"get", "post", "patch", "delete"}
    assert "post" not in paths["/api/plain"]


@pytest.mark.parametrize("method, command", [
    ("POST", "INSERT"), ("PUT", "INSERT"), ("PATCH", "UPDATE"), ("DELETE", "DELETE")])
def test_read_only(shared, method, command):
    answer = shared.request(method, "/api/books", body={"title": "a"})
    problem = assert_problem(answer, 405, "25006")
    assert problem["message"] == f"cannot execute {command} in a read-only transaction"
    assert "--write" in problem["hint"]
    assert answer.header("allow") == "OPTIONS,GET,HEAD"
    assert answer.header("vary") is not None
    assert_problem(shared.request(method, "/api/bookz", body={}), 404, "PGRST205")


# --- lost updates -----------------------------------------------------------------------------------------------


def tag_of(server, target, **headers):
    tag = server.get("/api/" + target, headers).header("etag")
    assert tag is not None and "-" in tag
    return tag


def match(server, method, target, tag, body=None):
    return server.request(method, "/api/" + target, {"If-Match": tag}, body)


def test_a_row_that_has_changed_is_not_written(shop):
    tag = tag_of(shop, "books?id=eq.1")
    assert_empty(match(shop, "PATCH", "books?id=eq.1", tag, {"stars": 5}), 204)
    for method, body in (("PATCH", {"stars": 6}), ("PUT", {"id": 1, "title": "E"}), ("DELETE", None)):
        answer = match(shop, method, "books?id=eq.1", tag, body)
        assert_problem(answer, 412, "precondition_failed")
    assert shop.sql("SELECT title, stars FROM books WHERE id = 1") == [("Emma", 5)]
    tag = tag_of(shop, "books?id=eq.1", Accept=OBJECT)
    assert_empty(match(shop, "PUT", "books?id=eq.1", tag, {"id": 1, "title": "E"}), 204)
    assert_empty(match(shop, "DELETE", "books?id=eq.1", f'"other", {tag_of(shop, "books?id=eq.1")}'), 204)
    for method, body in (("PATCH", {"stars": 6}), ("PUT", {"id": 1, "title": "E"}), ("DELETE", None)):
        for header in (tag, "*"):
            answer = match(shop, method, "books?id=eq.1", header, body)
            assert_problem(answer, 412, "precondition_failed")
    assert shop.sql("SELECT id FROM books") == [(2,), (3,)]


def test_what_else_has_changed_does_not_matter(shop):
    tag = tag_of(shop, "books?id=eq.1&select=id,title")
    assert write(shop, "PATCH", "books?id=eq.1", {"stars": 5}).status == 204
    assert write(shop, "DELETE", "books?id=eq.2").status == 204
    assert_problem(match(shop, "PATCH", "books?id=eq.1", tag, {"title": "E"}), 412, "precondition_failed")
    assert match(shop, "PATCH", "books?id=eq.1&select=id,title", tag, {"title": "E"}).status == 204
    assert match(shop, "PATCH", "books?id=eq.1&select=id,title", tag, {"title": "F"}).status == 412


def test_a_match_of_what_is_shown_beside_the_row(shop):
    target = "books?id=eq.1&select=id,authors!inner(name)&authors.name=neq.x"
    tag = tag_of(shop, target)
    assert match(shop, "PATCH", "books?id=eq.1&select=*,authors(name)", tag_of(shop, "books?id=eq.1"),
                 {"stars": 5}).status == 204
    assert match(shop, "PATCH", target, tag, {"stars": 6}).status == 204
    assert write(shop, "PATCH", "authors?id=eq.1", {"name": "J"}).status == 204
    assert match(shop, "PATCH", target, tag, {"stars": 7}).status == 412


def test_the_row_that_was_written_has_a_tag(shop):
    made = post(shop, "books", {"title": "New"}, "return=representation")
    tag = made.header("etag")
    assert shop.get("/api/books?id=eq.4", {"If-None-Match": tag}).status == 304
    changed = shop.request("PATCH", "/api/books?id=eq.4&select=id,stars",
                           {**FULL, "If-Match": tag, "Accept": OBJECT}, {"stars": 4})
    assert changed.json() == {"id": 4, "stars": 4}
    tag = changed.header("etag")
    assert match(shop, "PATCH", "books?id=eq.4&select=id,stars", tag, {"stars": 5}).status == 204
    assert match(shop, "PATCH", "books?id=eq.4&select=id,stars", tag, {"stars": 6}).status == 412
    for answer in (write(shop, "PUT", "books?id=eq.4", {"id": 4, "title": "N"}, "return=representation"),
                   write(shop, "PATCH", "books?id=lt.4", {"stars": 1}, "return=representation"),
                   write(shop, "DELETE", "books?id=eq.4", None, "return=representation"),
                   post(shop, "books", {"title": "New"})):
        assert answer.status < 300
        assert answer.header("etag") is None


def test_a_match_of_anything(shop):
    assert match(shop, "PATCH", "books?id=gt.1", "*", {"stars": 5}).status == 204
    assert match(shop, "PATCH", "books?id=gt.1", tag_of(shop, "books?id=eq.2"), {"stars": 6}).status == 412
    assert match(shop, "PATCH", "books?id=gt.1", "", {"stars": 6}).status == 412
    assert shop.sql("SELECT sum(stars) FROM books WHERE id > 1") == [(10,)]


def test_of_many_with_one_tag_one_gets_through(shop):
    tag = tag_of(shop, "books?id=eq.1")
    statuses = []

    def change(stars):
        statuses.append(match(shop, "PATCH", "books?id=eq.1", tag, {"stars": stars}).status)

    threads = [threading.Thread(target=change, args=(stars,)) for stars in range(-8, 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [204] + [412] * 7


# --- the same request again ------------------------------------------------------------------------------------


def test_a_request_sent_again_is_done_once(shop):
    headers = {"Idempotency-Key": '"order-1"', "Prefer": "return=representation"}
    first = shop.request("POST", "/api/authors", headers, {"name": "a"})
    again = shop.request("POST", "/api/authors", headers, {"name": "a"})
    assert (first.status, again.status) == (201, 201)
    assert first.json() == again.json() == [{"id": 3, "name": "a"}]
    for name in ("content-type", "content-range", "preference-applied"):
        assert first.header(name) == again.header(name)
    assert shop.request("POST", "/api/authors", headers, {"name": "b"}).status == 422
    assert shop.sql("SELECT count(*) FROM authors") == [(3,)]
    assert "gantry_idempotency" not in {table["name"] for table in shop.get("/api/").json()["tables"]}


def test_what_failed_or_was_undone_may_be_tried_again(shop):
    headers = {"Idempotency-Key": '"order-2"'}
    assert_problem(shop.request("POST", "/api/authors", headers, {"id": 1, "name": "a"}), 409, "23505")
    shop.sql("DELETE FROM books")
    shop.sql("DELETE FROM authors WHERE id = 1")
    undone = {**headers, "Prefer": "tx=rollback"}
    assert_empty(shop.request("POST", "/api/authors", undone, {"id": 1, "name": "a"}), 201)
    assert_empty(shop.request("POST", "/api/authors", headers, {"id": 1, "name": "a"}), 201)
    assert_empty(shop.request("POST", "/api/authors", headers, {"id": 1, "name": "a"}), 201)
    assert shop.sql("SELECT id FROM authors ORDER BY id") == [(1,), (2,)]


# --- large bodies -----------------------------------------------------------------------------------------------


def test_many_rows(shop):
    rows = [{"title": f"book {i}", "stars": i % 9} for i in range(2000)]
    answer = post(shop, "books?select=title,stars", rows, "return=representation")
    assert answer.status == 201
    assert answer.json() == rows
    assert shop.sql("SELECT count(*) FROM books") == [(2003,)]


def test_an_answer_that_is_too_large_undoes_the_write(serve):
    server = serve({**config(), "limits": {"response_bytes": 2048}}, SCHEMA)
    rows = [{"name": "n" * 100} for _ in range(100)]
    assert_problem(post(server, "authors", rows, "return=representation"), 500, ("54000", "result_too_large"))
    assert server.sql("SELECT count(*) FROM authors") == [(0,)]
    assert_empty(post(server, "authors", rows), 201)
    assert_problem(write(server, "PATCH", "authors?id=gt.0", {"name": "m" * 100}, "return=representation"),
                   500, ("54000", "result_too_large"))
    assert_problem(write(server, "DELETE", "authors?id=gt.0&select=*,books(id)", None, "return=representation"),
                   500, ("54000", "result_too_large"))
    assert server.sql("SELECT DISTINCT name FROM authors") == [("n" * 100,)]


# --- named queries that write --------------------------------------------------------------------------------------


def rpc(server, name, body, prefer=None, **headers):
    return post(server, "rpc/" + name, body, prefer, **headers)


def test_a_query_that_writes_gives_rows_of_its_table(shop):
    answer = rpc(shop, "add_book?select=title,stars,authors(name)&order=title.desc&title=neq.b",
                 {"titles": ["a", "b", "c"]}, "count=exact")
    assert answer.status == 200
    assert answer.json() == [{"title": "c", "stars": 1, "authors": None},
                             {"title": "a", "stars": 1, "authors": None}]
    assert answer.header("content-range") == "0-1/2"
    assert shop.sql("SELECT count(*) FROM books") == [(6,)]
    page = rpc(shop, "add_book?select=title&limit=1&offset=1", {"titles": ["x", "y", "z"]})
    assert page.json() == [{"title": "y"}]


def test_one_row_of_a_query_that_writes(shop):
    answer = rpc(shop, "one_book", {"id": 1, "title": "E"})
    assert list(answer.json()) == ["id", "title", "author_id", "stars", "is_new", "note", "word", "isbn",
                                   "doc", "size"]
    assert answer.json()["size"] == 1
    assert rpc(shop, "one_book", {"id": 99, "title": "E"}).json() is None


def test_values_of_a_query_that_writes(shop):
    assert rpc(shop, "stars", {"least": 2}).json() == [4, 4]
    assert rpc(shop, "stars", {"least": 99}).json() == []
    assert rpc(shop, "next_author", {"name": "a"}).json() == 3
    assert shop.sql("SELECT name FROM authors WHERE id = 3") == [("a",)]


def test_a_query_that_writes_and_gives_nothing(shop):
    assert_empty(rpc(shop, "forget", {"id": 1}), 204)
    assert shop.sql("SELECT count(*) FROM books") == [(2,)]


def test_a_query_that_writes_is_for_post(shop):
    assert_problem(shop.get("/api/rpc/forget?id=1"), 405, "25006")
    assert shop.request("OPTIONS", "/api/rpc/forget").header("allow") == "OPTIONS,POST"


def test_a_query_that_fails_is_undone(shop):
    assert_problem(rpc(shop, "add_book?select=nope", {"titles": ["a"]}), 400, "42703")
    assert_problem(rpc(shop, "add_book", {"titles": ["a", "b"]}, Accept=OBJECT), 406, "PGRST116")
    assert_problem(rpc(shop, "add_book?offset=9", {"titles": ["a"]}, "count=exact"), 416, "PGRST103")
    assert_problem(rpc(shop, "add_book", {"titles": ["a"], "stars": 10}), 400, "23514")
    problem = assert_problem(rpc(shop, "add_book", {"titles": ["a", "b"]}, "handling=strict, max-affected=1"),
                             400, "PGRST124")
    assert problem["details"] == "The query affects 2 rows"
    for name, body in (("forget", {"id": 1}), ("next_author", {"name": "a"}), ("one_book", {"id": 1, "title": "a"})):
        assert_problem(rpc(shop, name, body, "handling=strict, max-affected=9"), 400, "PGRST128")
    assert rpc(shop, "next_author", {"name": "a"}, "tx=rollback").json() == 3
    assert rpc(shop, "forget", {"id": 1}, "tx=rollback").header("preference-applied") == "tx=rollback"
    assert shop.sql("SELECT count(*), (SELECT count(*) FROM authors) FROM books") == [(3, 2)]


def test_a_query_sent_again_is_done_once(shop):
    headers = {"Idempotency-Key": '"order-3"'}
    for _ in range(2):
        assert shop.request("POST", "/api/rpc/next_author", headers, {"name": "a"}).json() == 3
    assert shop.sql("SELECT count(*) FROM authors") == [(3,)]


def test_a_trigger_that_the_file_is_not_trusted_with(serve):
    """SQLite has triggers write to full-text tables only if whoever opens the file trusts it."""
    schema = """
        CREATE TABLE docs(id INTEGER PRIMARY KEY, body TEXT);
        CREATE VIRTUAL TABLE found USING fts5(body, content=docs, content_rowid=id);
        CREATE TRIGGER find AFTER INSERT ON docs
            BEGIN INSERT INTO found(rowid, body) VALUES (NEW.id, NEW.body); END;
    """
    server = serve({"database": {"write": True}}, schema)
    answer = server.post("/api/docs", {"body": "cranes"})
    assert_problem(answer, 500, "XX000")
    assert "database.trusted_schema" in answer.json()["hint"]
    assert server.get("/api/docs").json() == []
    server = serve({"database": {"write": True, "trusted_schema": True}}, schema)
    assert server.post("/api/docs", {"body": "cranes"}).status == 201
    assert server.get("/api/docs?body=fts.cranes&select=id").json() == [{"id": 1}]
