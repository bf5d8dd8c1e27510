#!/usr/bin/env python3
"""Is everything that was acknowledged in the database, and nothing in part?

    /usr/bin/python3 tests/crash/checker.py DATABASE HISTORY

It knows the history that the clients wrote (history.py) and the file, and nothing of Gantry: the file is
read with Python's own sqlite3. Prints what is wrong, a line each, and exits with 1 if anything is.
"""

import collections
import sqlite3
import sys

from history import ACKNOWLEDGED, REFUSED, UNKNOWN, checksum, read

SCHEMA = """
CREATE TABLE entry(id INTEGER NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX entry_id ON entry(id);
CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
CREATE TABLE transfer(id INTEGER NOT NULL, sender INTEGER NOT NULL REFERENCES account(id),
    receiver INTEGER NOT NULL REFERENCES account(id), amount INTEGER NOT NULL);
CREATE INDEX transfer_id ON transfer(id);
CREATE TABLE register(id INTEGER PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE taken(id INTEGER PRIMARY KEY);
INSERT INTO taken VALUES (1);
"""
ACCOUNTS = 10
BALANCE = 1000000  # of each account at first

# No id is unique in the tables of the writes: a write that is made twice must be seen, not refused.
ROWS = {
    "entry": "SELECT id, text FROM entry WHERE id BETWEEN ? AND ? ORDER BY id, part, rowid",
    "transfer": "SELECT id, sender || ' ' || receiver || ' ' || amount FROM transfer"
                " WHERE id BETWEEN ? AND ? ORDER BY id, rowid",
}


def script(clients):
    """What makes the database: the tables, the accounts, a register for each client."""
    accounts = "".join(f"INSERT INTO account VALUES ({i}, {BALANCE});" for i in range(ACCOUNTS))
    return SCHEMA + accounts + "".join(f"INSERT INTO register VALUES ({i}, 0);"
                                       for i in range(clients))


def contents(database, kind, first, last):
    """{id: the values of its rows}"""
    found = collections.defaultdict(list)
    for number, value in database.execute(ROWS[kind], (first, last)):
        found[number].append(value)
    return found


def write_problem(write, values):
    """What is wrong with the rows of one write, or None."""
    if not values:
        return "lost" if write.outcome == ACKNOWLEDGED else None
    if write.outcome == REFUSED:
        return f"refused, but {len(values)} of its rows are there"
    if len(values) < write.rows:
        return f"half: {len(values)} of {write.rows} rows are there"
    if len(values) > write.rows:
        return f"{len(values)} rows are there, not {write.rows}: made more than once"
    if checksum(values) != write.checksum:
        return f"not what was sent: {values}"
    return None


def writes_problems(database, writes, first, last):
    for kind in ROWS:
        found = contents(database, kind, first, last)
        mine = {number: write for number, write in writes.items()
                if write.kind == kind and first <= number <= last}
        for number, write in mine.items():
            problem = write_problem(write, found.get(number))
            if problem:
                yield f"{kind} {number} ({write.outcome}): {problem}"
        for number in found.keys() - mine.keys():
            yield f"{kind} {number}: nobody sent it"


def registers_problems(database, writes):
    """Each has one client, who writes the next value when he knows of the one before: what is there is
    the newest that was acknowledged, or one that was sent after it and is unknown."""
    candidates = collections.defaultdict(lambda: {0})
    for number in sorted(writes):
        write = writes[number]
        if write.kind == "register" and write.outcome == ACKNOWLEDGED:
            candidates[write.place] = {number}
        elif write.kind == "register" and write.outcome == UNKNOWN:
            candidates[write.place].add(number)
    for place, value in database.execute("SELECT id, value FROM register"):
        if value not in candidates[place]:
            yield f"register {place}: {value} is there, not one of {sorted(candidates[place])}"


def accounts_problems(database):
    (total,), = database.execute("SELECT sum(balance) FROM account")
    if total != ACCOUNTS * BALANCE:
        yield f"accounts: they hold {total}, not {ACCOUNTS * BALANCE}"
    wrong = database.execute(
        "WITH moved(id, amount) AS (SELECT sender, -amount FROM transfer"
        " UNION ALL SELECT receiver, amount FROM transfer)"
        " SELECT id, balance, (SELECT total(amount) FROM moved WHERE moved.id = account.id) AS moves"
        " FROM account WHERE balance <> ? + moves", (BALANCE,))
    for place, balance, moves in wrong:
        yield f"account {place}: holds {balance}, its transfers say {int(BALANCE + moves)}"


def file_problems(database):
    for (problem,) in database.execute("PRAGMA integrity_check"):
        if problem != "ok":
            yield f"integrity_check: {problem}"
    for row in database.execute("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: {row}"


def check(path, writes, first=0, is_whole=True):
    """All that is wrong, as lines of text. first: writes before this one are not looked at; is_whole: the
    file as such is, which takes long for a large one."""
    database = sqlite3.connect(path, timeout=60)
    try:
        database.execute("BEGIN")  # one snapshot
        problems = list(writes_problems(database, writes, first, max(writes, default=first)))
        problems += registers_problems(database, writes)
        if is_whole:
            beyond = max(writes, default=0) + 1
            problems += writes_problems(database, {}, beyond, 1 << 62)
            problems += accounts_problems(database)
            problems += file_problems(database)
        return problems
    except sqlite3.DatabaseError as error:
        return [f"the file cannot be read: {error}"]
    finally:
        database.close()


def main(arguments):
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    writes = read(arguments[1])
    problems = check(arguments[0], writes)
    print("\n".join(problems) or f"{len(writes)} writes: all is there")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
