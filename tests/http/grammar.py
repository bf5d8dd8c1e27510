"""Random queries in the grammar of the table API, valid by construction, from a seed.

The schema below has what tells the grammar's parts apart: keys of every kind, a junction, a table
that refers to itself, a view, JSON, booleans, blobs, NULLs, 64-bit integers, hostile names and a
full text index. `Queries(random).path()` writes one request's path; what it may be answered is in
STATUSES. Some queries are wrong in ways that only the schema shows (an operator that a type has
not, an ambiguous embed): those have a documented error.
"""

import urllib.parse

SCHEMA = """
CREATE TABLE authors(id INTEGER PRIMARY KEY, name TEXT NOT NULL, born INTEGER, mentor_id INTEGER
    REFERENCES authors(id), is_alive BOOLEAN, meta JSON, photo BLOB);
CREATE TABLE books(id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES authors,
    editor_id INTEGER CONSTRAINT books_edited REFERENCES authors(id), title TEXT NOT NULL,
    year INTEGER, price REAL, sold NUMERIC(10,2), tags TEXT[], meta JSONB, big BIGINT,
    is_out BOOLEAN NOT NULL DEFAULT 0);
CREATE INDEX books_author ON books(author_id);
CREATE TABLE covers(book_id INTEGER PRIMARY KEY REFERENCES books(id), colour TEXT, image BLOB);
CREATE TABLE shops(code TEXT PRIMARY KEY, [the "name"] TEXT, "a b" INTEGER, "ünï.code" TEXT)
    WITHOUT ROWID;
CREATE TABLE stock(book_id INTEGER REFERENCES books(id), shop TEXT REFERENCES shops(code),
    n INTEGER, PRIMARY KEY(book_id, shop));
CREATE VIEW cheap AS SELECT id, author_id, title, price FROM books WHERE price < 10;
CREATE VIRTUAL TABLE book_search USING fts5(title, content='books', content_rowid='id');
INSERT INTO authors SELECT n, 'Author ' || n, CASE WHEN n % 5 THEN 1800 + n END,
    CASE WHEN n > 3 THEN n % 3 + 1 END, CASE n % 3 WHEN 0 THEN 0 WHEN 1 THEN 1 END,
    CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '{"lang":"en","awards":["a","b"],"n":1.50}'
        WHEN 2 THEN '[1,"x",null,{"k":true}]' ELSE 'not json' END, zeroblob(n)
    FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 40)
          SELECT n FROM c);
INSERT INTO books SELECT n, n % 37 + 1, CASE WHEN n % 3 THEN n % 11 + 1 END,
    CASE n % 4 WHEN 0 THEN 'The Harbour, "at" night ' || n WHEN 1 THEN '海の上 ' || n
        WHEN 2 THEN 'a\\b%_*(),.:' || n ELSE 'Ünïcode' END,
    CASE WHEN n % 7 THEN 1900 + n % 120 END, CASE WHEN n % 6 THEN n / 7.0 END, n,
    CASE n % 3 WHEN 0 THEN '["a","b c"]' WHEN 1 THEN '[]' END,
    CASE n % 2 WHEN 0 THEN '{"a":{"b":[1,2,' || n || ']},"s":"t"}' END,
    CASE n % 5 WHEN 0 THEN 9223372036854775807 WHEN 1 THEN -9223372036854775808 ELSE n END, n % 2
    FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300)
          SELECT n FROM c);
INSERT INTO covers SELECT id, CASE id % 2 WHEN 0 THEN 'red' END, x'00ff' FROM books WHERE id % 3 = 0;
INSERT INTO shops VALUES ('a', 'A', 1, 'x'), ('b', NULL, NULL, NULL), ('c,d', 'C "D"', 3, '😀');
INSERT INTO stock SELECT id, s.code, id % 9 FROM books, shops s WHERE (id + unicode(s.code)) % 4 = 0;
INSERT INTO book_search(book_search) VALUES ('rebuild');
"""

COLUMNS = {
    "authors": {"id": "int", "name": "text", "born": "int", "mentor_id": "int",
                "is_alive": "bool", "meta": "json", "photo": "blob"},
    "books": {"id": "int", "author_id": "int", "editor_id": "int", "title": "text", "year": "int",
              "price": "real", "sold": "numeric", "tags": "array", "meta": "json", "big": "int",
              "is_out": "bool"},
    "covers": {"book_id": "int", "colour": "text", "image": "blob"},
    "shops": {"code": "text", 'the "name"': "text", "a b": "int", "ünï.code": "text"},
    "stock": {"book_id": "int", "shop": "text", "n": "int"},
    "cheap": {"id": "int", "author_id": "int", "title": "text", "price": "real"},
}

