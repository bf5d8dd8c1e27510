"""SIGKILL under write load: a few rounds of tests/crash. And its checker, which must see what it is for."""

import os
import pathlib
import random
import sqlite3
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "crash"))

from checker import BALANCE, check, main, script  # noqa: E402
from crash import Crash  # noqa: E402
from history import ACKNOWLEDGED, REFUSED, UNKNOWN, Write, checksum, to_line  # noqa: E402

ROUNDS = int(os.environ.get("GANTRY_CRASH_ROUNDS", "5"))
SEED = int(os.environ.get("GANTRY_CRASH_SEED", "0")) or random.randrange(1, 1 << 31)


def test_nothing_acknowledged_is_lost(tmp_path):
    crash = Crash(tmp_path / "crash", clients=4, seed=SEED, load_s=(0.1, 0.4))
    try:
        for _ in range(ROUNDS):
            crash.round(is_whole=True)
            assert not crash.problems, (SEED, crash.problems[:10])
        crash.end()
    finally:
        crash.kill()
    assert not crash.problems, (SEED, crash.problems[:10])
    assert crash.load.acknowledged > 0


# --- the checker ----------------------------------------------------------------------------------


def entry(number, outcome, texts):
    return Write(number, "entry", 0, len(texts), checksum(texts), outcome)


def transfer(number, outcome):
    return Write(number, "transfer", 0, 1, checksum(["1 2 50"]), outcome)


def register(number, outcome):
    return Write(number, "register", 0, 1, checksum([number]), outcome)


# What was written, and how the clients remember it: nothing is wrong.
TRUTH = [
    entry(1, ACKNOWLEDGED, ["one"]),
    entry(2, ACKNOWLEDGED, ["a", "b", "c"]),
    entry(3, REFUSED, ["no"]),
    entry(4, UNKNOWN, ["lost on the way"]),
    entry(5, UNKNOWN, ["x", "y"]),
    transfer(6, ACKNOWLEDGED),
    register(7, ACKNOWLEDGED),
    register(8, UNKNOWN),
]
CONTENT = f"""
INSERT INTO entry VALUES (1, 0, 'one'), (2, 0, 'a'), (2, 1, 'b'), (2, 2, 'c'), (5, 0, 'x'), (5, 1, 'y');
INSERT INTO transfer VALUES (6, 1, 2, 50);
UPDATE account SET balance = {BALANCE} - 50 WHERE id = 1;
UPDATE account SET balance = {BALANCE} + 50 WHERE id = 2;
UPDATE register SET value = 7 WHERE id = 0;
"""


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "data.db"
    connection = sqlite3.connect(path)
    connection.executescript(script(1) + CONTENT)
    connection.close()
    return path


def found(path, writes):
    return check(path, {write.id: write for write in writes})


def change(path, sql):
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()


def test_the_truth_is_passed(database):
    assert found(database, TRUTH) == []


@pytest.mark.parametrize("sql, words", [
    ("DELETE FROM entry WHERE id = 1", "entry 1 (acknowledged): lost"),
    ("DELETE FROM entry WHERE id = 2 AND part = 1", "entry 2 (acknowledged): half: 2 of 3"),
    ("DELETE FROM entry WHERE id = 5 AND part = 0", "entry 5 (unknown): half: 1 of 2"),
    ("INSERT INTO entry SELECT * FROM entry WHERE id = 1", "entry 1 (acknowledged): 2 rows"),
    ("INSERT INTO entry SELECT * FROM entry WHERE id = 5", "entry 5 (unknown): 4 rows"),
    ("INSERT INTO entry VALUES (3, 0, 'no')", "entry 3 (refused): refused, but 1"),
    ("INSERT INTO entry VALUES (99, 0, 'who?')", "entry 99: nobody sent it"),
    ("UPDATE entry SET text = 'other' WHERE id = 1", "entry 1 (acknowledged): not what was sent"),
    ("DELETE FROM transfer", "transfer 6 (acknowledged): lost"),
    ("INSERT INTO transfer SELECT * FROM transfer", "transfer 6 (acknowledged): 2 rows"),
    ("UPDATE account SET balance = balance + 50 WHERE id = 1", "accounts: they hold"),
    ("UPDATE account SET balance = balance + 50 WHERE id = 1;"
     "UPDATE account SET balance = balance - 50 WHERE id = 3", "account 3: holds"),
    ("UPDATE register SET value = 0", "register 0: 0 is there, not one of [7, 8]"),
    ("UPDATE register SET value = 9", "register 0: 9 is there"),
    ("INSERT INTO transfer VALUES (6, 1, 77, 0)", "foreign_key_check"),
])
def test_the_checker_bites(database, sql, words):
    change(database, sql)
    problems = found(database, TRUTH)
    assert any(words in problem for problem in problems), problems


def test_a_broken_file_is_seen(database):
    whole = database.read_bytes()
    database.write_bytes(whole[:8192] + bytes(4096) + whole[12288:])
    assert found(database, TRUTH)
    database.write_bytes(b"not a database at all" * 1000)
    assert "cannot be read" in found(database, TRUTH)[0]


def test_the_newest_line_about_a_write_counts(database, tmp_path, capsys):
    history = tmp_path / "history"
    lines = [to_line(write) for write in TRUTH]
    history.write_text("".join(lines), encoding="ascii")
    assert main([str(database), str(history)]) == 0
    assert "8 writes" in capsys.readouterr().out
    history.write_text("".join([*lines, to_line(entry(4, ACKNOWLEDGED, ["lost on the way"]))]),
                       encoding="ascii")
    assert main([str(database), str(history)]) == 1
    assert "entry 4 (acknowledged): lost" in capsys.readouterr().out
