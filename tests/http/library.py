"""The small library that most tests ask for: its tables, its routes."""

SCHEMA = """
CREATE TABLE books(
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    author TEXT,
    year INTEGER CHECK (year IS NULL OR year < 3000),
    price REAL,
    cover BLOB,
    isbn TEXT UNIQUE
);
INSERT INTO books VALUES
    (1, 'Emma', 'Jane Austen', 1815, 9.5, X'000102ff', 'a-1'),
    (2, 'Le Père Goriot', 'Honoré de Balzac', 1835, 0.1, NULL, 'a-2'),
    (3, '吾輩は猫である', '夏目漱石', 1905, 1e300, X'', 'a-3'),
    (4, 'Grimms 😀 "Märchen" \\ / <&>', NULL, NULL, NULL, NULL, NULL);

CREATE TABLE extremes(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO extremes VALUES
    ('max', 9223372036854775807),
    ('min', -9223372036854775808),
    ('odd', 9007199254740993),
    ('third', 1.0 / 3.0),
    ('tenth', 0.1),
    ('tiny', 5e-324),
    ('huge', 1.7976931348623157e308),
    ('whole', 2.0),
    ('infinite', 9e999),
    ('minus-infinite', -9e999),
    ('null', NULL),
    ('empty', ''),
    ('nul', CAST(X'610062' AS TEXT)),
    ('control', CAST(X'01090a0d1b1f7f' AS TEXT)),
    ('invalid', CAST(X'41ff42c3' AS TEXT)),
    ('surrogate', CAST(X'eda080' AS TEXT)),
    ('blob', X'fffefd00'),
    ('blob-empty', X'');

CREATE TABLE numbers(n INTEGER PRIMARY KEY);
INSERT INTO numbers
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2500) SELECT n FROM c;

CREATE TABLE "odd name/ü"("a b" TEXT, "select" INTEGER);
INSERT INTO "odd name/ü" VALUES ('x', 1);

CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT, stars INTEGER, doc TEXT, data BLOB, flag);
CREATE TABLE counter(n INTEGER NOT NULL);
INSERT INTO counter VALUES (0);

CREATE VIEW old_books AS SELECT id, title FROM books WHERE year < 1900;
"""

RUNAWAY = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
           " SELECT count(*) AS n FROM c")

# Minutes within one step of SQLite's, where nothing asks whether to go on.
DEAF = ("SELECT instr(CAST(zeroblob(9000000) AS BLOB),"
        " CAST(CAST(zeroblob(4000000) AS TEXT) || 'x' AS BLOB)) AS n")


def echo(kind, path=None, method="GET", **more):
    """A route that answers the value SQLite got, and of which type it was."""
    return {"method": method, "path": path or f"/echo/{kind}", "result": "row",
            "sql": "SELECT :v AS v, typeof(:v) AS t", "params": {"v": {"type": kind, **more}}}


