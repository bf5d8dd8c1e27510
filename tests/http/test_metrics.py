"""/metrics: well-formed, exact, complete in its documentation, and there whatever the pools do."""

import collections
import pathlib
import re
import shutil
import subprocess
import threading

import pytest

import library
from harness import (Closed, Connection, Truncated, assert_problem, compose, saturate, wait_until)

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = ("/metrics", "/health")  # what looking costs

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:\\[\\"n]|[^\\"\n])*"'
SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({LABEL}(?:,{LABEL})*)\}})? "
                    r"([0-9]+(?:\.[0-9]+)?)")
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


# --- reading the format ---------------------------------------------------------------------------


class Page:
    """One answer, read strictly: types and helps by family, values by name and labels."""

    def __init__(self, text):
        self.types, self.helps, self.values = {}, {}, {}
        family = None
        assert text.endswith("\n")
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                _, _, family, self.helps[family] = line.split(" ", 3)
                assert family not in self.types, f"{family} comes twice"
            elif line.startswith("# TYPE "):
                _, _, name, self.types[name] = line.split(" ")
                assert name == family
            else:
                self._take(family, line)
        self._check_histograms()

    def _take(self, family, line):
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, labels, value = match.groups()
        is_histogram = self.types[family] == "histogram"
        assert name in ([f"{family}{end}" for end in ("_bucket", "_sum", "_count")]
                        if is_histogram else [family]), line
        pairs = re.findall(r'(\w+)="((?:\\.|[^\\"])*)"', labels or "")
        key = name, frozenset((k, re.sub(r"\\.", lambda m: ESCAPES[m.group()], v))
                              for k, v in pairs)
        assert len(key[1]) == len(pairs) and key not in self.values, line
        self.values[key] = float(value) if "." in value else int(value)

    def _check_histograms(self):
        buckets = collections.defaultdict(list)
        for (name, labels), value in self.values.items():
            if name.endswith("_bucket"):
                le = dict(labels)["le"]
                rest = frozenset(pair for pair in labels if pair[0] != "le")
                buckets[name[:-7], rest].append((float(le.replace("+Inf", "inf")), value))
        for (family, labels), pairs in buckets.items():
            assert pairs == sorted(pairs) and pairs[-1][0] == float("inf"), family
            counts = [count for _, count in pairs]
            assert counts == sorted(counts), family
            assert counts[-1] == self.values[f"{family}_count", labels]
            assert (f"{family}_sum", labels) in self.values

    def get(self, name, **labels):
        return self.values.get((name, frozenset(labels.items())), 0)

    def labels_of(self, family):
        """The sets of label names that samples of the family have."""
        names = [f"{family}{end}" for end in ("", "_bucket", "_sum", "_count")]
        return {frozenset(label for label, _ in labels if label != "le")
                for name, labels in self.values if name in names}


def look(server):
    answer = server.get("/metrics")
    assert answer.status == 200, answer
    assert answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.header("cache-control") == "no-store"
    return Page(answer.body.decode("utf-8"))


COUNTS = ("gantry_http_requests_total", "gantry_http_requests_unanswered_total",
          "gantry_http_deadline_total", "gantry_pool_rejected_total",
          "gantry_pool_cancelled_total", "gantry_pool_submitted_total")


def moved(before, after):
    """What the counters have moved by, but for the looking: {(name, labels without listener): n}"""
    by = {}
    for (name, labels), value in after.values.items():
        if name in COUNTS and dict(labels).get("route") not in OWN:
            n = value - before.values.get((name, labels), 0)
            assert n >= 0, (name, labels)
            if n:
                key = name, *(f"{k}={v}" for k, v in sorted(labels) if k != "listener")
                by[key] = n
    return by


def requests(route, code, n=1, method="GET"):
    return {("gantry_http_requests_total", f"code={code}", f"method={method}",
             f"route={route}"): n}


def unanswered(route, n=1, method="GET"):
    return {("gantry_http_requests_unanswered_total", f"method={method}", f"route={route}"): n}


def submitted(pool, n):
    return {("gantry_pool_submitted_total", f"pool={pool}"): n}


