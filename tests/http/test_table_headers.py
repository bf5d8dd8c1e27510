"""What stands around the rows of a table: representation, ranges, preferences, conditions, CORS.

Expectations are PostgREST's documentation and RFC 9110.
"""

import csv
import io
import json

import pytest

from harness import assert_problem, saturate

OBJECT = "application/vnd.pgrst.object+json"
ARRAY = "application/vnd.pgrst.array+json"


def refused(response, status, code):
    problem = assert_problem(response, status, code)
    assert response.header("proxy-status") == f"gantry; error={code}"
    return problem


# --- Accept ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("accepted,media", [
    (None, "application/json; charset=utf-8"),
    ("*/*", "application/json; charset=utf-8"),
    ("application/json", "application/json; charset=utf-8"),
    (ARRAY, "application/json; charset=utf-8"),
    ("text/html, */*;q=0.8", "application/json; charset=utf-8"),
    ("text/csv", "text/csv; charset=utf-8"),
    ("text/csv;q=0.5, application/json", "application/json; charset=utf-8"),
    ("application/x-ndjson", "application/x-ndjson; charset=utf-8"),
])
def test_media(shared, accepted, media):
    answer = shared.get("/api/books?select=id,title&order=id",
                        {} if accepted is None else {"Accept": accepted})
    assert answer.status == 200
    assert answer.header("content-type") == media
    text = answer.body.decode()
    if "ndjson" in media:
        assert [json.loads(line)["id"] for line in text.splitlines()] == [1, 2, 3, 4]
    elif "csv" in media:
        assert [row["id"] for row in csv.DictReader(io.StringIO(text))] == ["1", "2", "3", "4"]
    else:
        assert [row["id"] for row in answer.json()] == [1, 2, 3, 4]


def test_one_object(shared):
    answer = shared.get("/api/books?id=eq.1&select=id,title", {"Accept": OBJECT})
    assert answer.status == 200
    assert answer.header("content-type") == f"{OBJECT}; charset=utf-8"
    assert answer.json() == {"id": 1, "title": "Emma"}


@pytest.mark.parametrize("query,rows", [("id=eq.99", 0), ("id=lt.4", 3)])
def test_not_one_object(shared, query, rows):
    problem = refused(shared.get(f"/api/books?{query}", {"Accept": OBJECT}), 406, "PGRST116")
    assert problem["message"] == "Cannot coerce the result to a single JSON object"
    assert problem["details"] == f"The result contains {rows} rows"


def test_nulls_stripped(shared):
    answer = shared.get("/api/books?id=eq.4&select=id,author", {"Accept": f"{ARRAY};nulls=stripped"})
    assert answer.json() == [{"id": 4}]
    answer = shared.get("/api/books?id=eq.4&select=id,author", {"Accept": f"{OBJECT};nulls=stripped"})
    assert answer.json() == {"id": 4}


@pytest.mark.parametrize("accepted", ["application/geo+json", "unknown/unknown, image/png"])
def test_nothing_acceptable(shared, accepted):
    problem = refused(shared.get("/api/books", {"Accept": accepted}), 406, "PGRST107")
    assert problem["message"] == f"None of these media types are available: {accepted}"


# --- ranges and counts -------------------------------------------------------------------------------

@pytest.mark.parametrize("query,headers,status,content_range,rows", [
    ("", {}, 200, "0-3/*", 4),
    ("?limit=2", {}, 200, "0-1/*", 2),
    ("?limit=2&offset=1", {}, 200, "1-2/*", 2),
    ("?offset=100", {}, 200, "*/*", 0),
    ("?id=eq.99", {}, 200, "*/*", 0),
    ("?limit=0", {}, 200, "*/*", 0),
    ("", {"Range": "1-2"}, 200, "1-2/*", 2),
    ("", {"Range": "2-"}, 200, "2-3/*", 2),
    ("", {"Range-Unit": "items", "Range": "0-0"}, 200, "0-0/*", 1),
    ("", {"Range": "bytes=0-10"}, 200, "0-3/*", 4),
    ("", {"Prefer": "count=exact"}, 200, "0-3/4", 4),
    ("?limit=2", {"Prefer": "count=exact"}, 206, "0-1/4", 2),
    ("?limit=2&offset=2", {"Prefer": "count=exact"}, 206, "2-3/4", 2),
    ("", {"Prefer": "count=exact", "Range": "1-1"}, 206, "1-1/4", 1),
    ("?id=gt.2", {"Prefer": "count=exact"}, 200, "0-1/2", 2),
    ("?id=eq.99", {"Prefer": "count=exact"}, 200, "*/0", 0),
    ("?limit=0", {"Prefer": "count=exact"}, 206, "*/4", 0),
])
def test_content_range(shared, query, headers, status, content_range, rows):
    answer = shared.get(f"/api/books{query}", headers)
    assert answer.status == status
    assert answer.header("content-range") == content_range
    assert len(answer.json()) == rows


