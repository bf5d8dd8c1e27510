"""Clients that vanish: how soon are their threads idle again, and is what they queued ever run?

- At once: 100 clients each have an endless recursive query on one of 100 threads, and vanish, by
  FIN and RST in turn. Behind them 100 sleeps of one second are queued on the same pool: each takes
  one thread for longer than all of this lasts, so the answer of the n-th tells, a second later,
  when the n-th thread was idle. (What a sleep oversleeps counts against us.)
- One by one: one thread, one such client, and a quick request queued behind it, 100 times.
- Queued: 1,000 requests wait behind a long one when their clients leave. On the writer, rows are
  the evidence; on a pool of readers it is the processor: one such query takes about 500 ms of it.

    GANTRY=build/release/gantry bench/vanish.py [ROUNDS] [CLIENTS] [QUEUED]
"""

import select
import sys
import time

from figures import (COUNT, ENDLESS, at_most, calibrate, end, figure, machine, metric, quantile,
                     running, say, summary)
from harness import compose, wait_until  # found by figures

SLEEP_MS = 1000
LIMIT_MS = 100
LONG = {"deadline_ms": 600000}


def vanish(connections, first=0):
    """Each by FIN or RST in turn. Returns when each was gone."""
    gone = []
    for i, connection in enumerate(connections, first):
        gone.append(time.perf_counter())
        if i % 2:
            connection.reset()
        else:
            connection.close()
    return gone


def answer_times(connections):
    """Read one answer from each; the moments at which they came, in order."""
    poll = select.epoll()
    waiting = {connection.socket.fileno(): connection for connection in connections}
    for descriptor in waiting:
        poll.register(descriptor, select.EPOLLIN)
    times = []
    while waiting:
        ready = poll.poll(60)
        now = time.perf_counter()
        assert ready, f"{len(waiting)} of {len(connections)} have no answer after a minute"
        for descriptor, _ in ready:
            poll.unregister(descriptor)
            answer = waiting.pop(descriptor).read()
            assert answer.status == 200, answer
            times.append(now)
    poll.close()
    return times


def begin_all(server, target, count, method="GET", body=None):
    """Send count requests on connections of their own; the server has acted upon all on return."""
    connections = [server.connect() for _ in range(count)]
    for i, connection in enumerate(connections):
        connection.send(compose(method, target, body=body(i) if body else None))
    connections[-1].wait_taken()
    server.barrier()
    return connections


def assert_waiting(connections):
    """None is answered yet, so each has a thread or a place in the queue."""
    for connection in connections:
        assert not connection.is_readable(), connection.read()


def busy(server):
    return metric(server, "gantry_pool_busy_threads", pool="cte")


def ran(server, pool):
    """How many requests have run there; None if the server does not say."""
    return metric(server, "gantry_pool_run_seconds_count", pool=pool)


def report_ran(first, last):
    """Between the two: the end of the one that ran, and one that came when all had gone."""
    if first is None:
        figure("  run by gantry_pool_run_seconds_count", None,
               "nothing: there is no such series", None)
    else:
        at_most("run by gantry_pool_run_seconds_count, with the first and the last", 2,
                last - first)


def all_at_once(rounds, clients):
    config = {"loops": 1, "limits": LONG, "pools": {"cte": {"threads": clients, "queue": clients}},
              "routes": [{"path": "/endless", "sql": ENDLESS, "pool": "cte"},
                         {"path": "/sleep", "handler": "sleep", "pool": "cte"}]}
    took, last, metered = [], [], []
    with running(config) as server:
        has_metric = busy(server) is not None
        for _ in range(rounds):
            running_ones = begin_all(server, "/endless", clients)
            queued = begin_all(server, f"/sleep?ms={SLEEP_MS}", clients)
            assert_waiting(running_ones + queued)
            gone = vanish(running_ones)
            idle = [at - SLEEP_MS / 1000 for at in answer_times(queued)]
            took += [(at - since) * 1000 for at, since in zip(idle, gone)]
            last.append((idle[-1] - gone[-1]) * 1000)
            for connection in queued:
                connection.close()
            if has_metric:
                running_ones = begin_all(server, "/endless", clients)
                wait_until(lambda: busy(server) == clients,
                           "all threads to be busy")
                since = vanish(running_ones)[-1]
                wait_until(lambda: busy(server) == 0, "idle")
                metered.append((time.perf_counter() - since) * 1000)
    say(f"{clients} clients on {clients} threads vanish at once, {rounds} rounds")
    at_most("from a client's end to an idle thread, p99", LIMIT_MS, quantile(took, 0.99), " ms")
    figure("  all of them", None, summary(took), None)
    figure("  from the last client's end to the last idle thread", None, summary(last), None)
    figure("  the same by gantry_pool_busy_threads", None,
           summary(metered) if metered else "nothing: there is no such series", None)


