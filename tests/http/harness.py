"""What the HTTP tests stand on: a server process of their own, and a client that sees every byte.

The client is a socket and nothing cleverer, because half of these tests send what no client
library would send. Nothing here sleeps to wait: `wait_until` polls a condition that can be
observed, and every wait is bounded. The bounds are generous, since the same suite runs against
sanitizer builds on busy machines; no test asserts that something is fast.
"""

import json
import os
import pathlib
import re
import resource
import select
import shlex
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_S = float(os.environ.get("GANTRY_TEST_PATIENCE_S", "60"))

# Words that only a bug of ours, or a sanitizer that found one, writes to standard error.
REPORTS = (
    "ERROR: AddressSanitizer",
    "ERROR: LeakSanitizer",
    "WARNING: ThreadSanitizer",
    "runtime error:",
    "broken invariant",
    "MHD_PANIC",
    "Fatal error in GNU libmicrohttpd",
)

SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=66:detect_leaks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=66",
    "TSAN_OPTIONS": "exitcode=66:halt_on_error=0:second_deadlock_stack=1",
}


def gantry_command():
    """The program under test as a list of words: GANTRY may hold `setarch -R build/tsan/...`."""
    words = shlex.split(os.environ.get("GANTRY", str(ROOT / "build/dev/gantry")))
    return [os.path.abspath(word) if "/" in word and os.path.exists(word) else word
            for word in words]


def prober_command():
    """The load generator of bench/ that was built beside the program under test."""
    *before, program = gantry_command()
    return [*before, os.path.join(os.path.dirname(shutil.which(program) or program), "prober")]


def gantry_environment():
    environment = dict(os.environ)
    for name, value in SANITIZERS.items():
        environment.setdefault(name, value)
    return environment


def gantry(*arguments, cwd=None):
    """Run a command to its end; both streams are captured as text."""
    return subprocess.run(
        [*gantry_command(), *map(str, arguments)], cwd=cwd, env=gantry_environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, errors="replace", timeout=PATIENCE_S, check=False)


def assert_no_report(text, where="standard error"):
    for report in REPORTS:
        at = text.find(report)
        assert at < 0, f"{where} holds a report:\n{text[max(0, at - 500):at + 8000]}"


def wait_until(condition, what, timeout=None):
    """Poll until the condition returns something true, and return that."""
    end = time.monotonic() + (PATIENCE_S if timeout is None else timeout)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.005)  # the pause between two polls, not a guess at how long something takes


class Closed(Exception):
    """The peer closed (or reset) the connection before the first byte of an answer."""


class Truncated(Exception):
    """The peer closed in the middle of an answer."""


class Response:
    def __init__(self, version, status, headers, body):
        self.version = version
        self.status = status
        self.headers = headers  # list of (lower-case name, value)
        self.body = body

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


