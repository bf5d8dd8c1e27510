"""Everything that waits or grows has a bound, and says so when it is reached."""

import json
import socket

import pytest

import library
from harness import (Closed, Truncated, assert_bad_parameters, assert_problem, compose, saturate,
                     wait_until)

JSON = {"Content-Type": "application/json"}


# With one thread that reads, the database is opened once; descriptors can be counted then.
ONE_READER = {"read": {"threads": 1, "queue": 256}, "slow": {"threads": 1, "queue": 64}}


def small_bodies(serve, **limits):
    return serve(library.config(writes=True, pools=ONE_READER,
                                limits={"body_bytes": 1000, **limits}))


# Sizes.


@pytest.mark.parametrize("expect", [False, True])
def test_413_before_the_body_is_read(serve, expect):
    server = small_bodies(serve)
    headers = {**JSON, "Content-Length": "10000000"}
    if expect:
        headers["Expect"] = "100-continue"
    with server.connect() as connection:
        connection.send(compose("POST", "/notes", headers))  # and not a byte of the body
        answer = connection.read()
        assert_problem(answer, 413, "body_too_large")
        assert connection.interim == []
        with pytest.raises(Closed):
            connection.read()


def test_the_bound_itself_fits(serve):
    server = small_bodies(serve)
    frame = len(json.dumps({"text": "", "stars": 1}))
    body = {"text": "x" * (1000 - frame), "stars": 1}
    assert len(json.dumps(body)) == 1000
    assert server.post("/notes", body).status == 201
    body["text"] += "x"
    assert_problem(server.post("/notes", body), 413, "body_too_large")


@pytest.mark.parametrize("endless", [b"0;" + b"x" * 100000, b"0" * 100000])
def test_an_endless_chunk_line_costs_no_processor_time(serve, endless):
    """libmicrohttpd reads the line anew, again and again, until it ends: so it is ended."""
    server = small_bodies(serve, body_ms=60000)
    data = compose("POST", "/notes", {**JSON, "Transfer-Encoding": "chunked"})
    fds = server.fds()
    with server.connect() as connection:
        connection.send(data + endless)
        before = server.cpu_s()
        try:
            assert connection.read().status == 408
        except (Closed, Truncated):
            pass
        assert server.cpu_s() - before < 1.0
    wait_until(lambda: server.fds() <= fds, "the connection is closed")


def test_an_endless_chunk_line_behind_a_suspended_request(serve):
    """libmicrohttpd has the socket out of its epoll then, and does not hear that it is hung up."""
    server = small_bodies(serve, body_ms=2000, idle_ms=600000)
    data = compose("POST", "/notes", {**JSON, "Transfer-Encoding": "chunked"})
    with server.connect() as connection:
        assert server.get("/books").status == 200  # opens the database
        fds = server.fds()
        connection.send(compose("GET", "/books") + data + b"0;" + b"x" * 100000)
        assert connection.read().status == 200
        try:
            assert connection.read().status == 408
        except (Closed, Truncated):
            pass
    wait_until(lambda: server.fds() < fds, "the connection is closed")


def test_a_chunked_body_that_overruns(serve):
    """413 if it can still be said, or the connection cut; never run."""
    server = small_bodies(serve)
    data = compose("POST", "/notes", {**JSON, "Transfer-Encoding": "chunked"})
    with server.connect() as connection:
        connection.send(data + b'10\r\n{"stars":1,"text\r\n')
        for _ in range(5000):
            if not connection.send(b"400\r\n" + b"x" * 1024 + b"\r\n"):
                break
        connection.send(b"0\r\n\r\n")
        try:
            assert_problem(connection.read(), 413, "body_too_large")
        except (Closed, Truncated):
            pass
    assert server.sql("SELECT count(*) FROM notes") == [(0,)]
    assert server.get("/health").status == 200


def test_a_chunked_body_that_overruns_by_little(serve):
    server = small_bodies(serve)
    data = compose("POST", "/notes", {**JSON, "Transfer-Encoding": "chunked"})
    with server.connect() as connection:
        connection.send(data + b"3e9\r\n" + b" " * 1001 + b"\r\n0\r\n\r\n")
        try:
            assert_problem(connection.read(), 413, "body_too_large")
        except Closed:
            pass
    assert server.get("/health").status == 200


