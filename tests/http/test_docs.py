"""/docs: its files and their headers. What a browser makes of them is looked at in tests/web."""

import gzip
import re

import pytest

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
          "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'")


def page(server):
    answer = server.request("GET", "/docs")
    assert answer.status == 200
    return answer


def files(server):
    """What the page refers to, by path from the root."""
    text = page(server).body.decode("utf-8")
    return [f"/{name}" for name in re.findall(r'(?:href|src)="(docs/[^"]+)"', text)]


def has_viewer(server):
    return b"swagger-ui-bundle.js" in page(server).body


def test_the_page(shared):
    answer = page(shared)
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("content-security-policy") == POLICY
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "no-referrer"
    text = answer.body.decode("utf-8")
    assert 'href="openapi.json"' in text
    assert not re.search(r"https?://|<script>|<style|\son\w+=", text)


def test_without_the_viewer_the_page_says_so(shared):
    assert has_viewer(shared) != (b"was not built in" in page(shared).body)


def test_every_file_of_the_page_is_there(shared):
    found = files(shared)
    assert len(found) >= 2
    for path in found:
        answer = shared.request("GET", path)
        assert answer.status == 200, path
        assert answer.header("content-security-policy") == POLICY
        assert answer.header("x-content-type-options") == "nosniff"
        body = answer.body
        if answer.header("content-encoding"):
            assert answer.header("content-encoding") == "gzip"
            assert answer.header("vary") == "Accept-Encoding"
            body = gzip.decompress(body)
        assert body


def test_a_file_is_not_sent_twice(shared):
    for path in ["/docs", *files(shared)]:
        etag = shared.request("GET", path).header("etag")
        again = shared.request("GET", path, {"If-None-Match": etag})
        assert (again.status, again.body, again.header("etag")) == (304, b"", etag)
        head = shared.request("HEAD", path)
        assert head.status == 200 and int(head.header("content-length")) > 0


@pytest.mark.parametrize("accepted, status", [
    (None, 200), ("gzip", 200), ("br, gzip;q=0.5", 200), ("*", 200), ("identity", 406), ("", 406),
    ("gzip;q=0, *", 406), ("*, gzip;q=0", 406), ("br", 406)])
def test_whoever_takes_no_gzip_is_told(shared, accepted, status):
    if not has_viewer(shared):
        pytest.skip("built without the viewer: nothing is compressed")
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = shared.request("GET", "/docs/swagger-ui.css", headers)
    assert answer.status == status
    if status == 406:
        assert answer.json()["code"] == "not_acceptable"


def test_the_licence_is_with_it(shared):
    if not has_viewer(shared):
        pytest.skip("built without the viewer: there is no licence of others")
    answer = shared.request("GET", "/docs/LICENSE")
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert b"Apache License" in answer.body and b"SmartBear" in answer.body


def test_the_slash_leads_back(shared):
    answer = shared.request("GET", "/docs/")
    assert (answer.status, answer.header("location")) == (308, "../docs")


@pytest.mark.parametrize("name", ["nothing", "..%2Fdocs", "LICENSE%00", "page.css%2F", "%20"])
def test_other_names_are_not_there(shared, name):
    assert shared.request("GET", f"/docs/{name}").status in (400, 404)


def test_the_urls_are_announced(shared):
    lines = shared.stdout().splitlines()
    for name, path in (("docs", "/docs"), ("openapi", "/openapi.json")):
        assert f"  {name:7} {shared.url}{path}" in lines
