"""If-Match and If-None-Match: a write that happens only if the row is what its client has seen, or is not there."""

import concurrent.futures
import json

import pytest

from harness import assert_problem

SCHEMA = """
CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT, n INTEGER NOT NULL DEFAULT 0);
INSERT INTO notes(id, text) VALUES (1, 'one'), (2, 'two');
"""
CONFIG = {"database": {"write": True}}
JSON = {"Content-Type": "application/json"}
OBJECT = {"Accept": "application/vnd.pgrst.object+json"}
SHOWN = {"Prefer": "return=representation"}


@pytest.fixture
def notes(serve):
    return serve(config=CONFIG, schema=SCHEMA)


def etag(server, query="id=eq.1", **headers):
    answer = server.get(f"/api/notes?{query}", headers)
    assert answer.status == 200
    return answer.header("etag")


def write(server, method, tag, body=None, query="id=eq.1", **headers):
    return server.request(method, f"/api/notes?{query}", {**JSON, "If-Match": tag, **headers},
                          None if body is None else json.dumps(body).encode())


def text(server, row=1):
    rows = server.get(f"/api/notes?id=eq.{row}").json()
    return rows[0]["text"] if rows else None


@pytest.mark.parametrize("method,body", [("PATCH", {"text": "new"}), ("DELETE", None),
                                         ("PUT", {"id": 1, "text": "new", "n": 1})])
def test_only_what_was_seen_is_changed(notes, method, body):
    old = etag(notes)
    notes.sql("UPDATE notes SET text = 'changed by somebody' WHERE id = 1")
    assert_problem(write(notes, method, old, body), 412, "precondition_failed")
    assert text(notes) == "changed by somebody"
    assert write(notes, method, etag(notes), body).status == 204
    assert text(notes) == (None if body is None else "new")


def test_what_others_do_elsewhere_does_not_matter(notes):
    old = etag(notes)
    notes.sql("UPDATE notes SET text = 'x' WHERE id = 2")
    assert etag(notes) != old
    assert write(notes, "PATCH", old, {"text": "new"}).status == 204


def test_which_representation_it_was(notes):
    for seen in (etag(notes), etag(notes, **OBJECT), etag(notes, **{"Accept-Encoding": "gzip"})):
        assert write(notes, "PATCH", seen, {"n": 1}, Prefer="tx=rollback").status == 204
        notes.sql("UPDATE notes SET n = 0")
    part = etag(notes, "id=eq.1&select=id,text")
    assert write(notes, "PATCH", part, {"n": 5}, "id=eq.1&select=id,text").status == 204
    assert_problem(write(notes, "PATCH", part, {"n": 6}), 412, "precondition_failed")
    whole = etag(notes)  # all columns do, whatever the write shows
    assert write(notes, "PATCH", whole, {"n": 7}, "id=eq.1&select=id", **SHOWN).json() == [{"id": 1}]


def test_lists_of_tags(notes):
    seen = etag(notes)
    assert write(notes, "PATCH", f'"x", {seen}', {"n": 1}).status == 204
    for tag in ('"x"', "W/\"x\"", "nonsense", "", seen):
        assert_problem(write(notes, "PATCH", tag, {"n": 2}), 412, "precondition_failed")


def test_any(notes):
    assert write(notes, "PATCH", "*", {"n": 1}).status == 204
    assert_problem(write(notes, "PATCH", "*", {"n": 1}, "id=eq.99"), 412, "precondition_failed")
    assert_problem(write(notes, "PATCH", etag(notes), {"n": 1}, "id=eq.99"), 412,
                   "precondition_failed")
    assert_problem(write(notes, "PATCH", etag(notes), {"n": 1}, "id=gt.0"), 412,
                   "precondition_failed")  # it names one row, these are two
    assert write(notes, "PATCH", "*", {"n": 2}, "id=gt.0").status == 204


def test_one_write_after_the_other(notes):
    tag = etag(notes)
    for n in range(1, 6):
        answer = write(notes, "PATCH", tag, {"n": n}, **SHOWN)
        assert (answer.status, answer.json()[0]["n"]) == (200, n)
        assert answer.header("etag") != tag
        tag = answer.header("etag")
    assert write(notes, "DELETE", tag).status == 204


