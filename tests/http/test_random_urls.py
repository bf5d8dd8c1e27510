"""Random valid requests of the table API: an answer or a documented error, and never a 500.

GANTRY_RANDOM_URLS=100000 asks for more of them, GANTRY_RANDOM_SEED for others.
"""

import csv
import io
import json
import os
import random

import pytest

import grammar
from conftest import one_server

csv.field_size_limit(1 << 30)  # a field may be an embed
COUNT = int(os.environ.get("GANTRY_RANDOM_URLS", "1500"))
SEED = int(os.environ.get("GANTRY_RANDOM_SEED", "2026"))
ACCEPTS = ["*/*", "application/json", "text/csv", "application/x-ndjson",
           "application/vnd.pgrst.object+json", "application/vnd.pgrst.array+json;nulls=stripped"]


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    yield from one_server(tmp_path_factory.mktemp("grammar"), {"tables": {"aggregates": True}},
                          grammar.SCHEMA)


def check_rows(answer):
    """What is announced is what is sent."""
    text = answer.body.decode("utf-8")
    kind = answer.header("content-type").split(";")[0]
    if kind == "text/csv":
        list(csv.reader(io.StringIO(text), strict=True))
    elif kind == "application/x-ndjson":
        assert text == "" or text.endswith("\n")
        for line in text.split("\n")[:-1]:
            assert isinstance(json.loads(line), dict)
    elif kind == "application/vnd.pgrst.object+json":
        assert isinstance(json.loads(text), dict)
    else:
        rows = json.loads(text)
        assert isinstance(rows, list)
        content_range = answer.header("content-range")
        if content_range is None:  # it left in pieces, before its last row was known
            assert answer.header("transfer-encoding") == "chunked"
            return
        first_last = content_range.split("/")[0]
        if first_last == "*":
            assert rows == []
        else:
            first, last = map(int, first_last.split("-"))
            assert last - first + 1 == len(rows)


def test_random_urls(books):
    queries = grammar.Queries(random.Random(SEED))
    choices = random.Random(SEED + 1)
    seen = {}
    connection = books.connect()
    for i in range(COUNT):
        path = queries.path()
        headers = {"Accept": choices.choice(ACCEPTS)}
        if choices.random() < 0.3:
            headers["Prefer"] = choices.choice(["count=exact", "count=planned", "count=estimated"])
        answer = connection.request("GET", path, headers)
        where = f"request {i} of seed {SEED}: {headers} {path}\n{answer}"
        assert answer.status in grammar.STATUSES, where
        seen[answer.status] = seen.get(answer.status, 0) + 1
        try:
            if answer.status in (200, 206):
                check_rows(answer)
            else:
                problem = answer.json()
                assert problem["code"] and problem["message"], where
        except (AssertionError, ValueError) as error:
            raise AssertionError(f"{error}: {where}") from error
        if (answer.header("connection") or "").lower() == "close":
            connection.close()
            connection = books.connect()
    connection.close()
    assert seen.get(200, 0) + seen.get(206, 0) > COUNT / 3, seen  # most of them mean something
