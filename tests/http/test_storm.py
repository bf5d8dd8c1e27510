"""A mixed load with clients that leave when they like; afterwards nothing is left of it.

GANTRY_STORM_SECONDS sets its length, GANTRY_STORM_SEED repeats one that failed.
"""

import os
import random
import socket
import threading
import time

import library
from harness import Closed, Truncated, compose, wait_until

SECONDS = float(os.environ.get("GANTRY_STORM_SECONDS", "3"))
SEED = int(os.environ.get("GANTRY_STORM_SEED", "0")) or random.randrange(1, 1 << 31)
CLIENTS = 16


def requests(dice):
    """One request as (bytes, method, the statuses that are right for it)."""
    n = dice.randrange(1, 5)
    busy = {503}
    return dice.choice([
        ("GET", "/health", None, {200}),
        ("GET", "/readyz", None, {200, 503}),
        ("GET", f"/books/{n}", None, {200} | busy),
        ("GET", f"/books/{n + 100000}", None, {404} | busy),
        ("GET", "/echo/integer?v=x", None, {400} | busy),
        ("GET", "/numbers", None, {200} | busy),
        ("HEAD", "/numbers", None, {200} | busy),
        ("GET", "/api/", None, {200} | busy),
        ("GET", "/api/numbers?limit=20", None, {200} | busy),
        ("GET", "/nowhere", None, {404}),
        ("GET", f"/sleep?ms={dice.randrange(40)}", None, {200} | busy),
        ("GET", "/runaway", None, {504} | busy),
        ("POST", "/optional", {"v": "ü" * dice.randrange(500)}, {200} | busy),
        ("POST", "/notes", {"text": "storm", "stars": n}, {201} | busy),
        ("POST", "/notes", {"text": 5}, {400} | busy),
    ])


class Storm:
    def __init__(self, server):
        self.server = server
        self.end = time.monotonic() + SECONDS
        self.wrong = []
        self.written = 0  # answered with 201
        self.sent = 0     # writes that may have been run
        self.answers = 0
        self.lock = threading.Lock()

    def client(self, number):
        dice = random.Random(SEED * 1000 + number)
        while time.monotonic() < self.end and not self.wrong:
            try:
                self.connection(dice)
            except Exception as error:  # any other is a finding, and must not pass unseen
                self.wrong.append(f"client {number}: {error!r}")

    def connection(self, dice):
        with self.server.connect() as connection:
            for _ in range(dice.randrange(1, 20)):
                method, target, body, right = requests(dice)
                data = compose(method, target, body=body)
                if target == "/notes" and "stars" in body:
                    with self.lock:
                        self.sent += 1
                if dice.random() < 0.15:
                    self.leave(dice, connection, data)
                    return
                connection.send(data)
                answer = connection.read(method)
                with self.lock:
                    self.answers += 1
                    self.written += answer.status == 201
                if answer.status not in right:
                    self.wrong.append(f"{method} {target}: {answer}")
                if (answer.header("connection") or "").lower() == "close":
                    return

    def leave(self, dice, connection, data):
        """In the middle of the request, after it, or in the middle of the answer."""
        where = dice.randrange(3)
        connection.send(data[:dice.randrange(len(data))] if where == 0 else data)
        if where == 2:
            connection.is_readable(dice.random() * 0.02)
            try:
                connection.socket.recv(dice.randrange(1, 200), socket.MSG_DONTWAIT)
            except OSError:
                pass
        if dice.random() < 0.5:
            connection.reset()


def test_storm(serve):
    print(f"GANTRY_STORM_SEED={SEED} GANTRY_STORM_SECONDS={SECONDS:g}")
    places = 4 + 16
    server = serve(library.config(
        writes=True, loops=2,
        pools={"read": {"threads": 2, "queue": 16}, "slow": {"threads": 4, "queue": 16}},
        limits={"deadline_ms": 60000, "in_flight": places, "header_ms": 5000, "body_ms": 5000,
                "idle_ms": 5000},
        routes=[{"method": "GET", "path": "/runaway", "sql": library.RUNAWAY, "deadline_ms": 100},
                *library.ROUTES, *library.WRITES]))

    # Before the first count every thread of every pool, and its connection, has been used.
    fill(server, "/runaway", 2)
    fill(server, "/sleep?ms=100", 4)
    assert server.post("/notes", {"text": "first", "stars": 0}).status == 201
    before = server.fds()
    storm = Storm(server)
    threads = [threading.Thread(target=storm.client, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not storm.wrong, storm.wrong[:5]
    assert storm.answers > 0

    # No place is lost: a set of requests that needs every single one is served whole.
    wait_until(lambda: fill(server, "/sleep?ms=50", places), "every place in flight to be free")
    # libmicrohttpd sees a client that left in the middle of its request, with the end in the same
    # packet as its last byte, only when the time for that request is over.
    wait_until(lambda: server.fds() <= before, f"descriptors to return to {before}")
    count = server.sql("SELECT count(*) FROM notes")[0][0]
    assert storm.written < count <= storm.sent + 1
    assert server.sql("PRAGMA integrity_check") == [("ok",)]
    assert server.get("/readyz").status == 200
    assert server.stop() == 0


def fill(server, target, count):
    """Send `count` at once. True when all were served."""
    connections = [server.connect() for _ in range(count)]
    try:
        for connection in connections:
            connection.send(compose("GET", target))
        return [connection.read().status for connection in connections] == [200] * count
    except (Closed, Truncated):
        return False
    finally:
        for connection in connections:
            connection.close()
