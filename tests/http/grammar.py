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
              "price": "real", "sold": "real", "tags": "array", "meta": "json", "big": "int",
              "is_out": "bool"},
    "covers": {"book_id": "int", "colour": "text", "image": "blob"},
    "shops": {"code": "text", 'the "name"': "text", "a b": "int", "ünï.code": "text"},
    "stock": {"book_id": "int", "shop": "text", "n": "int"},
    "cheap": {"id": "int", "author_id": "int", "title": "text", "price": "real"},
}

# table: [(how a client writes it, the table it leads to, is it to-one)]
EMBEDS = {
    "authors": [("books!books_author_id_fkey", "books", False), ("books!books_edited", "books", False),
                ("mentor_id", "authors", True), ("authors!mentor_id", "authors", False),
                ("cheap", "cheap", False)],
    "books": [("author_id", "authors", True), ("authors!books_edited", "authors", True),
              ("covers", "covers", True), ("stock", "stock", False), ("shops", "shops", False)],
    "covers": [("books", "books", True), ("book_id", "books", True)],
    "shops": [("stock", "stock", False), ("books", "books", False)],
    "stock": [("books", "books", True), ("shops", "shops", True), ("shop", "shops", True)],
    "cheap": [("authors", "authors", True)],
}

STATUSES = {200, 206, 300, 400, 406, 416}