ROUTES = [
    {"method": "GET", "path": "/books/{id}", "result": "row",
     "sql": "SELECT id, title, author, year FROM books WHERE id = :id",
     "params": {"id": {"type": "integer", "minimum": 1}}},
    {"method": "GET", "path": "/books",
     "sql": "SELECT id, title FROM books WHERE year >= :since ORDER BY id LIMIT :limit",
     "params": {"since": {"type": "integer", "default": 0},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}}},
    {"method": "GET", "path": "/extremes",
     "sql": "SELECT name, value FROM extremes ORDER BY name"},
    {"method": "GET", "path": "/numbers", "sql": "SELECT n FROM numbers ORDER BY n"},
    {"method": "GET", "path": "/segments/{a}/{b}", "result": "row",
     "sql": "SELECT :a AS a, :b AS b",
     "params": {"a": {"type": "string"}, "b": {"type": "string"}}},
    {"method": "GET", "path": "/many", "result": "row",
     "sql": "SELECT :a AS a, :b AS b, :c AS c",
     "params": {"a": {"type": "integer"}, "b": {"type": "number"}, "c": {"type": "boolean"}}},
    *(echo(kind) for kind in ("integer", "number", "string", "boolean", "blob", "json")),
    *(echo(kind, f"/body/{kind}", "POST")
      for kind in ("integer", "number", "string", "boolean", "blob", "json")),
    echo("integer", "/bounds/integer", minimum=-5, maximum=10),
    echo("number", "/bounds/number", minimum=-0.5, maximum=2.5),
    echo("string", "/bounds/string", min_length=2, max_length=4),
    echo("blob", "/bounds/blob", min_length=1, max_length=3),
    echo("string", "/path/{v}"),
    echo("integer", "/default/integer", default=42),
    echo("number", "/default/number", default=0.25),
    echo("string", "/default/string", default="ü"),
    echo("boolean", "/default/boolean", default=True),
    echo("string", "/default/null", default=None),
    echo("string", "/optional", "POST", default=None),
    echo("integer", "/query-on-post", "POST", **{"in": "query"}),
    {"method": "POST", "path": "/mixed/{a}", "result": "row",
     "sql": "SELECT :a AS a, :b AS b, :c AS c",
     "params": {"a": {"type": "integer"}, "b": {"type": "integer"},
                "c": {"type": "integer", "in": "query"}}},
    {"method": "GET", "path": "/sleep", "handler": "sleep", "pool": "slow"},
]

WRITES = [
    {"method": "POST", "path": "/books",
     "sql": "INSERT INTO books(id, title, author, year, isbn)"
            " VALUES (:id, :title, :author, :year, :isbn) RETURNING id, title",
     "params": {"id": {"type": "integer", "default": None},
                "title": {"type": "string", "min_length": 1, "max_length": 200},
                "author": {"type": "string", "default": None},
                "year": {"type": "integer", "minimum": 0},
                "isbn": {"type": "string", "default": None}}},
    {"method": "PUT", "path": "/books/{id}", "result": "none",
     "sql": "UPDATE books SET title = :title WHERE id = :id",
     "params": {"id": {"type": "integer"}, "title": {"type": "string"}}},
    {"method": "PATCH", "path": "/books/{id}", "result": "row",
     "sql": "UPDATE books SET author = :author WHERE id = :id RETURNING id, author",
     "params": {"id": {"type": "integer"}, "author": {"type": "string"}}},
    {"method": "DELETE", "path": "/books/{id}", "result": "none",
     "sql": "DELETE FROM books WHERE id = :id", "params": {"id": {"type": "integer"}}},
    {"method": "POST", "path": "/notes", "result": "row",
     "sql": "INSERT INTO notes(text, stars, doc, data, flag)"
            " VALUES (:text, :stars, :doc, :data, :flag) RETURNING *",
     "params": {"text": {"type": "string"}, "stars": {"type": "integer"},
                "doc": {"type": "json", "default": None},
                "data": {"type": "blob", "default": None},
                "flag": {"type": "boolean", "default": None}}},
    {"method": "DELETE", "path": "/smuggled", "result": "none",
     "sql": "UPDATE counter SET n = n + 1"},
]

LIMITS = {"deadline_ms": 60000, "drain_ms": 10000}


def config(writes=False, limits=None, pools=None, routes=None, **more):
    """A complete configuration, without "listen" and the path of the database."""
    chosen = ROUTES + (WRITES if writes else []) if routes is None else routes
    return {
        **({"database": {"write": True}} if writes else {}),
        "pools": {"read": {"threads": 2, "queue": 256}, "slow": {"threads": 2, "queue": 64},
                  **(pools or {})},
        "limits": {**LIMITS, **(limits or {})},
        "routes": chosen,
        **more,
    }


def sleep_route(pool, path="/sleep", **more):
    return {"method": "GET", "path": path, "handler": "sleep", "pool": pool, **more}