class Connection:
    """One TCP connection. Reads parse strictly: what is not an HTTP/1 answer is an error."""

    def __init__(self, address, timeout=None):
        self.socket = socket.create_connection(address, timeout or PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ports = self.socket.getsockname()[1], self.socket.getpeername()[1]
        self.buffer = b""
        self.interim = []  # the 1xx statuses seen

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Close with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        """Send all of it, or as much as the peer takes before it closes. True when all went."""
        try:
            self.socket.sendall(data)
            return True
        except (ConnectionError, BrokenPipeError):
            return False

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        self.buffer += data
        return bool(data)

    def is_readable(self, timeout=0.0):
        """Is there an answer, or the end of the connection, to be read?"""
        if self.buffer:
            return True
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(timeout * 1000))

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._receive():
                if self.buffer:
                    raise Truncated(self.buffer[:200])
                raise Closed()
        line, self.buffer = self.buffer.split(mark, 1)
        return line

    def _exactly(self, size):
        while len(self.buffer) < size:
            if not self._receive():
                raise Truncated(f"{len(self.buffer)} of {size} bytes")
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def _chunks(self):
        body = b""
        while True:
            try:
                size = int(self._until(b"\r\n").split(b";")[0], 16)
                if size == 0:
                    while self._until(b"\r\n"):
                        pass
                    return body
                body += self._exactly(size)
                assert self._exactly(2) == b"\r\n"
            except Closed:
                raise Truncated("inside a chunked body") from None

    def read(self, method="GET"):
        """The next final answer. Raises Closed, Truncated or socket.timeout."""
        while True:
            head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            start = re.fullmatch(r"(HTTP/1\.[01]) (\d{3})(?: (.*))?", head[0])
            assert start, f"not a status line: {head[0]!r}"
            status = int(start.group(2))
            if status >= 200:
                break
            self.interim.append(status)
        headers = []
        for line in head[1:]:
            name, colon, value = line.partition(":")
            assert colon and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name), line
            headers.append((name.lower(), value.strip()))
        response = Response(start.group(1), status, headers, b"")
        if method != "HEAD" and status not in (204, 304):
            response.body = self._body(response)
        return response

    def _body(self, response):
        if response.header("transfer-encoding"):
            assert response.header("transfer-encoding").lower() == "chunked"
            assert response.header("content-length") is None
            return self._chunks()
        lengths = response.all("content-length")
        if lengths:
            assert len(lengths) == 1
            return self._exactly(int(lengths[0]))
        while self._receive():
            pass
        body, self.buffer = self.buffer, b""
        return body

    def read_all(self):
        """Every answer until the peer closes. socket.timeout means that it never does."""
        answers = []
        while True:
            try:
                answers.append(self.read())
            except Closed:
                return answers

    def request(self, method, target, headers=None, body=None, host="gantry.test"):
        """Send one ordinary request and read its answer; the connection stays open."""
        self.send(compose(method, target, headers, body, host))
        return self.read(method)

    def _queues(self):
        """(bytes this side has not been able to send, bytes the server has not read yet)."""
        mine, theirs = ("%04X" % port for port in self.ports)
        unsent = unread = 0
        with open("/proc/net/tcp", encoding="ascii") as table:
            for line in table.readlines()[1:]:
                words = line.split()
                ends = words[1].split(":")[1], words[2].split(":")[1]
                if ends == (mine, theirs):
                    unsent = int(words[4].split(":")[0], 16)
                elif ends == (theirs, mine):
                    unread = int(words[4].split(":")[1], 16)
        return unsent, unread

    def wait_taken(self):
        """Wait until the server has read from its socket every byte that was sent."""
        wait_until(lambda: self._queues() == (0, 0), "the server reads what was sent")


