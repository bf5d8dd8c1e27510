-- What is written, beside the harbour of schema.sql.

-- A default of every kind, and keys that are never used twice.
CREATE TABLE parcels(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL DEFAULT 'unlabelled',
    weight REAL DEFAULT (1 + 0.5),
    fragile BOOLEAN NOT NULL DEFAULT FALSE,
    note TEXT,
    ship_id INTEGER REFERENCES ships(id)
);
INSERT INTO parcels VALUES
    (1, 'books', 12.5, 0, NULL, 1), (2, 'lamps', 3, 1, 'up', 1), (3, 'rope', 40, 0, NULL, 2), (4, 'spare', NULL, 0, 'old', NULL);

-- Every kind of value, and nothing that must be there.
CREATE TABLE kinds(
    id INTEGER PRIMARY KEY, int INTEGER, big BIGINT, real DOUBLE PRECISION, num NUMERIC(10, 2), flag BOOLEAN, text TEXT,
    blob BLOB, json JSON, texts TEXT[], ints INTEGER[], day DATE, anything
);

-- Unique beside the key: one column, and two together.
CREATE TABLE members(
    id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, club TEXT, number INTEGER, name TEXT, UNIQUE (club, number)
);
INSERT INTO members VALUES
    (1, 'ada@port', 'rowing', 1, 'Ada'), (2, 'bo@port', 'rowing', 2, 'Bo'), (3, 'cy@port', 'sailing', 1, 'Cy');

-- Nothing but a key; a key of two columns; none; one that is spelled oddly.
CREATE TABLE signals(code TEXT PRIMARY KEY);
INSERT INTO signals VALUES ('A'), ('B');
CREATE TABLE slots(bay INTEGER, row TEXT, note TEXT, PRIMARY KEY (bay, row));
INSERT INTO slots VALUES (1, 'x', 'one'), (1, 'y', 'two'), (2, 'x', NULL);
CREATE TABLE sightings(topic TEXT, line TEXT);
INSERT INTO sightings VALUES ('weather', 'calm'), ('weather', 'calm'), ('cargo', NULL);
CREATE TABLE "odd keys"("a b" TEXT, "größe" INTEGER, v TEXT, PRIMARY KEY ("a b", "größe"));

