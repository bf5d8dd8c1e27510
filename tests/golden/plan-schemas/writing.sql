-- What is written to, beside library.sql.
CREATE TABLE items(
    id INTEGER PRIMARY KEY, code TEXT UNIQUE, name TEXT NOT NULL DEFAULT 'unnamed', amount NUMERIC,
    label TEXT GENERATED ALWAYS AS (code || ':' || name) STORED UNIQUE,
    shout TEXT AS (upper(name)), shelf TEXT, slot INTEGER, UNIQUE (shelf, slot));
CREATE UNIQUE INDEX items_some ON items(amount) WHERE amount > 0;
CREATE TABLE excluded(id TEXT PRIMARY KEY, excluded TEXT) WITHOUT ROWID;
CREATE TABLE "odd ""one"(a INTEGER, "the ""b" TEXT);
CREATE TABLE parts(
    item_id INTEGER NOT NULL REFERENCES items(id) ON DELETE CASCADE, part TEXT COLLATE NOCASE,
    note TEXT, PRIMARY KEY (item_id, part));
CREATE TABLE screws(
    id INTEGER PRIMARY KEY AUTOINCREMENT, item_id INTEGER, part TEXT, size INTEGER,
    FOREIGN KEY (item_id, part) REFERENCES parts(item_id, part) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE history(what TEXT, id INTEGER);
CREATE TRIGGER parts_gone AFTER DELETE ON parts BEGIN INSERT INTO history VALUES ('part', old.item_id); END;
CREATE VIEW things AS SELECT id, name, amount, name || '!' AS cry FROM items;
CREATE TRIGGER things_new INSTEAD OF INSERT ON things BEGIN
    INSERT INTO items(id, name) VALUES (new.id, new.name);
END;
CREATE TRIGGER things_changed INSTEAD OF UPDATE ON things BEGIN
    UPDATE items SET name = new.name WHERE id = old.id;
END;
CREATE TRIGGER things_gone INSTEAD OF DELETE ON things BEGIN DELETE FROM items WHERE id = old.id; END;
CREATE TABLE letters(id INTEGER PRIMARY KEY, body TEXT, place TEXT);
CREATE VIRTUAL TABLE letters_index USING fts5(body, content='letters', content_rowid='id');
CREATE TRIGGER letters_new AFTER INSERT ON letters BEGIN
    INSERT INTO letters_index(rowid, body) VALUES (new.id, new.body);
END;
CREATE TRIGGER letters_changed AFTER UPDATE ON letters BEGIN
    INSERT INTO letters_index(letters_index, rowid, body) VALUES ('delete', old.id, old.body);
    INSERT INTO letters_index(rowid, body) VALUES (new.id, new.body);
END;
CREATE TRIGGER letters_gone AFTER DELETE ON letters BEGIN
    INSERT INTO letters_index(letters_index, rowid, body) VALUES ('delete', old.id, old.body);
END;
CREATE VIEW mail AS SELECT id, body FROM letters;
CREATE TRIGGER mail_changed INSTEAD OF UPDATE ON mail BEGIN
    UPDATE letters SET body = new.body WHERE id = old.id;
END;
CREATE TABLE n(id INTEGER PRIMARY KEY, i INTEGER);

INSERT INTO items(id, code, name, amount, shelf, slot) VALUES
    (1, 'k1', 'hammer', 3, 'a', 1), (2, 'k2', 'saw', NULL, 'a', 2), (3, NULL, 'nail', 100, NULL, NULL);
INSERT INTO excluded VALUES ('x', 'old');
INSERT INTO "odd ""one" VALUES (1, 'one');
INSERT INTO parts VALUES (1, 'Head', NULL), (1, 'shaft', 'oak'), (2, 'blade', NULL);
INSERT INTO screws(item_id, part, size) VALUES (1, 'Head', 5), (2, 'blade', 3);
INSERT INTO letters VALUES (1, 'dear Ada', 'Bath'), (2, 'dear Bo', 'York');
INSERT INTO n VALUES (7, 8);