def test_head_counts(shared):
    answer = shared.request("HEAD", "/api/books?id=gt.1", {"Prefer": "count=exact"})
    assert answer.status == 200
    assert answer.header("content-range") == "0-2/3"
    assert answer.header("preference-applied") == "count=exact"


def test_beyond_the_end(shared):
    answer = shared.get("/api/books?offset=100", {"Prefer": "count=exact"})
    problem = refused(answer, 416, "PGRST103")
    assert problem["message"] == "Requested range not satisfiable"
    assert problem["details"] == "An offset of 100 was requested, but there are only 4 rows."
    assert answer.header("content-range") == "*/4"


def test_ranges_that_are_none(shared):
    problem = refused(shared.get("/api/books", {"Range": "1-0"}), 416, "PGRST103")
    assert problem["details"] == ("The lower boundary must be lower than or equal to the upper "
                                  "boundary in the Range header.")


# --- preferences ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("preferred,applied", [
    ("count=exact", "count=exact"),
    ("foo, bar", None),
    ("tx=rollback", None),
    ("return=minimal", None),
    ("timezone=Europe/Berlin, handling=strict, count=exact",
     "count=exact, handling=strict, timezone=Europe/Berlin"),
    ("wait=20", "wait=20"),
    ("wait=20, count=exact", "count=exact, wait=20"),
    ("handling=strict, wait=20", "handling=strict, wait=20"),
])
def test_preference_applied(shared, preferred, applied):
    answer = shared.get("/api/books", {"Prefer": preferred})
    assert answer.status == 200
    assert answer.all("preference-applied") == ([] if applied is None else [applied])


def test_strict_preferences(shared):
    answer = shared.get("/api/books", {"Prefer": "handling=strict, foo, count=exact, bar"})
    problem = refused(answer, 400, "PGRST122")
    assert problem["message"] == "Invalid preferences given with handling=strict"
    assert problem["details"] == "Invalid preferences: foo, bar"


def test_a_time_zone_that_is_none(shared):
    refused(shared.get("/api/books", {"Prefer": "timezone=Jupiter/Red_Spot"}), 400, "22023")


def test_profiles(shared):
    assert shared.get("/api/books").header("content-profile") is None
    for profile in ("main", "public"):
        answer = shared.get("/api/books", {"Accept-Profile": profile})
        assert answer.status == 200
        assert answer.header("content-profile") == profile
    problem = refused(shared.get("/api/books", {"Accept-Profile": "other"}), 406, "PGRST106")
    assert problem["message"] == "Invalid schema: other"


# --- conditions ---------------------------------------------------------------------------------------

@pytest.fixture(name="reader")
def fixture_reader(serve):
    """With one connection: each one changes the ETags once, when it sees the database's newest state."""
    return serve({"pools": {"read": {"threads": 1, "queue": 100}}})


def varied(answer):
    return [name.strip() for name in answer.header("vary").split(",")]


def test_content_location(shared):
    answer = shared.get("/api/books?select=id&order=id.asc&id=gt.1")
    assert answer.header("content-location") == "/api/books?id=gt.1&order=id.asc&select=id"
    assert shared.get("/api/books").header("content-location") == "/api/books"


def test_a_location_that_is_too_long_is_not_given(shared):
    target = "/api/books?id=in.(" + ",".join(str(n) for n in range(2500)) + ")"
    assert len(target) > 8192
    answer = shared.get(target)
    assert answer.status == 200
    assert answer.header("content-location") in (None, target)


def test_not_modified(reader):
    target = "/api/books?order=id&select=id,title"
    first = reader.get(target)
    etag = first.header("etag")
    assert etag.startswith('W/"') and etag.endswith('"')
    for method in ("GET", "HEAD"):
        for condition in (etag, etag[2:], f'"other", {etag}', "*"):
            again = reader.request(method, target, {"If-None-Match": condition})
            assert again.status == 304
            assert again.body == b""
            assert again.header("etag") == etag
            assert again.header("content-location") == first.header("content-location")
            assert again.header("cache-control") == first.header("cache-control") == "no-cache"
            assert again.header("content-type") is None
            assert set(varied(again)) >= {"Accept", "Prefer", "Range"}
    assert reader.get(target, {"If-None-Match": '"other"'}).status == 200


def test_other_answers_have_other_etags(reader):
    etags = [reader.get(target, headers).header("etag") for target, headers in (
        ("/api/books", {}), ("/api/books?limit=1", {}), ("/api/numbers", {}),
        ("/api/books", {"Accept": "text/csv"}), ("/api/books", {"Range": "0-1"}),
        ("/api/books", {"Prefer": "count=exact"}))]
    assert None not in etags
    assert len(set(etags)) == len(etags)


