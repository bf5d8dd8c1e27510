"""Gantry beside what its users would pick instead, and beside the limits: ratios, from one run.

    bench/compare.py [ROUNDS] [SECONDS] [--only NAME,NAME] [--inserting N,N]

Every program serves the same SQLite file with the same three routes, and is run as its experts
would (peers.py). Gantry answers the list and the list with children a second time through its
tables' own grammar, without a line of configuration; the peers' routes are written by hand. The
answers are compared with the database before anything is measured. Then all of them stay up, and
wrk visits one after the other in each round, in an order that changes, so that a disturbance meets
everybody. It waits a little for a busy machine to become quiet; a visit during which other
processes took more than a tenth of it all the same is repeated, a few times at most, and the least
disturbed one counts. The figures are medians of the rounds. A single answer that is not 2xx, or a
socket error, ends the run. What cannot be built here is said, and left out.

With --inserting everybody takes part a second time for each N, with a database of his own on the
disk: while he is visited, N clients insert rows into it as fast as he makes them durable
(writes.py). What do reads pay for that? They are compared with those of the moment before, when
nobody inserts, and Gantry's with the peers', who have the same to do.

Progress goes to standard error, the tables in Markdown to standard output.
"""

import argparse
import contextlib
import dataclasses
import datetime
import http.client
import json
import os
import pathlib
import platform
import random
import resource
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import peers
from figures import errors_of, finished, prober, statuses_of

ROWS = 20000
WRITERS = 2000
PAGE = 100
PROCESSORS = len(os.sched_getaffinity(0))
TICKS = os.sysconf("SC_CLK_TCK")
HERE = pathlib.Path(__file__).resolve().parent
START_SECONDS = 20
OTHERS_MAX = 0.10  # the part of the machine that others may take during a visit
VISITS_MAX = 3
INSERT_LONGER = 0.2  # seconds: those who insert begin first and end last
QUIET_SECONDS = 5  # that quiet is waited for
INSERT = 'POST /log {"text":"a line of some fifty bytes, as logs are made of"} => "id":'

# name: (heading, route, connections, what is compared: rate or latency)
MEASURES = {
    "point": ("Point read, 64 connections", "point", 64, "rate"),
    "list": ("List of 100 rows, 64 connections", "list", 64, "rate"),
    "table": ("The same list, of Gantry's table API", "table", 64, "rate"),
    "embed": ("100 rows with their children, of Gantry's table API", "embed", 64, "rate"),
    "alone": ("Point read, 1 connection", "point", 1, "p50_us"),
}


def say(text):
    print(text, file=sys.stderr, flush=True)


# The database.

TITLES = ["The Harbour at Night", "A Short History of \"Cranes\"", "Cien años de carga",
          "Ballast & Bilge", "海の上の倉庫", "Seven Ways to Stow a Ship"]
AUTHORS = ["Ann O'Malley", "José Quintero", "Mary Anne Evans", "Murasaki Shikibu (紫式部)",
           "B. Traven"]


def make_database(path):
    """20,000 books that differ in every column; 2,000 writers with up to 9 works each. WAL mode."""
    db = sqlite3.connect(path)
    with contextlib.closing(db), db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE books "
                   "(id INTEGER PRIMARY KEY, title TEXT, author TEXT, year INTEGER, price REAL)")
        db.executemany("INSERT INTO books VALUES (?, ?, ?, ?, ?)", (
            (i, f"{TITLES[i % len(TITLES)]}, volume {i}", AUTHORS[i % len(AUTHORS)],
             1500 + i * 7 % 526, (i * 37 % 9000 + 100) / 100) for i in range(1, ROWS + 1)))
        db.execute("CREATE TABLE writers (id INTEGER PRIMARY KEY, name TEXT, country TEXT)")
        db.execute("CREATE TABLE works (id INTEGER PRIMARY KEY, "
                   "writer_id INTEGER REFERENCES writers, title TEXT, year INTEGER)")
        db.execute("CREATE INDEX works_writer ON works (writer_id)")
        db.executemany("INSERT INTO writers VALUES (?, ?, ?)", (
            (i, f"{AUTHORS[i % len(AUTHORS)]} {i}", ["Chile", "Ireland", "日本"][i % 3])
            for i in range(1, WRITERS + 1)))
        db.executemany("INSERT INTO works (writer_id, title, year) VALUES (?, ?, ?)", (
            (i, f"{TITLES[(i + k) % len(TITLES)]}, part {k}", 1500 + (i * 11 + k) % 526)
            for k in range(9) for i in range(1, WRITERS + 1) if i * 7 % 10 > k))