# table: its key, for an order without ties
KEYS = {"authors": ["id"], "books": ["id"], "covers": ["book_id"], "shops": ["code"],
        "stock": ["book_id", "shop"], "cheap": ["id"]}

# table: [(how a client writes it, the table it leads to, is it to-one)]
EMBEDS = {
    "authors": [("books!books_author_id_fkey", "books", False),
                ("books!books_edited", "books", False), ("books!author_id", "books", False), ("mentor_id", "authors", True),
                ("authors!mentor_id", "authors", False), ("authors", "authors", False),
                ("cheap", "cheap", False)],
    "books": [("author_id", "authors", True), ("authors!books_edited", "authors", True),
              ("editor_id", "authors", True), ("books_edited", "authors", True),
              ("covers", "covers", True), ("stock", "stock", False), ("shops", "shops", False),
              ("shops!stock", "shops", False)],
    "covers": [("books", "books", True), ("book_id", "books", True), ("cheap", "cheap", True)],
    "shops": [("stock", "stock", False), ("books", "books", False), ("cheap", "cheap", False)],
    "stock": [("books", "books", True), ("shops", "shops", True), ("shop", "shops", True),
              ("cheap", "cheap", True)],
    "cheap": [("authors", "authors", True), ("covers", "covers", True), ("stock", "stock", False),
              ("shops", "shops", False)],
}

STATUSES = {200, 206, 300, 400, 404, 406, 416}

WORDS = ["the", "harbour", "night", "海", "ünïcode", "a", "b c", "x,y", 'q"uote', "back\\slash",
         "(p)", "", " ", "null", "100%", "*", "{a}", "é", "😀", "a.b", "->", "a\\b%_*(),.:2",
         "海の上 1", "Author 7", "\\", "not.is.null", "A", "C \"D\"", "c,d", "x", "red", "Ünïcode"]
INTEGERS = [0, 1, 7, -5, 1950, 9223372036854775807, -9223372036854775808]
ODD_LITERALS = {"int": ["9223372036854775808", "-99999999999999999999", "1.5", "abc", "", "007",
                        "+7", " 7 ", "1 2", "--1", "null", "٣"],
                "real": ["1e999", "abc", "", "-0", ".5", "5.", "1e", "+1.5", " 2 ", "null", "1,5"],
                "numeric": ["abc", "", "-0", ".5", "5.", "10.00", "1e2", "null", "1 2"],
                "bool": ["tru", "TRUE", "o", "2", "", " no ", "yess", "null"],
                "json": ["{", "", "abc", "[1,]", "nul", '{"a":1,"b":[]}', "[]", "9007199254740993"],
                "array": ["{a", "a", "{,}", "{a,}", '{"a"b}', "{}}", "", "{ a , b }", '{"a","b c"}'],
                "blob": ["\\x0", "\\xgg", "\\x00FF", ""]}
PATTERNS = ["*a*", "%b_", "\\%", "the*", "*", "", "_*_", "*海*", "a\\\\b\\%*", "*\\**", "ÜN*", "ünï%",
            "AUTHOR _", "*1"]


