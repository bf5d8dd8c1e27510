"""What the table API must answer, computed in plain Python from the rows of the database.

`Oracle(database).ask(path, headers)` returns an Expected: the rows, the range, or the error that
the specification of the grammar asks for. It knows the schema of grammar.py. It raises Undetermined
where the specification leaves the answer open (a limit that cuts between equal rows, say).

It shares no code with the program, and nobody who writes here should look there.
"""

import math
import re
import urllib.parse
from decimal import Decimal
from fractions import Fraction

from oracle_compare import Expected, Rows, canonical, failed, stripped, unordered
from oracle_database import Database
from oracle_values import (COMPARISONS, TYPES, Approximate, Failure, Json, JsonText, Undetermined,
                           array_literal, cast, containment, equal, expression, literal, pattern,
                           shown, sort_key, walk)
from url_reader import STAR, Embed, Field, Filter, Item, Unreadable, read

PATTERNS = ("like", "ilike", "match", "imatch")

class Level:
    """One table of a select, with what is asked of it."""

    def __init__(self, query, table, items):
        self.query = query
        self.database = query.database
        self.table = table
        self.kinds = self.database.columns[table]
        self.filters = []
        self.terms = []
        self.limit = None
        self.offset = 0
        self.embeds = []  # (Embed, Relation, Level)
        self.fields = []  # (key, kind, function of the row)
        self.aggregates = []  # (key, function of the rows)
        self.grouped = []  # the fields grouped by
        self.resolve(items)

    # What is asked

    def fault(self, failure):
        self.query.errors.add(failure.answer)

    def resolve(self, items):
        is_old_count = (len(items) == 1 and isinstance(items[0], Item) and items[0].field == Field(
            "count", []) and not items[0].function and "count" not in self.kinds)
        if is_old_count:
            items = [Item(None, items[0].alias, None, "count", None)]
        for item in items:
            try:
                if isinstance(item, Embed):
                    relation = self.database.relation(self.table, item.name, item.hint)
                    level = Level(self.query, relation.to, item.items)
                    self.embeds.append((item, relation, level))
            except Failure as failure:
                self.fault(failure)
        for item in items:
            try:
                if not isinstance(item, Embed):
                    self.add_item(item)
            except Failure as failure:
                self.fault(failure)
        if self.aggregates and any(not item.is_spread and relation.shape == "many"
                                   for item, relation, _ in self.embeds):
            raise Undetermined("rows grouped by arrays")
        for item, relation, level in self.embeds:
            if item.is_spread and (level.aggregates or self.aggregates):
                raise Undetermined("aggregates and spreads")

    def add_item(self, item):
        if item == STAR:
            if self.aggregates:
                raise Undetermined("a star and aggregates")
            for name, kind in self.kinds.items():
                self.fields.append((name, kind, lambda row, name=name: row[name]))
            return
        if item.function:
            key = item.alias or item.function
            self.aggregates.append((key, self.cast_aggregate(self.aggregate(item),
                                                             item.result_cast)))
            return
        names = [item.field.name] + [key for _, key in item.field.steps if isinstance(key, str)]
        kind, value = self.value(item.field)
        kind, value = self.converted(kind, value, item.cast)
        self.fields.append((item.alias or names[-1], kind, value))
        self.grouped.append(item.field)

    def converted(self, kind, value, type_name):
        if type_name is None:
            return kind, value
        target = TYPES.get(type_name.strip().lower())
        if target is None:
            raise Failure(400, "42704")
        if "json" in (kind, target) and target not in ("text", "json"):
            raise Undetermined("JSON as something else")
        if target == "json" and kind != "json":
            raise Undetermined("something as JSON")
        if kind != target and target != "text" or target == "json":
            self.query.maybe = {(400, "22P02"), (400, "22003")}
        return target, lambda row: cast(kind, target, value(row))

    def value(self, field):
        """(kind, function of a row) of a column or of a path into it."""
        kind = self.kinds.get(field.name)
        if kind is None:
            raise Failure(400, "42703")
        name, steps = field
        if not steps:
            return kind, lambda row: row[name]
        last = "json" if steps[-1][0] == "->" else "text"
        if kind == "json":
            return last, lambda row: walk(row[name], steps)
        if kind == "array":
            return last, lambda row: walk(as_json(row[name]), steps)
        if kind == "text":
            return last, lambda row: text_has_no_path(row[name])
        return last, lambda row: None

    def cast_aggregate(self, function, type_name):
        """Whole numbers and words of any kind; a mean is rounded, half away from zero."""
        target = type_name and TYPES.get(type_name)
        if target is None:
            if type_name:
                raise Failure(400, "42704")
            return function

        def converted(rows):
            value = function(rows)
            if value is None or target not in ("int", "text"):
                return value
            if isinstance(value, (float, Decimal)):
                if target == "text" or value % 1 in (0.5, -0.5):
                    raise Undetermined("the digits of an aggregate")
                return round(value)
            return value if target == "int" and type(value) is int else cast(
                "int" if type(value) is int else "text", target, value)
        if target == "int":
            self.query.maybe = {(400, "22P02"), (400, "22003")}
        return converted

    def aggregate(self, item):
        if item.field is None:
            return lambda rows: len(rows)
        kind, value = self.value(item.field)
        kind, value = self.converted(kind, value, item.cast)
        function = item.function
        if function == "count":
            return lambda rows: sum(value(row) is not None for row in rows)
        if function in ("sum", "avg") and kind not in ("int", "real", "numeric"):
            if kind in ("text", "bool"):
                raise Failure(404, "42883")
            raise Undetermined("a sum of something else")
        if function in ("max", "min") and kind not in ("int", "real", "numeric", "text"):
            raise Undetermined("the greatest of something without an order")
        return lambda rows: aggregated(function, kind, [v for v in map(value, rows)
                                                        if v is not None])

    def find_embed(self, name, is_strict=False):
        named = [e for e in self.embeds if e[0].alias == name or (
            e[0].alias is None and e[0].name == name)]
        if not named and not is_strict:
            named = [e for e in self.embeds if e[0].name == name or e[1].to == name]
        if len(named) > 1:
            raise Undetermined("two embeds of one name")
        return named[0] if named else None

    def ask(self, path, what, tree):
        """One parameter, at this level or deeper."""
        if path:
            found = self.find_embed(path[0])
            if found is None:
                raise Failure(400, "PGRST108")
            found[2].ask(path[1:], what, tree)
        elif what == "limit" or what == "offset":
            self.bound(what, tree)
        elif what == "order":
            if self.terms:
                raise Undetermined("two orders")
            self.terms = [self.term(term) for term in tree]
        else:
            self.filters.append(self.condition(tree))

    def bound(self, what, text):
        try:
            number = int(text)
        except ValueError:
            return
        if what == "limit":
            self.limit = number
        else:
            self.offset = max(number, 0)

    def term(self, term):
        if term.embed is None:
            kind, value = self.value(term.field)
            if kind == "json":
                value = only_json(value)
            if self.aggregates and term.field not in self.grouped:
                raise Failure(400, "42803")
        else:
            found = self.find_embed(term.embed)
            if found is None:
                raise Failure(400, "PGRST108")
            item, relation, level = found
            if relation.shape != "one":
                raise Failure(400, "PGRST118")
            if self.aggregates or level.aggregates:
                raise Undetermined("groups in the order of an embed")
            kind, inner = level.value(term.field)
            if kind == "json":
                inner = only_json(inner)

            def value(row):
                rows = level.chosen(self.database.related(relation, row))
                return inner(rows[0]) if rows else None
        nulls_first = (term.nulls == "nullsfirst" if term.nulls else term.is_descending)
        return kind, value, term.is_descending, nulls_first

    # Filters: functions of a row that give True, False or None

    def condition(self, tree):
        if isinstance(tree, Filter):
            return self.comparison(tree)
        nodes = []
        for node in tree.nodes:
            try:
                nodes.append(self.condition(node))
            except Failure as failure:
                self.fault(failure)

        def combined(row):
            values = [node(row) for node in nodes]
            decisive = tree.word == "or"
            result = (decisive if decisive in values else
                      None if None in values else not decisive)
            return negated(result) if tree.is_negated else result
        return combined

    def comparison(self, tree):
        field, operation = tree
        found = None if field.steps else self.find_embed(field.name, field.name in self.kinds)
        if found and operation.name == "is" and operation.value.lower() in ("null", "not_null"):
            wanted = (operation.value.lower() == "null") != operation.is_negated
            return lambda row: self.is_empty(found, row) == wanted
        kind, value = self.value(field)
        test = self.test(kind, operation)
        if kind == "json" and operation.name != "is":
            value = only_json(value)
        if operation.is_negated:
            return lambda row: negated(test(value(row)))
        return lambda row: test(value(row))

    def test(self, kind, operation):
        name, quantifier, text = operation.name, operation.quantifier, operation.value
        if name == "is":
            return is_test(kind, text.lower())
        if name == "isdistinct":
            other = literal(kind, text)
            return lambda value: value is None or not equal(kind, value, other)
        if name == "in":
            if kind == "array":
                raise Undetermined("arrays in a list")
            return any_of("any", [one_test(kind, "eq", item) for item in text])
        if name in COMPARISONS or name in PATTERNS:
            if quantifier:
                if kind == "array":
                    raise Undetermined("arrays in a list")
                return any_of(quantifier, [one_test(kind, name, item)
                                           for item in array_literal(text)])
            return one_test(kind, name, text)
        if name in ("cs", "cd", "ov"):
            return strict(containment(name, kind, text))
        raise Undetermined(f"the operator {name}")

    # Rows

    def is_empty(self, found, row):
        _, relation, level = found
        return not level.count_chosen(self.database.related(relation, row))

    def matching(self, rows):
        """The rows that filters and inner embeds leave."""
        result = [row for row in rows if all(test(row) for test in self.filters)]
        for found in self.embeds:
            if found[0].join == "inner":
                result = [row for row in result if not self.is_empty(found, row)]
        return result

    def ordered(self, rows):
        if not self.terms:
            return unordered(rows)
        keyed = [(row, [value(row) for _, value, _, _ in self.terms]) for row in rows]
        for place in reversed(range(len(self.terms))):
            kind, _, is_descending, nulls_first = self.terms[place]
            key = sort_key(kind)
            nulls = [pair for pair in keyed if pair[1][place] is None]
            others = [pair for pair in keyed if pair[1][place] is not None]
            others.sort(key=lambda pair: key(pair[1][place]), reverse=is_descending)
            keyed = nulls + others if nulls_first else others + nulls
        groups = []
        before = None
        for _, keys in keyed:
            if before is not None and all(
                    a is b or (a is not None and b is not None and equal(term[0], a, b))
                    for a, b, term in zip(before, keys, self.terms)):
                groups[-1] += 1
            else:
                groups.append(1)
            before = keys
        return Rows([row for row, _ in keyed], groups)

    def limited(self, rows):
        start = 0 if self.limit == 0 else self.offset
        end = len(rows) if self.limit is None else min(len(rows), start + self.limit)
        if start == 0 and end == len(rows):
            return rows
        groups = []
        is_cut = False
        at = 0
        for size in rows.groups:
            inside = max(0, min(at + size, end) - max(at, start))
            if inside:
                groups.append(inside)
                is_cut = is_cut or inside < size
            at += size
        result = Rows(rows[start:end], groups)
        result.is_cut = is_cut
        return result

    def count_chosen(self, rows):
        if self.aggregates:
            return len(self.answer(rows))
        if not self.filters and not any(e[0].join == "inner" for e in self.embeds):
            count = len(rows)
        else:
            count = len(self.matching(rows))
        start = 0 if self.limit == 0 else self.offset
        return max(0, count - start if self.limit is None else min(count - start, self.limit))

    def count(self, rows):
        """How many rows the answer would have without its limit."""
        rows = self.matching(rows)
        return len(self.groups_of(rows)) if self.aggregates else len(rows)

    def chosen(self, rows):
        """The rows that the level answers, before they are shaped."""
        result = self.limited(self.ordered(self.matching(rows)))
        if result.is_cut:
            raise Undetermined("a limit between equal rows")
        return result

    def answer(self, rows):
        if self.aggregates:
            return self.groups(self.matching(rows))
        chosen = self.chosen(rows)
        return Rows([self.shape(row) for row in chosen], chosen.groups)

    def groups_of(self, rows):
        if not self.fields and not any(e[0].items for e in self.embeds):
            return [rows]
        groups = {}
        for row in rows:
            parts = [canonical(shown(kind, value(row))) for _, kind, value in self.fields]
            parts += [canonical(self.embedded(found, row)) for found in self.embeds
                      if found[0].items]
            groups.setdefault(tuple(parts), []).append(row)
        return list(groups.values())

    def groups(self, rows):
        """One row a group; any row of it tells its place, as what orders is grouped by."""
        groups = self.groups_of(rows)
        if groups == [[]]:
            ordered = Rows([(None, [])], [1])
        else:
            by_row = {id(group[0]): group for group in groups}
            ordered = self.ordered([group[0] for group in groups])
            ordered = Rows([(row, by_row[id(row)]) for row in ordered], ordered.groups)
        ordered = self.limited(ordered)
        if ordered.is_cut:
            raise Undetermined("a limit between equal groups")
        result = []
        for row, group in ordered:
            shaped = self.shape(row) if row is not None else {}
            for key, function in self.aggregates:
                put(shaped, key, function(group))
            result.append(shaped)
        return Rows(result, ordered.groups)

    def keys(self):
        """The members of this level's rows."""
        names = [key for key, _, _ in self.fields] + [key for key, _ in self.aggregates]
        for item, relation, level in self.embeds:
            if item.is_spread:
                names += level.keys()
            elif level.is_shown():
                names.append(item.alias or item.name)
        return names

    def is_shown(self):
        return bool(self.fields or self.aggregates or self.embeds)

    def shape(self, row):
        shaped = {}
        for key, kind, value in self.fields:
            put(shaped, key, shown(kind, value(row)))
        for found in self.embeds:
            item, _, level = found
            if not level.is_shown():
                continue
            value = self.embedded(found, row)
            if item.is_spread:
                for key, part in value.items():
                    put(shaped, key, part)
            else:
                put(shaped, item.alias or item.name, value)
        return shaped

    def embedded(self, found, row):
        item, relation, level = found
        rows = level.answer(self.database.related(relation, row))
        if relation.shape == "one":
            if item.is_spread:
                return rows[0] if rows else dict.fromkeys(level.keys())
            return rows[0] if rows else None
        if not item.is_spread:
            return rows
        keys = level.keys()
        if len(set(keys)) > 1 and any(size > 1 for size in rows.groups):
            raise Undetermined("a spread without an order")
        return {key: Rows([row[key] for row in rows], rows.groups) for key in keys}


