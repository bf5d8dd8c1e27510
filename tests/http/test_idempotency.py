"""Idempotency-Key: a request that is sent again is not carried out again."""

import concurrent.futures
import json
import sqlite3
import threading

import pytest

from harness import assert_problem, wait_until

SCHEMA = "CREATE TABLE orders(id INTEGER PRIMARY KEY, item TEXT UNIQUE, n INTEGER);"
ROUTES = [
    {"method": "POST", "path": "/orders", "result": "row",
     "params": {"item": {"type": "string"}, "n": {"type": "integer", "default": 1}},
     "sql": "INSERT INTO orders(item, n) VALUES (:item, :n) RETURNING id, item, n"},
    {"method": "POST", "path": "/touch", "result": "none",
     "sql": "UPDATE orders SET n = n + 1"},
    {"path": "/count", "result": "row", "sql": "SELECT count(*) AS n, sum(n) AS sum FROM orders"},
]
CONFIG = {"database": {"write": True}, "routes": ROUTES}


@pytest.fixture
def shop(serve):
    return serve(config=CONFIG, schema=SCHEMA)


def order(server, key, item, path="/orders", **more):
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    return server.request("POST", path, headers, json.dumps({"item": item, **more}).encode())


def count(server):
    return server.get("/count").json()["n"]


def test_the_second_gets_the_first_ones_answer(shop):
    first = order(shop, "k1", "a")
    assert (first.status, first.json()) == (201, {"id": 1, "item": "a", "n": 1})
    assert first.header("idempotent-replayed") is None
    for _ in range(3):
        again = order(shop, "k1", "a")
        assert (again.status, again.body) == (201, first.body)
        assert again.header("idempotent-replayed") == "true"
        assert again.header("content-type") == first.header("content-type")
    assert count(shop) == 1
    assert order(shop, '"k1"', "a").header("idempotent-replayed") == "true"  # as a structured field
    assert order(shop, "k2", "b").json()["id"] == 2


def test_an_answer_without_a_body(shop):
    order(shop, None, "a")
    for replayed in (None, "true", "true"):
        answer = shop.request("POST", "/touch", {"Idempotency-Key": "t"})
        assert (answer.status, answer.body) == (204, b"")
        assert answer.header("idempotent-replayed") == replayed
    assert shop.get("/count").json()["sum"] == 2


def test_another_request_with_the_key(shop):
    order(shop, "k", "a")
    assert_problem(order(shop, "k", "b"), 422, "idempotency_key_reused")
    assert_problem(order(shop, "k", "a", n=2), 422, "idempotency_key_reused")
    assert_problem(shop.request("POST", "/touch", {"Idempotency-Key": "k"}), 422,
                   "idempotency_key_reused")
    assert shop.get("/count").json() == {"n": 1, "sum": 1}


def test_what_failed_may_be_tried_again(shop):
    order(shop, None, "a")
    assert order(shop, "k", "a").status == 409  # taken
    assert order(shop, "k", "a").status == 409
    shop.sql("DELETE FROM orders")
    done = order(shop, "k", "a")
    assert (done.status, done.header("idempotent-replayed")) == (201, None)
    assert order(shop, "k", "a").header("idempotent-replayed") == "true"
    assert count(shop) == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "tab\there", "ü"])
def test_keys_that_are_none(shop, key):
    answer = order(shop, key.encode().decode("latin-1"), "a")
    assert_problem(answer, 400, "bad_request")
    assert count(shop) == 0


def test_the_longest_key(shop):
    assert order(shop, "x" * 255, "a").status == 201


