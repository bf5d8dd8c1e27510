"""The rows of the database and the relations between its tables, for the oracle.

Keys are read from SQLite's pragmas and the text of the schema; where the columns of the view come
from is said in VIEWS.
"""

import sqlite3
from collections import defaultdict, namedtuple

import grammar
from oracle_values import Failure, stored

# view: {column: (table, column)}
VIEWS = {"cheap": {"id": ("books", "id"), "author_id": ("books", "author_id"),
                   "title": ("books", "title"), "price": ("books", "price")}}

Key = namedtuple("Key", "name table columns to_table to_columns is_one_to_one is_primary")
# shape: "one" (an object or null) or "many"
Relation = namedtuple("Relation", "name to shape columns to_columns junction")
Related = namedtuple("Related", "junction near far")


class Database:
    """The rows, and the keys between tables and views."""

    def __init__(self, path):
        connection = sqlite3.connect(path)
        self.rows = {}
        for table, kinds in grammar.COLUMNS.items():
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            self.rows[table] = [
                {name: stored(kinds[name], value) for name, value in zip(names, row)}
                for row in cursor]
        self.columns = {table: {name: kinds[name] for name in kinds}
                        for table, kinds in grammar.COLUMNS.items()}
        self.primary = {}
        self.keys = []
        for table in grammar.COLUMNS:
            if table not in VIEWS:
                self._read_keys(connection, table)
        connection.close()
        self._lend_keys_to_views()
        self.indexes = {}

    def _read_keys(self, connection, table):
        info = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        primary = [name for _, name, _, _, _, place in sorted(info, key=lambda i: i[5]) if place]
        self.primary[table] = primary
        text = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?",
                                  (table,)).fetchone()[0]
        for row in connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall():
            _, _, to_table, column, to_column = row[:5]
            name = f"{table}_{column}_fkey"
            before = text.split(f"REFERENCES {to_table}")
            for part in before[:-1]:
                words = part.split(",")[-1].split("(")[-1].split()
                if words[0] == column and "CONSTRAINT" in words:
                    name = words[words.index("CONSTRAINT") + 1]
            to_column = to_column or "id"
            self.keys.append(Key(name, table, (column,), to_table, (to_column,),
                                 primary == [column], column in primary))

    def _lend_keys_to_views(self):
        for key in list(self.keys):
            for view, columns in VIEWS.items():
                names = {origin: name for name, origin in columns.items()}
                here = names.get((key.table, key.columns[0]))
                there = names.get((key.to_table, key.to_columns[0]))
                if here:
                    self.keys.append(key._replace(table=view, columns=(here,), is_primary=False))
                if there:
                    self.keys.append(key._replace(to_table=view, to_columns=(there,)))

    def relations(self, origin):
        """Every relation that starts at a table: (relation, its key's name or None)."""
        found = []
        for key in self.keys:
            if key.table == origin:
                found.append(Relation(key.name, key.to_table, "one", key.columns, key.to_columns,
                                      None))
            if key.to_table == origin:
                found.append(Relation(key.name, key.table, "one" if key.is_one_to_one else "many",
                                      key.to_columns, key.columns, None))
        for near in self.keys:
            for far in self.keys:
                if (near.table == far.table and near != far and near.is_primary and far.is_primary
                        and near.columns != far.columns and near.to_table == origin):
                    found.append(Relation(None, far.to_table, "many", near.to_columns,
                                          far.to_columns,
                                          Related(near.table, near.columns, far.columns)))
        return found

    def is_match(self, origin, relation, name, hint):
        to_many = relation.shape == "many"
        if relation.to == origin:  # to itself
            if hint is None:
                return ((name == origin and to_many)
                        or (name == relation.columns[0] and not to_many))
            return name == origin and to_many and hint in (relation.to_columns[0], relation.name)
        if hint is not None:
            names = ((relation.junction.junction,) if relation.junction else
                     (relation.name, relation.columns[0], relation.to_columns[0]))
            return name == relation.to and hint in names
        if name == relation.to:
            return True
        return (relation.junction is None and relation.to not in VIEWS
                and name in (relation.name, relation.columns[0]))

    def relation(self, origin, name, hint):
        found = [relation for relation in self.relations(origin)
                 if self.is_match(origin, relation, name, hint)]
        if not found:
            raise Failure(400, "PGRST200")
        if len(found) > 1:
            raise Failure(300, "PGRST201")
        return found[0]

    def index(self, table, columns):
        found = self.indexes.get((table, columns))
        if found is None:
            found = defaultdict(list)
            for row in self.rows[table]:
                values = tuple(row[column] for column in columns)
                if None not in values:
                    found[values].append(row)
            self.indexes[table, columns] = found
        return found

    def related(self, relation, row):
        values = tuple(row[column] for column in relation.columns)
        if relation.junction is None:
            return self.index(relation.to, relation.to_columns).get(values, [])
        far = self.index(relation.to, relation.to_columns)
        links = self.index(relation.junction.junction, relation.junction.near).get(values, [])
        return [row for link in links for row in
                far.get(tuple(link[column] for column in relation.junction.far), [])]