WORDS = ["the", "harbour", "night", "海", "ünïcode", "a", "b c", "x,y", 'q"uote', "back\\slash",
         "(p)", "", " ", "null", "100%", "*", "{a}", "é", "😀", "a.b", "->"]


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
        if kind == "int":
            return str(r.choice([0, 1, 7, -5, 1950, 9223372036854775807, -9223372036854775808,
                                 r.randrange(400)]))
        if kind == "real":
            return r.choice(["0", "1.5", "-2e3", "10", "3.14159", str(r.random() * 50)])
        if kind == "bool":
            return r.choice(["true", "false", "t", "f", "yes", "0", "on"])
        if kind == "json":
            return r.choice(['{"a":1}', "[1,2]", '"x"', "null", "true", "1.50", '{"a":{"b":[1]}}'])
        if kind == "array":
            return r.choice(["{}", "{a}", '{a,"b c"}', '["a"]', "{NULL,a}"])
        if kind == "blob":
            return r.choice(["\\x00ff", "\\x", "abc"])
        return self.word()

    def field(self, table):
        """(text, kind) of a column or a path into JSON."""
        name = self.random.choice(list(COLUMNS[table]))
        kind = COLUMNS[table][name]
        text = quote_name(name)
        if kind in ("json", "array") and self.maybe(0.5):
            for _ in range(self.random.randrange(3)):
                text += self.random.choice(["->a", "->0", "->-1", '->"k e"', "->lang"])
            last = self.random.choice(["->", "->>"])
            text += last + self.random.choice(["b", "0", "-2", "lang", '"x y"'])
            kind = "text" if last == "->>" else "json"
        return text, kind

    def operation(self, kind, is_inside):
        """OPERATOR.VALUE; inside and(), or() values may have to be quoted."""
        r = self.random
        write = quote_value if is_inside else str
        negation = "not." if self.maybe(0.2) else ""
        choice = r.randrange(12)
        if choice == 0:
            return negation + "is." + r.choice(["null", "not_null", "NULL", "true", "unknown"])
        if choice == 1:
            items = [quote_value(self.literal(kind)) for _ in range(r.randrange(5))]
            return negation + f"in.({','.join(items)})"
        if choice == 2:
            return negation + "isdistinct." + write(self.literal(kind))
        if choice == 3 and kind == "text":
            pattern = r.choice(["*a*", "%b_", "\\%", "the*", "*", "", "_*_", "*海*"])
            return negation + r.choice(["like", "ilike"]) + "." + write(pattern)
        if choice == 4 and kind == "text":
            return negation + r.choice(["match", "imatch"]) + "." + write(
                r.choice(["^The", "a|b", "[0-9]+$", "\\d", "x{2,3}", "(a)(b)?"]))
        if choice == 5 and kind in ("json", "array"):
            return negation + r.choice(["cs", "cd"]) + "." + write(self.literal(kind))
        if choice == 6 and kind == "array":
            return negation + "ov." + write(self.literal(kind))
        if choice == 7 and kind == "text":
            operator = r.choice(["plfts", "phfts", "wfts"]) + r.choice(["", "(english)", "(simple)"])
            return negation + operator + "." + write(r.choice(["harbour", "the night", "海", "x"]))
        if choice == 8 and kind in ("int", "real", "text"):
            items = ",".join(quote_value(self.literal(kind)) for _ in range(r.randrange(1, 4)))
            operator = r.choice(["eq", "gt", "lte"]) + r.choice(["(any)", "(all)"])
            return f"{negation}{operator}.{{{items}}}"
        return negation + r.choice(["eq", "neq", "gt", "gte", "lt", "lte"]) + "." + write(
            self.literal(kind))

    def logic(self, table, depth):
        r = self.random
        nodes = []
        for _ in range(r.randrange(1, 4)):
            if depth > 0 and self.maybe(0.3):
                nodes.append(r.choice(["", "not."]) + r.choice(["and", "or"])
                             + self.logic(table, depth - 1))
            else:
                field, kind = self.field(table)
                nodes.append(f"{field}.{self.operation(kind, True)}")
        return f"({','.join(nodes)})"

    def order(self, table):
        terms = []
        for _ in range(self.random.randrange(1, 4)):
            field, _ = self.field(table)
            terms.append(field + self.random.choice(["", ".asc", ".desc"])
                         + self.random.choice(["", "", ".nullsfirst", ".nullslast"]))
        return ",".join(terms)

    def level(self, table, prefix, parameters):
        """Filters, order and limits of one level."""
        r = self.random
        for _ in range(r.choice([0, 0, 1, 1, 2])):
            field, kind = self.field(table)
            parameters.append((prefix + field, self.operation(kind, False)))
        if self.maybe(0.25):
            parameters.append((prefix + r.choice(["and", "or", "not.and", "not.or"]),
                               self.logic(table, 2)))
        if self.maybe(0.35):
            parameters.append((prefix + "order", self.order(table)))
        if self.maybe(0.3):
            parameters.append((prefix + "limit", str(r.randrange(0, 30))))
        if self.maybe(0.2):
            parameters.append((prefix + "offset", str(r.randrange(0, 20))))

    def select(self, table, prefix, parameters, depth):
        """The items of a select, and the parameters of the embeds in it."""
        r = self.random
        items = []
        if self.maybe(0.4):
            items.append("*")
        for _ in range(r.randrange(3)):
            field, _ = self.field(table)
            alias = f"{r.choice(['x', 'y', 'é', 'z1'])}:" if self.maybe(0.2) else ""
            cast = "::" + r.choice(["text", "int", "json", "numeric"]) if self.maybe(0.1) else ""
            items.append(alias + field + cast)
        for _ in range(r.choice([0, 1, 1, 2]) if depth > 0 else 0):
            written, target, is_to_one = r.choice(EMBEDS[table])
            name = f"e{r.randrange(10**6)}"
            inner = self.select(target, f"{prefix}{name}.", parameters, depth - 1)
            join = r.choice(["", "", "!inner", "!left"])
            if self.maybe(0.1):
                items.append(f"...{written}{join}({inner})")
                continue
            items.append(f"{name}:{written}{join}({inner})")
            self.level(target, f"{prefix}{name}.", parameters)
            if self.maybe(0.1):
                parameters.append((prefix + name, r.choice(["is.null", "not.is.null"])))
            if is_to_one and self.maybe(0.1):
                field, _ = self.field(target)
                parameters.append((prefix + "order", f"{name}({field})"))
        if not items or self.maybe(0.05):
            items.append(f"{r.choice(EMBEDS[table])[0]}(count)")
        return ",".join(items)

    def path(self, prefix="/api"):
        table = self.random.choice(list(COLUMNS))
        parameters = []
        if self.maybe(0.7):
            parameters.append(("select", self.select(table, "", parameters, 3)))
        self.level(table, "", parameters)
        self.random.shuffle(parameters)
        query = "&".join(f"{self.escape(key)}={self.escape(value)}" for key, value in parameters)
        return f"{prefix}/{table}" + (f"?{query}" if query else "")

    def escape(self, text):
        """Brackets, commas and quotes travel raw or encoded: clients do both."""
        safe = "(),.:!*->" if self.maybe(0.5) else ""
        return urllib.parse.quote_plus(text, safe=safe)
