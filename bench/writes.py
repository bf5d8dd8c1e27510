"""Durable writes: single rows, each acknowledged only when a power cut cannot take it back.

    GANTRY=build/release/gantry bench/writes.py [ROUNDS] [SECONDS] [--parts peers,lock,reads]
                                                [--only NAME,NAME]

Everybody serves POST /log {"text": ...}: one INSERT, WAL, synchronous=FULL, the id as the answer;
Gantry also POST /api/log, which needs no configuration. The peers' endpoints are written by hand
(peers/), one transaction each. Databases lie below build/bench, which must be on a disk; each
program has one of its own. slow_sync.so is loaded into all of them: it counts what they sync, and
makes that slower where this says so. A peer that does not sync once per row ends the run. After
each part the rows have to be as many as were acknowledged.

- peers: 64 keep-alive clients, on this disk; the same with each sync 5 ms longer; one client. All
  programs stay up and are visited in turn, in an order that changes; a visit that others disturbed
  is repeated, as in compare.py and in the other parts. Medians of each round's ratio.
- lock: another process holds the write lock for 3 s while 64 clients write to Gantry: who fails?
  Point reads at a moderate open-loop rate meanwhile, beside the same without the lock, and beside
  nobody's writing.
- reads: what do reads pay for writes? Throughput of 64 readers, and p99 of a moderate rate, each
  right before and beside writers; medians of these ratios. Beside one client that inserts as fast
  as it can, 0.8 of the throughput is asked, and 1.2 times the p99. A paced writer (as many inserts
  as the best peer can do at all; without peers, or where that is more than a quarter of what Gantry
  can, this quarter) and 64 clients at full speed take processors, whatever serves them, and so does
  the load itself, which is on the same machine: what reads keep then is told. compare.py
  --inserting has the peers do the same.

The figures mean something on a machine that does nothing else: what others took is told.
"""

import argparse
import contextlib
import dataclasses
import mmap
import os
import pathlib
import random
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import compare
import peers
from figures import (at_least, at_most, end, errors_of, figure, finished, machine, prober, say,
                     statuses_of)

CLIENTS = 64
SLOW_MS = 5
HOLD_S = 3
LOCK_ROUNDS = 9  # at least: a p99 of 5,000 reads scatters
DEADLINE_MS = 5000  # Gantry's default
READ_RATE = 2000
WARM_S = 0.3  # of those
ROUTE = compare.INSERT
TABLE = ROUTE.replace("/log", "/api/log").removesuffix(' => "id":')
READS = {"point reads": ("/point/{id}", f"1:{compare.ROWS}"),
         "lists of 100 rows": ("/list?offset={id}", f"0:{compare.ROWS - compare.PAGE}")}
