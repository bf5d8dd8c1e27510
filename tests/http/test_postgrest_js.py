"""PostgREST's own JavaScript client reads the tables: the cases are in tests/postgrest.

The client comes from npm (pinned), which `./dev test` sees to; without it, or without Node.js, this is
skipped and says why.
"""

import json
import re
import shutil
import subprocess

import pytest

from harness import PATIENCE_S, ROOT, Server

CASES = ROOT / "tests" / "postgrest"
LEAST = 150

SERVERS = {
    "plain": {},
    "aggregates": {"tables": {"aggregates": True, "exclude": ["offices"]}},
    "unbounded": {"tables": {"max_rows": 0}, "limits": {"stream_bytes": 4096}},
}

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js"),
    pytest.mark.skipif(not (CASES / "node_modules").is_dir(),
                       reason="tests/postgrest/node_modules is not there: npm ci in tests/postgrest"),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("postgrest")
    schema = (CASES / "schema.sql").read_text(encoding="utf-8")
    queries = json.loads((CASES / "rpc.json").read_text(encoding="utf-8"))
    running = {}
    try:
        for name, config in SERVERS.items():
            running[name] = Server(directory / name, {**config, "rpc": queries}, schema).start()
        yield {name: server.url for name, server in running.items()}
        for server in running.values():
            assert server.stop() == 0, server.stderr()[-3000:]
    finally:
        for server in running.values():
            server.kill()


def test_the_client_reads(servers):
    done = subprocess.run(["node", "run.mjs", json.dumps(servers)], cwd=CASES, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE_S * 2, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    total = re.search(r"^(\d+) cases, 0 failed$", done.stdout, re.MULTILINE)
    assert total and int(total.group(1)) >= LEAST, done.stdout
