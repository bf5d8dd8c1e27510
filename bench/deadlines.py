"""Random deadlines at four times the capacity of a pool: is every answer in time?

10,000 requests, each with "Prefer: wait=" of 10 ms to 2 s, on an open loop at four times what the
pool can do (measured first, closed loop). Its queue has room for all of them, so it is the
deadlines that have to empty it. Lateness counts from the moment the request was sent plus its wait.
Every refusal must say in which phase the deadline passed. Once with work that takes no processor
(four threads that sleep 10 ms), once with SQL (one thread, 2 ms each).

    GANTRY=build/release/gantry bench/deadlines.py [REQUESTS] [TIMES_CAPACITY]
"""

import sys

from figures import (COUNT, at_most, calibrate, capacity, end, errors_of, figure, machine, prober,
                     running, say, statuses_of)

LATE_MS = 50
CONFIG = {
    "loops": 1,
    "limits": {"deadline_ms": 60000, "in_flight": 100000},
    "pools": {"naps": {"threads": 4, "queue": 100000}, "sql": {"threads": 1, "queue": 100000}},
    "routes": [{"path": "/sleep", "handler": "sleep", "pool": "naps"},
               {"path": "/count", "sql": COUNT, "pool": "sql",
                "params": {"n": {"type": "integer"}}}],
}


def measure(server, what, path, threads, requests, times):
    most = capacity(server, path, threads * 2)
    rate = most * times
    seen = prober(server.url, "--rate", rate, "--duration", requests / rate, "--path", path,
                  "--prefer-wait", "10:2000", "--connections", 64, "--connections-max", 12000)
    late = seen["deadlines"]["late_ms"]
    say(f"\n{what}: {most:.0f}/s at most; {seen['due']} requests at {rate:.0f}/s, "
        "waits of 10 ms to 2 s")
    at_most("answered after its deadline, the latest", LATE_MS, late["max"], " ms")
    figure("  all of them", None, f"p50 {late['p50']:.2f}, p99 {late['p99']:.2f} ms, "
           f"{seen['deadlines']['late']} after their deadline at all", None)
    at_most("503 and 504 that do not name their phase", 0, seen["phaseless"])
    at_most("requests without an answer", 0, seen["due"] - seen["completed"])
    figure("  goodput", None, f"{seen['goodput']:.0f}/s ({seen['goodput'] / most:.2f} of the most)",
           None)
    figure("  answers", None, statuses_of(seen), None)
    figure("  phases", None, {name: each["count"] for name, each in seen["phases"].items()}, None)
    figure("  codes", None, {name: each["count"] for name, each in seen["codes"].items()}, None)
    figure("  the prober", None, f"{seen['behind_ms']['p99']:.2f} ms behind its schedule at p99, "
           f"{seen['connections']['peak']} connections, errors: {errors_of(seen)}", None)


def main(requests=10000, times=4):
    machine()
    with running(CONFIG) as server:
        measure(server, "4 threads that sleep 10 ms", "/sleep?ms=10", 4, requests, times)
        n = calibrate(server, "/count?n={n}", 2)
        measure(server, "SQL of 2 ms on one thread", f"/count?n={n}", 1, requests, times)
    end()


main(*map(int, sys.argv[1:]))