def make_log(path):
    """A table to insert into."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE log(id INTEGER PRIMARY KEY, text TEXT)")


def query(path, sql, value):
    db = sqlite3.connect(path)
    with contextlib.closing(db):
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(sql, (value,))]


def books(path, condition, value):
    return query(path, f"SELECT * FROM books WHERE {condition}", value)


def writers(path, offset):
    """A page of writers, each with his works."""
    page = query(path, f"SELECT * FROM writers WHERE id > ? ORDER BY id LIMIT {PAGE}", offset)
    for writer in page:
        writer["works"] = query(
            path, "SELECT id, title, year FROM works WHERE writer_id = ? ORDER BY id", writer["id"])
    return page


# The programs while they run.

class Server:
    """One setting of one program, from its start to its end."""

    clients = 0  # that insert while it is visited

    def __init__(self, program, setting, folder, database):
        self.program = program
        self.database = database
        self.name = program.name + (f" ({setting.text})" if setting.text else "")
        folder.mkdir()
        self.port = free_port()
        running = peers.Running(database, self.port, folder)
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in setting.command(running)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=folder, start_new_session=True,
                env={**os.environ, **setting.environment})

    def wait_until_up(self):
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"compare: {self.name} did not start:\n"
                                     + self.log.read_text(errors="replace")) from None
                time.sleep(0.05)

    def processor_seconds(self):
        """The processor time that it and the processes it started have used."""
        ticks = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                fields = stat.read_text().rpartition(") ")[2].split()
                if int(fields[3]) == self.process.pid:  # the session
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()

    def stop(self):
        """End it, and whatever it started: they are the session that it began."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Inserted(Server):
    """A program into whose database, its own, so many clients insert while it is visited."""

    def __init__(self, program, setting, folder, clients):
        folder.mkdir()
        self.database = folder / "books.db"
        make_database(self.database)
        make_log(self.database)
        self.clients = clients
        text = ", ".join(filter(None, [setting.text, writers_of(clients)]))
        super().__init__(program, dataclasses.replace(setting, text=text), folder / "own",
                         self.database)

    def insert(self, seconds):
        return prober(f"http://127.0.0.1:{self.port}", "--closed", "--connections", self.clients,
                      "--duration", seconds, "--path", INSERT, background=True)


def inserting(program):
    """Its settings: all of them can insert, if any can."""
    return program.settings if program.writing else []


def writers_of(clients):
    return "1 client inserts" if clients == 1 else f"{clients} clients insert"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def table_path(program, route, offset):
    """The page behind that id: in the tables' grammar of Gantry, or of a route made for it."""
    if program.name != "gantry":
        return f"/{'list' if route == 'table' else 'embed'}?offset={offset}"
    if route == "table":
        return f"/api/books?id=gt.{offset}&order=id&limit={PAGE}"
    return (f"/api/writers?select=id,name,country,works(id,title,year)&works.order=id"
            f"&id=gt.{offset}&order=id&limit={PAGE}")


def path_template(program, route):
    """The path of a measure's requests, with "N" for the number, and what N may be at most."""
    if route == "point":
        return "/point/N", ROWS
    if route == "list":
        return "/list?offset=N", ROWS - PAGE
    return table_path(program, route, "N"), (ROWS if route == "table" else WRITERS) - PAGE


