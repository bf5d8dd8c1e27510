"""The grammar of the table API's URLs, read into plain trees: the oracle's own reader.

It was written from the grammar's specification and shares nothing with the program under test.
`read(query)` returns (select or None, parameters); a parameter is (path, what, value):
`what` is "order", "limit", "offset", "logic" or "filter". What does not parse is an Unreadable.
"""

import re
import urllib.parse
from collections import namedtuple

Field = namedtuple("Field", "name steps")  # steps: [("->" or "->>", key as str or index as int)]
Item = namedtuple("Item", "field alias cast function result_cast")  # field None: count()
Embed = namedtuple("Embed", "name alias hint join is_spread items")
Operation = namedtuple("Operation", "is_negated name quantifier value")
Filter = namedtuple("Filter", "field operation")
Logic = namedtuple("Logic", "is_negated word nodes")
Term = namedtuple("Term", "embed field is_descending nulls")

STAR = "*"
FUNCTIONS = ("sum", "avg", "count", "max", "min")
QUANTIFIED = ("eq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch")
PLAIN = ("neq", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj", "isdistinct")
FULL_TEXT = ("fts", "plfts", "phfts", "wfts")


class Unreadable(Exception):
    pass


def is_word(char):
    return char.isalpha() or char.isdecimal() or char in "_ $"


class Reader:
    def __init__(self, text):
        self.text = text
        self.at = 0

    def peek(self, text):
        return self.text.startswith(text, self.at)

    def take(self, text):
        if not self.peek(text):
            return False
        self.at += len(text)
        return True

    def need(self, text):
        if not self.take(text):
            raise Unreadable(f"{text!r} expected at {self.at} of {self.text!r}")

    def first_of(self, *texts):
        return next((text for text in texts if self.take(text)), None)

    def blanks(self):
        while self.take(" "):
            pass

    def is_done(self):
        return self.at == len(self.text)

    def done(self):
        if not self.is_done():
            raise Unreadable(f"end expected at {self.at} of {self.text!r}")

    def until(self, marks):
        start = self.at
        while not self.is_done() and self.text[self.at] not in marks:
            self.at += 1
        return self.text[start:self.at]

    def quoted(self):
        self.need('"')
        chars = []
        while not self.take('"'):
            self.take("\\")
            if self.is_done():
                raise Unreadable(f"no closing quote in {self.text!r}")
            chars.append(self.text[self.at])
            self.at += 1
        return "".join(chars)

    def words(self):
        start = self.at
        while not self.is_done() and (is_word(self.text[self.at]) or (
                self.peek("-") and not self.peek("->") and self.at > start)):
            self.at += 1
        if self.at == start:
            raise Unreadable(f"a name expected at {self.at} of {self.text!r}")
        return self.text[start:self.at].strip(" ")

    def name(self):
        self.blanks()
        if not self.peek('"'):
            return self.words()
        name = self.quoted()
        self.blanks()
        return name

    def key(self):
        """A key or an index behind an arrow."""
        if self.peek('"'):
            return self.quoted()
        start = self.at
        self.take("-")
        digits = self.at
        while not self.is_done() and self.text[self.at] in "0123456789":
            self.at += 1
        if self.at > digits and (self.is_done() or self.text[self.at] in ".,)" or self.peek("->")
                                 or self.peek("::")):
            return int(self.text[start:self.at])
        self.at = start
        while not self.is_done() and self.text[self.at] not in "(:.,>)" and not self.peek("->"):
            self.at += 1
        if self.at == start:
            raise Unreadable(f"a key expected at {start} of {self.text!r}")
        return self.text[start:self.at]

    def field(self):
        name = self.name()
        steps = []
        while arrow := self.first_of("->>", "->"):
            steps.append((arrow, self.key()))
        return Field(name, steps)

    def cast(self):
        return self.words() if self.take("::") else None

    # select

    def items(self, end):
        items = []
        self.blanks()
        if self.is_done() or self.peek(end):
            return items
        while True:
            self.blanks()
            items.append(self.item())
            self.blanks()
            if not self.take(","):
                return items

    def parenthesised(self):
        self.need("(")
        items = self.items(")")
        self.need(")")
        return items

    def embed(self, name, alias, is_spread):
        hint = join = None
        while self.take("!"):
            word = self.name()
            if word in ("inner", "left"):
                join = word
            else:
                hint = word
        return Embed(name, alias, hint, join, is_spread, self.parenthesised())

    def item(self):
        if self.take("..."):
            return self.embed(self.name(), None, True)
        if self.take("*"):
            return STAR
        alias = None
        start = self.at
        name = self.name()
        if self.peek(":") and not self.peek("::"):
            self.at += 1
            alias = name
            start = self.at
            name = self.name()
        if name == "count" and self.take("()"):
            return Item(None, alias, None, "count", self.cast())
        if self.peek("!") or (self.peek("(") and name != "count"):
            return self.embed(name, alias, False)
        self.at = start
        field = self.field()
        cast = self.cast()
        function = result_cast = None
        if self.take("."):
            function = self.first_of(*(f + "()" for f in FUNCTIONS))
            if not function:
                raise Unreadable(self.text)
            function = function[:-2]
            result_cast = self.cast()
        return Item(field, alias, cast, function, result_cast)

    # filters

    def operation(self, is_inside):
        is_negated = self.take("not.")
        word = self.until("(.")
        if word == "in":
            self.need(".(")
            return Operation(is_negated, "in", None, self.list())
        quantifier = None
        if word in QUANTIFIED and self.peek("("):
            quantifier = self.first_of("(any)", "(all)")
            if not quantifier:
                raise Unreadable(self.text)
        elif word in FULL_TEXT and self.take("("):
            quantifier = self.until(")")
            self.need(")")
        elif word not in QUANTIFIED + PLAIN + FULL_TEXT + ("is",):
            raise Unreadable(f"no operator: {word!r} in {self.text!r}")
        self.need(".")
        value = self.value(is_inside)
        if word == "is" and value.lower() not in ("null", "not_null", "true", "false", "unknown"):
            raise Unreadable(self.text)
        return Operation(is_negated, word, quantifier and quantifier.strip("()"), value)

    def value(self, is_inside):
        if not is_inside:
            start, self.at = self.at, len(self.text)
            return self.text[start:]
        array = re.compile(r"\{[^{}]*\}").match(self.text, self.at)
        if array:
            self.at = array.end()
            return array[0]
        return self.item_of_list()

    def item_of_list(self):
        """What stands in quotes, if it ends where they end; or as it is."""
        start = self.at
        if self.peek('"'):
            try:
                item = self.quoted()
                if self.is_done() or self.text[self.at] in ",)":
                    return item
            except Unreadable:
                pass
        self.at = start
        return self.until(",)")

    def list(self):
        start = self.at
        self.blanks()
        if self.take(")"):
            return []
        self.at = start
        items = [self.item_of_list()]
        while not self.take(")"):
            self.need(",")
            items.append(self.item_of_list())
        return items

    def logic(self, is_negated, word):
        self.need("(")
        nodes = [self.node()]
        while self.take(","):
            nodes.append(self.node())
        self.need(")")
        self.blanks()
        return Logic(is_negated, word, nodes)

    def node(self):
        self.blanks()
        start = self.at
        is_negated = self.take("not.")
        word = self.first_of("and", "or")
        if word:
            self.blanks()
        if word and self.peek("("):
            return self.logic(is_negated, word)
        self.at = start
        field = self.field()
        self.need(".")
        operation = self.operation(True)
        self.blanks()
        return Filter(field, operation)

    # order

    def term(self):
        embed = None
        field = self.field()
        if not field.steps and self.take("("):
            embed = field.name
            field = self.field()
            self.need(")")
        direction = self.first_of(".asc", ".desc")
        nulls = self.first_of(".nullsfirst", ".nullslast")
        return Term(embed, field, direction == ".desc", nulls and nulls[1:])

    def order(self):
        terms = [self.term()]
        while self.take(","):
            terms.append(self.term())
        self.done()
        return terms


def whole(method, text, *arguments):
    reader = Reader(text)
    result = getattr(reader, method)(*arguments)
    reader.done()
    return result


def read_parameter(key, value):
    """(path, what, tree) of any parameter but the three with fixed names."""
    reader = Reader(key)
    fields = [reader.field()]
    while reader.take("."):
        fields.append(reader.field())
    reader.done()
    if any(field.steps for field in fields[:-1]):
        raise Unreadable(key)
    path = [field.name for field in fields]
    last = path.pop()
    if last in ("and", "or") and not fields[-1].steps:
        is_negated = bool(path) and path[-1] == "not"
        if is_negated:
            path.pop()
        return path, "logic", whole("logic", value.strip(" "), is_negated, last)
    if last in ("limit", "offset"):
        return path, last, value
    if last == "order":
        return path, "order", whole("order", value)
    return path, "filter", Filter(fields[-1], whole("operation", value, False))


def read(query):
    select = None
    parameters = []
    for parameter in query.split("&"):
        key, equals, value = parameter.partition("=")
        if not equals:
            continue
        key = urllib.parse.unquote_plus(key)
        value = urllib.parse.unquote_plus(value)
        if key == "select":
            if select is None:
                select = whole("items", value, "\0")
        elif key in ("columns", "on_conflict"):
            continue
        else:
            parameters.append(read_parameter(key, value))
    return select, parameters
