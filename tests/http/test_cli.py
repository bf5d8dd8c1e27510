"""The commands: exit codes, first lines, and what they say about a configuration that is wrong."""

import json
import os
import re
import socket
import sqlite3
import stat
import subprocess

import pytest

import library
from harness import (assert_no_report, assert_problem, gantry, gantry_command,
                     gantry_environment, make_database)

USAGE, DATA, NO_INPUT, OS_ERROR, IO_ERROR, CONFIG = 64, 65, 66, 71, 74, 78


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "data.db"
    make_database(path, library.SCHEMA)
    return path


def run(*arguments, code, cwd=None):
    """Run to the end; return what it wrote on both streams."""
    result = gantry(*arguments, cwd=cwd)
    text = result.stdout + result.stderr
    assert_no_report(text)
    assert result.returncode == code, f"{arguments}: {result.returncode}\n{text}"
    return text


def write_config(tmp_path, config):
    path = tmp_path / "gantry.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
    return path


# Usage.


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["--nonsense"], ["serve", "--nonsense"], ["check", "--nonsense"],
    ["serve", "--config"], ["serve", "--listen"], ["serve", "a.db", "b.db"], ["check"],
    ["serve", ""], ["help", "nonsense"], ["demo"], ["demo", "a.db", "b.db"],
    ["backup"], ["backup", "a.db"], ["backup", "a.db", ""], ["backup", "a.db", "b.db", "c.db"],
    ["health", "--url"], ["health", "extra"], ["version", "extra"],
], ids=" ".join)
def test_wrong_usage(tmp_path, arguments):
    text = run(*arguments, code=USAGE, cwd=tmp_path)
    assert text.strip()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["serve", "check", "demo", "backup", "health", "version"])
def test_help_of_each_command(tmp_path, command):
    result = gantry(command, "--help", cwd=tmp_path)
    assert result.returncode == 0, result
    assert command in result.stdout
    assert result.stderr == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["serve", "check", "demo", "backup", "health", "version"])
def test_other_ways_to_ask_for_help(command):
    expected = gantry(command, "--help")
    for arguments in ([command, "-h"], ["help", command]):
        result = gantry(*arguments)
        assert (result.returncode, result.stdout) == (0, expected.stdout), result


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["version"], ["demo", "a.db"],
                                       ["serve", "b.db", "--listen", "127.0.0.1:0"]], ids=" ".join)
def test_standard_output_cannot_be_written(tmp_path, arguments):
    """A success that nobody could read is none, and a server nobody can find does not stay."""
    make_database(tmp_path / "b.db", library.SCHEMA)
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([*gantry_command(), *arguments], cwd=tmp_path, stdout=full,
                                stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                                env=gantry_environment())
    assert_no_report(result.stderr)
    assert result.returncode == IO_ERROR, result
    assert "standard output: cannot write" in result.stderr
    assert "serving" not in result.stderr


def test_help_names_every_command_and_option():
    result = gantry("--help")
    assert result.returncode == 0
    for command in ("serve", "check", "demo", "backup", "health", "version"):
        assert command in result.stdout
    text = gantry("serve", "--help").stdout
    for option in ("--config", "--listen", "--write"):
        assert option in text
    assert "--config" in gantry("check", "--help").stdout
    assert "--url" in gantry("health", "--help").stdout


def test_version():
    assert re.search(r"\b\d+\.\d+\.\d+\b", run("version", code=0))


# Serve.


def test_first_line_and_the_urls_after_it(serve):
    server = serve(library.config())
    lines = server.stdout().splitlines()
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:[1-9]\d*", lines[0])
    assert "/health" in server.stdout() and "/api" in server.stdout()
    assert server.get("/health").status == 200


def test_serve_a_database_without_a_configuration(serve, database):
    server = serve(arguments=[str(database), "--listen", "127.0.0.1:0"], schema=None)
    assert len(server.get("/api/books").json()) == 4
    assert_problem(server.post("/api/books", {}), 405, "25006")
    assert server.get("/readyz").status == 200


def test_listen_overrides_the_configuration(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = serve(library.config(listen=f"127.0.0.1:{port}"),
                       arguments=["--listen", "127.0.0.1:0"])
        assert server.address[1] != port
        assert server.get("/health").status == 200


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1", "127.0.0.1:", ":", "",
                                    "127.0.0.1:99999", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
                                    "127.0.0.1: 80", "999.0.0.1:80", "127.0.0.1:0:0", "[::1:80"])
