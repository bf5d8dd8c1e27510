"""Health while everything else is stuck: figures for the promise that it never waits.

Every thread of every pool blocked by /sleep, every queue full, 500 idle keep-alive connections; then
1,000 probes of /health at 100 a second, on a fresh connection each, on a fixed schedule. Latency is
counted from the moment a probe was due, so a stall delays all that were due meanwhile.

    GANTRY=build/release/gantry bench/health.py [PROBES] [PER_SECOND]
"""

import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/http"))
from harness import Server, saturate  # noqa: E402

POOLS = {"read": {"threads": 4, "queue": 64}, "reports": {"threads": 2, "queue": 16}}
IDLE = 500


def main(probes=1000, per_second=100):
    config = {
        "loops": 1,
        "pools": POOLS,
        "limits": {"deadline_ms": 600000},
        "routes": [{"path": f"/sleep/{name}", "handler": "sleep", "pool": name} for name in POOLS],
    }
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder), config=config, schema="CREATE TABLE t (a)").start()
        try:
            measure(server, probes, per_second)
        finally:
            server.kill()


def measure(server, probes, per_second):
    held = []
    for name, pool in POOLS.items():
        some, _ = saturate(server, f"/sleep/{name}?ms=600000", pool["threads"] + pool["queue"])
        held += some
    idle = [server.connect() for _ in range(IDLE)]
    for connection in idle:
        assert connection.request("GET", "/health").status == 200
    late, failed = [], 0
    start = time.perf_counter()
    for i in range(probes):
        due = start + i / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            failed += server.get("/health").status != 200
        except OSError:
            failed += 1
        late.append((time.perf_counter() - due) * 1000)
    late.sort()
    ready = server.get("/readyz")
    print(f"{len(held)} requests hold every thread and every place, {IDLE} idle connections")
    print(f"{probes} probes at {per_second}/s: {failed} failed, ms from due: "
          f"p50 {statistics.median(late):.2f}, p99 {late[int(len(late) * 0.99)]:.2f}, "
          f"max {late[-1]:.2f}")
    print(f"/readyz: {ready.status} {ready.body.decode()}")


main(*map(int, sys.argv[1:]))
