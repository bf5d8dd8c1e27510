"""/openapi.json: is it what OpenAPI 3.1 demands, does it describe what is served, and does it follow
the schema? Redocly's linter reads it in tests/web."""

import json
import re
import sqlite3
import urllib.parse

import jsonschema
import pytest

import library

HOSTILE = [
    'quote"', "apostrophe'", "slash/", "back\\slash", "{id}", "{}", "per%cent", "per%2Fcent", "a.b",
    "a-b", "a b", "select", "limit", "gantry.problem", "body.books", "-2D", "ü", "Ü", "本", "😀",
    "<script>alert(1)</script>", "`tick`", "#/components", "$ref", "?x=1", "x" * 300,
]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def hostile_schema(names=tuple(HOSTILE)):
    """A table of each name, with a column of each name and a key to the table before it."""
    columns = ", ".join(f"{quoted(name)} TEXT" for name in names)
    return "\n".join(
        f"CREATE TABLE {quoted(name)}({columns}, id INTEGER PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0,"
        f" parent REFERENCES {quoted(names[i - 1])}(id));"
        f" INSERT INTO {quoted(name)}(id, n) VALUES (1, {i});"
        for i, name in enumerate(names))


def document_of(server):
    answer = server.request("GET", "/openapi.json")
    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    return json.loads(answer.body, object_pairs_hook=without_duplicates)