def put(shaped, key, value):
    if key in shaped and canonical(shaped[key]) != canonical(value):
        raise Undetermined("two members of one name")
    shaped[key] = value


def as_json(array):
    return None if array is None else Json(list(array))


def only_json(value):
    """In comparisons, text in a JSON column that is no JSON counts as NULL."""
    def guarded(row):
        result = value(row)
        return result if result is None or result.is_json else None
    return guarded


def text_has_no_path(text):
    if text is not None and text[:1] in '{["':
        raise Undetermined("JSON in a text column")


def negated(value):
    return None if value is None else not value


def strict(test):
    return lambda value: None if value is None else test(value)


def is_test(kind, word):
    if word == "null":
        return lambda value: value is None
    if word == "not_null":
        return lambda value: value is not None
    if kind != "bool":
        raise Failure(400, "42804")
    wanted = {"true": True, "false": False, "unknown": None}[word]
    return lambda value: value is wanted


def one_test(kind, name, text):
    if text is None:
        return lambda value: None
    if name in PATTERNS:
        if kind != "text":
            raise Undetermined("a pattern for what is no text")
        make = pattern if name.endswith("like") else expression
        return strict(make(text, name[0] == "i"))
    other = literal(kind, text)
    compare = COMPARISONS[name]
    return strict(lambda value: compare(kind, value, other))


