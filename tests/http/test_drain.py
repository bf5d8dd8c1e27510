"""The end of a server: what was accepted is answered, then it goes, with 0."""

import shutil
import signal
import socket
import sqlite3

import pytest

import library
from harness import Closed, assert_problem, wait_until


def draining(serve, drain_ms=60000, threads=10, queue=20, **more):
    return serve(library.config(
        loops=1, pools={"slow": {"threads": threads, "queue": queue}},
        limits={"drain_ms": drain_ms, "deadline_ms": 600000, "idle_ms": 600000}, **more))


def refuses(server):
    try:
        with socket.create_connection(server.address, 5):
            return False
    except ConnectionRefusedError:
        return True
    except (ConnectionError, socket.timeout):
        return False


def begun(server, target, count=10):
    """Connections whose request has begun: open before the signal, and not idle."""
    connections = [server.connect() for _ in range(count)]
    for connection in connections:
        connection.send(b"GET %s HTTP/1.1\r\nHost:" % target.encode())
        connection.wait_taken()
    return connections


def finished(connection):
    connection.send(b" gantry.test\r\n\r\n")
    return connection.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_everything_accepted_is_answered(serve, number):
    server = draining(serve)
    held = [server.begin("/sleep?ms=700") for _ in range(30)]
    probes = begun(server, "/readyz")
    server.barrier()
    server.signal(number)

    wait_until(lambda: refuses(server), "new connections to be refused")
    for probe in probes:
        answer = finished(probe)
        assert answer.status == 503, answer
        assert answer.json()["status"] == "unavailable"
        assert any("drain" in reason for reason in answer.json()["reasons"]), answer
    for connection in held:
        answer = connection.read()
        assert (answer.status, answer.json()) == (200, {"slept_ms": 700})
    assert server.wait() == 0


def test_what_comes_later_on_an_open_connection_is_refused(serve):
    """Answered or refused, but never left hanging; and alive is alive until the end."""
    server = draining(serve)
    held = server.begin("/sleep?ms=700")
    late = begun(server, "/books/1")
    alive = begun(server, "/health")
    server.barrier()
    server.signal()
    wait_until(lambda: refuses(server), "new connections to be refused")
    for connection in late:
        answer = finished(connection)
        if answer.status != 200:
            assert_problem(answer, 503, "draining")
        assert answer.header("connection").lower() == "close"
    for connection in alive:
        assert finished(connection).status == 200
    assert held.read().status == 200
    assert server.wait() == 0


def test_idle_connections_do_not_hold_it_up(serve):
    server = draining(serve, drain_ms=600000)
    idle = [server.connect() for _ in range(50)]
    for connection in idle[:25]:
        assert connection.request("GET", "/health").status == 200
    server.signal()
    assert server.wait() == 0
    for connection in idle:
        with pytest.raises(Closed):
            connection.read()


def test_what_overruns_the_drain_deadline_is_told_so(serve):
    server = draining(serve, drain_ms=500, threads=2)
    held = [server.begin("/sleep?ms=600000") for _ in range(10)]
    server.barrier()
    server.signal()
    for connection in held:
        assert_problem(connection.read(), 503, "draining")
    assert server.wait() == 0


def test_sql_that_overruns_the_drain_deadline(serve):
    server = serve(library.config(
        loops=1, limits={"drain_ms": 500, "deadline_ms": 600000},
        routes=[{"method": "GET", "path": "/runaway", "sql": library.RUNAWAY}]))
    held = [server.begin("/runaway") for _ in range(5)]
    server.barrier()
    server.signal()
    for connection in held:
        assert_problem(connection.read(), 503, "draining")
    assert server.wait() == 0


def test_a_half_sent_request_does_not_hold_it_up(serve):
    server = draining(serve, drain_ms=1000)
    with server.connect() as one, server.connect() as two:
        one.send(b"GET /health HTTP/1.1\r\nHos")
        two.send(b"POST /optional HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                 b"Content-Length: 10\r\n\r\n{")
        one.wait_taken()
        two.wait_taken()
        server.signal()
        assert server.wait() == 0


def test_a_second_signal_stops_at_once(serve):
    server = draining(serve, drain_ms=600000)
    held = [server.begin("/sleep?ms=600000") for _ in range(15)]
    server.barrier()
    server.signal(signal.SIGTERM)
    wait_until(lambda: refuses(server), "the first signal to be seen")
    assert server.is_running()
    server.signal(signal.SIGTERM)
    assert server.wait() >= 0, "ended by a crash"
    for connection in held:
        connection.close()


def test_the_port_is_free_again(serve):
    server = draining(serve)
    held = [server.begin("/sleep?ms=300") for _ in range(5)]
    server.barrier()
    assert server.stop() == 0
    for connection in held:
        assert connection.read().status == 200
        connection.close()
    again = serve(library.config(), arguments=["--listen", "127.0.0.1:%d" % server.address[1]])
    assert again.address == server.address
    assert again.get("/health").status == 200


def test_writes_accepted_are_written(serve):
    server = serve(library.config(writes=True, loops=1, limits={"drain_ms": 60000}))
    held = [server.begin("/notes", "POST", body={"text": "a", "stars": n}) for n in range(50)]
    server.barrier()
    server.signal()
    for connection in held:
        assert connection.read().status == 201
    assert server.wait() == 0
    assert server.sql("SELECT count(*), count(DISTINCT stars) FROM notes") == [(50, 50)]


def test_the_file_alone_holds_everything_afterwards(serve, tmp_path):
    """Whoever copies the database of a stopped service copies one file, and misses nothing."""
    server = serve(library.config(writes=True))
    assert server.post("/notes", {"text": "a", "stars": 1}).status == 201
    assert server.get("/books/1").status == 200
    assert server.stop() == 0
    assert [path.name for path in server.directory.glob(server.database.name + "-*")] == []
    copy = sqlite3.connect(shutil.copy(server.database, tmp_path / "copy.db"))
    assert copy.execute("SELECT count(*) FROM notes").fetchall() == [(1,)]
    copy.close()


def test_signals_while_clients_come_and_go(serve):
    """However the signal falls, each answer is whole: a 200, a 503, or no answer to no request."""
    for _ in range(5):
        server = draining(serve, drain_ms=20000)
        held = [server.begin("/sleep?ms=%d" % (n % 7 * 20)) for n in range(30)]
        server.signal()
        for connection in held:
            answer = connection.read()
            assert answer.status in (200, 503), answer
        assert server.wait() == 0
