"""A client that has gone is noticed, and what was done for it stops: queued or running."""

import socket
import time

import pytest

import library
from harness import compose, saturate, wait_until

WAYS = ["fin", "rst"]


def leave(connection, way):
    if way == "rst":
        connection.reset()
    else:
        connection.close()


def close_gently(connection):
    """Close this side, and read whatever comes until the server closes the other."""
    try:
        connection.socket.shutdown(socket.SHUT_WR)
        while connection.socket.recv(65536):
            pass
    except OSError:
        pass  # it was quicker


@pytest.fixture
def server(serve):
    """One thread, two places to wait. Nothing here ends by itself within the test's patience."""
    return serve(library.config(
        loops=1,
        pools={"read": {"threads": 1, "queue": 2}, "slow": {"threads": 1, "queue": 2}},
        limits={"deadline_ms": 600000},
        routes=[{"method": "GET", "path": "/runaway", "sql": library.RUNAWAY},
                *library.ROUTES]))


@pytest.mark.parametrize("way", WAYS)
def test_gone_while_running(server, way):
    for _ in range(3):
        held, _ = saturate(server, "/sleep?ms=600000", 3)
        for connection in held:
            leave(connection, way)
        wait_until(lambda: server.get("/sleep?ms=1").status == 200, "the thread to be free")


@pytest.mark.parametrize("way", WAYS)
def test_gone_while_queued(server, way):
    """Their places are free at once, though the thread stays busy, and they are never run."""
    held, _ = saturate(server, "/sleep?ms=600000", 3)
    for _ in range(3):
        for connection in held[1:]:
            leave(connection, way)
        del held[1:]
        later, _ = saturate(server, "/sleep?ms=1", 2)
        held += later
    assert not held[0].is_readable()
    leave(held[0], way)
    for connection in held[1:]:
        with connection:
            assert connection.read().json() == {"slept_ms": 1}


@pytest.mark.parametrize("way", WAYS)
def test_gone_while_sql_runs(server, way):
    for _ in range(3):
        held, _ = saturate(server, "/runaway", 3)
        for connection in held:
            leave(connection, way)
        wait_until(lambda: server.get("/books/1").status == 200, "the reader to be free")


@pytest.mark.parametrize("way", WAYS)
def test_descriptors_and_threads_come_back(server, way):
    def settle():
        wait_until(lambda: server.get("/sleep?ms=1").status == 200, "the pool to be free")
        return server.fds(), server.threads()

    settle()
    fds, threads = wait_until(settle, "a first look")
    for _ in range(5):
        held, _ = saturate(server, "/sleep?ms=600000", 3)
        idle = [server.connect() for _ in range(20)]
        for connection in [*held, *idle]:
            leave(connection, way)
        settle()
    wait_until(lambda: server.fds() <= fds, f"descriptors to return to {fds}")
    assert server.threads() == threads


@pytest.mark.parametrize("way", WAYS)
def test_gone_between_request_and_answer_of_a_write(serve, way):
    """Each write is whole or absent; the writer goes on."""
    server = serve(library.config(writes=True))
    for n in range(100):
        connection = server.connect()
        connection.send(compose("POST", "/notes", body={"text": "a", "stars": n}))
        if n % 2:
            connection.wait_taken()
        leave(connection, way)
    assert server.post("/notes", {"text": "last", "stars": 100}).status == 201
    rows = server.sql("SELECT text, stars FROM notes")
    assert len(rows) == len(set(rows)) <= 101
    assert set(rows) <= {("a", n) for n in range(100)} | {("last", 100)}


@pytest.mark.parametrize("data", [b"G", b"GET /health HTTP/1.1\r\nHost: a",
                                  compose("POST", "/optional", body={"v": "a"})[:-1]],
                         ids=["line", "head", "body"])
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_gone_in_the_middle_of_a_request(serve, data, first):
    """The end arrives together with the last bytes. It need not be seen at once, but the time for
    a head or a body ends that connection too; it does not stay until it is called idle."""
    server = serve(library.config(
        limits={"header_ms": 1000, "body_ms": 1000, "idle_ms": 600000}))
    assert server.get("/books/1").status == 200
    wait_until(lambda: server.get("/health").status == 200, "a first look")
    fds = server.fds()
    for _ in range(30):
        with server.connect() as connection:
            if not first:
                assert connection.request("GET", "/health").status == 200
            connection.send(data)
    wait_until(lambda: server.fds() <= fds, f"descriptors to return to {fds}", timeout=20)


def test_gone_with_requests_pipelined_behind(server):
    """What was pipelined behind a request in flight neither hides the end nor is left over."""
    connection = server.connect()
    connection.send(b"GET /sleep?ms=600000 HTTP/1.1\r\nHost: a\r\n\r\n" * 5)
    server.barrier()
    connection.close()
    wait_until(lambda: server.get("/sleep?ms=1").status == 200, "the thread to be free")


@pytest.mark.parametrize("data", [
    b"", b"GET /he", b"GET /health HTTP/1.1\r\nHost: a\r\n",
    b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /numbers HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /numbers HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234",
], ids=["nothing", "half a line", "half a head", "on the loop", "on a pool", "half a body"])
def test_bytes_and_the_end_in_one_edge(serve, data):
    """Whoever sends something and leaves in one breath is let go, long before any limit of time."""
    server = serve(library.config(loops=1, pools={"read": {"threads": 1, "queue": 100}},
                                  limits={"header_ms": 3600000, "body_ms": 3600000,
                                          "idle_ms": 3600000, "deadline_ms": 3600000}))
    assert server.get("/numbers").status == 200  # the pool's one connection is open
    before = server.fds()
    for _ in range(50):
        with server.connect() as connection:
            connection.send(data)
    wait_until(lambda: server.fds() <= before + 1, "the descriptors to be closed")
    assert server.get("/health").status == 200


@pytest.mark.parametrize("head", [
    b"GET /numbers HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /sleep?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /numbers HTTP/1.0\r\n\r\n", b"HEAD /numbers HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /sleep?ms=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET /sleep?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n" * 3 + b"GET /numb",
    b"GET /sleep?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n" + b"x" * 40000,
], ids=["sql", "sleep", "1.0", "HEAD", "close", "pipelined", "rubbish behind"])
@pytest.mark.parametrize("way", [*WAYS, "half"])
def test_gone_at_any_time_of_a_short_request(serve, head, way):
    """At whatever moment: its connection is closed, its request is reckoned, the drain is quick."""
    server = serve(library.config(
        loops=1, pools={"read": {"threads": 1, "queue": 100}, "slow": {"threads": 1, "queue": 100}},
        limits={"idle_ms": 3600000, "deadline_ms": 3600000, "drain_ms": 3600000}))
    assert server.get("/numbers").status == 200  # the pool's one connection is open
    before = server.fds()
    for i in range(60):
        connection = server.connect()
        connection.send(head)
        end = time.monotonic() + i * 0.00005  # from at once to 3 ms: nothing is waited for
        while time.monotonic() < end:
            pass
        if way == "half":
            close_gently(connection)
        leave(connection, way)
    wait_until(lambda: server.fds() <= before + 1, "the descriptors to be closed")
    wait_until(lambda: b'gantry_loop_in_flight{listener="main",loop="0"} 0\n'
               in server.get("/metrics").body, "nothing to be in flight")
    assert server.stop() == 0
