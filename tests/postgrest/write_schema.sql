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
CREATE TABLE hostile(id INTEGER PRIMARY KEY, word TEXT);
CREATE TRIGGER hostile_fail AFTER INSERT ON hostile WHEN NEW.word = 'fail' BEGIN SELECT RAISE(FAIL, 'it fails'); END;
CREATE TRIGGER hostile_rollback AFTER INSERT ON hostile WHEN NEW.word = 'rollback' BEGIN SELECT RAISE(ROLLBACK, 'it rolls back'); END;
CREATE TRIGGER hostile_ignore BEFORE INSERT ON hostile WHEN NEW.word = 'ignore' BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER hostile_gone AFTER INSERT ON hostile WHEN NEW.word = 'gone' BEGIN DELETE FROM hostile WHERE id = NEW.id; END;
CREATE TABLE failing(id INTEGER PRIMARY KEY, word TEXT UNIQUE ON CONFLICT FAIL);
CREATE TABLE rolling(id INTEGER PRIMARY KEY, word TEXT UNIQUE ON CONFLICT ROLLBACK);
CREATE TABLE ignoring(id INTEGER PRIMARY KEY, word TEXT UNIQUE ON CONFLICT IGNORE);
CREATE TABLE replacing(id INTEGER PRIMARY KEY, word TEXT UNIQUE ON CONFLICT REPLACE, note TEXT);
INSERT INTO failing VALUES (1, 'old');
INSERT INTO rolling VALUES (1, 'old');
INSERT INTO ignoring VALUES (1, 'old');
INSERT INTO replacing VALUES (1, 'old', 'first');