def check_answers(server, database):
    """Each answer has to be what the database holds, to the last digit."""
    is_constant = server.program.name == "constant"
    ids = [10000] if is_constant else [1, 2, 3, 4, 5, 6, 777, 10000, ROWS]
    offsets = [10000] if is_constant else [0, 1, 7777, 10000, ROWS - PAGE, ROWS - 1, ROWS]
    cases = [(f"/point/{i}", books(database, "id = ?", i)[0]) for i in ids]
    cases += [(f"/list?offset={i}", books(database, f"id > ? ORDER BY id LIMIT {PAGE}", i))
              for i in offsets]
    cases += [(table_path(server.program, "table", i),
               books(database, f"id > ? ORDER BY id LIMIT {PAGE}", i)) for i in offsets]
    cases += [(table_path(server.program, "embed", i), writers(database, i))
              for i in ([1000] if is_constant else [0, 1, 777, WRITERS - PAGE, WRITERS - 1, WRITERS])]
    for path, expected in cases:
        status, kind, body = server.get(path)
        if status != 200 or not kind.startswith("application/json"):
            raise SystemExit(f"compare: {server.name}: GET {path}: {status} {kind}")
        if json.loads(body) != expected:
            raise SystemExit(f"compare: {server.name}: GET {path}: not what the database holds:\n"
                             f"{body.decode(errors='replace')[:500]}")
    if not is_constant and server.get(f"/point/{ROWS + 1}")[0] != 404:
        raise SystemExit(f"compare: {server.name}: a book that does not exist is not a 404")


def processes_seconds():
    """The processor time that all processes have used, and what the machine's host took.

    Soft interrupts (loopback's packets) are counted to the process they met, so they belong here.
    """
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def load(server, measure, seconds, clients=0):
    """Let wrk visit it, while so many clients insert; return its figures, and the part of the
    machine that others took."""
    _, route, connections, _ = MEASURES[measure]
    template, greatest = path_template(server.program, route)
    before = others_seconds(server)
    load_of_writes = None
    if clients > 0:
        load_of_writes = server.insert(seconds + 2 * INSERT_LONGER)
        time.sleep(INSERT_LONGER)
    out = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "compare.lua",
         f"http://127.0.0.1:{server.port}/", "--", template, str(greatest)],
        check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    figures = json.loads(out.splitlines()[-1])
    if figures["errors"] > 0 or figures["requests"] == 0:
        raise SystemExit(f"compare: {server.name}: {measure}: not without errors:\n{out}")
    if load_of_writes is not None:
        inserted = finished(load_of_writes)
        if set(inserted["status"]) != {"201"} or errors_of(inserted) != "none":
            raise SystemExit(f"compare: {server.name}: inserts: {statuses_of(inserted)}; "
                             f"{errors_of(inserted)}")
        figures["inserts"] = inserted["goodput"]
    figures["others"] = others_share(before, others_seconds(server))
    figures["rate"] = figures["requests"] / figures["seconds"]
    return figures


def visit(server, measure, seconds):
    """As load(); if clients are to insert, right after it without them: how do the two compare?"""
    if server.clients == 0:
        return load(server, measure, seconds)
    key = MEASURES[measure][3]
    before = load(server, measure, seconds)
    figures = load(server, measure, seconds, server.clients)
    return {**figures, "share": figures[key] / before[key],
            "others": max(figures["others"], before["others"])}


def others_seconds(server):
    """Now, and the processor time used so far by whoever is neither the server nor its load."""
    return (time.monotonic(),
            processes_seconds() - server.processor_seconds() - loads_seconds())


def loads_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # of those that have ended
    return used.ru_utime + used.ru_stime


def others_share(before, after):
    return max(0, after[1] - before[1]) / (after[0] - before[0]) / PROCESSORS


def wait_for_quiet():
    """Nothing of ours runs now: wait until little of anybody's does, but not for ever."""
    until = time.monotonic() + QUIET_SECONDS
    is_busy = True
    while is_busy and time.monotonic() < until:
        before = time.monotonic(), processes_seconds()
        time.sleep(0.2)
        used = (processes_seconds() - before[1]) / (time.monotonic() - before[0])
        is_busy = used / PROCESSORS > OTHERS_MAX


def undisturbed(visit):
    """The first visit that others did not disturb, or the least disturbed of a few."""
    visits = []
    wait_for_quiet()
    while len(visits) < VISITS_MAX and (not visits or visits[-1]["others"] > OTHERS_MAX):
        visits.append(visit())
    return min(visits, key=lambda figures: figures["others"])


