#!/usr/bin/env python3
"""Kill a server under write load, again and again, and look whether anything it acknowledged is lost.

    GANTRY=build/release/gantry /usr/bin/python3 tests/crash/crash.py [ROUNDS] [--seed N] [--clients N]

Each round: clients write (load.py), SIGKILL comes at a random moment, the server is started on the same
files and must be ready, and the checker (checker.py) compares the file with what the clients were told. In
one round of ten the server is killed again while it starts. At the end the file is checked as a whole,
and once in fifty rounds. Prints figures; exits with 1 if anything is wrong, and then keeps the files.
"""

import argparse
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "http")]

from checker import check, script  # noqa: E402
from harness import PATIENCE_S, Server, gantry_command, gantry_environment, wait_until  # noqa: E402
from load import ROUTES, Load  # noqa: E402

WHOLE_EVERY = 50
LOAD_S = (0.0, 1.0)    # a round's load lasts as long as chance wants, between these
START_S = (0.0, 0.02)  # likewise: what a server gets that is killed while it starts


class Crash:
    """The rounds, their servers and their figures."""

    def __init__(self, directory, clients=8, seed=0, load_s=LOAD_S, limits=None):
        self.directory = pathlib.Path(directory)
        self.dice = random.Random(seed)
        self.load_s = load_s
        config = {"database": {"write": True}, "routes": ROUTES, **({"limits": limits} if limits else {})}
        self.server = Server(self.directory, config, script(clients))
        self.ready_s = []
        self.problems = []
        self.rounds = 0
        self.start()
        self.load = Load(self.directory / "history", clients, seed)

    def start(self):
        """Start the server on the files as they are; how long does it take until it is ready?"""
        begun = time.monotonic()
        self.server.start()
        wait_until(lambda: self.server.get("/readyz").status == 200, "the server is ready")
        self.ready_s.append(time.monotonic() - begun)

    def start_in_vain(self):
        process = subprocess.Popen(
            [*gantry_command(), "serve", *self.server.arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=gantry_environment())
        time.sleep(self.dice.uniform(*START_S))  # nothing is waited for: any moment is right
        process.kill()
        process.wait(PATIENCE_S)

    def round(self, is_whole=False):
        first = self.load.next
        threads = self.load.begin(self.server.address, self.rounds)
        time.sleep(self.dice.uniform(*self.load_s))  # likewise
        self.server.kill()
        self.load.end(threads)
        if self.dice.random() < 0.1:
            self.start_in_vain()
        self.start()
        self.rounds += 1
        first = min([first, *(request.number for request in self.load.unknown.values())])
        self.check(first, is_whole)

    def check(self, first, is_whole):
        self.problems += self.load.problems
        writes = self.load.writes if is_whole else self.load.since(first)
        self.problems += check(self.server.database, writes, 0 if is_whole else first, is_whole)

    def end(self):
        """Check all of it, once more after an orderly end."""
        self.check(0, True)
        if self.server.stop() != 0:
            self.problems.append(f"the server did not end well: {self.server.stderr()[-3000:]}")
        self.check(0, True)
        self.load.close()

    def kill(self):
        self.server.kill()

    def figures(self):
        ready = sorted(self.ready_s[1:]) or self.ready_s
        unknown = sum(write.outcome == "unknown" for write in self.load.writes.values())
        return (f"{self.rounds} kills, {len(self.load.writes)} writes sent, "
                f"{self.load.acknowledged} acknowledged, {unknown} of unknown outcome, "
                f"{self.load.replayed} sent again under their key; "
                f"ready again after {statistics.median(ready):.3f} s (median), "
                f"{ready[-1]:.3f} s (longest); {len(self.problems)} problems")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("rounds", nargs="?", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1 << 31))
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="gantry-crash-")
    print(f"seed {options.seed}, {options.clients} clients, files in {directory}", flush=True)
    crash = Crash(directory, options.clients, options.seed)
    try:
        while crash.rounds < options.rounds and not crash.problems:
            is_whole = crash.rounds % WHOLE_EVERY == WHOLE_EVERY - 1
            crash.round(is_whole)
            if is_whole:
                print(crash.figures(), flush=True)
        if not crash.problems:
            crash.end()
    finally:
        crash.kill()
    print("\n".join([*crash.problems[:50], crash.figures()]))
    if crash.problems:
        return 1
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