def cancelled(pool, reason, state, n):
    return {("gantry_pool_cancelled_total", f"pool={pool}", f"reason={reason}",
             f"state={state}"): n}


def assert_moved(server, before, *expected):
    """A request is counted after its last byte was sent, so what is expected may come a moment
    after its answer; more than that must not come."""
    want = {key: n for part in expected for key, n in part.items()}
    last = {}

    def has_moved():
        last.clear()
        last.update(moved(before, look(server)))
        return last == want

    try:
        wait_until(has_moved, "the counters")
    except AssertionError:
        assert last == want
        raise
    assert moved(before, look(server)) == want


# --- the format -----------------------------------------------------------------------------------


def hostile(serve):
    """A route whose pattern tries to break out of its label."""
    path = '/odd " 1\\n\\/ü😀,x="/{id}'
    server = serve(library.config(loops=2, routes=[
        {"method": "GET", "path": path, "sql": "SELECT :id AS id",
         "params": {"id": {"type": "string"}}}, *library.ROUTES]))
    target = "/odd%20%22%201%5Cn%5C/%C3%BC%F0%9F%98%80,x=%22/7"
    assert server.get(target).status == 200
    return server, path


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool (package prometheus)")
def test_promtool_finds_nothing(serve):
    server, _ = hostile(serve)
    assert server.get("/nowhere").status == 404
    with server.begin("/sleep?ms=600000"):
        pass
    wait_until(lambda: any(name == "gantry_http_requests_unanswered_total"
                           for name, _ in look(server).values), "its client to be gone")
    check = subprocess.run(["promtool", "check", "metrics"], input=server.get("/metrics").body,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert (check.returncode, check.stdout) == (0, b"")


def test_label_values_come_back_as_they_are(serve):
    server, path = hostile(serve)
    wait_until(lambda: look(server).get("gantry_http_requests_total", listener="main",
                                        method="GET", route=path, code="2xx") == 1, path)


def test_documentation_and_output_agree(serve):
    server = serve(library.config(writes=True))
    before = look(server)
    assert server.get("/nowhere").status == 404
    with server.begin("/sleep?ms=600000"):
        pass
    page = wait_until(lambda: moved(before, look(server)).keys() >= unanswered("/sleep").keys()
                      and look(server), "one of each")
    documented = {}
    for line in (ROOT / "docs/metrics.md").read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"\| `(\w+)` \| (\w+) \| (.*?) ?\| (.+) \|", line)
        if match:
            name, kind, labels, meaning = match.groups()
            documented[name] = kind, frozenset(re.findall(r"`(\w+)`", labels)), meaning
    if "gantry_process_open_fds" not in page.types:  # before Linux 6.2
        del documented["gantry_process_open_fds"]
    del documented["gantry_pool_stuck_requests"]  # only there while there are any
    shown = {}
    for name, kind in page.types.items():
        (labels,) = page.labels_of(name)
        shown[name] = kind, labels, page.helps[name]
    assert shown == documented
    assert all(name.startswith("gantry_") for name in shown)


def test_what_cannot_be_stopped_is_named(serve):
    server = serve(library.config(pools={"deaf": {"threads": 1, "spares": 0}},
                                  routes=[{"path": "/deaf", "sql": library.DEAF, "pool": "deaf"}]))
    assert "gantry_pool_stuck_requests" not in look(server).types
    with server.begin("/deaf"):
        wait_until(lambda: look(server).get("gantry_pool_busy_threads", pool="deaf") == 1, "it runs")
    page = wait_until(lambda: (page := look(server)).get("gantry_pool_stuck_threads", pool="deaf")
                      and page, "it to be stuck")
    assert page.get("gantry_pool_stuck_requests", pool="deaf", route="/deaf") == 1
    assert page.helps["gantry_pool_stuck_requests"] \
        == "Requests that were told to end a second or more ago, and run."
    server.kill()  # it would not end for minutes


def test_methods(shared):
    answer = shared.request("HEAD", "/metrics")
    assert answer.status == 200 and int(answer.header("content-length")) > 0
    assert_problem(shared.post("/metrics", {}), 405, "method_not_allowed")


