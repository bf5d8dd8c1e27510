CREATE TABLE authors(id INTEGER PRIMARY KEY, name TEXT NOT NULL, born INTEGER, country TEXT);
CREATE TABLE profiles(author_id INTEGER PRIMARY KEY REFERENCES authors(id), bio TEXT);
CREATE TABLE publishers(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, address JSON);
CREATE TABLE books(
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, year INTEGER, price NUMERIC, rating REAL,
    is_sold BOOLEAN, meta JSON, tags TEXT[], cover BLOB, notes TEXT,
    author_id INTEGER REFERENCES authors(id),
    publisher_id INTEGER REFERENCES publishers(id));
CREATE INDEX books_author ON books(author_id);
CREATE INDEX books_year ON books(year);
CREATE TABLE genres(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE book_genres(
    book_id INTEGER NOT NULL REFERENCES books(id), genre_id INTEGER NOT NULL REFERENCES genres(id),
    weight INTEGER, PRIMARY KEY (book_id, genre_id)) WITHOUT ROWID;
CREATE TABLE reviews(
    id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES books(id), stars INTEGER NOT NULL,
    body TEXT);
CREATE TABLE members(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, joined DATE,
    referrer_id INTEGER REFERENCES members(id));
CREATE TABLE loans(
    id INTEGER PRIMARY KEY, book_id INTEGER REFERENCES books,
    lender_id INTEGER CONSTRAINT loans_lender REFERENCES members,
    borrower_id INTEGER REFERENCES members(id), due DATE);
CREATE VIEW recent_books AS SELECT id, title, year, author_id FROM books WHERE year >= 2000;
CREATE VIEW book_stats AS SELECT author_id, count(*) AS books, max(year) AS newest FROM books
    GROUP BY author_id;
CREATE TABLE "we ""ird"("a""b" TEXT, "c.d" TEXT, "e f" TEXT, "select" INTEGER, ümläut TEXT);
CREATE TABLE hidden(id INTEGER PRIMARY KEY, book_id INTEGER REFERENCES books(id));
CREATE TABLE sales(id INTEGER PRIMARY KEY, amount DECIMAL(10, 2), weight NUMERIC, big NUMERIC(30,2));
CREATE VIRTUAL TABLE books_index USING fts5(title, notes, content='books', content_rowid='id');
CREATE VIRTUAL TABLE words USING fts5(body);

INSERT INTO authors VALUES (1, 'Ada', 1815, 'UK'), (2, 'Bo', NULL, NULL), (3, 'Cy', 1950, 'US');
INSERT INTO profiles VALUES (1, 'counts');
INSERT INTO publishers VALUES (1, 'Ace', '{"city": "Bath", "zip": "0123", "floors": [1, 2, 3]}'),
    (2, 'Bell', NULL);
INSERT INTO books VALUES
    (1, 'Alpha', 1999, 10.5, 4.5, 1,
     '{"pages": 100, "color": "red", "awards": ["x", "y"], "ok": true, "none": null}',
     '["a","b"]', x'00ff', 'the first book of words', 1, 1),
    (2, 'Beta', 2001, 20, 3.0, 0, '{"pages": 20, "color": "blue", "ok": false}', '["b","c d"]', NULL,
     'a second book', 1, 2),
    (3, 'Gamma', NULL, NULL, NULL, NULL, NULL, '[]', NULL, NULL, 2, NULL),
    (4, 'Delta, "q"', 2020, 9007199254740993, 2.5, 1, 'not json', NULL, NULL, '{"k": [1, {"l": 2}]}',
     NULL, NULL);
INSERT INTO genres VALUES (1, 'crime'), (2, 'maths'), (3, 'poems');
INSERT INTO book_genres VALUES (1, 1, 5), (1, 2, 3), (2, 2, 1);
INSERT INTO reviews VALUES (1, 1, 5, 'good'), (2, 1, 3, NULL), (3, 2, 4, 'fine');
INSERT INTO members VALUES (1, 'Max', '2020-01-01', NULL), (2, 'Nia', '2021-02-03', 1),
    (3, 'Oli', NULL, 1);
INSERT INTO loans VALUES (1, 1, 1, 2, '2024-05-06'), (2, 2, 2, 3, NULL), (3, NULL, 3, 1, NULL);
INSERT INTO "we ""ird" VALUES ('x', 'y', 'z', 1, 'ü');
INSERT INTO books_index(books_index) VALUES ('rebuild');
INSERT INTO words VALUES ('one two three'), ('two one'), ('four');
INSERT INTO sales VALUES (1, 0.1, 0.1, 1), (2, 0.2, 0.2, 2);
