"""The load generator of bench/: is what it counts what happened?

Most of it is asked of a server in this file that stalls, lies and resets when it is told to.
"""

import json
import os
import re
import socket
import struct
import subprocess
import threading
import time

import library
import pytest
from harness import PATIENCE_S, assert_no_report, gantry_environment, prober_command, wait_until

pytestmark = pytest.mark.skipif(not os.path.exists(prober_command()[-1]),
                                reason="no prober was built beside the program under test")

ID = "/books/{id} => \"id\":{id},"


def run_prober(*arguments):
    done = subprocess.run([*prober_command(), *map(str, arguments)], env=gantry_environment(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
    assert_no_report(done.stderr)
    return done


def probe(url, *arguments):
    done = run_prober("--url", url, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answer(body, status=200):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


class Liar:
    """A server that calls reply(request, connection) for each request; it returns bytes to send,
    or None to close."""

    def __init__(self, reply):
        self.reply = reply
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        rest = b""
        with connection:
            while True:
                try:
                    data = connection.recv(65536)
                except OSError:
                    return
                if not data:
                    return
                rest += data
                while b"\r\n\r\n" in rest:
                    request, rest = rest.split(b"\r\n\r\n", 1)
                    self.requests.append(request.decode("ascii"))
                    said = self.reply(request, connection)
                    if said is None:
                        return
                    connection.sendall(said)

    def close(self):
        # Closing alone would leave a thread that is in accept() there.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def lie():
    """lie(reply) starts a Liar that is closed when the test ends."""
    liars = []

    def start(reply):
        liars.append(Liar(reply))
        return liars[-1]

    yield start
    for liar in liars:
        liar.close()


def test_counts_from_when_a_request_was_due(lie):
    """One answer that is late by 600 ms delays all that were due meanwhile. A client that waited
    for it before it counted the next would report one late request, and fifty fast ones."""
    stalled = []

    def reply(_request, _connection):
        if not stalled:
            stalled.append(True)
            time.sleep(0.6)
        return answer(b"{}")

    seen = probe(lie(reply).url, "--rate", 100, "--duration", 0.5, "--connections", 1)
    assert seen["due"] == seen["sent"] == seen["completed"] == 50
    assert seen["status"]["200"]["count"] == 50
    # The last was due at 490 ms: it cannot have been answered before 600.
    assert seen["latency_ms"]["p50"] > 300
    assert seen["behind_ms"]["p50"] > 300
    assert seen["latency_ms"]["max"] > 599


def test_more_connections_instead_of_the_line(lie):
    """The stall holds one connection; the others are opened while it lasts."""
    first = threading.Event()
    release = threading.Event()
    liar = None

    def reply(_request, _connection):
        if not first.is_set():
            first.set()
            release.wait(PATIENCE_S)
        elif len(liar.requests) >= 20:
            release.set()
        return answer(b"{}")

    liar = lie(reply)
    seen = probe(liar.url, "--rate", 100, "--duration", 0.5, "--connections", 1,
                 "--connections-max", 50)
    assert seen["completed"] == 50
    assert 2 <= seen["connections"]["peak"] <= 50


def test_the_warm_up_is_not_counted(lie):
    seen = probe(lie(lambda *_: answer(b"{}")).url, "--rate", 200, "--duration", 0.25,
                 "--warmup", 0.25, "--timeline")
    assert seen["due"] == seen["completed"] == 50


def test_mismatches(lie):
    liar = lie(lambda *_: answer(b'{"id":7,"title":"x"}'))
    seen = probe(liar.url, "--rate", 200, "--duration", 0.25, "--path", ID, "--ids", "8:7000")
    assert seen["mismatched"] == seen["completed"] == 50
    seen = probe(liar.url, "--rate", 200, "--duration", 0.25, "--path", "/books/{id}",
                 "--expect-body", '"id":{id},', "--ids", "7:7")
    assert (seen["mismatched"], seen["completed"]) == (0, 50)


def test_what_an_error_says_is_not_compared(lie):
    seen = probe(lie(lambda *_: answer(b'{"code":"row_not_found"}', 404)).url,
                 "--rate", 200, "--duration", 0.25, "--path", ID)
    assert seen["mismatched"] == 0
    assert seen["codes"]["row_not_found"]["count"] == seen["status"]["404"]["count"] == 50


def test_nobody_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        seen = probe(url, "--rate", 200, "--duration", 0.25)
    assert seen["errors"]["refused"] == seen["failed"] == seen["due"] == 50
    assert seen["completed"] == 0


def reset(_request, connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half(_request, connection):
    connection.sendall(answer(b"12345")[:-1])


@pytest.mark.parametrize("name, reply", [
    ("reset", reset),
    ("closed", lambda *_: None),
    ("truncated", half),
    ("malformed", lambda *_: b"HTTP/1.1 200 OK\r\n\r\n"),
    ("coded", lambda *_: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
])
def test_failures(lie, name, reply):
    seen = probe(lie(reply).url, "--rate", 200, "--duration", 0.25)
    assert seen["errors"][name] == seen["failed"] == seen["due"] == 50, seen
    assert seen["completed"] == seen["mismatched"] == 0


def test_an_answer_that_nobody_asked_for(lie):
    seen = probe(lie(lambda *_: answer(b"{}") * 2).url, "--rate", 200, "--duration", 0.25)
    assert seen["completed"] == 50
    assert seen["errors"]["unsolicited"] == 50
    assert seen["failed"] == 0


def test_an_answer_in_pieces(lie):
    def reply(_request, connection):
        for byte in answer(b'{"id":1}')[:-1]:
            connection.sendall(bytes([byte]))
        return b"}"

    liar = lie(reply)
    seen = probe(liar.url, "--rate", 50, "--duration", 0.4, "--path", '/{id} => {"id":{id}}',
                 "--ids", "1:1")
    assert (seen["completed"], seen["mismatched"]) == (20, 0)


def test_phases(lie):
    phases = ['"phase":"admission",', '"phase":"queue",', ""]
    replies = iter(range(10**6))

    def reply(_request, _connection):
        n = next(replies) % 3
        return answer(b'{"code":"busy",%s"x":1}' % phases[n].encode(), 504 if n else 503)

    seen = probe(lie(reply).url, "--rate", 200, "--duration", 0.3, "--connections", 1)
    assert seen["status"]["503"]["count"] == seen["phases"]["admission"]["count"] == 20
    assert seen["phases"]["queue"]["count"] == seen["phaseless"] == 20
    assert seen["codes"]["busy"]["count"] == 60


def test_deadlines(lie):
    def reply(request, _connection):
        wait = re.search(rb"\r\nPrefer: wait=(0\.0[1-3]\d)(\r\n|$)", request)
        time.sleep(float(wait.group(1)) + 0.02)
        return answer(b"{}")

    liar = lie(reply)
    seen = probe(liar.url, "--rate", 100, "--duration", 0.3, "--prefer-wait", "10:39",
                 "--connections-max", 200)
    assert seen["deadlines"]["answered"] == seen["deadlines"]["late"] == 30
    assert seen["deadlines"]["late_ms"]["p50"] >= 20
    assert len({re.search("wait=(.*)", request).group(1) for request in liar.requests}) > 5


def test_no_answer_at_all(lie):
    release = threading.Event()

    def reply(_request, _connection):
        release.wait(PATIENCE_S)
        return answer(b"{}")

    try:
        seen = probe(lie(reply).url, "--rate", 100, "--duration", 0.2, "--connections", 5,
                     "--grace", 0.1)
    finally:
        release.set()
    assert (seen["unanswered"], seen["unsent"], seen["due"]) == (5, 15, 20)


def test_against_gantry(serve):
    server = serve(library.config())
    seen = probe(server.url, "--rate", 400, "--duration", 0.5, "--ids", "1:4", "--poisson",
                 "--path", "2 " + ID, "--path", 'POST /optional {"v":"n{id}"} => "n{id}"')
    assert seen["due"] == seen["completed"] == seen["status"]["200"]["count"] > 0
    assert seen["mismatched"] == 0
    assert not any(seen["errors"].values())


def test_clients_that_vanish(serve):
    """Every one of them; afterwards the server has all its places again."""
    server = serve(library.config(loops=1, pools={"read": {"threads": 1, "queue": 2},
                                                  "slow": {"threads": 1, "queue": 1000}},
                                  limits={"deadline_ms": 600000}))
    seen = probe(server.url, "--rate", 400, "--duration", 0.5, "--path", "/sleep?ms=600000",
                 "--abandon", 1, "--abandon-ms", 20)
    assert seen["abandoned"] == seen["sent"] == 200
    assert seen["completed"] == 0
    assert seen["connections"]["opened"] > 64
    wait_until(lambda: server.get("/sleep?ms=1").status == 200, "the thread to be free")


def test_closed_loop(serve):
    server = serve(library.config())
    seen = probe(server.url, "--closed", "--duration", 0.3, "--path", ID, "--ids", "1:4",
                 "--connections", 3)
    assert seen["completed"] == seen["sent"] > 3
    assert seen["connections"]["opened"] == 3
    assert seen["mismatched"] == 0


@pytest.mark.parametrize("arguments", [
    [], ["--url", "http://127.0.0.1:1"], ["--url", "127.0.0.1:1", "--rate", "1"],
    ["--url", "http://127.0.0.1:1", "--rate", "none"],
    ["--url", "http://127.0.0.1:1", "--rate", "1", "--path", "health"],
    ["--url", "http://127.0.0.1:1", "--rate", "1", "--abandon", "1.5"],
    ["--url", "http://127.0.0.1:1", "--rate", "1", "--ids", "5:4"],
    ["--url", "http://127.0.0.1:1", "--rate", "1", "extra"], ["--nonsense"],
])
def test_usage(arguments):
    done = run_prober(*arguments)
    assert done.returncode == 64
    assert done.stderr and not done.stdout


def test_help():
    done = run_prober("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--prefer-wait" in done.stdout