def one_by_one(count):
    config = {"loops": 1, "limits": LONG, "pools": {"cte": {"threads": 1, "queue": 8}},
              "routes": [{"path": "/endless", "sql": ENDLESS, "pool": "cte"},
                         {"path": "/sleep", "handler": "sleep", "pool": "cte"}]}
    took = []
    with running(config) as server, server.connect() as second:
        for i in range(count):
            first = server.begin("/endless")
            server.barrier()
            second.send(compose("GET", "/sleep?ms=0"))
            second.wait_taken()
            server.barrier()
            assert not second.is_readable()
            gone = vanish([first], i)[0]
            assert second.read().status == 200
            took.append((time.perf_counter() - gone) * 1000)
    say(f"\none client on one thread vanishes, {count} times")
    at_most("from its end to the answer of the request queued behind it, p99", LIMIT_MS,
            quantile(took, 0.99), " ms")
    figure("  all of them", None, summary(took), None)


def leave_all(server, connections, before):
    """They leave, and the server has noticed on return: its descriptors are closed."""
    gone = vanish(connections)
    wait_until(lambda: server.fds() <= before, f"{len(connections)} connections to be closed")
    return (time.perf_counter() - gone[-1]) * 1000


def queued_writes(count):
    config = {"loops": 1, "limits": LONG, "database": {"write": True},
              "pools": {"write": {"queue": count + 8}},
              "routes": [{"method": "POST", "path": "/long", "result": "none", "sql":
                          "INSERT INTO sink " + ENDLESS},
                         {"method": "POST", "path": "/row", "result": "none",
                          "sql": "INSERT INTO rows VALUES (:n)",
                          "params": {"n": {"type": "integer"}}}]}
    with running(config, "CREATE TABLE sink (n); CREATE TABLE rows (n)") as server:
        assert server.post("/row", {"n": -1}).status < 300
        holder = server.begin("/long", "POST")
        server.barrier()
        before = server.fds()
        queued = begin_all(server, "/row", count, "POST", lambda i: {"n": i})
        assert_waiting([holder, *queued])
        noticed = leave_all(server, queued, before)
        first = ran(server, "write")
        vanish([holder])
        assert server.post("/row", {"n": -2}).status < 300
        last = ran(server, "write")
        rows = [n for n, in server.sql("SELECT n FROM rows ORDER BY n DESC")]
    assert rows[-2:] == [-1, -2], rows[-2:]
    say(f"\n{count} INSERTs queued behind a running one when their clients leave")
    at_most("executed", 0, len(rows) - 2)
    report_ran(first, last)
    figure("  until the last of them was noticed", None, f"{noticed:.1f} ms", None)


def queued_reads(count, query_ms=500):
    config = {"loops": 1, "limits": LONG, "pools": {"cte": {"threads": 1, "queue": count + 8}},
              "routes": [{"path": "/count", "sql": COUNT, "pool": "cte",
                          "params": {"n": {"type": "integer"}}},
                         {"path": "/sleep", "handler": "sleep", "pool": "cte"}]}
    with running(config) as server:
        n = calibrate(server, "/count?n={n}", 20) * query_ms // 20
        one = server.cpu_s()
        assert server.get(f"/count?n={n}").status == 200
        one = (server.cpu_s() - one) * 1000
        holder = server.begin("/sleep?ms=600000")
        server.barrier()
        before = server.fds()
        queued = begin_all(server, f"/count?n={n}", count)
        assert_waiting([holder, *queued])
        noticed = leave_all(server, queued, before)
        first = ran(server, "cte")
        used = server.cpu_s()
        vanish([holder])
        assert server.get("/sleep?ms=0").status == 200
        used = (server.cpu_s() - used) * 1000
        last = ran(server, "cte")
    say(f"\n{count} queries of {one:.0f} ms queued behind a sleep when their clients leave")
    at_most("executed, by the processor time used afterwards", 0, round(used / one))
    report_ran(first, last)
    figure("  processor time used afterwards", None, f"{used:.0f} ms", None)
    figure("  until the last of them was noticed", None, f"{noticed:.1f} ms", None)


def main(rounds=5, clients=100, queued=1000):
    machine()
    all_at_once(rounds, clients)
    one_by_one(100)
    queued_writes(queued)
    queued_reads(queued)
    end()


main(*map(int, sys.argv[1:]))