def test_body_bytes_of_a_route(serve):
    own = {"method": "POST", "path": "/own", "sql": "SELECT :v AS v", "body_bytes": 2000,
           "result": "row", "params": {"v": {"type": "string"}}}
    server = serve(library.config(routes=[own, *library.ROUTES], limits={"body_bytes": 100}))
    assert server.post("/own", {"v": "x" * 1500}).status == 200
    assert_problem(server.post("/own", {"v": "x" * 2500}), 413, "body_too_large")
    assert_problem(server.post("/body/string", {"v": "x" * 200}), 413, "body_too_large")


def test_an_answer_that_is_too_large(serve):
    big = {"method": "GET", "path": "/big", "sql": "SELECT n, :text AS text FROM numbers",
           "params": {"text": {"type": "string"}}}
    server = serve(library.config(routes=[big, *library.ROUTES], limits={"response_bytes": 65536}))
    assert_problem(server.get("/big?text=" + "x" * 200), 500, "result_too_large")
    assert server.get("/books/1").status == 200


# Slow clients.


def dribble(connection, data, until):
    """One byte after the other, each as soon as the last was read, until the server had enough."""
    for at in range(len(data)):
        if connection.is_readable(0.05) or until():
            return
        connection.send(data[at:at + 1])


def ended(connection):
    """The connection is over: with a 408, or without a word."""
    try:
        answer = connection.read()
        assert answer.status == 408, answer
        with pytest.raises(Closed):
            connection.read()
    except (Closed, Truncated):
        pass
    except socket.timeout:
        pytest.fail("a slow client is still connected")


def test_slow_headers(serve):
    server = serve(library.config(limits={"header_ms": 700, "idle_ms": 600000}))
    slow = [server.connect() for _ in range(20)]
    silent = server.connect()
    try:
        for connection in slow[1:]:
            connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        dribble(slow[0], b"GET /health HTTP/1.1\r\nX: " + b"a" * 2000, lambda: False)
        for connection in slow:
            assert server.get("/books/1").status == 200
            ended(connection)
        # Never a byte: then the header's deadline or the idle one ends it, sooner or later.
        assert server.get("/health").status == 200
    finally:
        for connection in [*slow, silent]:
            connection.close()


def test_slow_headers_of_a_later_request(serve):
    """The deadline holds for each request of a connection, not for its first one only."""
    server = serve(library.config(limits={"header_ms": 700, "idle_ms": 600000}))
    with server.connect() as connection:
        assert connection.request("GET", "/health").status == 200
        dribble(connection, b"GET /health HTTP/1.1\r\nX: " + b"a" * 2000, lambda: False)
        ended(connection)


def test_slow_request_line_of_a_later_request(serve):
    """The head begins with its first byte, not with the end of its first line."""
    server = serve(library.config(limits={"header_ms": 700, "idle_ms": 600000}))
    with server.connect() as connection:
        assert connection.request("GET", "/health").status == 200
        dribble(connection, b"GET /" + b"a" * 200, lambda: False)
        ended(connection)


def test_slow_body(serve):
    server = serve(library.config(writes=True, limits={"body_ms": 700, "idle_ms": 600000}))
    data = compose("POST", "/notes", {**JSON, "Content-Length": "5000"})
    slow = [server.connect() for _ in range(20)]
    try:
        for connection in slow:
            connection.send(data + b'{"text": "')
        dribble(slow[0], b"a" * 4000, lambda: False)
        for connection in slow:
            assert server.get("/books/1").status == 200
            ended(connection)
    finally:
        for connection in slow:
            connection.close()
    assert server.sql("SELECT count(*) FROM notes") == [(0,)]


def test_slow_bodies_hold_no_worker(serve):
    server = serve(library.config(writes=True, limits={"body_ms": 30000},
                                  pools={"read": {"threads": 1, "queue": 1}}))
    slow = [server.connect() for _ in range(20)]
    try:
        for connection in slow:
            connection.send(compose("POST", "/body/string", {**JSON, "Content-Length": "50"})
                            + b'{"v"')
            connection.wait_taken()
        for _ in range(20):
            assert server.get("/books/1").status == 200
            assert server.post("/notes", {"text": "a", "stars": 1}).status == 201
    finally:
        for connection in slow:
            connection.close()


