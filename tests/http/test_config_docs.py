"""The loader's table, the JSON Schema, the documentation and the examples say the same.

No server is needed. The loader itself is tested in tests/unit/config, against the same bad files.
"""

import json
import re
import sqlite3
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "config/gantry.schema.json").read_text())
BAD_FILES = json.loads((ROOT / "tests/unit/config/bad_files.json").read_text())
DOCS = (ROOT / "docs/configuration.md").read_text()
EXAMPLES = ["config/example.json", "config/write-example.json"]

STRING = r'"(?:[^"\\]|\\.)*"'

# Options whose rules depend on others, so that the loader has code for them and not a row.
BY_HAND = {
    "routes[].params.*.default",
    "routes[].params.*.minimum",
    "routes[].params.*.maximum",
    "rpc[].params.*.default",
    "rpc[].params.*.minimum",
    "rpc[].params.*.maximum",
}
REQUIRED = {
    "routes[].path",
    "routes[].steps[].sql",
    "routes[].params.*.type",
    "rpc[].name",
    "rpc[].sql",
    "rpc[].returns",
    "rpc[].params.*.type",
}
NO_DEFAULT = {"NONE", "NULL", "INHERITED", "UINT64_MAX"}


# --- the table -----------------------------------------------------------------------------------


def rows_of_table():
    """Yield (macro, arguments) for every row of options.def."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "config/options.def").read_text(), flags=re.S)
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    for macro, inside in re.findall(rf"^([A-Z]+)\(((?:{STRING}|[^\")])*)\)", text, flags=re.M):
        pieces = re.findall(rf"(?:{STRING}\s*)+|[^\",]+", inside)
        yield macro, [piece.strip() for piece in pieces if piece.strip()]


def text_of(argument):
    """Adjacent C string literals are one."""
    return "".join(json.loads(literal) for literal in re.findall(STRING, argument))


WORDS = {
    arguments[0]: [json.loads(word) for word in arguments[2:]]
    for macro, arguments in rows_of_table()
    if macro == "WORDS"
}


def default_of(kind, argument):
    if argument in NO_DEFAULT:
        return None
    if argument.startswith('"'):
        return text_of(argument)
    if kind in WORDS:
        return argument.rsplit("_", 1)[1].lower()
    return {"true": True, "false": False}.get(argument) if kind == "BOOL" else int(argument)


def read_options():
    """JSON path -> what the loader knows about it."""
    options = {}
    for macro, arguments in rows_of_table():
        if macro == "WORDS":
            continue
        option = {"meaning": text_of(arguments[-1]), "least": None, "most": None, "default": None}
        option["kind"] = macro if macro in ("NAMES", "NOTE") else arguments[3]
        if macro in ("NUMBER", "TEXT"):
            option["least"], option["most"] = int(arguments[4]), int(arguments[5])
        if macro in ("NUMBER", "TEXT", "CHOICE"):
            option["default"] = default_of(option["kind"], arguments[-2])
            option["is_inherited"] = arguments[-2] == "INHERITED"
        path = text_of(arguments[1])
        assert path not in options, path
        options[path] = option
    return options


OPTIONS = read_options()


def test_the_table_is_read_whole():
    rows = re.findall(r"^(?:NUMBER|TEXT|CHOICE|NAMES|NOTE)\(", (ROOT / "config/options.def").read_text(), flags=re.M)
    assert len(OPTIONS) == len(rows) > 30
    assert OPTIONS["limits.body_bytes"]["most"] == 2**30
    assert OPTIONS["listen"]["default"] == "127.0.0.1:8080"
    assert OPTIONS["database.synchronous"]["default"] == "full"


# --- the schema ----------------------------------------------------------------------------------


def resolve(schema):
    return SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def leaves_of_schema(schema, prefix=""):
    """Yield (JSON path, schema, is it required?) for every scalar, list of names and free value."""
    for key, member in schema.get("properties", {}).items():
        path = prefix + key
        if path == "pools.write":
            continue  # the pool of that name narrows pools.*
        member = resolve(member)
        others = member.get("additionalProperties")
        items = resolve(member.get("items", {}))
        if items.get("type") == "object":
            yield from leaves_of_schema(items, path + "[].")
        elif member.get("type") == "object" and isinstance(others, dict):
            yield from leaves_of_schema(resolve(others), path + ".*.")
        elif member.get("type") == "object":
            yield from leaves_of_schema(member, path + ".")
        else:
            yield path, member, key in schema.get("required", [])


LEAVES = {path: (schema, required) for path, schema, required in leaves_of_schema(SCHEMA)}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_schema_and_loader_know_the_same_options():
    assert set(LEAVES) == set(OPTIONS) | BY_HAND
    assert {path for path, (_, required) in LEAVES.items() if required} == REQUIRED


def test_every_object_of_the_schema_is_closed_and_explained():
    def walk(schema):
        if isinstance(schema, list):
            for one in schema:
                walk(one)
        elif isinstance(schema, dict):
            if schema.get("type") == "object":
                assert "additionalProperties" in schema and schema["description"]
            for one in schema.values():
                walk(one)

    walk(SCHEMA)


@pytest.mark.parametrize("path", OPTIONS)
def test_schema_agrees_with_the_loader(path):
    option = OPTIONS[path]
    schema, _ = LEAVES[path]
    kind = option["kind"]
    assert schema["description"] == option["meaning"]
    assert schema.get("default") == option["default"]
    if kind == "UINT":
        assert (schema["type"], schema["minimum"], schema["maximum"]) == ("integer", option["least"], option["most"])
    elif kind == "BOOL":
        assert schema["type"] == "boolean"
    elif kind in WORDS:
        assert schema["enum"] == WORDS[kind]
    elif kind == "NAMES":
        assert schema["type"] == "array" and schema["items"] == {"type": "string", "minLength": 1}
    elif kind == "NOTE":
        assert schema["type"] == "string"
    else:
        assert (schema["type"], schema["maxLength"]) == ("string", option["most"])
        assert "pattern" in schema or schema["minLength"] == option["least"]


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad["what"])
def test_schema_refuses_what_the_loader_refuses(bad):
    """What a schema cannot say is marked so, and the mark is checked as well."""
    assert bad["problems"]
    assert VALIDATOR.is_valid(bad["file"]) != bad["schema"]


# --- the documentation ---------------------------------------------------------------------------


def rows_of_docs():
    """JSON path -> the other cells of its row: type, default, range, meaning."""
    rows = {}
    for line in DOCS.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if line.startswith("| `") and len(cells) == 5:
            path = cells[0].strip("`")
            assert path not in rows, path
            rows[path] = cells[1:]
    return rows


DOC_ROWS = rows_of_docs()


def doc_default(path):
    option = OPTIONS[path]
    if path in REQUIRED:
        return "required"
    if option.get("is_inherited"):
        return f"as `limits.{path.rsplit('.', 1)[1]}`"
    return "none" if option["default"] is None else f"`{json.dumps(option['default'])}`"


def doc_type_and_range(option):
    kind = option["kind"]
    if kind == "UINT":
        return "integer", f"{option['least']} to {option['most']}"
    if kind == "BOOL":
        return "boolean", ""
    if kind in WORDS:
        return "string", ", ".join(f"`{word}`" for word in WORDS[kind])
    if kind == "NAMES":
        return "array of strings", ""
    return "string", f"up to {option['most']} bytes" if option["most"] else ""


def test_documentation_and_loader_know_the_same_options():
    assert set(DOC_ROWS) == set(OPTIONS) | BY_HAND


@pytest.mark.parametrize("path", OPTIONS)
def test_documentation_agrees_with_the_loader(path):
    type_, bounds = doc_type_and_range(OPTIONS[path])
    meaning = OPTIONS[path]["meaning"]
    row = DOC_ROWS[path]
    assert row[:3] == [type_, doc_default(path), bounds]
    assert row[3].replace("`", "") == meaning


def test_json_in_the_documentation_is_valid():
    blocks = re.findall(r"^```json\n(.*?)^```", DOCS, flags=re.M | re.S)
    assert blocks
    for block in blocks:
        VALIDATOR.validate(json.loads(block))


# --- the examples --------------------------------------------------------------------------------

DEMO_SCHEMA = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name, country, born);
CREATE TABLE publishers (id INTEGER PRIMARY KEY, name, city);
CREATE TABLE books (id INTEGER PRIMARY KEY, title, author_id, publisher_id, year, price, isbn, language, summary);
CREATE TABLE customers (id INTEGER PRIMARY KEY, name, email, city, country, joined);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id, ordered_at, status);
CREATE TABLE order_items (order_id, book_id, quantity, unit_price);
CREATE TABLE reviews (id INTEGER PRIMARY KEY, book_id, customer_id, stars, body, created_at);
"""


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_valid(name):
    example = json.loads((ROOT / name).read_text())
    VALIDATOR.validate(example)
    assert (ROOT / "config" / example["$schema"]).exists()


@pytest.mark.parametrize("name", EXAMPLES)
def test_statements_of_the_examples_prepare(name):
    example = json.loads((ROOT / name).read_text())
    db = sqlite3.connect(":memory:")
    db.executescript(DEMO_SCHEMA)
    for route in example["routes"]:
        steps = [{"sql": route["sql"]}] if "sql" in route else route.get("steps", [])
        used = set()
        for number, step in enumerate(steps):
            sql = re.sub(r":step([0-9]+)\.", r":step\1_", step["sql"])  # Python knows no such names
            named = set(re.findall(r":([a-z0-9_]+)", re.sub(r"'[^']*'", "", sql)))
            db.execute("EXPLAIN " + sql, {name: None for name in named})
            earlier = {name for name in named if re.match("step[0-9]+_", name)}
            assert all(int(re.match("step([0-9]+)", name)[1]) <= number for name in earlier)
            used |= named - earlier
        assert used == set(route.get("params", {}))
    db.close()
