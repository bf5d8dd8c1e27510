"""SIGTERM with 300 requests in flight, again and again: is every one of them answered, whole?

    GANTRY=build/release/gantry bench/drain.py [ROUNDS] [IN_FLIGHT]
"""

import pathlib
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/http"))
from harness import Server  # noqa: E402

SCHEMA = """CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO t SELECT i, printf('row %d', i) FROM n;"""


def one_round(folder, in_flight):
    """Return (answered, wrong, exit code)."""
    config = {
        "loops": 1,
        "pools": {"read": {"threads": 4, "queue": 1000}, "slow": {"threads": 64, "queue": 1000}},
        "routes": [
            {"path": "/sleep", "handler": "sleep", "pool": "slow"},
            {"path": "/rows/{n}", "sql": "SELECT id, text FROM t LIMIT :n",
             "params": {"n": {"type": "integer"}}},
        ],
    }
    server = Server(folder, config=config, schema=SCHEMA).start()
    held = []
    for _ in range(in_flight):
        if random.random() < 0.8:
            ms = random.randrange(50, 400)
            held.append((server.begin(f"/sleep?ms={ms}"), lambda a, ms=ms: a == {"slept_ms": ms}))
        else:
            n = random.randrange(1, 500)
            held.append((server.begin(f"/rows/{n}"), lambda a, n=n: len(a) == n))
    server.signal()
    answered = wrong = 0
    for connection, is_right in held:
        answer = connection.read()
        answered += 1
        wrong += not (answer.status == 200 and is_right(answer.json()))
    return answered, wrong, server.wait()


def main(rounds=50, in_flight=300):
    answered = wrong = 0
    codes = {}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(rounds):
            some, bad, code = one_round(pathlib.Path(folder) / str(i), in_flight)
            answered, wrong = answered + some, wrong + bad
            codes[code] = codes.get(code, 0) + 1
    print(f"{rounds} rounds of {in_flight} in flight: {answered} answered, {wrong} wrong, "
          f"exit codes {codes}")


main(*map(int, sys.argv[1:]))