def test_idle_connections_are_closed(serve):
    server = serve(library.config(limits={"idle_ms": 1000}))
    with server.connect() as connection:
        assert connection.request("GET", "/health").status == 200
        with pytest.raises(Closed):
            connection.read()


def test_a_request_in_flight_is_not_idle(serve):
    server = serve(library.config(limits={"idle_ms": 1000, "header_ms": 1000, "body_ms": 1000}))
    assert server.get("/sleep?ms=2200").json() == {"slept_ms": 2200}


# Places.


def reports(serve, **limits):
    """One thread and one place in the queue behind /sleep; more of everything else."""
    return serve(library.config(
        loops=1,
        pools={"reports": {"threads": 1, "queue": 1}, "wide": {"threads": 4, "queue": 100}},
        limits=limits,
        routes=[library.sleep_route("reports"), library.sleep_route("wide", "/wide"),
                *(route for route in library.ROUTES if route["path"] != "/sleep")]))


def test_a_full_queue_is_503_with_retry_after(serve):
    server = reports(serve)
    held, refusal = saturate(server, "/sleep?ms=60000", 2)
    assert int(refusal.header("retry-after")) >= 0
    assert_problem(refusal, 503, "queue_full")
    with server.connect() as connection:
        for _ in range(20):  # refused inline, and the connection is kept
            answer = connection.request("GET", "/sleep?ms=1")
            assert_problem(answer, 503, "queue_full")
            assert int(answer.header("retry-after")) >= 0
        assert connection.request("GET", "/books/1").status == 200
        assert connection.request("GET", "/wide?ms=1").status == 200
    for connection in held:
        connection.close()


def test_in_flight(serve):
    server = reports(serve, in_flight=3)
    held, refusal = saturate(server, "/wide?ms=60000", 3, code="in_flight_full")
    assert_problem(server.get("/books/1"), 503, "in_flight_full")
    assert server.get("/health").status == 200
    held.pop().close()
    wait_until(lambda: server.get("/books/1").status == 200, "a place to be free again")
    for connection in held:
        connection.close()


def test_connections(serve):
    """Beyond the limit a client waits or is refused, and is served when a place is free."""
    server = serve(library.config(loops=1, limits={"connections": 8, "idle_ms": 600000}))
    first = [server.connect() for _ in range(8)]
    for connection in first[:6]:
        assert connection.request("GET", "/health").status == 200
    more = []
    for _ in range(12):
        try:
            connection = server.connect()
        except ConnectionError:
            continue
        connection.send(compose("GET", "/health"))
        more.append(connection)
    for connection in first[:6]:  # those inside are served as before, or were told to go
        try:
            assert connection.request("GET", "/books/1").status == 200
        except (Closed, Truncated):
            pass
    for connection in first:
        connection.close()

    def try_again():
        try:
            return server.get("/health").status == 200
        except (Closed, Truncated, ConnectionError):
            return False

    for connection in more:
        try:
            assert connection.read().status in (200, 503)
        except (Closed, Truncated):
            pass
        connection.close()
    wait_until(try_again, "a newcomer to be served")


BOOK = [route for route in library.ROUTES if route["path"] == "/books/{id}"]


def waits_in_vain(connection):
    with pytest.raises(socket.timeout):
        connection.socket.recv(1)


def test_a_place_is_taken_as_soon_as_one_is_free(serve):
    server = serve(library.config(loops=1, limits={"connections": 2, "idle_ms": 600000}))
    inside = [server.connect(), server.connect()]
    for connection in inside:
        assert connection.request("GET", "/health").status == 200
    for _ in range(20):
        waiting = server.connect()  # in the backlog
        waiting.send(compose("GET", "/health"))
        assert not waiting.is_readable(0.01)
        inside.pop(0).close()
        assert waiting.read().status == 200
        inside.append(waiting)
    for connection in inside:
        connection.close()


