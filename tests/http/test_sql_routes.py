"""SQL routes: parameters in, rows out, and what happens when either is wrong."""

import base64
import json
import sqlite3
import urllib.parse

import pytest

import library
from conftest import one_server
from harness import assert_bad_parameters, assert_problem

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def writable(tmp_path_factory):
    yield from one_server(tmp_path_factory.mktemp("writable"), library.config(writes=True))


def query(**parameters):
    return "?" + urllib.parse.urlencode(parameters)


def echoed(server, kind, text):
    return server.get(f"/echo/{kind}" + query(v=text))


# Rows out.


def test_rows_are_an_array_of_objects(shared):
    answer = shared.get("/books?since=1830")
    assert answer.status == 200
    assert answer.header("content-type").split(";")[0] == "application/json"
    assert answer.json() == [{"id": 2, "title": "Le Père Goriot"}, {"id": 3, "title": "吾輩は猫である"}]


def test_no_rows_are_an_empty_array(shared):
    answer = shared.get("/books?since=2999")
    assert (answer.status, answer.json()) == (200, [])


def test_row_is_one_object(shared):
    assert shared.get("/books/1").json() == {
        "id": 1, "title": "Emma", "author": "Jane Austen", "year": 1815}
    assert shared.get("/books/4").json() == {
        "id": 4, "title": 'Grimms 😀 "Märchen" \\ / <&>', "author": None, "year": None}


def test_columns_keep_their_order(shared):
    pairs = json.loads(shared.get("/books/1").body, object_pairs_hook=list)
    assert [name for name, _ in pairs] == ["id", "title", "author", "year"]


def test_no_row_is_404(shared):
    assert_problem(shared.get("/books/999"), 404, "row_not_found")


def test_a_longer_table_arrives_whole(shared):
    answer = shared.get("/numbers")
    assert [row["n"] for row in answer.json()] == list(range(1, 2501))


def test_extreme_values(shared):
    rows = {row["name"]: row["value"] for row in shared.get("/extremes").json()}
    assert rows["max"] == 9223372036854775807
    assert rows["min"] == -9223372036854775808
    assert rows["odd"] == 9007199254740993
    assert rows["third"] == 1 / 3
    assert rows["tenth"] == 0.1
    assert rows["tiny"] == 5e-324
    assert rows["huge"] == 1.7976931348623157e308
    assert rows["whole"] == 2
    assert rows["infinite"] is None
    assert rows["minus-infinite"] is None
    assert rows["null"] is None
    assert rows["empty"] == ""
    assert rows["nul"] == "a\0b"
    assert rows["control"] == "\x01\t\n\r\x1b\x1f\x7f"
    assert base64.b64decode(rows["blob"], validate=True) == b"\xff\xfe\xfd\0"
    assert rows["blob-empty"] == ""


def test_integers_are_written_as_integers_and_doubles_shortly(shared):
    body = shared.get("/extremes").body
    assert b"9223372036854775807" in body
    assert b"9007199254740993" in body
    assert b":0.1}" in body.replace(b" ", b"")
    assert b"0.1000000" not in body


def test_invalid_utf_8_is_replaced(shared):
    rows = {row["name"]: row["value"] for row in shared.get("/extremes").json()}
    assert rows["invalid"] == "A\ufffdB\ufffd"
    assert set(rows["surrogate"]) == {"\ufffd"}


# Parameters, one type after the other, from the query string.


@pytest.mark.parametrize("text", ["0", "7", "-7", "9223372036854775807", "-9223372036854775808",
                                  "9007199254740993"])
def test_integer(shared, text):
    answer = echoed(shared, "integer", text)
    assert answer.json() == {"v": int(text), "t": "integer"}


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1.5", "1.0", "1e3", "0x10", "ten",
                                  "1_000", "1,000",
                                  "--1", "9223372036854775808", "-9223372036854775809",
                                  "9" * 400, "true", "null", "١"])
def test_not_an_integer(shared, text):
    errors = assert_bad_parameters(echoed(shared, "integer", text), "v")
    assert errors["v"]["in"] == "query"


