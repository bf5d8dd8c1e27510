"""The routes of the comparison in Python: FastAPI with its thread pool, and sqlite3.

    DATABASE=FILE THREADS=N uvicorn --loop uvloop --http httptools app:app

The endpoints are `def`, so they run on the pool of threads, each of which has a connection of its
own; sqlite3 keeps the statements of a connection prepared. They answer a Response, which spares
them FastAPI's walk over the values. As few threads as pay off: they share one interpreter lock.
"""

import json
import os
import sqlite3
import threading

import anyio.to_thread
from fastapi import FastAPI, HTTPException, Response

COLUMNS = ("id", "title", "author", "year", "price")
POINT = "SELECT id, title, author, year, price FROM books WHERE id = ?"
LIST = "SELECT id, title, author, year, price FROM books WHERE id > ? ORDER BY id LIMIT 100"

app = FastAPI(openapi_url=None)
local = threading.local()
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


def answer(value):
    return Response(encode(value), media_type="application/json")


@app.get("/point/{id}")
def get_point(id: int):
    row = execute(POINT, id).fetchone()
    if row is None:
        raise HTTPException(404, "no such book")
    return answer(dict(zip(COLUMNS, row)))


@app.get("/list")
def get_list(offset: int):
    return answer([dict(zip(COLUMNS, row)) for row in execute(LIST, offset)])
