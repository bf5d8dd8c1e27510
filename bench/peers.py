"""The programs of compare.py: how each is built, and how it is run.

Each is what somebody who knows it well would write and run for two processors; the sources are
below bench/peers/. Where experts would try several settings, each is a row of the comparison.
What is built is below build/bench/; a build that fails raises CalledProcessError.
"""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCES = ROOT / "bench/peers"
BUILT = ROOT / "build/bench"
PYTHON = "/usr/bin/python3"  # Debian's: it has Debian's packages

CFLAGS = ("-std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes "
          "-Wmissing-prototypes").split()


@dataclasses.dataclass
class Running:
    """What a setting needs to be run."""
    database: pathlib.Path
    port: int
    folder: pathlib.Path  # its own, empty


@dataclasses.dataclass
class Setting:
    """One way to run a program: a row of the tables."""
    text: str  # what it is, for people; may be empty
    command: object  # of a Running: the command's words
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Program:
    name: str
    is_peer: bool
    build: object
    version: object
    settings: list


def run(*command, cwd=ROOT, **environment):
    """Run a command of a build and return what it printed."""
    return subprocess.run([str(word) for word in command], cwd=cwd, check=True, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, **environment}).stdout


def packages(*names):
    """Debian's versions, as "name 1.2, name 3.4"."""
    found = []
    for name in names:
        version = run("dpkg-query", "-W", "-f", "${Version}", name)
        found.append(f"{name} {re.split('[-+~]', version)[0].split(':')[-1]}")
    return ", ".join(found)


def compile_c(name, *libraries):
    flags = run("pkg-config", "--cflags", "--libs", *libraries).split()
    run("gcc", *CFLAGS, "-o", BUILT / name, SOURCES / name / f"{name}.c", *flags, "-pthread", "-lm")


# Gantry: its defaults, with the two routes.

SELECT = "SELECT id, title, author, year, price FROM books "


def gantry_binary():
    return pathlib.Path(os.environ.get("GANTRY", ROOT / "build/release/gantry")).resolve()


def gantry_command(running):
    config = running.folder / "gantry.json"
    config.write_text(json.dumps({
        "listen": f"127.0.0.1:{running.port}",
        "database": {"path": str(running.database)},
        "routes": [
            {"path": "/point/{id}", "result": "row", "sql": SELECT + "WHERE id = :id",
             "params": {"id": {"type": "integer"}}},
            {"path": "/list", "sql": SELECT + "WHERE id > :offset ORDER BY id LIMIT 100",
             "params": {"offset": {"type": "integer"}}},
        ],
    }, indent=2))
    return [gantry_binary(), "serve", "--config", config]


# Go: database/sql on go-sqlite3, linked with the same libsqlite3 as everybody.

def build_go():
    run("go", "build", "-tags", "libsqlite3", "-o", BUILT / "go", SOURCES / "go/main.go",
        GO111MODULE="off", GOFLAGS="", GOPATH="/usr/share/gocode", GOCACHE=str(BUILT / "go-cache"))


def go_setting(connections):
    return Setting(f"{connections} connections, GOGC=400",
                   lambda r: [BUILT / "go", r.database, r.port, connections], {"GOGC": "400"})


# The two limits.

def inline_setting(mode):
    return Setting("", lambda r: [BUILT / "inline", mode, r.database, r.port])


def build_inline():
    compile_c("inline", "libmicrohttpd", "sqlite3")


def inline_version():
    return packages("libmicrohttpd12", "libsqlite3-0")


PROGRAMS = [
    Program("gantry", False, lambda: None,
            lambda: run(gantry_binary(), "version").splitlines()[0], [Setting("", gantry_command)]),
    Program("go", True, build_go,
            lambda: packages("golang-go", "golang-github-mattn-go-sqlite3-dev", "libsqlite3-0"),
            [go_setting(2), go_setting(4)]),
    Program("inline", False, build_inline, inline_version, [inline_setting("query")]),
    Program("constant", False, build_inline, inline_version, [inline_setting("constant")]),
]