-- Constraints of every kind.
CREATE TABLE cranes(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL CHECK (length(name) > 1),
    load INTEGER DEFAULT 10 CONSTRAINT cranes_load CHECK (load BETWEEN 0 AND 500),
    port_id INTEGER REFERENCES ports(id)
);
INSERT INTO cranes VALUES (1, 'Goliath', 300, 1), (2, 'Samson', 100, 1), (3, 'David', 5, 2);
CREATE TABLE shifts(id INTEGER PRIMARY KEY, crane_id INTEGER REFERENCES cranes(id) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO shifts VALUES (1, 1);

-- Rows that go with others.
CREATE TABLE convoys(id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO convoys VALUES (1, 'north'), (2, 'south');
CREATE TABLE convoy_ships(
    convoy_id INTEGER NOT NULL REFERENCES convoys(id) ON DELETE CASCADE,
    ship_id INTEGER NOT NULL REFERENCES ships(id),
    place INTEGER,
    PRIMARY KEY (convoy_id, ship_id)
);
INSERT INTO convoy_ships VALUES (1, 1, 1), (1, 2, 2), (2, 4, 1);

-- Triggers: that write elsewhere, that change what was written, that refuse.
CREATE TABLE requests(id INTEGER PRIMARY KEY, ship TEXT, state TEXT DEFAULT 'new', stamp TEXT);
INSERT INTO requests(id, ship, state) VALUES (1, 'Árvakur', 'new'), (2, 'Ever Given', 'done');
CREATE TABLE journal(id INTEGER PRIMARY KEY, what TEXT);
CREATE TRIGGER requests_insert AFTER INSERT ON requests BEGIN
    INSERT INTO journal(what) VALUES ('new ' || NEW.ship);
    UPDATE requests SET stamp = 'seen' WHERE id = NEW.id;
END;
CREATE TRIGGER requests_update AFTER UPDATE OF state ON requests BEGIN
    INSERT INTO journal(what) VALUES (NEW.ship || ' ' || OLD.state || ' to ' || NEW.state);
END;
CREATE TRIGGER requests_delete AFTER DELETE ON requests BEGIN
    INSERT INTO journal(what) VALUES ('no ' || OLD.ship);
END;
CREATE TRIGGER requests_refuse BEFORE INSERT ON requests WHEN NEW.ship = 'pirate' BEGIN
    SELECT RAISE(ABORT, 'pirates are not served');
END;
CREATE TRIGGER requests_charge BEFORE INSERT ON requests WHEN NEW.ship = 'poor' BEGIN
    SELECT RAISE(ABORT, 'PT402: pay first');
END;
CREATE TRIGGER requests_keep BEFORE DELETE ON requests WHEN OLD.state = 'done' BEGIN
    SELECT RAISE(ABORT, 'what is done stays');
END;

-- Views: that take everything, that take new rows only, and that take nothing.
CREATE VIEW directory AS SELECT id, name, email FROM members;
CREATE TRIGGER directory_insert INSTEAD OF INSERT ON directory BEGIN
    INSERT INTO members(id, name, email, club) VALUES (NEW.id, NEW.name, NEW.email, 'guests');
END;
CREATE TRIGGER directory_update INSTEAD OF UPDATE ON directory BEGIN
    UPDATE members SET name = NEW.name, email = NEW.email WHERE id = OLD.id;
END;
CREATE TRIGGER directory_delete INSTEAD OF DELETE ON directory BEGIN
    DELETE FROM members WHERE id = OLD.id;
END;
CREATE VIEW inbox AS SELECT topic, line FROM sightings;
CREATE TRIGGER inbox_insert INSTEAD OF INSERT ON inbox BEGIN
    INSERT INTO sightings VALUES (NEW.topic, '> ' || NEW.line);
END;
CREATE VIEW heavy AS SELECT id, label FROM parcels WHERE weight > 10;

-- What would end a transaction, or stop half way, if it were let: by trigger, and by ON CONFLICT of the schema.
CREATE TABLE hostile(id INTEGER PRIMARY KEY, word TEXT, crew_id INTEGER REFERENCES crew(id));
CREATE TRIGGER hostile_fail AFTER INSERT ON hostile WHEN NEW.word = 'fail' BEGIN SELECT RAISE(FAIL, 'it fails'); END;
CREATE TRIGGER hostile_rollback AFTER INSERT ON hostile WHEN NEW.word = 'rollback' BEGIN SELECT RAISE(ROLLBACK, 'it rolls back'); END;
CREATE TRIGGER hostile_ignore BEFORE INSERT ON hostile WHEN NEW.word = 'ignore' BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER hostile_keep BEFORE UPDATE ON hostile WHEN OLD.word = 'keep' BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER hostile_stay BEFORE DELETE ON hostile WHEN OLD.word = 'keep' BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER hostile_gone AFTER INSERT ON hostile WHEN NEW.word = 'gone' BEGIN DELETE FROM hostile WHERE id = NEW.id; END;
CREATE TABLE failing(id INTEGER PRIMARY KEY, word TEXT UNIQUE ON CONFLICT FAIL);
CREATE TABLE rolling(id INTEGER PRIMARY KEY, word TEXT UNIQUE ON CONFLICT ROLLBACK);
CREATE TABLE ignoring(id INTEGER PRIMARY KEY, word TEXT UNIQUE ON CONFLICT IGNORE);
CREATE TABLE replacing(id INTEGER PRIMARY KEY, word TEXT UNIQUE ON CONFLICT REPLACE, note TEXT);
INSERT INTO failing VALUES (1, 'old');
INSERT INTO rolling VALUES (1, 'old');
INSERT INTO ignoring VALUES (1, 'old');
INSERT INTO replacing VALUES (1, 'old', 'first');

-- Defaults as they can be written.
CREATE TABLE defaults(
    id INTEGER PRIMARY KEY,
    word TEXT DEFAULT 'it''s',
    bare TEXT DEFAULT bare_word,
    minus INTEGER DEFAULT -5,
    plus REAL DEFAULT +2.5,
    sum INTEGER DEFAULT (1 + 2),
    bytes BLOB DEFAULT x'00ff',
    yes BOOLEAN DEFAULT TRUE,
    stamp TEXT DEFAULT CURRENT_TIMESTAMP,
    day DATE DEFAULT (date('2026-01-01', '+1 day')),
    doc JSON DEFAULT '{"a":[]}',
    blank TEXT DEFAULT NULL,
    none TEXT
);
INSERT INTO defaults VALUES (1, 'w', 'w', 0, 0, 0, x'', FALSE, 'w', 'w', '1', 'w', 'w');

-- Keys of other kinds, and unique indexes that are none for everybody.
CREATE TABLE nocase(code TEXT PRIMARY KEY COLLATE NOCASE, note TEXT);
INSERT INTO nocase VALUES ('Abc', 'first');
CREATE TABLE hashes(hash BLOB PRIMARY KEY, note TEXT);
INSERT INTO hashes VALUES (x'00ff', 'first');
CREATE TABLE partial(id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE UNIQUE INDEX partial_a ON partial(a) WHERE b IS NOT NULL;
CREATE UNIQUE INDEX partial_b ON partial(lower(b));
CREATE TABLE flags(id INTEGER PRIMARY KEY, bools BOOLEAN[], reals REAL[], docs JSON[]);

-- Rows that take others of their own table with them.
CREATE TABLE folders(
    id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON DELETE CASCADE,
    friend_id INTEGER CONSTRAINT folders_friend REFERENCES folders(id) ON DELETE SET NULL
);
INSERT INTO folders VALUES (1, 'root', NULL, NULL), (2, 'sub', 1, NULL), (3, 'leaf', 2, NULL), (4, 'other', NULL, 1);

-- A column of every name that SQLite has for its own.
CREATE TABLE rowids(rowid TEXT, oid TEXT, _rowid_ TEXT);
INSERT INTO rowids VALUES ('a', 'b', 'c'), ('a', 'x', 'y');

-- No key, but something unique; and a key that has a default.
CREATE TABLE badges(number INTEGER UNIQUE, holder TEXT);
INSERT INTO badges VALUES (1, 'Ada');
CREATE TABLE seasons(code TEXT PRIMARY KEY DEFAULT 'summer', note TEXT);
INSERT INTO seasons VALUES ('summer', 'first');
