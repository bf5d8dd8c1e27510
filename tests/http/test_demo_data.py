"""The demo data set: the script runs, keeps its own rules, and looks like a book shop.

Needs no server: the script is run by Python's sqlite3, as one transaction, the way
database_create() does it.
"""

import hashlib
import pathlib
import sqlite3
import time

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "cli" / "demo.sql"


def make(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA foreign_keys = ON")
    db.executescript("BEGIN;\n" + SCRIPT.read_text(encoding="utf-8") + "\nCOMMIT;")
    return db


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "shop.db"


@pytest.fixture(scope="module")
def shop(path):
    db = make(path)
    yield db
    db.close()


def one(db, sql):
    return db.execute(sql).fetchone()[0]


def none(db, sql):
    """No row breaks the rule."""
    assert db.execute(sql).fetchall() == []


def test_is_sound_and_small(shop, path):
    assert one(shop, "PRAGMA integrity_check") == "ok"
    none(shop, "PRAGMA foreign_key_check")
    assert path.stat().st_size < 1 << 20
    assert SCRIPT.stat().st_size < 60_000


def test_is_made_within_a_second(tmp_path):
    before = time.process_time()
    make(tmp_path / "again.db").close()
    assert time.process_time() - before < 1


def test_two_runs_give_the_same_rows(shop, tmp_path):
    def digest(db):
        return hashlib.sha256("\n".join(db.iterdump()).encode()).hexdigest()

    again = make(tmp_path / "again.db")
    assert digest(shop) == digest(again)
    again.close()


def test_uses_neither_chance_nor_clock():
    text = SCRIPT.read_text(encoding="utf-8").lower()
    for word in ("random", "'now'", "current_timestamp", "current_date", "pragma", "commit;"):
        assert word not in text, word


@pytest.mark.parametrize("table, low, high", [
    ("authors", 55, 75), ("publishers", 15, 25), ("books", 150, 180), ("customers", 300, 300),
    ("orders", 1200, 1200), ("order_items", 2500, 3000), ("reviews", 800, 800),
    ("book_sales", 150, 180),
])
def test_counts(shop, table, low, high):
    assert low <= one(shop, f"SELECT count(*) FROM {table}") <= high


def test_every_table_is_strict(shop):
    none(shop, """SELECT name FROM pragma_table_list
                  WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'""")
    assert one(shop, "SELECT wr FROM pragma_table_list WHERE name = 'order_items'") == 1


def test_what_may_be_missing_is_missing_somewhere(shop):
    for column in ("author_id", "year", "price", "isbn", "summary"):
        missing = one(shop, f"SELECT count(*) FROM books WHERE {column} IS NULL")
        assert 0 < missing < one(shop, "SELECT count(*) FROM books") / 2, column
    assert one(shop, "SELECT count(*) FROM authors WHERE born IS NULL") > 0
    assert one(shop, "SELECT count(*) FROM reviews WHERE body IS NULL") > 0


def test_isbn_check_digits_are_right(shop):
    for (isbn,) in shop.execute("SELECT isbn FROM books WHERE isbn IS NOT NULL"):
        assert sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(isbn)) % 10 == 0, isbn


def test_speaks_many_scripts(shop):
    text = "".join(r[0] for r in shop.execute("SELECT title FROM books UNION ALL SELECT name FROM authors"))
    for letter in "áČãıłöÉАяΖαر源红한গ":
        assert letter in text, letter
    for title in ("Cien años de soledad", "源氏物語", "Преступление и наказание", "بين القصرين"):
        assert one(shop, f"SELECT count(*) FROM books WHERE title = '{title}'") == 1
    assert one(shop, "SELECT count(*) FROM reviews WHERE body GLOB '*[😀-🙏❤📚☕⚓]*'") > 20


def test_nothing_happens_before_its_cause(shop):
    none(shop, "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.ordered_at < c.joined")
    none(shop, """SELECT r.id FROM reviews r WHERE NOT EXISTS (
                      SELECT 1 FROM orders o JOIN order_items i ON i.order_id = o.id
                      WHERE o.customer_id = r.customer_id AND i.book_id = r.book_id
                        AND o.status = 'delivered' AND o.ordered_at < r.created_at)""")
    none(shop, "SELECT id FROM orders WHERE datetime(ordered_at) IS NULL OR ordered_at >= '2026'")
    none(shop, "SELECT id FROM reviews WHERE datetime(created_at) IS NULL OR created_at >= '2026'")


def test_every_order_has_items_and_most_customers_order(shop):
    none(shop, "SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM order_items)")
    assert one(shop, "SELECT count(DISTINCT customer_id) FROM orders") > 200


def test_mail_goes_nowhere(shop):
    none(shop, """SELECT email FROM customers
                  WHERE email NOT GLOB '*[a-z]@example.[cno][oer][mtg]' OR email GLOB '*[^a-z.@]*'""")


def test_no_placeholder_is_left_in_a_review(shop):
    none(shop, "SELECT body FROM reviews WHERE body GLOB '*[{}]*' OR body <> trim(body) OR body = ''")


def test_sales_agree_with_orders(shop):
    assert one(shop, "SELECT sum(sold) FROM book_sales") == one(shop, """
        SELECT sum(i.quantity) FROM order_items i JOIN orders o ON o.id = i.order_id
        WHERE o.status NOT IN ('cancelled', 'returned')""")
    assert one(shop, "SELECT count(*) FROM book_sales WHERE sold = 0 AND revenue = 0.0") > 0
    assert one(shop, "SELECT count(*) FROM book_sales WHERE author IS NULL") > 0


@pytest.mark.parametrize("wrong", [
    "INSERT INTO reviews (book_id, customer_id, stars, created_at) VALUES (1, 300, 6, '2025-01-01T00:00:00Z')",
    "INSERT INTO reviews (book_id, customer_id, stars, created_at) VALUES (9999, 1, 5, '2025-01-01T00:00:00Z')",
    "INSERT INTO books (title, publisher_id, language, price) VALUES ('x', 1, 'en', -1)",
    "INSERT INTO books (title, publisher_id, language, isbn) VALUES ('x', 1, 'en', '12')",
    "INSERT INTO books (title, publisher_id, language, year) VALUES ('x', 1, 'en', 'soon')",
    "UPDATE orders SET status = 'lost' WHERE id = 1",
    "UPDATE customers SET joined = 'yesterday' WHERE id = 1",
    "DELETE FROM authors WHERE id = 1",
])
def test_constraints_bite(shop, wrong):
    with pytest.raises(sqlite3.IntegrityError):
        shop.execute(wrong)