def test_compressed_or_not_it_is_the_same(reader):
    plain = reader.get("/api/numbers")
    packed = reader.get("/api/numbers", {"Accept-Encoding": "gzip"})
    assert packed.header("content-encoding") == "gzip"
    assert packed.header("etag") == plain.header("etag")
    assert set(varied(packed)) == {"Accept", "Prefer", "Range", "Accept-Encoding"}
    again = reader.get("/api/numbers", {"Accept-Encoding": "gzip",
                                        "If-None-Match": packed.header("etag")})
    assert again.status == 304
    assert again.header("content-encoding") is None


def test_a_change_is_seen(reader):
    first = reader.get("/api/counter")
    assert reader.get("/api/counter", {"If-None-Match": first.header("etag")}).status == 304
    reader.sql("UPDATE counter SET n = n + 1")
    second = reader.get("/api/counter", {"If-None-Match": first.header("etag")})
    assert second.status == 200
    assert second.json() == [{"n": 1}]
    assert second.header("etag") != first.header("etag")
    reader.sql("ALTER TABLE counter ADD COLUMN m INTEGER")
    third = reader.get("/api/counter", {"If-None-Match": second.header("etag")})
    assert third.json() == [{"n": 1, "m": None}]


def test_what_the_clock_decides_has_no_etag(reader):
    reader.sql("CREATE VIEW this_day AS SELECT * FROM books WHERE date('now') > '2000-01-01'")
    answer = reader.get("/api/this_day?select=id&order=id&limit=1", {"If-None-Match": "*"})
    assert answer.status == 200
    assert answer.json() == [{"id": 1}]
    assert answer.header("etag") is None
    assert answer.header("cache-control") is None


# --- CORS ---------------------------------------------------------------------------------------------

def test_refusals_carry_the_headers_too(serve):
    server = serve({"loops": 1, "pools": {"read": {"threads": 1, "queue": 1}},
                    "routes": [{"method": "GET", "path": "/sleep", "handler": "sleep"}]})
    held, _ = saturate(server, "/sleep?ms=60000", 2)
    answer = server.get("/api/books", {"Origin": "https://shop.example"})
    assert_problem(answer, 503, "queue_full")
    assert answer.header("access-control-allow-origin") == "*"
    assert "Retry-After" in answer.header("access-control-expose-headers")
    preflight = server.request("OPTIONS", "/api/books", {
        "Origin": "https://shop.example", "Access-Control-Request-Method": "GET"})
    assert preflight.status == 200
    for connection in held:
        connection.reset()


def test_pages_of_any_origin(shared):
    for target, status in (("/api/books", 200), ("/api/books?id=x", 400), ("/api/none", 404)):
        answer = shared.get(target, {"Origin": "https://shop.example"})
        assert answer.status == status
        assert answer.header("access-control-allow-origin") == "*"
        assert "Content-Range" in answer.header("access-control-expose-headers")
    assert shared.get("/api/books").header("access-control-allow-origin") is None
    document = shared.get("/openapi.json", {"Origin": "https://shop.example"})
    assert document.status == 200
    assert document.header("access-control-allow-origin") == "*"
    for target in ("/api/books", "/api/"):  # which no handler gets to see
        answer = shared.request("DELETE", target, {"Origin": "https://shop.example"})
        assert answer.status == 405
        assert answer.header("access-control-allow-origin") == "*"


def test_options(shared):
    answer = shared.request("OPTIONS", "/api/books")
    assert answer.status == 200
    assert answer.header("allow") == "OPTIONS,GET,HEAD"
    assert answer.header("access-control-allow-origin") == "*"
    refused(shared.request("OPTIONS", "/api/none"), 404, "PGRST205")


def test_preflight(shared):
    answer = shared.request("OPTIONS", "/api/books", {
        "Origin": "https://shop.example", "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "apikey,x-client-info"})
    assert answer.status == 200
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("access-control-allow-methods") == (
        "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD")
    assert answer.header("access-control-allow-headers") == (
        "Authorization, apikey,x-client-info, Accept, Accept-Language, Content-Language")
    assert answer.header("access-control-max-age") == "86400"


def test_pages_of_listed_origins(serve):
    server = serve({"cors": {"origins": ["https://shop.example"]}})
    answer = server.get("/api/books", {"Origin": "https://shop.example"})
    assert answer.header("access-control-allow-origin") == "https://shop.example"
    assert answer.header("access-control-allow-credentials") == "true"
    assert "Origin" in varied(answer)
    answer = server.get("/api/books", {"Origin": "https://other.example"})
    assert answer.status == 200
    assert answer.header("access-control-allow-origin") is None
    assert "Origin" in varied(answer)
    answer = server.request("OPTIONS", "/api/books", {
        "Origin": "https://other.example", "Access-Control-Request-Method": "GET"})
    assert answer.header("access-control-allow-origin") is None
    assert answer.header("access-control-allow-methods") is None