@pytest.mark.parametrize("text", ["0.5", "-2", "1e3", "1E-3", "3.141592653589793", "5e-324",
                                  "1.7976931348623157e308", "9007199254740993"])
def test_number(shared, text):
    answer = echoed(shared, "number", text).json()
    assert float(answer["v"]) == float(text)
    assert answer["t"] in ("real", "integer")


@pytest.mark.parametrize("text", ["", "nan", "NaN", "inf", "-Infinity", "0x1p3", "1e999", "1.5.2",
                                  "one", "1,5", " 1", "1e"])
def test_not_a_number(shared, text):
    assert_bad_parameters(echoed(shared, "number", text), "v")


@pytest.mark.parametrize("text", ["", "a", "größer", "😀", "'; DROP TABLE books; --", '"', "\\",
                                  "\x01\x7f\n", "null", "12", "x" * 5000])
def test_string(shared, text):
    assert echoed(shared, "string", text).json() == {"v": text, "t": "text"}


@pytest.mark.parametrize("text, value", [("true", 1), ("false", 0)])
def test_boolean(shared, text, value):
    assert echoed(shared, "boolean", text).json() == {"v": value, "t": "integer"}


@pytest.mark.parametrize("text", ["", "maybe", "2", "nul", "truer", "-1"])
def test_not_a_boolean(shared, text):
    assert_bad_parameters(echoed(shared, "boolean", text), "v")


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", bytes(range(256)), b"\xff\xfe\xfd"])
def test_blob(shared, data):
    text = base64.b64encode(data).decode()
    answer = echoed(shared, "blob", text).json()
    assert answer["t"] == "blob"
    assert base64.b64decode(answer["v"], validate=True) == data


@pytest.mark.parametrize("text", ["*", "YQ=", "Y", "YW Jj", "YQ==YQ==", "====", "ü"])
def test_not_a_blob(shared, text):
    assert_bad_parameters(echoed(shared, "blob", text), "v")


@pytest.mark.parametrize("value", [{}, [], {"a": [1, 2, {"b": None}]}, [1.5, "ü", True], "text", 12,
                                   True])
def test_json(shared, value):
    answer = echoed(shared, "json", json.dumps(value)).json()
    assert answer["t"] == "text"
    assert json.loads(answer["v"]) == value


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{'a':1}", "nope", "[] []", '{"a":1,"a":2}'])
def test_not_json(shared, text):
    assert_bad_parameters(echoed(shared, "json", text), "v")


# The same types in a JSON body.


@pytest.mark.parametrize("kind, text, value", [
    ("integer", "5", 5),
    ("integer", "9223372036854775807", 9223372036854775807),
    ("integer", "-9223372036854775808", -9223372036854775808),
    ("integer", "9007199254740993", 9007199254740993),
    ("number", "0.1", 0.1),
    ("number", "3", 3),
    ("number", "1e-7", 1e-7),
    ("string", '"a\\u00fc\\ud83d\\ude00\\n"', "aü😀\n"),
    ("boolean", "true", 1),
    ("boolean", "false", 0),
    ("blob", '"AAH/"', "AAH/"),
])
def test_body_value(shared, kind, text, value):
    answer = shared.post(f"/body/{kind}", b'{"v": %s}' % text.encode(), JSON)
    assert answer.status == 200, answer
    assert answer.json()["v"] == value
    assert type(answer.json()["v"]) in (type(value), int, float)


@pytest.mark.parametrize("value", [{"a": [1, None, "ü"]}, [1, 2], "text", 5, True])
def test_body_json(shared, value):
    answer = shared.post("/body/json", {"v": value}).json()
    assert json.loads(answer["v"]) == value


@pytest.mark.parametrize("kind, value", [
    ("integer", "5"), ("integer", 5.5), ("integer", True), ("integer", None), ("integer", [5]),
    ("number", "5"), ("number", False), ("number", {}),
    ("string", 5), ("string", None), ("string", ["a"]),
    ("boolean", 1), ("boolean", "true"), ("boolean", None),
    ("blob", 5), ("blob", "*"), ("blob", None),
])
def test_body_value_of_the_wrong_type(shared, kind, value):
    errors = assert_bad_parameters(shared.post(f"/body/{kind}", {"v": value}), "v")
    assert errors["v"]["in"] == "body"


