"""Backups: `gantry backup` and POST /admin/backup. Whole, of one moment, or not there at all."""

import os
import pty
import re
import select
import signal
import sqlite3
import stat
import subprocess
import threading

import pytest

import library
from harness import (Connection, assert_bad_parameters, assert_no_report, assert_problem, gantry,
                     gantry_command, gantry_environment, make_database, wait_until)

LOOPBACK = "127.0.0.1"
USAGE, DATA, NO_INPUT, CANNOT_CREATE = 64, 65, 66, 73

# A pair of rows for each number, made in one transaction: half of it would be seen.
PAIRS = [{"method": "POST", "path": "/pairs", "result": "none",
          "sql": "INSERT INTO pairs(n, half) VALUES (:n, 1), (:n, 2)",
          "params": {"n": {"type": "integer"}}}]
SCHEMA = (library.SCHEMA +
          "CREATE TABLE pairs(n INTEGER, half INTEGER, PRIMARY KEY (n, half));"
          "CREATE TABLE ballast(x); INSERT INTO ballast WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL"
          " SELECT n + 1 FROM c WHERE n < 4000) SELECT randomblob(1000) FROM c;")


def look(path, statement):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def assert_intact(path):
    assert look(path, "PRAGMA integrity_check") == [("ok",)]
    assert look(path, "PRAGMA foreign_key_check") == []
    assert not os.path.exists(f"{path}-wal")


def files(directory):
    return sorted(entry.name for entry in directory.iterdir())


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "data.db"
    make_database(path, SCHEMA)
    return path


def test_the_command_copies(database, tmp_path):
    copy = tmp_path / "copy.db"
    database.chmod(0o600)
    before = files(tmp_path)
    result = gantry("backup", database, copy)
    assert (result.returncode, result.stderr) == (0, "")  # nothing of how far it is: no terminal
    assert re.fullmatch(rf"copied {database} to {copy}: {copy.stat().st_size} bytes\n",
                        result.stdout)
    assert_intact(copy)
    assert look(copy, "SELECT * FROM books") == look(database, "SELECT * FROM books")
    assert look(copy, "SELECT * FROM ballast") == look(database, "SELECT * FROM ballast")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert set(files(tmp_path)) - set(before) <= {"copy.db", "data.db-shm", "data.db-wal"}


def test_what_is_still_in_the_wal_is_copied(database, tmp_path):
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("INSERT INTO counter VALUES (77)")
    writer.execute("BEGIN")
    writer.execute("INSERT INTO counter VALUES (78)")  # and what is not committed is not
    assert gantry("backup", database, tmp_path / "copy.db").returncode == 0
    writer.close()
    assert look(tmp_path / "copy.db", "SELECT n FROM counter ORDER BY n") == [(0,), (77,)]


def test_a_copy_is_served(serve, database, tmp_path):
    copy = tmp_path / "copy.db"
    assert gantry("backup", database, copy).returncode == 0
    server = serve(arguments=[str(copy), "--listen", "127.0.0.1:0", "--write"], schema=None)
    assert len(server.get("/api/books").json()) == 4


def test_a_database_that_is_not_there_is_not_to_be_made(tmp_path):
    result = gantry("backup", tmp_path / "no.db", tmp_path / "copy.db")
    assert result.returncode == NO_INPUT
    assert "no such file" in result.stderr and "demo" not in result.stderr


