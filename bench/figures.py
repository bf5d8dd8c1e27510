"""What the scripts of this folder share: servers, the prober, lines that say asked and measured.

A script prints what was set up, then one line per figure:

    holds   goodput at 10x, share of the peak: asked >= 0.9, measured 0.97

A figure that does not hold says MISSED, and the script then ends with 1.
"""

import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/http"))
from harness import Server, gantry_environment, prober_command  # noqa: E402

COUNT = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT :n)"
         " SELECT count(*) AS n FROM c")
ENDLESS = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
           " SELECT count(*) AS n FROM c")

missed = []


def say(text=""):
    print(text, flush=True)


def figure(what, asked, measured, holds):
    """One line; holds is None where nothing is asked."""
    if holds is False:
        missed.append(what)
    word = {True: "holds ", False: "MISSED", None: "      "}[holds]
    say(f"{word}  {what}: " + (f"asked {asked}, " if asked else "") + f"measured {measured}")


def at_most(what, limit, value, unit=""):
    figure(what, f"<= {limit:g}{unit}", f"{value:.4g}{unit}", value <= limit)


def at_least(what, limit, value, unit=""):
    figure(what, f">= {limit:g}{unit}", f"{value:.4g}{unit}", value >= limit)


def machine():
    """What else it does shows in every latency: figures are worth something on an idle one only."""
    say(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f} before this")


def end():
    sys.exit(1 if missed else 0)


@contextlib.contextmanager
def running(config, schema="CREATE TABLE t (a)"):
    """A server with a folder of its own. It must end with 0 and without a sanitizer's report."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder), config=config, schema=schema).start()
        try:
            yield server
            code = server.stop()
            figure("exit code after SIGTERM", "0", code, code == 0)
        finally:
            server.kill()


def prober(url, *options, background=False):
    """Run the prober: what it says, as a dict; in the background, its process."""
    command = [*prober_command(), "--url", url, *map(str, options)]
    process = subprocess.Popen(command, env=gantry_environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    return process if background else finished(process)


def finished(process):
    out, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"the prober ended with {process.returncode}")
    return json.loads(out)


def errors_of(seen):
    """What went wrong apart from the answers, in words; "none" if nothing."""
    wrong = {name: n for name, n in seen["errors"].items() if n}
    wrong.update({name: seen[name] for name in ("unsent", "unanswered", "mismatched")
                  if seen[name]})
    return ", ".join(f"{n} {name}" for name, n in wrong.items()) or "none"


def statuses_of(seen):
    return ", ".join(f"{each['count']} x {name}" for name, each in sorted(seen["status"].items()))


def capacity(server, path, connections, seconds=3):
    """Good answers per second of a closed loop: what the route can do at most. On a busy machine
    some may be refused even so."""
    seen = prober(server.url, "--closed", "--duration", seconds, "--warmup", 0.5,
                  "--connections", connections, "--path", path)
    assert set(seen["status"]) <= {"200", "503"}, seen
    return seen["goodput"]


def calibrate(server, path, ms):
    """How many rows COUNT counts in so many milliseconds of one thread. path has {n} for it."""
    n = 1000
    for _ in range(4):
        seen = prober(server.url, "--closed", "--duration", 0.5, "--warmup", 0.2, "--connections",
                      1, "--path", path.replace("{n}", str(n)))
        n = max(1, int(n * ms / seen["status"]["200"]["latency_ms"]["p50"]))
    return n


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def summary(values, unit="ms"):
    return (f"p50 {statistics.median(values):.2f}, p99 {quantile(values, 0.99):.2f}, "
            f"max {max(values):.2f} {unit}")


def metric(server, name, **labels):
    """The value of a series, summed over those that have these labels; None if there is none."""
    answer = server.get("/metrics")
    if answer.status != 200:
        return None
    values = []
    for line in answer.body.decode().splitlines():
        match = re.fullmatch(r"([a-z_:0-9]+)(?:\{(.*)\})? (\S+)", line)
        if match and match.group(1) == name:
            found = dict(re.findall(r'(\w+)="([^"]*)"', match.group(2) or ""))
            if labels.items() <= found.items():
                values.append(float(match.group(3)))
    return sum(values) if values else None


def memory_kib(server, name="VmRSS"):
    """VmRSS is what it has now, VmHWM the most it had."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name + ":"))


def forget_peak_memory(server):
    """From now on VmHWM begins again at VmRSS."""
    with open(f"/proc/{server.process.pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
