"""A million mixed requests, a third of them cancelled at random moments: is any other one touched?

Every answer must contain the id that its request asked for: point reads, sleeps, echoes through the
JSON body, rows written and returned; beside them queries that run into their deadline, lists and
what does not exist. Clients vanish by FIN and RST in turn, at a random moment within MOMENTS_MS of
sending (early ones more often, as most answers are fast), which hits the queue, the run, the commit
and the answer. Some answers are faster still, so a first short run finds the share of clients that
have to intend it for a third to succeed.

Afterwards: the rows are those that were answered for, whole, and maybe some that were abandoned;
all is idle; every place of every pool can be had again; the end is clean. With GANTRY="setarch -R
build/tsan/gantry" and fewer requests it is the run for TSan.

    GANTRY=build/release/gantry bench/cancelled.py [REQUESTS] [RATE]
"""

import os
import sys

from figures import (ENDLESS, at_least, at_most, end, errors_of, figure, machine, metric, prober,
                     running, say, statuses_of)
from harness import compose, wait_until  # found by figures

MOMENTS_MS = 10
AIM = 0.37  # a third, and some more since the machine may become faster
IDS = 1000000
POOLS = {"read": {"threads": 4, "queue": 256}, "slow": {"threads": 16, "queue": 128},
         "write": {"queue": 256}}
PLACES = {"/sleep?ms=50": 16 + 128}
CONFIG = {
    "loops": 2,
    "database": {"write": True},
    "pools": POOLS,
    "routes": [
        {"path": "/books/{id}", "result": "row", "params": {"id": {"type": "integer"}},
         "sql": "SELECT id, title FROM books WHERE id = :id"},
        {"path": "/around/{id}", "params": {"id": {"type": "integer"}},
         "sql": "SELECT id, title FROM books WHERE id BETWEEN :id AND :id + 20"},
        {"method": "POST", "path": "/echo", "result": "row", "sql": "SELECT :v AS v",
         "params": {"v": {"type": "string"}}},
        {"method": "POST", "path": "/notes", "result": "row",
         "sql": "INSERT INTO notes (number, text) VALUES (:n, :text) RETURNING number, text",
         "params": {"n": {"type": "integer"}, "text": {"type": "string"}}},
        {"path": "/endless", "sql": ENDLESS, "pool": "slow", "deadline_ms": 20},
        {"path": "/sleep", "handler": "sleep", "pool": "slow"},
    ],
}
SCHEMA = f"""CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {IDS + 20})
INSERT INTO books SELECT i, 'book ' || i FROM n;
CREATE TABLE notes (number INTEGER, text TEXT);"""
MIX = """
40 /books/{id} => {"id":{id},"title":"book {id}"}
10 /around/{id} => [{"id":{id},"title":"book {id}"}
15 POST /echo {"v":"echo {id}"} => {"v":"echo {id}"}
10 POST /notes {"n":{id},"text":"note {id}"} => {"number":{id},"text":"note {id}"}
15 /sleep?ms=7 => {"slept_ms":7}
5 /sleep?ms=3 => {"slept_ms":3}
1 /endless
2 /books/-{id}
2 /nowhere/{id}
"""
RIGHT = {"200", "201", "404", "503", "504"}


def run(server, requests, rate, share, seed):
    mix = server.directory / "mix"
    mix.write_text(MIX, encoding="ascii")
    return prober(server.url, "--rate", rate, "--duration", requests / rate, "--path-file", mix,
                  "--ids", f"1:{IDS}", "--abandon", f"{share:.4f}", "--abandon-ms", MOMENTS_MS,
                  "--connections", 128, "--connections-max", 512, "--seed", seed, "--poisson",
                  "--grace", 60, "--timeline")


def fill(server):
    """Can every place be had at once?"""
    for target, places in PLACES.items():
        connections = [server.connect() for _ in range(places)]
        for connection in connections:
            connection.send(compose("GET", target))
        statuses = [connection.read().status for connection in connections]
        for connection in connections:
            connection.close()
        if statuses != [200] * places:
            return False
    return True


def sockets(server):
    """How many it has open. (Other descriptors come as threads open their database.)"""
    folder = f"/proc/{server.process.pid}/fd"
    count = 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(f"{folder}/{name}").startswith("socket:")
        except FileNotFoundError:
            pass  # closed meanwhile
    return count


def afterwards(server, before, answered):
    wait_until(lambda: sockets(server) <= before, f"sockets to return to {before}")
    figure("sockets afterwards", f"{before} (those that listen)", sockets(server), True)
    for name in ("gantry_pool_busy_threads", "gantry_pool_queue_depth"):
        value = metric(server, name)
        figure(f"{name}, all pools", "0", "nothing: there is no such series"
               if value is None else f"{value:g}", None if value is None else value == 0)
    wait_until(lambda: fill(server), "every place to be free")
    figure("every place of a pool can be had at once", "yes", "yes", True)
    rows, wrong = server.sql("SELECT count(*), sum(text <> 'note ' || number) FROM notes")[0]
    figure("rows written", f">= {answered} (those answered with 201)", rows, rows >= answered)
    at_most("rows that are not whole", 0, wrong or 0)
    figure("PRAGMA integrity_check", "ok", server.sql("PRAGMA integrity_check")[0][0],
           server.sql("PRAGMA integrity_check") == [("ok",)])


def main(requests=1000000, rate=3000):
    machine()
    with running(CONFIG, SCHEMA) as server:
        before = sockets(server)
        assert server.post("/notes", {"n": 0, "text": "note 0"}).status == 201
        trial = run(server, min(requests, 4 * rate), rate, 0.5, 1)
        share = min(1, 0.5 * AIM * trial["due"] / max(1, trial["abandoned"]))
        seen = run(server, requests, rate, share, 2)
        say(f"{seen['due']} requests at {rate}/s, {seen['abandoned']} cancelled "
            f"({seen['abandoned'] / seen['due'] * 100:.1f} %), "
            f"{seen['connections']['opened']} connections")
        at_least("share that was cancelled", 0.3, seen["abandoned"] / seen["due"])
        at_most("answers without the id that was asked for", 0, seen["mismatched"])
        at_most("bytes that nobody asked for", 0, seen["errors"]["unsolicited"])
        at_most("requests that failed or had no answer", 0,
                seen["failed"] + seen["unsent"] + seen["unanswered"])
        stalls = [second["second"] for second in seen["timeline"] if second["good"] == 0]
        figure("  seconds without any good answer", None, stalls or "none", None)
        odd = set(seen["status"]) - RIGHT
        figure("answers", f"none but {', '.join(sorted(RIGHT))}", statuses_of(seen), not odd)
        figure("  errors", None, errors_of(seen), None)
        figure("  codes", None, {name: each["count"] for name, each in seen["codes"].items()},
               None)
        figure("  latency", None, seen["latency_ms"], None)
        written = [each["status"].get("201", {"count": 0})["count"] for each in (trial, seen)]
        afterwards(server, before, sum(written) + 1)
    end()


main(*map(int, sys.argv[1:]))
