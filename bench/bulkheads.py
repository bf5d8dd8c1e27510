"""Bulkheads: what do point reads feel of a pool that drowns, and health of a listener that does?

- Point reads on `read` at a moderate open-loop rate, alone; while every thread and every place of
  `reports` is taken by sleeps; and while sleeps come to `reports` at twice what it can do, half of
  them refused (which costs the processor something, so nothing is asked of that one). Rounds are
  interleaved, figures are medians over them.
- health.py: /health while all pools are full.
- The process may have 256 descriptors, and 1,000 clients want the main listener: /health is asked
  on the admin listener.

    GANTRY=build/release/gantry bench/bulkheads.py [ROUNDS] [RATE] [SECONDS]
"""

import errno
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

from figures import (at_most, end, errors_of, figure, finished, machine, prober, quantile,
                     running, say, summary)
from harness import Connection, compose, gantry_command, saturate, wait_until  # found by figures

REPORTS = {"threads": 8, "queue": 64}
NAP_MS = 50
NAPS = 2 * REPORTS["threads"] * 1000 // NAP_MS
CONFIG = {
    "loops": 1,
    "pools": {"read": {"threads": 2, "queue": 1024}, "reports": REPORTS},
    "limits": {"deadline_ms": 600000},
    "routes": [{"path": "/books/{id}", "result": "row", "params": {"id": {"type": "integer"}},
                "sql": "SELECT id, title, year FROM books WHERE id = :id"},
               {"path": "/sleep", "handler": "sleep", "pool": "reports"}],
}
SCHEMA = """CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, year INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO books SELECT i, printf('book %d', i), 1500 + i % 500 FROM n;"""
CLIENTS = 1000
DESCRIPTORS = 256


def reads(server, rate, seconds):
    seen = prober(server.url, "--rate", rate, "--duration", seconds, "--warmup", 0.5,
                  "--path", '/books/{id} => "id":{id},', "--poisson")
    assert set(seen["status"]) == {"200"} and errors_of(seen) == "none", seen
    return seen["latency_ms"]


def alone(server, rate, seconds):
    return reads(server, rate, seconds)


def while_held(server, rate, seconds):
    held, _ = saturate(server, "/sleep?ms=600000", REPORTS["threads"] + REPORTS["queue"])
    try:
        return reads(server, rate, seconds)
    finally:
        for connection in held:
            connection.close()
        wait_until(lambda: server.get("/sleep?ms=0").status == 200, "reports to be free")


def while_drowning(server, rate, seconds):
    naps = prober(server.url, "--rate", NAPS, "--duration", seconds + 1, "--connections-max", 512,
                  "--path", f"/sleep?ms={NAP_MS}", background=True)
    latency = reads(server, rate, seconds)
    assert "503" in finished(naps)["status"]
    return latency


def point_reads(rounds, rate, seconds):
    arms = {"alone": alone, "held": while_held, "drowning": while_drowning}
    seen = {name: [] for name in arms}
    with running(CONFIG, SCHEMA) as server:
        reads(server, rate, seconds)
        for i in range(rounds):
            order = list(arms)
            for name in order[i % 3:] + order[:i % 3]:
                seen[name].append(arms[name](server, rate, seconds))
    medians = {name: {q: statistics.median(one[q] for one in each) for q in ("p50", "p99")}
               for name, each in seen.items()}
    say(f"point reads at {rate}/s, {rounds} rounds of {seconds} s, medians")
    for name, each in seen.items():
        p99 = [one["p99"] for one in each]
        figure(f"  {name}", None, f"p50 {medians[name]['p50']:.3f}, p99 {medians[name]['p99']:.3f} "
               f"ms (rounds {min(p99):.3f} to {max(p99):.3f})", None)
    change = {name: each["p99"] / medians["alone"]["p99"] - 1 for name, each in medians.items()}
    figure("change of p99 while reports is full", "< 20 %", f"{change['held'] * 100:+.1f} %",
           abs(change["held"]) < 0.2)
    figure("  change of p99 while reports drowns", None, f"{change['drowning'] * 100:+.1f} %", None)


def knock(address, count):
    """So many clients that connect and ask for a long sleep, whether they are let in or not."""
    clients = []
    for _ in range(count):
        client = socket.socket()
        client.setblocking(False)
        error = client.connect_ex(address)
        assert error in (0, errno.EINPROGRESS), os.strerror(error)
        clients.append(client)
    for client in clients:
        try:
            client.send(compose("GET", "/sleep?ms=600000"))
        except OSError:
            pass  # it has to wait outside
    return clients


def health(address, probes, per_second):
    late, failed = [], 0
    start = time.perf_counter()
    for i in range(probes):
        due = start + i / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            with Connection(address, timeout=5) as connection:
                failed += connection.request("GET", "/health").status != 200
        except (OSError, AssertionError):
            failed += 1
        late.append((time.perf_counter() - due) * 1000)
    return late, failed


def has_admin():
    """Does this gantry know the option?"""
    done = subprocess.run([*gantry_command(), "check", "--config", "/dev/stdin"], check=False,
                          input='{"admin": {"listen": "127.0.0.1:0"}}', text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return "unknown key" not in done.stderr


def admin_listener(probes=1000, per_second=100):
    say(f"\n{CLIENTS} clients at the main listener, ulimit -n {DESCRIPTORS}, health at the admin's")
    if not has_admin():
        say("        this gantry has no admin.listen: left out")
        return
    before = os.environ.get("GANTRY", "")
    os.environ["GANTRY"] = " ".join(["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}",
                                     *gantry_command()])
    try:
        with running({**CONFIG, "admin": {"listen": "127.0.0.1:0"}}, SCHEMA) as server:
            admin = re.search(r"^  admin +http://(.+):(\d+)", server.stdout(), re.M)
            address = (admin.group(1).strip("[]"), int(admin.group(2)))
            clients = knock(server.address, CLIENTS)
            wait_until(lambda: server.fds() >= DESCRIPTORS // 4, "as many to be let in as may")
            late, failed = health(address, probes, per_second)
            used = server.fds()
            for client in clients:
                client.close()
    finally:
        os.environ["GANTRY"] = before
    at_most(f"probes that failed, of {probes}", 0, failed)
    at_most("probes, p99 from due", 10, quantile(late, 0.99), " ms")
    figure("  all of them", None, f"{summary(late)}; {used} descriptors in use", None)


def main(rounds=5, rate=2000, seconds=5):
    machine()
    point_reads(rounds, rate, seconds)
    say("\nhealth.py:")
    subprocess.run([sys.executable, pathlib.Path(__file__).with_name("health.py")], check=True)
    admin_listener()
    end()


main(*map(int, sys.argv[1:]))