def test_without_descriptors_clients_wait(serve):
    """... without costing processor time, even if there is no connection that could end; and the
    log says it once."""
    server = serve(library.config(loops=1, limits={"idle_ms": 600000}))
    server.limit_fds()
    with server.connect(timeout=2) as connection:
        connection.send(compose("GET", "/health"))
        before = server.cpu_s()
        waits_in_vain(connection)
        assert server.cpu_s() - before < 0.5
        server.unlimit_fds()
        connection.socket.settimeout(60)
        assert connection.read().status == 200
        assert connection.request("GET", "/books/1").status == 200
    assert server.stop() == 0
    assert server.stderr().count("new connections have to wait") == 1
    assert "ulimit -n" in server.stderr()


def test_without_descriptors_whoever_is_inside_is_served(serve):
    server = serve(library.config(loops=1, limits={"idle_ms": 600000},
                                  pools={"read": {"threads": 1, "queue": 10}}, routes=BOOK))
    with server.connect() as inside:
        assert inside.request("GET", "/books/1").status == 200  # its database is open
        server.limit_fds()
        with server.connect() as waiting:
            waiting.send(compose("GET", "/health"))
            for _ in range(50):
                assert inside.request("GET", "/books/1").status == 200
            assert not waiting.is_readable()
            inside.close()  # its descriptor is the newcomer's
            assert waiting.read().status == 200
        assert server.get("/health").status == 200


# Deadlines.


def test_deadline_in_the_queue(serve):
    server = reports(serve)
    held, _ = saturate(server, "/sleep?ms=60000", 2)
    held.pop().close()  # the later one, so that its place in the queue becomes free

    def queued():
        answer = server.get("/sleep?ms=1", {"Prefer": "wait=0.3"})
        assert answer.status == 503, answer
        return answer if answer.json()["code"] != "queue_full" else None

    answer = wait_until(queued, "the place in the queue to be free")
    assert_problem(answer, 503, "deadline_queue")
    held.pop().close()
    assert server.get("/sleep?ms=1").json() == {"slept_ms": 1}


def test_deadline_while_running(serve):
    server = reports(serve)
    answer = server.get("/sleep?ms=60000", {"Prefer": "wait=0.3"})
    assert_problem(answer, 504, "deadline_run")
    assert server.get("/sleep?ms=1").status == 200  # the one thread is free again


def test_deadline_of_a_route(serve):
    server = serve(library.config(
        pools={"read": {"threads": 1, "queue": 10}, "one": {"threads": 1, "queue": 10}},
        routes=[library.sleep_route("one", "/short", deadline_ms=300),
                {"method": "GET", "path": "/runaway", "sql": library.RUNAWAY, "deadline_ms": 300},
                *library.ROUTES]))
    with server.connect() as connection:
        for _ in range(3):
            assert_problem(connection.request("GET", "/short?ms=60000"), 504, "deadline_run")
            assert_problem(connection.request("GET", "/runaway"), 504, "deadline_run")
            assert connection.request("GET", "/short?ms=1").json() == {"slept_ms": 1}
            assert connection.request("GET", "/books/1").json()["id"] == 1


def test_deadline_of_a_millisecond(serve):
    """It may pass before the request has been taken up, or while it runs; never without an answer."""
    server = serve(library.config(
        loops=1, routes=[library.sleep_route("slow", "/short", deadline_ms=1),
                         {"method": "GET", "path": "/runaway", "sql": library.RUNAWAY,
                          "deadline_ms": 1}, *library.ROUTES]))
    with server.connect() as connection:
        for target in ["/short?ms=60000", "/runaway"] * 50:
            answer = connection.request("GET", target)
            kind = "deadline_run" if answer.status == 504 else "deadline_queue"
            assert_problem(answer, 504 if answer.status == 504 else 503, kind)
        assert connection.request("GET", "/sleep?ms=1").json() == {"slept_ms": 1}


def test_pipelined_beside_what_is_in_flight(serve):
    """Those that the loop answers itself come in order while others wait for a pool."""
    server = serve(library.config(loops=1))
    health = compose("GET", "/health")
    with server.connect() as other, server.connect() as connection:
        for _ in range(20):
            other.send(compose("GET", "/sleep?ms=3"))
            connection.send(health * 20 + compose("GET", "/books/1") + health)
            answers = [connection.read() for _ in range(22)]
            assert [answer.status for answer in answers] == [200] * 22
            assert answers[20].json()["id"] == 1
            assert other.read().status == 200