def compose(method, target, headers=None, body=None, host="gantry.test"):
    """The bytes of one well-formed request. A dict or list as body is sent as JSON."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode("utf-8")
        headers.setdefault("Content-Type", "application/json")
    if body is not None:
        headers.setdefault("Content-Length", str(len(body)))
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


class Server:
    """A `gantry serve` process with a directory, a database and a configuration of its own."""

    def __init__(self, directory, config=None, schema="", arguments=(), database="data.db"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.database = self.directory / database
        if schema is not None and not self.database.exists():
            make_database(self.database, schema)
        self.arguments = list(arguments)
        if config is not None:
            config = dict(config)
            config.setdefault("listen", "127.0.0.1:0")
            if schema is not None:
                config["database"] = {"path": str(self.database), **config.get("database", {})}
            self.config_path = self.directory / "gantry.json"
            self.config_path.write_text(json.dumps(config, indent=1), encoding="utf-8")
            self.arguments = ["--config", str(self.config_path), *self.arguments]
        self.process = None
        self.address = None

    def start(self):
        self.stdout_path = self.directory / "stdout"
        self.stderr_path = self.directory / "stderr"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen(
                [*gantry_command(), "serve", *self.arguments], stdin=subprocess.DEVNULL,
                stdout=out, stderr=err, env=gantry_environment())
        first = wait_until(self._first_line, f"first line of output; see {self.stderr_path}")
        match = re.fullmatch(r"listening on http://(.+):(\d+)", first)
        if not match:
            self.kill()
            raise AssertionError(f"first line {first!r}; standard error:\n{self.stderr()}")
        self.address = (match.group(1).strip("[]"), int(match.group(2)))
        self.url = first.removeprefix("listening on ")
        return self

    def _first_line(self):
        text = self.stdout()
        if "\n" in text:
            return text.split("\n")[0]
        if self.process.poll() is not None:
            return f"(exit code {self.process.returncode})"
        return None

    def stdout(self):
        return self.stdout_path.read_text(encoding="utf-8", errors="replace")

    def stderr(self):
        return self.stderr_path.read_text(encoding="utf-8", errors="replace")

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout=None):
        """The exit code, once it has ended; a sanitizer's report fails the test."""
        try:
            self.process.wait(PATIENCE_S if timeout is None else timeout)
        except subprocess.TimeoutExpired:
            tail = self.stderr()[-3000:]
            self.kill()
            raise AssertionError(f"the server does not end; standard error:\n{tail}") from None
        assert_no_report(self.stderr())
        return self.process.returncode

    def stop(self):
        if self.is_running():
            self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        if self.is_running():
            self.process.kill()
        self.process.wait()

    # What the kernel says about the process.

    def fds(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_s(self):
        """Seconds of processor time it has used, as itself and in the kernel."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            words = stat.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def limit_fds(self):
        """From now on it can open nothing but what takes the place of something it closes."""
        # Until then it opens and closes files of the system's, such as /etc/localtime.
        wait_until(lambda: '"serving"' in self.stderr(), "the server to have told that it serves")
        taken = set(map(int, os.listdir(f"/proc/{self.process.pid}/fd")))
        lowest_free = next(fd for fd in range(len(taken) + 1) if fd not in taken)
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (lowest_free, hard))

    def unlimit_fds(self):
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (hard, hard))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    # Talking to it.

    def connect(self, timeout=None):
        return Connection(self.address, timeout)

    def request(self, method, target, headers=None, body=None):
        with self.connect() as connection:
            return connection.request(method, target, headers, body)

    def get(self, target, headers=None):
        return self.request("GET", target, headers)

    def post(self, target, body, headers=None):
        return self.request("POST", target, headers, body)

    def raw(self, data):
        """Send bytes, return every answer until the server closes."""
        with self.connect() as connection:
            connection.send(data)
            return connection.read_all()

    def begin(self, target, method="GET", headers=None, body=None):
        """Send a request whose answer is wanted later; the server has read it on return."""
        connection = self.connect()
        connection.send(compose(method, target, headers, body))
        connection.wait_taken()
        return connection

    def barrier(self):
        """With "loops": 1: everything the server had read before has been acted upon on return,
        because the one loop answers this after it."""
        assert self.get("/health").status == 200

    def sql(self, statement, parameters=()):
        """A look, or a change, from outside the server."""
        connection = sqlite3.connect(self.database, timeout=PATIENCE_S)
        try:
            with connection:
                return connection.execute(statement, parameters).fetchall()
        finally:
            connection.close()


def make_database(path, schema):
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(schema)
        connection.commit()
    finally:
        connection.close()


def saturate(server, target, places, code="queue_full"):
    """Send `target` on new connections until `places` of them are in flight and the next one is
    refused with `code`. Needs "loops": 1. Returns (those in flight, the refusal)."""
    held = []
    refusal = None
    end = time.monotonic() + PATIENCE_S
    while len(held) < places or refusal is None:
        assert time.monotonic() < end, f"{len(held)} of {places} in flight, refusal {refusal}"
        connection = server.begin(target)
        server.barrier()
        if not connection.is_readable(0.01):
            held.append(connection)
            refusal = None
            assert len(held) <= places, f"more than {places} were admitted"
            continue
        refusal = connection.read()
        connection.close()
        assert refusal.status == 503, refusal
        assert refusal.json()["code"] == code, refusal
    return held, refusal


def assert_problem(response, status, code):
    """Errors have one shape: RFC 9457, with the members PostgREST's clients read."""
    assert response.status == status, response
    media = response.header("content-type") or ""
    assert media.split(";")[0].strip() == "application/problem+json", response
    problem = response.json()
    for member in ("status", "title", "detail", "code", "message", "details", "hint",
                   "request_id"):
        assert member in problem, f"{member} is missing: {problem}"
    assert problem["status"] == status, problem
    codes = (code,) if isinstance(code, str) else code
    assert problem["code"] in codes, problem
    assert problem["request_id"] == response.header("x-request-id"), response
    return problem


def assert_bad_parameters(response, *names):
    """400 with one entry for each of the named parameters, and no other."""
    problem = assert_problem(response, 400, "bad_parameters")
    for error in problem["errors"]:
        assert set(error) >= {"name", "in", "message"}, error
        assert error["in"] in ("path", "query", "body"), error
        assert error["message"], error
    assert sorted(error["name"] for error in problem["errors"]) == sorted(names), problem
    return {error["name"]: error for error in problem["errors"]}