# The run.

def build(names):
    """Return the programs that can be run here, and (name, why) of the others."""
    peers.BUILT.mkdir(parents=True, exist_ok=True)
    ready, missing = [], []
    for program in peers.PROGRAMS:
        if program.name not in names:
            continue
        say(f"compare: building {program.name}")
        try:
            program.build()
            ready.append(program)
        except (subprocess.CalledProcessError, OSError) as error:
            said = (getattr(error, "output", None) or str(error)).strip()
            say(f"compare: {program.name} cannot be built here and is LEFT OUT: {error}\n{said}")
            missing.append((program.name, said.splitlines()[-1]))
    return ready, missing


def measure_all(servers, rounds, seconds):
    """Return results[measure][server] = figures of each round."""
    results = {measure: {server: [] for server in servers} for measure in MEASURES}
    order = random.Random(1)
    for measure in MEASURES:
        for server in servers:
            load(server, measure, 1)  # warm
    for i in range(rounds):
        for measure in MEASURES:
            for server in order.sample(servers, len(servers)):
                figures = undisturbed(lambda: visit(server, measure, seconds))
                results[measure][server].append(figures)
                say(f"round {i + 1}/{rounds}  {measure:5}  {server.name:32}  "
                    f"{figures['rate']:8.0f}/s  p50 {figures['p50_us']:6} us  "
                    f"others {figures['others']:4.0%}")
    return results


# The tables.

def median(figures, key):
    return statistics.median(figure[key] for figure in figures)


def best_of(measure, by_server, is_wanted):
    """The best server of those wanted, and its figure; (None, None) if there is none."""
    key = MEASURES[measure][3]
    found = [(median(figures, key), server) for server, figures in by_server.items()
             if is_wanted(server)]
    if not found:
        return None, None
    value, server = (max if key == "rate" else min)(found, key=lambda pair: pair[0])
    return server, value


def write_value(measure, value):
    return f"{value:,.0f}/s" if MEASURES[measure][3] == "rate" else f"{value:.0f} µs"


def gantry_beside(clients):
    return lambda server: server.program.name == "gantry" and server.clients == clients


def peer_beside(clients):
    return lambda server: server.program.is_peer and server.clients == clients


def summary_table(results):
    yield "| | Gantry | best peer | Gantry : best peer | `inline` | Gantry : `inline` |"
    yield "|---|---:|---|---:|---:|---:|"
    for measure, by_server in results.items():
        _, gantry = best_of(measure, by_server, gantry_beside(0))
        peer, best = best_of(measure, by_server, peer_beside(0))
        _, limit = best_of(measure, by_server, lambda s: s.program.name == "inline")
        heading, _, _, key = MEASURES[measure]
        yield "| " + " | ".join([
            heading + ("" if key == "rate" else ", median latency (less is better)"),
            write_value(measure, gantry) if gantry else "-",
            f"{peer.name}: {write_value(measure, best)}" if peer else "-",
            f"**{gantry / best:.2f}**" if gantry and best else "-",
            write_value(measure, limit) if limit else "-",
            f"**{gantry / limit:.2f}**" if gantry and limit else "-"]) + " |"


def inserted_table(results, clients):
    yield (f"| While {writers_of(clients)} | Gantry | its inserts/s | Gantry : without | best peer "
           "| its inserts/s | Gantry : best peer |")
    yield "|---|---:|---:|---:|---|---:|---:|"
    for measure, by_server in results.items():
        heading, _, _, key = MEASURES[measure]
        server, own = best_of(measure, by_server, gantry_beside(clients))
        peer, best = best_of(measure, by_server, peer_beside(clients))
        inserts, share = (median(by_server[server], key) for key in ("inserts", "share"))
        yield "| " + " | ".join([
            heading + ("" if key == "rate" else ", median latency (less is better)"),
            write_value(measure, own), f"{inserts:,.0f}", f"**{share:.2f}**",
            f"{peer.name}: {write_value(measure, best)}" if peer else "-",
            f"{median(by_server[peer], 'inserts'):,.0f}" if peer else "-",
            f"**{own / best:.2f}**" if peer else "-"]) + " |"


