"""The programs of compare.py and writes.py: how each is built, and how it is run.

Each is what somebody who knows it well would write and run for two processors; the sources are
below bench/peers/. Where experts would try several settings, each is a row of the comparison. For
writes those settings are left out that differ in how they read.
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
    writing: list = dataclasses.field(default_factory=list)  # the settings that writes.py runs


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


# Gantry: its defaults, with two routes, and one that writes; the rest is its table API.

SELECT = "SELECT id, title, author, year, price FROM books "


def gantry_binary():
    return pathlib.Path(os.environ.get("GANTRY", ROOT / "build/release/gantry")).resolve()


READING = [
    {"path": "/point/{id}", "result": "row", "sql": SELECT + "WHERE id = :id",
     "params": {"id": {"type": "integer"}}},
    {"path": "/list", "sql": SELECT + "WHERE id > :offset ORDER BY id LIMIT 100",
     "params": {"offset": {"type": "integer"}}},
]
WRITING = [
    {"method": "POST", "path": "/log", "result": "row", "params": {"text": {"type": "string"}},
     "sql": "INSERT INTO log(text) VALUES (:text) RETURNING id"},
]


def gantry_setting(text, routes, **database):
    def command(running):
        config = running.folder / "gantry.json"
        config.write_text(json.dumps({
            "listen": f"127.0.0.1:{running.port}",
            "database": {"path": str(running.database), **database},
            "routes": routes,
        }, indent=2))
        return [gantry_binary(), "serve", "--config", config]

    return Setting(text, command)


# Go: database/sql on go-sqlite3, linked with the same libsqlite3 as everybody.

def build_go():
    run("go", "build", "-tags", "libsqlite3", "-o", BUILT / "go", SOURCES / "go/main.go",
        GO111MODULE="off", GOFLAGS="", GOPATH="/usr/share/gocode", GOCACHE=str(BUILT / "go-cache"))


def go_setting(connections):
    return Setting(f"{connections} connections, GOGC=400",
                   lambda r: [BUILT / "go", r.database, r.port, connections], {"GOGC": "400"})


# FastAPI: uvicorn with its quick loop and parser, def endpoints on the pool of threads.

FASTAPI_PACKAGES = ("python3-fastapi", "uvicorn", "python3-uvloop", "python3-httptools")


def build_fastapi():
    run(PYTHON, "-c", "import fastapi, uvicorn, uvloop, httptools")


def fastapi_setting(workers, threads, embedding=""):
    return Setting(
        f"{workers} worker{'s' * (workers > 1)}, {threads} threads"
        + (", JSON by SQLite" if embedding else ""),
        lambda r: ["env", f"DATABASE={r.database}", PYTHON, "-m", "uvicorn", "--app-dir",
                   SOURCES / "fastapi", "--host", "127.0.0.1", "--port", r.port, "--workers",
                   workers, "--loop", "uvloop", "--http", "httptools", "--no-access-log",
                   "--log-level", "warning", "app:app"],
        {"THREADS": str(threads), "EMBED": embedding, "PYTHONDONTWRITEBYTECODE": "1"})


# Fastify: the versions of package-lock.json; better-sqlite3 is compiled, not downloaded.

def build_fastify():
    there = BUILT / "fastify"
    there.mkdir(exist_ok=True)
    shutil.copy(SOURCES / "fastify/server.js", there)
    lock = (SOURCES / "fastify/package-lock.json").read_bytes()
    done = there / "installed-lock.json"
    if done.exists() and done.read_bytes() == lock:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / "fastify" / name, there)
    prefix = pathlib.Path(run("node", "-p", "process.execPath").strip()).resolve().parents[1]
    run("npm", "ci", "--no-fund", "--no-audit", cwd=there, npm_config_nodedir=str(prefix),
        npm_config_build_from_source="true")
    run("node", "-e", "require('better-sqlite3')(':memory:')", cwd=there)
    done.write_bytes(lock)


def fastify_version():
    found = ["Node.js " + run("node", "-v").strip().lstrip("v")]
    for name in ("fastify", "better-sqlite3"):
        package = json.loads((BUILT / f"fastify/node_modules/{name}/package.json").read_text())
        found.append(f"{name} {package['version']}")
    sqlite = run("node", "-p", "require('better-sqlite3')(':memory:')"
                 ".prepare('SELECT sqlite_version()').pluck().get()", cwd=BUILT / "fastify").strip()
    return ", ".join(found) + f" with its own SQLite {sqlite}"


def fastify_setting(processes, *embedding):
    return Setting(f"{processes} process{'es' * (processes > 1)}"
                   + (", JSON by SQLite" if embedding else ""),
                   lambda r: ["node", BUILT / "fastify/server.js", r.database, r.port, processes,
                              *embedding],
                   {"NODE_ENV": "production"})


# Ulfius: a thread for each connection.

def build_ulfius():
    compile_c("ulfius", "libulfius", "jansson", "sqlite3")


def ulfius_setting():
    return Setting("", lambda r: [BUILT / "ulfius", r.database, r.port])


# The two limits.

def inline_setting(mode):
    return Setting("", lambda r: [BUILT / "inline", mode, r.database, r.port])


def build_inline():
    compile_c("inline", "libmicrohttpd", "sqlite3")


def inline_version():
    return packages("libmicrohttpd12", "libsqlite3-0")


PROGRAMS = [
    Program("gantry", False, lambda: None,
            lambda: run(gantry_binary(), "version").splitlines()[0].partition(" ")[2],
            [gantry_setting("", READING)],
            [gantry_setting("", READING + WRITING, write=True),
             gantry_setting("table API", READING + WRITING, write=True)]),
    Program("go", True, build_go,
            lambda: packages("golang-go", "golang-github-mattn-go-sqlite3-dev", "libsqlite3-0"),
            [go_setting(2), go_setting(4)], [go_setting(2)]),
    Program("fastify", True, build_fastify, fastify_version,
            [fastify_setting(1), fastify_setting(2), fastify_setting(2, "json")],
            [fastify_setting(1), fastify_setting(2)]),
    Program("ulfius", True, build_ulfius,
            lambda: packages("libulfius2.7", "libmicrohttpd12", "libjansson4", "libsqlite3-0"),
            [ulfius_setting()], [ulfius_setting()]),
    Program("fastapi", True, build_fastapi,
            lambda: packages("python3", *FASTAPI_PACKAGES, "libsqlite3-0"),
            [fastapi_setting(1, 2), fastapi_setting(2, 2), fastapi_setting(2, 2, "json")],
            [fastapi_setting(1, 2), fastapi_setting(2, 2)]),
    Program("inline", False, build_inline, inline_version, [inline_setting("query")]),
    Program("constant", False, build_inline, inline_version, [inline_setting("constant")]),
]