def without_duplicates(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name twice among {names}"
    return dict(pairs)


def resolve(document, thing):
    while isinstance(thing.get("$ref"), str):
        path = thing["$ref"].removeprefix("#/").split("/")
        thing = document
        for name in path:
            thing = thing[urllib.parse.unquote(name).replace("~1", "/").replace("~0", "~")]
    return thing


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def check(document):
    assert document["openapi"] == "3.1.0"
    for kind, members in document["components"].items():
        for key, member in members.items():
            assert re.fullmatch(r"[a-zA-Z0-9._-]+", key)
            if kind == "schemas":
                jsonschema.Draft202012Validator.check_schema(member)
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    shapes = [re.sub(r"{[^}]*}", "{}", path) for path in document["paths"]]
    assert len(shapes) == len(set(shapes))
    tags = {tag["name"] for tag in document["tags"]}
    for path, _, operation in operations(document):
        parameters = [resolve(document, item) for item in operation.get("parameters", [])]
        names = [(parameter["in"], parameter["name"]) for parameter in parameters]
        assert len(names) == len(set(names))
        assert {name for where, name in names if where == "path"} == set(
            re.findall(r"{([^}]*)}", path))
        for response in operation["responses"].values():
            assert resolve(document, response)["description"]
        assert set(operation["tags"]) <= tags


def validator(document, schema):
    resolver = jsonschema.RefResolver.from_schema(document)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def test_it_is_sound(shared):
    document = document_of(shared)
    check(document)
    assert document["servers"] == [{"url": "."}]
    assert "/api/books" in document["paths"] and "/api/old_books" in document["paths"]
    assert document["paths"]["/api/old_books"]["get"]["tags"] == ["Views"]
    assert "/health" in document["paths"] and "/docs" in document["paths"]


def test_it_says_how_configured_routes_are_called(shared):
    document = document_of(shared)
    for route in library.config()["routes"]:
        method = route.get("method", "GET").lower()
        shape = re.sub(r"{[^}]*}", "{}", route["path"])
        item = next(item for path, item in document["paths"].items()
                    if re.sub(r"{[^}]*}", "{}", path) == shape)
        operation = item[method]
        told = {parameter["name"] for parameter in
                (resolve(document, item) for item in operation["parameters"])}
        if "requestBody" in operation:
            body = operation["requestBody"]["content"]["application/json"]["schema"]
            told |= set(body["properties"])
        count = len([name for name in route.get("params", {}) if name in told])
        in_path = len(re.findall(r"{", route["path"]))
        assert count >= len(route.get("params", {})) - in_path


def test_rows_are_what_it_says(shared):
    """Every GET of a table that needs no parameter, executed: the answer fits its schema."""
    document = document_of(shared)
    for path, method, operation in operations(document):
        if operation["tags"] not in (["Tables"], ["Views"]) or method != "get":
            continue
        answer = shared.request("GET", path)
        assert answer.status == 200, path
        schema = resolve(document, operation["responses"]["200"])["content"]["application/json"]
        if path != "/api/extremes":  # which holds anything anywhere
            validator(document, schema["schema"]).validate(answer.json())


def test_problems_are_what_it_says(shared):
    document = document_of(shared)
    problem = shared.request("GET", "/api/no-such-table")
    assert problem.status == 404
    validator(document, document["components"]["schemas"]["gantry.problem"]).validate(problem.json())


def test_hostile_names(serve):
    server = serve(config={}, schema=hostile_schema())
    document = document_of(server)
    check(document)
    paths = [path for path in document["paths"] if path.startswith("/api/")]
    assert sorted(urllib.parse.unquote(path.removeprefix("/api/")) for path in paths) == sorted(HOSTILE)
    for path in paths:
        assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", path)
        assert server.request("GET", path).status == 200, path
    table = document["components"]["schemas"]["a-2Db"]
    assert set(HOSTILE) <= set(table["properties"])
    text = json.dumps(document["components"])
    assert "<script>alert(1)</script>" not in " ".join(
        re.findall(r'"description": "((?:[^"\\]|\\.)*)"', text))


def test_a_key_is_noted_as_postgrest_does(serve):
    server = serve(config={}, schema="CREATE TABLE authors(id INTEGER PRIMARY KEY);"
                                     "CREATE TABLE books(author_id INTEGER NOT NULL REFERENCES authors,"
                                     " isbn VARCHAR(13) DEFAULT 'none');"
                                     "CREATE VIEW shelf AS SELECT author_id AS who, isbn || '' AS isbn"
                                     " FROM books;")
    schemas = document_of(server)["components"]["schemas"]
    assert schemas["authors"]["properties"]["id"]["description"] == (
        "Note:\nThis is a Primary Key.<pk/>")
    assert schemas["books"]["properties"]["author_id"]["description"] == (
        "Note:\nThis is a Foreign Key to `authors.id`.<fk table='authors' column='id'/>")
    assert schemas["shelf"]["properties"]["who"]["description"] == (
        schemas["books"]["properties"]["author_id"]["description"])
    assert "description" not in schemas["shelf"]["properties"]["isbn"]
    assert schemas["books"]["properties"]["isbn"]["maxLength"] == 13
    assert schemas["books"]["properties"]["isbn"]["default"] == "none"


def test_it_holds_no_data(serve):
    server = serve(config={}, schema="CREATE TABLE t(secret TEXT); INSERT INTO t VALUES ('hunter2');")
    assert b"hunter2" not in server.request("GET", "/openapi.json").body


def test_etag_until_the_schema_changes(serve):
    server = serve(config={}, schema="CREATE TABLE t(a);")
    first = server.request("GET", "/openapi.json")
    etag = first.header("etag")
    for known in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        again = server.request("GET", "/openapi.json", {"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.header("etag") == etag
    assert server.request("GET", "/openapi.json", {"If-None-Match": '"x"'}).status == 200
    database = sqlite3.connect(server.database)
    database.execute("INSERT INTO t VALUES (1)")
    database.commit()
    assert server.request("GET", "/openapi.json").header("etag") == etag
    database.execute("CREATE TABLE u(b)")
    database.commit()
    database.close()
    after = server.request("GET", "/openapi.json", {"If-None-Match": etag})
    assert after.status == 200
    assert "/api/u" in after.json()["paths"]


def test_head_and_gzip(shared):
    get = shared.request("GET", "/openapi.json")
    head = shared.request("HEAD", "/openapi.json")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == str(len(get.body))
    packed = shared.request("GET", "/openapi.json", {"Accept-Encoding": "gzip"})
    assert packed.header("content-encoding") == "gzip"
    etag = packed.header("etag")
    assert shared.request("GET", "/openapi.json", {"If-None-Match": etag}).status == 304


def test_excluded_tables_are_not_told(serve):
    server = serve(config={"tables": {"exclude": ["secret"]}},
                   schema="CREATE TABLE secret(a INTEGER PRIMARY KEY);"
                          "CREATE TABLE t(b REFERENCES secret(a), c REFERENCES secret);"
                          "CREATE VIEW v AS SELECT b, c FROM t;")
    document = document_of(server)
    check(document)
    assert "/api/t" in document["paths"]
    assert "secret" not in json.dumps(document)


def test_without_tables_there_are_routes(serve):
    server = serve(config={"tables": {"enabled": False},
                           "routes": [{"path": "/nap", "handler": "sleep", "description": "Sleep."}]})
    document = document_of(server)
    check(document)
    assert document["paths"]["/nap"]["get"]["summary"] == "Sleep."
    assert not any(path.startswith("/api") for path in document["paths"])


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/page.css"])
def test_they_are_not_for_operators(serve, path):
    server = serve(config={"admin": {"listen": "127.0.0.1:0"}})
    line = next(line for line in server.stdout().splitlines() if "admin" in line)
    host, port = line.split("http://")[1].rsplit(":", 1)
    from harness import Connection  # the admin listener is another address
    with Connection((host, int(port))) as connection:
        assert connection.request("GET", path).status == 404


TYPES = ["INTEGER", "REAL", "NUMERIC", "DECIMAL(10,2)", "TEXT", "VARCHAR(3)", "BOOLEAN", "JSON", "TEXT[]",
         "BLOB", "DATE", "TIME", "DATETIME", "TIMESTAMP", "UUID", ""]


def test_the_filters_it_gives_as_examples_work(serve):
    columns = ", ".join(f'"{kind} column" {kind}' for kind in TYPES)
    server = serve(config={}, schema=f'CREATE TABLE t({columns}, "limit" TEXT, "a.b" TEXT);')
    document = document_of(server)
    tried = 0
    for item in document["paths"]["/api/t"]["get"]["parameters"]:
        parameter = resolve(document, item)
        if item["$ref"].startswith("#/components/parameters/rowFilter."):
            for example in re.findall(r"`([^`]+)`", parameter["description"]):
                query = urllib.parse.urlencode({parameter["name"]: example})
                answer = server.request("GET", f"/api/t?{query}")
                assert (answer.status, answer.json()) == (200, []), (query, answer.body)
                tried += 1
    assert tried > 2 * len(TYPES)


def test_the_examples_are_what_their_schema_says(serve):
    columns = ", ".join(f'"{kind} column" {kind}' for kind in TYPES)
    document = document_of(serve(config={}, schema=f"CREATE TABLE t({columns});"))
    for schema in document["components"]["schemas"]["t"]["properties"].values():
        for example in schema.get("examples", []):
            validator(document, schema).validate(example)


def test_options(serve):
    server = serve(config={"openapi": {"title": "My <shop>"}, "docs": {"enabled": False}})
    document = document_of(server)
    assert document["info"]["title"] == "My <shop>"
    assert "/docs" not in document["paths"]
    assert server.request("GET", "/docs").status == 404
    assert "docs" not in server.stdout()


def test_without_it_there_are_no_docs(serve):
    server = serve(config={"openapi": {"enabled": False}})
    for path in ("/openapi.json", "/docs", "/docs/page.css"):
        assert server.request("GET", path).status == 404


def test_the_title_is_the_name_of_the_file(shared):
    assert document_of(shared)["info"]["title"] == shared.database.name


RPC = [
    {"name": "between", "returns": "setof books", "volatility": "stable", "description": "Of some years.",
     "sql": "SELECT * FROM books WHERE year BETWEEN :min_year AND :limit",
     "params": {"min_year": {"type": "integer"}, "limit": {"type": "integer", "default": 9999}}},
]


def test_it_says_how_named_queries_are_called(serve):
    document = document_of(serve(config={"rpc": RPC}))
    check(document)
    item = document["paths"]["/api/rpc/between"]
    assert item["get"]["summary"] == "Of some years."
    names = [resolve(document, parameter)["name"] for parameter in item["get"]["parameters"]]
    assert names.count("limit") == 1 and "min_year" in names and "title" in names
    body = item["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["min_year"]


@pytest.mark.parametrize("path, server", [("/api/", ".."), ("/api", ".")])
def test_it_is_the_tables_root_as_well(shared, path, server):
    answer = shared.request("GET", path, {"Accept": "application/openapi+json"})
    assert answer.status == 200
    assert answer.header("content-type") == "application/openapi+json; charset=utf-8"
    document = answer.json()
    assert document.pop("servers") == [{"url": server}]
    here = document_of(shared)
    del here["servers"]
    assert document == here
    for accept in ("*/*", "application/json", "text/html, */*;q=0.1"):
        assert "tables" in shared.request("GET", path, {"Accept": accept}).json()
    assert shared.request("GET", path, {"Accept": "text/csv"}).status == 406


def test_defaults_are_as_they_are_written(serve):
    blob = {"x": {"type": "blob", "default": "//79/Pv6+fj39g=="}}
    server = serve(config={
        "routes": [{"method": "GET", "path": "/blob", "sql": "SELECT :x AS x", "params": blob}],
        "rpc": [{"name": "blob", "returns": "scalar blob", "volatility": "stable",
                 "sql": "SELECT :x", "params": blob}]}, schema="CREATE TABLE t(a);")
    paths = document_of(server)["paths"]
    for path in ("/blob", "/api/rpc/blob"):
        assert paths[path]["get"]["parameters"][0]["schema"]["default"] == blob["x"]["default"]
    assert server.get("/blob").json() == [{"x": blob["x"]["default"]}]
    assert server.get("/api/rpc/blob").json() == "\\xfffefdfcfbfaf9f8f7f6"
