"""Exports: what does a download of ten million rows cost, and whom?

A table of ROWS rows (made once, kept below build/bench) is downloaded whole by curl, as NDJSON:

- alone: rate, time to the first byte, memory beside that of the idle server;
- while 20 clients read the same at 1 KB/s: the same figures;
- point reads on a pool of their own at a moderate open-loop rate: alone, beside the download, and
  beside both; rounds are interleaved;
- while another route writes: how large does the WAL become, and does it shrink again?
- 10,000 clients that ask for all of it and go away: what is left?

    GANTRY=build/release/gantry bench/export.py [ROWS] [ROUNDS] [RATE]
"""

import contextlib
import os
import pathlib
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from figures import (at_most, end, errors_of, figure, finished, machine, metric, prober, say)
from harness import ROOT, Server, compose, wait_until  # found by figures

ALL = "/api/events"
NDJSON = "application/x-ndjson"
SLOW = 20
SLOW_BYTES_S = 1000
VANISHING = 10000
CONFIG = {
    "loops": 1,
    "database": {"write": True},
    "pools": {"read": {"threads": 2, "queue": 1024},
              "exports": {"threads": SLOW + 4, "nice": 10, "queue": 64, "codel_target_ms": 0}},
    "limits": {"snapshot_ms": 600000},
    "tables": {"max_rows": 0, "pool": "exports"},
    "routes": [
        {"path": "/events/{id}", "result": "row", "params": {"id": {"type": "integer"}},
         "sql": "SELECT id, at, kind, amount FROM events WHERE id = :id"},
        {"method": "POST", "path": "/log", "result": "none", "params": {"text": {"type": "string"}},
         "sql": "INSERT INTO log(text) VALUES (:text)"}],
}


def make(path, rows):
    if path.exists():
        return
    say(f"making {path} of {rows} rows")
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    db = sqlite3.connect(part)
    db.executescript(f"""
        PRAGMA journal_mode = WAL;
        CREATE TABLE events(id INTEGER PRIMARY KEY, at TEXT, kind INTEGER, amount REAL, note TEXT);
        CREATE TABLE log(id INTEGER PRIMARY KEY, text TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
        INSERT INTO events SELECT i, datetime(1600000000 + i, 'unixepoch'), i % 7,
            (i * 7919 % 1000003) / 100.0, 'note ' || (i * 31 % 9973) FROM n;
        PRAGMA wal_checkpoint(TRUNCATE);""")
    db.close()
    part.rename(path)


def status_kib(server, name):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))


class Watch:
    """The largest resident memory and WAL while it is open."""

    def __init__(self, server):
        self.server = server
        self.rss = self.wal = 0
        self.is_over = False
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.is_over:
            self.rss = max(self.rss, status_kib(self.server, "VmRSS"))
            self.wal = max(self.wal, os.path.getsize(f"{self.server.database}-wal"))
            time.sleep(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()


def slow_client(server, is_over):
    with socket.create_connection(server.address) as s:
        s.sendall(compose("GET", ALL, {"Accept": NDJSON}))
        while not is_over.wait(1) and s.recv(SLOW_BYTES_S):
            pass


class SlowClients:
    def __init__(self, server):
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=slow_client, args=(server, self.is_over))
                        for _ in range(SLOW)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()


def download(server):
    return subprocess.Popen(
        ["curl", "-s", "-o", "/dev/null", "-w",
         "%{http_code} %{exitcode} %{size_download} %{time_starttransfer} %{time_total}",
         "-H", f"Accept: {NDJSON}", f"{server.url}{ALL}"], stdout=subprocess.PIPE, text=True)


def downloaded(process):
    code, exit_code, size, first, total = process.communicate()[0].split()
    assert (code, exit_code) == ("200", "0"), (code, exit_code)
    return int(size), float(first) * 1000, float(total)


def is_quiet(server):
    return metric(server, "gantry_stream_open") == 0 \
        and metric(server, "gantry_pool_busy_threads", pool="exports") == 0 \
        and metric(server, "gantry_stream_spooled_bytes") == 0


def reads(server, rate, rows, seconds=4):
    seen = prober(server.url, "--rate", rate, "--duration", seconds, "--warmup", 0.5, "--poisson",
                  "--ids", f"1:{rows}", "--path", '/events/{id} => "id":{id},')
    assert set(seen["status"]) == {"200"} and errors_of(seen) == "none", seen
    return seen["latency_ms"]


def while_downloading(server, measure):
    """Somebody downloads all of it, again and again. Nothing here wakes up meanwhile."""
    over = threading.Lock()
    current = []

    def again():
        while True:
            with over:
                if not current:
                    return
                process = current[0] = download(server)
            text = process.communicate()[0]
            if current:
                code, exit_code = text.split()[:2]
                assert (code, exit_code) == ("200", "0"), text

    current.append(None)
    thread = threading.Thread(target=again)
    thread.start()
    try:
        return measure()
    finally:
        with over:
            process = current.pop()
        if process is not None:
            process.kill()
        thread.join()
        wait_until(lambda: metric(server, "gantry_stream_open") <= SLOW, "the download to end")


