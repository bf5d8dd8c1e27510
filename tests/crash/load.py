"""The clients: each writes what it knows into the history, one request after the other on a connection that
stays open, until the server is no more."""

import json
import random
import threading

from harness import Closed, Connection, Truncated, compose
from history import ACKNOWLEDGED, REFUSED, UNKNOWN, Write, checksum, to_line
from checker import ACCOUNTS

INTEGER, TEXT = {"type": "integer"}, {"type": "string"}
ENTRY = {"id": INTEGER, "text": TEXT}


def post(path, *steps, **params):
    """A route: one statement, or several as one change."""
    body = {"sql": steps[0]} if len(steps) == 1 else {"steps": [{"sql": sql} for sql in steps]}
    return {"method": "POST", "path": path, "result": "none", "params": params, **body}


ROUTES = [
    post("/entries", "INSERT INTO entry VALUES (:id, 0, :text)", **ENTRY),
    post("/threes", "INSERT INTO entry VALUES (:id, 0, :text || 0), (:id, 1, :text || 1),"
                    " (:id, 2, :text || 2)", **ENTRY),
    post("/transfers", "UPDATE account SET balance = balance - :amount WHERE id = :sender",
         "UPDATE account SET balance = balance + :amount WHERE id = :receiver",
         "INSERT INTO transfer VALUES (:id, :sender, :receiver, :amount)",
         id=INTEGER, sender=INTEGER, receiver=INTEGER, amount=INTEGER),
    post("/registers/{place}", "UPDATE register SET value = :id WHERE id = :place",
         id=INTEGER, place=INTEGER),
    # Those that must fail, and leave nothing to their neighbours in a group:
    post("/guilty", "INSERT INTO entry VALUES (:id, 0, :text)", "INSERT INTO taken VALUES (1)",
         **ENTRY),
    post("/vengeful", "INSERT INTO entry VALUES (:id, 0, :text)",
         "INSERT OR ROLLBACK INTO taken VALUES (1)", **ENTRY),
]


class Request:
    """One write: what is sent, and what must then be there."""

    def __init__(self, number, kind, path, body, values, place=0, is_guilty=False,
                 method="POST"):
        self.number = number
        self.method = method
        self.path = path
        self.body = body
        self.key = f"{number:016d}" if kind != "register" and number % 4 == 0 else None
        self.is_guilty = is_guilty
        self.record = Write(number, kind, place, len(values), checksum(values), UNKNOWN)

    def compose(self):
        headers = {"Idempotency-Key": self.key} if self.key else {}
        return compose(self.method, self.path, headers, self.body)


def entry(number, dice):
    text = f"{number} " + "x" * dice.choice((0, 10, 100, 3000))
    return Request(number, "entry", "/entries", {"id": number, "text": text}, [text])


def three(number, dice):
    text = f"{number} " + "y" * dice.choice((0, 50, 1500))
    return Request(number, "entry", "/threes", {"id": number, "text": text},
                   [text + part for part in "012"])


def transfer(number, dice):
    sender, receiver = dice.sample(range(ACCOUNTS), 2)
    amount = dice.randrange(1, 100)
    body = {"id": number, "sender": sender, "receiver": receiver, "amount": amount}
    return Request(number, "transfer", "/transfers", body, [f"{sender} {receiver} {amount}"])


def guilty(number, dice):
    path = dice.choice(("/guilty", "/guilty", "/vengeful"))
    return Request(number, "entry", path, {"id": number, "text": "never"}, ["never"],
                   is_guilty=True)


def several(number, dice):
    """As many rows as the client likes, by the table's own path."""
    rows = [{"id": number, "part": part, "text": f"{number} {part}"}
            for part in range(dice.randrange(1, 6))]
    return Request(number, "entry", "/api/entry", rows, [row["text"] for row in rows])


KINDS = (entry, entry, entry, three, transfer, transfer, guilty, several, several)


def register(number, client, dice):
    """Each client has one of his own, and writes there what is newer."""
    place = {"place": client, "values": [number]}
    if dice.randrange(2):
        return Request(number, "register", f"/registers/{client}", {"id": number}, **place)
    return Request(number, "register", f"/api/register?id=eq.{client}", {"value": number},
                   method="PATCH", **place)


class Load:
    """The clients of all rounds, and their history: in memory, and in a file."""

    def __init__(self, path, clients, seed):
        self.file = open(path, "a", encoding="ascii")
        self.clients = clients
        self.seed = seed
        self.lock = threading.Lock()
        self.writes = {}
        self.registers = {}  # those of them that are to a register
        self.next = 1
        self.acknowledged = 0
        self.unknown = {}  # number of the client: what it sent last, if that may be sent again
        self.replayed = 0
        self.problems = []

    def close(self):
        self.file.close()

    def note(self, request, outcome):
        record = request.record._replace(outcome=outcome)
        with self.lock:
            self.acknowledged += outcome == ACKNOWLEDGED
            self.writes[record.id] = record
            if record.kind == "register":
                self.registers[record.id] = record
            self.file.write(to_line(record))

    def number(self):
        with self.lock:
            self.next += 1
            return self.next - 1

    def request(self, client, dice):
        number = self.number()
        if number % 10 == 0:
            return register(number, client, dice)
        return dice.choice(KINDS)(number, dice)

    def send(self, connection, request):
        """The outcome is noted whatever happens."""
        outcome = UNKNOWN
        try:
            connection.send(request.compose())
            response = connection.read(request.method)
            outcome = ACKNOWLEDGED if response.status < 300 else REFUSED
            if response.status >= 500 or (outcome == ACKNOWLEDGED) == request.is_guilty:
                self.problems.append(f"{request.path} {request.number}: {response}")
        finally:
            self.note(request, outcome)

    def client(self, address, client, dice):
        request = self.unknown.pop(client, None)  # sent again under its key: it may not be made twice
        self.replayed += request is not None
        try:
            with Connection(address) as connection:
                while not self.problems:
                    request = request or self.request(client, dice)
                    self.send(connection, request)
                    request = None
        except (OSError, Closed, Truncated):  # it is dead
            if request is not None and request.key:
                self.unknown[client] = request

    def since(self, first):
        """The writes from that one on, and what is needed to judge the registers."""
        recent = {number: self.writes[number] for number in range(first, self.next)
                  if number in self.writes}
        return {**self.registers, **recent}

    def begin(self, address, turn):
        """Start all clients; they end with the server. Returns their threads."""
        threads = [threading.Thread(target=self.client,
                                    args=(address, i, random.Random(f"{self.seed} {turn} {i}")))
                   for i in range(self.clients)]
        for thread in threads:
            thread.start()
        return threads

    def end(self, threads):
        for thread in threads:
            thread.join()
        self.file.flush()
