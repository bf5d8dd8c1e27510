-- A harbour: what the cases of this folder read. Each table is there for some shape of key or value.

CREATE TABLE countries(code TEXT PRIMARY KEY, name TEXT NOT NULL, capital TEXT);
INSERT INTO countries VALUES
    ('NL', 'Netherlands', 'Amsterdam'),
    ('JP', '日本', '東京'),
    ('IS', 'Ísland', 'Reykjavík'),
    ('AQ', 'Antarctica', NULL);

-- Every kind of value, and NULL in all of them.
CREATE TABLE ports(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    country_code TEXT REFERENCES countries(code),
    depth REAL,
    opened DATE,
    free BOOLEAN,
    facts JSON,
    langs TEXT[],
    traffic BIGINT,
    fee NUMERIC(10, 2),
    stamp BLOB
);
INSERT INTO ports VALUES
    (1, 'Rotterdam', 'NL', 24.0, '1328-06-07', 1,
     '{"unlocode":"NLRTM","cranes":{"sts":120,"rail":[4,5,6]},"green":true,"tags":["deep","rail"]}',
     '["nl","en"]', 9007199254740993, 1234.5, X'0001ff'),
    (2, '横浜', 'JP', 18.5, '1859-06-02', 1,
     '{"unlocode":"JPYOK","cranes":{"sts":39,"rail":[]},"green":false,"tags":[],"note":null}',
     '["ja","en"]', 9223372036854775807, 10, X'00ff10'),
    (3, 'Reykjavík', 'IS', 12.25, '1917-11-16', 0,
     '[10,20,{"deep":"yes"}]', '[]', -9223372036854775808, 0.1, X''),
    (4, 'Delfzijl', 'NL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 'Ghost "port", (old)', NULL, 7.0, '2026-01-31', 0,
     '"just text"', '["en","with space","quo\"te","co,mma"]', 0, 99.99, X'deadbeef');

-- One-to-one: the key is the primary key.
CREATE TABLE offices(port_id INTEGER PRIMARY KEY REFERENCES ports(id), phone TEXT);
INSERT INTO offices VALUES (1, '+31'), (2, '+81');

-- A reference to its own table.
CREATE TABLE crew(id INTEGER PRIMARY KEY, name TEXT NOT NULL, chief_id INTEGER REFERENCES crew(id));
INSERT INTO crew VALUES (1, 'Ada', NULL), (2, 'Björk', 1), (3, 'Cho', 1), (4, 'Dmitri', 2), (5, 'Éva', NULL);

-- One-to-one by UNIQUE (captain), and beside it a junction to the same table (berths).
CREATE TABLE ships(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    home_id INTEGER REFERENCES ports(id),
    captain_id INTEGER UNIQUE,
    built INTEGER,
    tonnage INTEGER,
    CONSTRAINT ships_captain FOREIGN KEY (captain_id) REFERENCES crew(id)
);
INSERT INTO ships VALUES
    (1, 'Maersk Ohio', 1, 1, 2006, 50000),
    (2, 'Ever Given', 2, 3, 2018, 220000),
    (3, 'ever green', 2, NULL, 1999, 100000),
    (4, 'Árvakur', 3, 2, 1962, 700),
    (5, 'Flying Dutchman', NULL, NULL, NULL, NULL);

CREATE TABLE berths(
    ship_id INTEGER REFERENCES ships(id),
    crew_id INTEGER REFERENCES crew(id),
    cabin TEXT,
    PRIMARY KEY (ship_id, crew_id)
);
INSERT INTO berths VALUES (1, 1, 'A1'), (1, 4, 'B2'), (2, 3, NULL), (2, 4, 'C3'), (4, 2, 'D4');

