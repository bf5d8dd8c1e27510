"""Health answers whatever happens: it waits for no pool, no queue, no database."""

import sqlite3

import pytest

import library
from harness import assert_problem, saturate, wait_until


@pytest.mark.parametrize("target", ["/health", "/livez", "/readyz", "/startupz"])
def test_all_is_well(shared, target):
    answer = shared.get(target)
    assert answer.status == 200
    assert answer.header("content-type").split(";")[0] == "application/json"
    assert answer.json()["status"] == "ok"
    assert answer.header("x-request-id")


@pytest.mark.parametrize("target", ["/health", "/livez", "/readyz", "/startupz"])
def test_methods(shared, target):
    answer = shared.request("POST", target)
    assert_problem(answer, 405, "method_not_allowed")
    assert {"GET", "HEAD"} <= {word.strip() for word in answer.header("allow").split(",")}
    assert shared.request("OPTIONS", target).status == 204


@pytest.fixture
def small(serve):
    """Few threads, short queues, one loop; "held" collects what the test keeps in flight."""
    server = serve(library.config(
        loops=1,
        pools={"read": {"threads": 2, "queue": 2}, "reports": {"threads": 1, "queue": 1}},
        limits={"deadline_ms": 60000},
        routes=[library.sleep_route("read", "/sleep-read"), library.sleep_route("reports"),
                *(route for route in library.ROUTES if route["path"] != "/sleep")]))
    server.held = []
    yield server
    for connection in server.held:
        connection.close()


def test_health_while_everything_else_is_blocked(small):
    idle = [small.connect() for _ in range(200)]
    try:
        for connection in idle:
            assert connection.request("GET", "/livez").status == 200
        small.held += saturate(small, "/sleep-read?ms=60000", 4)[0]
        small.held += saturate(small, "/sleep?ms=60000", 2)[0]
        with small.connect() as connection:
            for n in range(200):
                target = ("/health", "/livez", "/startupz")[n % 3]
                assert connection.request("GET", target).status == 200
        for _ in range(50):  # and on connections of their own
            assert small.get("/health").status == 200
        for connection in idle:  # and on those that were idle
            assert connection.request("GET", "/health").status == 200
        assert_problem(small.get("/books/1"), 503, "queue_full")
        assert not any(connection.is_readable() for connection in small.held)
    finally:
        for connection in idle:
            connection.close()


def test_ready_says_which_pool_is_full_and_recovers(small):
    assert small.get("/readyz").status == 200
    small.held += saturate(small, "/sleep?ms=60000", 2)[0]
    answer = wait_until(lambda: (lambda a: a if a.status == 503 else None)(small.get("/readyz")),
                        "readiness to turn 503")
    assert answer.json()["status"] == "unavailable"
    reasons = answer.json()["reasons"]
    assert len(reasons) == 1 and "reports" in reasons[0] and "full" in reasons[0], reasons
    assert small.get("/health").status == 200
    assert small.get("/books/1").status == 200  # the other pool does not suffer

    small.held += saturate(small, "/sleep-read?ms=60000", 4)[0]
    wait_until(lambda: len(small.get("/readyz").json().get("reasons", [])) == 2,
               "both pools to be named")

    for connection in small.held:
        connection.close()
    small.held.clear()
    answer = wait_until(lambda: (lambda a: a if a.status == 200 else None)(small.get("/readyz")),
                        "readiness to come back")
    assert answer.json()["status"] == "ok"
    assert small.get("/books/1").status == 200


def test_a_locked_database_does_not_matter(serve):
    server = serve(library.config(writes=True))
    other = sqlite3.connect(server.database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    waiting = [server.begin("/notes", "POST", body={"text": "a", "stars": 1}) for _ in range(5)]
    try:
        for _ in range(20):
            assert server.get("/health").status == 200
            assert server.get("/livez").status == 200
    finally:
        other.execute("ROLLBACK")
        other.close()
    for connection in waiting:
        with connection:
            assert connection.read().status == 201


def test_probes_pipelined_behind_a_slow_request_on_another_connection(small):
    small.held.append(small.begin("/sleep?ms=60000"))
    with small.connect() as connection:
        connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
        for _ in range(50):
            assert connection.read().status == 200
