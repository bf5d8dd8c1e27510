"""/admin/queries: operators see what waits and what runs, and end it; nobody else does."""

import json
import re
import sqlite3
import threading

import pytest

import library
from harness import (Closed, Connection, Truncated, assert_bad_parameters, assert_problem, compose,
                     wait_until)

LOOPBACK = "127.0.0.1"

# A thousand rows at once, and then it goes on without an end.
SPIN = ("INSERT INTO notes(stars) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
        " SELECT n FROM c WHERE n <= 1000")

ROUTES = [
    {"path": "/runaway", "sql": library.RUNAWAY},
    {"path": "/deaf", "sql": library.DEAF},
    {"method": "POST", "path": "/spin", "sql": SPIN, "result": "none"},
    {"method": "POST", "path": "/count/{why}", "result": "none",
     "sql": "UPDATE counter SET n = n + 1 WHERE :why <> ''", "params": {"why": {"type": "string"}}},
    {"path": "/sleep/long", "sql": "SELECT 1 /* " + "x" * 1000 + " */"},
    *library.ROUTES,
]


def configuration(limits=None, **more):
    """One thread each. Nothing here ends by itself within the test's patience."""
    return library.config(
        writes=True, routes=ROUTES, limits={"deadline_ms": 600000, **(limits or {})},
        pools={"read": {"threads": 1, "queue": 100, "codel_target_ms": 0},
               "slow": {"threads": 1, "queue": 100, "codel_target_ms": 0}},
        **{"loops": 1, **more})


@pytest.fixture
def server(serve):
    return serve(configuration())


def ask(server, method, target, headers=None, host=LOOPBACK):
    with server.connect() as connection:
        return connection.request(method, target, headers, host=host)


def queries(server):
    answer = ask(server, "GET", "/admin/queries")
    assert answer.status == 200, answer
    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-store"
    found = answer.json()
    assert answer.header("x-total-count") == str(len(found))
    return found


def find(server, name, state):
    """The request that calls itself so, once it is in that state."""
    def look():
        return [q for q in queries(server) if q["request_id"] == name and q["state"] == state]
    (query,) = wait_until(look, f"{name} to be {state}")
    return query


def begin(server, target, name, state, method="GET"):
    """Returns the connection, to read the answer from, and what the list says about it."""
    connection = server.begin(target, method, {"X-Request-Id": name})
    return connection, find(server, name, state)


def cancel(server, query, expected):
    answer = ask(server, "DELETE", f"/admin/queries/{query['id']}")
    assert answer.status == expected, answer
    assert answer.body == b""


def assert_cancelled(connection, phase):
    with connection:
        answer = connection.read()
        problem = assert_problem(answer, 503, "cancelled")
        assert problem["phase"] == phase
        assert int(answer.header("retry-after")) >= 1
        assert connection.request("GET", "/health").status == 200  # and the connection is kept


# --- the list ---------------------------------------------------------------------------------


def test_lists_what_runs_and_what_waits(server):
    assert queries(server) == []
    held = [begin(server, "/runaway?", "r-1", "running"),
            begin(server, "/books/1", "r-2", "queued"),
            begin(server, "/sleep?ms=600000", "s-1", "running"),
            begin(server, "/sleep?ms=600000", "s-2", "queued"),
            begin(server, "/spin", "w-1", "running", "POST"),
            begin(server, "/count/a", "w-2", "queued", "POST")]
    listed = queries(server)
    assert [(q["pool"], q["state"], q["method"], q["route"], q["request_id"]) for q in listed] == [
        ("read", "running", "GET", "/runaway", "r-1"),
        ("read", "queued", "GET", "/books/{id}", "r-2"),
        ("slow", "running", "GET", "/sleep", "s-1"),
        ("slow", "queued", "GET", "/sleep", "s-2"),
        ("write", "running", "POST", "/spin", "w-1"),
        ("write", "queued", "POST", "/count/{why}", "w-2"),
    ]
    assert [q["sql"] for q in listed] == [
        library.RUNAWAY, library.ROUTES[0]["sql"], None, None, SPIN,
        "UPDATE counter SET n = n + 1 WHERE :why <> ''"]
    assert len({q["id"] for q in listed}) == 6
    for query in listed:
        assert query["client"] == LOOPBACK
        assert isinstance(query["id"], int) and query["id"] >= 1
        assert 0 <= query["wait_ms"] and 0 <= query["run_ms"]
        assert 0 <= query["age_ms"] - query["wait_ms"] - query["run_ms"] <= 1
        assert query["run_ms"] == 0 or query["state"] != "queued"
    later = queries(server)
    assert [q["id"] for q in later] == [q["id"] for q in listed]
    assert all(b["age_ms"] >= a["age_ms"] for a, b in zip(listed, later))
    for connection, _ in held:
        connection.close()
    cancel(server, held[4][1], 202)  # a write that has begun does not end with its client
    wait_until(lambda: queries(server) == [], "all others to end with theirs")


