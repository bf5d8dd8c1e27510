"""What the oracle expects, and how an answer is compared with it: numbers to the last digit, rows that
the order leaves equal in any order.
"""

import json
from collections import namedtuple
from decimal import Decimal

from oracle_values import Approximate, JsonText, Undetermined, write_json

# maybe: errors of rows that are not shown, and may or may not be looked at
Expected = namedtuple("Expected", "errors rows first total is_object maybe")


def failed(errors, maybe=()):
    return Expected(errors, None, None, None, False, maybe)


class Rows(list):
    """Rows in order; `groups` holds how many in turn are equal as far as the order goes."""

    def __init__(self, rows, groups):
        super().__init__(rows)
        self.groups = groups
        self.is_cut = False


def unordered(rows):
    return Rows(rows, [len(rows)] if rows else [])


def canonical(value):
    """A text that is the same for values that compare as the same."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{write_json(k)}:{canonical(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, Rows) and any(size > 1 for size in value.groups):
        return "(" + ",".join(sorted(map(canonical, value))) + ")"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, (Decimal, float)) or type(value) is int:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return str(number.normalize())
    return json.dumps(value)


def stripped(value):
    """Without members that are null; items of arrays stay."""
    if isinstance(value, dict):
        return {key: stripped(part) for key, part in value.items() if part is not None}
    if isinstance(value, Rows):
        return Rows(map(stripped, value), value.groups)
    if isinstance(value, list):
        return list(map(stripped, value))
    return value


def parse_answer(text):
    """Numbers stay what they are: int, or Decimal to the last digit."""
    return json.loads(text, parse_float=Decimal)


def same_number(expected, actual):
    if type(actual) is not int and not isinstance(actual, Decimal):
        return False
    if isinstance(expected, Approximate):
        return abs(float(actual) - expected) <= 1e-9 * max(1.0, abs(expected))
    if isinstance(expected, float):
        return Decimal(repr(expected)) == actual
    return expected == actual


def same_rows(expected, actual):
    """Equal rows may stand in any order."""
    if len(expected) != len(actual):
        return False
    if all(map(same, expected, actual)):
        return True
    at = 0
    for size in expected.groups:
        left = list(actual[at:at + size])
        for row in expected[at:at + size]:
            found = next((i for i, other in enumerate(left) if same(row, other)), None)
            if found is None:
                return False
            left.pop(found)
        at += size
    return True


def same(expected, actual):
    if expected is None or isinstance(expected, bool):
        return expected is actual
    if isinstance(expected, (int, float, Decimal)):
        return same_number(expected, actual)
    if isinstance(expected, JsonText):
        return isinstance(actual, str) and canonical(parse_answer(expected)) == canonical(
            parse_answer(actual))
    if isinstance(expected, str):
        return expected == actual and isinstance(actual, str)
    if isinstance(expected, dict):
        return (isinstance(actual, dict) and expected.keys() == actual.keys()
                and all(same(value, actual[key]) for key, value in expected.items()))
    if not isinstance(actual, list):
        return False
    if isinstance(expected, Rows):
        return same_rows(expected, actual)
    return len(expected) == len(actual) and all(map(same, expected, actual))


def first_difference(expected, actual, where=""):
    """A path to something that differs, and what it is on both sides."""
    if isinstance(expected, dict) and isinstance(actual, dict) and expected.keys() == actual.keys():
        pairs = [(f"{where}.{key}", value, actual[key]) for key, value in expected.items()]
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = [(f"{where}[{i}]", a, b) for i, (a, b) in enumerate(zip(expected, actual))]
    else:
        pairs = []
    for name, a, b in pairs:
        if not same(a, b):
            return first_difference(a, b, name)
    return f"at {where or 'the top'} expected {expected}\n     got {actual}"


def difference(expected, answer):
    """None, or a sentence that says how an answer is not what it must be."""
    error = (answer.status, answer.json().get("code")) if answer.status >= 300 else None
    if error in expected.errors:
        return None
    if error in expected.maybe:
        raise Undetermined("a cast of rows that are not shown")
    if expected.errors:
        return f"expected one of {expected.errors}, got {error or answer.status}"
    count = len(expected.rows)
    total = "*" if expected.total is None else expected.total
    first_last = f"{expected.first}-{expected.first + count - 1}" if count else "*"
    status = 206 if expected.total is not None and count < expected.total else 200
    if answer.status != status:
        return f"expected {status}, got {answer.status}; rows: {list(expected.rows)}"
    if answer.header("content-range") not in (f"{first_last}/{total}", None):
        return f"expected the range {first_last}/{total}, got {answer.header('content-range')}"
    if answer.header("content-range") is None and answer.header("transfer-encoding") != "chunked":
        return "no range"
    text = answer.body.decode("utf-8")
    if answer.header("content-type").startswith("application/x-ndjson"):
        rows = [parse_answer(line) for line in text.split("\n")[:-1]]
    else:
        rows = parse_answer(text)
    if expected.is_object:
        rows = [rows]
    if not same(expected.rows, rows):
        return first_difference(expected.rows, rows)
    return None
