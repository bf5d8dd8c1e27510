"""What others make of it: Redocly's linter of /openapi.json, a browser of /docs.

Both come from npm (tests/web, pinned) and Debian (chromium), which `./dev test` sees to; without them
these tests are skipped and say why. They test pages and texts, not memory: sanitizer builds skip them.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import test_openapi
import test_openapi_write
import test_write
from harness import PATIENCE_S, ROOT, gantry_command

WEB = ROOT / "tests" / "web"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

pytestmark = [
    pytest.mark.skipif(bool(re.search(r"/(asan|tsan)/", " ".join(gantry_command()))),
                       reason="a sanitizer build: the release build is looked at"),
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js"),
    pytest.mark.skipif(not (WEB / "node_modules").is_dir(),
                       reason="tests/web/node_modules is not there: npm ci in tests/web"),
]


def node(script, *arguments):
    return subprocess.run(["node", str(WEB / script), *map(str, arguments)], cwd=WEB,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_S, check=False)


def lint(tmp_path, text):
    path = tmp_path / "openapi.json"
    path.write_bytes(text)
    return node("lint.mjs", path)


def document(server):
    return server.request("GET", "/openapi.json").body


def test_the_linter_has_nothing_to_say(shared, tmp_path):
    done = lint(tmp_path, document(shared))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_linter_has_nothing_to_say_about_hostile_names(serve, tmp_path):
    server = serve(config={}, schema=test_openapi.hostile_schema())
    done = lint(tmp_path, document(server))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("schema", [test_write.SCHEMA, test_openapi.hostile_schema()], ids=["shop", "hostile"])
def test_the_linter_has_nothing_to_say_about_writes(serve, tmp_path, schema):
    server = serve(config={"database": {"write": True}}, schema=schema)
    done = lint(tmp_path, document(server))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_linter_has_nothing_to_say_about_what_is_configured_to_write(serve, tmp_path):
    server = serve(config={"database": {"write": True}, "routes": test_openapi_write.ROUTES,
                           "rpc": test_write.QUERIES}, schema=test_write.SCHEMA)
    done = lint(tmp_path, document(server))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_linter_would_say_something(shared, tmp_path):
    text = document(shared)
    for broken in (text.replace(b'"description":"The rows."', b'"descripion":"The rows."', 1),
                   text.replace(b"#/components/schemas/books", b"#/components/schemas/boks", 1),
                   text.replace(b"/books/{id}", b"/books/{no}", 1)):
        assert broken != text
        done = lint(tmp_path, broken)
        assert done.returncode == 1 and done.stdout


def look(server, folder, *paths):
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"there is no {CHROMIUM}")
    if b"swagger-ui-bundle.js" not in server.request("GET", "/docs").body:
        pytest.skip("built without the viewer")
    done = node("page.mjs", server.url, folder, *paths)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_sound(seen, server):
    assert seen["errors"] == []
    assert seen["hosts"] == [server.url.removeprefix("http://")]
    assert seen["overflow"] <= 0, "a phone has to scroll sideways"


def test_a_browser_reads_and_tries_it(shared):
    """Screenshots are left in build/screenshots."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    seen = look(shared, folder, "/api/books", "/api/odd%20name%2F%C3%BC")
    assert_sound(seen, shared)
    assert seen["title"] == shared.database.name
    books, odd, phone = seen["tried"]
    assert (books["status"], phone["status"]) == ("200", "200")
    assert books["request"] == f"{shared.url}/api/books?limit=10"
    assert "Le Père Goriot" in books["body"] and "夏目漱石" in phone["body"]
    assert odd["status"] == "200"
    assert [path.name for path in sorted(pathlib.Path(folder).glob("*.png"))] == [
        "docs-1280x800-tried.png", "docs-1280x800.png", "docs-390x844-tried.png", "docs-390x844.png"]


def test_hostile_names_do_no_harm_to_a_browser(serve, tmp_path):
    names = ["{id}", "slash/", "<script>alert(1)</script>", "per%cent", "limit", "x" * 300]
    server = serve(config={}, schema=test_openapi.hostile_schema(names))
    paths = ["/api/%7Bid%7D", "/api/slash%2F", "/api/%3Cscript%3Ealert%281%29%3C%2Fscript%3E"]
    seen = look(server, tmp_path, *paths)
    assert_sound(seen, server)
    assert [tried["status"] for tried in seen["tried"]] == ["200"] * (len(paths) + 1)
    for tried in seen["tried"]:
        assert tried["request"].startswith(server.url + tried["path"])