-- A junction and nothing else.
CREATE TABLE skills(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO skills VALUES (1, 'navigation'), (2, 'welding'), (3, 'cooking');
CREATE TABLE crew_skills(
    crew_id INTEGER REFERENCES crew(id),
    skill_id INTEGER REFERENCES skills(id),
    level INTEGER NOT NULL,
    PRIMARY KEY (crew_id, skill_id)
);
INSERT INTO crew_skills VALUES (1, 1, 5), (1, 3, 2), (2, 2, 4), (3, 1, 3), (4, 2, 1);

-- Two keys and no junction: they are not part of the primary key.
CREATE TABLE loans(id INTEGER PRIMARY KEY, crew_id INTEGER REFERENCES crew(id), office_id INTEGER REFERENCES offices(port_id));
INSERT INTO loans VALUES (1, 1, 1);

-- Keys of two columns.
CREATE TABLE piers(
    port_id INTEGER REFERENCES ports(id),
    number INTEGER,
    length INTEGER,
    PRIMARY KEY (port_id, number)
);
INSERT INTO piers VALUES (1, 1, 300), (1, 2, 450), (2, 1, 280);
CREATE TABLE moorings(
    id INTEGER PRIMARY KEY,
    port_id INTEGER,
    pier_number INTEGER,
    ship_id INTEGER REFERENCES ships,
    FOREIGN KEY (port_id, pier_number) REFERENCES piers(port_id, number)
);
INSERT INTO moorings VALUES (1, 1, 1, 1), (2, 1, 2, 2), (3, 2, 1, 3), (4, NULL, NULL, 4), (5, 1, NULL, 5);

-- Two keys to one table, one of them named.
CREATE TABLE voyages(
    id INTEGER PRIMARY KEY,
    ship_id INTEGER NOT NULL REFERENCES ships(id),
    from_id INTEGER REFERENCES ports(id),
    to_id INTEGER CONSTRAINT voyages_destination REFERENCES ports(id),
    left_at TIMESTAMP,
    arrived BOOLEAN
);
INSERT INTO voyages VALUES
    (1, 1, 1, 2, '2026-01-01T08:00:00', 1),
    (2, 1, 2, 1, '2026-02-01T08:00:00', 1),
    (3, 2, 2, 3, '2026-03-01T08:00:00', 0),
    (4, 4, 3, NULL, NULL, NULL);

-- Views: over a table, over a view with other names, of two tables, and with what is no column.
CREATE VIEW deep_ports AS SELECT id, name, country_code, depth FROM ports WHERE depth > 15;
CREATE VIEW harbours AS SELECT id AS harbour_id, name AS harbour, country_code AS land FROM deep_ports;
CREATE VIEW fleet AS SELECT id AS ship_id, name AS ship, home_id AS home, tonnage FROM ships;
CREATE VIEW people AS SELECT id AS person_id, name AS person FROM crew;
CREATE VIEW trips AS
    SELECT v.id AS trip, v.from_id, s.name AS ship FROM voyages v JOIN ships s ON s.id = v.ship_id;
CREATE VIEW port_counts AS SELECT country_code, count(*) AS ports FROM ports GROUP BY country_code;
CREATE VIEW computed AS SELECT id + 0 AS id, name || '!' AS name FROM ships;

-- What filters have to tell apart.
CREATE TABLE texts(id INTEGER PRIMARY KEY, t TEXT);
INSERT INTO texts VALUES
    (1, 'a'), (2, '"a"'), (3, 'a,b'), (4, 'a)b('), (5, ''), (6, 'back\slash'), (7, 'c"d'), (8, NULL),
    (9, 'null'), (10, '100%'), (11, 'under_score'), (12, 'STRASSE ÄÖ'), (13, 'straße äö'), (14, 'a*b'),
    (15, ' lead'), (16, '{x}'), (17, '🚢 ship'), (18, 'plus+sign & amp=1');

-- JSON whose keys are no names.
CREATE TABLE docs(id INTEGER PRIMARY KEY, doc JSONB);
INSERT INTO docs VALUES
    (1, '{"a b":1,"a.b":2,"quo\"te":3,"日本":"言葉","big":9007199254740993,"f":0.1,"x":{"y":[{"z":null},{"z":"deep"}]}}'),
    (2, '{"v":null}'), (3, '{"v":"s"}'), (4, '{"v":10}'), (5, '{"v":9}'), (6, '{"v":true}'),
    (7, '{"v":[1]}'), (8, '{"v":{}}'), (9, 'not json'),
    (10, '{"1a":1,"12":2,"a-b":3}');

-- Names that want quoting.
CREATE TABLE "odd table"(
    id INTEGER PRIMARY KEY, "a b" TEXT, "select" INTEGER, "quo""te" TEXT, "naïve" TEXT, "a.b" TEXT,
    "x:y" TEXT, "co,mma" TEXT, "(p)" TEXT, "back\slash" TEXT, "dash-ed" TEXT, "or" TEXT
);
INSERT INTO "odd table" VALUES
    (1, 'space', 7, 'quote', 'diaeresis', 'dot', 'colon', 'comma', 'parens', 'backslash', 'dash', 'or');
CREATE TABLE "order"(id INTEGER PRIMARY KEY, "group" TEXT, "odd id" INTEGER REFERENCES "odd table"(id));
INSERT INTO "order" VALUES (1, 'x', 1), (2, 'y', NULL);
CREATE TABLE "日本"("番号" INTEGER PRIMARY KEY, "名前" TEXT);
INSERT INTO "日本" VALUES (1, '一'), (2, '二');

-- No rowid, and columns that are computed.
CREATE TABLE tariffs(
    code TEXT PRIMARY KEY,
    net NUMERIC NOT NULL,
    vat REAL GENERATED ALWAYS AS (net * 0.25) VIRTUAL,
    gross REAL GENERATED ALWAYS AS (net * 1.25) STORED
) WITHOUT ROWID;
INSERT INTO tariffs(code, net) VALUES ('B', 10.5), ('A', 8);

CREATE TABLE extremes(id INTEGER PRIMARY KEY, r DOUBLE PRECISION, i INTEGER, anything);
INSERT INTO extremes VALUES
    (1, 0.1, 1, 1), (2, 9e999, 2, 'text'), (3, -9e999, 3, X'ff00'), (4, 5e-324, 4, NULL),
    (5, 1.7976931348623157e308, 'not a number', 0.30000000000000004);

-- Full text: by function, by an index beside the table, and in a table of its own.
CREATE TABLE logs(id INTEGER PRIMARY KEY, line TEXT);
INSERT INTO logs VALUES
    (1, 'The crane lifts a container'), (2, 'Cranes were lifting containers all night'),
    (3, 'A storm stopped the crane'), (4, 'Calm sea'), (5, NULL);
CREATE TABLE articles(id INTEGER PRIMARY KEY, title TEXT, body TEXT);
INSERT INTO articles VALUES
    (1, 'Harbour news', 'the pilot boards the big ship'),
    (2, 'Weather', 'big waves reach the pilot station'),
    (3, 'Ship news', 'no pilot today');
CREATE VIRTUAL TABLE articles_index USING fts5(title, body, content='articles', content_rowid='id');
INSERT INTO articles_index(articles_index) VALUES ('rebuild');
CREATE VIRTUAL TABLE manuals USING fts5(title, body);
INSERT INTO manuals VALUES ('winch', 'oil the winch daily'), ('anchor', 'drop the anchor, never the winch');

CREATE TABLE numbers(n INTEGER PRIMARY KEY);
INSERT INTO numbers
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2500) SELECT n FROM c;
CREATE TABLE empty(id INTEGER PRIMARY KEY, x TEXT);