def test_it_is_read_by_head_as_well(server):
    answer = ask(server, "HEAD", "/admin/queries")
    assert (answer.status, answer.header("x-total-count")) == (200, "0")


def test_long_sql_is_cut(server):
    connection, _ = begin(server, "/runaway", "first", "running")
    other, query = begin(server, "/sleep/long", "long", "queued")
    assert len(query["sql"]) == 501 and query["sql"][-1] == "…"
    assert ROUTES[4]["sql"].startswith(query["sql"][:-1])
    connection.close()
    other.close()


@pytest.mark.parametrize("name", ['"', '\\"},{"id":9', "a b", "\\u0000", "é", "x" * 65, "<script>"])
def test_hostile_request_ids_are_not_listed(server, name):
    """What is no sane id is replaced by one of ours, there as everywhere."""
    with server.begin("/sleep?ms=600000", headers={"X-Request-Id": name}):
        (query,) = wait_until(lambda: queries(server), "the sleep")
        assert query["request_id"] != name
        assert set(query["request_id"]) <= set("0123456789abcdef")
        assert query["route"] == "/sleep"


@pytest.mark.parametrize("target", ["/count/%22%7D%5D", "/count/\"}]", "/count/%e2%82%ac?",
                                    "http://a\"/count/x", "/count/\\"])
def test_hostile_targets_do_not_show(server, target):
    first, _ = begin(server, "/spin", "first", "running", "POST")
    with first, server.begin(target, "POST", {"X-Request-Id": "hostile"}):
        query = find(server, "hostile", "queued")
        assert query["route"] == "/count/{why}"
        assert target not in json.dumps(query)


def test_the_address_of_a_client_of_version_six(serve):
    server = serve(configuration(listen="[::1]:0"))
    with server.connect() as connection:
        connection.send(compose("GET", "/sleep?ms=600000"))
        (query,) = wait_until(lambda: queries(server), "the sleep")
        assert query["client"] == "::1"


# --- cancelling -------------------------------------------------------------------------------


def test_what_waits_is_never_run(server):
    running, first = begin(server, "/spin", "first", "running", "POST")
    waiting = [begin(server, f"/count/{n}", f"w-{n}", "queued", "POST") for n in range(3)]
    cancel(server, waiting[1][1], 204)
    assert_cancelled(waiting[1][0], "queue")
    assert [q["request_id"] for q in queries(server)] == ["first", "w-0", "w-2"]
    cancel(server, waiting[2][1], 204)
    assert_cancelled(waiting[2][0], "queue")
    cancel(server, first, 202)
    assert_cancelled(running, "run")
    with waiting[0][0] as connection:
        assert connection.read("POST").status == 204  # nobody has cancelled that one
    assert server.sql("SELECT n FROM counter") == [(1,)]


def test_a_running_write_leaves_nothing(server):
    for n in range(3):
        connection, query = begin(server, "/spin", f"spin-{n}", "running", "POST")
        cancel(server, query, 202)
        assert_cancelled(connection, "run")
    assert server.sql("SELECT count(*) FROM notes") == [(0,)]
    assert server.post("/count/after", None).status == 204
    assert server.sql("SELECT n FROM counter") == [(1,)]