def downloads(server, idle):
    size, first, total = downloaded(download(server))
    say(f"{size / 1e6:.0f} MB in {total:.2f} s: {size / 1e6 / total:.0f} MB/s")
    with Watch(server) as watch:
        size, first, total = downloaded(download(server))
    say(f"again: {size / 1e6 / total:.0f} MB/s")
    at_most("first byte, alone", 50, first, " ms")
    at_most("memory beyond idle, alone", 64, (watch.rss - idle) / 1024, " MiB")
    with Watch(server) as watch, SlowClients(server):
        wait_until(lambda: metric(server, "gantry_stream_open") >= SLOW, "slow clients")
        size, first, total = downloaded(download(server))
        time.sleep(5)
        spooled = metric(server, "gantry_stream_spooled_bytes")
        left = metric(server, "gantry_stream_open")
    say(f"beside {SLOW} at 1 KB/s: {size / 1e6 / total:.0f} MB/s; of those {left:.0f} are left, "
        f"{spooled / 1e6:.0f} MB are spooled")
    at_most("first byte, beside them", 50, first, " ms")
    at_most("memory beyond idle, beside them", 64, (watch.rss - idle) / 1024, " MiB")
    wait_until(lambda: is_quiet(server), "the end of the streams")


def point_reads(server, rounds, rate, rows):
    seen = {"alone": [], "beside a download": [], "beside 20 slow clients": [],
            "beside both": []}
    reads(server, rate, rows)
    for _ in range(rounds):
        seen["alone"].append(reads(server, rate, rows))
        seen["beside a download"].append(
            while_downloading(server, lambda: reads(server, rate, rows)))
        with SlowClients(server):
            time.sleep(3)  # they have stalled
            seen["beside 20 slow clients"].append(reads(server, rate, rows))
            seen["beside both"].append(
                while_downloading(server, lambda: reads(server, rate, rows)))
        wait_until(lambda: is_quiet(server), "the end of the streams")
    say(f"point reads at {rate}/s, {rounds} rounds, medians")
    medians = {name: {q: statistics.median(one[q] for one in each) for q in ("p50", "p99")}
               for name, each in seen.items()}
    for name, each in seen.items():
        p99 = [one["p99"] for one in each]
        figure(f"  {name}", None, f"p50 {medians[name]['p50']:.3f}, p99 {medians[name]['p99']:.3f} "
               f"ms (rounds {min(p99):.3f} to {max(p99):.3f})", None)
    for name in list(seen)[1:]:
        at_most(f"p99 {name}, share of that alone", 1.5,
                medians[name]["p99"] / medians["alone"]["p99"])


def writing(server, rate=500, seconds=6):
    def measure():
        with Watch(server) as watch:
            seen = prober(server.url, "--rate", rate, "--duration", seconds,
                          "--path", 'POST /log {"text":"some words"}')
        assert set(seen["status"]) == {"204"} and errors_of(seen) == "none", seen
        return watch.wal

    alone = measure()
    beside = while_downloading(server, measure)
    finished(prober(server.url, "--rate", rate, "--duration", 3, "--path",
                    'POST /log {"text":"some words"}', background=True))
    with Watch(server) as watch:
        time.sleep(0.1)
    figure("WAL while something is written", None,
           f"{alone / 1e6:.1f} MB alone, {beside / 1e6:.1f} MB beside downloads, "
           f"{watch.wal / 1e6:.1f} MB afterwards", None)


def descriptors(server):
    """All but those of the database: a thread opens its connection when it first needs it."""
    count = 0
    for link in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            count += not os.readlink(link).startswith(str(server.database))
    return count


def vanish(server):
    fds, threads = descriptors(server), server.threads()
    before = status_kib(server, "VmRSS")
    begun = time.monotonic()
    for i in range(VANISHING):
        with socket.create_connection(server.address) as s:
            s.sendall(compose("GET", ALL, {"Accept": NDJSON}))
            if i % 3:
                s.recv(1000 if i % 3 == 1 else 100000)
            if i % 2:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_until(lambda: is_quiet(server), "nothing to be left")
    say(f"{VANISHING} early closes in {time.monotonic() - begun:.1f} s")
    wait_until(lambda: descriptors(server) <= fds, "their descriptors to be closed")
    at_most("descriptors more", 0, descriptors(server) - fds)
    at_most("threads more", 0, server.threads() - threads)
    at_most("memory more", 16, (status_kib(server, "VmRSS") - before) / 1024, " MiB")
    at_most("bytes charged", 0, metric(server, "gantry_loop_buffered_bytes"))


def main(rows=10000000, rounds=9, rate=2000):
    machine()
    kept = ROOT / "build/bench"
    kept.mkdir(parents=True, exist_ok=True)
    database = kept / f"export-{rows}.db"
    make(database, rows)
    with tempfile.TemporaryDirectory() as folder:
        config = {**CONFIG, "database": {"write": True, "path": str(database)}}
        server = Server(pathlib.Path(folder), config=config, schema=None)
        server.database = database
        server.start()
        try:
            reads(server, rate, rows, 1)
            idle = status_kib(server, "VmRSS")
            downloads(server, idle)
            point_reads(server, rounds, rate, rows)
            writing(server)
            vanish(server)
            code = server.stop()
            figure("exit code after SIGTERM", "0", code, code == 0)
        finally:
            server.kill()
    end()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
