"""log.access: one line on standard error for each request that is over.

The lines are read as any collector of logs would read them: each must be one JSON object.
"""

import json
import re

import pytest

import library
from harness import compose, saturate, wait_until

FIELDS = {"time", "level", "message", "method", "target", "route", "status", "bytes",
          "duration_us", "client", "request_id"}
IN_POOL = FIELDS | {"pool"}
RAN = IN_POOL | {"queue_us", "run_us"}


def lines(server):
    """Every whole line of the log."""
    return [json.loads(line) for line in server.stderr().split("\n")[:-1]]


def requests(server):
    return [line for line in lines(server) if line["message"] == "request"]


def wait_requests(server, count):
    """The lines of the requests so far, of which there are exactly so many."""
    wait_until(lambda: len(requests(server)) >= count, f"{count} lines of requests")
    found = requests(server)
    assert len(found) == count, found
    return found


def assert_line(line, fields=FIELDS, **values):
    assert set(line) == fields, line
    assert {name: line[name] for name in values} == values, line
    assert line["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    for name in ("status", "bytes", "duration_us", "queue_us", "run_us"):
        assert name not in line or line[name] >= 0, line
    if "run_us" in line:
        assert line["queue_us"] + line["run_us"] <= line["duration_us"] + 1, line


def logging(level="info", **more):
    return library.config(log={"access": True, "level": level}, loops=1, **more)


@pytest.fixture
def server(serve):
    return serve(logging())


def test_off_by_default(serve):
    server = serve(library.config())
    assert server.get("/books/1").status == 200
    assert server.get("/nothing").status == 404
    assert server.stop() == 0
    assert requests(server) == []
    assert lines(server)[-1]["message"] == "stopped"


def test_a_route_that_runs_on_a_pool(server):
    answer = server.get("/books/1?", {"X-Request-Id": "mine-1"})
    assert answer.status == 200
    line, = wait_requests(server, 1)
    assert_line(line, RAN, method="GET", target="/books/1?", route="/books/{id}", status=200,
                bytes=len(answer.body), pool="read", client="127.0.0.1", request_id="mine-1")


def test_a_route_that_the_loop_answers(server):
    answer = server.get("/health")
    line, = wait_requests(server, 1)
    assert_line(line, method="GET", target="/health", route="/health", status=200,
                bytes=len(answer.body), request_id=answer.header("x-request-id"))


def test_head_has_no_body(server):
    answer = server.request("HEAD", "/books/1")
    assert int(answer.header("content-length")) > 0
    line, = wait_requests(server, 1)
    assert_line(line, RAN, method="HEAD", route="/books/{id}", status=200, bytes=0)


@pytest.mark.parametrize("method, target, status, route", [
    ("GET", "/nothing/here?a=%20b", 404, ""),
    ("DELETE", "/health", 405, ""),
    ("BREW", "/books/1", 501, ""),
    ("OPTIONS", "*", 204, ""),
    ("GET", "/%ff", 400, ""),
])
def test_what_meets_no_route(server, method, target, status, route):
    answer = server.request(method, target)
    assert answer.status == status
    line, = wait_requests(server, 1)
    assert_line(line, method=method, target=target, route=route, status=status,
                bytes=len(answer.body), request_id=answer.header("x-request-id"))


def test_a_bad_parameter_and_a_missing_row(server):
    assert server.get("/books/x").status == 400
    assert server.get("/books/999").status == 404
    first, second = wait_requests(server, 2)
    assert_line(first, RAN, status=400, route="/books/{id}")
    assert_line(second, RAN, status=404, route="/books/{id}")


def test_a_full_queue(serve):
    server = serve(logging(pools={"slow": {"threads": 1, "queue": 1}}))
    held, refusal = saturate(server, "/sleep?ms=600000", 2)
    line = wait_until(lambda: [one for one in requests(server) if one["status"] == 503],
                      "the line of the refusal")[-1]
    assert_line(line, IN_POOL, target="/sleep?ms=600000", route="/sleep", pool="slow",
                bytes=len(refusal.body), request_id=refusal.header("x-request-id"))
    for connection in held:
        connection.close()


def test_a_deadline_that_passes(serve):
    """The work is told to stop, but need not have stopped when the client has its answer."""
    server = serve(logging())
    answer = server.get("/sleep?ms=600000", {"Prefer": "wait=0.02"})
    assert answer.status == 504
    line, = wait_requests(server, 1)
    assert_line(line, set(line) & {"queue_us", "run_us"} | IN_POOL, status=504, pool="slow",
                bytes=len(answer.body))
    assert line["duration_us"] >= 20000


def test_pipelined_requests(server):
    with server.connect() as connection:
        connection.send(b"".join(compose("GET", f"/books/{i}", {"X-Request-Id": f"p-{i}"})
                                 for i in range(1, 5)))
        bodies = [connection.read().body for _ in range(4)]
    found = wait_requests(server, 4)
    for i, line in enumerate(found):
        assert_line(line, RAN, target=f"/books/{i + 1}", request_id=f"p-{i + 1}",
                    bytes=len(bodies[i]))


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_leaves(server, leave):
    connection = server.begin("/sleep?ms=600000")
    server.barrier()
    getattr(connection, leave)()
    found = wait_requests(server, 2)
    line, = [line for line in found if line["route"] == "/sleep"]
    assert_line(line, set(line) & {"queue_us", "run_us"} | IN_POOL | {"outcome"}, status=0,
                bytes=0, outcome="client_gone", pool="slow", target="/sleep?ms=600000")


def test_a_client_that_leaves_in_the_middle_of_a_body(serve):
    server = serve(logging(writes=True))
    with server.connect() as connection:
        connection.send(compose("POST", "/notes", {"Content-Length": "100"}) + b"{")
        connection.wait_taken()
    line, = wait_requests(server, 1)
    assert_line(line, IN_POOL | {"outcome"}, method="POST", route="/notes", status=0, bytes=0,
                outcome="client_gone")


def test_a_body_that_cannot_be_read(serve):
    server = serve(logging(writes=True))
    answers = server.raw(b"POST /notes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                         b"Content-Type: application/json\r\n\r\nzz\r\n")
    assert [answer.status for answer in answers] == [400]
    line, = wait_requests(server, 1)
    assert_line(line, IN_POOL | {"outcome"}, method="POST", route="/notes", status=400, bytes=0,
                outcome="unreadable")


def test_a_body_that_is_too_large(serve):
    """Told on the raw socket, in the middle of the body."""
    server = serve(logging(writes=True, limits={"body_bytes": 1000}))
    with server.connect() as connection:
        connection.send(b"POST /notes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        while connection.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n"):
            if connection.is_readable():
                break
        assert connection.read().status == 413
    line, = wait_requests(server, 1)
    assert_line(line, IN_POOL | {"outcome"}, route="/notes", status=413, bytes=0,
                outcome="cut_off")


def test_a_client_that_leaves_in_the_middle_of_a_head(server):
    with server.connect() as connection:
        connection.send(b"GET /books/1 HTTP/1.1\r\nHost: a\r\nX-")
        connection.wait_taken()
    line, = wait_requests(server, 1)
    assert_line(line, FIELDS | {"outcome"}, method="", target="/books/1", status=0, bytes=0,
                outcome="incomplete")


def test_a_client_that_is_too_slow(serve):
    server = serve(logging(limits={"header_ms": 50}))
    with server.connect() as connection:
        connection.send(b"GET /books/1 HTTP/1.1\r\nHost: a\r\n")
        assert connection.read().status == 408
    line, = wait_requests(server, 1)
    assert_line(line, FIELDS | {"outcome"}, target="/books/1", status=408, bytes=0,
                outcome="cut_off")


def test_a_connection_without_a_request_is_no_line(server):
    server.connect().close()
    with server.connect() as connection:
        assert connection.request("GET", "/health").status == 200
    wait_requests(server, 1)
    assert server.stop() == 0
    assert len(requests(server)) == 1


HOSTILE = [
    b'/"quotes"?a="b"',
    b"/back\\slash\\",
    b"/{\"time\":1}\",\"level\":\"error",
    b"/\x01\x02\x1b[2Jclear",
    b"/tab\there",
    b"/\x7f",
    b"/\xc2\x85\xc2\x9b",
    b"/caf\xc3\xa9",
    b"/latin-1-\xe9",
    b"/\xff\xfe\xc0\xaf\xed\xa0\x80",
    b"/" + b"\xff" * 9000,
    b"/" + b"\"" * 9000,
    b"/" + b"x" * 9000,
]


@pytest.mark.parametrize("target", HOSTILE, ids=lambda target: repr(target[:20]))
def test_a_hostile_target_breaks_no_line(server, target):
    with server.connect() as connection:
        connection.send(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        status = connection.read().status
    assert 400 <= status < 500
    server.barrier()
    assert server.stop() == 0
    found = requests(server)  # every line of the log is JSON
    assert found[-1]["target"] == "/health"
    raw = server.stderr_path.read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", raw)
    raw.decode("utf-8")
    for line in found[:-1]:  # there is none if libmicrohttpd refused the request line itself
        assert 400 <= line["status"] < 500 or line["outcome"] == "incomplete"
        text = target.decode("utf-8", "replace")
        if "target_bytes" in line:
            assert line["target_bytes"] == len(target) and len(line["target"]) >= 300
            assert line["target"].strip("\ufffd") == text[:len(line["target"])].strip("\ufffd")
        elif "\ufffd" not in text and "\t" not in text:
            assert line["target"] == text


def test_no_header_and_no_body_is_logged(serve):
    server = serve(logging("debug", writes=True))
    secret = {"Authorization": "Bearer hush-1", "Cookie": "session=hush-2", "X-Api-Key": "hush-3",
              "Referer": "http://a/hush-4", "User-Agent": "hush-5"}
    assert server.get("/books/1", secret).status == 200
    assert server.get("/nothing", secret).status == 404
    body = {"text": "hush-6", "stars": 1}
    assert server.post("/notes", body, secret).status == 201
    assert server.post("/notes", {"text": 7, "hush-7": 1}, secret).status == 400
    assert server.raw(b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: hush 8\r\n"
                      b"Connection: close\r\n\r\n")[0].status == 404
    wait_requests(server, 5)
    assert server.stop() == 0
    assert "hush" not in server.stderr()


def test_the_level_does_not_hold_for_requests(serve):
    server = serve(logging("error"))
    assert server.get("/books/1").status == 200
    wait_requests(server, 1)
    assert server.stop() == 0
    assert [line["message"] for line in lines(server)] == ["request"]


def test_a_level_without_requests(serve):
    server = serve(library.config(log={"level": "error"}))
    assert server.get("/books/1").status == 200
    assert server.stop() == 0
    assert lines(server) == []