@pytest.mark.parametrize("text", [b"9223372036854775808", b"-9223372036854775809", b"1e999"])
def test_body_number_out_of_range(shared, text):
    kind = "number" if b"e" in text else "integer"
    assert_problem(shared.post(f"/body/{kind}", b'{"v": %s}' % text, JSON), 400,
                   ("bad_parameters", "bad_request"))


def test_body_string_with_nul(shared):
    """Either it arrives whole or it is refused; it is never cut short."""
    answer = shared.post("/body/string", b'{"v": "a\\u0000b"}', JSON)
    if answer.status == 200:
        assert answer.json()["v"] == "a\0b"
    else:
        assert_problem(answer, 400, ("bad_parameters", "bad_request"))


# Bounds, defaults, nulls.


@pytest.mark.parametrize("kind, text, ok", [
    ("integer", "-6", False), ("integer", "-5", True), ("integer", "10", True),
    ("integer", "11", False),
    ("number", "-0.5", True), ("number", "-0.500001", False), ("number", "2.5", True),
    ("number", "2.6", False),
    ("string", "a", False), ("string", "ab", True), ("string", "abcd", True),
    ("string", "abcde", False), ("string", "😀😀😀😀", True), ("string", "ü", False),
    ("blob", "", False), ("blob", "YQ==", True), ("blob", "YWJj", True),
    ("blob", "YWJjZA==", False),
])
def test_bounds(shared, kind, text, ok):
    answer = shared.get(f"/bounds/{kind}" + query(v=text))
    if ok:
        assert answer.status == 200, answer
    else:
        assert_bad_parameters(answer, "v")


def test_the_message_names_the_bound(shared):
    errors = assert_bad_parameters(shared.get("/bounds/integer?v=11"), "v")
    assert "10" in errors["v"]["message"]


@pytest.mark.parametrize("kind, value, stored", [
    ("integer", 42, "integer"), ("number", 0.25, "real"), ("string", "ü", "text"),
    ("boolean", 1, "integer"), ("null", None, "null")])
def test_defaults(shared, kind, value, stored):
    assert shared.get(f"/default/{kind}").json() == {"v": value, "t": stored}


def test_a_default_gives_way(shared):
    assert shared.get("/default/integer?v=1").json()["v"] == 1
    assert shared.get("/default/null?v=a").json() == {"v": "a", "t": "text"}


def test_null_where_null_is_the_default(shared):
    assert shared.post("/optional", {"v": None}).json() == {"v": None, "t": "null"}
    assert shared.post("/optional", {}).json() == {"v": None, "t": "null"}
    assert shared.post("/optional", {"v": "a"}).json() == {"v": "a", "t": "text"}


# Where a parameter is looked for.


def test_path_parameters(shared):
    assert shared.get("/path/abc").json()["v"] == "abc"
    errors = assert_bad_parameters(shared.get("/books/abc"), "id")
    assert errors["id"]["in"] == "path"
    assert_bad_parameters(shared.get("/books/0"), "id")
    assert_problem(shared.get("/path/"), 404, "not_found")


def test_path_query_and_body_in_one_request(shared):
    answer = shared.post("/mixed/1?c=3", {"b": 2})
    assert answer.json() == {"a": 1, "b": 2, "c": 3}


def test_a_parameter_in_the_wrong_place_is_unknown_there_and_missing_here(shared):
    problem = assert_problem(shared.post("/mixed/1?b=2", {"c": 3}), 400, "bad_parameters")
    assert {(error["name"], error["in"]) for error in problem["errors"]} == {
        ("b", "query"), ("c", "body"), ("b", "body"), ("c", "query")}


def test_a_path_parameter_may_not_be_given_again(shared):
    assert_bad_parameters(shared.get("/books/1?id=2"), "id")


