"""Random requests that write tables: a success or a documented error, never a 500; and what is refused, or
is to be undone, changes nothing.

GANTRY_RANDOM_WRITES=20000 asks for more of them, GANTRY_RANDOM_SEED for others.
"""

import json
import os
import random
import sqlite3
import urllib.parse

import pytest

import grammar
from conftest import one_server
from harness import PATIENCE_S

COUNT = int(os.environ.get("GANTRY_RANDOM_WRITES", "1000"))
SEED = int(os.environ.get("GANTRY_RANDOM_SEED", "2026"))

SCHEMA = grammar.SCHEMA + """
CREATE TRIGGER cheap_insert INSTEAD OF INSERT ON cheap BEGIN
    INSERT INTO books(id, author_id, title, price) VALUES (NEW.id, NEW.author_id, NEW.title, NEW.price); END;
CREATE TRIGGER cheap_update INSTEAD OF UPDATE ON cheap BEGIN
    UPDATE books SET title = NEW.title WHERE id = OLD.id; END;
CREATE TRIGGER cheap_delete INSTEAD OF DELETE ON cheap BEGIN DELETE FROM books WHERE id = OLD.id; END;
CREATE TRIGGER picky BEFORE UPDATE ON authors WHEN NEW.born = 7 BEGIN SELECT RAISE(ROLLBACK, 'no'); END;
"""

STATUSES = {200, 201, 204, 300, 400, 405, 406, 409, 412}
TABLES = ["authors", "books", "covers", "shops", "stock"]

PREFERENCES = ["return=representation", "return=minimal", "return=headers-only", "missing=default",
               "resolution=merge-duplicates", "resolution=ignore-duplicates", "count=exact",
               "tx=rollback", "handling=strict", "max-affected=3", "foo"]
ACCEPTS = ["application/json", "text/csv", "application/vnd.pgrst.object+json", "application/x-ndjson",
           "application/vnd.pgrst.array+json;nulls=stripped", "image/png"]
VALUES = [None, True, False, 0, 1, 7, -1, 40, 2**63 - 1, 2**63, 1.5, 1e300, "", "a", "7", "abc", "c,d",
          "\\x00ff", '{"a":1}', "{a,b}", "ünï 😀", "\x00", [], [1, "x"], {}, {"a": {"b": [1]}}]
FITTING = {"int": [*range(1, 41), 300, 320, "7", None], "text": ["a", "c,d", "ünï 😀", 7, True, ""],
           "bool": [True, False, "t", 0], "real": [1.5, 7, "0.1", None], "numeric": [1.25, 7, "0.1"],
           "json": [None, {"a": [1]}, [], "x", 1], "array": [[], ["a", "b c"], "{a,b}"], "blob": ["\\x00ff", ""]}
ODD_BODIES = [b"", b"[]", b"{}", b"[{}]", b"null", b"1", b'"x"', b"[1]", b"[[]]", b"{", b"\xff",
              b'[{},{"id":1}]', b'{"id":1,"id":2}', b'{"nope":1}']


class Writes:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.queries = grammar.Queries(random.Random(seed + 1))

    def maybe(self, probability):
        return self.random.random() < probability

    def value(self, kind):
        if self.maybe(0.9) and kind in FITTING:
            return self.random.choice(FITTING[kind])
        return "x" * 5000 if self.maybe(0.2) else self.random.choice(VALUES)

    def row(self, table, keys):
        return {key: self.value(grammar.COLUMNS[table][key]) for key in keys}

    def body(self, table):
        if self.maybe(0.08):
            return self.random.choice(ODD_BODIES)
        columns = list(grammar.COLUMNS[table])
        keys = self.random.sample(columns, self.random.randrange(1, len(columns) + 1))
        keys += [key for key in ("title", "author_id", "name") if key in columns and key not in keys]
        if self.maybe(0.5):
            return json.dumps(self.row(table, keys)).encode()
        return json.dumps([self.row(table, keys) for _ in range(self.random.randrange(1, 4))],
                          ensure_ascii=self.maybe(0.5)).encode()

    def target(self, method):
        path = self.queries.path()
        table = path.partition("?")[0].rpartition("/")[2]
        parameters = [] if self.maybe(0.6) else [path.partition("?")[2]]
        if self.maybe(0.8):
            key = grammar.KEYS[table]
            values = {"id": str(self.random.randrange(320)), "book_id": str(self.random.randrange(320))}
            parameters += [f"{name}=eq.{values.get(name, 'a')}" for name in key]
        if self.maybe(0.2):
            columns = [grammar.quote_name(name) for name in
                       self.random.sample(list(grammar.COLUMNS[table]), 2)]
            parameters.append("columns=" + urllib.parse.quote(",".join(columns)))
        if method == "POST" and self.maybe(0.2):
            parameters.append("on_conflict=" + self.random.choice(["id", "code", "book_id,shop", "nope"]))
        return table, f"/api/{table}?" + "&".join(filter(None, parameters))

    def request(self):
        method = self.random.choice(["POST", "POST", "PATCH", "PATCH", "PUT", "DELETE"])
        table, target = self.target(method)
        headers = {"Prefer": ", ".join(self.random.sample(PREFERENCES, self.random.randrange(5)))}
        if self.maybe(0.3):
            headers["Accept"] = self.random.choice(ACCEPTS)
        if self.maybe(0.05):
            headers["If-Match"] = self.random.choice(["*", 'W/"a-b"', ""])
        if self.maybe(0.1):
            headers["Content-Type"] = self.random.choice(
                ["text/csv", "application/x-www-form-urlencoded", "text/plain"])
        return method, target, headers, None if method == "DELETE" else self.body(table)


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    config = {"database": {"write": True}, "tables": {"tx_override": True, "aggregates": True}}
    yield from one_server(tmp_path_factory.mktemp("writes"), config, SCHEMA)


def content(database):
    return [database.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]


def test_random_writes(books):
    writes = Writes(SEED)
    database = sqlite3.connect(books.database, timeout=PATIENCE_S)
    before = content(database)
    changed = 0
    connection = books.connect()
    for i in range(COUNT):
        method, target, headers, body = writes.request()
        answer = connection.request(method, target, headers, body)
        where = f"request {i} of seed {SEED}: {method} {target} {headers} {body}\n{answer}"
        assert answer.status in STATUSES, where
        after = content(database)
        if answer.status >= 300:
            problem = answer.json()
            assert problem["code"] and problem["message"], where
        if answer.status >= 300 or "tx=rollback" in headers["Prefer"]:
            assert after == before, where
        changed += after != before
        before = after
    connection.close()
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()
    assert changed > COUNT / 20, changed  # some of them mean something
