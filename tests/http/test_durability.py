"""What an acknowledged write is worth, and what becomes of writing when the disk does not play along."""

import json
import os
import subprocess

import pytest

from harness import assert_problem, make_database, wait_until

SCHEMA = "CREATE TABLE log(id INTEGER PRIMARY KEY, text TEXT);"
ROUTES = [
    {"method": "POST", "path": "/log", "result": "row", "params": {"text": {"type": "string"}},
     "sql": "INSERT INTO log(text) VALUES (:text) RETURNING id"},
    {"path": "/count", "result": "row", "sql": "SELECT count(*) AS n FROM log"},
]


def config(**database):
    return {"database": {"write": True, **database}, "routes": ROUTES}


def log(server, text):
    return server.post("/log", json.dumps({"text": text}).encode(),
                       {"Content-Type": "application/json"})


def count(server):
    return server.get("/count").json()["n"]


def test_normal_is_said_out_loud(serve):
    server = serve(config=config(synchronous="normal"), schema=SCHEMA)
    assert "acknowledged writes may be lost in a power cut" in server.stderr()
    assert log(server, "x").status == 201


@pytest.mark.parametrize("arguments", [{}, {"synchronous": "full"}])
def test_full_needs_no_words(serve, arguments):
    server = serve(config=config(**arguments), schema=SCHEMA)
    assert "power cut" not in server.stderr()


@pytest.fixture
def small_disk(tmp_path):
    """Four megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may make a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(serve, small_disk):
    server = serve(config=config(), schema=SCHEMA, database=small_disk / "data.db")
    acknowledged = 0
    big = "x" * 100000
    for _ in range(100):
        answer = log(server, big)
        if answer.status != 201:
            break
        acknowledged += 1
    assert_problem(answer, 507, "disk_full")
    assert count(server) == acknowledged  # reads go on
    assert server.get("/health").status == 200
    assert log(server, big).status == 507
    assert server.get("/readyz").status == 200  # it is not over
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert log(server, big).status == 201  # at once, and by itself
    assert count(server) == acknowledged + 1
    assert server.sql("PRAGMA integrity_check") == [("ok",)]
    server.kill()
    server.start()
    assert count(server) == acknowledged + 1
    assert server.stop() == 0  # before the disk is gone


def test_a_full_disk_that_a_reader_has_filled(serve, small_disk):
    """While a snapshot was open the log could not begin anew. Once it is closed, that is room enough."""
    import sqlite3

    schema = SCHEMA + "INSERT INTO log(text) VALUES (hex(zeroblob(50000)));"
    routes = [*ROUTES, {"method": "PUT", "path": "/log", "result": "none",
                        "params": {"text": {"type": "string"}}, "sql": "UPDATE log SET text = :text"}]
    server = serve(config={**config(), "routes": routes}, schema=schema,
                   database=small_disk / "data.db")

    def change():
        text = os.urandom(50000).hex()
        return server.request("PUT", "/log", {"Content-Type": "application/json"},
                              json.dumps({"text": text}).encode()).status

    reader = sqlite3.connect(server.database, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM log").fetchall() == [(1,)]
    for _ in range(100):
        status = change()
        if status != 204:
            break
    assert status == 507
    assert change() == 507
    reader.execute("COMMIT")
    reader.close()
    wait_until(lambda: change() == 204, "a log that begins anew")
    assert server.stop() == 0


def test_the_log_does_not_stay_large(serve):
    server = serve(config=config(), schema=SCHEMA)
    wal = f"{server.database}-wal"
    for _ in range(30):  # 1,500 pages: a checkpoint on the way, and some that are left
        assert log(server, "x" * 200000).status == 201
    wait_until(lambda: os.path.getsize(wal) == 0, "an idle checkpoint")
    assert count(server) == 30


def test_what_waits_together_is_committed_together(serve):
    """While another process holds the lock, requests gather; then there are fewer commits than rows."""
    import concurrent.futures
    import sqlite3

    server = serve(config=config(), schema=SCHEMA)
    clients = 32
    with sqlite3.connect(server.database, isolation_level=None) as other, \
            concurrent.futures.ThreadPoolExecutor(clients) as pool:
        other.execute("BEGIN IMMEDIATE")
        answers = [pool.submit(log, server, "x") for _ in range(clients)]
        wait_until(lambda: f'queue_depth{{pool="write"}} {clients - 1}' in
                   server.get("/metrics").body.decode(), "all of them to wait")
        other.execute("ROLLBACK")
        ids = {answer.result().json()["id"] for answer in answers}
    assert len(ids) == clients == count(server)
    metrics = server.get("/metrics").body.decode()
    assert "gantry_changes_total 32" in metrics
    assert 'gantry_commits_total{changes="17-32"} 1' in metrics


def test_the_deadline_never_denies_what_was_written(serve):
    """
    A deadline may pass behind the statement, while its answer is being made: then what was written counts, and
    only its own work can say so. Wherever the deadline falls, a 504 means that nothing is there.
    """
    deadlines = range(20, 400, 10)
    server = serve(schema=SCHEMA, config={
        "database": {"write": True}, "limits": {"response_bytes": 32000000},
        "routes": ROUTES + [
            {"method": "POST", "path": f"/within/{ms}", "result": "row", "deadline_ms": ms,
             "sql": "INSERT INTO log(text) VALUES (:text) "
                    "RETURNING id, hex(randomblob(3000000)) AS noise",
             "params": {"text": {"type": "string"}}} for ms in deadlines]})
    answers = {ms: server.post(f"/within/{ms}", json.dumps({"text": str(ms)}).encode(),
                               {"Content-Type": "application/json", "Accept-Encoding": "gzip"}).status
               for ms in deadlines}
    assert log(server, "the last one").status == 201  # all that was begun is over
    written = {int(text) for (text,) in server.sql("SELECT text FROM log WHERE text < 'a'")}
    assert written == {ms for ms, status in answers.items() if status == 201}


@pytest.mark.parametrize("what", ["moved", "removed", "replaced"])
def test_a_file_that_is_not_at_its_path_any_more(serve, what):
    """What would be written to it nobody would find: it is not acknowledged, and /readyz says why."""
    server = serve(config={**config(), "pools": {"read": {"threads": 1}}}, schema=SCHEMA)
    assert log(server, "x").status == 201
    assert count(server) == 1  # now the reader has opened it as well
    if what == "moved":
        os.rename(server.database, f"{server.database}.old")
    elif what == "removed":
        os.unlink(server.database)
    else:
        make_database(f"{server.database}.new", SCHEMA)
        os.rename(f"{server.database}.new", server.database)
    assert log(server, "y").status == 500
    assert "not at its path" in log(server, "z").json()["detail"]
    answer = server.get("/readyz")
    assert answer.status == 503 and b"not at its path" in answer.body
    assert count(server) == 1  # reads go on