-- Keys that are harder to follow: to what is unique but no primary key, in other letters, of a table and
-- itself, of a column called like its target; and views that show all of a key, a part of it, or none.
CREATE TABLE regions(id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE);
INSERT INTO regions VALUES (1, 'north'), (2, 'south');
CREATE TABLE depots(id INTEGER PRIMARY KEY, region TEXT REFERENCES regions(slug));
INSERT INTO depots VALUES (1, 'south'), (2, 'south'), (3, NULL);
CREATE TABLE Lamps(ID INTEGER PRIMARY KEY, Tariff TEXT REFERENCES TARIFFS(CODE));
INSERT INTO Lamps VALUES (1, 'A'), (2, 'A');
CREATE TABLE stars(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE lanes(
    from_id INTEGER REFERENCES stars(id),
    to_id INTEGER REFERENCES stars(id),
    PRIMARY KEY (from_id, to_id)
);
INSERT INTO stars VALUES (1, 'Vega'), (2, 'Deneb'), (3, 'Altair');
INSERT INTO lanes VALUES (1, 2), (1, 3), (2, 3);
CREATE TABLE tickets(id INTEGER PRIMARY KEY, skills INTEGER REFERENCES skills(id));
INSERT INTO tickets VALUES (1, 2), (2, 1), (3, NULL);
CREATE VIEW pier_list AS SELECT port_id AS harbour, number AS nr, length FROM piers;
CREATE VIEW half_piers AS SELECT port_id, length FROM piers;
CREATE VIEW port_codes AS SELECT DISTINCT country_code FROM ports WHERE country_code IS NOT NULL;
CREATE VIEW all_ids AS SELECT id FROM ports UNION SELECT id FROM ships;
CREATE VIEW crews AS
    SELECT c.id, c.name, chief.name AS chief FROM crew c LEFT JOIN crew chief ON chief.id = c.chief_id;