# name: (heading, clients, by how many ms a sync is slower, best is)
MEASURES = {
    "fast": (f"{CLIENTS} clients, this disk", CLIENTS, 0, "rate"),
    "slow": (f"{CLIENTS} clients, each sync {SLOW_MS} ms longer", CLIENTS, SLOW_MS, "rate"),
    "alone": ("1 client, this disk", 1, 0, "p50"),
}
HOLDER = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
begun = time.monotonic()
while not db.in_transaction:  # SQLite's own waiting would find a busy writer busy each time
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        time.sleep(0.0002)
print(time.monotonic() - begun, flush=True)
time.sleep(float(sys.argv[2]))
db.execute("ROLLBACK")
"""


class Syncs:
    """What slow_sync.so shares with us: how often there was a sync, and how long each sleeps."""

    def __init__(self, path):
        path.write_bytes(bytes(16))
        with open(path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 16)
        self.environment = {"LD_PRELOAD": str(shim()), "GANTRY_SLOW_SYNC": str(path)}

    def count(self):
        return struct.unpack_from("=Q", self.shared)[0]

    def slow_down(self, ms):
        struct.pack_into("=Q", self.shared, 8, ms * 1000000)


def shim():
    return peers.gantry_binary().parent / "slow_sync.so"


class Writer(compare.Server):
    """A program with a database of its own, which knows how many rows there have to be."""

    def __init__(self, program, setting, folder):
        folder.mkdir()
        self.database = folder / "shop.db"
        make_database(self.database)
        self.syncs = Syncs(folder / "syncs")
        self.acknowledged = 0
        self.others = []  # what other processes took in each visit
        self.request = TABLE if setting.text == "table API" else ROUTE
        super().__init__(program, dataclasses.replace(setting, environment={
            **setting.environment, **self.syncs.environment}), folder / "own", self.database)
        self.url = f"http://127.0.0.1:{self.port}"

    def begin(self):
        """Once it is up, insert a row. Return: the status."""
        self.wait_until_up()
        seen = self.add(prober(self.url, "--rate", 1, "--duration", 0.5, "--connections", 1,
                               "--path", self.request))
        return next(iter(seen["status"]), errors_of(seen))

    def rows(self):
        db = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        with contextlib.closing(db):
            return db.execute("SELECT count(*) FROM log").fetchone()[0]

    def add(self, seen):
        """Count what was acknowledged: the prober has no warm-up and waited for each answer."""
        self.acknowledged += seen["status"].get("201", {"count": 0})["count"]
        return seen

    def check_rows(self):
        rows = self.rows()
        figure(f"rows of {self.name}", f"the acknowledged {self.acknowledged:,}", f"{rows:,}",
               rows == self.acknowledged)


def make_database(path):
    compare.make_database(path)
    compare.make_log(path)


@contextlib.contextmanager
def gantry():
    """One Gantry, warmed up; its rows are checked, and that it ends well."""
    program = next(p for p in peers.PROGRAMS if p.name == "gantry")
    with working_folder() as folder:
        server = Writer(program, program.writing[0], folder / "gantry")
        try:
            server.wait_until_up()
            server.add(insert(server, 0.5))
            for path, ids in READS.values():
                prober(server.url, "--closed", "--duration", 0.5, "--ids", ids, "--path", path)
            yield server
            say(f"other processes took {statistics.median(server.others):.0%} of the machine in "
                f"the median, {max(server.others):.0%} at most")
            server.check_rows()
            server.process.terminate()
            code = server.process.wait(20)
            figure("exit code after SIGTERM", "0", code, code == 0)
        finally:
            server.stop()


@contextlib.contextmanager
def working_folder():
    """Below build/bench: /tmp may be memory, where a sync costs nothing."""
    with tempfile.TemporaryDirectory(prefix="writes-", dir=peers.BUILT) as folder:
        yield pathlib.Path(folder)


def sync_ms(times):
    """What a sync after 4 KB takes now, in the median."""
    spent = []
    with tempfile.TemporaryFile(dir=peers.BUILT) as file:
        for i in range(times):
            os.pwrite(file.fileno(), bytes(4096), i * 4096)
            begun = time.monotonic()
            os.fdatasync(file.fileno())
            spent.append((time.monotonic() - begun) * 1000)
    return statistics.median(spent)


def describe_disk():
    kind = peers.run("stat", "-f", "-c", "%T", peers.BUILT).strip()
    if kind in ("tmpfs", "ramfs"):
        raise SystemExit(f"writes: {peers.BUILT} is on {kind}: a sync would cost nothing")
    say(f"{peers.BUILT} is on {kind}: a sync after 4 KB takes {sync_ms(200):.2f} ms in the median")


def insert(server, seconds, *options, clients=CLIENTS, background=False):
    return prober(server.url, *(options or ["--closed"]), "--duration", seconds, "--connections",
                  clients, "--path", server.request, background=background)


# Beside the peers.

def visit(server, measure, seconds):
    _, clients, slow_ms, _ = MEASURES[measure]
    disk_ms = sync_ms(20)
    before = compare.others_seconds(server)
    syncs, acknowledged = server.syncs.count(), server.acknowledged
    server.syncs.slow_down(slow_ms)
    seen = server.add(insert(server, seconds, clients=clients))
    server.syncs.slow_down(0)
    acknowledged = server.acknowledged - acknowledged
    if acknowledged == 0:
        raise SystemExit(f"writes: {server.name} inserts nothing: {statuses_of(seen)}; "
                         f"{errors_of(seen)}; see {server.log}")
    good = seen["status"]["201"]["latency_ms"]
    return {"rate": seen["goodput"], "p50": good["p50"], "p99": good["p99"],
            "disk_ms": disk_ms, "syncs": (server.syncs.count() - syncs) / acknowledged,
            "is_clean": set(seen["status"]) == {"201"} and errors_of(seen) == "none",
            "seen": f"{statuses_of(seen)}; {errors_of(seen)}",
            "others": compare.others_share(before, compare.others_seconds(server))}


def measure_all(servers, rounds, seconds):
    """Return results[measure][server] = figures of each round."""
    order = random.Random(1)
    results = {measure: {server: [] for server in servers} for measure in MEASURES}
    for server in servers:
        visit(server, "fast", 0.5)  # warm
    for i in range(rounds):
        for measure, by_server in results.items():
            for server in order.sample(servers, len(servers)):
                got = compare.undisturbed(lambda: visit(server, measure, seconds))
                by_server[server].append(got)
                compare.say(f"round {i + 1}/{rounds}  {measure:5}  {server.name:32}  "
                            f"{got['rate']:8.0f}/s  p50 {got['p50']:8.3f} ms  "
                            f"others {got['others']:4.0%}")
                if not got["is_clean"]:
                    compare.say(f"writes: {server.name}: {got['seen']}")
    return results


median = compare.median


def table(measure, by_server):
    heading = MEASURES[measure][0]
    yield f"| {heading} | inserts/s | lowest to highest | p50 ms | p99 ms | syncs per insert |"
    yield "|---|---:|---:|---:|---:|---:|"
    for server, got in sorted(by_server.items(), key=lambda pair: -median(pair[1], "rate")):
        rates = [each["rate"] for each in got]
        failed = "" if all(each["is_clean"] for each in got) else " (some failed)"
        yield (f"| {server.name}{failed} | {median(got, 'rate'):,.0f} | "
               f"{min(rates):,.0f} to {max(rates):,.0f} | {median(got, 'p50'):,.3f} | "
               f"{median(got, 'p99'):,.3f} | {median(got, 'syncs'):.3f} |")


def best_peer(measure, by_server):
    """The best peer and its figure; (None, None) where none takes part."""
    key = MEASURES[measure][3]
    found = [(median(got, key), server) for server, got in by_server.items()
             if server.program.is_peer]
    value, server = (max if key == "rate" else min)(found, key=lambda pair: pair[0],
                                                    default=(None, None))
    return server, value


def ratio_by_rounds(by_server, server, peer, key):
    """The median of each round's ratio: a round is short, and the machine's speed changes."""
    return statistics.median(own[key] / other[key]
                             for own, other in zip(by_server[server], by_server[peer]))


def judge_gantry(server, results):
    asked = {"fast": 4, "slow": 20}
    for measure, by_server in results.items():
        key = MEASURES[measure][3]
        what = f"{server.name}: {MEASURES[measure][0]}"
        peer, _ = best_peer(measure, by_server)
        if peer is not None and key == "rate":
            at_least(f"{what}: inserts, of those of {peer.name}", asked[measure],
                     ratio_by_rounds(by_server, server, peer, key), " times")
        elif peer is not None:
            at_most(f"{what}: median latency, of that of {peer.name}", 1.2,
                    ratio_by_rounds(by_server, server, peer, key), " times")
        failed = [each for each in by_server[server] if not each["is_clean"]]
        figure(f"{what}: what failed", "none", failed[0]["seen"] if failed else "none", not failed)
    at_most(f"{server.name}: {MEASURES['fast'][0]}: syncs per insert", 0.1,
            median(results["fast"][server], "syncs"))


def check_syncs(results):
    for server, got in results["fast"].items():
        least = min(each["syncs"] for each in got)
        if least == 0 or (server.program.is_peer and least < 0.99):
            raise SystemExit(f"writes: {server.name} syncs {least:.3f} times per insert: what it "
                             "acknowledges is not durable")


def beside_peers(names, rounds, seconds):
    """Return how many inserts per second the best peer does, or None."""
    programs, missing = compare.build(names)
    with working_folder() as folder, contextlib.ExitStack() as stack:
        servers = []
        for program in programs:
            for setting in program.writing:
                server = Writer(program, setting, folder / f"{len(servers)}")
                stack.callback(server.stop)
                servers.append(server)
        for server in list(servers):
            status = server.begin()
            if status != "201":
                servers.remove(server)
                missing.append((server.name, f"its insert answered {status}"))
        begun = {server: server.syncs.count() for server in servers}
        results = measure_all(servers, rounds, seconds)
        visits = [each for by_server in results.values() for got in by_server.values()
                  for each in got]
        others, disk = ([each[key] for each in visits] for key in ("others", "disk_ms"))
        say(f"{rounds} rounds of {seconds:g} s, interleaved; medians. Other processes took "
            f"{statistics.median(others):.0%} of the machine in the median, {max(others):.0%} at "
            f"most. A sync before a visit took {min(disk):.2f} to {max(disk):.2f} ms, "
            f"{statistics.median(disk):.2f} ms in the median")
        for measure, by_server in results.items():
            say()
            say("\n".join(table(measure, by_server)))
        say()
        for name, why in missing:
            say(f"LEFT OUT: {name} ({why})")
        check_syncs(results)
        for server in servers:
            if server.program.name == "gantry":
                judge_gantry(server, results)
                figure(f"{server.name}: syncs per insert of all this, later checkpoints too", None,
                       f"{(server.syncs.count() - begun[server]) / server.acknowledged:.4f}", None)
        for server in servers:
            server.check_rows()
        say("versions: " + "; ".join(f"{p.name}: {p.version()}" for p in programs))
        return best_peer("fast", results["fast"])[1]


# Gantry alone.

def watched(server, measure):
    """What measure() returns, a dict, undisturbed."""
    def visit():
        before = compare.others_seconds(server)
        got = measure()
        return {**got, "others": compare.others_share(before, compare.others_seconds(server))}

    got = compare.undisturbed(visit)
    server.others.append(got["others"])
    return got


def read(server, seconds, *options, what="point reads"):
    """Reads, all of which have to succeed; default: open loop at a moderate rate."""
    path, ids = READS[what]
    if not options:
        options = ["--rate", READ_RATE, "--poisson", "--warmup", WARM_S]
        seconds -= WARM_S
    seen = prober(server.url, *options, "--duration", seconds, "--ids", ids, "--path", path)
    if set(seen["status"]) != {"200"} or errors_of(seen) != "none":
        figure(what, "200", f"{statuses_of(seen)}; errors: {errors_of(seen)}", False)
    return seen


def both(server, seconds, writing, clients, reading, what="point reads"):
    """What the readers and the writers saw who began together."""
    writers = insert(server, seconds, *writing, clients=clients, background=True)
    readers = read(server, seconds, *reading, what=what)
    return {"readers": readers, "writers": server.add(finished(writers))}


def p99_of(each):
    return statistics.median(seen["latency_ms"]["p99"] for seen in each)


def rate_of(each):
    return statistics.median(seen["goodput"] for seen in each)


# While another process holds the lock.

def read_while_locked(server):
    """As both(), and how long it took to get the lock."""
    writers = insert(server, HOLD_S + 2, background=True)
    time.sleep(0.5)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(server.database), str(HOLD_S)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as holder:
        waited = float(holder.stdout.readline())
        readers = read(server, HOLD_S - 0.5)
        is_held = holder.poll() is None
    writers = server.add(finished(writers))
    if not is_held:
        raise SystemExit("writes: the lock was released before the readers were done")
    judge_writers(writers)
    return {"readers": readers, "writers": writers, "waited": waited}


def judge_writers(seen):
    figure("what failed of the writes", "none", f"{statuses_of(seen)}; errors: {errors_of(seen)}",
           set(seen["status"]) == {"201"} and errors_of(seen) == "none")
    at_most("latest write", DEADLINE_MS, seen["latency_ms"]["max"], " ms")
    at_least("latest write: it did wait", (HOLD_S - 0.1) * 1000, seen["latency_ms"]["max"], " ms")


def while_locked(rounds):
    held, writing, alone = ("they wait for the lock", f"{CLIENTS} clients write", "nobody writes")
    seen = {alone: [], writing: [], held: []}
    with gantry() as server:
        for i in range(rounds):
            seen[alone].append(watched(server, lambda: read(server, HOLD_S - 0.5)))
            seen[writing].append(watched(
                server, lambda: both(server, HOLD_S - 0.5, ["--closed"], CLIENTS, []))["readers"])
            locked = watched(server, lambda: read_while_locked(server))
            seen[held].append(locked["readers"])
            say(f"round {i + 1}: the lock was held for {HOLD_S} s, {locked['waited'] * 1000:.1f} "
                "ms after it was asked for")
    say(f"point reads at {READ_RATE}/s, medians of {rounds} rounds")
    for name, each in seen.items():
        by_round = [p99(one) for one in each]
        figure(f"  p99 while {name}", None, f"{p99_of(each):.3f} ms (rounds {min(by_round):.3f} to "
               f"{max(by_round):.3f})", None)
    for name in (alone, writing):
        at_most(f"p99 of reads while {held}, of that while {name}", 1.2, statistics.median(
            p99(locked) / p99(other) for locked, other in zip(seen[held], seen[name])), " times")


# What reads pay.

def what_reads_pay(rounds, seconds, best):
    with gantry() as server:
        alone = [watched(server, lambda: server.add(insert(server, seconds)))
                 for _ in range(rounds)]
        quarter = rate_of(alone) / 4
        pace = int(min(best or quarter, quarter))
        say(f"inserts alone: {rate_of(alone):,.0f}/s; {rounds} rounds of {seconds:g} s, medians")
        for what in READS:
            judge_reads(what, read_beside(server, what, rounds, seconds, pace), pace)


def read_beside(server, what, rounds, seconds, pace):
    """By who writes and how is read: what readers saw before, what beside them, and the writers."""
    reading = {"closed": ["--closed", "--connections", CLIENTS], "open": []}
    writing = {"one": (["--closed"], 1), "paced": (["--rate", pace, "--poisson"], CLIENTS),
               "full": (["--closed"], CLIENTS)}
    pairs = {(writers, how): [] for writers in writing for how in reading}
    for _ in range(rounds):
        for (writers, how), each in pairs.items():
            got = watched(server, lambda: before_and_beside(
                server, seconds, writing[writers], reading[how], what))
            each.append((got["before"], got["readers"], got["writers"]))
    return pairs


def before_and_beside(server, seconds, writing, reading, what):
    before = read(server, seconds, *reading, what=what)
    return {"before": before, **both(server, seconds, *writing, reading, what)}


def ratio_of(pairs, value):
    return statistics.median(value(beside) / value(before) for before, beside, _ in pairs)


def goodput(seen):
    return seen["goodput"]


def p99(seen):
    return seen["latency_ms"]["p99"]


def judge_reads(what, pairs, pace):
    before = [pair[0] for (_, how), each in pairs.items() if how == "closed" for pair in each]
    figure(f"{what} alone", None, f"{rate_of(before):,.0f}/s", None)
    names = {"one": "one client that inserts", "paced": f"{pace:,} inserts/s asked for",
             "full": f"{CLIENTS} clients that insert"}
    for writers, name in names.items():
        closed, opened = pairs[writers, "closed"], pairs[writers, "open"]
        figure(f"  beside {name}", None,
               f"{rate_of(pair[1] for pair in closed):,.0f}/s, {ratio_of(closed, goodput):.2f} of "
               f"those before, and {rate_of(pair[2] for pair in closed):,.0f} inserts/s; p99 at "
               f"{READ_RATE}/s {p99_of(pair[1] for pair in opened):.3f} ms, "
               f"{ratio_of(opened, p99):.2f} times that before", None)
    at_least(f"{what} beside {names['one']}, share of those before", 0.8,
             ratio_of(pairs["one", "closed"], goodput))
    at_most("  their p99 at the moderate rate, of that before", 1.2,
            ratio_of(pairs["one", "open"], p99), " times")


def main():
    parts = ["peers", "lock", "reads"]
    names = [program.name for program in peers.PROGRAMS if program.writing]
    parser = argparse.ArgumentParser(prog="./dev bench writes", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("seconds", nargs="?", type=float, default=2)
    for option, words in (("--parts", parts), ("--only", names)):
        parser.add_argument(option, type=lambda text: text.split(","), default=words,
                            metavar="NAME,NAME", help="of " + ", ".join(words))
    args = parser.parse_args()
    unknown = (set(args.only) - set(names)) | (set(args.parts) - set(parts))
    if unknown or args.rounds < 1 or args.seconds <= 0:
        parser.error(f"there is no {', '.join(sorted(unknown))}" if unknown else "too little")
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda number, _: sys.exit(128 + number))

    machine()
    peers.BUILT.mkdir(parents=True, exist_ok=True)
    describe_disk()
    best = None
    if "peers" in args.parts:
        best = beside_peers(args.only, args.rounds, args.seconds)
    if "lock" in args.parts:
        while_locked(max(args.rounds, LOCK_ROUNDS))
    if "reads" in args.parts:
        what_reads_pay(args.rounds, args.seconds, best)
    end()


if __name__ == "__main__":
    main()