def quote_name(name):
    if name.replace("_", "").isalnum() and name.isascii():
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_value(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Queries:
    def __init__(self, random):
        self.random = random

    def maybe(self, probability):
        return self.random.random() < probability

    def word(self):
        return self.random.choice(WORDS)

    def literal(self, kind):
        r = self.random
        if kind in ODD_LITERALS and self.maybe(0.02):
            return r.choice(ODD_LITERALS[kind])
        if kind == "int":
            return str(r.choice(INTEGERS + [r.randrange(40), r.randrange(400)]))
        if kind == "real":
            return r.choice(["0", "1.5", "-2e3", "10", "3.14159", str(r.random() * 50),
                             repr(r.randrange(300) / 7)])
        if kind == "numeric":
            return r.choice(["0", "1.5", "-2e3", "10", "12.00", str(r.randrange(300))])
        if kind == "bool":
            return r.choice(["true", "false", "t", "f", "yes", "0", "on"])
        if kind == "json":
            return r.choice(['{"a":1}', "[1,2]", '"x"', "null", "true", "1.50", '{"a":{"b":[1]}}',
                             '"en"', "[]", '{"s":"t"}', "2", "[null]", '"\\u00fc"',
                             '[1,"x",null,{"k":true}]', '[1.0,"x",null,{"k":true}]',
                             '{"n":1.5,"awards":["a","b"],"lang":"en"}', '{"b":[1,2.0,2]}',
                             f'{{"s":"t","a":{{"b":[1,2,{r.randrange(300)}]}}}}'])
        if kind == "array":
            return r.choice(["{}", "{a}", '{a,"b c"}', '["a"]', "{NULL,a}", "[]", '{"b c"}',
                             "{null}", '{"null"}',
                             '{a,"b c",d}', '{a,b}', '["a","b c"]', "{b}"])
        if kind == "blob":
            return r.choice(["\\x00ff", "\\x", "abc", "\\x00"])
        return self.word()

    def name(self, name):
        """A name with quotes where it needs them, and sometimes where it does not."""
        return '"' + name + '"' if name.isalpha() and self.maybe(0.1) else quote_name(name)

    def field(self, table):
        """(text, kind) of a column or a path into JSON."""
        if self.maybe(0.004):
            return self.random.choice(["nothing", '"no \\"thing"', "é"]), "text"
        name = self.random.choice(list(COLUMNS[table]))
        kind = COLUMNS[table][name]
        text = self.name(name)
        if (kind in ("json", "array") and self.maybe(0.5)) or self.maybe(0.02):
            for _ in range(self.random.randrange(3)):
                text += self.random.choice(["->a", "->0", "->-1", '->"k e"', "->lang", "->3"])
            last = self.random.choice(["->", "->>"])
            text += last + self.random.choice(["b", "0", "-2", "lang", '"x y"', "s", "n", "k", "ü",
                                               "99", "1a", "awards", "2"])
            kind = "text" if last == "->>" else "json"
        return text, kind

    def list_item(self, kind):
        """An item of in.(): in quotes, or bare where that reads as the same."""
        text = self.literal(kind)
        is_bare = text and text[0] not in '" ' and not set(text) & set(",)")
        return text if is_bare and self.maybe(0.5) else quote_value(text)

    def array_of(self, kind):
        """An array literal, for (any) and (all)."""
        items = ["null" if self.maybe(0.1) else quote_value(self.literal(kind))
                 for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
        return "{" + ",".join(items) + "}"

    def is_word(self, kind):
        words = ["null", "not_null", "NULL", "Not_Null"]
        if kind == "bool" or self.maybe(0.05):
            words += ["true", "unknown", "False"]
        return self.random.choice(words)

    def write(self, value, is_inside):
        """Inside and(), or() values may have to be quoted."""
        if not is_inside:
            return value
        is_bare = value and value[0] not in '"{' and not set(value) & set(",)")
        return value if is_bare and self.maybe(0.4) else quote_value(value)

    def operation(self, kind, is_inside):
        """OPERATOR.VALUE."""
        r = self.random
        negation = "not." if self.maybe(0.2) else ""
        choice = r.randrange(14)
        if choice == 0:
            return negation + "is." + self.is_word(kind)
        if choice == 1:
            items = [self.list_item(kind) for _ in range(r.randrange(5))]
            return negation + f"in.({','.join(items)})"
        if choice == 2:
            return negation + "isdistinct." + self.write(self.literal(kind), is_inside)
        if choice in (3, 4) and kind == "text":
            operator = r.choice(["like", "ilike"])
            if self.maybe(0.2):
                items = ",".join(quote_value(r.choice(PATTERNS)) for _ in range(r.randrange(1, 4)))
                return f"{negation}{operator}{r.choice(['(any)', '(all)'])}.{{{items}}}"
            return negation + operator + "." + self.write(r.choice(PATTERNS), is_inside)
        if choice == 5 and kind == "text" and self.maybe(0.5):
            return negation + r.choice(["match", "imatch"]) + "." + self.write(
                r.choice(["^The", "a|b", "[0-9]+$", "\\d", "x{2,3}", "(a)(b)?"]), is_inside)
        if choice == 6 and kind in ("json", "array"):
            return negation + r.choice(["cs", "cd"]) + "." + self.write(self.literal(kind),
                                                                        is_inside)
        if choice in (7, 8) and kind == "array":
            return negation + r.choice(["cs", "cd", "ov"]) + "." + self.write(self.literal(kind),
                                                                              is_inside)
        if choice == 9 and kind == "text" and self.maybe(0.5):
            operator = r.choice(["plfts", "phfts", "wfts"])
            operator += r.choice(["", "(english)", "(simple)"])
            return negation + operator + "." + self.write(
                r.choice(["harbour", "the night", "海", "x"]), is_inside)
        if choice == 10 and kind in ("int", "real", "text", "numeric", "bool"):
            operator = r.choice(["eq", "gt", "gte", "lt", "lte"]) + r.choice(["(any)", "(all)"])
            return f"{negation}{operator}.{self.array_of(kind)}"
        return negation + r.choice(["eq", "neq", "gt", "gte", "lt", "lte"]) + "." + self.write(
            self.literal(kind), is_inside)

    def logic(self, table, depth, embeds=()):
        r = self.random
        nodes = []
        for _ in range(r.randrange(1, 4)):
            if depth > 0 and self.maybe(0.3):
                nodes.append(r.choice(["", "not."]) + r.choice(["and", "or"])
                             + self.logic(table, depth - 1, embeds))
            elif embeds and self.maybe(0.3):
                nodes.append(r.choice(embeds)[0] + r.choice([".is.null", ".not.is.null"]))
            else:
                field, kind = self.field(table)
                nodes.append(f"{field}.{self.operation(kind, True)}")
        return f"({r.choice(['', '', ' '])}{','.join(nodes)})"

    def order(self, table, embeds, is_total):
        terms = []
        for _ in range(self.random.choice([1, 1, 2, 3] if not is_total else [0, 1, 1, 2])):
            field, _ = self.field(table)
            to_ones = [embed for embed in embeds if embed[2]]
            if to_ones and self.maybe(0.3):
                name, target, _ = self.random.choice(to_ones)
                field = f"{name}({self.field(target)[0]})"
            elif embeds and self.maybe(0.01):
                name, target, _ = self.random.choice(embeds)
                field = f"{name}({self.field(target)[0]})"
            terms.append(field + self.random.choice(["", ".asc", ".desc"])
                         + self.random.choice(["", "", ".nullsfirst", ".nullslast"]))
        if is_total:
            terms += KEYS[table]
        return ",".join(terms)

    def level(self, table, prefix, parameters, embeds=(), has_order=True):
        """Filters, order and limits of one level; `embeds` are (name, table, is it to-one)."""
        r = self.random
        for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
            field, kind = self.field(table)
            parameters.append((prefix + field, self.operation(kind, False)))
        if self.maybe(0.15):
            parameters.append((prefix + r.choice(["and", "or", "or", "not.and"]),
                               self.logic(table, 2, embeds)))
        for name, _, _ in embeds:
            if self.maybe(0.08):
                parameters.append((prefix + name, r.choice(["is.null", "not.is.null"])))
        is_limited = self.maybe(0.4)
        is_total = has_order and self.maybe(0.9 if is_limited else 0.2)
        if is_total or (has_order and self.maybe(0.25)):
            parameters.append((prefix + "order", self.order(table, embeds, is_total)))
        if is_limited and self.maybe(0.8):
            parameters.append((prefix + "limit", str(r.choice([0, 1, 2, 5, 5, r.randrange(30)]))))
        if is_limited and self.maybe(0.5):
            parameters.append((prefix + "offset", str(r.choice([-1, 0, 1, 2, 3, r.randrange(20)]))))

    def item(self, table):
        field, kind = self.field(table)
        alias = ""
        if self.maybe(0.2):
            alias = self.random.choice(["x", "y", "é", "z1", '"q, :\\"()"', "$1"]) + ":"
        cast = ""
        if self.maybe(0.1):
            cast = "::" + self.random.choice(["text", "int", "numeric"] if kind != "json"
                                             else ["json", "text", "jsonb"])
        return alias + field + cast

    def groups(self, table, parameters, prefix):
        """A select with aggregates, by some columns or none."""
        r = self.random
        names = [name for name, kind in COLUMNS[table].items() if kind not in ("json", "array")]
        by = [self.name(name) for name in r.sample(names, r.choice([0, 0, 1, 1, 2]))]
        items = list(by)
        for i in range(r.randrange(1, 4)):
            name = r.choice(list(COLUMNS[table]))
            kind = COLUMNS[table][name]
            functions = ["count"]
            if kind in ("int", "real", "numeric"):
                functions += ["sum", "avg", "max", "min"] if name != "big" else ["max", "min"]
            if kind == "text":
                functions += ["max", "min"]
            cast = "::int" if kind in ("real", "numeric") and self.maybe(0.2) else ""
            result = "::" + r.choice(["int", "text"]) if self.maybe(0.2) else ""
            items.append(f"a{i}:" + ("count()" if self.maybe(0.3) else
                                     f"{quote_name(name)}{cast}.{r.choice(functions)}()") + result)
        to_ones = [embed for embed in EMBEDS[table] if embed[2]]
        if to_ones and self.maybe(0.2):
            written, target, _ = r.choice(to_ones)
            shown = map(quote_name, r.sample(list(COLUMNS[target]), 2))
            items.append(f"e1:{written}({','.join(shown)})")
        r.shuffle(items)
        self.level(table, prefix, parameters, (), False)
        if by and self.maybe(0.6):
            parameters.append((prefix + "order", ",".join(
                name + r.choice(["", ".desc", ".nullsfirst"]) for name in by)))
        elif self.maybe(0.02):
            parameters.append((prefix + "order", self.order(table, (), False)))
        return ",".join(items)

    def embed(self, table, prefix, parameters, depth, embeds):
        """One embed, and the parameters for it."""
        r = self.random
        written, target, is_to_one = r.choice(EMBEDS[table])
        if self.maybe(0.01):
            written = r.choice(["authors", "shops", "books", "nothing"])
        name = f"e{r.randrange(10**6)}"
        if self.maybe(0.05):
            name = f'"e, .\\\\{r.randrange(10**6)}\\""'
        before = f"{name}:"
        join = r.choice(["", "", "", "", "!inner", "!left"])
        is_spread = self.maybe(0.12)
        bare = written.split("!")[0]
        if (is_spread or self.maybe(0.05)) and all(embed[0] != bare for embed in embeds):
            name = bare
            before = "..." if is_spread else ""
        else:
            is_spread = False
        deeper = f"{prefix}{name}."
        if not is_spread and self.maybe(0.1):
            if self.maybe(0.5):
                return f"{before}{written}{join}(count)"
            return f"{before}{written}{join}({self.groups(target, parameters, deeper)})"
        inner = ""
        inner_embeds = []
        if not self.maybe(0.08):
            inner = self.select(target, deeper, parameters, depth - 1, inner_embeds)
        self.level(target, deeper, parameters, inner_embeds, not (is_spread and not is_to_one))
        if is_spread and not is_to_one:
            parameters.append((deeper + "order", self.order(target, inner_embeds, True)))
        embeds.append((name, target, is_to_one))
        return f"{before}{written}{join}({inner})"

    def select(self, table, prefix, parameters, depth, embeds):
        """The items of a select; their embeds are added to `embeds`, with their parameters."""
        r = self.random
        items = []
        if self.maybe(0.4):
            items.append("*")
        for _ in range(r.randrange(3)):
            items.append(self.item(table))
        for _ in range(r.choice([0, 1, 1, 2]) if depth > 0 else 0):
            items.append(self.embed(table, prefix, parameters, depth, embeds))
        if not items or self.maybe(0.03):
            items.append(f"n{r.randrange(1000)}:{r.choice(EMBEDS[table])[0]}(count)")
        return r.choice([",", ",", ", "]).join(items)

    def path(self, prefix="/api"):
        table = self.random.choice(list(COLUMNS))
        parameters = []
        embeds = []
        if self.maybe(0.06):
            parameters.append(("select", self.groups(table, parameters, "")))
        else:
            if self.maybe(0.8):
                parameters.append(("select", self.select(table, "", parameters, 3, embeds)))
            self.level(table, "", parameters, embeds)
        if self.maybe(0.02):
            parameters.append(("columns", self.random.choice(
                ["id", '"a,b"', '"\\"",x', "é", "id, name", '"; drop table books"'])))
        self.random.shuffle(parameters)
        query = "&".join(f"{self.escape(key)}={self.escape(value)}" for key, value in parameters)
        return f"{prefix}/{table}" + (f"?{query}" if query else "")

    def escape(self, text):
        """Brackets, commas and quotes travel raw or encoded: clients do both."""
        safe = "(),.:!*->" if self.maybe(0.5) else ""
        return urllib.parse.quote_plus(text, safe=safe)