def measure_table(measure, by_server):
    key = MEASURES[measure][3]
    yield (f"| {MEASURES[measure][0]} | requests/s | lowest to highest | p50 µs | p99 µs "
           "| Gantry : it |")
    yield "|---|---:|---:|---:|---:|---:|"
    ordered = sorted(by_server.items(), key=lambda pair: -median(pair[1], "rate"))
    for server, figures in ordered:
        rates = [figure["rate"] for figure in figures]
        _, gantry = best_of(measure, by_server, gantry_beside(server.clients))
        ratio = f"{gantry / median(figures, key):.2f}" if gantry else "-"
        yield (f"| {server.name} | {median(figures, 'rate'):,.0f} | "
               f"{min(rates):,.0f} to {max(rates):,.0f} | {median(figures, 'p50_us'):,.0f} | "
               f"{median(figures, 'p99_us'):,.0f} | {ratio} |")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return (f"{PROCESSORS} processors ({models[0] if models else 'unknown'}), "
            f"{system}, Linux {platform.release()}")


def report(programs, missing, results, rounds, seconds, inserting):
    others = [f["others"] for servers in results.values() for all_of in servers.values()
              for f in all_of]
    yield (f"{datetime.date.today()}, {machine()}: {rounds} rounds of {seconds} s, interleaved; "
           f"medians. Other processes took {statistics.median(others):.0%} of the machine in the "
           f"median, {max(others):.0%} at most.")
    yield ""
    yield from summary_table(results)
    yield ""
    for clients in inserting:
        yield from inserted_table(results, clients)
        yield ""
    yield "In full, the quickest first:"
    for measure, by_server in results.items():
        yield ""
        yield from measure_table(measure, by_server)
    yield ""
    yield "Versions: " + "; ".join(f"{p.name}: {p.version()}" for p in programs) + "."
    for name, why in missing:
        yield f"\n**Left out: {name}, which could not be built here** ({why})."


def main():
    names = [program.name for program in peers.PROGRAMS]
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=7)
    parser.add_argument("seconds", nargs="?", type=int, default=2)
    parser.add_argument("--only", type=lambda text: text.split(","), default=names,
                        metavar="NAME,NAME", help="of " + ", ".join(names))
    parser.add_argument("--inserting", type=lambda text: [int(n) for n in text.split(",")],
                        default=[], metavar="N,N", help="beside so many clients that insert, too")
    args = parser.parse_args()
    unknown = set(args.only) - set(names)
    if args.inserting and ("gantry" not in args.only or min(args.inserting) < 1):
        parser.error("somebody has to insert into Gantry")
    if unknown or args.rounds < 1 or args.seconds < 1:
        parser.error(f"there is no {', '.join(sorted(unknown))}" if unknown else "too little")
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda number, _: sys.exit(128 + number))

    programs, missing = build(args.only)
    # On the disk for who inserts: /tmp may be memory, where a sync costs nothing.
    with tempfile.TemporaryDirectory(prefix="compare-", dir=peers.BUILT) as folder, \
            contextlib.ExitStack() as stack:
        folder = pathlib.Path(folder)
        database = folder / "books.db"
        make_database(database)
        servers = []
        for program in programs:
            for setting in program.settings:
                server = Server(program, setting, folder / f"{len(servers)}", database)
                stack.callback(server.stop)
                servers.append(server)
        for clients in args.inserting:
            for program in programs:
                is_gantry = program.name == "gantry"  # its other settings do not write
                for setting in program.writing[:1] if is_gantry else inserting(program):
                    server = Inserted(program, setting, folder / f"{len(servers)}", clients)
                    stack.callback(server.stop)
                    servers.append(server)
        for server in servers:
            server.wait_until_up()
            check_answers(server, server.database)
        say(f"compare: {len(servers)} servers give the same answers")
        results = measure_all(servers, args.rounds, args.seconds)
    print("\n".join(report(programs, missing, results, args.rounds, args.seconds,
                           args.inserting)))


if __name__ == "__main__":
    main()