def test_bad_listen(tmp_path, database, listen):
    text = run("serve", database, "--listen", listen, code=USAGE)
    assert "listen" in text
    path = write_config(tmp_path, {"listen": listen, "database": {"path": str(database)}})
    assert "$.listen" in run("serve", "--config", path, code=CONFIG)
    assert "$.listen" in run("check", "--config", path, code=CONFIG)


def test_port_in_use(database):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = run("serve", database, "--listen", f"127.0.0.1:{port}", code=OS_ERROR)
        assert str(port) in text and "in use" in text.lower()


def test_two_servers_on_one_port(serve, database):
    """Two loops may share a port, two servers may not, or each would get half of the requests."""
    server = serve(library.config(loops=2))
    run("serve", database, "--listen", "127.0.0.1:%d" % server.address[1], code=OS_ERROR)
    assert server.get("/health").status == 200


def test_no_such_database(tmp_path):
    missing = tmp_path / "missing.db"
    text = run("serve", missing, "--listen", "127.0.0.1:0", code=NO_INPUT)
    assert "missing.db" in text
    assert not missing.exists()
    text = run("serve", missing, "--write", "--listen", "127.0.0.1:0", code=NO_INPUT)
    assert not missing.exists()


@pytest.mark.parametrize("content", [b"this is no database, only some text\n" * 100,
                                     b"SQLite format 3\0" + b"\xff" * 4080])
def test_not_a_database(tmp_path, content):
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    text = run("serve", path, "--listen", "127.0.0.1:0", code=DATA)
    assert "letter.txt" in text
    assert path.read_bytes() == content


def test_a_malformed_schema_is_named(tmp_path):
    path = tmp_path / "broken.db"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE oops(a); PRAGMA writable_schema = 1;"
                             "UPDATE sqlite_schema SET sql = 'CREATE TABLE oops(a'")
    connection.close()
    text = run("serve", path, "--listen", "127.0.0.1:0", code=DATA)
    assert "malformed database schema (oops)" in text


def test_a_directory_is_no_database(tmp_path):
    result = gantry("serve", tmp_path, "--listen", "127.0.0.1:0")
    assert result.returncode in (DATA, NO_INPUT, IO_ERROR), result


def test_no_such_configuration(tmp_path):
    for command in ("serve", "check"):
        text = run(command, "--config", tmp_path / "missing.json", code=NO_INPUT)
        assert "missing.json" in text


def test_write_option(serve, tmp_path):
    """Read-only unless it is asked for: a write route without it is a start-up error."""
    writing = library.config(writes=True)
    del writing["database"]
    server = serve(writing, arguments=["--write"])
    assert server.post("/notes", {"text": "a", "stars": 1}).status == 201
    path = write_config(tmp_path, {**writing, "database": {"path": str(server.database)}})
    assert "$.routes[" in run("check", "--config", path, code=CONFIG)


def test_check_with_the_arguments_of_serve(tmp_path, database):
    """What `serve DATABASE --config FILE --write` runs can be checked as it would be run."""
    writing = library.config(writes=True)
    writing.pop("database")
    path = write_config(tmp_path, writing)
    assert "database" in run("check", "--config", path, code=CONFIG)
    assert "--write" in run("check", database, "--config", path, code=CONFIG)
    assert "no problems" in run("check", database, "--config", path, "--write", code=0)
    assert "one DATABASE" in run("check", database, database, "--config", path, code=USAGE)


def test_logs_go_to_standard_error(serve):
    server = serve(library.config())
    for _ in range(5):
        server.get("/books/1")
    assert server.stop() == 0
    assert not any(line.startswith("{") for line in server.stdout().splitlines())
    for line in server.stderr().splitlines():
        assert isinstance(json.loads(line), dict), f"not a line of JSON: {line!r}"


# Check.


def test_check_of_a_good_configuration(tmp_path, database):
    path = write_config(tmp_path, {**library.config(writes=True),
                                   "database": {"path": str(database), "write": True}})
    before = database.read_bytes()
    run("check", "--config", path, code=0)
    assert database.read_bytes() == before