def test_in_overrides_the_place(shared):
    assert shared.request("POST", "/query-on-post?v=5").json()["v"] == 5
    assert_problem(shared.post("/query-on-post", {"v": 5}), 400, "bad_parameters")


# Problems, all at once.


def test_all_problems_at_once(shared):
    errors = assert_bad_parameters(shared.get("/many?a=x&b=y&c=z&d=1&e=2"), "a", "b", "c", "d", "e")
    assert all(error["in"] == "query" for error in errors.values())


def test_missing_wrong_and_unknown_together(writable):
    assert_bad_parameters(
        writable.post("/books?page=1", {"author": 5, "year": -1, "colour": "red"}),
        "title", "author", "year", "colour", "page")
    assert writable.sql("SELECT count(*) FROM books WHERE year = -1") == [(0,)]


def test_missing_parameter(shared):
    errors = assert_bad_parameters(shared.get("/echo/integer"), "v")
    assert errors["v"]["in"] == "query"


def test_unknown_parameter_gets_a_hint(shared):
    problem = assert_problem(shared.get("/books?sinse=1"), 400, "bad_parameters")
    assert [error["name"] for error in problem["errors"]] == ["sinse"]
    assert "since" in json.dumps(problem)


def test_a_repeated_query_parameter_is_a_problem(shared):
    assert_bad_parameters(shared.get("/echo/integer?v=1&v=2"), "v")


def test_an_empty_query_is_no_query(shared):
    assert shared.get("/books/1?").status == 200


# Bodies that are no JSON object.


@pytest.mark.parametrize("body", [
    b"{", b'{"v": 1,}', b"{'v': 1}", b'{"v": 1} {"v": 2}', b'{"v": 01}', b'{"v": NaN}', b"nope",
    b'{"v": "\xff"}', b'{"v": "\xed\xa0\x80"}', b'\xef\xbb\xbf{"v"', b'{"v": "a\nb"}',
    b"[" * 50000, b'{"v":' * 20000, b'{"v": "\\ud800"}'])
def test_malformed_json(shared, body):
    assert_problem(shared.post("/body/integer", body, JSON), 400, ("bad_request", "bad_parameters"))


@pytest.mark.parametrize("body", [b"[]", b"[1]", b"5", b'"v"', b"null", b"true"])
def test_json_that_is_no_object(shared, body):
    assert_problem(shared.post("/body/integer", body, JSON), 400, ("bad_request", "bad_parameters"))


def test_duplicate_keys(shared):
    assert_problem(shared.post("/body/integer", b'{"v": 1, "v": 2}', JSON), 400,
                   ("bad_request", "bad_parameters"))


def test_empty_body_where_one_is_needed(shared):
    assert_problem(shared.post("/body/integer", b"", JSON), 400, ("bad_request", "bad_parameters"))


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded",
                                   "multipart/form-data; boundary=x", "application/jsonx", "json"])
def test_wrong_content_type(shared, media):
    assert_problem(shared.post("/body/integer", b'{"v": 1}', {"Content-Type": media}), 415,
                   "unsupported_media_type")


def test_a_body_says_what_it_is(shared):
    """Without a type a page of another site could send it, from a browser on the same machine."""
    answer = shared.post("/body/integer", b'{"v": 1}')
    assert_problem(answer, 415, "unsupported_media_type")
    assert "application/json" in answer.json()["hint"]


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8",
                                   "Application/JSON", "application/json;charset=UTF-8"])
def test_right_content_type(shared, media):
    assert shared.post("/body/integer", b'{"v": 1}', {"Content-Type": media}).json()["v"] == 1


def test_json_with_white_space_and_escapes(shared):
    body = b' \r\n\t{ "\\u0076" : 1 } \n'
    assert shared.post("/body/integer", body, JSON).json()["v"] == 1


# Writes.


def test_a_post_that_wrote_is_201(writable):
    answer = writable.post("/books", {"title": "Ulysses", "author": "James Joyce", "year": 1922})
    assert answer.status == 201, answer
    row = answer.json()[0]
    assert row["title"] == "Ulysses"
    assert writable.get(f"/books/{row['id']}").json()["author"] == "James Joyce"
    assert writable.sql("SELECT title FROM books WHERE id = ?", (row["id"],)) == [("Ulysses",)]