def test_build_and_process(shared):
    page = look(shared)
    ((name, labels),) = [key for key in page.values if key[0] == "gantry_build_info"]
    assert page.values[name, labels] == 1
    assert all(re.fullmatch(r"\d+\.\d+\.\d+.*", value) for _, value in labels), labels
    assert page.get("gantry_process_threads") == shared.threads()
    assert page.get("gantry_process_resident_memory_bytes") > 1024 * 1024
    assert page.get("gantry_process_virtual_memory_bytes") \
        > page.get("gantry_process_resident_memory_bytes")
    assert page.get("gantry_process_max_fds") > 0
    assert page.get("gantry_process_cpu_seconds_total") > 0
    assert page.get("gantry_process_start_time_seconds") > 1.5e9


def test_it_is_announced(serve):
    server = serve(library.config())
    wait_until(lambda: f"  metrics {server.url}/metrics\n" in server.stdout(), "the line")


def test_with_an_admin_listener(serve):
    """They are served there and not on the main one, and are of both."""
    server = serve(library.config(loops=2, admin={"listen": "127.0.0.1:0"}))
    url = wait_until(lambda: re.search(r"^  metrics http://(.+):(\d+)/metrics$", server.stdout(),
                                       re.M), "the line")
    assert re.search(r"^  admin   http://(.+):(\d+)$", server.stdout(), re.M).groups() \
        == url.groups()
    assert_problem(server.get("/metrics"), 404, "not_found")
    want = [("gantry_http_requests_total", {"listener": "main", "method": "GET", "route": "",
                                            "code": "4xx"}, 1),
            ("gantry_http_requests_total", {"listener": "admin", "method": "GET",
                                            "route": "/health", "code": "2xx"}, 3),
            ("gantry_loop_connections", {"listener": "admin", "loop": "0"}, 1)]
    with Connection((url.group(1), int(url.group(2)))) as connection:
        for _ in range(3):
            assert connection.request("GET", "/health").status == 200

        def page():
            return Page(connection.request("GET", "/metrics").body.decode("utf-8"))

        for name, labels, n in want:
            wait_until(lambda: page().get(name, **labels) == n, f"{name} {labels} to be {n}")
        loops = [dict(labels) for name, labels in page().values
                 if name == "gantry_loop_requests_total"]
        assert sorted((loop["listener"], loop["loop"]) for loop in loops) \
            == [("admin", "0"), ("main", "0"), ("main", "1")]


def test_a_small_limit_of_answers_is_not_for_it(serve):
    server = serve(library.config(limits={"response_bytes": 1024}))
    assert len(server.get("/metrics").body) > 1024


def test_switched_off(serve):
    server = serve(library.config(metrics={"enabled": False}))
    assert server.get("/books/1").status == 200
    assert_problem(server.get("/metrics"), 404, "not_found")
    server.barrier()
    assert server.stop() == 0
    assert "metrics" not in server.stdout()


# --- the counters ---------------------------------------------------------------------------------


@pytest.fixture
def small(serve):
    """One loop, and pools that are soon full."""
    return serve(library.config(
        loops=1, writes=True,
        pools={"read": {"threads": 1, "queue": 3}, "slow": {"threads": 1, "queue": 2}},
        limits={"deadline_ms": 600000, "body_bytes": 1000}))


def test_requests_by_class(small):
    before = look(small)
    with small.connect() as connection:
        for _ in range(3):
            assert connection.request("GET", "/books/1").status == 200
        assert connection.request("HEAD", "/books/1").status == 200
        assert connection.request("GET", "/books/999").status == 404
        assert connection.request("GET", "/books/x").status == 400
        assert connection.request("PUT", "/books/1", body={"title": "x"}).status == 204
        assert connection.request("POST", "/books", body={"title": "x", "year": 1}).status == 201
        assert connection.request("GET", "/nowhere").status == 404
        assert connection.request("DELETE", "/books").status == 405
        assert connection.request("OPTIONS", "/books").status == 204
    assert_moved(small, before, requests("/books/{id}", "2xx", 3), requests("/books/{id}", "4xx", 2),
                 requests("/books/{id}", "2xx", 1, "HEAD"), requests("/books/{id}", "2xx", 1, "PUT"),
                 requests("/books", "2xx", 1, "POST"), requests("", "4xx", 1),
                 requests("", "4xx", 1, "DELETE"), requests("", "2xx", 1, "OPTIONS"),
                 submitted("read", 6), submitted("write", 2))


