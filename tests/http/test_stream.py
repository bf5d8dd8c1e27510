"""Answers that leave in pieces: exact, bounded, and visibly broken when they are."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time

import pytest

import library
from harness import (PATIENCE_S, Closed, Truncated, assert_no_report, compose, gantry,
                     wait_until)

COUNT = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :n)"
FILL = "x" * 60

ROUTES = [
    {"path": "/rows", "stream": True, "pool": "exports", "params": {"n": {"type": "integer"}},
     "sql": f"{COUNT} SELECT n, '{FILL}' AS fill FROM c"},
    {"path": "/whole", "params": {"n": {"type": "integer"}},
     "sql": f"{COUNT} SELECT n, '{FILL}' AS fill FROM c"},
    {"path": "/fails", "stream": True, "pool": "exports",
     "params": {"n": {"type": "integer"}, "at": {"type": "integer"}},
     "sql": f"{COUNT} SELECT n, '{FILL}' AS fill,"
            " CASE WHEN n = :at THEN abs(-9223372036854775808) END AS x FROM c"},
    {"path": "/wide", "stream": True, "params": {"size": {"type": "integer"}},
     "sql": "SELECT hex(zeroblob(:size)) AS a UNION ALL SELECT hex(zeroblob(:size)) || '!'"},
    {"path": "/number", "result": "row", "sql": "SELECT 1 AS n"},
]


def size_of(n):
    """Bytes of the answer to /rows?n=."""
    digits = sum(len(str(i)) for i in (1, n)) if n < 2 else 0
    low, width = 1, 1
    while low <= n:
        digits += width * (min(n, low * 10 - 1) - low + 1)
        low, width = low * 10, width + 1
    return digits + n * len('{"n":,"fill":""},') + n * len(FILL) + 1


def body_of(n):
    rows = ",".join('{"n":%d,"fill":"%s"}' % (i, FILL) for i in range(1, n + 1))
    return f"[{rows}]".encode()


MANY = 650000  # rows: 50 MB


def download(server, target):
    """A large answer, by a client that copies it once; it raises if it is not whole."""
    client = http.client.HTTPConnection(*server.address, timeout=PATIENCE_S)
    client.request("GET", target)
    answer = client.getresponse()
    body = answer.read()
    client.close()
    return answer, body


def streaming(serve, limits=None, spool=None, threads=2, **more):
    return serve(library.config(
        loops=1, routes=ROUTES,
        pools={"exports": {"threads": threads, "queue": 64, "codel_target_ms": 0}},
        limits={"stall_ms": 600000, "snapshot_ms": 600000, **(limits or {})},
        **({"spool": spool} if spool is not None else {}), **more))


def figure(server, name):
    """A figure of /metrics, by its name and the labels that follow "listener"."""
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith(name):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"{name} is not there")


def cuts(server, reason):
    return figure(server, f'gantry_stream_cuts_total{{listener="main",reason="{reason}"}}')


def is_quiet(server):
    """Nothing is left of any stream: no place, no byte, no thread."""
    page = server.get("/metrics").body.decode()
    return all(f"\n{line} 0\n" in page for line in (
        'gantry_stream_open{listener="main"}',
        'gantry_stream_spooled_bytes{listener="main"}',
        'gantry_loop_in_flight{listener="main",loop="0"}',
        'gantry_loop_buffered_bytes{listener="main",loop="0"}',
        'gantry_pool_busy_threads{pool="exports"}',
        'gantry_pool_queue_depth{pool="exports"}'))


class Slow:
    """A client with a small window that reads when it is told to."""

    def __init__(self, server, target, version="HTTP/1.1"):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(60)
        self.socket.connect(server.address)
        self.socket.sendall(f"GET {target} {version}\r\nHost: gantry.test\r\n\r\n".encode())
        self.data = b""

    def read(self, size):
        piece = self.socket.recv(size)
        self.data += piece
        return piece

    def read_head(self):
        while b"\r\n\r\n" not in self.data:
            assert self.read(4096)
        return self.data.split(b"\r\n\r\n")[0]

    def rest(self):
        """The body, or what is there of it, and whether it ended well."""
        pieces = [self.data]
        tail = self.data[-5:]
        try:
            while tail[-5:] != b"0\r\n\r\n":
                piece = self.socket.recv(1 << 20)
                if not piece:
                    break
                pieces.append(piece)
                tail = (tail + piece)[-5:]
        except ConnectionResetError:
            pass
        raw = b"".join(pieces).split(b"\r\n\r\n", 1)[1]
        body, at = [], 0
        while True:
            end = raw.find(b"\r\n", at)
            if end < 0:
                return b"".join(body), False
            size = int(raw[at:end], 16)
            if size == 0:
                return b"".join(body), raw[end:] == b"\r\n\r\n"
            body.append(raw[end + 2:end + 2 + size])
            at = end + 2 + size + 2
            if at > len(raw):
                return b"".join(body), False

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def warm(server, threads):
    """Let every thread of the pool open its connection to the database."""
    slow = [Slow(server, f"/rows?n={MANY}") for _ in range(threads)]
    wait_until(lambda: figure(server, "gantry_stream_open") == threads, "all threads to stream")
    for client in slow:
        client.close()
    wait_until(lambda: is_quiet(server), "the start")


# --- whole ---------------------------------------------------------------------------------------

def test_every_byte_of_fifty_megabytes(serve):
    server = streaming(serve)
    answer, body = download(server, f"/rows?n={MANY}")
    assert answer.status == 200
    assert answer.getheader("transfer-encoding") == "chunked"
    assert answer.getheader("content-length") is None
    assert answer.getheader("content-type") == "application/json"
    assert answer.getheader("x-request-id")
    assert len(body) == size_of(MANY)
    assert body == body_of(MANY)
    wait_until(lambda: is_quiet(server), "the stream to be over")
    assert figure(server, "gantry_stream_bytes_total") == size_of(MANY)


@pytest.mark.parametrize("n", [0, 1, 1000, 3100, 3300, 20000])
def test_sizes_around_the_bounds(serve, n):
    server = streaming(serve)
    want = body_of(n) if n else b'[{"n":1,"fill":"%s"}]' % FILL.encode()
    with server.connect() as connection:
        for _ in range(2):
            answer = connection.request("GET", f"/rows?n={n}")
            assert (answer.status, answer.body) == (200, want)
        is_small = len(want) < 262144
        assert (answer.header("content-length") is not None) == is_small


@pytest.mark.parametrize("n", [0, 2, 20000])
def test_other_formats(serve, n):
    server = streaming(serve)
    rows = max(n, 1)  # the statement always has one
    lines = server.get(f"/rows?n={n}", {"Accept": "application/x-ndjson"})
    assert lines.header("content-type") == "application/x-ndjson; charset=utf-8"
    assert lines.body.decode() == "".join(
        '{"n":%d,"fill":"%s"}\n' % (i, FILL) for i in range(1, rows + 1))
    table = server.get(f"/rows?n={n}", {"Accept": "text/csv;q=0.9, application/json;q=0.1"})
    assert table.header("content-type") == "text/csv; charset=utf-8"
    assert table.body.decode() == "n,fill" + "".join(
        "\n%d,%s" % (i, FILL) for i in range(1, rows + 1))
    for accept in ("text/html, */*;q=0.8", "image/png", "application/x-ndjson;q=0"):
        assert server.get(f"/rows?n={n}", {"Accept": accept}).body == body_of(rows)
    assert "Accept" in lines.header("vary")
    # A route that does not stream answers as it always did.
    assert server.get("/whole?n=1", {"Accept": "text/csv"}).body == body_of(1)


def test_a_small_one_is_as_it_always_was(serve):
    server = streaming(serve)
    a = server.get("/rows?n=5")
    b = server.get("/whole?n=5")
    assert a.body == b.body
    names = [[name for name, _ in answer.headers if name != "vary"] for answer in (a, b)]
    assert names[0] == names[1]


def test_rows_larger_than_the_pipe(serve):
    server = streaming(serve)
    for size in (1, 40000, 131071, 131072, 400000, 3000000):
        answer = server.get(f"/wide?size={size}")
        assert [len(row["a"]) for row in answer.json()] == [2 * size, 2 * size + 1]


def test_keep_alive_and_pipelining(serve):
    server = streaming(serve)
    with server.connect() as connection:
        for n in (20000, 5, 30000):
            connection.send(compose("GET", f"/rows?n={n}"))
        connection.send(compose("GET", "/number"))
        for n in (20000, 5, 30000):
            assert connection.read().body == body_of(n)
        assert connection.read().json() == {"n": 1}
        assert connection.request("GET", "/rows?n=20000").body == body_of(20000)


def test_asked_to_close(serve):
    server = streaming(serve)
    with server.connect() as connection:
        answer = connection.request("GET", "/rows?n=20000", {"Connection": "close"})
        assert answer.header("transfer-encoding") == "chunked"
        assert answer.body == body_of(20000)
        with pytest.raises(Closed):
            connection.read()


def test_http_1_0_gets_it_whole_or_an_error(serve):
    server = streaming(serve, limits={"response_bytes": 200000})
    with server.connect() as connection:
        connection.send(b"GET /rows?n=2000 HTTP/1.0\r\nHost: a\r\n\r\n")
        answer = connection.read()
        assert answer.status == 200
        assert int(answer.header("content-length")) == len(answer.body)
        assert answer.body == body_of(2000)
    with server.connect() as connection:
        connection.send(b"GET /rows?n=20000 HTTP/1.0\r\nHost: a\r\n\r\n")
        answer = connection.read()
        assert answer.status == 500
        assert answer.json()["code"] == "result_too_large"


def test_head_does_not_run_to_the_end(serve):
    server = streaming(serve)
    with server.connect() as connection:
        small = connection.request("HEAD", "/rows?n=5")
        assert int(small.header("content-length")) == len(body_of(5))
        assert connection.request("GET", "/number").json() == {"n": 1}
        head = connection.request("HEAD", "/rows?n=4000000000")
        assert head.status == 200
        assert head.header("content-type") == "application/json"
        assert head.header("content-length") is None
        with pytest.raises(Closed):  # and not a byte more
            connection.read()
    wait_until(lambda: is_quiet(server), "no work to be left")
    assert "a stream was cut" not in server.stderr()


def test_prefer_wait_is_acknowledged_and_does_not_bound_the_stream(serve):
    """The first piece is there in time; the rest has snapshot_ms."""
    server = streaming(serve)
    answer = server.get("/rows?n=20000", {"Prefer": "wait=30"})
    assert answer.header("preference-applied") == "wait=30"
    assert answer.body == body_of(20000)


# --- slow clients --------------------------------------------------------------------------------

def test_a_slow_reader_gets_everything(serve):
    server = streaming(serve)
    slow = Slow(server, "/rows?n=100000")
    slow.read_head()
    for _ in range(200):
        slow.read(1000)
    assert slow.rest() == (body_of(100000), True)
    slow.close()
    wait_until(lambda: is_quiet(server), "the stream to be over")
    assert figure(server, "gantry_stream_stalls_total") == 0


def test_memory_does_not_grow(serve):
    """Twenty clients that do not read, fifty megabytes each."""
    server = streaming(serve, threads=20)

    def resident():
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    for _ in range(3):
        assert server.get("/rows?n=20000").status == 200
    before = resident()
    slow = [Slow(server, f"/rows?n={MANY}") for _ in range(20)]
    for client in slow:
        client.read_head()
    wait_until(lambda: figure(server, "gantry_stream_open") == 20, "twenty streams")
    # Each pipe is full when its worker waits: then nothing moves any more.
    sent = -1
    while sent != (sent := figure(server, "gantry_stream_bytes_total")):
        server.barrier()
    is_sanitized = "san" in os.environ.get("GANTRY", "")
    assert resident() - before < (400 if is_sanitized else 40) * 1024
    assert server.get("/number").json() == {"n": 1}
    assert slow[0].rest() == (body_of(MANY), True)
    for client in slow:
        client.close()
    wait_until(lambda: is_quiet(server), "the streams to be over")


def test_health_and_other_pools_beside_slow_streams(serve):
    server = streaming(serve, threads=2)
    slow = [Slow(server, f"/rows?n={MANY}") for _ in range(20)]
    wait_until(lambda: figure(server, "gantry_stream_open") >= 2, "two streams")
    for _ in range(50):
        assert server.get("/health").status == 200
        assert server.get("/number").json() == {"n": 1}
    for client in slow:
        client.close()
    wait_until(lambda: is_quiet(server), "the streams to be over")


def test_slow_clients_do_not_keep_a_thread_that_others_wait_for(serve):
    """However long they may stall: the rest is spooled as soon as somebody is in the queue."""
    server = streaming(serve, threads=1, limits={"stall_ms": 600000, "snapshot_ms": 3600000})
    slow = [Slow(server, "/rows?n=100000") for _ in range(3)]
    assert server.get("/rows?n=1").status == 200
    for client in slow:
        assert client.rest() == (body_of(100000), True)
        client.close()
    wait_until(lambda: is_quiet(server), "the streams to be over")


def test_the_budget_of_what_is_buffered(serve):
    """A stream counts 256 KiB: the fifth, beside the page of figures, is answered 503, before it has begun."""
    server = streaming(serve, threads=8, limits={"buffered_bytes": (5 << 18) - 1})
    slow = [Slow(server, f"/rows?n={MANY}") for _ in range(4)]
    wait_until(lambda: figure(server, "gantry_stream_open") == 4, "four streams")
    answer = server.get("/rows?n=100000")
    assert (answer.status, answer.json()["code"]) == (503, "buffers_full")
    for client in slow:
        client.close()
    wait_until(lambda: is_quiet(server), "the streams to be over")
    assert server.get("/rows?n=20000").body == body_of(20000)


def test_silence_is_not_slowness(serve):
    """limits.idle_ms is for connections that are asked nothing."""
    server = streaming(serve, limits={"idle_ms": 1000})
    slow = Slow(server, f"/rows?n={MANY}")
    slow.read_head()
    wait_until(lambda: figure(server, "gantry_stream_open") == 1, "a stream")
    for _ in range(2):
        with server.connect() as idle:
            assert idle.request("GET", "/number").status == 200
            with pytest.raises(Closed):
                idle.read()  # a second later
    assert slow.rest() == (body_of(MANY), True)
    assert slow.socket.recv(1) == b""  # and now it is silent, too
    slow.close()


def test_a_client_that_takes_nothing_is_sent_away(serve):
    server = streaming(serve, limits={"send_ms": 200})
    slow = Slow(server, f"/rows?n={MANY}")
    wait_until(lambda: cuts(server, "send_ms") == 1, "it to be cut")
    wait_until(lambda: is_quiet(server), "nothing to be left")
    assert not slow.rest()[1]
    slow.close()


# --- spools --------------------------------------------------------------------------------------

def test_what_a_slow_client_leaves_is_spooled(serve, tmp_path):
    server = streaming(serve, limits={"stall_ms": 20}, spool={"directory": str(tmp_path)})
    warm(server, 2)
    fds = server.fds()
    slow = [Slow(server, f"/rows?n={MANY}") for _ in range(3)]
    wait_until(lambda: figure(server, "gantry_stream_spools_total") == 3
               and figure(server, 'gantry_pool_busy_threads{pool="exports"}') == 0,
               "the threads to be free")
    assert figure(server, "gantry_stream_spooled_bytes") > 2.5 * size_of(MANY)
    assert figure(server, "gantry_stream_open") == 3
    assert not list(tmp_path.glob("gantry*"))  # they have no names
    for client in slow[:2]:
        assert client.rest() == (body_of(MANY), True)
    slow[2].read(100000)
    slow[2].close()
    for client in slow[:2]:
        client.close()
    wait_until(lambda: is_quiet(server), "the spools to be gone")
    wait_until(lambda: server.fds() <= fds, "the files to be closed")
    assert figure(server, "gantry_stream_stalls_total") == 3


def test_a_reader_that_catches_up_with_the_writer(serve, tmp_path):
    """It stalls at first, then reads faster than the statement writes."""
    server = streaming(serve, limits={"stall_ms": 5}, spool={"directory": str(tmp_path)})
    for _ in range(5):
        slow = Slow(server, f"/rows?n={MANY}")
        wait_until(lambda: figure(server, "gantry_stream_spooled_bytes") > 0, "a spool")
        assert slow.rest() == (body_of(MANY), True)
        slow.close()
        wait_until(lambda: is_quiet(server), "the stream to be over")


def test_half_of_the_time_is_for_the_client(serve, tmp_path):
    """One that never stalls, but is slower than the work, does not keep it for long."""
    server = streaming(serve, limits={"snapshot_ms": 8000, "stall_ms": 60000},
                       spool={"directory": str(tmp_path)})
    slow = Slow(server, f"/rows?n={MANY}")
    slow.read_head()

    def is_spooled():
        slow.read(4000)
        return figure(server, "gantry_stream_spools_total") == 1

    wait_until(is_spooled, "it to be spooled")
    slow.close()
    wait_until(lambda: is_quiet(server), "the stream to be over")


@pytest.mark.parametrize("spool, reason", [({"bytes": 1000000}, "spool"),
                                           ({"bytes": 0}, "stall_ms")])
def test_without_room_it_is_cut(serve, spool, reason):
    server = streaming(serve, limits={"stall_ms": 20}, spool=spool)
    slow = Slow(server, f"/rows?n={MANY}")
    wait_until(lambda: cuts(server, reason) == 1, "it to be cut")
    wait_until(lambda: is_quiet(server), "nothing to be left")
    body, is_whole = slow.rest()
    assert not is_whole
    assert body_of(20000)[:1000] == body[:1000]
    slow.close()
    warnings = [line for line in server.stderr().splitlines() if "a stream was cut" in line]
    assert len(warnings) == 1
    assert json.loads(warnings[0])["reason"] == reason


def test_a_directory_that_is_of_no_use_is_said_at_the_start(tmp_path):
    config = tmp_path / "gantry.json"
    config.write_text(json.dumps({"listen": "127.0.0.1:0", "tables": {"enabled": False},
                                  "spool": {"directory": str(tmp_path / "nowhere")}}))
    result = gantry("serve", "--config", config)
    assert result.returncode == 74
    assert "no temporary file can be made in" in result.stderr
    assert "spool.directory" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk(serve, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)],
                             check=False, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        server = streaming(serve, limits={"stall_ms": 20}, spool={"directory": str(disk)})
        slow = Slow(server, f"/rows?n={MANY}")
        wait_until(lambda: cuts(server, "spool") == 1, "it to be cut")
        assert not slow.rest()[1]
        slow.close()
        wait_until(lambda: is_quiet(server), "nothing to be left")
        assert "No space left" in server.stderr()
        assert server.get("/rows?n=20000").body == body_of(20000)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# --- what goes wrong -----------------------------------------------------------------------------

def test_a_failure_half_way_is_seen(serve):
    server = streaming(serve)
    with pytest.raises(Truncated):
        server.get("/fails?n=200000&at=100000")
    client = http.client.HTTPConnection(*server.address)
    client.request("GET", "/fails?n=200000&at=100000")
    answer = client.getresponse()
    assert answer.status == 200
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    client.close()
    wait_until(lambda: cuts(server, "failed") == 2, "both to be counted")
    warning = next(json.loads(line) for line in server.stderr().splitlines()
                   if "a stream was cut" in line)
    assert (warning["level"], warning["error"]) == ("warn", "integer overflow")
    assert server.get("/rows?n=20000").body == body_of(20000)
    wait_until(lambda: is_quiet(server), "nothing to be left")


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_curl_sees_it(serve):
    server = streaming(serve)
    command = ["curl", "-s", "-o", "/dev/null", f"{server.url}/fails?n=200000&at=100000"]
    assert subprocess.run(command, check=False).returncode == 18
    command[-1] = f"{server.url}/rows?n=100000"
    assert subprocess.run(command, check=False).returncode == 0


def test_a_failure_before_the_first_piece_is_an_answer(serve):
    server = streaming(serve)
    answer = server.get("/fails?n=200000&at=100")
    assert answer.status in (400, 500)
    assert answer.header("content-type") == "application/problem+json"


def test_the_time_of_a_snapshot(serve):
    server = streaming(serve, limits={"snapshot_ms": 300, "stall_ms": 100000})
    with pytest.raises(Truncated):
        server.get("/rows?n=4000000000")
    wait_until(lambda: cuts(server, "snapshot_ms") == 1, "it to be counted")
    wait_until(lambda: is_quiet(server), "nothing to be left")


def test_the_deadline_holds_until_the_first_piece(serve):
    server = serve(library.config(
        loops=1, limits={"deadline_ms": 100},
        routes=[{"path": "/late", "stream": True, "sql": library.RUNAWAY}]))
    answer = server.get("/late")
    assert (answer.status, answer.json()["code"]) == (504, "deadline_run")


def test_an_operator_cancels_it(serve):
    server = streaming(serve)
    slow = Slow(server, f"/rows?n={MANY}")
    slow.read_head()
    with server.connect() as operator:
        (query,) = operator.request("GET", "/admin/queries", host="127.0.0.1").json()
        assert (query["state"], query["route"]) == ("running", "/rows")
        answer = operator.request("DELETE", f"/admin/queries/{query['id']}", host="127.0.0.1")
        assert answer.status == 202
    wait_until(lambda: cuts(server, "cancelled") == 1, "it to be cut")
    wait_until(lambda: is_quiet(server), "nothing to be left")
    assert not slow.rest()[1]
    slow.close()


def test_clients_that_vanish(serve):
    """Three hundred, at any point, one way or the other: nothing is left of them."""
    server = streaming(serve, limits={"stall_ms": 10}, threads=4)
    seed = int(os.environ.get("GANTRY_STORM_SEED", time.time()))
    print("GANTRY_STORM_SEED", seed)
    chance = random.Random(seed)
    warm(server, 4)
    fds, threads = server.fds(), server.threads()
    for _ in range(60):
        clients = []
        for _ in range(5):
            rows = chance.choice((1000, 30000, MANY))
            client = Slow(server, f"/rows?n={rows}")
            clients.append(client)
            wanted = chance.choice((0, 0, 100, 100000, size_of(rows) - 1))
            while len(client.data) < min(wanted, 300000, size_of(rows)):
                client.read(chance.choice((100, 65536)))
            kind = chance.randrange(3)
            if kind == 0:
                client.close()
            elif kind == 1:
                client.reset()
            else:
                client.socket.shutdown(socket.SHUT_WR)
        for client in clients:
            client.close()
    wait_until(lambda: is_quiet(server), "nothing to be left")
    wait_until(lambda: server.fds() <= fds, "descriptors to be closed")
    assert server.threads() <= threads
    assert server.get("/rows?n=20000").body == body_of(20000)
    assert_no_report(server.stderr())


# --- the end of the server -----------------------------------------------------------------------

def test_a_stream_is_finished_when_the_server_stops(serve):
    server = streaming(serve, limits={"drain_ms": 60000})
    slow = Slow(server, f"/rows?n={MANY}")
    slow.read_head()
    server.signal(signal.SIGTERM)
    wait_until(lambda: "draining" in server.stderr(), "the drain")
    assert slow.rest() == (body_of(MANY), True)
    slow.close()
    assert server.wait() == 0


@pytest.mark.parametrize("stall_ms", [600000, 10])
def test_at_the_end_of_the_drain_it_is_cut(serve, stall_ms):
    """Waiting for its client, or spooled."""
    server = streaming(serve, limits={"drain_ms": 100, "stall_ms": stall_ms})
    slow = [Slow(server, f"/rows?n={MANY}") for _ in range(4)]
    wait_until(lambda: figure(server, "gantry_stream_open") >= 2, "streams")
    if stall_ms == 10:
        wait_until(lambda: figure(server, "gantry_stream_spooled_bytes") > 0, "a spool")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    for client in slow:
        client.close()
    assert '"reason":"shutdown"' in server.stderr()
