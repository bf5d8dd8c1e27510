"""Overload: what is done at ten times the capacity, how soon are the others refused?

The capacity of a route is measured first (closed loop). Then an open loop at 1, 2, 5 and 10 times
of it, and 2 s after the last of these the same quiet probe as before them. An answer after more
than a second is none (the route's deadline). Two routes: SQL that takes 1 ms of one thread, which
leaves the other processor to the loop and the prober; and sleeps of 10 ms on ten threads, which
take none.

Goodput is what was answered with 2xx within the measured time. Refusals are answers of 503 at
admission. Memory is the most of it (VmHWM) at 2 to 10 times, against the most at 1 time; the
connections are the same.

    GANTRY=build/release/gantry bench/overload.py [SECONDS]
"""

import sys
import time

from figures import (COUNT, at_least, at_most, calibrate, capacity, end, errors_of, figure,
                     forget_peak_memory, machine, memory_kib, prober, running, say, statuses_of)

LEVELS = (1, 2, 5, 10)
CALM = 2
CONNECTIONS = 2048  # twice the places of a pool; the same at each level, and all of them are used
CONFIG = {
    "loops": 1,
    "limits": {"deadline_ms": 1000},
    "pools": {"naps": {"threads": 10, "queue": 1024}, "sql": {"threads": 1, "queue": 1024}},
    "routes": [{"path": "/sleep", "handler": "sleep", "pool": "naps"},
               {"path": "/count", "sql": COUNT, "pool": "sql",
                "params": {"n": {"type": "integer"}}}],
}


def refusals(seen):
    """(how many were refused at admission, the p99 of their latency)"""
    series = seen["phases"].get("admission")
    if series is None and not seen["phases"]:  # a gantry that does not name them
        series = seen["codes"].get("queue_full")
    return (series["count"], series["latency_ms"]["p99"]) if series else (0, 0.0)


def quiet(server, path, rate):
    seen = prober(server.url, "--rate", rate, "--duration", 3, "--path", path)
    return seen["latency_ms"]


def burst(server, path, rate, seconds):
    return prober(server.url, "--rate", rate, "--duration", seconds, "--path", path,
                  "--connections", CONNECTIONS)


def describe(level, seen, most):
    count, p99 = refusals(seen)
    good = seen["status"].get("200", {"latency_ms": {"p50": 0, "p99": 0}})["latency_ms"]
    say(f"  {level:3d}x  goodput {seen['goodput']:7.0f}/s ({seen['goodput'] / most:.2f}), "
        f"200 p50 {good['p50']:.1f} p99 {good['p99']:.1f} ms; {count} refused, p99 {p99:.2f} ms; "
        f"{statuses_of(seen)}")
    say(f"        prober behind p99 {seen['behind_ms']['p99']:.2f} ms, "
        f"{seen['connections']['peak']} connections, errors: {errors_of(seen)}")


def measure(server, what, path, connections, seconds):
    most = capacity(server, path, connections)
    before = quiet(server, path, most / 2)
    say(f"\n{what}: {most:.0f}/s at most; open loop, {seconds} s each")
    seen = {}
    forget_peak_memory(server)
    for level in LEVELS:
        since = time.monotonic()
        seen[level] = burst(server, path, most * level, seconds)
        describe(level, seen[level], most)
        if level == LEVELS[0]:
            memory = memory_kib(server, "VmHWM")
            forget_peak_memory(server)
    peak = memory_kib(server, "VmHWM")
    time.sleep(max(0, since + seconds + CALM - time.monotonic()))
    after = quiet(server, path, most / 2)

    goodputs = [each["goodput"] for each in seen.values()]
    count, p99 = refusals(seen[LEVELS[-1]])
    at_least("goodput at 10x, share of the peak", 0.9, goodputs[-1] / max(goodputs))
    at_most(f"p99 of {count} refusals at 10x", 5, p99, " ms")
    at_most("most memory, times that at 1x", 1.1, peak / memory)
    figure("  memory", None, f"{memory} KiB at 1x, {peak} KiB at more", None)
    at_most("median 2 s after the burst, times that before", 1.25, after["p50"] / before["p50"])
    at_most("p99 2 s after the burst, times that before", 1.5, after["p99"] / before["p99"])
    for name, latency in (("before", before), ("after", after)):
        figure(f"  {name}", None,
               f"p50 {latency['p50']:.2f}, p99 {latency['p99']:.2f}, max {latency['max']:.2f} ms",
               None)


def main(seconds=20):
    machine()
    with running(CONFIG) as server:
        n = calibrate(server, "/count?n={n}", 1)
        measure(server, "SQL of 1 ms on one thread", f"/count?n={n}", 4, seconds)
    with running(CONFIG) as server:
        measure(server, "10 threads that sleep 10 ms", "/sleep?ms=10", 20, seconds)
    end()


main(*map(int, sys.argv[1:]))