def test_a_write_that_waits_for_the_lock_of_another_process(server):
    assert server.post("/count/before", None).status == 204
    other = sqlite3.connect(server.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        connection, query = begin(server, "/count/locked", "locked", "running", "POST")
        cancel(server, query, 202)
        assert_cancelled(connection, "run")
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert server.sql("SELECT n FROM counter") == [(1,)]


@pytest.mark.parametrize("target", ["/runaway", "/sleep?ms=600000"])
def test_what_runs_is_told(server, target):
    for n in range(3):
        connection, query = begin(server, target, f"n-{n}", "running")
        cancel(server, query, 202)
        assert_cancelled(connection, "run")
    wait_until(lambda: queries(server) == [], "the thread to be free")
    assert server.get("/books/1").status == 200
    assert server.get("/sleep?ms=1").status == 200


def test_it_may_be_told_twice(server):
    connection, query = begin(server, "/runaway", "one", "running")
    target = f"/admin/queries/{query['id']}"
    with server.connect() as operator:
        operator.send(compose("DELETE", target, host=LOOPBACK) * 2)
        assert operator.read("DELETE").status == 202
        assert operator.read("DELETE").status in (202, 404)  # told again, or over
    assert_cancelled(connection, "run")


def test_what_does_not_listen_is_stuck(server):
    connection, query = begin(server, "/deaf", "deaf", "running")
    cancel(server, query, 202)
    assert find(server, "deaf", "stuck")["id"] == query["id"]
    assert server.get("/books/1").status == 200  # a spare has taken its place
    cancel(server, query, 202)
    connection.close()
    assert find(server, "deaf", "stuck")  # though its client has gone
    server.kill()  # it would not end for minutes


@pytest.mark.parametrize("name", ["x", "0", "-1", "1.5", "+1", "0x10", "1%20", "%00", "1e3",
                                  "18446744073709551616", "%22%7d", "٣", "9" * 1000])
def test_malformed_ids(server, name):
    answer = ask(server, "DELETE", "/admin/queries/" + name.encode().decode("latin-1"))
    assert_problem(answer, 400, "bad_request")


def test_unknown_and_finished_ids(server):
    connection, query = begin(server, "/sleep?ms=600000", "one", "running")
    for unknown in (query["id"] + 1, 10 ** 15, 2 ** 64 - 1):
        problem = assert_problem(ask(server, "DELETE", f"/admin/queries/{unknown}"),
                                 404, "not_found")
        assert str(unknown) in problem["detail"] and "/admin/queries" in problem["hint"]
    cancel(server, query, 202)
    assert_cancelled(connection, "run")
    assert_problem(ask(server, "DELETE", f"/admin/queries/{query['id']}"), 404, "not_found")


def test_unknown_parameters(server):
    assert_bad_parameters(ask(server, "GET", "/admin/queries?pool=read"), "pool")
    assert_bad_parameters(ask(server, "DELETE", "/admin/queries/1?force=1"), "force")


@pytest.mark.parametrize("method, target, allowed", [
    ("POST", "/admin/queries", "GET, HEAD, OPTIONS"),
    ("DELETE", "/admin/queries", "GET, HEAD, OPTIONS"),
    ("GET", "/admin/queries/1", "DELETE, OPTIONS"),
    ("HEAD", "/admin/queries/1", "DELETE, OPTIONS"),
    ("POST", "/admin/queries/1", "DELETE, OPTIONS"),
])
def test_other_methods(server, method, target, allowed):
    answer = ask(server, method, target)
    assert (answer.status, answer.header("allow")) == (405, allowed)


def test_other_paths(server):
    for target in ("/admin", "/admin/", "/admin/queries/", "/admin/queries/1/2", "/admin/x"):
        assert ask(server, "GET", target).status == 404


# --- who may ask ------------------------------------------------------------------------------


def test_only_on_the_loopback(serve):
    server = serve(configuration(listen="0.0.0.0:0"))
    for method in ("GET", "POST", "DELETE", "PUT", "PATCH"):
        for target in ("/admin/queries", "/admin/queries/1"):
            problem = assert_problem(ask(server, method, target), 404, "not_found")
            assert "admin.listen" in problem["hint"]
    assert ask(server, "GET", "/health").status == 200


def with_admin(serve, admin="127.0.0.1:0", **more):
    """A server with an admin listener, and the address of that."""
    server = serve(configuration(admin={"listen": admin}, **more))
    _, port = wait_until(lambda: re.search(r"^  admin   http://(.+):(\d+)$", server.stdout(), re.M),
                         "the admin listener to be announced").groups()
    return server, (LOOPBACK, int(port))


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "0.0.0.0:0"])
@pytest.mark.parametrize("admin", ["127.0.0.1:0", "0.0.0.0:0"])
def test_on_the_admin_listener_alone_if_there_is_one(serve, listen, admin):
    server, address = with_admin(serve, admin, listen=listen)
    for method in ("GET", "DELETE"):
        problem = assert_problem(ask(server, method, "/admin/queries/1"), 404, "not_found")
        assert "admin.listen" in problem["hint"]
    waiting = server.begin("/sleep?ms=600000", headers={"X-Request-Id": "one"})
    with Connection(address) as operator:
        def look():
            queries = operator.request("GET", "/admin/queries", host=LOOPBACK).json()
            return [query for query in queries if query["state"] == "running"]
        (query,) = wait_until(look, "the sleep")
        assert (query["request_id"], query["client"]) == ("one", LOOPBACK)
        target = f"/admin/queries/{query['id']}"
        for host in ("evil.example", "localhost.evil.example:80"):
            assert_problem(operator.request("DELETE", target, host=host), 403, "forbidden")
        # What is before it is the operators' own business.
        assert operator.request("GET", "/admin/queries", {"Via": "a"}, host=LOOPBACK).status == 200
        assert operator.request("DELETE", target, host=LOOPBACK).status == 202
    assert_cancelled(waiting, "run")