def test_deadline_of_the_configuration(serve):
    server = serve(library.config(limits={"deadline_ms": 300}))
    assert_problem(server.get("/sleep?ms=60000"), 504, "deadline_run")


def test_a_client_cannot_lengthen_the_deadline(serve):
    server = serve(library.config(limits={"deadline_ms": 300}))
    assert_problem(server.get("/sleep?ms=60000", {"Prefer": "wait=50"}), 504, "deadline_run")


def test_runaway_write(serve):
    """The one writer is not lost to a statement without end; nothing of it stays."""
    runaway = {"method": "POST", "path": "/runaway", "result": "none", "deadline_ms": 500,
               "sql": "INSERT INTO counter WITH RECURSIVE c(n) AS"
                      " (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c"}
    server = serve(library.config(writes=True,
                                  routes=[runaway, *library.ROUTES, *library.WRITES]))
    answer = server.request("POST", "/runaway")
    assert_problem(answer, 504, "deadline_run")
    assert server.post("/notes", {"text": "a", "stars": 1}).status == 201
    assert server.sql("SELECT count(*) FROM counter") == [(1,)]


# The sleep handler's own parameter.


@pytest.mark.parametrize("query", ["?ms=x", "?ms=-1", "?ms=", "?ms=1.5"])
def test_sleep_wants_a_number(shared, query):
    assert_bad_parameters(shared.get("/sleep" + query), "ms")


def long_answers(serve, **limits):
    """A route whose answer, of 16 MB, is more than the kernel takes off the server's hands."""
    return serve(library.config(
        loops=1, limits={"response_bytes": 32 << 20, **limits},
        pools=ONE_READER,
        routes=[{"path": "/long", "sql": "SELECT hex(zeroblob(8000000)) AS text"},
                *library.ROUTES]))


class Lazy:
    """A client that asks, sees its answer begin, and does not read it; its own buffer is as small
    as the kernel allows."""

    def __init__(self, server, target):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.connect(server.address)
        self.socket.sendall(compose("GET", target))
        self.socket.settimeout(60)
        assert self.socket.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()


def is_refused_for_buffers(server):
    answer = server.get("/long")
    if answer.status == 200:
        return False
    assert_problem(answer, 503, "buffers_full")
    assert int(answer.header("retry-after")) >= 1
    assert "limits.buffered_bytes" in answer.json()["hint"]
    return True


def test_answers_nobody_reads_are_bounded(serve):
    server = long_answers(serve, buffered_bytes=20 << 20)
    with Lazy(server, "/long"):
        wait_until(lambda: is_refused_for_buffers(server), "the room for answers to be taken")
        assert server.get("/numbers").status == 200  # what is small still fits
    wait_until(lambda: not is_refused_for_buffers(server), "the room to be free again")


def test_bodies_that_do_not_fit_are_refused(serve):
    server = long_answers(serve, buffered_bytes=20 << 20, body_bytes=8 << 20)
    body = json.dumps({"v": "x" * (6 << 20)}).encode()
    with Lazy(server, "/long"):
        wait_until(lambda: is_refused_for_buffers(server), "the room for answers to be taken")
        answer = server.post("/body/string", body, JSON)
        assert_problem(answer, 503, "buffers_full")
        assert int(answer.header("retry-after")) >= 1
        with server.connect() as connection:  # of unknown length
            connection.send(compose("POST", "/body/string",
                                    {**JSON, "Transfer-Encoding": "chunked"}))
            connection.send(b"600000\r\n" + body[:6 << 20] + b"\r\n0\r\n\r\n")
            try:
                assert_problem(connection.read(), 503, "buffers_full")
            except (Closed, Truncated):
                pass
    wait_until(lambda: server.post("/body/string", body, JSON).status != 503,
               "the room to be free again")


def test_whoever_does_not_read_is_hung_up(serve):
    server = long_answers(serve, send_ms=300)
    assert server.get("/numbers").status == 200
    before = server.fds()
    with Lazy(server, "/long"):
        wait_until(lambda: server.fds() <= before, "the connection to be cut")
    assert server.get("/numbers").status == 200