def test_the_command_replaces_only_if_it_is_told_to(database, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_text("precious")
    result = gantry("backup", database, copy)
    assert result.returncode == CANNOT_CREATE
    assert "exists already" in result.stderr and "--force" in result.stderr
    assert copy.read_text() == "precious"
    assert gantry("backup", "--force", database, copy).returncode == 0
    assert_intact(copy)


def test_what_the_command_refuses(database, tmp_path):
    before = database.read_bytes()
    (tmp_path / "text").write_text("no database" * 1000)
    (tmp_path / "stale.db-wal").write_text("of another one")
    (tmp_path / "link.db").symlink_to(database)
    for source, target, code, words in (
            (tmp_path / "none.db", "copy.db", NO_INPUT, "no such file"),
            (tmp_path / "text", "copy.db", DATA, "not a database"),
            (tmp_path, "copy.db", DATA, "a directory"),
            (database, database, CANNOT_CREATE, "the database itself"),
            (database, tmp_path / "link.db", CANNOT_CREATE, "not a regular file"),
            (database, tmp_path, CANNOT_CREATE, "is a directory"),
            (database, "none/copy.db", CANNOT_CREATE, "No such file"),
            (database, "stale.db", CANNOT_CREATE, "-wal")):
        result = gantry("backup", source, target, "--force", cwd=tmp_path)
        assert result.returncode == code, result
        assert words in result.stderr, result
        assert result.stdout == ""
    assert database.read_bytes() == before
    assert not [name for name in files(tmp_path) if "copy" in name or "partial" in name]


def test_the_command_while_somebody_writes(database, tmp_path):
    """Each copy is of one moment: no half of a pair, and all that was committed before."""
    committed, is_over = [0], threading.Event()

    def write():
        writer = sqlite3.connect(database, isolation_level=None, timeout=60)
        while not is_over.is_set():
            n = committed[0] + 1
            writer.execute("INSERT INTO pairs VALUES (?, 1), (?, 2)", (n, n))
            writer.execute("UPDATE ballast SET x = randomblob(1000) WHERE rowid % 100 = ?",
                           (n % 100,))
            committed[0] = n
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for i in range(5):
            least = committed[0]
            copy = tmp_path / f"copy-{i}.db"
            result = gantry("backup", database, copy)
            assert result.returncode == 0, result
            assert_intact(copy)
            ((rows, numbers, last),) = look(
                copy, "SELECT count(*), count(DISTINCT n), coalesce(max(n), 0) FROM pairs")
            assert rows == 2 * numbers == 2 * last
            assert least <= last <= committed[0] + 1
            assert look(copy, "SELECT count(*) FROM ballast") == [(4000,)]
            wait_until(lambda: committed[0] > last, "the writer to go on")
    finally:
        is_over.set()
        thread.join()


def big_database(tmp_path):
    path = tmp_path / "big.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE big(x)")
    connection.execute("INSERT INTO big WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1"
                       " FROM c WHERE n < 60) SELECT zeroblob(1000000) FROM c")
    connection.commit()
    connection.close()
    return path


