"""What the clients know of their writes: one line each, appended when its outcome is known.

    acknowledged    answered with 2xx: it must be there, whole, exactly once
    refused         answered with an error: nothing of it may be there
    unknown         the server died first: it may be there or not, but not in part

The last line about a write counts: an unknown one that was sent again, with its Idempotency-Key, may
have become another.
"""

import collections
import zlib

ACKNOWLEDGED, REFUSED, UNKNOWN = "acknowledged", "refused", "unknown"
OUTCOMES = (ACKNOWLEDGED, REFUSED, UNKNOWN)

# id: of the write, given once. kind: "entry", "transfer" or "register". place: of a register, its id.
# rows: how many it makes. checksum: of what is in them.
Write = collections.namedtuple("Write", "id kind place rows checksum outcome")


def checksum(values):
    """Of the values of a write's rows, in their order."""
    return zlib.crc32("\n".join(map(str, values)).encode("utf-8"))


def to_line(write):
    return " ".join(map(str, write)) + "\n"


def from_line(line):
    number, kind, place, rows, check, outcome = line.split()
    assert outcome in OUTCOMES, line
    return Write(int(number), kind, int(place), int(rows), int(check), outcome)


def read(path):
    """The writes of a file, by their ids; the last line of each."""
    with open(path, encoding="ascii") as file:
        writes = (from_line(line) for line in file)
        return {write.id: write for write in writes}
