"""Answers that are compressed when the client asks for it: RFC 9110, 8.4 and 12.5.3."""

import gzip
import json
import zlib

import pytest

from harness import Truncated, assert_problem

DECODERS = {"gzip": gzip.decompress, "deflate": zlib.decompress}


def get(server, target, accepted=None, method="GET"):
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    return server.request(method, target, headers)


@pytest.mark.parametrize("target", ["/numbers", "/api/numbers"])
@pytest.mark.parametrize("accepted,coding", [
    ("gzip", "gzip"),
    ("deflate", "deflate"),
    ("gzip, deflate, br, zstd", "gzip"),
    ("gzip;q=0, *", "deflate"),
    ("*", "gzip"),
])
def test_a_large_answer(shared, target, accepted, coding):
    plain = get(shared, target)
    assert plain.header("content-encoding") is None
    assert "Accept-Encoding" in plain.header("vary")
    packed = get(shared, target, accepted)
    assert packed.status == 200
    assert packed.all("content-encoding") == [coding]
    assert "Accept-Encoding" in packed.header("vary")
    assert packed.header("content-type") == plain.header("content-type")
    assert int(packed.header("content-length")) == len(packed.body) < len(plain.body)
    assert DECODERS[coding](packed.body) == plain.body


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0",
                                      "identity;q=0", "gzip;q=0.1, identity"])
def test_not_asked_for(shared, accepted):
    answer = get(shared, "/numbers", accepted)
    assert answer.header("content-encoding") is None
    assert len(answer.json()) > 1


def test_head_says_what_get_would(shared):
    whole = get(shared, "/numbers", "gzip")
    head = get(shared, "/numbers", "gzip", "HEAD")
    assert head.body == b""
    for name in ("content-encoding", "content-length", "content-type", "vary"):
        assert head.header(name) == whole.header(name)


def test_small_answers_are_left_alone(shared):
    answer = get(shared, "/books/1", "gzip")
    assert answer.header("content-encoding") is None
    assert answer.json()["id"] == 1


def test_what_the_loop_answers_itself_is_left_alone(shared):
    for target in ("/health", "/metrics"):
        answer = get(shared, target, "gzip")
        assert answer.status == 200
        assert answer.header("content-encoding") is None


def test_errors_are_as_they_were(shared):
    assert_problem(get(shared, "/books/999", "gzip"), 404, "row_not_found")
    names = [f"unknown_{n}" for n in range(50)]
    target = "/books?" + "&".join(f"{name}=1" for name in names)
    answer = get(shared, target, "gzip")
    assert answer.status == 400
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("content-encoding") == "gzip"
    errors = json.loads(gzip.decompress(answer.body))["errors"]
    assert [error["name"] for error in errors] == names


def test_connections_go_on(shared):
    with shared.connect() as connection:
        for _ in range(3):
            packed = connection.request("GET", "/numbers", {"Accept-Encoding": "gzip"})
            assert len(json.loads(gzip.decompress(packed.body))) == 2500
            plain = connection.request("GET", "/numbers")
            assert len(plain.json()) == 2500


def test_what_was_sent_is_what_is_counted(shared):
    """Bytes in the metrics are bytes of bodies as they went out."""
    def total():
        for line in shared.get("/metrics").body.decode().splitlines():
            if line.startswith("gantry_http_response_bytes_total") and '"/numbers"' in line:
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    before = total()
    packed = get(shared, "/numbers", "gzip")
    assert total() - before == len(packed.body)


# --- answers that leave in pieces ------------------------------------------------------------

COUNTED = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :most)"
           " SELECT n, 'row number ' || n AS text FROM c")


@pytest.fixture(name="streaming")
def fixture_streaming(serve):
    return serve({"limits": {"stream_bytes": 4096}, "routes": [
        {"method": "GET", "path": "/counted", "sql": COUNTED, "stream": True,
         "params": {"most": {"type": "integer"}}},
        {"method": "GET", "path": "/broken", "stream": True,
         "sql": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)"
                " SELECT n, abs(CASE WHEN n < 20000 THEN n ELSE -9223372036854775808 END) AS a"
                " FROM c"}]})


@pytest.mark.parametrize("accepted,coding", [("gzip", "gzip"), ("deflate", "deflate")])
@pytest.mark.parametrize("most", [1, 500, 50000])
def test_a_stream(streaming, accepted, coding, most):
    target = f"/counted?most={most}"
    plain = get(streaming, target)
    packed = get(streaming, target, accepted)
    assert len(plain.json()) == most
    if most == 1:  # too small to be streamed, and to be compressed
        assert packed.body == plain.body
        return
    assert packed.header("transfer-encoding") == "chunked"
    assert packed.header("content-encoding") == coding
    assert "Accept-Encoding" in packed.header("vary")
    assert "Accept-Encoding" in plain.header("vary")
    assert DECODERS[coding](packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2


def test_the_head_of_a_stream(streaming):
    head = get(streaming, "/counted?most=50000", "gzip", "HEAD")
    assert head.status == 200
    assert head.header("content-encoding") == "gzip"
    assert head.body == b""


def test_a_stream_can_be_read_while_it_is_made(streaming):
    """What has been flushed can be decompressed before the end is there."""
    connection = streaming.begin("/counted?most=50000000", headers={"Accept-Encoding": "gzip"})
    with connection:
        decoder = zlib.decompressobj(wbits=31)
        text = b""
        head, connection.buffer = None, b""
        data = b""
        while b"row number 100" not in text:
            piece = connection.socket.recv(65536)
            assert piece
            data += piece
            if head is None and b"\r\n\r\n" in data:
                head, data = data.split(b"\r\n\r\n", 1)
            while head is not None and b"\r\n" in data:
                size, rest = data.split(b"\r\n", 1)
                if len(rest) < int(size, 16) + 2:
                    break
                text += decoder.decompress(rest[:int(size, 16)])
                data = rest[int(size, 16) + 2:]
        assert not decoder.eof
        connection.reset()
    assert streaming.get("/health").status == 200


def test_a_stream_that_fails_is_cut(streaming):
    """Neither the chunks nor the compressed bytes end well."""
    with pytest.raises(Truncated):
        get(streaming, "/broken", "gzip")
    assert streaming.get("/health").status == 200


def test_many_streams_leave_nothing_behind(streaming):
    for _ in range(20):
        with streaming.connect() as connection:
            answer = connection.request("GET", "/counted?most=2000", {"Accept-Encoding": "gzip"})
            assert len(json.loads(gzip.decompress(answer.body))) == 2000
