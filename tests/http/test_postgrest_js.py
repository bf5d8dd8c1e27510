"""PostgREST's own JavaScript client reads and writes the tables: the cases are in tests/postgrest.

The client comes from npm (pinned), which `./dev test` sees to; without it, or without Node.js, this is
skipped and says why. POSTGREST_CASES=TEXT runs only the cases whose name holds that.
"""

import contextlib
import hashlib
import http.server
import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading

import pytest

from harness import PATIENCE_S, ROOT, Server, make_database

CASES = ROOT / "tests" / "postgrest"
CHOSEN = os.environ.get("POSTGREST_CASES", "")
LEAST = 670
LEAST_WRITES = 650

READERS = {
    "plain": {},
    "aggregates": {"tables": {"aggregates": True, "exclude": ["offices"]}},
    "unbounded": {"tables": {"max_rows": 0}, "limits": {"stream_bytes": 4096}},
}
WRITERS = {
    "write": {},
    "override": {"tables": {"tx_override": True}},
    "unfiltered": {"tables": {"unfiltered_writes": True, "exclude": ["journal", "convoy_ships", "members"]}},
}

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js"),
    pytest.mark.skipif(not (CASES / "node_modules").is_dir(),
                       reason="tests/postgrest/node_modules is not there: npm ci in tests/postgrest"),
]


def text_of(name):
    return (CASES / name).read_text(encoding="utf-8")


@contextlib.contextmanager
def running(directory, configs, schema, queries):
    """Servers by their names, each with a database of its own."""
    servers = {}
    try:
        for name, config in configs.items():
            servers[name] = Server(directory / name, {**config, "rpc": queries}, schema).start()
        yield servers
        for server in servers.values():
            assert server.stop() == 0, server.stderr()[-3000:]
    finally:
        for server in servers.values():
            server.kill()


def sum_of(connection):
    """What all rows of the database are, in one short text. Those of the application alone."""
    digest = hashlib.sha256()
    tables = connection.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') "
        "AND name NOT LIKE 'sqlite_s%' AND name NOT LIKE '%gantry%' ORDER BY name").fetchall()
    for (table,) in tables:
        digest.update(repr((table, connection.execute(f'SELECT * FROM "{table}"').fetchall())).encode())
    return digest.hexdigest()


@contextlib.contextmanager
def keeper(servers, template):
    """The address of who keeps the servers' databases, from outside: POST /NAME makes one as it was in the
    beginning, GET /NAME looks at it; both answer the sum of its rows."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, restores):
            path = servers[self.path.strip("/")].database
            with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE_S)) as connection:
                connection.execute("PRAGMA synchronous = OFF")
                if restores:
                    with contextlib.closing(sqlite3.connect(template)) as source:
                        source.backup(connection, sleep=0.005)
                body = sum_of(connection).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.answer(restores=False)

        def do_POST(self):
            self.answer(restores=True)

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield "http://127.0.0.1:%d" % listener.server_address[1]
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def run_cases(addresses, least):
    done = subprocess.run(["node", "run.mjs", json.dumps(addresses), CHOSEN], cwd=CASES, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE_S * 2, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    total = re.search(r"^(\d+) cases, 0 failed$", done.stdout, re.MULTILINE)
    assert total and (CHOSEN or int(total.group(1)) >= least), done.stdout


def test_the_client_reads(tmp_path):
    queries = json.loads(text_of("rpc.json"))
    with running(tmp_path, READERS, text_of("schema.sql"), queries) as servers:
        run_cases({name: server.url for name, server in servers.items()}, LEAST)


def test_the_client_writes(tmp_path):
    schema = text_of("schema.sql") + text_of("write_schema.sql")
    queries = json.loads(text_of("rpc.json")) + json.loads(text_of("write_rpc.json"))
    configs = {name: {**config, "database": {"write": True}} for name, config in WRITERS.items()}
    make_database(tmp_path / "template.db", schema)
    with running(tmp_path, configs, schema, queries) as servers, keeper(servers, tmp_path / "template.db") as address:
        run_cases({"keeper": address, **{name: server.url for name, server in servers.items()}}, LEAST_WRITES)