def test_every_problem_at_once(tmp_path, database):
    path = write_config(tmp_path, {
        "listne": "127.0.0.1:0",
        "database": {"path": str(database), "write": "yes"},
        "limits": {"deadline": 5, "body_bytes": -1, "connections": "many"},
        "pools": {"read": {"threads": 0}, "reports": {"thread": 1}},
        "routes": [
            {"method": "GET", "path": "/a/{id}", "sql": "SELECT :id",
             "params": {"id": {"type": "interger"}}},
            {"method": "FETCH", "path": "/b", "sql": "SELECT 1"},
            {"method": "GET", "path": "/c", "sql": "SELECT 1", "result": "one"},
            {"method": "GET", "path": "/d", "handler": "slep"},
        ]})
    for command in ("check", "serve"):
        text = run(command, "--config", path, code=CONFIG)
        for place in ("$.listne", "$.database.write", "$.limits.deadline", "$.limits.body_bytes",
                      "$.limits.connections", "$.pools.read.threads", "$.pools.reports.thread",
                      "$.routes[0].params.id.type", "$.routes[1].method", "$.routes[2].result",
                      "$.routes[3].handler"):
            assert place in text, f"{place} is missing:\n{text}"
        for name in ("listen", "deadline_ms", "threads", "integer", "sleep"):
            assert name in text, f"no hint at {name}:\n{text}"


def test_a_path_is_wrong_once(tmp_path, database):
    path = write_config(tmp_path, {
        "database": {"path": str(database)},
        "routes": [{"path": "/health", "sql": "SELECT 1"},
                   {"path": "/a", "sql": "SELECT 1"}, {"path": "/a", "sql": "SELECT 2"}]})
    text = run("check", "--config", path, code=CONFIG)
    assert text.count("$.routes[0].path") == 1 and text.count("$.routes[2].path") == 1, text
    assert "2 problems" in text


def test_problems_of_shape_and_of_sql_in_one_run(tmp_path, database):
    path = write_config(tmp_path, {
        "database": {"path": str(database)},
        "limit": {},
        "routes": [{"method": "GET", "path": "/a", "sql": "SELECT nothing FROM books"},
                   {"method": "GET", "path": "/b", "sql": "SELECT 1 FROM bookz"}]})
    text = run("check", "--config", path, code=CONFIG)
    for place in ("$.limit", "$.routes[0].sql", "$.routes[1].sql"):
        assert place in text, text


def route(**keys):
    return {"routes": [{"method": "GET", "path": "/r", **keys}]}


STRING = {"type": "string"}
INTEGER = {"type": "integer"}