def on_a_terminal(arguments, cwd):
    """Start it with a terminal as standard error. Returns it and the terminal's other end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*gantry_command(), *map(str, arguments)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=theirs, cwd=cwd,
                               env=gantry_environment())
    os.close(theirs)
    return process, ours


def read_terminal(fd):
    text = b""
    while select.select([fd], [], [], 60)[0]:
        try:
            piece = os.read(fd, 65536)
        except OSError:  # EIO: nobody has it open any more
            piece = b""
        if not piece:
            break
        text += piece
    os.close(fd)
    return text.decode()


def test_progress_on_a_terminal(tmp_path):
    process, terminal = on_a_terminal(["backup", big_database(tmp_path), "copy.db"], tmp_path)
    text = read_terminal(terminal)
    out = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 0
    assert out.startswith("copied ")
    percents = [int(n) for n in re.findall(r"(\d+) %", text)]
    assert percents[-1] == 100 and percents == sorted(percents)
    assert "of 60." in text and text.endswith("\r\x1b[K")  # the line is left empty
    assert_no_report(text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing(tmp_path, number):
    process, terminal = on_a_terminal(["backup", big_database(tmp_path), "copy.db"], tmp_path)
    wait_until(lambda: [n for n in files(tmp_path) if "partial" in n] or process.poll() is not None,
               "the copy to be begun")
    process.send_signal(number)
    read_terminal(terminal)
    process.communicate(timeout=60)
    if process.returncode == 0:  # it was quicker
        assert_intact(tmp_path / "copy.db")
    else:
        assert process.returncode == -number
        assert [name for name in files(tmp_path) if "copy" in name] == []


def test_what_kill_leaves_has_another_name(tmp_path):
    process, terminal = on_a_terminal(["backup", big_database(tmp_path), "copy.db"], tmp_path)
    wait_until(lambda: [n for n in files(tmp_path) if "partial" in n] or process.poll() is not None,
               "the copy to be begun")
    process.kill()
    read_terminal(terminal)
    process.communicate(timeout=60)
    if (tmp_path / "copy.db").exists():  # it was quicker
        assert_intact(tmp_path / "copy.db")
    else:
        (left,) = [name for name in files(tmp_path) if "copy" in name]
        assert re.fullmatch(r"copy\.db\.partial-\w{6}", left)
    assert gantry("backup", "big.db", "copy.db", "--force", cwd=tmp_path).returncode == 0


# --- the service ----------------------------------------------------------------------------------


def configuration(directory, backup=None, **more):
    backup = {"directory": str(directory), **(backup or {})} if directory is not None else backup
    return library.config(**{"writes": True, "routes": PAIRS + library.ROUTES, "loops": 1,
                             **({"backup": backup} if backup is not None else {}), **more})


@pytest.fixture
def copies(tmp_path):
    path = tmp_path / "copies"
    path.mkdir()
    return path


def ask(server, method="POST", target="/admin/backup", headers=None, body=None, host=LOOPBACK,
        address=None):
    with Connection(address or server.address) as connection:
        return connection.request(method, target, headers, body, host=host)


def assert_copied(answer, copies):
    assert answer.status == 200, answer
    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-store"
    told = answer.json()
    assert sorted(told) == ["bytes", "ms", "path"]
    path = copies / os.path.basename(told["path"])
    assert told["path"] == str(path)
    assert re.fullmatch(r"data-\d{8}T\d{6}\.\d{3}Z\.db", path.name)
    assert path.stat().st_size == told["bytes"]
    assert_intact(path)
    return path


def test_the_service_copies(serve, copies):
    server = serve(configuration(copies), schema=SCHEMA)
    assert server.post("/pairs", {"n": 1}).status == 204
    path = assert_copied(ask(server), copies)
    assert look(path, "SELECT count(*) FROM pairs") == [(2,)]
    assert look(path, "SELECT * FROM books") == server.sql("SELECT * FROM books")
    assert server.post("/pairs", {"n": 2}).status == 204
    other = assert_copied(ask(server), copies)
    assert look(path, "SELECT count(*) FROM pairs") == [(2,)]
    assert look(other, "SELECT count(*) FROM pairs") == [(4,)]
    assert files(copies) == sorted([path.name, other.name])
    wait_until(lambda: server.stderr().count("the database was backed up") == 2, "the log")


def test_the_service_copies_while_it_writes(serve, copies):
    server = serve(configuration(copies), schema=SCHEMA)
    acknowledged, is_over, failures = [0] * 4, threading.Event(), []

    def write(k):
        with server.connect() as connection:
            n = 0
            while not is_over.is_set():
                n += 1
                answer = connection.request("POST", "/pairs", body={"n": 4 * n + k})
                if answer.status != 204:
                    failures.append(answer)
                    return
                acknowledged[k] = n

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            least = list(acknowledged)
            path = assert_copied(ask(server), copies)
            most = list(acknowledged)
            for k in range(4):
                ((rows, last),) = look(path, "SELECT count(*), coalesce(max(n), 0) / 4 FROM pairs"
                                             f" WHERE n % 4 = {k}")
                assert rows == 2 * last
                assert least[k] <= last <= most[k] + 1
            wait_until(lambda: all(a > m for a, m in zip(acknowledged, most)), "writing to go on")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert failures == []
    total = sum(acknowledged)
    assert server.sql("SELECT count(*) FROM pairs") == [(2 * total,)]


# Another program's lock keeps the copy of a database without WAL waiting for as long as is needed.
@pytest.fixture
def held(serve, copies):
    def start(**more):
        server = serve(configuration(copies, writes=False, routes=[], **more),
                       schema="PRAGMA journal_mode = DELETE; CREATE TABLE t(x)")
        lock = sqlite3.connect(server.database, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        locks.append(lock)
        return server, lock

    locks = []
    yield start
    for lock in locks:
        lock.close()


def begin(server):
    """A backup that waits for the lock. Returns its connection and what the list says about it."""
    connection = server.connect()
    connection.send(b"POST /admin/backup HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def find():
        listed = ask(server, "GET", "/admin/queries").json()
        return [q for q in listed if q["route"] == "/admin/backup" and q["state"] == "running"]
    (query,) = wait_until(find, "the backup to run")
    return connection, query


def test_one_at_a_time(held, copies):
    server, lock = held()
    first, query = begin(server)
    assert (query["pool"], query["method"]) == ("backup", "POST")
    for _ in range(3):
        problem = assert_problem(ask(server), 409, "conflict")
        assert "another backup" in problem["detail"] and "/admin/queries" in problem["hint"]
    assert files(copies) == []
    assert server.get("/health").status == 200
    lock.execute("ROLLBACK")
    with first:
        assert_copied(first.read("POST"), copies)
    assert_copied(ask(server), copies)


def test_it_can_be_cancelled(held, copies):
    server, lock = held()
    first, query = begin(server)
    assert ask(server, "DELETE", f"/admin/queries/{query['id']}").status == 202
    with first:
        assert_problem(first.read("POST"), 503, "cancelled")
    assert files(copies) == []
    lock.execute("ROLLBACK")
    assert_copied(ask(server), copies)  # and the next one is not kept out


def test_its_deadline(held, copies):
    server, lock = held(backup={"deadline_ms": 50})
    answer = ask(server)
    assert answer.status in (503, 504), answer  # for a lock, or before it
    assert files(copies) == []
    lock.execute("ROLLBACK")


def test_its_client_goes_away(held, copies):
    server, lock = held()
    first, _ = begin(server)
    first.close()
    wait_until(lambda: ask(server, "GET", "/admin/queries").json() == [], "it to be given up")
    lock.execute("ROLLBACK")
    assert_copied(ask(server), copies)
    assert len(files(copies)) == 1


def test_a_stop_ends_it(held, copies):
    server, _ = held(limits={"drain_ms": 50})
    first, _ = begin(server)
    assert server.stop() == 0
    with first:
        assert first.read("POST").status == 503
    assert files(copies) == []


def test_without_a_directory(serve):
    server = serve(configuration(None), schema=SCHEMA)
    problem = assert_problem(ask(server), 404, "not_found")
    assert "backup.directory" in problem["hint"]
    assert "gy-backup" not in str(thread_names(server))


def thread_names(server):
    tasks = f"/proc/{server.process.pid}/task"
    names = []
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/comm", encoding="ascii") as name:
            names.append(name.read().strip())
    return names


def test_it_has_threads_of_its_own(serve, copies):
    server = serve(configuration(copies), schema=SCHEMA)
    assert {"gy-backup-0", "gy-backup-1"} <= set(thread_names(server))


def test_a_configured_pool_is_used(serve, copies):
    server = serve(configuration(copies, pools={"backup": {"threads": 3, "queue": 1}}),
                   schema=SCHEMA)
    names = thread_names(server)
    assert "gy-backup-2" in names and "gy-backup-3" not in names
    assert_copied(ask(server), copies)


def test_without_a_database(serve, copies):
    server = serve(library.config(routes=[], backup={"directory": str(copies)}), schema=None)
    assert "no database" in assert_problem(ask(server), 404, "not_found")["detail"]


def test_the_request_names_nothing(serve, copies):
    server = serve(configuration(copies), schema=SCHEMA)
    assert_bad_parameters(ask(server, target="/admin/backup?path=/tmp/x.db"), "path")
    assert_problem(ask(server, body={"path": "/tmp/x.db"}), 400, "bad_request")
    assert_problem(ask(server, body=b"../../x"), 400, "bad_request")
    for method in ("GET", "PUT", "DELETE"):
        answer = ask(server, method)
        assert (answer.status, answer.header("allow")) == (405, "POST, OPTIONS")
    assert files(copies) == []


def test_who_may_ask(serve, copies):
    server = serve(configuration(copies), schema=SCHEMA)
    host, port = server.address
    own = f"{host}:{port}"
    for headers, name in (({}, "evil.example"),
                          ({"Origin": "http://evil.example"}, own),
                          ({"Origin": "null"}, own),
                          ({"Origin": f"http://{host}"}, own),
                          ({"Origin": f"http://{own}.evil.example"}, own),
                          ({"Sec-Fetch-Site": "cross-site"}, own),
                          ({"Sec-Fetch-Site": "same-site", "Origin": f"http://{own}"}, own),
                          ({"X-Forwarded-For": "10.0.0.1"}, own)):
        assert_problem(ask(server, headers=headers, host=name), 403, "forbidden")
    assert files(copies) == []
    for headers in ({"Origin": f"http://{own}", "Sec-Fetch-Site": "same-origin"},
                    {"Sec-Fetch-Site": "none"}):
        assert_copied(ask(server, headers=headers, host=own), copies)


def test_where_it_is_served(serve, copies):
    server = serve(configuration(copies, listen="0.0.0.0:0"), schema=SCHEMA)
    assert "admin.listen" in assert_problem(ask(server), 404, "not_found")["hint"]
    server = serve(configuration(copies, admin={"listen": "127.0.0.1:0"}), schema=SCHEMA)
    assert "admin.listen" in assert_problem(ask(server), 404, "not_found")["hint"]
    port = wait_until(lambda: re.search(r"^  admin   http://.+:(\d+)$", server.stdout(), re.M),
                      "the admin listener to be announced").group(1)
    assert_copied(ask(server, address=(LOOPBACK, int(port))), copies)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_may_not_be_written(serve, copies):
    server = serve(configuration(copies), schema=SCHEMA)
    copies.chmod(0o500)
    problem = assert_problem(ask(server), 500, "internal")
    assert "backup.directory" in problem["hint"]
    copies.chmod(0o700)


def test_a_directory_that_has_gone(serve, copies):
    server = serve(configuration(copies), schema=SCHEMA)
    copies.rmdir()
    problem = assert_problem(ask(server), 500, "internal")
    assert "backup.directory" in problem["hint"]
    wait_until(lambda: "a backup has failed" in server.stderr(), "the log")


@pytest.mark.parametrize("what", ["none", "file"])
def test_a_directory_that_is_none(tmp_path, what):
    (tmp_path / "file").write_text("")
    make_database(tmp_path / "data.db", library.SCHEMA)
    (tmp_path / "gantry.json").write_text(
        '{"database": {"path": "data.db"}, "backup": {"directory": "%s"}}' % what)
    for command in ("check", "serve"):
        result = gantry(command, "--config", "gantry.json", cwd=tmp_path)
        assert result.returncode == 78, result
        assert "$.backup.directory" in result.stderr and what in result.stderr