def test_while_it_runs(shop):
    with sqlite3.connect(shop.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")  # so the first one has to wait
        first = []
        thread = threading.Thread(target=lambda: first.append(order(shop, "k", "a")))
        thread.start()
        try:
            wait_until(lambda: 'busy_threads{pool="write"} 1' in shop.get("/metrics").body.decode(),
                       "the first one to begin")
            second = order(shop, "k", "a")
            assert_problem(second, 409, "idempotency_key_in_use")
            assert second.header("retry-after") == "1"
        finally:
            other.execute("ROLLBACK")
            thread.join()
    assert first[0].status == 201
    assert order(shop, "k", "a").header("idempotent-replayed") == "true"
    assert count(shop) == 1


def test_a_key_is_free_after_a_refusal_and_after_a_client_that_left(shop):
    with sqlite3.connect(shop.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        late = shop.request("POST", "/orders", {"Content-Type": "application/json",
                                                "Idempotency-Key": "k", "Prefer": "wait=0.1"},
                            b'{"item":"a"}')
        assert late.status in (503, 504)
        other.execute("ROLLBACK")
    wait_until(lambda: order(shop, "k", "a").status == 201, "the key to be free")
    assert count(shop) == 1


def test_after_a_crash(serve):
    server = serve(config=CONFIG, schema=SCHEMA)
    first = order(server, "k", "a")
    server.kill()
    server.start()
    again = order(server, "k", "a")
    assert (again.status, again.body, again.header("idempotent-replayed")) == (201, first.body, "true")
    assert count(server) == 1


def test_a_day_later(shop):
    order(shop, "k", "a")
    shop.sql("UPDATE gantry_idempotency SET created = created - 86401")
    answer = order(shop, "k", "b")
    assert (answer.status, answer.header("idempotent-replayed")) == (201, None)
    assert shop.sql("SELECT count(*) FROM gantry_idempotency")[0][0] == 1
    shop.sql("UPDATE gantry_idempotency SET created = created - 86401")
    order(shop, "new", "c")  # sweeps
    assert [key for key, in shop.sql("SELECT key FROM gantry_idempotency")] == ["new"]


def test_its_table_is_made_when_needed_and_nobody_elses(shop):
    order(shop, None, "a")
    assert shop.sql("SELECT count(*) FROM sqlite_schema")[0][0] == 2  # orders and its index
    order(shop, "k", "b")
    assert shop.sql("SELECT count(*) FROM gantry_idempotency")[0][0] == 1
    assert shop.get("/api/gantry_idempotency").status == 404
    assert "gantry_idempotency" not in shop.get("/openapi.json").body.decode()


def test_many_replays_at_once(shop):
    keys, replays, clients = 20, 400, 16

    def send(i):
        key = f"key-{i % keys}"
        while True:
            answer = order(shop, key, f"item of {key}")
            if answer.status != 409:
                return key, answer
            assert answer.json()["code"] == "idempotency_key_in_use"

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(send, range(replays)))
    bodies = {key: answer.body for key, answer in answers}
    assert all(answer.status == 201 and answer.body == bodies[key] for key, answer in answers)
    assert sum(answer.header("idempotent-replayed") is None for _, answer in answers) == keys
    assert count(shop) == keys


@pytest.mark.parametrize("column, value", [
    ("status", 100), ("status", 404), ("status", "x"), ("headers", 7), ("headers", "X:\n"),
    ("headers", "X: y\r\nZ: 1\n"), ("headers", "no line"), ("content_type", "a\r\nX: y"),
    ("content_type", ""), ("body", 5), ("fingerprint", "x")])
def test_what_others_have_written_there_is_not_sent(serve, column, value):
    """A table without types, so that it takes anything."""
    table = ("CREATE TABLE gantry_idempotency(key PRIMARY KEY, fingerprint, status, content_type,"
             " headers, body, created);")
    server = serve(config=CONFIG, schema=SCHEMA + table)
    assert order(server, "k", "a").status == 201
    assert order(server, "k", "a").header("idempotent-replayed") == "true"
    server.sql(f"UPDATE gantry_idempotency SET {column} = ?", (value,))
    assert_problem(order(server, "k", "a"), 500, "internal")
    assert count(server) == 1