def test_a_post_that_only_read_is_200(writable):
    assert writable.post("/body/integer", {"v": 1}).status == 200


def test_none_is_204(writable):
    answer = writable.request("PUT", "/books/2", body={"title": "Vater Goriot"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("content-length") is None
    assert writable.get("/books/2").json()["title"] == "Vater Goriot"


def test_patch_answers_the_row_or_404(writable):
    answer = writable.request("PATCH", "/books/1", body={"author": "J. Austen"})
    assert (answer.status, answer.json()) == (200, {"id": 1, "author": "J. Austen"})
    assert_problem(writable.request("PATCH", "/books/999", body={"author": "x"}), 404,
                   "row_not_found")


def test_delete(writable):
    writable.sql("INSERT INTO books(id, title) VALUES (500, 'Away')")
    assert writable.request("DELETE", "/books/500").status == 204
    assert_problem(writable.get("/books/500"), 404, "row_not_found")


def test_everything_stored_comes_back(writable):
    text = "größer 😀 \n\t\"'\\ \u2028 \x7f"
    doc = {"b": [1, 2.5, None], "a": "ü"}
    data = bytes(range(256))
    answer = writable.post("/notes", {"text": text, "stars": -2 ** 63, "doc": doc, "flag": True,
                                      "data": base64.b64encode(data).decode()})
    assert answer.status == 201, answer
    row = answer.json()
    assert (row["text"], row["stars"], row["flag"]) == (text, -2 ** 63, 1)
    assert json.loads(row["doc"]) == doc
    assert base64.b64decode(row["data"]) == data
    stored = writable.sql("SELECT text, stars, json(doc), data, flag FROM notes WHERE id = ?",
                          (row["id"],))[0]
    assert (stored[0], stored[1], stored[3], stored[4]) == (text, -2 ** 63, data, 1)
    assert json.loads(stored[2]) == doc


def test_read_your_writes(writable):
    """On one connection, what was written before is seen after."""
    with writable.connect() as connection:
        for n in range(30):
            title = f"Volume {n}"
            assert connection.request("PUT", "/books/3", body={"title": title}).status == 204
            assert connection.request("GET", "/books/3").json()["title"] == title


@pytest.mark.parametrize("body", [
    {"id": 1, "title": "Twice", "year": 1},
    {"title": "Same number", "year": 1, "isbn": "a-1"},
    {"title": "Too new", "year": 3001},
])
def test_a_violated_constraint_is_409(writable, body):
    before = writable.sql("SELECT count(*) FROM books")
    assert_problem(writable.post("/books", body), 409, "conflict")
    assert writable.sql("SELECT count(*) FROM books") == before
    assert writable.post("/notes", {"text": "after", "stars": 1}).status == 201


def test_statements_stay_statements(writable):
    answer = writable.post("/books", {"title": "x'); DROP TABLE books; --", "year": 1})
    assert answer.status == 201
    assert writable.sql("SELECT count(*) FROM books WHERE title LIKE '%DROP%'") == [(1,)]


# Methods and paths.


def test_unknown_path(shared):
    assert_problem(shared.get("/nowhere"), 404, "not_found")
    assert_problem(shared.get("/books/1/pages"), 404, "not_found")
    assert_problem(shared.get("/Books"), 404, "not_found")


def test_wrong_method(shared):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = shared.request(method, "/books/1")
        assert_problem(answer, 405, "method_not_allowed")
        allow = {word.strip() for word in answer.header("allow").split(",")}
        assert {"GET", "HEAD"} <= allow and method not in allow


def test_options(writable):
    answer = writable.request("OPTIONS", "/books/1")
    assert (answer.status, answer.body) == (204, b"")
    allow = {word.strip() for word in answer.header("allow").split(",")}
    assert allow == {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert_problem(writable.request("OPTIONS", "/nowhere"), 404, "not_found")


@pytest.mark.parametrize("target", ["/books/1", "/books", "/books/999", "/nowhere", "/numbers",
                                    "/echo/integer?v=x", "/health", "/api/", "/api/books"])
def test_head_is_get_without_a_body(shared, target):
    with shared.connect() as connection:
        got = connection.request("GET", target)
    with shared.connect() as connection:
        head = connection.request("HEAD", target)
        assert head.status == got.status
        for name in ("content-type", "content-length", "transfer-encoding", "cache-control"):
            if name == "content-length" and got.status >= 400:
                continue  # the request's number is part of the problem
            assert head.header(name) == got.header(name), name
        if got.status == 200:  # and no byte of a body is in the way of the next answer
            assert connection.request("GET", "/health").status == 200


def test_unknown_method(shared):
    assert_problem(shared.request("FOO", "/books/1"), 501, "not_implemented")


@pytest.mark.parametrize("given", ["a", "A-b_c.9", "x" * 64,
                                   "550e8400-e29b-41d4-a716-446655440000"])
def test_request_id_is_echoed(shared, given):
    assert shared.get("/health", {"X-Request-Id": given}).header("x-request-id") == given
    assert shared.get("/books/1", {"X-Request-Id": given}).header("x-request-id") == given
    problem = assert_problem(shared.get("/nowhere", {"X-Request-Id": given}), 404, "not_found")
    assert problem["request_id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a/b", "a\tb", "<script>", "ü", "a,b"])
def test_request_id_of_another_shape_is_replaced(shared, given):
    answered = shared.get("/books/1", {"X-Request-Id": given}).header("x-request-id")
    assert answered and answered != given
    assert len(answered) <= 64


def test_request_ids_differ(shared):
    ids = {shared.get("/books/1").header("x-request-id") for _ in range(20)}
    assert len(ids) == 20 and None not in ids


def test_preference_is_applied_and_echoed(shared):
    answer = shared.get("/sleep?ms=1", {"Prefer": "wait=30"})
    assert answer.json() == {"slept_ms": 1}
    assert answer.header("preference-applied") == "wait=30"
    answer = shared.get("/sleep?ms=1", {"Prefer": "wait=30.5"})
    assert answer.header("preference-applied") == "wait=30.5"


@pytest.mark.parametrize("given", ["wait=", "wait=-1", "wait=soon", "respond-async", "wait",
                                   "return=minimal"])
def test_other_preferences_are_ignored(shared, given):
    """RFC 7240: a preference that is not understood is not an error."""
    answer = shared.get("/sleep?ms=1", {"Prefer": given})
    assert answer.status == 200
    assert answer.header("preference-applied") is None


# The database and its other users.


def test_a_lock_held_outside_is_503_within_the_deadline(serve):
    server = serve(library.config(writes=True))
    other = sqlite3.connect(server.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = server.post("/notes", {"text": "a", "stars": 1}, {"Prefer": "wait=0.7"})
        assert_problem(answer, 503, "locked")
        assert server.get("/books/1").status == 200  # reading goes on
        assert server.get("/health").status == 200
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert server.post("/notes", {"text": "a", "stars": 1}).status == 201
    assert server.sql("SELECT count(*) FROM notes") == [(1,)]


@pytest.mark.parametrize("target", ["/books/1", "/api/books?limit=1", "/api"])
def test_a_lock_held_outside_ends_opening_and_looking_in_time(serve, target):
    """Without WAL readers wait for it as well: where a thread opens its connection, then where it
    looks for changes of the schema or reads."""
    server = serve(library.config(pools={"read": {"threads": 1, "queue": 4}}),
                   schema="PRAGMA journal_mode = DELETE;" + library.SCHEMA)
    other = sqlite3.connect(server.database, isolation_level=None)
    try:
        for _ in range(2):
            other.execute("BEGIN EXCLUSIVE")
            for _ in range(2):  # the thread is free again for the second
                assert_problem(server.get(target, {"Prefer": "wait=0.7"}), 503, "locked")
            other.execute("ROLLBACK")
            assert server.get(target).status == 200
    finally:
        other.close()


def test_a_lock_let_go_in_time_is_only_a_wait(serve):
    server = serve(library.config(writes=True))
    other = sqlite3.connect(server.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with server.begin("/notes", "POST", body={"text": "a", "stars": 1}) as waiting:
            assert server.get("/books/1").status == 200
            other.execute("COMMIT")
            assert waiting.read().status == 201
    finally:
        other.close()


def test_writes_from_outside_are_seen(writable):
    writable.sql("INSERT OR REPLACE INTO books(id, title) VALUES (600, 'From outside')")
    assert writable.get("/books/600").json()["title"] == "From outside"


def test_a_schema_changed_outside_is_noticed(serve):
    every = {"method": "GET", "path": "/all/{id}", "result": "row",
             "sql": "SELECT * FROM books WHERE id = :id", "params": {"id": {"type": "integer"}}}
    server = serve(library.config(routes=[every, *library.ROUTES]))
    assert "language" not in server.get("/all/1").json()
    server.sql("ALTER TABLE books ADD COLUMN language TEXT DEFAULT 'en'")
    assert server.get("/all/1").json()["language"] == "en"
    server.sql("ALTER TABLE books RENAME COLUMN language TO tongue")
    assert server.get("/all/1").json()["tongue"] == "en"
    server.sql("DROP VIEW old_books")
    server.sql("DROP TABLE books")
    answer = server.get("/all/1")
    assert 500 <= answer.status <= 599
    assert_problem(answer, answer.status, answer.json()["code"])
    assert server.get("/echo/integer?v=1").json()["v"] == 1
    server.sql("CREATE TABLE books(id INTEGER PRIMARY KEY, title TEXT)")
    server.sql("INSERT INTO books VALUES (1, 'Back')")
    assert server.get("/all/1").json() == {"id": 1, "title": "Back"}


def test_a_read_only_server_writes_nothing(serve):
    server = serve(library.config())
    before = server.database.read_bytes()
    for target in ("/books", "/books/1", "/extremes", "/api/", "/api/books"):
        assert server.get(target).status == 200
    assert server.stop() == 0
    assert server.database.read_bytes() == before


def test_runtime_errors_of_sql_are_problems(serve):
    routes = [{"method": "GET", "path": "/overflow", "sql": "SELECT abs(-9223372036854775807 - 1)"},
              {"method": "GET", "path": "/json", "sql": "SELECT json('{')"},
              *library.ROUTES]
    server = serve(library.config(routes=routes))
    for target in ("/overflow", "/json"):
        answer = server.get(target)
        assert answer.status in (400, 500), answer
        assert_problem(answer, answer.status, ("bad_request", "internal"))
    assert server.get("/books/1").status == 200


def test_a_statement_that_is_slow_to_fail_does_not_answer_half(serve):
    """The error comes after many rows: a whole answer that looks like success would be a lie."""
    late = {"method": "GET", "path": "/late",
            "sql": "SELECT n, CASE WHEN n = 2400 THEN abs(-9223372036854775807 - 1) END AS x"
                   " FROM numbers ORDER BY n"}
    server = serve(library.config(routes=[late, *library.ROUTES]))
    answer = server.get("/late")
    assert_problem(answer, answer.status, ("bad_request", "internal"))


def test_many_at_once_each_get_their_own(shared):
    connections = [shared.connect() for _ in range(40)]
    try:
        for round_number in range(5):
            for n, connection in enumerate(connections):
                value = n * 1000 + round_number
                connection.send(b"GET /echo/integer?v=%d HTTP/1.1\r\nHost: a\r\n\r\n" % value)
            for n, connection in enumerate(connections):
                assert connection.read().json()["v"] == n * 1000 + round_number
    finally:
        for connection in connections:
            connection.close()


def test_a_number_in_quotes_is_called_a_string(serve):
    server = serve(library.config(writes=True))
    answer = server.post("/notes", {"text": "a", "stars": "5"})
    assert_bad_parameters(answer, "stars")
    assert answer.json()["errors"][0]["message"] == "must be an integer, not a string"
