"""Routes with "steps": several statements in one request, all of which happen or none."""

import json
import pathlib
import re
import sqlite3
import threading

import pytest

import library
from conftest import one_server
from harness import assert_problem, gantry, make_database

JSON = {"Content-Type": "application/json"}
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/configuration.md"

SCHEMA = """
CREATE TABLE parents(id INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB);
CREATE TABLE children(id INTEGER PRIMARY KEY,
    parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED, value, kind);
CREATE TABLE counter(n INTEGER NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TABLE many(n INTEGER PRIMARY KEY);
INSERT INTO many WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000) SELECT n FROM c;
"""

SLOW = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300000)"
        " SELECT count(*) AS n FROM c")
INSERT_PARENT = "INSERT INTO parents(name) VALUES (:name) RETURNING id, name"
NAME = {"name": {"type": "string"}}


def route(path, *steps, method="POST", **more):
    """A step is its SQL, or (SQL, no_rows)."""
    return {"method": method, "path": path, **more,
            "steps": [{"sql": step} if isinstance(step, str) else {"sql": step[0], "no_rows": step[1]}
                      for step in steps]}


ROUTES = [
    route("/family", INSERT_PARENT,
          "INSERT INTO children(parent, value) SELECT :step1.id, value FROM json_each(:values)"
          " RETURNING id, value",
          "SELECT :step1.id AS parent, :step1.NAME AS name, :step2.value AS first, count(*) AS children"
          " FROM children WHERE parent = :step1.id",
          result="row", params={**NAME, "values": {"type": "json"}}),
    route("/pair", "INSERT INTO parents(name) VALUES (:first)",
          "INSERT INTO parents(name) VALUES (:second)", result="none",
          params={"first": {"type": "string"}, "second": {"type": "string"}}),
    route("/hostile", "INSERT INTO parents(name) VALUES (:first)",
          "INSERT OR ROLLBACK INTO parents(name) VALUES (:second)", result="none",
          params={"first": {"type": "string"}, "second": {"type": "string"}}),
    route("/orphan", "INSERT INTO children(parent) VALUES (:parent) RETURNING id",
          ("UPDATE counter SET n = n + 1", "conflict"), "SELECT :step1.id AS id",
          params={"parent": {"type": "integer"}}),
    route("/values", "SELECT :v AS v, typeof(:v) AS t",
          "INSERT INTO children(value, kind) VALUES (:step1.v, typeof(:step1.v)) RETURNING value, kind",
          result="row", params={"v": {"type": "json", "default": None}}),
    route("/blob", "INSERT INTO parents(data) VALUES (:data) RETURNING data",
          "INSERT INTO children(value) VALUES (:step1.data) RETURNING hex(value) AS hex, typeof(value) AS t",
          result="row", params={"data": {"type": "blob"}}),
    route("/quotes", "SELECT 7 AS id",
          "INSERT INTO children(value, kind) VALUES (':step1.id', :step1.id) -- not :step9.id\n"
          " RETURNING /* :step9.x */ value, kind AS \"a:step9.b\"", result="row"),
    route("/adopt/default", "SELECT id FROM parents WHERE name = :name",
          "INSERT INTO children(parent) VALUES (:step1.id) RETURNING parent", params=NAME),
    *(route(f"/adopt/{no_rows}",
            "UPDATE counter SET n = n + 1",
            ("SELECT id FROM parents WHERE name = :name", no_rows),
            "INSERT INTO children(parent) VALUES (:step2.id) RETURNING parent", params=NAME)
      for no_rows in ("not_found", "conflict", "continue")),
    route("/rename", "UPDATE counter SET n = n + 1",
          ("UPDATE parents SET name = :name WHERE id = :id", "conflict"), result="none",
          params={**NAME, "id": {"type": "integer"}}),
    route("/alone", ("UPDATE parents SET name = :name WHERE id = -1", "not_found"), params=NAME),
    route("/last/row", INSERT_PARENT, "SELECT id FROM children WHERE id = -1", result="row", params=NAME),
    route("/runaway", INSERT_PARENT, library.RUNAWAY, deadline_ms=300, params=NAME),
    route("/snapshot", "SELECT n FROM counter", SLOW,
          "SELECT :step1.n AS before, n AS after FROM counter", method="GET", result="row"),
    route("/stream", "SELECT max(n) AS top FROM many",
          "SELECT n, :step1.top AS top FROM many ORDER BY n", method="GET", stream=True),
    route("/one", "SELECT :v + 1 AS v", method="GET", result="row", params={"v": {"type": "integer"}}),
    route("/star", "INSERT INTO parents(name) VALUES (:name) RETURNING *",
          "INSERT INTO children(value) VALUES (:step1.name) RETURNING value", result="row", params=NAME),
    route("/too-large", "SELECT zeroblob(:n) AS b", "INSERT INTO children(value) VALUES (length(:step1.b))",
          params={"n": {"type": "integer"}}),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    yield from one_server(tmp_path_factory.mktemp("steps"), library.config(writes=True, routes=ROUTES), SCHEMA)


def post(server, path, **body):
    return server.post(path, json.dumps(body).encode(), JSON)


def content(server):
    return [server.sql(f"SELECT * FROM {table} ORDER BY 1") for table in ("parents", "children", "counter")]


# One after the other.


def test_later_steps_use_rows_of_earlier_ones(server):
    answer = post(server, "/family", name="Ada", values=["x", 2, None])
    assert answer.status == 201, answer
    got = answer.json()
    assert got == {"parent": got["parent"], "name": "Ada", "first": "x", "children": 3}
    assert server.sql("SELECT value FROM children WHERE parent = ? ORDER BY id",
                      (got["parent"],)) == [("x",), (2,), (None,)]


@pytest.mark.parametrize("value, kind", [
    ("é😀", "text"), ("", "text"), (2**63 - 1, "text"), (1.5, "text"), (None, "null")])
def test_values_arrive_as_they_are(server, value, kind):
    """A parameter of type json is text; nothing of it is lost on the way through a step."""
    answer = post(server, "/values", **({} if value is None else {"v": value}))
    text = None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert answer.json() == {"value": text, "kind": kind}


def test_a_blob_stays_a_blob(server):
    assert post(server, "/blob", data="AAH/").json() == {"hex": "0001FF", "t": "blob"}
    assert post(server, "/blob", data="").json() == {"hex": "", "t": "blob"}


def test_quotes_and_comments_are_left_alone(server):
    assert server.post("/quotes", b"").json() == {"value": ":step1.id", "a:step9.b": 7}


def test_one_step_is_a_route_as_ever(server):
    assert server.get("/one?v=41").json() == {"v": 42}


# All or nothing.


def test_a_constraint_undoes_what_came_before(server):
    before = content(server)
    assert_problem(post(server, "/pair", first="new", second="new"), 409, "conflict")
    assert content(server) == before
    assert post(server, "/pair", first="new", second="newer").status == 204
    assert server.sql("SELECT count(*) FROM parents WHERE name IN ('new', 'newer')") == [(2,)]


def test_a_deferred_foreign_key_undoes_all(server):
    before = content(server)
    assert_problem(post(server, "/orphan", parent=-5), 409, "conflict")
    assert content(server) == before


def test_a_passed_deadline_undoes_all(server):
    before = content(server)
    assert_problem(post(server, "/runaway", name="late"), 504, "deadline_run")
    assert content(server) == before


def test_a_last_row_that_is_missing_undoes_all(server):
    before = content(server)
    assert_problem(post(server, "/last/row", name="nobody"), 404, "row_not_found")
    assert content(server) == before


@pytest.mark.parametrize("path, status, code", [
    ("/adopt/default", 404, "row_not_found"), ("/adopt/not_found", 404, "row_not_found"),
    ("/adopt/conflict", 409, "conflict"), ("/alone", 404, "row_not_found")])
def test_no_row_ends_the_request(server, path, status, code):
    before = content(server)
    answer = post(server, path, name="unheard of")
    assert_problem(answer, status, code)
    assert "step" in answer.json()["detail"]
    assert content(server) == before


def test_no_row_may_be_null(server):
    answer = post(server, "/adopt/continue", name="unheard of")
    assert (answer.status, answer.json()) == (201, [{"parent": None}])


def test_no_changed_row_ends_the_request(server):
    before = content(server)
    assert_problem(post(server, "/rename", id=-1, name="x"), 409, "conflict")
    assert content(server) == before


def test_a_parameter_that_is_wrong_runs_nothing(server):
    before = content(server)
    assert_problem(post(server, "/rename", id="one", name="x"), 400, "bad_parameters")
    assert content(server) == before


def test_a_value_that_is_too_large_for_a_later_step(server):
    assert post(server, "/too-large", n=1000000).status == 201
    before = content(server)
    for size in (9 << 20, 20 << 20):  # more than a request keeps; more than an answer may have
        assert_problem(post(server, "/too-large", n=size), 500, "result_too_large")
    assert content(server) == before


@pytest.mark.parametrize("path", ["/pair", "/hostile"])
def test_concurrent_writers_do_not_harm_each_other(serve, path):
    """In one group: those that fail leave nothing, the others everything. A hostile one takes the
    whole transaction with it; then each is made again."""
    server = serve(library.config(writes=True, routes=ROUTES), SCHEMA)
    answers = {}

    def write(worker):
        with server.connect() as connection:
            for i in range(25):
                name = f"{worker}-{i}"
                is_bad = i % 3 == 0
                body = json.dumps({"first": name, "second": name if is_bad else name + "b"})
                where = path if is_bad else "/pair"
                answers[name] = connection.request("POST", where, JSON, body.encode()).status

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 200
    for name, status in answers.items():
        assert status == (409 if int(name.split("-")[1]) % 3 == 0 else 204), name
    names = {name for (name,) in server.sql("SELECT name FROM parents")}
    good = {name for name, status in answers.items() if status == 204}
    assert names == good | {name + "b" for name in good}


def test_a_key_makes_it_happen_once(server):
    headers = {**JSON, "Idempotency-Key": "once"}
    body = json.dumps({"name": "only", "values": [1, 2]}).encode()
    answers = [server.post("/family", body, headers) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 201]
    assert len({answer.body for answer in answers}) == 1
    assert server.sql("SELECT count(*) FROM children JOIN parents ON parents.id = parent"
                      " WHERE name = 'only'") == [(2,)]
    # What failed has left no key behind.
    headers["Idempotency-Key"] = "twice"
    assert server.post("/pair", b'{"first": "same", "second": "same"}', headers).status == 409
    assert server.post("/pair", b'{"first": "same", "second": "other"}', headers).status == 204


# Reading.


def test_reading_steps_see_one_snapshot(serve):
    server = serve(library.config(routes=[route for route in ROUTES if route["method"] == "GET"]), SCHEMA)
    is_over = threading.Event()

    def count():
        connection = sqlite3.connect(server.database, isolation_level=None)
        while not is_over.is_set():
            connection.execute("UPDATE counter SET n = n + 1")
        connection.close()

    writer = threading.Thread(target=count)
    writer.start()
    try:
        passed = 0
        for _ in range(10):
            answer = server.get("/snapshot").json()
            assert answer["before"] == answer["after"]
            passed += server.sql("SELECT n FROM counter")[0][0] > answer["after"]
        assert passed > 0  # it was written to all the time
    finally:
        is_over.set()
        writer.join()


def test_the_last_of_reading_steps_can_be_streamed(server):
    rows = server.get("/stream").json()
    assert [row["n"] for row in rows] == list(range(1, 3001))
    assert {row["top"] for row in rows} == {3000}
    assert len(server.get("/stream", {"Accept": "application/x-ndjson"}).body.splitlines()) == 3000


# The schema changes.


def test_another_column_is_never_taken_silently(serve):
    server = serve(library.config(writes=True, routes=ROUTES), SCHEMA)
    assert post(server, "/star", name="a").json() == {"value": "a"}
    server.sql("CREATE TABLE unrelated(x)")
    assert post(server, "/star", name="b").json() == {"value": "b"}
    server.sql("ALTER TABLE parents RENAME COLUMN data TO more")
    assert_problem(post(server, "/star", name="c"), 500, "internal")
    assert server.sql("SELECT count(*) FROM parents WHERE name = 'c'") == [(0,)]
    assert post(server, "/family", name="d", values=[1]).status == 201  # it names its columns


# Wrong configurations.


def problems(directory, *routes, write=True, code=78):
    database = directory / "data.db"
    if not database.exists():
        make_database(database, SCHEMA)
    path = directory / "gantry.json"
    path.write_text(json.dumps({"database": {"path": str(database), "write": write}, "routes": routes}))
    done = gantry("check", "--config", path)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


WRONG = {
    "does not prepare": (["SELECT 1 AS a", "SELECT x FROM nowhere"], "steps[1].sql: no such table: nowhere"),
    "two statements": (["SELECT 1; SELECT 2"], "steps[0].sql: more than one statement"),
    "an unknown column": (["SELECT 1 AS name", "SELECT :step1.nam AS x"],
                          'steps[1].sql: the SQL uses :step1.nam, but that step returns no such column;'
                          ' did you mean "name"?'),
    "no rows at all": (["UPDATE counter SET n = 0", "SELECT :step1.n AS x"],
                       "steps[1].sql: the SQL uses :step1.n, but that step returns no rows; add a RETURNING"),
    "itself": (["SELECT :step1.a AS a"], "steps[0].sql: the SQL uses :step1.a, but this is step1"),
    "a later one": (["SELECT :step2.a AS b", "SELECT 1 AS a"],
                    "steps[0].sql: the SQL uses :step2.a, but this is step1: only earlier steps have rows"),
    "none such": (["SELECT 1 AS a", "SELECT :step7.a AS b"],
                  "steps[1].sql: the SQL uses :step7.a, but there is no such step"),
    "number 0": (["SELECT 1 AS a", "SELECT :step0.a AS b"], "steps[1].sql: the SQL uses :step0.a, but there is no"),
    "a very large number": (["SELECT 1 AS a", "SELECT :step99999999999999999999.a AS b"],
                            "but there is no such step"),
    "no parameter": (["SELECT 1 AS a", "SELECT :nme AS b"],
                     "steps[1].sql: the SQL uses :nme, which is not in params"),
    "no column named": (["SELECT 1 AS a", "SELECT :step1 AS b"],
                        "steps[1].sql: the SQL uses :step1, which is not in params"),
    "a space before the dot": (["SELECT 1 AS a", "SELECT :step1 .a AS b"], 'steps[1].sql: near "."'),
    "another's spelling": (["SELECT 1 AS a", "SELECT $step1.a AS b"], 'steps[1].sql: near "."'),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_step_is_named(tmp_path, what):
    steps, message = WRONG[what]
    text = problems(tmp_path, {"path": "/fine", "sql": "SELECT 1"}, route("/x", *steps))
    assert message in text and "$.routes[1].steps[" in text, text
    assert "1 problem" in text, text


def test_all_problems_of_steps_at_once(tmp_path):
    text = problems(
        tmp_path,
        route("/x", "SELEC 1", "UPDATE counter SET n = :n", "SELECT :step1.x AS x, :step2.y AS y",
              method="GET", result="row",
              params={"n": {"type": "integer"}, "unused": {"type": "integer"}}),
        route("/y", "SELECT 1 AS a", "SELECT 2 AS b", params={"unused": {"type": "integer"}}),
        route("/z", "SELECT 1 AS a", "UPDATE counter SET n = 1", result="row"),
        {"method": "POST", "path": "/shape", "steps": [{"sql": "SELECT 1 AS a"}, {"sq": "x"}, {"sql": "SELECT :step1.b"}]})
    for place in ("$.routes[0].steps[0].sql: near", "$.routes[0].steps[1].sql: the statement writes, but the method is GET",
                  "$.routes[0].steps[2].sql: the SQL uses :step2.y", "$.routes[1].params.unused: not used",
                  '$.routes[2].steps[1].sql: result is "row"', "$.routes[3].steps[1].sq: unknown key",
                  '$.routes[3].steps[1]: "sql" is missing', "$.routes[3].steps[2].sql: the SQL uses :step1.b"):
        assert place in text, f"{place} is missing:\n{text}"
    assert "8 problems" in text, text


def test_a_reference_in_a_route_of_one_statement(tmp_path):
    text = problems(tmp_path, {"path": "/x", "sql": "SELECT :step1.a AS a"})
    assert "$.routes[0].sql: the SQL uses :step1.a" in text, text


def test_writing_steps_of_a_database_that_is_read_only(tmp_path):
    text = problems(tmp_path, route("/x", "SELECT 1 AS a", "UPDATE counter SET n = 1"), write=False)
    assert "$.routes[0].steps: the statement writes, but the database is served read-only" in text, text


def test_a_writing_step_cannot_be_streamed(tmp_path):
    text = problems(tmp_path, route("/x", "UPDATE counter SET n = 1", "SELECT 1 AS a", stream=True))
    assert "$.routes[0].steps[1].sql: only the rows of statements that read can be streamed" in text, text


def test_thirty_two_steps_and_no_more(tmp_path):
    steps = ["SELECT 1 AS a"] + [f"SELECT :step{n}.a + 1 AS a" for n in range(1, 32)]
    problems(tmp_path, route("/x", *steps, method="GET"), code=0)
    assert "must have 1 to 32 steps, got 33" in problems(tmp_path, route("/x", *steps, "SELECT 1", method="GET"))


# What others are told.


def test_the_description_of_such_a_route(server):
    operation = server.get("/openapi.json").json()["paths"]["/family"]["post"]
    assert "201" in operation["responses"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"name", "values"}


# The example of the documentation.


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    section = DOCS.read_text().split("## Several statements")[1].split("\n## ")[0]
    config = json.loads(re.search(r"```json\n(.*?)```", section, re.S).group(1))
    schema = re.search(r"```sql\n(.*?)```", section, re.S).group(1)
    del config["database"]["path"]
    yield from one_server(tmp_path_factory.mktemp("shop"), config, schema)


def order(shop, *lines, email="ada@example.org"):
    return post(shop, "/orders", email=email, lines=[{"book": book, "quantity": n} for book, n in lines])


def stock(shop):
    return dict(shop.sql("SELECT book_id, quantity FROM stock"))


def test_the_example_of_the_documentation(shop):
    answer = order(shop, (1, 1), (7, 1), (1, 1))
    assert (answer.status, answer.json()) == (201, {"id": 1, "lines": 3, "books": 3})
    assert stock(shop) == {1: 1, 7: 0}
    for lines, email, status in (([(1, 2)], "ada@example.org", 409), ([(9, 1)], "ada@example.org", 409),
                                 ([], "ada@example.org", 409), ([(1, -1)], "ada@example.org", 409),
                                 ([(1, 1)], "eve@example.org", 404)):
        assert order(shop, *lines, email=email).status == status, (lines, email)
        assert stock(shop) == {1: 1, 7: 0}
        assert shop.sql("SELECT count(*) FROM orders") == [(1,)]
        assert shop.sql("SELECT count(*) FROM order_lines") == [(3,)]


def test_a_statement_that_finds_no_row_leaves_nothing_of_its_triggers(serve):
    schema = """
        CREATE TABLE doors(id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE log(what TEXT);
        CREATE TRIGGER closed BEFORE INSERT ON doors
            BEGIN INSERT INTO log VALUES (NEW.name); SELECT RAISE(IGNORE); END;
    """
    sql = "INSERT INTO doors(name) VALUES (:name) RETURNING id"
    routes = [{"method": "POST", "path": "/doors", "result": "row", "sql": sql, "params": NAME}]
    server = serve(library.config(writes=True, routes=routes), schema)
    assert_problem(server.post("/doors", b'{"name":"a"}', JSON), 404, "row_not_found")
    assert server.sql("SELECT * FROM log") == []
