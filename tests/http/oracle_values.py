"""Typed values as the oracle sees them: literals, comparisons, operators, casts, JSON text.

A value is None (NULL), or by kind: int -> int, real -> float, numeric -> Decimal, bool -> bool,
text -> str, blob -> bytes, array -> a tuple of str and None, json -> Json. What the specification
leaves open raises Undetermined: such a query is counted, not compared.
"""

import decimal
import functools
import json
import math
import re
from decimal import Decimal

INT64 = range(-2**63, 2**63)
EXACT = decimal.Context(prec=60)


class Undetermined(Exception):
    pass


class Failure(Exception):
    """The answer is this error."""

    def __init__(self, status, code):
        super().__init__(status, code)
        self.answer = (status, code)


class Json:
    """A JSON value, also JSON's null. Text that is no JSON is a string without insides."""

    def __init__(self, value, is_json=True):
        self.value = value
        self.is_json = is_json


class JsonText(str):
    """Text of a JSON container, of which the blanks are not specified."""


class Approximate(float):
    """A sum whose last digits depend on the order of the rows."""


def refuse(constant):
    raise ValueError(constant)


def parse_json(text):
    return json.loads(text, parse_float=Decimal, parse_constant=refuse)


def write_json(value):
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(write_json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{write_json(k)}:{write_json(v)}" for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def stored(kind, value):
    """What SQLite holds as what the API takes it for."""
    if value is None:
        return None
    if kind == "bool":
        return bool(value)
    if kind == "real":
        return float(value)
    if kind == "numeric":
        return Decimal(repr(value))
    if kind == "array":
        return tuple(json.loads(value))
    if kind == "json":
        try:
            return Json(parse_json(value))
        except ValueError:
            return Json(value, False)
    return value


def shown(kind, value):
    if value is None:
        return None
    if kind == "json":
        return value.value
    if kind == "array":
        return list(value)
    if kind == "blob":
        return "\\x" + value.hex()
    return value


# Literals

def bad_literal():
    return Failure(400, "22P02")


def integer_literal(text):
    if not re.fullmatch(r"[ \t\n\r\v\f]*[+-]?[0-9]+[ \t\n\r\v\f]*", text, re.ASCII):
        if re.search(r"[0-9]_|0[xob]", text, re.IGNORECASE):
            raise Undetermined("digits of another base")
        raise bad_literal()
    if int(text) not in INT64:
        raise Failure(400, "22003")
    return int(text)


def number_literal(kind, text):
    stripped = text.strip(" \t\n\r\v\f")
    if re.fullmatch(r"[+-]?(nan|inf|infinity)", stripped, re.IGNORECASE):
        raise Undetermined("no number")
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", stripped, re.ASCII):
        if re.search(r"[0-9]_|0[xob]", stripped, re.IGNORECASE):
            raise Undetermined("digits of another base")
        raise bad_literal()
    if kind == "numeric":
        if abs(Decimal(stripped).adjusted()) > 300:
            raise Undetermined("a numeric beyond a double")
        return Decimal(stripped)
    number = float(stripped)
    if math.isinf(number) or (number == 0 and Decimal(stripped) != 0):
        raise Failure(400, "22003")
    return number


def boolean_literal(text):
    word = text.strip(" \t\n\r\v\f").lower()
    for value, names in ((True, ("true", "yes", "on", "1")), (False, ("false", "no", "off", "0"))):
        for name in names:
            if word and name.startswith(word) and word != "o":
                return value
    raise bad_literal()


def blob_literal(text):
    if text.startswith("\\x"):
        digits = re.sub(r"[ \t\n\r]", "", text[2:])
        if not re.fullmatch(r"([0-9a-fA-F]{2})*", digits):
            raise Failure(400, "22023")
        return bytes.fromhex(digits)
    if "\\" in text:
        raise Undetermined("bytes with escapes")
    return text.encode("utf-8")


def array_literal(text):
    """The texts, and Nones, of {a,"b c",NULL}; or of a JSON array."""
    if text.lstrip().startswith("["):
        try:
            items = parse_json(text)
        except ValueError:
            raise bad_literal() from None
        if not all(item is None or isinstance(item, str) for item in items):
            raise Undetermined("an array of other things than texts")
        return items
    text = text.strip(" \t\n\r\v\f")
    if len(text) < 2 or text[0] != "{" or text[-1] != "}":
        raise bad_literal()
    inside = text[1:-1]
    if not inside.strip():
        return []
    items = []
    at = 0
    while True:
        quoted = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL).match(inside, at)
        bare = re.compile(r'((?:[^",{}\\]|\\.)*)', re.DOTALL).match(inside, at)
        match = quoted or bare
        if quoted:
            items.append(re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL))
        else:
            if "\\" in bare[1]:
                raise Undetermined("escapes in a bare item")
            word = bare[1].strip()
            if not word:
                raise bad_literal()
            items.append(None if word.upper() == "NULL" else word)
        at = match.end()
        if at == len(inside):
            return items
        if inside[at] != ",":
            raise bad_literal()
        at += 1