def any_of(quantifier, tests):
    decisive = quantifier == "any"

    def combined(value):
        results = [test(value) for test in tests]
        return decisive if decisive in results else None if None in results else not decisive
    return combined


def aggregated(function, kind, values):
    if not values:
        return None
    if function in ("max", "min"):
        key = sort_key(kind)
        return max(values, key=key) if function == "max" else min(values, key=key)
    if function == "sum" and kind in ("int", "numeric"):
        return sum(values)
    total = sum(Fraction(value) for value in values)
    return Approximate(total / len(values) if function == "avg" else total)


class Query:
    def __init__(self, database, table, query):
        self.database = database
        self.errors = set()  # any of them may be the answer
        self.maybe = set()
        select, parameters = read(query)
        for path, what, tree in parameters:
            if what == "limit" and tree.lstrip("-").isdecimal() and int(tree) < 0:
                raise Failure(416, "PGRST103")
        if table not in database.columns:
            raise Failure(404, "PGRST205")
        self.top = Level(self, table, select or [STAR])
        # What is asked of embeds comes first: a filter may look at the rows of one.
        for path, what, tree in parameters:
            try:
                self.top.ask(path, what, tree)
            except Failure as failure:
                self.errors.add(failure.answer)


    def narrow(self, text):
        """The Range header: what it and the parameters have in common."""
        top = self.top
        match = re.fullmatch(r"([0-9]+)-([0-9]*)", text or "")
        if not match:
            return
        first = int(match[1])
        end = int(match[2]) + 1 if match[2] else math.inf
        if end <= first:
            self.errors.add((416, "PGRST103"))
        if end <= first or top.limit == 0:
            return
        end = min(end, math.inf if top.limit is None else top.offset + top.limit)
        top.offset = max(top.offset, first)
        if end <= top.offset:
            self.errors.add((416, "PGRST103"))
        top.limit = None if end == math.inf else end - top.offset


class Oracle:
    def __init__(self, path):
        self.database = Database(path)

    def ask(self, path, headers):
        try:
            return self._answer(path, headers)
        except Unreadable:
            return failed({(400, "PGRST100")})
        except Failure as failure:
            return failed({failure.answer})

    def _answer(self, path, headers):
        path, _, query_text = path.partition("?")
        query = Query(self.database, urllib.parse.unquote(path.rsplit("/", 1)[1]), query_text)
        query.narrow(headers.get("Range"))
        if query.errors:
            return failed(query.errors)
        top = query.top
        rows = top.answer(self.database.rows[top.table])
        accept = headers.get("Accept", "*/*")
        total = None
        if "count=exact" in headers.get("Prefer", ""):
            total = top.count(self.database.rows[top.table])
        offset = 0 if top.limit == 0 else top.offset
        is_object = "vnd.pgrst.object" in accept
        errors = set()
        if total is not None and offset > total:
            errors.add((416, "PGRST103"))
        if is_object and len(rows) != 1:
            errors.add((406, "PGRST116"))
        if errors:
            return failed(errors, query.maybe)
        if "nulls=stripped" in accept:
            rows = stripped(rows)
        return Expected(set(), rows, offset, total, is_object, query.maybe)
