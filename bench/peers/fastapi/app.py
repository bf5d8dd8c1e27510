"""The routes of the comparison in Python: FastAPI with its thread pool, and sqlite3.

    DATABASE=FILE THREADS=N [EMBED=json] uvicorn --loop uvloop --http httptools app:app

The endpoints are `def`, so they run on the pool of threads, each of which has a connection of its
own; sqlite3 keeps the statements of a connection prepared. They answer a Response, which spares
them FastAPI's walk over the values. As few threads as pay off: they share one interpreter lock.
What writes has one connection and a lock: to wait for it is quicker than SQLite's waiting.
"""

import json
import os
import sqlite3
import threading

import anyio.to_thread
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel

COLUMNS = ("id", "title", "author", "year", "price")
POINT = "SELECT id, title, author, year, price FROM books WHERE id = ?"
LIST = "SELECT id, title, author, year, price FROM books WHERE id > ? ORDER BY id LIMIT 100"

EMBED = """
    SELECT w.id, w.name, w.country, k.id, k.title, k.year
    FROM (SELECT id, name, country FROM writers WHERE id > ? ORDER BY id LIMIT 100) w
    LEFT JOIN works k ON k.writer_id = w.id ORDER BY w.id, k.id"""

# The same, written by SQLite.
EMBED_JSON = """
    SELECT json_group_array(json(o)) FROM (
        SELECT json_object('id', w.id, 'name', w.name, 'country', w.country, 'works', (
            SELECT json_group_array(json(p)) FROM (
                SELECT json_object('id', k.id, 'title', k.title, 'year', k.year) AS p
                FROM works k WHERE k.writer_id = w.id ORDER BY k.id))) AS o
        FROM writers w WHERE w.id > ? ORDER BY w.id LIMIT 100)"""

app = FastAPI(openapi_url=None)
local = threading.local()
writing = threading.Lock()
writer = None  # opened by the first insert
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@app.on_event("startup")
async def set_threads():
    anyio.to_thread.current_default_thread_limiter().total_tokens = int(os.environ["THREADS"])


def execute(sql, value):
    try:
        connection = local.connection
    except AttributeError:
        connection = local.connection = sqlite3.connect(
            f"file:{os.environ['DATABASE']}?mode=ro", uri=True, isolation_level=None)
    return connection.execute(sql, (value,))


def answer(value, status=200):
    return Response(encode(value), status, media_type="application/json")


class Entry(BaseModel):
    text: str


def open_writer():
    connection = sqlite3.connect(f"file:{os.environ['DATABASE']}?mode=rw", uri=True,
                                 isolation_level=None, check_same_thread=False, timeout=5)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


@app.get("/point/{id}")
def get_point(id: int):
    row = execute(POINT, id).fetchone()
    if row is None:
        raise HTTPException(404, "no such book")
    return answer(dict(zip(COLUMNS, row)))


@app.get("/list")
def get_list(offset: int):
    return answer([dict(zip(COLUMNS, row)) for row in execute(LIST, offset)])


def get_embed(offset: int):
    """One join, ordered by writer; the work's id is NULL for a writer without works."""
    writers = []
    last = None
    for writer_id, name, country, work_id, title, year in execute(EMBED, offset):
        if writer_id != last:
            last = writer_id
            works = []
            writers.append({"id": writer_id, "name": name, "country": country, "works": works})
        if work_id is not None:
            works.append({"id": work_id, "title": title, "year": year})
    return answer(writers)


def get_embed_json(offset: int):
    return Response(execute(EMBED_JSON, offset).fetchone()[0], media_type="application/json")


@app.post("/log")
def post_log(entry: Entry):
    global writer
    with writing:
        if writer is None:
            writer = open_writer()
        cursor = writer.execute("INSERT INTO log(text) VALUES (?)", (entry.text,))
        return answer({"id": cursor.lastrowid}, 201)


app.get("/embed")(get_embed_json if os.environ.get("EMBED") == "json" else get_embed)