def test_while_the_service_stops(serve):
    """Operators look and cancel until the end, on the listener that outlives the others."""
    server, address = with_admin(serve, limits={"deadline_ms": 600000, "drain_ms": 300})
    held = [server.begin("/sleep?ms=600000") for _ in range(20)]
    with Connection(address) as operator:
        def look():
            answer = operator.request("GET", "/admin/queries", host=LOOPBACK)
            assert answer.status == 200
            return answer.json()
        ids = [query["id"] for query in wait_until(lambda: len(look()) == 20 and look(), "all")]
        server.signal()
        try:
            while True:
                assert len(look()) <= 20
                if ids and look():
                    target = f"/admin/queries/{ids.pop()}"
                    answer = operator.request("DELETE", target, host=LOOPBACK)
                    assert answer.status in (202, 204, 404)
        except (Closed, Truncated):
            pass
    assert server.wait() == 0
    for connection in held:
        with connection:
            problem = assert_problem(connection.read(), 503, ("cancelled", "draining"))
            assert problem["phase"] in ("queue", "run")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:1",
                                  "[::1]:8080", "192.0.2.7"])
def test_hosts_that_are_us(server, host):
    assert ask(server, "GET", "/admin/queries", host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                                  "localhost.", "127.0.0.1:80:80", "", "x@127.0.0.1"])
def test_hosts_that_a_page_may_have_bent_to_us(server, host):
    """DNS rebinding: the page's own name, with our address behind it."""
    connection, query = begin(server, "/sleep?ms=600000", "one", "running")
    statuses = {ask(server, "GET", "/admin/queries", host=host).status,
                ask(server, "DELETE", f"/admin/queries/{query['id']}", host=host).status}
    assert statuses <= {403, 400}
    assert find(server, "one", "running")["id"] == query["id"]
    connection.close()


@pytest.mark.parametrize("name", ["Via", "Forwarded", "X-Forwarded-For", "X-Real-IP"])
def test_what_a_proxy_forwards_is_anybodys(server, name):
    headers = {name: "192.0.2.7"}
    for method, target in (("GET", "/admin/queries"), ("DELETE", "/admin/queries/1")):
        problem = assert_problem(ask(server, method, target, headers), 403, "forbidden")
        assert "admin.listen" in problem["hint"]


def test_a_page_of_another_origin_is_not_allowed_to_delete(server):
    """The browser asks first, and is not told that it may."""
    answer = ask(server, "OPTIONS", "/admin/queries/1", {
        "Origin": "http://evil.example", "Access-Control-Request-Method": "DELETE"})
    assert answer.status == 204
    answers = [answer, ask(server, "GET", "/admin/queries", {"Origin": "http://evil.example"})]
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.startswith("access-control-")]


# --- at the same time -------------------------------------------------------------------------


def test_while_requests_come_and_go(serve):
    """Two loops, and operators who look and cancel at random: each answer is whole, and is the
    request's own or says that it was cancelled."""
    server = serve(configuration(loops=2))
    is_over = threading.Event()
    failures = []
    cancelled = []

    def client(number):
        with server.connect() as connection:
            for n in range(100):
                name = f"c-{number}-{n}"
                target = ("/books/1", "/sleep?ms=1", f"/sleep?ms={n % 5}")[(n + number) % 3]
                answer = connection.request("GET", target, {"X-Request-Id": name})
                if answer.status == 503:
                    assert assert_problem(answer, 503, "cancelled")["request_id"] == name
                    cancelled.append(name)
                else:
                    assert answer.status == 200 and answer.header("x-request-id") == name
                    assert ("title" in answer.json()) == (target == "/books/1")

    def operator():
        with server.connect() as connection:
            while not is_over.is_set():
                for query in connection.request("GET", "/admin/queries", host=LOOPBACK).json():
                    assert query["request_id"].startswith("c-")
                    if query["id"] % 3 == 0:
                        target = f"/admin/queries/{query['id']}"
                        answer = connection.request("DELETE", target, host=LOOPBACK)
                        assert answer.status in (202, 204, 404)

    def guarded(work, *arguments):
        try:
            work(*arguments)
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)

    clients = [threading.Thread(target=guarded, args=(client, n)) for n in range(8)]
    operators = [threading.Thread(target=guarded, args=(operator,)) for _ in range(2)]
    for thread in clients + operators:
        thread.start()
    for thread in clients:
        thread.join()
    is_over.set()
    for thread in operators:
        thread.join()
    assert not failures, failures
    assert queries(server) == []
    assert cancelled