def test_it_outlives_a_restart(notes):
    seen = etag(notes)
    assert notes.stop() == 0
    notes.start()
    assert write(notes, "PATCH", seen, {"n": 1}).status == 204


def test_no_update_is_lost(notes):
    """Clients that read, add one and write: each success counts."""
    clients, rounds = 8, 20

    def add(_):
        for _ in range(rounds):
            while True:
                answer = notes.get("/api/notes?id=eq.1")
                n = answer.json()[0]["n"]
                done = write(notes, "PATCH", answer.header("etag"), {"n": n + 1})
                if done.status == 204:
                    break
                assert done.status == 412

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(add, range(clients)))
    assert notes.get("/api/notes?id=eq.1").json()[0]["n"] == clients * rounds


# --- If-None-Match --------------------------------------------------------------------------------------


def make(server, tag, row=7, **headers):
    return server.request("PUT", f"/api/notes?id=eq.{row}",
                          {**JSON, "If-None-Match": tag, **headers},
                          json.dumps({"id": row, "text": "made", "n": 1}).encode())


def unless(server, method, tag, body=None, query="id=eq.1", **headers):
    return server.request(method, f"/api/notes?{query}", {**JSON, "If-None-Match": tag, **headers},
                          None if body is None else json.dumps(body).encode())


def test_made_and_not_replaced(notes):
    answer = make(notes, "*", **SHOWN)
    assert (answer.status, answer.json()[0]["text"]) == (201, "made")
    notes.sql("UPDATE notes SET text = 'kept' WHERE id = 7")
    for headers in ({}, SHOWN, {"Prefer": "return=representation,tx=rollback"}):
        problem = assert_problem(make(notes, "*", **headers), 412, "precondition_failed")
        assert "If-None-Match" in problem["message"]
    assert text(notes, 7) == "kept"
    assert make(notes, "*", 8).status == 204


def test_unless_it_is_one_of_these(notes):
    seen = etag(notes)
    for tag in (seen, seen[2:], f'"x", {seen}'):  # weakly compared
        assert_problem(make(notes, tag, 1), 412, "precondition_failed")
    part = etag(notes, "id=eq.1&select=id,text")
    assert_problem(unless(notes, "PATCH", part, {"n": 2}, "id=eq.1&select=id,text"), 412,
                   "precondition_failed")
    assert text(notes) == "one"
    notes.sql("UPDATE notes SET text = 'changed' WHERE id = 1")
    assert make(notes, seen, 1).status == 204
    assert text(notes) == "made"
    assert make(notes, seen, 9).status == 204  # there is none


def test_none_of_other_methods(notes):
    assert_problem(unless(notes, "PATCH", "*", {"n": 2}), 412, "precondition_failed")
    assert_problem(unless(notes, "DELETE", "*"), 412, "precondition_failed")
    assert_problem(unless(notes, "DELETE", "*", query="id=gt.0"), 412, "precondition_failed")
    assert unless(notes, "DELETE", "*", query="id=eq.99").status == 204
    assert unless(notes, "DELETE", etag(notes, "id=eq.2")).status == 204  # of another row
    assert (text(notes), text(notes, 2)) == (None, "two")
    answer = notes.request("POST", "/api/notes", {**JSON, "If-None-Match": "*"}, b'{"id": 5}')
    assert answer.status == 201  # heeds none


def test_both_conditions(notes):
    seen = etag(notes)
    other = etag(notes, "id=eq.2")
    for match, none in ((seen, seen), (other, other), (other, '"x"'), ("*", "*"), (seen, "*")):
        assert_problem(unless(notes, "PATCH", none, {"n": 2}, **{"If-Match": match}), 412,
                       "precondition_failed")
    assert unless(notes, "PATCH", other, {"n": 2}, **{"If-Match": seen}).status == 204


def test_one_of_many_makes_it(notes):
    """All of them at once, committed together or not: one makes the row, and it stays as it was made."""
    clients = 8

    def put(row, client):
        return notes.request("PUT", f"/api/notes?id=eq.{row}", {**JSON, "If-None-Match": "*"},
                             json.dumps({"id": row, "text": str(client), "n": 0}).encode()).status

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        for row in range(100, 120):
            statuses = list(pool.map(lambda client: put(row, client), range(clients)))
            assert sorted(statuses) == [204] + [412] * (clients - 1)
            assert text(notes, row) == str(statuses.index(204))