def literal(kind, text):
    if kind == "int":
        return integer_literal(text)
    if kind in ("real", "numeric"):
        return number_literal(kind, text)
    if kind == "bool":
        return boolean_literal(text)
    if kind == "blob":
        return blob_literal(text)
    if kind == "array":
        return tuple(array_literal(text))
    if kind == "json":
        try:
            return Json(parse_json(text))
        except ValueError:
            raise bad_literal() from None
    return text


# Comparisons

def json_rank(value):
    if value is None:
        return 0
    if isinstance(value, str):
        return 1
    if isinstance(value, bool):
        return 3
    if isinstance(value, (int, Decimal)):
        return 2
    return 4 if isinstance(value, list) else 5


def sign(a, b):
    return (a > b) - (a < b)


def json_equal(a, b):
    if json_rank(a) != json_rank(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(json_equal, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(json_equal(a[k], b[k]) for k in a)
    return a == b


def json_compare(a, b):
    if json_rank(a) != json_rank(b):
        return sign(json_rank(a), json_rank(b))
    if json_equal(a, b):
        return 0
    if isinstance(a, (list, dict)) and len(a) != len(b):
        return sign(len(a), len(b))
    if isinstance(a, list):
        return next(filter(None, map(json_compare, a, b)))
    if isinstance(a, dict):
        return next(filter(None, map(member_compare, members(a), members(b))))
    return sign(a, b)


def members(value):
    """As jsonb keeps them: shorter names first."""
    return sorted(value.items(), key=lambda pair: (len(pair[0].encode()), pair[0]))


def member_compare(a, b):
    return sign(a[0], b[0]) or json_compare(a[1], b[1])


def array_compare(a, b):
    for x, y in zip(a, b):
        if x != y:
            return sign(x is None, y is None) or sign(x, y)
    return sign(len(a), len(b))


def compare(kind, a, b):
    if isinstance(a, JsonText) or isinstance(b, JsonText):
        raise Undetermined("the text of a JSON container")
    if kind == "json":
        return json_compare(a.value, b.value)
    if kind == "array":
        return array_compare(a, b)
    return sign(a, b)


def equal(kind, a, b):
    if kind == "json":
        return json_equal(a.value, b.value)
    return compare(kind, a, b) == 0


COMPARISONS = {
    "eq": equal,
    "neq": lambda kind, a, b: not equal(kind, a, b),
    "gt": lambda kind, a, b: compare(kind, a, b) > 0,
    "gte": lambda kind, a, b: compare(kind, a, b) >= 0,
    "lt": lambda kind, a, b: compare(kind, a, b) < 0,
    "lte": lambda kind, a, b: compare(kind, a, b) <= 0,
}


def sort_key(kind):
    return functools.cmp_to_key(functools.partial(compare, kind))


# Patterns and containment

def fold(text):
    """Letters one by one, none becomes two."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def pattern(text, is_folded):
    text = text.replace("*", "%")
    if is_folded:
        text = fold(text)
    parts = []
    chars = iter(text)
    for char in chars:
        if char == "%":
            parts.append(".*")
        elif char == "_":
            parts.append(".")
        elif char == "\\":
            escaped = next(chars, None)
            if escaped is None:
                raise Undetermined("a pattern that ends in its escape")
            parts.append(re.escape(escaped))
        else:
            parts.append(re.escape(char))
    expression = re.compile("".join(parts), re.DOTALL)

    def matches(value):
        if isinstance(value, JsonText):
            raise Undetermined("the text of a JSON container")
        return bool(expression.fullmatch(fold(value) if is_folded else value))
    return matches


def expression(text, is_folded):
    """Regular expressions of the few kinds that mean the same in Python."""
    if not re.fullmatch(r"[\^$|()?+*.\w]|(\\d|\{\d,\d\}|\[0-9\]|[\^$|()?+*.\w])*", text):
        raise Undetermined("a regular expression")
    compiled = re.compile(text, re.IGNORECASE if is_folded else 0)

    def matches(value):
        if isinstance(value, JsonText):
            raise Undetermined("the text of a JSON container")
        return bool(compiled.search(value))
    return matches


def json_contains(a, b, is_top=True):
    """Is b in a?"""
    if isinstance(a, dict) and isinstance(b, dict):
        return all(key in a and json_contains(a[key], b[key], False) for key in b)
    if isinstance(a, list) and isinstance(b, list):
        return all(any(json_contains(x, y, False) for x in a) for y in b)
    if isinstance(a, list) and is_top and not isinstance(b, dict):
        return any(json_contains(x, b, False) for x in a if not isinstance(x, (list, dict)))
    return not isinstance(a, (list, dict)) and json_equal(a, b)


def array_contains(a, b):
    """A NULL is equal to nothing, so nothing contains it."""
    return all(item is not None and item in a for item in b)


def containment(name, kind, text):
    if kind == "array":
        other = array_literal(text)
        if name == "cs":
            return lambda value: array_contains(value, other)
        if name == "cd":
            return lambda value: array_contains(other, value)
        return lambda value: any(x is not None and x in other for x in value)
    if kind != "json" or name == "ov":
        raise Undetermined("containment of something else")
    other = literal("json", text)

    def inside(value):
        if not value.is_json:
            raise Undetermined("containment of what is no JSON")
        return (json_contains(value.value, other.value) if name == "cs"
                else json_contains(other.value, value.value))
    return inside


# Paths

def step_into(value, key):
    """(is there something, what)."""
    if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        return True, value[key]
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        return True, value[key]
    return False, None


def json_as_text(value):
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, (list, dict)):
        return JsonText(write_json(value))
    return write_json(value)


def walk(value, steps):
    """The value at a path: a Json, for `->>` a text, or NULL."""
    if value is None or not value.is_json:
        return None
    inside = value.value
    for _, key in steps:
        is_there, inside = step_into(inside, key)
        if not is_there:
            return None
    return Json(inside) if steps[-1][0] == "->" else json_as_text(inside)


# Casts

TYPES = {"text": "text", "varchar": "text", "int": "int", "integer": "int", "int8": "int",
         "bigint": "int", "numeric": "numeric", "decimal": "numeric", "float8": "real",
         "real": "real", "bool": "bool", "boolean": "bool", "json": "json", "jsonb": "json"}


def real_text(number):
    text = repr(number)
    if "e" in text:
        raise Undetermined("a text with an exponent")
    return text[:-2] if text.endswith(".0") else text


def to_text(kind, value):
    if kind == "bool":
        return "true" if value else "false"
    if kind == "real":
        return real_text(value)
    if kind == "numeric":
        raise Undetermined("how many places a NUMERIC shows as text")
    if kind == "json":
        if not value.is_json:
            raise Undetermined("the text of what is no JSON")
        return JsonText(write_json(value.value))
    if kind == "array":
        raise Undetermined("the text of an array")
    return str(shown(kind, value))


def to_integer(kind, value):
    if kind == "real":
        value = int(Decimal(value).to_integral_value(decimal.ROUND_HALF_EVEN))
    elif kind == "numeric":
        value = int(value.to_integral_value(decimal.ROUND_HALF_UP))
    if kind != "int" and value not in INT64:
        raise Failure(400, "22003")
    return int(value)


def cast(kind, target, value):
    """The value as another type. Literals and JSON that is converted are left out."""
    if value is None or kind == target:
        if isinstance(value, Json) and not value.is_json:
            raise Undetermined("JSON of what is no JSON")
        return value
    if isinstance(value, JsonText):
        raise Undetermined("the text of a JSON container")
    if target == "text":
        return to_text(kind, value)
    if kind == "text":
        return literal(target, value)
    if target == "int" and kind in ("real", "numeric", "bool"):
        return to_integer(kind, value)
    if target == "numeric" and kind == "int":
        return Decimal(value)
    if target == "real" and kind in ("int", "numeric"):
        return float(value)
    if target == "numeric" and kind == "real":
        return Decimal(repr(value))  # fifteen digits would do: compared with a tolerance
    raise Undetermined(f"{kind} as {target}")
