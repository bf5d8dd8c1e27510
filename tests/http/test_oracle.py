"""Random valid requests of the table API, and every answer compared with the oracle's.

GANTRY_ORACLE=20000 asks for more of them, GANTRY_ORACLE_SEED for others;
GANTRY_ORACLE_GO_ON=1 goes on after a difference and says them all at the end.
"""

import collections
import os
import random

import pytest

import grammar
import oracle
from conftest import one_server
from harness import Truncated
from oracle_compare import difference
from oracle_values import Undetermined

COUNT = int(os.environ.get("GANTRY_ORACLE", "1500"))
SEED = int(os.environ.get("GANTRY_ORACLE_SEED", "2026"))
GO_ON = os.environ.get("GANTRY_ORACLE_GO_ON") == "1"
ACCEPTS = [None] * 10 + ["application/json", "application/vnd.pgrst.object+json",
                        "application/vnd.pgrst.object+json;nulls=stripped",
                        "application/vnd.pgrst.array+json;nulls=stripped",
                        "application/x-ndjson"]
RANGES = ["0-", "0-0", "3-7", "5-", "2-1", "x", "250-400"]


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    yield from one_server(tmp_path_factory.mktemp("oracle"), {"tables": {"aggregates": True}},
                          grammar.SCHEMA)


def headers_of(choices):
    headers = {}
    accept = choices.choice(ACCEPTS)
    if accept:
        headers["Accept"] = accept
    if choices.random() < 0.3:
        headers["Prefer"] = "count=exact"
    if choices.random() < 0.1:
        headers["Range"] = choices.choice(RANGES)
    return headers


class Client:
    """One connection, and another one after an answer that was cut."""

    def __init__(self, server):
        self.server = server
        self.connection = server.connect()

    def ask(self, path, headers):
        """The answer, or None: it was cut."""
        try:
            return self.connection.request("GET", path, headers)
        except Truncated:
            self.connection.close()
            self.connection = self.server.connect()
            return None


def what_is_wrong(model, path, headers, answer):
    """None, or a sentence. Raises Undetermined."""
    expected = model.ask(path, headers)
    if answer is None:
        if expected.errors or expected.maybe:
            raise Undetermined("cut by an error behind its beginning")
        return "it was cut"
    if answer.status >= 500:
        return f"{answer}"
    return difference(expected, answer)


def test_oracle(books):
    model = oracle.Oracle(books.database)
    queries = grammar.Queries(random.Random(SEED))
    choices = random.Random(SEED + 1)
    client = Client(books)
    skipped = collections.Counter()
    statuses = collections.Counter()
    differences = []
    with_rows = 0
    for i in range(COUNT):
        path = queries.path()
        headers = headers_of(choices)
        answer = client.ask(path, headers)
        try:
            wrong = what_is_wrong(model, path, headers, answer)
        except Undetermined as reason:
            skipped[str(reason)] += 1
            continue
        if wrong:
            differences.append(f"request {i} of seed {SEED}: {headers} {path}\n{wrong}")
            if not GO_ON:
                break
        statuses[answer and answer.status] += 1
        with_rows += answer is not None and answer.status < 300 and len(answer.body) > 2
    client.connection.close()
    print(f"{sum(statuses.values())} compared {dict(statuses)}, {with_rows} of them with rows;"
          f" {sum(skipped.values())} skipped:")
    print("\n".join(f"{count:6} {reason}" for reason, count in skipped.most_common()))
    assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:20])
    assert sum(skipped.values()) < COUNT / 4, skipped
    assert with_rows > COUNT / 4, (with_rows, statuses)  # most of them mean something
