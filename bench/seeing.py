"""What does it cost to be seen? The same server with metrics, without, and with the access log.

Point reads through the pool, wrk with 64 connections, one server of each kind at a time, rounds
interleaved, medians and ratios. What is measured is paired within a round, so that a machine that
becomes slower meanwhile does not tell.

    GANTRY=build/release/gantry bench/seeing.py [ROUNDS] [SECONDS]
"""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/http"))
from harness import Server  # noqa: E402

SCHEMA = """CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, author TEXT, year INTEGER, price REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO books SELECT i, 'Title ' || i, 'Author ' || (i % 97), 1900 + i % 120, i * 0.37 FROM n;"""
ROUTES = [{"path": "/books/{id}", "result": "row", "params": {"id": {"type": "integer"}},
           "sql": "SELECT id, title, author, year, price FROM books WHERE id = :id"}]
KINDS = {
    "without metrics": {"metrics": {"enabled": False}},
    "with metrics": {"metrics": {"enabled": True}},
    "with metrics and access log": {"metrics": {"enabled": True}, "log": {"access": True}},
}


def rate(server, seconds):
    """Return requests per second."""
    host, port = server.address[:2]
    out = subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s", f"http://{host}:{port}/books/7"],
                         check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in out, out
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def main(rounds=7, seconds=3):
    rates = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        servers = {}
        try:
            for i, (kind, more) in enumerate(KINDS.items()):
                config = {"routes": ROUTES, **more}
                servers[kind] = Server(pathlib.Path(folder) / str(i), config=config,
                                       schema=SCHEMA).start()
                rate(servers[kind], 1)
            for number in range(rounds):
                kinds = list(KINDS) if number % 2 == 0 else list(reversed(KINDS))
                for kind in kinds:
                    rates[kind].append(rate(servers[kind], seconds))
        finally:
            for server in servers.values():
                server.kill()
    base = rates["without metrics"]
    print(f"wrk, 64 connections, {rounds} rounds of {seconds} s, medians, {os.cpu_count()} processors")
    for kind, some in rates.items():
        ratio = statistics.median(a / b for a, b in zip(some, base))
        print(f"  {kind:28} {statistics.median(some):9.0f}/s  {ratio:.3f} of what it is without")


main(*map(int, sys.argv[1:]))