def test_bytes_and_durations(small):
    before = look(small)
    labels = {"listener": "main", "method": "GET", "route": "/numbers", "code": "2xx"}
    size = sum(len(small.get("/numbers").body) for _ in range(2))
    assert small.request("HEAD", "/numbers").status == 200
    assert_moved(small, before, requests("/numbers", "2xx", 2),
                 requests("/numbers", "2xx", 1, "HEAD"), submitted("read", 3))
    page = look(small)
    assert page.get("gantry_http_response_bytes_total", **labels) == size
    assert page.get("gantry_http_request_duration_seconds_count", **labels) == 2
    assert page.get("gantry_http_request_duration_seconds_sum", **labels) > 0
    labels["method"] = "HEAD"
    assert page.get("gantry_http_response_bytes_total", **labels) == 0


def test_what_is_refused_before_it_has_a_route(small):
    before = look(small)
    for head, status in ((b"GET /books HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
                         (b"BREW /books HTTP/1.1\r\nHost: a\r\n\r\n", 501)):
        (answer,) = small.raw(head)
        assert answer.status == status
    with small.connect() as connection:  # libmicrohttpd refuses this one, and may say so twice
        connection.send(b"GET /books HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
        assert connection.read().status == 400
    assert_moved(small, before, requests("", "4xx", 1), requests("", "5xx", 1, ""),
                 requests("", "4xx", 1, ""))


def test_answers_past_libmicrohttpd(serve):
    """A body that overruns, and clients that dawdle: 413 and 408 on the socket itself."""
    server = serve(library.config(loops=1, writes=True, limits={
        "body_bytes": 1000, "header_ms": 200, "body_ms": 200}))
    before = look(server)
    with server.connect() as connection:
        connection.send(b"GET /books HTTP/1.1\r\nHost:")
        assert connection.read().status == 408
    with server.connect() as connection:
        connection.send(compose("POST", "/notes", {"Content-Length": "100"}))
        assert connection.read().status == 408
    assert_moved(server, before, requests("", "4xx", 1, ""), requests("/notes", "4xx", 1, "POST"))
    before = look(server)
    with server.connect() as connection:
        connection.send(compose("POST", "/notes", {"Transfer-Encoding": "chunked"}))
        while connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n") \
                and not connection.is_readable():
            pass
        try:
            assert connection.read().status == 413
        except (Closed, Truncated):
            pass
    assert_moved(server, before, requests("/notes", "4xx", 1, "POST"))


def test_rejected_because_full(small):
    held, _ = saturate(small, "/sleep?ms=600000", 3)
    wait_until(lambda: moved(look(small), look(small)) == {}, "peace")
    before = look(small)
    for _ in range(5):
        assert_problem(small.get("/sleep?ms=600000"), 503, "queue_full")
    assert_moved(small, before, requests("/sleep", "5xx", 5), {
        ("gantry_pool_rejected_total", "pool=slow", "reason=full"): 5})
    for connection in held:
        connection.close()


def test_clients_that_leave(small):
    """The first runs, two wait: the two are never run."""
    held, _ = saturate(small, "/sleep?ms=600000", 3)
    wait_until(lambda: moved(look(small), look(small)) == {}, "peace")
    before = look(small)
    held[1].close()
    held[2].reset()
    assert_moved(small, before, unanswered("/sleep", 2),
                 cancelled("slow", "client_gone", "queued", 2))
    held[0].close()
    assert_moved(small, before, unanswered("/sleep", 3),
                 cancelled("slow", "client_gone", "queued", 2),
                 cancelled("slow", "client_gone", "running", 1))
    run = {"name": "gantry_pool_run_seconds_count", "pool": "slow"}
    wait_until(lambda: look(small).get(**run) == 1, "the one that ran to have ended")


def test_deadlines(small):
    before = look(small)
    assert small.get("/sleep?ms=600000", {"Prefer": "wait=0.05"}).status == 504
    small.barrier()
    by = moved(before, look(small))  # the work may notice by itself, or be told
    told = cancelled("slow", "deadline", "running", 1) if len(by) > 3 else {}
    assert_moved(small, before, requests("/sleep", "5xx", 1), submitted("slow", 1), told,
                 {("gantry_http_deadline_total", "phase=run"): 1})
    with small.begin("/sleep?ms=600000"):
        small.barrier()
        before = look(small)
        assert small.get("/sleep?ms=1", {"Prefer": "wait=0.05"}).status == 503
        by = wait_until(lambda: moved(before, look(small)), "it to be counted")
        phases = [key[1] for key in by if key[0] == "gantry_http_deadline_total"]
        assert phases in (["phase=queue"], ["phase=admission"])  # it may have been foreseen


def test_gauges_while_every_pool_is_stuck(serve):
    """Nothing of it waits for a pool."""
    server = serve(library.config(
        loops=1, pools={"read": {"threads": 2, "queue": 2}, "slow": {"threads": 1, "queue": 1}},
        limits={"deadline_ms": 600000},
        routes=[library.sleep_route("read", "/sleep-read"), library.sleep_route("slow")]))
    held = saturate(server, "/sleep-read?ms=600000", 4)[0]
    held += saturate(server, "/sleep?ms=600000", 2)[0]
    for _ in range(50):
        page = look(server)
    for pool, threads in (("read", 2), ("slow", 1)):
        assert page.get("gantry_pool_threads", pool=pool) == threads
        assert page.get("gantry_pool_busy_threads", pool=pool) == threads
        assert page.get("gantry_pool_queue_limit", pool=pool) == threads
        assert page.get("gantry_pool_queue_depth", pool=pool) == threads
        assert page.get("gantry_pool_oldest_wait_seconds", pool=pool) > 0
    assert page.get("gantry_loop_in_flight", listener="main", loop="0") == 6
    assert page.get("gantry_loop_connections", listener="main", loop="0") >= 7
    assert not any(connection.is_readable() for connection in held)
    for connection in held:
        connection.close()
    wait_until(lambda: look(server).get("gantry_pool_busy_threads", pool="read") == 0, "rest")
    assert look(server).get("gantry_pool_oldest_wait_seconds", pool="read") == 0


def test_scraping_under_load(serve):
    """Several loops count, readers look all the while, and in the end nothing is missing."""
    server = serve(library.config(loops=2))
    before = look(server)
    workers, each = 6, 60

    def work():
        with server.connect() as connection:
            for n in range(each):
                target = ("/books/1", "/books/999", "/nowhere")[n % 3]
                assert connection.request("GET", target).status == (200, 404, 404)[n % 3]

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    last = {}
    while any(thread.is_alive() for thread in threads):
        now = moved(before, look(server))
        assert all(now.get(key, 0) >= n for key, n in last.items()), "a counter went back"
        last = now
    for thread in threads:
        thread.join()
    third = workers * each // 3
    assert_moved(server, before, requests("/books/{id}", "2xx", third),
                 requests("/books/{id}", "4xx", third), requests("", "4xx", third),
                 submitted("read", 2 * third))


def test_a_large_page_is_charged_like_any_answer(serve):
    """Else clients that do not read it would hold more memory than limits.buffered_bytes."""
    routes = [{"method": "GET", "path": f"/one{i}", "sql": "SELECT 1 AS n"} for i in range(600)]
    server = serve(library.config(loops=1, limits={"buffered_bytes": 1048576}, routes=routes))
    assert server.get("/metrics").status == 200  # it is small as yet
    with server.connect() as connection:
        for route in routes:
            assert connection.request("GET", route["path"]).status == 200
    answer = server.get("/metrics")
    assert_problem(answer, 503, "buffers_full")
    assert answer.header("retry-after") == "1"
    assert server.get("/health").status == 200