WRONG = {
    "unknown key": ({"poools": {}}, "$.poools"),
    "unknown key of a route": (route(sql="SELECT 1", sqll="x"), "$.routes[0].sqll"),
    "unknown key of a parameter": (
        route(sql="SELECT :a", params={"a": {"type": "integer", "minimun": 1}}),
        "$.routes[0].params.a.minimun"),
    "wrong type": ({"limits": {"deadline_ms": "5000"}}, "$.limits.deadline_ms"),
    "wrong type of a list": ({"routes": {}}, "$.routes"),
    "wrong type of a member": ({"routes": ["GET /"]}, "$.routes[0]"),
    "fraction": ({"limits": {"deadline_ms": 1.5}}, "$.limits.deadline_ms"),
    "below the range": ({"limits": {"deadline_ms": -1}}, "$.limits.deadline_ms"),
    "above the range": ({"pools": {"read": {"threads": 1000000}}}, "$.pools.read.threads"),
    "too big for a number": ({"limits": {"body_bytes": 9223372036854775807}},
                             "$.limits.body_bytes"),
    "no path": ({"routes": [{"method": "GET", "sql": "SELECT 1"}]}, "$.routes[0]"),
    "neither sql nor handler": (route(), "$.routes[0]"),
    "both sql and handler": (route(sql="SELECT 1", handler="sleep"), "$.routes[0]"),
    "a path without slash": ({"routes": [{"method": "GET", "path": "r", "sql": "SELECT 1"}]},
                             "$.routes[0].path"),
    "a path with an open brace": (
        {"routes": [{"method": "GET", "path": "/{a", "sql": "SELECT 1"}]}, "$.routes[0].path"),
    "a path with the same name twice": (
        {"routes": [{"method": "GET", "path": "/{a}/{a}", "sql": "SELECT :a",
                     "params": {"a": STRING}}]}, "$.routes[0].path"),
    "a path parameter without declaration": (
        {"routes": [{"method": "GET", "path": "/r/{id}", "sql": "SELECT 1"}]}, "$.routes[0]"),
    "a name in the sql without declaration": (route(sql="SELECT :id"), "$.routes[0]"),
    "a declaration without a name in the sql": (
        route(sql="SELECT 1", params={"id": INTEGER}), "$.routes[0]"),
    "a positional parameter": (route(sql="SELECT ?"), "$.routes[0].sql"),
    "sql that does not parse": (route(sql="SELEC 1"), "$.routes[0].sql"),
    "sql with an unknown table": (route(sql="SELECT * FROM nowhere"), "$.routes[0].sql"),
    "two statements": (route(sql="SELECT 1; SELECT 2"), "$.routes[0].sql"),
    "no statement": (route(sql=" -- nothing"), "$.routes[0].sql"),
    "attach": (route(sql="ATTACH 'x.db' AS x"), "$.routes[0].sql"),
    "pragma that writes": (route(sql="PRAGMA journal_mode = DELETE"), "$.routes[0].sql"),
    "load_extension": (route(sql="SELECT load_extension('x')"), "$.routes[0].sql"),
    "a pool that does not exist": (route(sql="SELECT 1", pool="raed"), "$.routes[0].pool"),
    "a pool for tables that does not exist": ({"tables": {"pool": "raed"}}, "$.tables.pool"),
    "the writer's pool for tables": ({"tables": {"pool": "write"}}, "$.tables.pool"),
    "a handler that does not exist": (route(handler="nothing"), "$.routes[0].handler"),
    "an unknown type": (route(sql="SELECT :a", params={"a": {"type": "date"}}),
                        "$.routes[0].params.a.type"),
    "no type": (route(sql="SELECT :a", params={"a": {}}), "$.routes[0].params.a"),
    "a default of the wrong type": (
        route(sql="SELECT :a", params={"a": {"type": "integer", "default": "x"}}),
        "$.routes[0].params.a.default"),
    "a default outside the bounds": (
        route(sql="SELECT :a", params={"a": {"type": "integer", "minimum": 5, "default": 1}}),
        "$.routes[0].params.a.default"),
    "bounds the wrong way round": (
        route(sql="SELECT :a", params={"a": {"type": "integer", "minimum": 5, "maximum": 1}}),
        "$.routes[0].params.a"),
    "a bound that does not fit the type": (
        route(sql="SELECT :a", params={"a": {"type": "string", "minimum": 5}}),
        "$.routes[0].params.a.minimum"),
    "a place that does not exist": (
        route(sql="SELECT :a", params={"a": {"type": "string", "in": "header"}}),
        "$.routes[0].params.a.in"),
    "in path but not of the path": (
        route(sql="SELECT :a", params={"a": {"type": "string", "in": "path"}}),
        "$.routes[0].params.a"),
    "a body on GET": (
        route(sql="SELECT :a", params={"a": {"type": "string", "in": "body"}}),
        "$.routes[0].params.a"),
    "the same route twice": (
        {"routes": [{"method": "GET", "path": "/r", "sql": "SELECT 1"},
                    {"method": "GET", "path": "/r", "sql": "SELECT 2"}]}, "$.routes[1]"),
    "the same route by another name": (
        {"routes": [{"method": "GET", "path": "/{a}", "sql": "SELECT :a", "params": {"a": STRING}},
                    {"method": "GET", "path": "/{b}", "sql": "SELECT :b",
                     "params": {"b": STRING}}]}, "$.routes[1]"),
    **{f"a path of the system: {path}": (
        {"routes": [{"method": "GET", "path": path, "sql": "SELECT 1"}]}, "$.routes[0]")
       for path in ("/health", "/livez", "/readyz", "/startupz", "/metrics", "/openapi.json",
                    "/docs")},
    "a path of the tables": (
        {"routes": [{"method": "GET", "path": "/api/books", "sql": "SELECT 1"}]}, "$.routes[0]"),
    "a write on GET": ({"database": {"write": True}, **route(sql="DELETE FROM books")},
                       "$.routes[0]"),
    "a write on a read-only server": (
        {"routes": [{"method": "POST", "path": "/r", "sql": "DELETE FROM books"}]}, "$.routes[0]"),
    "tables both included and excluded": (
        {"tables": {"include": ["books"], "exclude": ["notes"]}}, "$.tables"),
    "a bad prefix": ({"tables": {"prefix": "api"}}, "$.tables.prefix"),
    "a prefix of the system": ({"tables": {"prefix": "/docs"}}, "$.tables.prefix"),
    "the writer's pool for a route": (route(sql="SELECT 1", pool="write"), "$.routes[0].pool"),
    "threads for the one writer": ({"pools": {"write": {"threads": 2}}}, "$.pools.write.threads"),
    "a handler with parameters": (route(handler="sleep", params={}), "$.routes[0].params"),
    "a result that does not exist": (route(sql="SELECT 1", result="one"), "$.routes[0].result"),
    "a synchronous that does not exist": ({"database": {"synchronous": "maybe"}},
                                          "$.database.synchronous"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_configuration(tmp_path, database, name):
    config, place = WRONG[name]
    config = {**config, "database": {"path": str(database), **config.get("database", {})}}
    path = write_config(tmp_path, config)
    text = run("check", "--config", path, code=CONFIG)
    assert place in text, text
    text = run("serve", "--config", path, "--listen", "127.0.0.1:0", code=CONFIG)
    assert place in text, text


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"listen": "127.0.0.1:0",}', "nonsense",
                                  '{"limits": {}, "limits": {}}', "{} {}", "[" * 100000])
def test_a_configuration_that_is_no_json_object(tmp_path, text):
    path = write_config(tmp_path, text)
    out = run("check", "--config", path, code=CONFIG)
    assert "gantry.json" in out or "$" in out


def test_a_mistake_in_json_is_told_with_its_line(tmp_path):
    path = write_config(tmp_path, '{\n "listen": "127.0.0.1:0",\n "pools": }\n')
    assert "3" in run("check", "--config", path, code=CONFIG)


# Demo.


def test_demo(serve, tmp_path):
    path = tmp_path / "demo.db"
    run("demo", path, code=0)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    kinds = connection.execute(
        "SELECT type, count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' GROUP BY type")
    count = dict(kinds.fetchall())
    assert count["table"] >= 3 and count["view"] >= 1
    connection.close()

    before = path.read_bytes()
    result = gantry("demo", path)
    assert result.returncode != 0
    assert "demo.db" in result.stdout + result.stderr
    assert path.read_bytes() == before

    server = serve(arguments=[str(path), "--listen", "127.0.0.1:0"], schema=None)
    tables = server.get("/api/").json()["tables"]
    rows = 0
    for table in tables:
        answer = server.get("/api/" + table["name"] + "?limit=1000")
        assert answer.status == 200
        rows += len(answer.json())
    assert rows >= 1000


def test_demo_refuses_what_it_cannot_write(tmp_path):
    result = gantry("demo", tmp_path / "no" / "such" / "folder" / "demo.db")
    assert result.returncode != 0
    other = tmp_path / "other.txt"
    other.write_text("mine")
    assert gantry("demo", other).returncode != 0
    assert other.read_text() == "mine"


# Health.


def test_health_command(serve):
    server = serve(library.config())
    url = "http://%s:%d/health" % server.address
    run("health", "--url", url, code=0)
    assert server.stop() == 0
    result = gantry("health", "--url", url)
    assert result.returncode != 0
    assert result.stdout + result.stderr


def test_health_command_of_what_is_not_well(shared):
    base = "http://%s:%d" % shared.address
    assert gantry("health", "--url", base + "/nowhere").returncode != 0


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1/", "http://",
                                 "http://127.0.0.1:x/", "http://127.0.0.1:99999/"])
def test_health_command_with_a_bad_url(url):
    result = gantry("health", "--url", url)
    assert result.returncode > 0 and result.stderr, result


def test_health_command_does_not_wait_for_ever():
    """A listener that never answers: the command gives up by itself."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        assert gantry("health", "--url", "http://127.0.0.1:%d/health"
                      % deaf.getsockname()[1]).returncode != 0


# A database that may only be read.


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_without_write_permission(serve, database):
    database.chmod(stat.S_IRUSR)
    server = serve(arguments=[str(database), "--listen", "127.0.0.1:0"], schema=None)
    assert len(server.get("/api/books").json()) == 4
